// A small computation, walked number by number: values forward, gradients backward (chapter Backpropagation).

import { Explorable, button, choice, draggable, format, html, legend, path, readout, set, slider, svg } from "./base.js";

// The nodes of a graph in the order of computation, the last one is the result. `at`: [column, row], swapped on a
// phone. `slopes`: the local derivative for each parent that wants a gradient. A formula is shown as it is coded.

const given = (label, value, at, range = [-4, 4]) => ({ label, value, at, range });
const weight = (...leaf) => ({ ...given(...leaf), trained: true });
const node = (label, at, compute, slopes) => ({ label, at, compute, slopes, parents: String(compute).match(NAME) });
const NAME = /\bv\.(\w+)/g;
const sigmoid = (z) => 1 / (1 + Math.exp(-z));

const GRAPHS = {
  neuron: {
    w1: weight("w₁", 0.5, [0, 0]), x1: given("x₁", 2, [0, 1]), w2: weight("w₂", 1.5, [0, 2]), x2: given("x₂", -1, [0, 3]),
    b: weight("b", 0.25, [0, 4]), y: given("y", 1, [3, 4], [0, 1]),
    z: node("z", [1, 2], (v) => v.w1 * v.x1 + v.w2 * v.x2 + v.b, { w1: (v) => v.x1, w2: (v) => v.x2, b: () => 1 }),
    a: node("a", [2, 2], (v) => sigmoid(v.z), { z: (v) => v.a * (1 - v.a) }),
    l: node("ℓ", [3, 2], (v) => (v.a - v.y) ** 2, { a: (v) => 2 * (v.a - v.y) }),
  },
  meet: {
    x1: given("x₁", 2, [0, 0]), w: weight("w", 1.5, [0, 1]), x2: given("x₂", 1, [0, 2]),
    a1: node("a₁", [1, 0.3], (v) => v.w * v.x1, { w: (v) => v.x1 }),
    a2: node("a₂", [1, 1.7], (v) => v.w * v.x2, { w: (v) => v.x2 }),
    l: node("ℓ", [2, 1], (v) => (v.a1 - 1) ** 2 + (v.a2 - 2) ** 2,
      { a1: (v) => 2 * (v.a1 - 1), a2: (v) => 2 * (v.a2 - 2) }),
  },
};

const children = (nodes, name) => Object.keys(nodes).filter((child) => nodes[child].slopes?.[name]);
const inside = (value, [low, high]) => Math.min(Math.max(value, low), high);

/** The given values that a graph starts with, by node. */
export const startOf = (key) => Object.fromEntries(Object.entries(GRAPHS[key])
  .filter(([, { range }]) => range).map(([name, { value }]) => [name, value]));

/** Fills in what each step finds, and yields the step. */
function* passes(nodes, { values, grads, parts }) {
  const names = Object.keys(nodes);
  for (const name of names.filter((each) => nodes[each].compute)) {
    values[name] = nodes[name].compute(values);
    yield ["value", name];
  }
  grads[names.at(-1)] = 1;
  yield ["seed", names.at(-1)];
  for (const child of names.reverse()) {
    for (const [name, slope] of Object.entries(nodes[child].slopes ?? {})) {
      const local = slope(values);
      parts[name] = { ...parts[name], [child]: { local, amount: grads[child] * local } };
      yield ["edge", name, child];
      const arrived = Object.values(parts[name]);
      if (arrived.length < children(nodes, name).length) continue;      // a node passes on only what is complete
      grads[name] = arrived.reduce((sum, { amount }) => sum + amount, 0);
      if (arrived.length > 1) yield ["sum", name];
    }
  }
}

/**
 * Forward, then backward, for so many steps: {values, grads, parts, step, count}. step: the last, [kind, name, child].
 * parts[name][child]: what came back from a child, {local, amount}.
 */
export function walk(key, start, steps = Infinity) {
  const state = { values: { ...start }, grads: {}, parts: {}, step: ["given"], count: 0 };
  const rest = passes(GRAPHS[key], state);
  for (let next; state.count < steps && !(next = rest.next()).done; state.count++) state.step = next.value;
  return state;
}

