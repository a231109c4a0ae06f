// How the size of the gradient changes on its way back through the layers (chapter Optimization challenges).

import {
  Explorable, button, choice, draggable, format, html, legend, path, readout, set, slider, svg,
} from "./base.js";
import { normals } from "./chance.js";
import { LogPlot, short } from "./powers.js";

const WIDTH = 32;                                         // n, units in each layer
const BATCH = 16;
const DEPTH = { min: 5, max: 50, step: 1 };
const GAIN = { min: 0.5, max: 2, step: 0.01 };          // g: the weights have the standard deviation g / sqrt(n)
const FINE = 100;                                         // a size from 1/100 to 100 counts as arrived

// An activation: its value, its slope from the value, and the root of the mean square of that slope at small inputs.
const ACTIVATIONS = {
  relu: { name: "ReLU", f: (z) => Math.max(z, 0), slope: (a) => Number(a > 0), typical: Math.SQRT1_2 },
  tanh: { name: "tanh", f: Math.tanh, slope: (a) => 1 - a * a, typical: 1 },
  linear: { name: "none", f: (z) => z, slope: () => 1, typical: 1 },
};

const SHORTCUTS = { none: "none", plain: "x + f(Wx)", scaled: "x + f(Wx) / √L" };

const drawn = new Map();                                  // seed: its numbers

/** Of a seed: inputs and the gradient at the output, both (batch, n), then one matrix (n, n) for each layer. */
function numbers(seed) {
  if (!drawn.has(seed)) drawn.set(seed, normals(2 * BATCH * WIDTH + DEPTH.max * WIDTH ** 2, seed));
  const all = drawn.get(seed);
  const start = 2 * BATCH * WIDTH;
  return { inputs: all.slice(0, start / 2), last: all.slice(start / 2, start),
    matrix: (layer) => all.slice(start + layer * WIDTH ** 2, start + (layer + 1) * WIDTH ** 2) };
}

const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/**
 * A stack of layers f(W x), perhaps with shortcuts: {outputs, gradients}, each with a number for the input and for every
 * layer. outputs: root of the mean square of the outputs. gradients: the norm of the derivative of the loss by them,
 * if it is 1 at the last one.
 */
export function sizes({ gain, activation, shortcut, depth, seed }) {
  const { inputs, last, matrix } = numbers(seed);
  const { f, slope } = ACTIVATIONS[activation];
  const scale = gain / Math.sqrt(WIDTH);
  const [kept, share] = [shortcut === "none" ? 0 : 1, shortcut === "scaled" ? 1 / Math.sqrt(depth) : 1];
  const size = BATCH * WIDTH;
  const rms = (x) => norm(x) / Math.sqrt(size);

  let x = inputs;
  const [outputs, layers] = [[rms(x)], []];
  for (let l = 0; l < depth; l++) {
    const W = matrix(l);
    const a = Array(size);
    for (let row = 0; row < size; row += WIDTH) {
      for (let i = 0; i < WIDTH; i++) {
        let z = 0;
        for (let j = 0; j < WIDTH; j++) z += W[i * WIDTH + j] * x[row + j];
        a[row + i] = f(scale * z);
      }
    }
    layers.push({ W, a });
    x = a.map((value, i) => kept * x[i] + share * value);
    outputs.push(rms(x));
  }

  const length = norm(last);
  let g = last.map((value) => value / length);
  const gradients = [1];
  for (const { W, a } of layers.reverse()) {
    const before = g.map((value) => kept * value);
    for (let row = 0; row < size; row += WIDTH) {
      for (let i = 0; i < WIDTH; i++) {
        const through = g[row + i] * share * slope(a[row + i]) * scale;
        for (let j = 0; j < WIDTH; j++) before[row + j] += through * W[i * WIDTH + j];
      }
    }
    g = before;
    gradients.unshift(norm(g));
  }
  return { outputs, gradients };
}

/** What a layer without shortcut multiplies the gradient by: the root of n var(w) times the mean of f'². */
export const factor = (gain, activation) => gain * ACTIVATIONS[activation].typical;

const START = { gain: 1, activation: "relu", shortcut: "none", depth: 30 };
const PRESETS = { "Too small": 0.5, Xavier: 1, He: Math.SQRT2, "Too large": 2 };
const HALO = "pointer-events: none; paint-order: stroke; stroke: var(--pst-color-surface); stroke-width: 4";

class GradientDepth extends Explorable {
  static label = "The size of the gradient through the layers of a deep network";

