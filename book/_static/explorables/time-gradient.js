// How the size of the gradient changes on its way back through time (chapter Recurrent networks).

import {
  Explorable, button, choice, draggable, format, html, legend, path, readout, set, slider, svg,
} from "./base.js";
import { LogPlot, power, short } from "./powers.js";

const STEPS = 50;                                         // T
const RHO = { min: 0.5, max: 1.5, step: 0.01 };
const OTHERS = [0.5, 0.75, 1, 1.25, 1.5];                 // drawn thin, for comparison
const ABOUT = 10;                                         // a size from 1/10 to 10 counts as about 1

// Recurrent matrices with their spectral radius, the largest size of an eigenvalue.
const MATRICES = {
  random: ["random", 6.836123715907601, [[2, 4, -1, -5], [5, -2, 5, 4], [-3, -4, -3, -2], [-2, -1, -3, 5]]],
  orthogonal: ["orthogonal", 2, [[1, 1, 1, 1], [-1, 1, -1, 1], [1, 1, -1, -1], [1, -1, -1, 1]]],
  triangular: ["triangular", 10, [[10, 10, 10, 10], [0, 9, 10, 10], [0, 0, 8, 10], [0, 0, 0, 7]]],
};

/** The matrix of that name, scaled to the spectral radius rho. */
export const matrix = (name, rho) => MATRICES[name][2].map((row) => row.map((w) => w * rho / MATRICES[name][1]));

/** What the inputs add before step t = 1 … T: sin(t), sin(2t), sin(3t), sin(4t), halved. */
const input = (t) => [1, 2, 3, 4].map((j) => 0.5 * Math.sin(j * t));

/** h_1 … h_T of h_t = tanh(W h_{t-1} + input), or without tanh; h_0 is zero. */
export function states(W, tanh, steps = STEPS) {
  const found = [];
  let h = [0, 0, 0, 0];
  for (let t = 1; t <= steps; t++) {
    const u = input(t);
    const z = W.map((row, i) => row.reduce((sum, w, j) => sum + w * h[j], u[i]));
    h = tanh ? z.map(Math.tanh) : z;
    found.push(h);
  }
  return found;
}

/** The largest singular value: columns are turned in pairs until all are at right angles (one-sided Jacobi). */
export function spectralNorm(rows) {
  const columns = rows[0].map((_, j) => rows.map((row) => row[j]));
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  for (let turned = true, sweep = 0; turned && sweep < 60; sweep++) {
    turned = false;
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const [a, b] = [columns[p], columns[q]];
        const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
        if (Math.abs(ab) <= 1e-15 * Math.sqrt(aa * bb)) continue;
        turned = true;
        const angle = Math.atan2(2 * ab, aa - bb) / 2;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        columns[p] = a.map((x, i) => cos * x + sin * b[i]);
        columns[q] = b.map((x, i) => cos * x - sin * a[i]);
      }
    }
  }
  return Math.max(...columns.map((column) => Math.sqrt(dot(column, column))));
}

/**
 * The norm of the derivative of h_T by h_t for T − t = 0 … T: of a product of Jacobians, one for each step. The Jacobian
 * of a step is W with row i multiplied by the slope of tanh, 1 − h_i².
 */
export function sizes(W, tanh, steps = STEPS) {
  const h = states(W, tanh, steps);
  let product = W.map((_, i) => W.map((_, j) => Number(i === j)));
  const found = [1];
  for (let t = steps - 1; t >= 0; t--) {
    const jacobian = tanh ? W.map((row, i) => row.map((w) => (1 - h[t][i] ** 2) * w)) : W;
    product = product.map((row) => W.map((_, j) => row.reduce((sum, x, i) => sum + x * jacobian[i][j], 0)));
    found.push(spectralNorm(product));
  }
  return found;
}

const HALO = "pointer-events: none; paint-order: stroke; stroke: var(--pst-color-surface); stroke-width: 4";

class TimeGradient extends Explorable {
  static label = "The size of the gradient through time against the spectral radius";

