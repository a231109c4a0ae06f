// The gates of an LSTM over a word: what a unit keeps, writes, erases and shows (chapter LSTM and GRU).

import { Explorable, button, choice, draggable, format, html, legend, readout, set, svg } from "./base.js";

const SIGNS = [..."abcdefghijklmnopqrstuvwxyz()?"];
const LONGEST = 10;                                       // letters that have room on a phone
const GATES = ["i", "f", "g", "o"];                       // in PyTorch's order

const vowel = (x) => Number("aeiou".includes(x));
const consonant = (x) => Number(/[a-z]/.test(x)) - vowel(x);
const bracket = (x) => ({ "(": 1, ")": -1 })[x] ?? 0;

// The weights, set by hand. Each gate: its bias, its weight for a letter, its weights for the hidden states.
const UNITS = {
  vowels: { name: "vowels so far",
    i: [-6, (x) => 12 * vowel(x)], f: [6], g: [0, (x) => 3 * vowel(x)], o: [6] },
  first: { name: "the first vowel",                       // the hidden state of the unit above closes the input gate
    i: [-6, (x) => 12 * vowel(x), [-20, 0, 0, 0]], f: [6],
    g: [0, (x) => ({ a: 0.203, e: 0.424, i: 0.693, o: 1.099, u: 1.832 })[x] ?? 0], // tanh: 0.2, 0.4, 0.6, 0.8, 0.95
    o: [-6, (x) => 12 * (x === "?")] },
  run: { name: "consonants in a row",
    i: [-6, (x) => 12 * consonant(x)], f: [6, (x) => -12 * vowel(x)], g: [3], o: [6] },
  depth: { name: "open brackets",
    i: [-6, (x) => 12 * Math.abs(bracket(x))], f: [6], g: [0, (x) => 3 * bracket(x)], o: [6] },
};
const NAMES = Object.keys(UNITS);

const TASKS = { // a button: unit, word, chosen letter
  "Count, then reset": ["run", "strength", 3],
  "Keep the first": ["first", "education?", 2],
  "Count up and down": ["depth", "(a(b)c)", 3],
};

/** The weights as PyTorch has them: rows in the order i, f, g, o, one row for each unit. */
export function weights() {
  const rows = GATES.flatMap((gate) => NAMES.map((name) => UNITS[name][gate]));
  return {
    bias: rows.map(([bias]) => bias),
    input: rows.map(([, letter = () => 0]) => SIGNS.map((x) => letter(x))),
    hidden: rows.map(([, , hidden = [0, 0, 0, 0]]) => hidden),
  };
}

const WEIGHTS = weights();

/** What remains of a text: lower case, no accents, only letters, brackets and the question mark. */
export const clean = (text) => [...text.normalize("NFD").toLowerCase()].filter((x) => SIGNS.includes(x))
  .slice(0, LONGEST).join("");

/** The inputs of a word as numbers of signs. */
export const codes = (word) => [...word].map((x) => SIGNS.indexOf(x));

const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/**
 * One step for each letter: {i, f, g, o, c, h, terms}, each with a number for every unit; terms[gate][unit] is what bias,
 * letter and hidden states add up to before the gate's function.
 *
 * force: values for gates of one unit, at all steps or at one ("at").
 */
export function run(word, { unit = 0, force = {}, at = null } = {}) {
  let [h, c] = [[0, 0, 0, 0], [0, 0, 0, 0]];
  return codes(word).map((code, t) => {
    const step = { terms: {} };
    GATES.forEach((gate, k) => {
      step.terms[gate] = NAMES.map((_, u) => {
        const row = k * NAMES.length + u;
        return [WEIGHTS.bias[row], WEIGHTS.input[row][code],
          WEIGHTS.hidden[row].reduce((sum, w, j) => sum + w * h[j], 0)];
      });
      step[gate] = step.terms[gate].map(([bias, letter, state]) =>
        (gate === "g" ? Math.tanh : sigmoid)(bias + letter + state));
      if (gate in force && (at === null || at === t)) step[gate][unit] = force[gate];
    });
    c = c.map((memory, u) => step.f[u] * memory + step.i[u] * step.g[u]);
    h = c.map((memory, u) => step.o[u] * Math.tanh(memory));
    return Object.assign(step, { c, h });
  });
}