/** One step w ← w − rate · gradient for all weights, which are kept in their range. */
export function descend(key, start, rate) {
  const { grads } = walk(key, start);
  return Object.fromEntries(Object.entries(start).map(([name, value]) => {
    const { trained, range } = GRAPHS[key][name];
    return [name, trained ? inside(value - rate * grads[name], range) : value];
  }));
}

/** A formula with put(name) in the place of each value; a negative number in parentheses. */
const written = (formula, put) => String(formula).replace(/^.*?=> /, "").replaceAll(" ** 2", "²").replaceAll("*", "·")
  .replaceAll("-", "−").replace("sigmoid", "σ").replace("Math.", "")
  .replace(NAME, (_, name, at, all) => (all[at - 1] === "(" ? put(name) : factor(put(name))));

const factor = (text) => (text[0] === "−" ? `(${text})` : text);

/** A number in few digits; one that three decimals would hide, with an exponent. */
const short = (value) => (value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1).replaceAll("-", "−")
  : format(value, 3).replace(/\.?0+$/, ""));

/** What adds up at a node, with ? for a part that is still on its way. */
const sumAt = (nodes, name, parts) => children(nodes, name)
  .map((child, i) => (parts[name][child] ? (i ? factor : String)(short(parts[name][child].amount)) : "?")).join(" + ");

/** The last step of a walk: [rule, numbers put in, sentence]. */
export function explain(key, { values, grads, parts, step: [kind, name, child] }) {
  const nodes = GRAPHS[key];
  const label = (each) => nodes[each].label;
  const number = (each) => short(values[each]);
  const slope = (by, of = Object.keys(nodes).at(-1)) => `∂${label(of)}/∂${label(by)}`;
  if (kind === "given") return ["–", "–", "Only the given values are known."];
  if (kind === "seed") return [slope(name), "1", "Backward: the walk starts with 1."];
  if (kind === "value") {
    const { compute } = nodes[name];
    return [`${label(name)} = ${written(compute, label)}`, `${written(compute, number)} = ${number(name)}`,
      "Forward: computed from what the arrows bring."];
  }
  const senders = children(nodes, name);
  if (kind === "sum") {
    return [`${slope(name)} = ${senders.map((each) => `${slope(each)} · ${slope(name, each)}`).join(" + ")}`,
      `${sumAt(nodes, name, parts)} = ${short(grads[name])}`, `Paths meet at ${label(name)}: their parts add up.`];
  }
  const { slopes: { [name]: formula } } = nodes[child];
  const { local, amount } = parts[name][child];
  const products = [written(formula, number), factor(short(local))].map((text) => `${short(grads[child])} · ${text}`);
  return [`${slope(name)} ${senders.length > 1 ? "gets" : "="} ${slope(child)} · ${written(formula, label)}`,
    [...new Set(products), short(amount)].join(" = "), "Backward: what arrived, times the local derivative."];
}

const [BLUE, ORANGE] = ["var(--pst-color-primary)", "var(--course-warm, var(--orange))"];      // dark enough for text
const [HEIGHT, RATE] = [58, 0.08];
const text = (x, y, words, style) => svg("text", { x, y, "text-anchor": "middle", style }, words);

class GraphSteps extends Explorable {
  static label = "Forward and backward pass through a graph, step by step";

  labelOf = (name) => this.nodes[name].label;

