// A polynomial fitted to a few noisy points: degree against ridge strength (chapter Regularization).

import { Explorable, Plot, button, draggable, format, html, legend, path, readout, set, slider, svg } from "./base.js";
import { normals } from "./chance.js";
import { LogPlot } from "./powers.js";

const MOST = 11;                                          // the degree that passes through all points
export const NOISE = 0.3;                                 // sigma
const OTHERS = 8;                                         // fits to other noise, drawn thin

/** Where the points are, and where a fit is tested. */
export const X = [-0.95, -0.8, -0.62, -0.48, -0.3, -0.08, 0.1, 0.24, 0.45, 0.58, 0.79, 0.94];
export const GRID = Array.from({ length: 101 }, (_, i) => (i - 50) / 50);

export const truth = (x) => Math.sin(4 * x + 0.5);

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;
const dot = (a, b) => sum(a.map((value, i) => value * b[i]));

/** The points' heights with the noise of a seed. */
export const sample = (seed) => normals(X.length, seed).map((noise, i) => truth(X[i]) + NOISE * noise);

/** The features of x: Legendre polynomials up to the degree, each scaled to a mean square of 1 on [-1, 1]. */
export function features(x, degree) {
  const P = [1, x];
  for (let k = 1; k < degree; k++) P.push(((2 * k + 1) * x * P[k] - k * P[k - 1]) / (k + 1));
  return P.slice(0, degree + 1).map((value, k) => Math.sqrt(2 * k + 1) * value);
}

/**
 * What makes weights out of heights: a matrix (degree + 1, n). The weights w minimize the mean square error plus
 * lambda times the squares of all weights but that of the constant.
 *
 * That is a least squares problem with a row more for each penalty; it is solved by a QR decomposition (modified
 * Gram-Schmidt), which loses fewer digits than the normal equations.
 */
export function fitter(degree, lambda) {
  const root = Math.sqrt(X.length);
  const places = X.map((x) => features(x, degree).map((value) => value / root));
  const columns = places[0].map((_, k) => [...places.map((row) => row[k]),
    ...Array.from({ length: degree }, (__, i) => (k === i + 1 ? Math.sqrt(lambda) : 0))]);
  const R = columns.map(() => []);
  columns.forEach((column, k) => {
    for (let j = 0; j < k; j++) {
      R[j][k] = dot(columns[j], column);
      column.forEach((_, i) => { column[i] -= R[j][k] * columns[j][i]; });
    }
    R[k][k] = Math.sqrt(dot(column, column));
    column.forEach((_, i) => { column[i] /= R[k][k]; });
  });
  const M = [];
  for (let k = degree; k >= 0; k--) {
    M[k] = X.map((_, i) => {
      let rest = columns[k][i] / root;
      for (let j = k + 1; j <= degree; j++) rest -= R[k][j] * M[j][i];
      return rest / R[k][k];
    });
  }
  return M;
}

const weights = (M, y) => M.map((row) => dot(row, y));

/** A fit at some places. */
export const predict = (w, places) => places.map((x) => dot(features(x, w.length - 1), w));

/**
 * {train, test, bias, variance} of the fit to heights y. test: mean square error on the grid against new noise. bias
 * (squared) and variance are those of the fits to all possible noise; with its square they add up to the mean of test.
 */
export function errors(degree, lambda, y) {
  const M = fitter(degree, lambda);
  const w = weights(M, y);
  const square = (values, others) => mean(values.map((value, i) => (value - others[i]) ** 2));
  const exact = GRID.map(truth);
  const spread = GRID.map((x) => {
    const phi = features(x, degree);
    return sum(X.map((_, i) => sum(phi.map((value, k) => value * M[k][i])) ** 2));
  });
  return {
    train: square(predict(w, X), y),
    test: square(predict(w, GRID), exact) + NOISE ** 2,
    bias: square(predict(weights(M, X.map(truth)), GRID), exact),
    variance: NOISE ** 2 * mean(spread),
  };
}

