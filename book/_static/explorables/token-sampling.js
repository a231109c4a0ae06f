// The next word drawn with temperature, top-k and top-p (chapter BERT, GPT and T5).

import { Explorable, button, draggable, format, html, legend, readout, set, slider, svg } from "./base.js";

// How often a word follows "very" in the review sentences: the twelve words that do so most often.
const CONTEXT = "very";
const COUNTS = {
  good: 27, well: 13, disappointed: 10, nice: 9, bad: 8, comfortable: 7, impressed: 6, happy: 6, poor: 4, attentive: 4,
  friendly: 4, pleased: 3,
};
const WORDS = Object.keys(COUNTS);
const N = WORDS.length;

/** The logits of a model that has only counted: softmax of them are the shares. */
export const LOGITS = Object.values(COUNTS).map(Math.log);

const sum = (values) => values.reduce((total, value) => total + value, 0);

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = sum(powers);
  return powers.map((power) => power / total);
}

/**
 * What the words are drawn with: {order, before, running, probabilities}. First temperature, then top-k, then top-p.
 *
 * order: the indices, most probable first, ties as they stood. before: with temperature alone. running: of the k words,
 * what each and those before it add up to (0 for the others). probabilities: at last, 0 for a word that is cut. Top-p
 * keeps the fewest words that reach p.
 */
export function sampling(logits, { temperature = 1, k = logits.length, p = 1 } = {}) {
  const before = softmax(logits.map((logit) => logit / temperature));
  const order = [...logits.keys()].sort((i, j) => logits[j] - logits[i]);
  const first = order.slice(0, k);
  const ofFirst = sum(first.map((i) => before[i]));
  const [running, probabilities] = [logits.map(() => 0), logits.map(() => 0)];
  let reached = 0;
  for (const i of first) {
    if (reached < p) probabilities[i] = before[i];
    reached += before[i] / ofFirst;
    running[i] = reached;
  }
  const left = sum(probabilities);
  return { order, before, running, probabilities: probabilities.map((probability) => probability / left) };
}

/** The entropy in nats; e to it is the perplexity. */
export const entropy = (probabilities) => -sum(probabilities.map((q) => (q > 0 ? q * Math.log(q) : 0)));

/** `count` draws from a seed, which must not be 0: {drawn: indices, seed: for the next draw}. Xorshift (Marsaglia, 2003). */
export function draw(probabilities, count, seed) {
  const last = probabilities.findLastIndex((q) => q > 0);
  const drawn = Array.from({ length: count }, () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    seed >>>= 0;
    let rest = seed / 2 ** 32;
    for (let i = 0; i < last; i++) {
      if (rest < probabilities[i]) return i;
      rest -= probabilities[i];
    }
    return last;
  });
  return { drawn, seed };
}

const START = { temperature: 1, k: N, p: 1 };
const PRESETS = {
  Greedy: { k: 1 }, "T = 0.5": { temperature: 0.5 }, "T = 2": { temperature: 2 }, "k = 5": { k: 5 }, "p = 0.8": { p: 0.8 },
};
const [TOP, ROW] = [26, 26];                              // heights: the heading, a row

const text = (x, y, words, anchor, more = {}) => svg("text", { x, y, "text-anchor": anchor, ...more }, words);

class TokenSampling extends Explorable {
  static label = "Drawing the next word with temperature, top-k and top-p";

  build() {
    this.picture = svg("g");
    this.cut = svg("path", { class: "cut" });
    this.knob = svg("g", {}, svg("circle", { class: "halo", r: 15 }), svg("circle", { r: 8, style: "fill: var(--orange)" }),
      svg("path", { d: "M-3.5,-1.5L0,-5L3.5,-1.5M-3.5,1.5L0,5L3.5,1.5", class: "arrows" }));
    this.handle = svg("g", {}, this.cut, this.knob);
    this.svg = svg("svg", { role: "group", "aria-label": "A bar for each word, the most probable first" },
      this.picture, this.handle);
    // Down, and right, is one word more.
    const area = { x: [1, N], y: [-N, -1], at: (event) =>
      [(event.clientY - this.svg.getBoundingClientRect().top - TOP) / ROW, -this.k.value] };
    this.announce = draggable(this.handle, { plot: area, name: "Top-k: words above the line", step: 1, digits: 0,
      get: () => [this.k.value, -this.k.value],
      move: (x, down) => this.change({ k: x === this.k.value ? -down : Math.min(Math.max(Math.round(x), 1), N) }),
      describe: () => `${this.k.value} of ${N} words` });

    const knob = (label, limits, show) => slider(label, { ...limits, value: limits.max, show, onInput: () => this.change() });
    this.temperature = knob("Temperature T", { min: 0.1, max: 3, step: 0.05 });
    this.k = knob("Top-k: k", { min: 1, max: N, step: 1 }, String);
    this.p = knob("Top-p: p", { min: 0.05, max: 1, step: 0.05 });
    this.numbers = readout("Words left", "Entropy", "Perplexity", "Draws");
    return [
      this.svg,
      legend(["var(--blue)", "what is drawn with"], [null, "dashed: the counts, T = 1"], [null, "struck: cut"],
        ["var(--green)", "◆ share among the draws"]),
      html("div", { class: "controls" }, this.temperature.node, this.k.node, this.p.node),
      html("div", { class: "controls" }, button("Draw 1", () => this.more(1)), button("Draw 100", () => this.more(100)),
        ...Object.entries(PRESETS).map(([name, settings]) => button(name, () => this.change({ ...START, ...settings }))),
        button("Start again", () => this.reset())),
      this.numbers.node,
    ];
  }