  build() {
    this.edges = svg("g");
    this.boxes = svg("g");
    this.picture = svg("svg", { role: "group", "aria-label": "The graph of the computation" }, this.edges, this.boxes);
    this.graph = choice("Graph", { neuron: "One neuron", meet: "Two paths that meet" },
      { value: "neuron", onInput: (key) => this.reset(key) });
    this.formula = readout("Step", "Rule", "Numbers");
    set(this.formula.node, { style: "flex-direction: column; min-height: 6.5em" });
    this.rate = slider("Learning rate η", { min: 0.01, max: 1, step: 0.01, value: RATE, onInput: () => {} });
    const walkTo = (label, step) => button(label, () => { this.stop(); this.go(step()); });
    return [
      html("div", { class: "controls", style: "margin: 0 0 0.75rem" }, this.graph.node,
        button("Start again", () => this.reset(this.key))),
      this.picture,
      legend([BLUE, "value, solid arrows"], [ORANGE, "∂ gradient, dashed arrows"], [null, "↔ drag, or arrow keys"]),
      html("div", { class: "controls" }, walkTo("Back", () => Math.max(this.step - 1, 0)),
        walkTo("Next", () => (this.step + 1) % (this.full.count + 1)), walkTo("To the end", () => this.full.count),
        button("Play", () => {
          if (!this.timer && this.step === this.full.count) this.go(0);
          this.play(() => this.go(this.step + 1), 1500);
        })),
      this.formula.node,
      html("div", { class: "controls" }, this.rate.node, button("Step down the gradient", () => this.stepDown())),
    ];
  }

  reset(key = "neuron") {
    this.stop();
    this.key = key;
    this.nodes = GRAPHS[key];
    this.names = Object.keys(this.nodes);
    this.graph.value = key;
    this.rate.value = RATE;
    this.change(startOf(key));
    this.groups = Object.fromEntries(this.names.map((name) => [name, svg("g")]));
    this.boxes.replaceChildren(...Object.values(this.groups));
    this.announce = Object.keys(this.given).map((name) => this.makeHandle(name));
    this.go(this.full.count);
  }

  change(values) {
    this.given = values;
    this.full = walk(this.key, values);
    this.trail = [this.full.values[this.names.at(-1)]];
  }

  makeHandle(name) {
    const { range, label } = this.nodes[name];
    let grip;                                             // where the pointer went down, and the value then
    this.groups[name].addEventListener("pointerdown", (event) => { grip = [event.clientX, this.given[name]]; });
    const at = (event) => [grip[1] + (event.clientX - grip[0]) * (range[1] - range[0]) / 160, 0];
    return draggable(this.groups[name], {
      plot: { x: range, y: [0, 0], at }, name: `Value of ${label}`, step: 0.05,
      get: () => [this.given[name], 0], describe: () => short(this.given[name]),
      move: (x) => {
        this.change({ ...this.given, [name]: inside(Math.round(20 * x) / 20, range) });
        this.refresh();
      },
    });
  }

  go(step) {
    this.step = step;
    this.refresh();
    return step < this.full.count;
  }

  stepDown() {
    this.stop();
    const { trail } = this;
    this.change(descend(this.key, this.given, this.rate.value));
    this.trail = [...trail.slice(-4), ...this.trail];
    this.go(this.full.count);
  }

  draw() {
    const width = this.drawnWidth;
    const wide = width >= 560;
    const spots = this.names.map((name) => (wide ? this.nodes[name].at : [...this.nodes[name].at].reverse()));
    const [columns, rows] = [0, 1].map((axis) => 1 + Math.max(...spots.map((spot) => spot[axis])));
    const pitch = wide ? 72 : 104;
    set(this.picture, { width, height: rows * pitch, viewBox: `0 0 ${width} ${rows * pitch}` });
    this.place = Object.fromEntries(this.names.map((name, i) => [name, {
      x: (spots[i][0] + 0.5) * width / columns, y: (spots[i][1] + 0.5) * pitch,
      w: this.nodes[name].range ? Math.min(80, width / columns - 5) : 94 }]));
    this.state = walk(this.key, this.given, this.step);
    this.edges.replaceChildren(...this.names.flatMap((child) =>
      (this.nodes[child].parents ?? []).flatMap((parent) => this.edge(parent.slice(2), child))));
    this.names.forEach((name) => this.drawBox(name));
    this.announce.forEach((announce) => announce());
    const [rule, numbers, sentence] = explain(this.key, this.state);
    this.formula.show(`${this.step} of ${this.full.count}`, rule, numbers);
    this.say(this.step < this.full.count ? sentence : this.finding());
  }

