// The pixels that one unit of a stack of convolutions depends on, along one axis (chapter Convolution).

import { Explorable, button, choice, draggable, html, legend, path, readout, set, slider, svg } from "./base.js";

const PIXELS = 65;
const MOST = 6;                                           // layers
const DEPTH = 4;                                          // at the start

// Layer l of a stack, l = 0 up: kernel size k, stride s, dilation d.
const STACKS = {
  plain: ["Plain", () => ({ k: 3, s: 1, d: 1 })],
  stride: ["Stride 2", () => ({ k: 3, s: 2, d: 1 })],
  doubled: ["Dilation 1, 2, 4, …", (l) => ({ k: 3, s: 1, d: 2 ** l })],
  same: ["Dilation 2 in all", () => ({ k: 3, s: 1, d: 2 })],
};

/** The layers of a preset. */
export const stackOf = (name, depth = MOST) => Array.from({ length: depth }, (_, l) => STACKS[name][1](l));

/**
 * What each layer reaches, the pixels first: {r, apart, units}. r: pixels from the first to the last that a unit can
 * see; apart: pixels from one unit to the next; units: how many there are. Padding of d (k − 1) / 2 on both sides puts
 * unit j over pixel j · apart.
 */
export function fields(layers, pixels = PIXELS) {
  const found = [{ r: 1, apart: 1, units: pixels }];
  for (const { k, s, d } of layers) {
    const { r, apart, units } = found.at(-1);
    found.push({ r: r + (k - 1) * d * apart, apart: apart * s, units: Math.floor((units - 1) / s) + 1 });
  }
  return found;
}

/** The units of the layer below that unit j reads; some may lie in the padding. */
export const reads = ({ k, s, d }, j) => Array.from({ length: k }, (_, t) => j * s + (t - (k - 1) / 2) * d);

/**
 * The number of paths from every unit to one output, the pixels first: [layer][unit]. It is the gradient of that
 * output if all weights are 1.
 */
export function paths(layers, output, pixels = PIXELS) {
  const counts = fields(layers, pixels).map(({ units }) => Array(units).fill(0));
  counts[layers.length][output] = 1;
  for (let l = layers.length; l > 0; l--) {
    counts[l].forEach((count, j) => {
      if (count === 0) return;
      for (const i of reads(layers[l - 1], j)) if (i in counts[l - 1]) counts[l - 1][i] += count;
    });
  }
  return counts;
}

const inside = (value, last) => Math.min(Math.max(Math.round(value), 0), last);
const dot = (x, y, r) => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;
const options = (...values) => Object.fromEntries(values.map((value) => [value, value]));
const HALO = "paint-order: stroke; stroke: var(--pst-color-surface); stroke-width: 4; pointer-events: none";
const text = (x, y, words, anchor = "start") => svg("text", { x, y, "text-anchor": anchor, style: HALO }, words);

class ReceptiveField extends Explorable {
  static label = "The receptive field of a unit of stacked convolutions";

  build() {
    this.picture = svg("g");
    this.row = svg("rect", { fill: "transparent", height: 32 });
    this.unit = svg("g", {}, svg("circle", { class: "halo", r: 14 }),
      svg("circle", { r: 6, style: "fill: var(--orange)" }));
    this.handle = svg("g", {}, this.row, this.unit);
    this.svg = svg("svg", { role: "group", "aria-label": "The layers, the pixels at the bottom" },
      this.picture, this.handle);
    this.area = { x: [0, 0], y: [0, 0], at: (event) =>
      [(event.clientX - this.svg.getBoundingClientRect().left - this.px(0)) / this.px.pitch / this.apart, 0] };
    this.announce = draggable(this.handle, { plot: this.area, name: "Output unit", step: 1,
      get: () => [this.output, 0], move: (j) => this.choose(j),
      describe: () => `${this.output}, over pixel ${this.place}, field ${this.r}` });
    this.handle.addEventListener("pointerdown", (event) => this.choose(this.area.at(event)[0]));

    this.depth = slider("Layers", { min: 1, max: MOST, step: 1, value: DEPTH, show: String,
      onInput: () => this.refit() });
    this.which = choice("Change", { all: "all layers", ...options(1, 2, 3, 4, 5, 6) },
      { value: "all", onInput: () => this.refit() });
    const pick = (key, label, ...values) => choice(label, { ...options(...values), "": "mixed" },
      { value: null, onInput: (value) => value && this.change(key, Number(value)) });
    this.knobs = { k: pick("k", "kernel k", 1, 3, 5, 7), s: pick("s", "stride s", 1, 2, 3),
      d: pick("d", "dilation d", 1, 2, 4, 8, 16, 32) };
    this.numbers = readout("r = 1 + Σ (k − 1) · d · strides below", "Pixels with a path", "Weights");
    return [
      html("div", { class: "controls", style: "margin: 0 0 0.75rem" }, ...Object.entries(STACKS).map(([key, [name]]) =>
        button(name, () => this.stack(key)))),
      this.svg,
      legend(["var(--orange)", "output unit: drag, or arrow keys"], ["var(--blue)", "it depends on these"],
        [null, "bars: paths to it, its gradient if all weights are 1"]),
      html("div", { class: "controls" }, this.depth.node, button("Start again", () => this.reset())),
      html("div", { class: "controls" }, this.which.node, ...Object.values(this.knobs).map(({ node }) => node)),
      this.numbers.node,
    ];
  }

  reset() {
    this.depth.value = DEPTH;
    this.place = (PIXELS - 1) / 2;
    this.stack("plain");
  }

  stack(name) {
    this.all = stackOf(name);
    this.which.value = "all";
    this.refit();
  }

