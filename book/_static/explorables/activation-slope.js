// A point on an activation function, its slope, and what ten such slopes leave of a gradient (chapter Activation functions).

import { Explorable, Plot, button, choice, draggable, format, html, legend, path, readout, set, slider, svg } from "./base.js";

const LAYERS = 10;
const START = { name: "sigmoid", other: "none", z: 2 };

// The two functions with a parameter α, and its usual value.
export const ALPHAS = { "Leaky ReLU": 0.01, ELU: 1 };

// ---- Functions and slopes ---------------------------------------------------------------------------------------

// None of them computes the exponential of a large positive number, and none loses a small slope as 1 − (nearly 1).
const sigmoid = (z) => (z > 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const sigmoidSlope = (z) => sigmoid(z) * sigmoid(-z);

// The gate of GELU in its tanh form: (1 + tanh u) / 2 = σ(2u).
const ROOT = Math.sqrt(2 / Math.PI);
const twoU = (z) => 2 * ROOT * z * (1 + 0.044715 * z * z);
const twoUSlope = (z) => 2 * ROOT * (1 + 3 * 0.044715 * z * z);

const FUNCTIONS = {
  linear: [(z) => z, () => 1],
  sigmoid: [sigmoid, sigmoidSlope],
  tanh: [Math.tanh, (z) => 4 * sigmoidSlope(2 * z)],
  ReLU: [(z) => Math.max(z, 0), (z) => Number(z > 0)],
  "Leaky ReLU": [(z, alpha) => (z > 0 ? z : alpha * z), (z, alpha) => (z > 0 ? 1 : alpha)],
  ELU: [(z, alpha) => (z > 0 ? z : alpha * Math.expm1(z)), (z, alpha) => (z > 0 ? 1 : alpha * Math.exp(z))],
  GELU: [(z) => z * sigmoid(twoU(z)), (z) => sigmoid(twoU(z)) + z * sigmoidSlope(twoU(z)) * twoUSlope(z)],
  SiLU: [(z) => z * sigmoid(z), (z) => sigmoid(z) + z * sigmoidSlope(z)],
};

/** A function and its slope at each of the numbers z. */
export function evaluate(name, z, alpha = ALPHAS[name]) {
  const [f, slope] = FUNCTIONS[name];
  return { value: z.map((at) => f(at, alpha)), slope: z.map((at) => slope(at, alpha)) };
}

/** The places that are drawn, 0.02 apart, and those where the point can stand, 0.1 apart. */
export const GRID = Array.from({ length: 801 }, (_, i) => (i - 400) / 50);
const PLACES = Array.from({ length: 161 }, (_, i) => (i - 80) / 10);

/** [low, high]: outside, the slope stays under 1 % of the greatest one. Without such a side ∓Infinity. */
export function saturation(name, alpha) {
  const sizes = evaluate(name, GRID, alpha).slope.map(Math.abs);
  const steep = (size) => size >= 0.01 * Math.max(...sizes);
  const [first, last] = [sizes.findIndex(steep), sizes.findLastIndex(steep)];
  return [first === 0 ? -Infinity : GRID[first], last === GRID.length - 1 ? Infinity : GRID[last]];
}

/** The places of the point with the greatest slope. */
export function steepest(name, alpha) {
  const { slope } = evaluate(name, PLACES, alpha);
  return PLACES.filter((_, i) => slope[i] === Math.max(...slope));
}

/** The share of a gradient that is left before the first and after each of ten layers with this slope. */
export const journey = (slope) => Array.from({ length: LAYERS + 1 }, (_, layers) => Math.abs(slope) ** layers);

// ---- Words ------------------------------------------------------------------------------------------------------

const raised = (exponent) => String(exponent).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);

