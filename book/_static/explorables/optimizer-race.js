// Four optimizers start at one point of a loss surface (chapter Optimizers).

import { Explorable, Plot, button, choice, draggable, format, html, path, readout, set, slider, svg } from "./base.js";

const STEPS = 500; // how far a race is followed; the picture shows the first SHOWN of them
const SHOWN = 200;
const CLOSE = 0.01; // arrived: the distance to a minimum stays below this share of the first one

// ---- Surfaces: loss and gradient at w, and where the minima are ----

/** The bowl 0.5 w·Hw with curvatures 1 and 1 / kappa, its valley turned by an angle in degrees. */
export function bowl(kappa, angle) {
  const [c, s] = [Math.cos(angle * Math.PI / 180), Math.sin(angle * Math.PI / 180)];
  const h = [[s * s + c * c / kappa, s * c * (1 / kappa - 1)], [0, c * c + s * s / kappa]];
  h[1][0] = h[0][1];
  const gradient = ([a, b]) => [h[0][0] * a + h[0][1] * b, h[1][0] * a + h[1][1] * b];
  const loss = (w) => 0.5 * (w[0] * gradient(w)[0] + w[1] * gradient(w)[1]);
  return { loss, gradient, minima: [[0, 0]] };
}

/** A valley that bends: (w2 - w1^2)^2 + 0.05 (w1 - 1)^2, after Rosenbrock (1960). */
export const bend = () => ({
  loss: ([a, b]) => (b - a * a) ** 2 + 0.05 * (a - 1) ** 2,
  gradient: ([a, b]) => [-4 * a * (b - a * a) + 0.1 * (a - 1), 2 * (b - a * a)],
  minima: [[1, 1]],
});

/** Two valleys and the saddle at 0 between them: 0.5 w1^2 + 0.25 (w2^2 - 1)^2. */
export const saddle = () => ({
  loss: ([a, b]) => 0.5 * a * a + 0.25 * (b * b - 1) ** 2,
  gradient: ([a, b]) => [a, b * (b * b - 1)],
  minima: [[0, 1], [0, -1]],
});

const SURFACES = { bowl, bend, saddle };
export const surface = (name, kappa = 1, angle = 0) => SURFACES[name](kappa, angle);

// ---- Optimizers: each rule changes one weight, with what it remembers in `m` and `v` ----

export const OPTIMIZERS = {
  SGD: { sign: "●", color: "var(--blue)", dash: null, lr: 1.8, settings: {} },
  Momentum: { sign: "▲", color: "var(--orange)", dash: "7 3", lr: 0.4, settings: { momentum: 0.9 } },
  RMSprop: { sign: "■", color: "var(--green)", dash: "2 3", lr: 0.05, settings: { alpha: 0.9 } },
  Adam: { sign: "◆", color: "var(--purple)", dash: "8 3 2 3", lr: 0.2, settings: { beta1: 0.9, beta2: 0.999 } },
};
const EPS = 1e-8;

const RULES = {
  SGD: (g) => g,
  Momentum: (g, memory, { momentum }) => (memory.v = momentum * memory.v + g),
  RMSprop: (g, memory, { alpha }) => {
    memory.v = alpha * memory.v + (1 - alpha) * g * g;
    return g / (Math.sqrt(memory.v) + EPS);
  },
  Adam: (g, memory, { beta1, beta2 }, k) => {
    memory.m = beta1 * memory.m + (1 - beta1) * g;
    memory.v = beta2 * memory.v + (1 - beta2) * g * g;
    return memory.m / (1 - beta1 ** k) / (Math.sqrt(memory.v / (1 - beta2 ** k)) + EPS);
  },
};

/** The path of an optimizer: up to steps + 1 points, fewer where it runs away beyond 1e6. */
export function descend(name, { gradient }, start, lr, steps = STEPS, settings = OPTIMIZERS[name].settings) {
  const memories = start.map(() => ({ m: 0, v: 0 }));
  const points = [[...start]];
  for (let k = 1, w = start; k <= steps && w.every((x) => Math.abs(x) < 1e6); k++) {
    const g = gradient(w);
    w = w.map((x, i) => x - lr * RULES[name](g[i], memories[i], settings, k));
    points.push(w);
  }
  return points;
}

/** The step from which on the path stays close to a minimum; Infinity if it is not close at the end. */
export function arrival(points, minima, steps = STEPS) {
  if (points.length <= steps) return Infinity;
  const distance = (w) => Math.min(...minima.map((best) => Math.hypot(w[0] - best[0], w[1] - best[1])));
  let last = points.length - 1;
  while (last >= 0 && distance(points[last]) < CLOSE * distance(points[0])) last--;
  return last === steps ? Infinity : last + 1;
}

