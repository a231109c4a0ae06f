// A network of hidden units that connects dots, with knots that can be moved (chapter Multilayer perceptron).

import { Explorable, Plot, button, choice, draggable, format, html, legend, path, readout, set, slider, svg } from "./base.js";

const START = { target: "curve", width: 9, selected: 3 };
const GRID = 100_000; // pieces of [0, 1] between the points at which errors are measured, as in the chapter
const GAP = 0.001; // between two knots under the reader's hand
const MAX_WIDTH = 32;

// g on [0, 1]; bend(l, r): the largest |g″| on the piece from l to r, infinite where there is none, with the reason.
const TARGETS = {
  curve: {
    name: "the chapter's curve", y: [-2, 2], tick: 1,
    g: (x) => Math.sin(2 * Math.PI * x) + 0.5 * Math.cos(5 * Math.PI * x),
    bend(l, r) {
      let most = 0;
      for (let k = Math.ceil(l * GRID); k <= Math.floor(r * GRID); k++) most = Math.max(most, curvature()[k]);
      return most;
    },
  },
  root: {
    name: "√x, steep at 0", y: [-0.5, 1.5], tick: 0.5, reason: "g″ is unbounded at 0",
    g: Math.sqrt, bend: (l) => l ** -1.5 / 4,
  },
  corner: {
    name: "a corner at 0.35", y: [-0.5, 1.5], tick: 0.5, reason: "no g″ at the corner",
    g: (x) => 2 * Math.abs(x - 0.35), bend: (l, r) => (l < 0.35 && r > 0.35 ? Infinity : 0),
  },
  step: {
    name: "a step at 0.5", y: [-0.5, 1.5], tick: 0.5, reason: "g jumps",
    g: (x) => Number(x > 0.5), bend: (l, r) => (l <= 0.5 && r > 0.5 ? Infinity : 0),
  },
};

/** A function at all points of the grid, computed once. */
function onGrid(f) {
  let values;
  return () => (values ??= Float64Array.from({ length: GRID + 1 }, (_, k) => f(k / GRID)));
}

const curvature = onGrid((x) =>
  Math.abs(4 * Math.PI ** 2 * Math.sin(2 * Math.PI * x) + 12.5 * Math.PI ** 2 * Math.cos(5 * Math.PI * x)));
for (const target of Object.values(TARGETS)) target.onGrid = onGrid(target.g);

/** The values of a target at the points x. */
export const values = (target, x) => x.map(TARGETS[target].g);

/** The m + 1 knots of m pieces of equal length. */
export const even = (m) => Array.from({ length: m + 1 }, (_, i) => i / m);

/** The network through the m + 1 dots: hidden weights 1, hidden biases, output weights and output bias, and its slopes. */
export function kinks(target, knots) {
  const y = values(target, knots);
  const slope = y.slice(1).map((next, i) => (next - y[i]) / (knots[i + 1] - knots[i]));
  return {
    hidden: knots.slice(0, -1).map((x) => -x), slope,
    weight: slope.map((s, i) => s - (slope[i - 1] ?? 0)), bias: y[0],
  };
}

/** What this network computes at the points x, on [0, 1] and beyond. */
export const outputs = ({ hidden, weight, bias }, x) =>
  x.map((at) => weight.reduce((sum, v, i) => sum + v * Math.max(at + hidden[i], 0), bias));

/** The largest error on the grid, and where. */
export function largestError(target, knots) {
  const { slope } = kinks(target, knots);
  const y = values(target, knots);
  const g = TARGETS[target].onGrid();
  let worst = { error: 0, at: 0 };
  slope.forEach((s, i) => {
    for (let k = Math.ceil(knots[i] * GRID); k <= knots[i + 1] * GRID; k++) {
      const error = Math.abs(y[i] + s * (k / GRID - knots[i]) - g[k]);
      if (error > worst.error) worst = { error, at: k / GRID };
    }
  });
  return worst;
}