/** A number with at most three digits that count, as 0.105 or 1.6·10⁻¹⁰. */
export function short(value) {
  const size = Math.abs(value);
  if (size === 0 || size >= 0.001) return String(Number(value.toPrecision(3))).replace("-", "−");
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits.replace("-", "−")}·10${raised(Number(exponent))}`;
}

/** The finding at a place, in a sentence. */
export function finding(name, z, alpha) {
  const slope = evaluate(name, [z], alpha).slope[0];
  const [low, high] = saturation(name, alpha);
  const best = steepest(name, alpha);
  const left = journey(slope)[LAYERS];
  let remark = "";
  if (z < low || z > high) remark = " (saturated)";
  else if (best.length === 1 && best[0] === z) remark = ", its greatest";
  let result = `leave ${short(left)} of a gradient`;
  if (left === 0) result = "let no gradient through";
  else if (short(left) === "1") result = "leave a gradient as it is";
  else if (left > 1) result = `make a gradient ${short(left)} times as large`;
  return `At z = ${format(z, 1)} the slope of ${name} is ${short(slope)}${remark}: ten such slopes ${result}.`;
}

// ---- The element ------------------------------------------------------------------------------------------------

const COLORS = ["var(--blue)", "var(--orange)"];
const SIGNS = ["M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0", "M0,-7L7,6H-7Z"];
const DASHES = ["none", "7 4"];
const SHADE = "color-mix(in srgb, var(--line) 22%, transparent)";
const ROW = 50;

const sign = (i, attributes = {}) => svg("path", { d: SIGNS[i], style: `fill: ${COLORS[i]}`, ...attributes });

/** A logarithmic axis for what is left of a gradient; x counts powers of ten. */
class Powers extends Plot {
  drawAxes() {
    const bottom = this.height - this.margin.bottom;
    const ticks = [-20, -15, -10, -5, 0].flatMap((power) => [svg("path", { d: `M${this.px(power)},${bottom}v5` }),
      svg("text", { x: this.px(power), y: bottom + 18, "text-anchor": "middle" }, power ? `10${raised(power)}` : "1")]);
    this.axes.replaceChildren(svg("path", { d: `M${this.margin.left},${bottom}H${this.width - this.margin.right}` }), ...ticks,
      svg("text", { x: this.width / 2, y: this.height - 6, "text-anchor": "middle" }, this.xLabel));
  }
}

/** The axis of values that shows the functions from −8 to 8. */
function valueRange(names) {
  const bounded = names.every((name) => name === "sigmoid" || name === "tanh");
  return bounded ? { y: [-1.2, 1.2], ticks: [2, 0.5] } : { y: [names.includes("linear") ? -8 : -3, 8], ticks: [2, 2] };
}

class ActivationSlope extends Explorable {
  static label = "An activation function with a point that can be moved along it";

  build() {
    const x = [-8, 8];
    this.curves = new Plot({ x, ...valueRange([START.name]), ratio: 0.36, heights: [170, 270], yLabel: "f(z)",
      label: "The function, with its tangent at the point" });
    this.slopes = new Plot({ x, y: [-0.2, 1.4], ticks: [2, 0.5], ratio: 0.27, heights: [150, 200], xLabel: "z",
      yLabel: "slope f′(z)", label: "The slope of the function" });
    this.powers = new Powers({ x: [-21, 1.7], y: [0, 1], ticks: [5, 1], xLabel: "gradient left, layer by layer",
      label: "What is left of a gradient after each of ten layers, on a logarithmic axis" });
    this.powers.margin.left = 14;
    this.panels = [this.curves, this.slopes].map((plot) => this.panel(plot));
    this.tangent = svg("path", { style: "stroke: var(--ink); stroke-width: 2.5" });
    this.keep = svg("path", { style: "stroke: var(--line); stroke-dasharray: 2 4" });
    this.words = svg("g");
    this.curves.marks.append(this.tangent);
    this.slopes.marks.append(this.keep, this.words);
    [this.announce] = this.panels.map(({ plot, points }) => draggable(points[0], {
      plot, name: "Weighted sum z", step: 0.1, get: () => [this.z, 0],
      move: (z) => { this.z = Math.round(10 * z) / 10; this.refresh(); },
      describe: () => `z = ${format(this.z, 1)}`,
    }));
    // The two points move together: one of them is enough for a keyboard.
    set(this.panels[1].points[0], { role: null, tabindex: null, "aria-hidden": "true" });
    const names = Object.fromEntries(Object.keys(FUNCTIONS).map((name) => [name, name]));
    const onInput = () => this.choose();
    this.name = choice("Function", names, { value: START.name, onInput });
    this.other = choice("Compare with", { none: "none", ...names }, { value: START.other, onInput });
    this.sliders = Object.fromEntries([["Leaky ReLU", 0, 0.3, 0.01], ["ELU", 0.1, 1.3, 0.1]].map(([name, min, max, step]) =>
      [name, slider(`α of ${name}`, { min, max, step, value: ALPHAS[name], onInput: () => this.refresh() })]));
    this.parameters = html("div", { class: "controls" });
    this.legend = legend([COLORS[0], ""], [COLORS[1], ""], [SHADE, "saturated: slope under 1 % of its greatest"],
      [null, "slopes only, every layer at this z"]);
    this.numbers = readout("z", "f(z)", "f′(z)");
    return [
      this.curves.node, this.slopes.node, this.powers.node, this.legend,
      html("div", { class: "controls" }, this.name.node, this.other.node,
        button("Steepest place", () => this.climb()), button("Start again", () => this.reset())),
      this.parameters, this.numbers.node,
    ];
  }

  /** What both upper plots hold: the saturated sides, a line at z, the curves, and a point on each. */
  panel(plot) {
    const shade = svg("path", { style: `fill: ${SHADE}` });
    const line = svg("path", { style: "stroke: var(--line)" });
    const curves = COLORS.map((color, i) => svg("path", {
      style: `fill: none; stroke: ${color}; stroke-width: 2.5; stroke-dasharray: ${DASHES[i]}` }));
    const points = COLORS.map((_, i) => svg("g", {}, svg("circle", { r: 16, class: "halo" }), sign(i)));
    set(points[1], { "pointer-events": "none", fill: "none" });
    plot.marks.append(shade, line, ...curves);
    plot.top.append(points[1], points[0]);
    return { plot, shade, line, curves, points };
  }

  reset() {
    this.z = START.z;
    this.name.value = START.name;
    this.other.value = START.other;
    Object.entries(ALPHAS).forEach(([name, alpha]) => { this.sliders[name].value = alpha; });
    this.choose();
  }

  /** The names of the chosen function and, if there is one, of that to compare with. */
  get names() {
    return [...new Set([this.name.value, this.other.value])].filter((name) => name !== "none");
  }

  alpha = (name) => this.sliders[name]?.value;

  choose() {
    const { names } = this;
    this.parameters.replaceChildren(...names.filter((name) => name in ALPHAS).map((name) => this.sliders[name].node));
    Object.assign(this.curves, valueRange(names));
    this.powers.heights = Array(2).fill(60 + ROW * names.length);
    [0, 1].forEach((i) => {
      this.legend.children[i].textContent = `${["circle, solid", "triangle, dashed"][i]}: ${names[i]}`;
      this.legend.children[i].hidden = !names[i];
    });
    this.refresh();
  }

  /** To the nearest of the places with the greatest slope. */
  climb() {
    const distance = (z) => Math.abs(z - this.z);
    const places = steepest(this.name.value, this.alpha(this.name.value));
    this.z = places.reduce((best, z) => (distance(z) < distance(best) ? z : best));
    this.refresh();
  }

  draw() {
    [this.curves, this.slopes, this.powers].forEach((plot) => plot.layout(this.drawnWidth));
    const { names, z } = this;
    const here = names.map((name) => evaluate(name, [z], this.alpha(name)));
    const [value, slope] = [here[0].value[0], here[0].slope[0]];
    this.drawPanels(names, here);
    const { px, py } = this.curves;
    set(this.tangent, { d: path([-2, 2].map((step) => [px(z + step), py(value + step * slope)])) });
    this.powers.marks.replaceChildren(...here.flatMap((at, i) => this.hops(at.slope[0], i)));
    this.powers.top.replaceChildren(...here.flatMap((at, i) => this.result(names[i], at.slope[0], i)));
    this.numbers.show(format(z, 1), format(value), short(slope));
    this.announce();
    this.say(names.map((name) => finding(name, z, this.alpha(name))).join(" "));
  }

  drawPanels(names, here) {
    const limits = saturation(names[0], this.alpha(names[0]));
    const curves = names.map((name) => evaluate(name, GRID, this.alpha(name)));
    this.panels.forEach(({ plot: { px, py, x, y }, ...panel }, k) => {
      const key = ["value", "slope"][k];
      const sides = [[x[0], Math.max(limits[0], x[0])], [Math.min(limits[1], x[1]), x[1]]];
      set(panel.shade, { d: sides.map(([from, to]) => `M${px(from)},${py(y[0])}V${py(y[1])}H${px(to)}V${py(y[0])}Z`).join("") });
      set(panel.line, { d: `M${px(this.z)},${py(y[0])}V${py(y[1])}` });
      panel.points.forEach((point, i) => {
        const drawn = i < names.length;
        set(panel.curves[i], { d: drawn ? path(GRID.map((z, n) => [px(z), py(curves[i][key][n])])) : "" });
        set(point, { visibility: drawn ? null : "hidden" });
        if (drawn) set(point, { transform: `translate(${px(this.z)} ${py(here[i][key][0])})` });
      });
      if (key === "slope") this.drawWords(sides);
    });
  }

  /** The words inside the plot of the slope. */
  drawWords(sides) {
    const { px, py, x } = this.slopes;
    const text = (words, at, y, anchor) => svg("text", { x: at, y: py(y), "text-anchor": anchor }, words);
    set(this.keep, { d: `M${px(x[0])},${py(1)}H${px(x[1])}` });
    this.words.replaceChildren(text("1: the gradient keeps its size", px(x[0]) + 6, 1.08, "start"),
      ...sides.filter(([from, to]) => px(to) - px(from) > 60)
        .map(([from, to]) => text("saturated", px((from + to) / 2), 0.45, "middle")));
  }

  /** Ten hops along the powers of ten, the wider the smaller the slope. */
  hops(slope, i) {
    const y = this.row(i);
    // Left of the axis all places look alike: −60 stands for the power of 0 too.
    const places = journey(slope).map((left) => this.powers.px(Math.max(Math.log10(left), -60)));
    const arcs = places.slice(1).map((x, k) => `M${places[k]},${y}Q${(places[k] + x) / 2},${y - 14} ${x},${y}`);
    return [
      svg("path", { d: arcs.join(""), style: `fill: none; stroke: ${COLORS[i]}; stroke-dasharray: ${DASHES[i]}` }),
      ...places.map((x) => svg("circle", { cx: x, cy: y, r: 2.5, style: `fill: ${COLORS[i]}` })),
      sign(i, { transform: `translate(${places[LAYERS]} ${y})` }),
    ];
  }

  /** Where the hops end, in figures; an arrow if that is left of the axis. */
  result(name, slope, i) {
    const [y, left, edge] = [this.row(i), journey(slope)[LAYERS], this.powers.margin.left];
    const base = /[·−]/.test(short(slope)) ? `(${short(slope)})` : short(slope);
    const words = svg("text", { x: edge, y: y - 20 }, `${name}: ${base}¹⁰ = ${short(left)}`);
    const beyond = left < 10 ** this.powers.x[0];
    return beyond ? [words, svg("path", { d: `M${edge},${y}l10,-6v12Z`, style: `fill: ${COLORS[i]}` })] : [words];
  }

  row = (i) => this.powers.margin.top + ROW * i + 32;
}

customElements.define("activation-slope", ActivationSlope);
