// Where each word of a sentence looks, head by head (chapter Attention).

import { Explorable, button, choice, draggable, format, html, legend, path, readout, set, svg } from "./base.js";

// Features of the words as in the chapter: water, money, unclear, noun, verb.
const NOUN = [0, 0, 0, 1, 0];
const VERB = [0, 0, 0, 0, 1];
const NONE = [0, 0, 0, 0, 0];
const WORDS = {
  the: NONE, river: [2, 0, 0, 1, 0], bank: [1, 1, 1, 1, 0], flooded: [1.5, 0, 0, 0, 1],
  lends: [0, 1.5, 0, 0, 1], money: [0, 2, 0, 1, 0], dog: NOUN, cat: NOUN, man: NOUN,
  sees: VERB, bites: VERB, runs: VERB, and: NONE, old: NONE,
};
const VOCABULARY = Object.keys(WORDS);
const SENTENCES = ["the old dog sees the cat and runs", "the river bank flooded", "the bank lends the man money",
  "dog bites man and man bites dog"];

const [MARKS, MEANING, ONE, PLACE] = [0, 8, 13, 14];      // where the kinds of features begin
const FEATURES = 32;
const SIZE = 8;                                           // of a query, of a key
const PAIRS = 4;                                          // the fastest of the nine waves

const speed = (i) => 10000 ** (-i / 9);                   // omega_i

/** Eight signs that tell the words apart: at right angles, or opposite. */
const marks = (index) => Array.from({ length: 8 }, (_, f) =>
  [0, 1, 2].reduce((sign, bit) => (index & f) >> bit & 1 ? -sign : sign, index < 8 ? 1 : -1));

/** The word vectors (words, 32): signs, the chapter's five features, a 1, nine sines and cosines of the position. */
export const embed = (words) => words.map((word, t) => [...marks(VOCABULARY.indexOf(word)), ...WORDS[word], 1,
  ...Array.from({ length: 9 }, (_, i) => [Math.sin(speed(i) * t), Math.cos(speed(i) * t)]).flat()]);

/** A matrix (32, 8) of zeros, but for some [row, column, value]. */
function matrix(entries) {
  const found = Array.from({ length: FEATURES }, () => Array(SIZE).fill(0));
  for (const [row, column, value] of entries) found[row][column] = value;
  return found;
}

const each = (count, entries) => Array.from({ length: count }, (_, i) => entries(i)).flat();
const places = each(2 * PAIRS, (j) => [[PLACE + j, j, 1]]);
const same = each(8, (j) => [[MARKS + j, j, 1]]);

// The heads. Their weights are set by hand: entries of W_Q and W_K.
const HEADS = [
  { name: "the word before", key: places,                 // the query turns the waves back by one position
    query: each(PAIRS, (i) => {
      const [cos, sin, row] = [8 * Math.cos(speed(i)), 8 * Math.sin(speed(i)), PLACE + 2 * i];
      return [[row, 2 * i, cos], [row + 1, 2 * i, -sin], [row, 2 * i + 1, sin], [row + 1, 2 * i + 1, cos]];
    }) },
  { name: "the same word", key: same, query: same },
  { name: "topic, noun",                                  // the chapter's matrices, the queries twice as long
    key: [[MEANING, 0, 1], [MEANING + 1, 0, 1], [MEANING + 2, 0, -2], [MEANING + 3, 1, 1]],
    query: [[MEANING + 2, 0, 4], [MEANING + 4, 1, 4]] },
  { name: "the first word", key: places,                  // the query is position 0, whoever asks
    query: each(PAIRS, (i) => [[ONE, 2 * i + 1, 8]]) },
];

/** W_Q and W_K of a head, 0 to 3: {query, key}, each (32, 8). */
export const projections = (head) => ({ query: matrix(HEADS[head].query), key: matrix(HEADS[head].key) });

const times = (X, W) => X.map((x) => W[0].map((_, j) => x.reduce((sum, value, i) => sum + value * W[i][j], 0)));