  edge(name, child) {
    const { values, parts, step: [kind, current, sender] } = this.state;
    const [from, to] = [this.place[name], this.place[child]];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(dx, dy);
    const border = ({ w }) => Math.min((w / 2 + 3) / Math.abs(dx), (HEIGHT / 2 + 3) / Math.abs(dy));
    const point = (share, side) => [from.x + share * dx - side * dy / length, from.y + share * dy + side * dx / length];
    const [first, last] = [border(from), 1 - border(to)];
    const part = parts[name]?.[child];
    const lines = [
      arrow(point(first, -4), point(last, -4), child in values ? "blue" : "line", kind === "value" && current === child)];
    if (part) {
      const [x, y] = point((first + last) / 2, 12 + 14 * Math.abs(dy) / length);
      lines.push(
        arrow(point(last, 4), point(first, 4), "orange", kind === "edge" && current === name && sender === child, "5 3"),
        text(x, y + 4, short(part.local), `fill: ${ORANGE}`));
    }
    return lines;
  }

  drawBox(name) {
    const { label, compute, range } = this.nodes[name];
    const { x, y, w } = this.place[name];
    const { values, grads, parts, step: [kind, current] } = this.state;
    const rect = (gap, style, more) => svg("rect", { x: -w / 2 - gap, y: -HEIGHT / 2 - gap, width: w + 2 * gap,
      height: HEIGHT + 2 * gap, rx: 5 + gap, style, ...more });
    const line = (row, words, style) => text(0, 17 * row - 13, words, style);
    const caption = compute && `${label} = ${written(compute, this.labelOf)}`;
    const gradient = name in grads ? short(grads[name]) : parts[name] && sumAt(this.nodes, name, parts);
    const lines = [
      rect(0, `fill: var(--${range ? "soft" : "pst-color-background"}); stroke: var(--line)`),
      line(0, range ? `${label} ↔` : caption.length < 14 ? caption : label, "font-weight: 600"),
      line(1, name in values ? short(values[name]) : "?", `fill: ${BLUE}`),
      line(2, gradient ? `∂ ${gradient}` : "", `fill: ${ORANGE}`),
    ];
    if (range) lines.push(rect(4, "", { class: "halo" }));
    if (current === name) {                               // solid on the way forward, dashed on the way back
      const look = kind === "value" ? "stroke: var(--blue)" : "stroke: var(--orange); stroke-dasharray: 7 4";
      lines.push(rect(2, `fill: none; stroke-width: 3.5; ${look}`));
    }
    this.groups[name].replaceChildren(...lines);
    set(this.groups[name], { transform: `translate(${x} ${y})` });
  }

  /** What the finished walk says. */
  finding() {
    const result = this.labelOf(this.names.at(-1));
    if (this.trail.length > 1) return `Down the gradient: ${result} = ${this.trail.map(short).join(" → ")}.`;
    const ways = this.names.filter((name) => this.nodes[name].trained)
      .map((name) => `${this.labelOf(name)} ${["up", "stays", "down"][1 + Math.sign(this.full.grads[name])]}`);
    return `All gradients are known. To lower ${result}: ${ways.join(", ")}.`;
  }
}

/** A line with a head, from one pixel to another. */
function arrow(start, end, color, now, dashes = "none") {
  const angle = Math.atan2(end[1] - start[1], end[0] - start[0]);
  const barb = (turn) => [end[0] - 9 * Math.cos(angle + turn), end[1] - 9 * Math.sin(angle + turn)];
  return svg("g", { style: `fill: none; stroke: var(--${color}); stroke-width: ${now ? 4 : 1.5}` },
    svg("path", { d: path([start, end]), "stroke-dasharray": dashes }), svg("path", { d: path([barb(0.5), end, barb(-0.5)]) }));
}

customElements.define("graph-steps", GraphSteps);