const LAMBDA = { min: -6, max: 1, step: 0.25 };           // powers of ten; the least stands for 0
const strength = (exponent) => (exponent > LAMBDA.min ? 10 ** exponent : 0);
const START = [9, LAMBDA.min];                            // degree, power of ten
const SEED = 3;                                           // of the noise at the start
const PRESETS = { "Too simple": [1, LAMBDA.min], "Degree 5": [5, LAMBDA.min], "Through all points": [MOST, LAMBDA.min],
  "The same with λ": [MOST, -0.75] };

/** A number with two digits that count. */
const short = (value) => format(value, value < 0.0995 ? 4 : value < 99.5 ? 2 : 0);


const CURVES = { // name: line, sign at each degree
  train: ["stroke: var(--blue); stroke-width: 2.5", (x, y) => `M${x - 4},${y}a4,4 0 1,0 8,0a4,4 0 1,0 -8,0`, "var(--blue)"],
  test: ["stroke: var(--orange); stroke-width: 2.5", (x, y) => `M${x},${y - 5}l5,9h-10Z`, "var(--orange)"],
  bias: ["stroke: var(--green); stroke-width: 2; stroke-dasharray: 7 4", () => "", "none"],
  variance: ["stroke: var(--purple); stroke-width: 2.5; stroke-dasharray: 1 5; stroke-linecap: round", () => "", "none"],
};

class OverfittingCapacity extends Explorable {
  static label = "Overfitting: the degree of a polynomial against the strength of the penalty";

  build() {
    this.points = new Plot({ x: [-1, 1], y: [-2, 2], ticks: [0.5, 1], xLabel: "x", yLabel: "y", ratio: 0.8,
      heights: [250, 330], label: "The points and the fit" });
    this.capacity = new LogPlot({ x: [0, MOST], y: [-4, 2], ticks: [1, 1], xLabel: "degree", yLabel: "mean square error",
      ratio: 0.8, heights: [250, 330], label: "Errors against the degree" });
    this.plots = html("div", { class: "plots" }, this.points.node, this.capacity.node);
    this.plot = { layout: (width) => [this.points, this.capacity].forEach((plot) =>
      plot.layout(width >= 600 ? Math.floor((width - 16) / 2) : width)) };
    const line = (style) => svg("path", { style: `fill: none; ${style}` });
    this.thin = svg("g", { style: "fill: none; stroke: var(--line); opacity: 0.45" });
    this.truth = line("stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 6 4");
    this.fit = line("stroke: var(--orange); stroke-width: 3");
    this.points.marks.append(this.thin, this.truth, this.fit);
    this.handles = X.map((_, i) => this.handle(i));
    this.points.top.append(...this.handles.map(({ node }) => node));
    this.curves = Object.values(CURVES).map(([style, , fill]) => [line(style), svg("path", { style: `fill: ${fill}` })]);
    this.capacity.marks.append(...this.curves.flat());
    this.cursor = svg("g", {}, svg("path"), svg("rect", { class: "halo", x: -11, y: -11, width: 22, height: 22, rx: 4 }),
      svg("rect", { x: -7, y: -7, width: 14, height: 14, rx: 3, style: "fill: var(--ink)" }));
    this.capacity.top.append(this.cursor);
    this.announce = draggable(this.cursor, { plot: this.capacity, name: "Degree", step: 1, digits: 0,
      get: () => [this.degree.value, 0], move: (x) => this.choose(Math.round(x)),
      describe: () => `${this.degree.value}, ${this.describe()}` });

    this.degree = slider("Degree", { min: 0, max: MOST, step: 1, value: START[0], show: String, onInput: () => this.refresh() });
    this.lambda = slider("Ridge strength λ", { ...LAMBDA, value: START[1], onInput: () => this.refresh(),
      show: (exponent) => String(Number(strength(exponent).toPrecision(2))) });
    this.numbers = readout("Train error", "Test error", "Its mean over all noise: bias² + variance + σ²");
    return [
      this.plots,
      legend(["var(--orange)", "fit; triangles: its test error"], ["var(--blue)", "points; circles: train error"],
        ["var(--green)", "dashed: bias²"], ["var(--purple)", "dotted: variance"], ["var(--ink)", "dashed: the truth"],
        [null, "thin: fits to other noise"]),
      html("div", { class: "controls" }, this.degree.node, this.lambda.node),
      html("div", { class: "controls" },
        ...Object.entries(PRESETS).map(([name, start]) => button(name, () => this.choose(...start))),
        button("Other noise", () => { this.drawNoise(this.seed + 1); this.refresh(); }),
        button("Start again", () => this.reset())),
      this.numbers.node,
    ];
  }