  reset() {
    this.seed = 1;
    this.change(START);
  }

  /** Other settings; the draws so far belong to the old ones. */
  change(settings = {}) {
    for (const [name, value] of Object.entries(settings)) this[name].value = value;
    this.found = sampling(LOGITS, { temperature: this.temperature.value, k: this.k.value, p: this.p.value });
    this.drawn = [];
    this.refresh();
  }

  more(count) {
    const { drawn, seed } = draw(this.found.probabilities, count, this.seed);
    this.seed = seed;
    this.drawn.push(...drawn);
    this.refresh();
  }

  draw() {
    const { drawnWidth: width } = this;
    const { order, running, probabilities } = this.found;
    const counts = WORDS.map((_, i) => this.drawn.filter((word) => word === i).length);
    const shares = softmax(LOGITS);
    const columns = [width - 96, width - 48, width - 4];  // their right ends: probability, sum, draws
    const left = 92;
    const bar = columns[0] - 42 - left;
    const most = Math.max(0.3, ...probabilities, ...counts.map((count) => count / Math.max(this.drawn.length, 20)));
    const height = TOP + N * ROW + 14;
    set(this.svg, { width, height, viewBox: `0 0 ${width} ${height}` });

    const parts = [text(left - 8, 14, `${CONTEXT} …`, "end", { class: "bold" }),
      ...["prob.", "sum", "drawn"].map((name, j) => text(columns[j], 14, name, "end"))];
    const box = (y, share, more) => svg("rect", { x: left, y, width: bar * share / most, ...more });
    order.forEach((i, rank) => {
      const y = TOP + rank * ROW;
      const [q, kept] = [probabilities[i], probabilities[i] > 0];
      const shown = kept ? {} : { class: "gone" };
      parts.push(text(left - 8, y + 17, WORDS[i], "end", shown),
        box(y + 5, q, { height: ROW - 10, class: "bar" }), box(y + 3, shares[i], { height: ROW - 6, class: "counted" }),
        text(columns[0], y + 17, kept ? format(q, 3) : "cut", "end", kept ? {} : { class: "faint" }),
        text(columns[1], y + 17, rank < this.k.value ? format(running[i]) : "–", "end", { class: kept ? "" : "faint" }),
        text(columns[2], y + 17, String(counts[i]), "end"));
      if (counts[i]) {
        const x = left + bar * counts[i] / this.drawn.length / most;
        parts.push(svg("path", { class: "share", d: `M${x},${y + 6}l5,7l-5,7l-5,-7Z` }));
      }
    });
    this.picture.replaceChildren(...parts);
    const y = TOP + this.k.value * ROW;
    set(this.cut, { d: `M0,${y}H${width}` });
    set(this.knob, { transform: `translate(${left + 0.62 * bar} ${y})` });
    this.announce();
    const nats = entropy(probabilities);
    this.numbers.show(`${this.left()} of ${N}`, `${format(nats)} nats`, format(Math.exp(nats)), String(this.drawn.length));
    this.say(this.sentence(nats, counts));
  }

  left() {
    return this.found.probabilities.filter((q) => q > 0).length;
  }

  sentence(nats, counts) {
    const first = WORDS[this.found.order[0]];
    if (this.drawn.length === 1) return `Drawn: “${CONTEXT} ${WORDS[this.drawn[0]]}”.`;
    if (this.drawn.length) {
      const best = counts.indexOf(Math.max(...counts));
      return `${this.drawn.length} draws: “${CONTEXT} ${WORDS[best]}” most often, ${counts[best]} times. ` +
        `The last one: “${WORDS[this.drawn.at(-1)]}”.`;
    }
    const left = this.left();
    if (left === 1) return `Always “${first}”: this is greedy.`;
    const alike = format(Math.exp(nats), 1);
    const cut = left < N ? ` ${this.reason()}` : "";
    return `As uncertain as a choice among ${alike} equally probable words.${cut}`;
  }

  /** Who has cut how many. */
  reason() {
    const [k, left] = [this.k.value, this.left()];
    const byP = k - left;
    const parts = [k < N ? `top-k cut ${N - k}` : "", byP ? `top-p cut ${byP}` : ""].filter(Boolean).join(", ");
    return `${parts[0].toUpperCase()}${parts.slice(1)}.`;
  }
}

const style = new CSSStyleSheet();
style.replaceSync(`
token-sampling .explorable .bold { font-weight: 700; }
token-sampling .explorable .gone { text-decoration: line-through; opacity: 0.75; }
token-sampling .explorable .faint { opacity: 0.75; }
token-sampling .explorable svg text { font-variant-numeric: tabular-nums; }
token-sampling .bar { fill: var(--blue); fill-opacity: 0.75; }
token-sampling .counted { fill: none; stroke: var(--ink); stroke-dasharray: 3 2; }
token-sampling .share { fill: var(--green); stroke: var(--pst-color-surface); }
token-sampling .cut { stroke: var(--orange); stroke-width: 2; }
token-sampling .arrows { fill: none; stroke: var(--pst-color-surface); stroke-width: 1.5; }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];

customElements.define("token-sampling", TokenSampling);