/** The largest h²/8 · max|g″| of the pieces, each with its own length h. */
export const bound = (target, knots) => Math.max(...knots.slice(1).map((r, i) =>
  (r - knots[i]) ** 2 / 8 * TARGETS[target].bend(knots[i], r)));

/** The largest error of the chord from l to r, at 201 points. */
function miss(g, l, r) {
  let most = 0;
  for (let k = 0; k <= 200; k++) {
    const x = l + (r - l) * k / 200;
    most = Math.max(most, Math.abs(g(l) + (g(r) - g(l)) * k / 200 - g(x)));
  }
  return most;
}

/** One sweep: each inner knot goes where the worse of its two pieces is best, at one of 49 places between its neighbors. */
export function sweep(target, knots) {
  const { g } = TARGETS[target];
  const moved = [...knots];
  for (let i = 1; i < moved.length - 1; i++) {
    const [l, r] = [moved[i - 1], moved[i + 1]];
    const worse = (x) => Math.max(miss(g, l, x), miss(g, x, r));
    let best = worse(moved[i]);
    for (let k = 1; k < 50; k++) {
      const x = l + (r - l) * k / 50;
      if (worse(x) < best - 1e-12) [moved[i], best] = [x, worse(x)];
    }
  }
  return moved;
}

/** The knots with the i-th one moved towards x, to a hundredth; it stays between its neighbors. */
export function moveKnot(knots, i, x) {
  const [low, high] = [knots[i - 1] + GAP, knots[i + 1] - GAP];
  if (low > high || x === knots[i]) return knots;
  return knots.with(i, Math.min(Math.max(Math.round(100 * x) / 100, low), high));
}

const sub = (i) => String(i).replace("-", "₋").replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
const short = (error) => (error < 1e-9 ? "0" : format(error, error < 0.01 ? 5 : error < 0.1 ? 4 : 3));
const minus = (value) => (value < -0.005 ? `− (${format(value)})` : `− ${format(value)}`);

class HiddenUnits extends Explorable {
  static label = "A hidden layer that connects dots, with knots that can be moved";

  build() {
    this.plot = new Plot({ x: [0, 1], y: [-2, 2], ticks: [0.25, 1], ratio: 0.52, xLabel: "x",
      label: "The target, the network, and each hidden unit" });
    const line = (style) => svg("path", { style: `fill: none; ${style}` });
    this.known = svg("rect", { style: "fill: var(--soft)", y: 0, height: 500 });
    this.goal = line("stroke: var(--line); stroke-width: 6; opacity: 0.45");
    this.units = svg("g", { style: "fill: none; stroke: var(--blue); opacity: 0.35" });
    this.chosen = line("stroke: var(--blue); stroke-width: 2.5; stroke-dasharray: 7 4");
    this.without = line("stroke: var(--blue); stroke-width: 2; stroke-dasharray: 2 4");
    this.network = line("stroke: var(--orange); stroke-width: 2.5");
    this.gap = line("stroke: var(--ink); stroke-width: 3");
    const halo = "pointer-events: none; paint-order: stroke; stroke: var(--pst-color-surface); stroke-width: 4";
    this.gapLabel = svg("text", { style: `${halo}; font-weight: 600` });
    this.knotLabel = svg("text", { style: halo, "text-anchor": "middle" });
    this.end = svg("circle", { r: 4.5, style: "fill: none; stroke: var(--orange); stroke-width: 2" });
    this.handles = svg("g");
    this.plot.marks.append(this.known, this.goal, this.units, this.without, this.network, this.chosen, this.gap);
    this.plot.top.append(this.end, this.handles, this.gapLabel, this.knotLabel);

    this.target = choice("Target g", Object.fromEntries(Object.entries(TARGETS).map(([key, { name }]) => [key, name])),
      { value: START.target, onInput: () => this.place() });
    this.width = slider("Width m", { min: 1, max: MAX_WIDTH, step: 1, value: START.width, show: String,
      onInput: () => this.place() });
    this.numbers = readout("largest error", "with even knots", "bound h²/8 · max|g″|");
    this.unit = readout("hidden unit", "bias", "output weight = change of slope");
    this.look = button("", () => { this.beyond = !this.beyond; this.frame(); });
    return [
      this.plot.node,
      legend(["var(--line)", "target g"], ["var(--orange)", "network ĝ with its knots"],
        ["var(--blue)", "each unit alone, dashed: the selected one, dotted: the network without it"]),
      html("div", { class: "controls" }, this.target.node, this.width.node),
      html("div", { class: "controls" }, button("Watch the knots move", () => this.watch()),
        button("Even knots", () => this.place()), this.look, button("Start again", () => this.reset())),
      this.numbers.node, this.unit.node,
    ];
  }