/** The rate of the chapter's 25 with the earliest arrival; of equals, the smallest. */
export function bestRate(name, land, start) {
  const rates = Array.from({ length: 25 }, (_, i) => 10 ** (-3 + 3.3 * i / 24));
  const needed = rates.map((lr) => arrival(descend(name, land, start, lr), land.minima));
  return rates[needed.indexOf(Math.min(...needed))];
}

// ---- The picture ----

/** Segments [[x, y], [x, y]] of the line where f has this level, on a grid over x and y (marching triangles). */
export function contour(f, level, x, y, columns = 80, rows = 60) {
  const at = (i, j) => {
    const p = [x[0] + (x[1] - x[0]) * i / columns, y[0] + (y[1] - y[0]) * j / rows];
    return [...p, f(p) - level];
  };
  const grid = Array.from({ length: columns + 1 }, (_, i) => Array.from({ length: rows + 1 }, (_, j) => at(i, j)));
  const segments = [];
  const crossing = (p, q) => [0, 1].map((k) => p[k] + p[2] / (p[2] - q[2]) * (q[k] - p[k]));
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < rows; j++) {
      const [a, b, c, d] = [grid[i][j], grid[i + 1][j], grid[i + 1][j + 1], grid[i][j + 1]];
      for (const triangle of [[a, b, c], [a, c, d]]) {
        const ends = triangle.map((p, k) => [p, triangle[(k + 1) % 3]])
          .filter(([p, q]) => (p[2] > 0) !== (q[2] > 0)).map(([p, q]) => crossing(p, q));
        if (ends.length === 2) segments.push(ends);
      }
    }
  }
  return segments;
}

const LEVELS = [0.003, 0.01, 0.03, 0.1, 0.3, 0.7, 1.3, 2.2, 3.5, 6];
const NAMES = Object.keys(OPTIMIZERS);
const START = [-1.5, 0.9];
const toKappa = (exponent) => Math.round(10 ** exponent);
const short = (value) => (value === 0 || (value >= 0.001 && value < 1000) ? Number(value.toPrecision(2)).toString()
  : value.toExponential(1).replace("-", "−"));

class OptimizerRace extends Explorable {
  static label = "A race of four optimizers from one start";

  build() {
    this.plot = new Plot({ x: [-2, 2], y: [-1.5, 1.5], ticks: [1, 0.5], ratio: "equal", xLabel: "w₁", yLabel: "w₂",
      label: "Contour lines of the loss, the start, and the four paths" });
    this.contours = svg("path", { style: "fill: none; stroke: var(--line); stroke-width: 0.8; opacity: 0.7" });
    this.minima = svg("g");
    this.paths = NAMES.map((name) => svg("path", { "stroke-dasharray": OPTIMIZERS[name].dash,
      style: `fill: none; stroke: ${OPTIMIZERS[name].color}; stroke-width: 2` }));
    this.ends = NAMES.map((name) => svg("text", { "text-anchor": "middle", dy: 5, "aria-hidden": "true",
      style: `fill: ${OPTIMIZERS[name].color}; font-size: 16px` }, OPTIMIZERS[name].sign));
    this.start = svg("g", {}, svg("circle", { r: 18, class: "halo" }),
      svg("circle", { r: 7, style: "fill: var(--pst-color-background); stroke: var(--ink); stroke-width: 3" }));
    this.plot.marks.append(this.contours, this.minima, ...this.paths, ...this.ends);
    this.plot.top.append(this.start);
    this.announce = draggable(this.start, { plot: this.plot, name: "Start", step: 0.1, get: () => this.from,
      move: (x, y) => {
        this.from = [Math.round(20 * x) / 20, Math.round(20 * y) / 20];
        this.race();
      } });

    this.land = choice("Surface", { bowl: "valley", bend: "bent valley", saddle: "saddle" },
      { value: "bowl", onInput: () => this.race() });
    this.kappa = slider("Condition number κ", { min: 0, max: 3, step: 0.25, value: 1.5,
      show: (v) => String(toKappa(v)), onInput: () => this.race() });
    this.angle = slider("Turned by", { min: 0, max: 45, step: 5, value: 0, show: (v) => `${v}°`,
      onInput: () => this.race() });
    this.chosen = choice("Learning rate of", Object.fromEntries(NAMES.map((name) => [name, name])),
      { value: "SGD", onInput: () => this.showRate() });
    this.rate = slider("η", { min: -3, max: 0.6, step: 0.02, value: 0, show: (v) => short(10 ** v),
      onInput: (v) => {
        this.rates[this.chosen.value] = 10 ** v;
        this.race();
      } });
    this.step = slider("Step", { min: 0, max: SHOWN, step: 1, value: 60, show: String,
      onInput: () => { this.stop(); this.refresh(); } });
    this.numbers = readout(...NAMES.map((name) => html("span", {},
      html("span", { style: `color: ${OPTIMIZERS[name].color}`, "aria-hidden": "true" }, OPTIMIZERS[name].sign), ` ${name}`)));
    return [
      this.plot.node,
      html("div", { class: "controls" }, this.step.node, button("Race", () => this.run()),
        button("Best rate for each", () => this.tune())),
      html("div", { class: "controls" }, this.land.node, this.kappa.node, this.angle.node),
      html("div", { class: "controls" }, this.chosen.node, this.rate.node, button("Start again", () => this.reset())),
      this.numbers.node,
    ];
  }