const ROWS = { i: "input gate i", f: "forget gate f", g: "candidate g", o: "output gate o",
  c: "cell state c", h: "hidden state h" };
const [TOP, ROW, TALL] = [28, 30, 92];                    // heights: letters, a row of cells, the row of bars
const PLACES = Object.fromEntries(Object.keys(ROWS).map((row, k) =>
  [row, TOP + k * ROW + (row === "h" ? TALL - ROW : 0)]));
const HEIGHT = PLACES.h + ROW;

const text = (x, y, words, style = "", anchor = "middle") =>
  svg("text", { x, y, "text-anchor": anchor, style: `pointer-events: none; ${style}` }, words);
const color = (value) => (value < 0 ? "var(--orange)" : "var(--blue)");

class LstmGates extends Explorable {
  static label = "The gates of an LSTM over a word";

  build() {
    this.picture = svg("g");
    this.area = svg("rect", { fill: "transparent", height: HEIGHT });
    this.frames = ["halo", "frame"].map((name) => svg("rect", { class: name, rx: 4 }));
    this.handle = svg("g", {}, this.area, ...this.frames);
    this.svg = svg("svg", { role: "group", "aria-label": "One column for each letter, with the numbers of the unit" },
      this.picture, this.handle);
    const column = (event) =>
      this.inside((event.clientX - this.svg.getBoundingClientRect().left - this.left) / this.cell - 0.5);
    this.place = { x: [0, 0], y: [0, 0], at: (event) => [column(event), 0] };
    this.announce = draggable(this.handle, { plot: this.place, name: "Letter", step: 1,
      get: () => [this.chosen, 0], move: (t) => this.choose(t), describe: () => this.describe() });
    this.handle.addEventListener("pointerdown", (event) => this.choose(column(event)));
    // A mouse over a letter shows its numbers; a click keeps them.
    this.handle.addEventListener("pointermove", (event) =>
      this.hover(event.pointerType === "mouse" ? column(event) : null));
    this.handle.addEventListener("pointerleave", () => this.hover(null));

    this.unit = choice("Unit", Object.fromEntries(NAMES.map((key) => [key, UNITS[key].name])),
      { value: "run", onInput: () => this.compute() });
    this.typed = html("input", { type: "text", maxlength: LONGEST, size: LONGEST, autocapitalize: "none",
      autocomplete: "off", spellcheck: "false" });
    this.typed.addEventListener("input", () => this.read(this.typed.value));
    const force = (gate, value) => {
      const node = button(`${gate} = ${value}`, () => this.toggle(gate, value));
      return Object.assign(node, { gate, number: value });
    };
    this.forces = [force("f", 0), force("f", 1), force("i", 0), force("i", 1), force("o", 0), force("o", 1)];
    this.where = choice("at", { all: "every letter", one: "the framed letter" },
      { value: "all", onInput: () => this.compute() });
    this.numbers = readout("c = f · c before + i · g", "h = o · tanh(c)", "i = σ(bias + letter + h before)", "f", "o");
    const controls = (...nodes) => html("div", { class: "controls", style: "margin: 0 0 0.75rem" }, ...nodes);
    return [
      controls(...Object.entries(TASKS).map(([name, task]) => button(name, () => this.start(...task)))),
      controls(html("label", { class: "choice" }, html("span", {}, "Word"), this.typed), this.unit.node),
      this.svg,
      legend(["var(--blue)", "above 0"], ["var(--orange)", "below 0"], [null, "dashed frame: forced"],
        [null, "dotted bar: the memory without force"]),
      html("div", { class: "controls", role: "group", "aria-label": "Force a gate" }, html("span", {}, "Force"),
        ...this.forces, this.where.node, button("Start again", () => this.reset())),
      this.numbers.node,
    ];
  }