  /** Another number for one layer or all. */
  change(key, value) {
    const l = Number(this.which.value) - 1;               // not a number for all
    this.all = this.all.map((layer, i) => (i === l || Number.isNaN(l) ? { ...layer, [key]: value } : layer));
    this.refit();
  }

  choose(j) {
    this.place = inside(j, this.area.x[1]) * this.apart;
    this.refit();
  }

  /** The stack as it is now, and in its last layer the unit that is nearest to the place chosen. */
  refit() {
    const depth = this.depth.value;
    for (const option of this.which.node.querySelectorAll("option")) option.disabled = option.value > depth;
    if (this.which.value > depth) this.which.value = "all";
    const chosen = this.which.value === "all" ? this.all : [this.all[this.which.value - 1]];
    for (const [key, knob] of Object.entries(this.knobs)) {
      const values = new Set(chosen.slice(0, depth).map((layer) => layer[key]));
      knob.value = values.size > 1 ? "" : [...values][0];
    }
    this.layers = this.all.slice(0, depth);
    this.fields = fields(this.layers);
    const { r, apart, units } = this.fields.at(-1);
    this.output = inside(this.place / apart, units - 1);
    Object.assign(this, { r, apart, place: this.output * apart });
    this.area.x = [0, units - 1];
    set(this.handle, { "aria-valuemax": units - 1 });
    this.counts = paths(this.layers, this.output);
    this.refresh();
  }

  draw() {
    const wide = this.drawnWidth >= 560;
    const [left, gap, depth] = [wide ? 172 : 2, wide ? 48 : 54, this.layers.length];
    const pitch = (this.drawnWidth - left - 2) / PIXELS;
    const px = (at) => left + (at + 0.5) * pitch;
    const py = (l) => 28 + (depth - l) * gap;
    const height = py(0) + 84;
    this.px = Object.assign(px, { pitch });
    set(this.svg, { width: this.drawnWidth, height, viewBox: `0 0 ${this.drawnWidth} ${height}` });
    set(this.row, { x: left, y: 12, width: this.drawnWidth - left });
    set(this.unit, { transform: `translate(${px(this.place)} ${py(depth)})` });

    const [lines, units, labels] = [[], [], []];
    const size = Math.min(0.36 * pitch, 4);
    this.fields.forEach(({ r, apart }, l) => {
      const at = (j) => [px(j * apart), py(l)];
      const marks = (chosen) =>
        this.counts[l].map((count, j) => (count > 0 === chosen ? dot(...at(j), size) : "")).join("");
      units.push(svg("path", { d: marks(false), style: "fill: none; stroke: var(--line)" }),
        svg("path", { d: marks(true), style: "fill: var(--blue); stroke: var(--blue)" }));
      const { k, s, d } = this.layers[l - 1] ?? {};
      const name = l ? `layer ${l}: k ${k}, s ${s}, d ${d}` : "pixels";
      labels.push(text(0, wide ? py(l) + 4 : py(l) - 12, wide || !l ? name : `${name}, r = ${r}`));
      if (l === 0) return;
      if (wide) labels.push(text(left - 8, py(l) + 4, `r = ${r}`, "end"));
      const below = (i) => [px(i * this.fields[l - 1].apart), py(l - 1)];
      const edges = this.counts[l].flatMap((count, j) => (count ? reads(this.layers[l - 1], j) : [])
        .filter((i) => i in this.counts[l - 1]).map((i) => path([at(j), below(i)])));
      lines.push(svg("path", { d: edges.join(""), style: "fill: none; stroke: var(--blue); opacity: 0.45" }));
    });
    const [first, last] = this.ends();
    const [x0, x1, y] = [px(first - 0.4), px(last + 0.4), py(0) + 14];
    lines.push(svg("path", { d: `M${x0},${y - 5}v5H${x1}v-5`,
      style: "fill: none; stroke: var(--ink); stroke-width: 2" }));
    labels.push(text(inside((x0 + x1) / 2, this.drawnWidth), y + 15, `r = ${this.r}`, "middle"));
    const most = Math.max(...this.counts[0]);
    lines.push(...this.counts[0].map((count, i) => svg("rect", { x: px(i - 0.4), y: height - 2 - 40 * count / most,
      width: 0.8 * pitch, height: 40 * count / most, style: "fill: var(--blue)" })));
    if (wide) labels.push(text(0, height - 4, "paths"));
    this.picture.replaceChildren(...lines, ...units, ...labels);

    this.announce();
    const terms = this.layers.map(({ k, d }, l) => ` + ${k - 1}·${d}·${this.fields[l].apart}`);
    this.numbers.show(`1${terms.join("")} = ${this.r}`, `${this.reached()} of ${PIXELS}`,
      String(this.layers.reduce((sum, { k }) => sum + k, 0)));
    this.say(this.sentence());
  }

  /** The first and the last pixel of the field, inside the border. */
  ends() {
    return [-1, 1].map((side) => inside(this.place + side * (this.r - 1) / 2, PIXELS - 1));
  }

  reached() {
    return this.counts[0].filter(Boolean).length;
  }

  sentence() {
    const [first, last] = this.ends();
    const span = last - first + 1;
    const outside = this.r > span ? `, ${this.r - span} of them in the padding` : "";
    const start = `The field of this unit is ${this.r} pixel${this.r > 1 ? "s" : ""} wide${outside}.`;
    const inField = this.counts[0].slice(first, last + 1);
    const [least, most] = [Math.min(...inField), Math.max(...inField)];
    if (least === 0) {
      return `${start} But ${span - this.reached()} of these pixels have no path to it: it is blind to them.`;
    }
    if (least === most) return `${start} All its pixels have equally many paths to the unit: ${most}.`;
    return `${start} ${least} to ${most} paths lead from a pixel to the unit: the pixels do not count alike.`;
  }
}

customElements.define("receptive-field", ReceptiveField);