/** For each query (t, d) and all keys (s, d): {products, scores, weights}. */
export function attention(queries, keys, { causal = false, scaled = true } = {}) {
  const root = scaled ? Math.sqrt(keys[0].length) : 1;
  return queries.map((query, t) => {
    const products = keys.map((key) => key.reduce((sum, value, i) => sum + value * query[i], 0));
    const scores = products.map((product, s) => (causal && s > t ? -Infinity : product / root));
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return { products, scores, weights: powers.map((power) => power / total) };
  });
}

/** The maps of the four heads over a sentence. */
export function maps(words, options) {
  const X = embed(words);
  return HEADS.map((_, head) => {
    const { query, key } = projections(head);
    return attention(times(X, query), times(X, key), options);
  });
}

const [ROW, TOP, NAMES] = [28, 62, 40];                   // heights: a row, all above the rows, the columns' names
const paint = (weight, depth) => `fill: var(--blue); fill-opacity: ${(depth * weight).toFixed(3)}`;

class AttentionMap extends Explorable {
  static label = "Attention maps of a sentence, head by head";

  build() {
    this.picture = svg("g");
    this.boxes = ["area", "area", "halo", "halo"].map((name) => svg("rect", { class: name, rx: 4 }));
    this.handle = svg("g", {}, ...this.boxes);
    this.svg = svg("svg", { role: "group", "aria-label": "Lines from a word to those it looks at, and the map" },
      this.picture, this.handle);
    const row = (event) => {
      const box = this.svg.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
        if (y > this.mapTop - NAMES && y < this.mapTop) return this.inside((x - this.left) / this.cell - 0.5); // a column's name
      return this.inside((y - (y < this.mapTop ? this.listTop : this.mapTop)) / ROW - 0.5);
    };
    this.place = { x: [0, 0], y: [-100, 0], at: (event) => [row(event), 0] };
    this.announce = draggable(this.handle, { plot: this.place, name: "The word that looks", step: 1,
      get: () => [this.chosen, -this.chosen], move: (t, down) => this.choose(t === this.chosen ? -down : t),
      describe: () => this.describe() });
    this.handle.addEventListener("pointerdown", (event) => this.choose(row(event)));
    // A mouse over a row shows where its word looks; a click keeps it.
    this.handle.addEventListener("pointermove", (event) => this.hover(event.pointerType === "mouse" ? row(event) : null));
    this.handle.addEventListener("pointerleave", () => this.hover(null));

    const toggle = (label, name) => button(label, () => { this[name] = !this[name]; this.compute(); });
    this.small = HEADS.map(() => svg("svg", { "aria-hidden": "true", width: 40, height: 40 }));
    this.heads = HEADS.map(({ name }, head) => {
      const node = button(name, () => { this.head = head; this.compute(); });
      node.prepend(this.small[head]);
      return node;
    });
    this.mask = toggle("causal mask", "causal");
    this.root = toggle("divide by √d", "scaled");
    this.sentence = choice("Sentence", { ...SENTENCES, "": "changed" }, { value: 0,
      onInput: (value) => value && this.read(SENTENCES[value]) });
    this.word = choice("Framed word", Object.fromEntries(VOCABULARY.map((word) => [word, word])), { value: "the",
      onInput: (word) => this.change(word) });
    this.numbers = readout("Looks most at", "q · k", "score", "weight");
    return [
      html("div", { class: "controls", role: "group", "aria-label": "Head" }, ...this.heads),
      this.svg,
      legend(["var(--blue)", "weight: width of the line, depth of color"], [null, "crossed out: masked"]),
      this.numbers.node,
      html("div", { class: "controls" }, this.mask, this.root, button("Start again", () => this.reset())),
      html("div", { class: "controls" }, this.sentence.node, this.word.node),
    ];
  }