  reset() {
    this.where.value = "all";
    this.start(...Object.values(TASKS)[0]);
  }

  start(unit, word, chosen) {
    this.unit.value = unit;
    this.typed.value = word;
    [this.force, this.chosen] = [{}, chosen];
    this.read(word);
  }

  /** A word as typed; while nothing of it is a letter, the last one stays. */
  read(typed) {
    const word = clean(typed);
    if (!word) return;
    this.word = word;
    this.place.x = [0, word.length - 1];
    set(this.handle, { "aria-valuemax": word.length - 1 });
    this.choose(this.chosen);
  }

  inside(t) {
    return Math.min(Math.max(Math.round(t), 0), this.word.length - 1);
  }

  choose(t) {
    this.chosen = this.inside(t);
    this.over = null;
    this.compute();
  }

  hover(t) {
    if (t === this.over) return;
    this.over = t;
    this.refresh();
  }

  toggle(gate, value) {
    if (this.force[gate] === value) delete this.force[gate];
    else this.force[gate] = value;
    this.compute();
  }

  compute() {
    this.u = NAMES.indexOf(this.unit.value);
    this.at = this.where.value === "all" ? null : this.chosen;
    this.steps = run(this.word, { unit: this.u, force: this.force, at: this.at });
    this.free = run(this.word);
    this.forces.forEach((node) => set(node, { "aria-pressed": this.force[node.gate] === node.number }));
    this.refresh();
  }

  forced(gate, t) {
    return gate in this.force && (this.at === null || this.at === t);
  }

  draw() {
    const [wide, n] = [this.drawnWidth >= 560, this.word.length];
    this.left = wide ? 116 : 20;
    this.cell = Math.min((this.drawnWidth - this.left - 2) / n, 72);
    const { left, cell, u } = this;
    const shown = this.over ?? this.chosen;
    const digits = cell < 36 ? 1 : 2;
    const size = cell < 34 ? "font-size: 11px" : "";
    set(this.svg, { width: this.drawnWidth, height: HEIGHT, viewBox: `0 0 ${this.drawnWidth} ${HEIGHT}` });
    set(this.area, { x: left, width: cell * n });
    for (const frame of this.frames) {
      const out = frame.classList.contains("halo") ? 3 : 0;
      set(frame, { x: left + this.chosen * cell - out, y: 1 - out, width: cell + 2 * out, height: HEIGHT - 2 + 2 * out });
    }

    const parts = Object.entries(ROWS).map(([row, name]) =>
      text(0, PLACES[row] + (row === "c" ? TALL : ROW) / 2 + 4, wide ? name : row, "", "start"));
    const memories = [...this.steps, ...this.free].map((step) => step.c[u]);
    const [low, high] = [Math.min(0, ...memories), Math.max(1, ...memories)];
    const unit = (TALL - 22 - (low < 0 ? 14 : 0)) / (high - low);
    const zero = PLACES.c + 18 + high * unit;
    parts.push(svg("path", { class: "zero", d: `M${left},${zero}h${cell * n}` }));
    this.steps.forEach((step, t) => {
      const [x, middle] = [left + t * cell, left + (t + 0.5) * cell];
      if (t === shown) parts.push(svg("rect", { class: "shown", x, y: 0, width: cell, height: HEIGHT }));
      parts.push(text(middle, 19, this.word[t], "font-size: 17px; font-weight: 600"));
      for (const row of [...GATES, "h"]) {
        const [value, y] = [step[row][u], PLACES[row]];
        parts.push(svg("rect", { x: x + 1, y: y + 1, width: cell - 2, height: ROW - 2, rx: 3,
          class: this.forced(row, t) ? "forced" : "cell",
          style: `fill: ${color(value)}; fill-opacity: ${(0.35 * Math.abs(value)).toFixed(3)}` }),
        text(middle, y + 19, format(value, digits), size));
      }
      const bar = (value, attributes) => svg("rect", { x: x + 3, width: cell - 6, y: zero - Math.max(value, 0) * unit,
        height: Math.abs(value) * unit, ...attributes });
      const memory = step.c[u];
      parts.push(bar(memory, { style: `fill: ${color(memory)}; fill-opacity: 0.5` }));
      if (Object.keys(this.force).length) parts.push(bar(this.free[t].c[u], { class: "free" }));
      parts.push(text(middle, zero - memory * unit + (memory < 0 ? 13 : -4), format(memory, digits), size));
    });
    this.picture.replaceChildren(...parts);
    this.announce();
    this.showNumbers(shown);
    this.say(this.sentence(shown));
  }