  reset() {
    this.from = [...START];
    this.rates = Object.fromEntries(NAMES.map((name) => [name, OPTIMIZERS[name].lr]));
    this.land.value = "bowl";
    this.kappa.value = 1.5;
    this.angle.value = 0;
    this.step.value = 60;
    this.showRate();
    this.race();
  }

  showRate() {
    this.rate.value = Math.log10(this.rates[this.chosen.value]);
  }

  /** Every optimizer takes the rate with which it arrives first. */
  tune() {
    for (const name of NAMES) this.rates[name] = bestRate(name, this.surface, this.from);
    this.showRate();
    this.race();
  }

  race() {
    this.stop();
    const isBowl = this.land.value === "bowl";
    for (const { node } of [this.kappa, this.angle]) node.hidden = !isBowl;
    const shape = [this.land.value, toKappa(this.kappa.value), this.angle.value];
    if (String(shape) !== this.shape) {
      this.surface = surface(...shape);
      this.shape = String(shape);
      this.map = null;
    }
    this.points = NAMES.map((name) => descend(name, this.surface, this.from, this.rates[name]));
    this.refresh();
  }

  run() {
    if (!this.timer && this.step.value === SHOWN) this.step.value = 0;
    this.play(() => {
      this.step.value += 1;
      this.refresh();
      return this.step.value < SHOWN;
    }, 60);
  }

  layout() {
    this.map = null;
    super.layout();
  }

  draw() {
    const { plot } = this;
    const pixel = ([x, y]) => [plot.px(x), plot.py(y)].map((v) => Math.min(Math.max(v, -9999), 9999));
    if (!this.map) {
      this.map = LEVELS.flatMap((level) => contour(this.surface.loss, level, plot.x, plot.y))
        .map((segment) => path(segment.map(pixel))).join("");
      set(this.contours, { d: this.map });
      this.minima.replaceChildren(...this.surface.minima.map(pixel).map(([x, y]) => svg("text",
        { x, y: y + 6, "text-anchor": "middle", style: "font-size: 18px" }, "★")));
    }
    const k = this.step.value;
    this.points.forEach((points, i) => {
      const walked = points.slice(0, k + 1).map(pixel);
      set(this.paths[i], { d: path(walked) });
      set(this.ends[i], { x: walked.at(-1)[0], y: walked.at(-1)[1] });
    });
    set(this.start, { transform: `translate(${pixel(this.from)})` });
    this.announce();
    this.report(k);
  }

  report(k) {
    const losses = this.points.map((points) => (points.length > k ? this.surface.loss(points[k]) : Infinity));
    this.numbers.show(...this.points.map((points, i) => {
      if (losses[i] === Infinity) return "ran away";
      const arrives = arrival(points, this.surface.minima);
      return `loss ${short(losses[i])}, ${arrives < Infinity ? `stays close from step ${arrives}` : `not close at ${STEPS}`}`;
    }));
    const ahead = NAMES[losses.indexOf(Math.min(...losses))];
    const limit = this.land.value === "bowl" && this.rates.SGD > 2
      ? ` The rate of SGD, ${short(this.rates.SGD)}, is above its limit 2 / h_max = 2.` : "";
    this.say(`After ${k} steps ${ahead} is lowest, with a loss of ${short(Math.min(...losses))}.${limit}`);
  }
}

customElements.define("optimizer-race", OptimizerRace);