  build() {
    this.plot = new LogPlot({ x: [0, START.depth], y: [-16, 16], ticks: [5, 4], xLabel: "layer, 0 is the input",
      yLabel: "size", ratio: 0.56, heights: [300, 420], label: "The size of gradient and outputs against the layer" });
    const line = (style) => svg("path", { style: `fill: none; ${style}` });
    this.band = svg("rect", { x: 0, width: 2000, style: "fill: var(--soft)" });
    this.theory = line("stroke: var(--blue); stroke-width: 2; stroke-dasharray: 6 4");
    this.outputs = line("stroke: var(--green); stroke-width: 2.5; stroke-dasharray: 1 5; stroke-linecap: round");
    this.curve = line("stroke: var(--orange); stroke-width: 3");
    this.dots = svg("path", { style: "fill: var(--orange)" });
    this.words = svg("g");
    this.handle = svg("g", {}, svg("circle", { class: "halo", r: 14 }), svg("circle", { r: 8, style: "fill: var(--blue)" }),
      svg("path", { d: "M-3.5,-1.5L0,-5L3.5,-1.5M-3.5,1.5L0,5L3.5,1.5",
        style: "fill: none; stroke: var(--pst-color-surface); stroke-width: 1.5" }));
    this.plot.marks.append(this.band, this.theory, this.outputs, this.curve, this.dots);
    this.plot.top.append(this.words, this.handle);

    // Up and down stand for the gain, and so do left and right.
    const area = { x: [GAIN.min, GAIN.max], y: [GAIN.min, GAIN.max], at: (event) =>
      Array(2).fill(10 ** (this.plot.at(event)[1] / this.depth.value) / factor(1, this.activation.value)) };
    this.announce = draggable(this.handle, { plot: area, name: "Gain, at the end of the dashed line", step: GAIN.step,
      get: () => [this.gain, this.gain], move: (x, y) => this.turn(x === this.gain ? y : x),
      describe: () => `${format(this.gain)}, gradient ${short(this.found.gradients[0])} at the input` });

    const change = () => this.refresh();
    this.scale = slider("Gain g = √n · std(W)", { ...GAIN, value: 1, onInput: (gain) => this.turn(gain) });
    this.depth = slider("Layers L", { ...DEPTH, value: START.depth, show: String, onInput: change });
    const names = Object.entries(ACTIVATIONS).map(([key, { name }]) => [key, name]);
    this.activation = choice("Activation f", Object.fromEntries(names), { value: "relu", onInput: change });
    this.shortcut = choice("Shortcut", SHORTCUTS, { value: "none", onInput: change });
    this.numbers = readout("Gradient at the input", "mean factor per layer", "Outputs of the last layer");
    return [
      this.plot.node,
      legend(["var(--orange)", "gradient, 1 at the last layer"],
        ["var(--blue)", "dashed: theory without shortcut, drag its end"], ["var(--green)", "dotted: outputs"],
        ["var(--soft)", "band: from 1/100 to 100"]),
      html("div", { class: "controls" }, this.scale.node, this.depth.node),
      html("div", { class: "controls" }, this.activation.node, this.shortcut.node),
      html("div", { class: "controls" },
        ...Object.entries(PRESETS).map(([name, gain]) => button(name, () => this.turn(gain))),
        button("Other random weights", () => { this.seed += 1; this.refresh(); }),
        button("Start again", () => this.reset())),
      this.numbers.node,
    ];
  }

  reset() {
    for (const name of ["activation", "shortcut", "depth"]) this[name].value = START[name];
    this.seed = 1;
    this.turn(START.gain);
  }

  turn(gain) {
    this.gain = Math.min(Math.max(gain, GAIN.min), GAIN.max);
    this.scale.value = this.gain;
    this.refresh();
  }

  draw() {
    const { plot } = this;
    const [depth, activation, shortcut] = [this.depth.value, this.activation.value, this.shortcut.value];
    if (plot.x[1] !== depth) {
      Object.assign(plot, { x: [0, depth], ticks: [depth > 12 ? 5 : 1, 4] });
      plot.drawAxes();
    }
    this.found = sizes({ gain: this.gain, activation, shortcut, depth, seed: this.seed });
    const { outputs, gradients } = this.found;
    const height = (exponent) => plot.py(exponent);
    const points = (values) => values.map((value, l) => [plot.px(l), height(Math.log10(Math.max(value, 1e-99)))]);
    const end = depth * Math.log10(factor(this.gain, activation));
    set(this.band, { y: height(2), height: height(-2) - height(2) });
    set(this.theory, { d: path([[plot.px(0), height(end)], [plot.px(depth), height(0)]]) });
    set(this.outputs, { d: path(points(outputs)) });
    set(this.curve, { d: path(points(gradients)) });
    set(this.dots, { d: points(gradients).map(([x, y]) => `M${x - 3.5},${y}a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0`).join("") });
    const place = Math.min(Math.max(end, plot.y[0]), plot.y[1]);
    set(this.handle, { transform: `translate(${plot.px(0)} ${height(place)})` });
    const text = (x, y, words) => svg("text", { x, y, "text-anchor": "end", style: `${HALO}; font-weight: 600` }, words);
    const right = plot.px(depth) - 8;
    this.words.replaceChildren(text(right, height(13), "explodes"), text(right, height(-14), "vanishes"));
    this.announce();
    this.numbers.show(short(gradients[0]), format(gradients[0] ** (1 / depth), 3), short(outputs[depth]));
    this.say(this.sentence(gradients[0], depth, shortcut));
  }

  sentence(first, depth, shortcut) {
    const fate = first < 1 / FINE ? "vanishes" : first > FINE ? "explodes" : "arrives";
    const found = `The gradient ${fate}: through ${depth} layers its size goes from 1 to ${short(first)}.`;
    if (shortcut === "plain") return `${found} It has a way past every layer, and each layer adds to it.`;
    if (shortcut === "scaled") return `${found} It has a way past every layer, and each layer adds little.`;
    const alone = factor(this.gain, this.activation.value) ** depth;
    const flat = this.activation.value === "tanh" && this.gain > 1 ? "; where tanh is flat, its slope is far below 1" : "";
    return `${found} In theory to ${short(alone)}${flat}.`;
  }
}

customElements.define("gradient-depth", GradientDepth);