  showNumbers(t) {
    const { u } = this;
    const step = this.steps[t];
    const number = (value) => format(value, 3);
    const before = t ? this.steps[t - 1].c[u] : 0;
    const [i, f, g, o] = GATES.map((gate) => step[gate][u]);
    const gates = ["i", "f", "o"].map((gate) => {
      const terms = step.terms[gate][u].map((term) => format(term, 1)).join(" + ").replaceAll("+ −", "− ");
      return `${this.forced(gate, t) ? "forced" : `σ(${terms})`} = ${number(step[gate][u])}`;
    });
    this.numbers.show(`${number(f)} · ${number(before)} + ${number(i)} · ${number(g)} = ${number(step.c[u])}`,
      `${number(o)} · ${number(Math.tanh(step.c[u]))} = ${number(step.h[u])}`, ...gates);
  }

  describe() {
    const step = this.steps[this.chosen];
    const numbers = Object.keys(ROWS).map((row) => `${row} ${format(step[row][this.u])}`);
    return `${this.word[this.chosen]}, letter ${this.chosen + 1}: ${numbers.join(", ")}`;
  }

  /** What the gates do at letter t, and what force has changed. */
  sentence(t) {
    const [u, step] = [this.u, this.steps[t]];
    const [keeps, writes] = [step.f[u] >= 0.5, step.i[u] >= 0.5];
    const written = format(step.i[u] * step.g[u]);
    const memory = keeps
      ? writes ? `the memory is kept and ${written} is added` : "the memory is kept and nothing is written"
      : writes ? `the old memory is erased and ${written} is written` : "the memory is erased";
    const shows = step.o[u] >= 0.5 ? "" : "; the output gate shows nothing of it";
    const found = `At “${this.word[t]}” ${memory}${shows}.`;
    if (!Object.keys(this.force).length) return found;
    const [now, free] = [this.steps, this.free].map((steps) => format(steps.at(-1).c[u]));
    const change = now === free ? ", as without force" : ` instead of ${free}`;
    return `${found} At the end of the word the forced unit remembers ${now}${change}.`;
  }
}

const style = new CSSStyleSheet();
style.replaceSync(`
lstm-gates input[type="text"] { box-sizing: border-box; min-height: 2.25rem; padding: 0.3rem 0.5rem;
  border: 1px solid var(--line); border-radius: 0.35rem; background: var(--pst-color-background); color: var(--ink); font: inherit; }
lstm-gates button[aria-pressed="true"] { border: 2px solid var(--ink); background: var(--warm); font-weight: 600; }
lstm-gates .explorable .handle { touch-action: pan-y; } /* the page still scrolls under a finger */
lstm-gates .cell { stroke: var(--pst-color-border); }
lstm-gates .forced { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 4 3; }
lstm-gates .free { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 2 2; }
lstm-gates .zero { stroke: var(--line); }
lstm-gates .shown { fill: var(--warm); }
lstm-gates .frame { fill: transparent; stroke: var(--ink); stroke-width: 1.5; }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];

customElements.define("lstm-gates", LstmGates);