  reset() {
    Object.assign(this, { head: 0, causal: false, scaled: true, chosen: 3 });
    this.read(SENTENCES[0]);
  }

  read(sentence) {
    this.words = sentence.split(" ");
    this.place.x = [0, this.words.length - 1];
    set(this.handle, { "aria-valuemax": this.words.length - 1 });
    this.choose(this.chosen);
  }

  change(word) {
    this.words[this.chosen] = word;
    this.compute();
  }

  inside(t) {
    return Math.min(Math.max(Math.round(t), 0), this.words.length - 1);
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

  compute() {
    this.maps = maps(this.words, { causal: this.causal, scaled: this.scaled });
    this.heads.forEach((node, head) => set(node, { "aria-pressed": head === this.head }));
    set(this.mask, { "aria-pressed": this.causal });
    set(this.root, { "aria-pressed": this.scaled });
    const known = SENTENCES.indexOf(this.words.join(" "));
    this.sentence.value = known < 0 ? "" : known;
    this.word.value = this.words[this.chosen];
    this.refresh();
  }

  masked(t, s) {
    return this.causal && s > t;
  }

  draw() {
    const { drawnWidth: width, words } = this;
    const n = words.length;
    const wide = width >= 640;
    const shown = this.over ?? this.chosen;
    this.listTop = wide ? TOP : 24;
    this.mapTop = wide ? TOP : this.listTop + n * ROW + TOP;
    const height = this.mapTop + n * ROW + 4;
    const right = wide ? 0.34 * width : width - 100;      // where the words looked at begin
    const left = wide ? right + 160 : 64;                  // of the map
    const cell = Math.min((width - left - 22) / n, 46);
    Object.assign(this, { left, cell });
    set(this.svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    const boxes = [[0, this.listTop, 64], [left - 60, this.mapTop, n * cell + 60]];
    this.boxes.forEach((box, i) => {
      const [x, y, w] = boxes[i % 2];
      const names = i === 1 ? NAMES : 0;
      set(box, { x, y: y - names + (i < 2 ? 0 : this.chosen * ROW), width: w, height: (i < 2 ? n : 1) * ROW + names });
    });

    const text = (x, y, string, anchor = "start", more = {}) => svg("text", { x, y, "text-anchor": anchor, ...more }, string);
    const bold = (t) => (t === shown ? { style: "font-weight: 700" } : {});
    const { weights } = this.maps[this.head][shown];
    const parts = [text(0, this.listTop - 8, "looks"), text(right, this.listTop - 8, "is looked at")];
    const middle = (top, t) => top + (t + 0.5) * ROW;
    weights.forEach((weight, s) => {
      const hidden = this.masked(shown, s);
      const y = middle(this.listTop, s);
      if (!hidden) {
        parts.push(svg("path", { d: path([[66, middle(this.listTop, shown)], [right - 4, y]]),
          style: `stroke: var(--blue); stroke-width: ${0.5 + 13 * weight}; opacity: ${0.35 + 0.5 * weight}` }));
      }
      parts.push(text(right, y + 4, words[s], "start", hidden ? { class: "hidden" } : {}),
        text(right + 94, y + 4, hidden ? "masked" : format(weight), "end", { class: "number" }));
    });
    const font = cell < 34 ? "font-size: 11px" : "";
    words.forEach((word, t) => {
      parts.push(text(4, middle(this.listTop, t) + 4, word, "start", bold(t)),
        text(left - 6, middle(this.mapTop, t) + 4, word, "end", bold(t)),
        text(0, 0, word, "start", { transform: `translate(${left + (t + 0.5) * cell} ${this.mapTop - 6}) rotate(-45)` }));
      this.maps[this.head][t].weights.forEach((weight, s) => {
        const [x, y] = [left + s * cell, this.mapTop + t * ROW];
        parts.push(svg("rect", { class: "cell", x: x + 1, y: y + 1, width: cell - 2, height: ROW - 2, rx: 3,
          style: paint(weight, 0.45) }),
          this.masked(t, s) ? svg("path", { class: "cross", d: `M${x + cell / 2 - 4},${y + ROW / 2 - 4}l8,8m0,-8l-8,8` })
            : text(x + cell / 2, y + ROW / 2 + 4, format(weight), "middle", { style: font }));
      });
    });
    this.picture.replaceChildren(...parts);
    const size = 40 / n;
    this.maps.forEach((map, head) => this.small[head].replaceChildren(...map.flatMap(({ weights: row }, t) =>
      row.map((weight, s) => svg("rect", { x: s * size, y: t * size, width: size, height: size, style: paint(weight, 0.9) })))));
    this.announce();
    this.showNumbers(shown);
    this.say(this.finding(shown));
  }

  showNumbers(t) {
    const { products, scores, weights } = this.maps[this.head][t];
    const most = Math.max(...weights);
    const best = weights.indexOf(most);
    const ties = weights.filter((weight) => most - weight < 1e-6).length;
    const product = format(products[best]);
    this.numbers.show(ties > 1 ? `${ties} words alike` : this.words[best], product,
      this.scaled ? `${product} / √${SIZE} = ${format(scores[best])}` : `${format(scores[best])}, not divided`,
      format(most, 3));
  }

  describe() {
    const { weights } = this.maps[this.head][this.chosen];
    const seen = weights.map((weight, s) => `${this.words[s]} ${this.masked(this.chosen, s) ? "masked" : format(weight)}`);
    return `${this.words[this.chosen]}, word ${this.chosen + 1}: ${seen.join(", ")}`;
  }

  /** Where word t looks, and what mask and scale have to do with it. */
  finding(t) {
    const row = this.maps[this.head][t];
    const word = `“${this.words[t]}”`;
    const allowed = row.weights.filter((_, s) => !this.masked(t, s));
    if (allowed.length === 1) return `${word} may see only itself: weight 1, whatever the score.`;
    const [least, most] = [Math.min(...allowed), Math.max(...allowed)];
    if (most - least < 1e-6) return `${word} finds no difference: all weights are equal.`;
    const looked = row.weights.map((weight, s) => [weight, this.words[s]]).filter(([weight]) => weight > most - 0.05)
      .map(([weight, other]) => `“${other}” (${format(weight)})`);
    const found = `${word} looks most at ${looked.join(" and ")}.`;
    if (!this.scaled) {
      const divided = maps(this.words, { causal: this.causal })[this.head][t].weights;
      return `${found} Divided by √${SIZE}, the largest weight would be ${format(Math.max(...divided))}.`;
    }
    const future = this.words.length - allowed.length;
    return future ? `${found} It may not see the ${future === 1 ? "word" : `${future} words`} after it.` : found;
  }
}

const style = new CSSStyleSheet();
style.replaceSync(`
attention-map .explorable button[aria-pressed="true"] { border: 2px solid var(--ink); background: var(--warm); font-weight: 600; }
attention-map .explorable [aria-label="Head"] { gap: 0.5rem; margin: 0 0 0.75rem; }
attention-map .explorable [aria-label="Head"] button { display: flex; flex: 1 1 8.5rem; gap: 0.5rem; align-items: center;
  padding: 0.25rem 0.4rem; text-align: left; }
attention-map .explorable [aria-label="Head"] svg { outline: 1px solid var(--pst-color-border); }
attention-map .explorable .handle { touch-action: pan-y; } /* the page still scrolls under a finger */
attention-map .area { fill: transparent; }
attention-map .explorable .handle .halo { stroke: var(--ink); stroke-width: 1.5; }
attention-map .explorable .handle:focus-visible .halo { stroke-width: 4; }
attention-map .cell { stroke: var(--pst-color-border); }
attention-map .cross { stroke: var(--line); fill: none; }
attention-map .explorable .hidden { text-decoration: line-through; opacity: 0.7; }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];

customElements.define("attention-map", AttentionMap);