  handle(i) {
    const node = svg("g", {}, svg("circle", { class: "halo", r: 13 }), svg("circle", { r: 6, style: "fill: var(--blue)" }));
    const announce = draggable(node, { plot: this.points, name: `Point ${i + 1}, up and down`, step: 0.1,
      get: () => [X[i], this.y[i]], move: (_, y) => { this.y[i] = y; this.refresh(); },
      describe: () => `y ${format(this.y[i])} at x ${format(X[i])}` });
    return { node, announce };
  }

  reset() {
    this.drawNoise(SEED);
    this.choose(...START);
  }

  drawNoise(seed) {
    this.seed = seed;
    this.y = sample(seed);
  }

  choose(degree, lambda = this.lambda.value) {
    this.degree.value = degree;
    this.lambda.value = lambda;
    this.refresh();
  }

  draw() {
    const { points, capacity } = this;
    const [degree, lambda] = [this.degree.value, strength(this.lambda.value)];
    const M = fitter(degree, lambda);
    const through = (values) => path(values.map((y, i) => [points.px(GRID[i]), points.py(Math.min(Math.max(y, -9), 9))]));
    const fit = (y) => through(predict(weights(M, y), GRID));
    this.thin.replaceChildren(...Array.from({ length: OTHERS }, (_, i) => svg("path", { d: fit(sample(1000 + i)) })));
    set(this.truth, { d: through(GRID.map(truth)) });
    set(this.fit, { d: fit(this.y) });
    this.handles.forEach(({ node, announce }, i) => {
      set(node, { transform: `translate(${points.px(X[i])} ${points.py(this.y[i])})` });
      announce();
    });

    this.found = Array.from({ length: MOST + 1 }, (_, d) => errors(d, lambda, this.y));
    Object.entries(CURVES).forEach(([name, [, sign]], i) => {
      const places = this.found.map((error, d) => [capacity.px(d), capacity.py(Math.log10(Math.max(error[name], 1e-9)))]);
      set(this.curves[i][0], { d: path(places) });
      set(this.curves[i][1], { d: places.map(([x, y]) => sign(x, y)).join("") });
    });
    const [bottom, top] = capacity.y.map(capacity.py);
    set(this.cursor, { transform: `translate(${capacity.px(degree)} ${top + 12})` });
    set(this.cursor.firstChild, { d: `M0,0V${bottom - top - 12}`, style: "stroke: var(--ink); stroke-width: 1.5" });
    this.announce();
    const { train, test, bias, variance } = this.found[degree];
    this.numbers.show(short(train), short(test),
      `${short(bias)} + ${short(variance)} + ${short(NOISE ** 2)} = ${short(bias + variance + NOISE ** 2)}`);
    this.say(this.sentence(degree, lambda));
  }

  describe() {
    const { train, test } = this.found[this.degree.value];
    return `train error ${short(train)}, test error ${short(test)}`;
  }

  sentence(degree, lambda) {
    const { bias, variance } = this.found[degree];
    const total = this.found.map((error) => error.bias + error.variance + NOISE ** 2);
    const best = total.indexOf(Math.min(...total));
    const end = ` With this λ, degree ${best} is best on average.`;
    if (degree === MOST && lambda === 0) return `The curve passes through all ${X.length} points, and swings between them.${end}`;
    const cause = bias > variance ? "bias: the fits miss the truth in the same way, whatever the noise"
      : "variance: each noise makes another fit";
    if (total[degree] < 1.2 * total[best]) {
      return `Nearly as good as it gets: bias² ${short(bias)}, variance ${short(variance)}.${end}`;
    }
    return `Most of the avoidable error is ${cause}.${end}`;
  }
}

const style = new CSSStyleSheet();
style.replaceSync(`
overfitting-capacity .plots { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];

customElements.define("overfitting-capacity", OverfittingCapacity);