  build() {
    this.plot = new LogPlot({ x: [0, STEPS], y: [-18, 12], ticks: [10, 5], xLabel: "T − t, steps back in time",
      yLabel: "size of the gradient", ratio: 0.56, heights: [300, 440],
      label: "The size of the gradient against the number of steps back" });
    this.plot.margin.right = 46;
    const line = (style) => svg("path", { style: `fill: none; ${style}` });
    this.band = svg("rect", { x: 0, width: 2000, style: "fill: var(--soft)" });
    this.others = svg("g", { style: "fill: none; stroke: var(--line); opacity: 0.6" });
    this.radius = line("stroke: var(--blue); stroke-width: 2; stroke-dasharray: 6 4");
    this.curve = line("stroke: var(--orange); stroke-width: 3");
    this.words = svg("g");
    this.handle = svg("g", {}, svg("circle", { class: "halo", r: 14 }), svg("circle", { r: 8, style: "fill: var(--blue)" }),
      svg("path", { d: "M-3.5,-1.5L0,-5L3.5,-1.5M-3.5,1.5L0,5L3.5,1.5",
        style: "fill: none; stroke: var(--pst-color-surface); stroke-width: 1.5" }));
    this.plot.marks.append(this.band, this.others, this.radius, this.curve);
    this.plot.top.append(this.words, this.handle);

    // Up and down stand for rho, and so do left and right.
    const area = { x: [RHO.min, RHO.max], y: [RHO.min, RHO.max],
      at: (event) => Array(2).fill(10 ** (this.plot.at(event)[1] / STEPS)) };
    this.announce = draggable(this.handle, { plot: area, name: "Spectral radius, at the end of its line",
      step: RHO.step, digits: 2, get: () => [this.rho.value, this.rho.value],
      move: (x, y) => this.turn(x === this.rho.value ? y : x),
      describe: () => `${format(this.rho.value)}, size ${short(this.found[STEPS])} after ${STEPS} steps` });

    this.rho = slider("Spectral radius ρ of W", { ...RHO, value: 0.9, onInput: () => this.refresh() });
    const change = () => this.change();
    this.activation = choice("Activation", { none: "none", tanh: "tanh" }, { value: "none", onInput: change });
    this.which = choice("W, 4 × 4", Object.fromEntries(Object.entries(MATRICES).map(([key, [name]]) => [key, name])),
      { value: "random", onInput: change });
    this.numbers = readout("10 steps back", `${STEPS} steps back`, "mean factor per step");
    const sign = (...parts) => html("span", {}, ...parts);
    return [
      this.plot.node,
      legend(["var(--orange)", sign("norm of ∂h", html("sub", {}, "T"), " / ∂h", html("sub", {}, "t"))],
        ["var(--blue)", sign("dashed: ρ", html("sup", {}, "T − t"), ", drag its end")],
        [null, "thin: the same network with other ρ"], ["var(--soft)", "band: about 1, from 1/10 to 10"]),
      html("div", { class: "controls" }, this.rho.node, this.activation.node, this.which.node),
      html("div", { class: "controls" }, ...[0.9, 1, 1.1].map((rho) => button(`ρ = ${rho}`, () => this.turn(rho))),
        button("Start again", () => this.reset())),
      this.numbers.node,
    ];
  }

  reset() {
    this.rho.value = 0.9;
    this.activation.value = "none";
    this.which.value = "random";
    this.change();
  }

  turn(rho) {
    this.rho.value = rho;                                 // the slider keeps it within its steps
    this.refresh();
  }

  sizes(rho) {
    return sizes(matrix(this.which.value, rho), this.activation.value === "tanh");
  }

  change() {
    this.fan = OTHERS.map((rho) => this.sizes(rho));
    this.refresh();
  }

  draw() {
    const { plot } = this;
    const rho = this.rho.value;
    this.found = this.sizes(rho);
    const through = (values) => path(values.map((value, k) => [plot.px(k), plot.py(Math.log10(value))]));
    const height = (exponent) => plot.py(exponent);
    set(this.band, { y: height(1), height: height(-1) - height(1) });
    this.others.replaceChildren(...this.fan.map((values) => svg("path", { d: through(values) })));
    set(this.curve, { d: through(this.found) });
    set(this.radius, { d: through([...Array(STEPS + 1).keys()].map((k) => rho ** k)) });
    set(this.handle, { transform: `translate(${plot.px(STEPS)} ${height(STEPS * Math.log10(rho))})` });

    const text = (x, y, words, more = "") => svg("text", { x, y, style: HALO + more }, words);
    const left = plot.px(0) + 8;
    this.words.replaceChildren(
      text(left, height(6), "explodes", "; font-weight: 600"), text(left, height(-14), "vanishes", "; font-weight: 600"),
      ...this.names().map(([name, y]) => text(plot.px(STEPS) + 16, y, name)));
    this.announce();
    this.numbers.show(short(this.found[10]), short(this.found[STEPS]), format(this.found[STEPS] ** (1 / STEPS), 3));
    this.say(this.sentence(rho));
  }

  /** The names of the thin curves beside their ends, apart enough to be read. */
  names() {
    const ends = this.fan.map((values, i) => [String(OTHERS[i]), this.plot.py(Math.log10(values[STEPS])) + 4]);
    ends.sort(([, a], [, b]) => b - a);                   // from below
    for (let i = 1; i < ends.length; i++) ends[i][1] = Math.min(ends[i][1], ends[i - 1][1] - 13);
    return ends;
  }

  sentence(rho) {
    const end = this.found[STEPS];
    const most = Math.max(...this.found);
    const fate = end < 1 / ABOUT ? "vanishes" : end > ABOUT ? "explodes" : "stays about 1";
    const found = `The gradient ${fate}: ${STEPS} steps back its size is ${short(end)}.`;
    if (most > ABOUT && end < most / ABOUT) {
      return `${found} At first it grows, up to ${short(most)}: ρ rules the long run only.`;
    }
    const alone = `The power ${power(STEPS, "ρ")} is ${short(rho ** STEPS)}`;
    if (this.activation.value === "none") return `${found} ${alone}.`;
    return `${found} ${alone}, but each step also multiplies by the slope of tanh, which is small where h is large.`;
  }
}

customElements.define("time-gradient", TimeGradient);