  reset() {
    this.target.value = START.target;
    this.width.value = START.width;
    this.beyond = false;
    this.selected = START.selected;
    this.place();
  }

  /** Even knots for the chosen target and width. */
  place() {
    this.stop();
    const m = this.width.value;
    this.knots = even(m);
    this.evenError = largestError(this.target.value, this.knots).error;
    this.selected = Math.min(this.selected, m - 1);
    if (this.handles.childElementCount !== m) {
      this.announce = [];
      this.handles.replaceChildren(...this.knots.slice(0, -1).map((_, i) => this.handle(i)));
    }
    this.frame();
  }

  /** Every knot but the first and the last can be moved; those are the ends of the interval. */
  handle(i) {
    const node = svg("g", {}, svg("circle", { class: "halo" }), svg("circle"));
    if (i === 0) {
      set(node, { class: "handle", tabindex: "0", role: "button", "aria-label": "Unit 0 with its kink at the left end",
        style: "cursor: pointer" });
    } else {
      this.announce.push(draggable(node, {
        plot: this.plot, name: `Knot ${i}`, step: 0.01, digits: 3,
        get: () => [this.knots[i], values(this.target.value, [this.knots[i]])[0]],
        move: (x) => {
          this.stop();
          this.knots = moveKnot(this.knots, i, x);
          this.refresh();
        },
        describe: () => `${format(this.knots[i], 3)}, output weight ${format(kinks(this.target.value, this.knots).weight[i])}`,
      }));
    }
    node.addEventListener("focus", () => {
      this.selected = i;
      this.refresh();
    });
    return node;
  }

  watch() {
    let sweeps = 0;
    this.play(() => {
      const before = this.knots;
      this.knots = sweep(this.target.value, before);
      const going = ++sweeps < 40 && this.knots.some((x, i) => x !== before[i]);
      if (!going) this.stop();
      this.refresh();
      return going;
    }, 150);
    if (this.timer) this.say("Each knot goes where the worse of its two pieces misses least.");
    else this.refresh();
  }

  /** The part of the plane that is shown. */
  frame() {
    const { y, tick } = TARGETS[this.target.value];
    Object.assign(this.plot, { x: this.beyond ? [-0.25, 1.25] : [0, 1], y, ticks: [0.25, tick] });
    this.look.textContent = this.beyond ? "Back to [0, 1]" : "Look beyond [0, 1]";
    if (this.drawnWidth) this.plot.layout(this.drawnWidth);
    this.refresh();
  }

  draw() {
    const { plot, knots, selected } = this;
    const { g, reason } = TARGETS[this.target.value];
    const m = knots.length - 1;
    const network = kinks(this.target.value, knots);
    const [low, high] = plot.x;
    const through = (points) => path(points.map(([x, y]) => [plot.px(x), plot.py(y)]));
    const hinge = (i) => through([[low, 0], [knots[i], 0], [high, network.weight[i] * (high - knots[i])]]);

    const fine = Array.from({ length: 801 }, (_, k) => low + (high - low) * k / 800);
    const bends = [low, ...knots, high];
    set(this.goal, { d: through(fine.map((x) => [x, g(x)]).filter(([, y]) => !Number.isNaN(y))) });
    set(this.network, { d: through(outputs(network, bends).map((y, i) => [bends[i], y])) });
    this.units.replaceChildren(...network.weight.map((_, i) => svg("path", { d: hinge(i) })));
    const [x, next] = knots.slice(selected, selected + 2);
    set(this.chosen, { d: hinge(selected) });
    set(this.without, { d: through([[x, g(x)], [next, g(x) + (network.slope[selected - 1] ?? 0) * (next - x)]]) });
    set(this.known, { x: plot.px(0), width: this.beyond ? plot.px(1) - plot.px(0) : 0 });

    [...this.handles.children].forEach((node, i) => {
      set(node, { transform: `translate(${plot.px(knots[i])} ${plot.py(g(knots[i]))})` });
      set(node.firstChild, { r: Math.min(16, Math.max(8, (plot.px(1) - plot.px(0)) / m / 2)) });
      set(node.lastChild, i === selected ? { r: 7, style: "fill: var(--blue); stroke: var(--ink); stroke-width: 2" }
        : { r: 4.5, style: "fill: var(--orange)" });
    });
    set(this.end, { cx: plot.px(1), cy: plot.py(g(1)) });
    set(this.knotLabel, { x: plot.px(x), y: plot.py(g(x)) + 24 });
    this.knotLabel.textContent = `x${sub(selected)}`;

    const { error, at } = largestError(this.target.value, knots);
    this.drawError(error, at, g(at), outputs(network, [at])[0]);
    const limit = bound(this.target.value, knots);
    this.numbers.show(short(error), short(this.evenError), Number.isFinite(limit) ? short(limit) : `none: ${reason}`);
    const before = network.slope[selected - 1] ?? 0;
    this.unit.show(`${selected}: relu(x − ${format(x, 3)})`, `−x${sub(selected)} = ${format(-x, 3)}`,
      `s${sub(selected)} − s${sub(selected - 1)} = ${format(network.slope[selected])} ${minus(before)} = ${format(network.weight[selected])}`);
    this.announce.forEach((announce) => announce());
    if (!this.timer) this.say(this.sentence(error, at, network));
  }

  /** A bar at the largest error. */
  drawError(error, at, goal, output) {
    const { plot } = this;
    const [x, y0, y1] = [plot.px(at), plot.py(goal), plot.py(output)];
    set(this.gap, { d: error > 1e-9 ? `M${x - 5},${y0}h10M${x},${y0}V${y1}M${x - 5},${y1}h10` : "" });
    const beside = Math.abs(y1 - y0) > 24 && at < 0.9;
    set(this.gapLabel, beside ? { x: x + 10, y: (y0 + y1) / 2 + 4, "text-anchor": "start" }
      : { x, y: Math.min(y0, y1) - 12, "text-anchor": at < 0.1 ? "start" : at < 0.9 ? "middle" : "end" });
    this.gapLabel.textContent = error > 1e-9 ? short(error) : "";
  }

  sentence(error, at, network) {
    const { evenError, knots } = this;
    const target = this.target.value;
    const m = knots.length - 1;
    if (this.beyond) {
      const ends = [-0.25, 1.25];
      const away = outputs(network, ends).map((y, i) => Math.abs(y - values(target, ends)[i]) || 0);
      const far = Number(away[1] >= away[0]);
      return `Beyond [0, 1] the network goes straight on: at x = ${format(ends[far])} it is ${format(away[far])} away from g. `
        + "The theorem promises nothing there.";
    }
    if (target === "step") {
      return "At the jump the network misses by 0.5 or more, wherever its knots are. The theorem asks for a continuous g.";
    }
    if (error < 1e-9) return "No error at all: one kink stands on the corner, and the others have nothing to do.";
    const found = `${m} unit${m > 1 ? "s" : ""}, largest error ${short(error)} at x = ${format(at)}`;
    if (knots.every((x, i) => x === i / m)) return `${found}: knots evenly placed.`;
    return `${found}: ${format(100 * error / evenError, 0)} % of what even knots give.`;
  }
}

customElements.define("hidden-units", HiddenUnits);
