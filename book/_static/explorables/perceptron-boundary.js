// The perceptron learns while its examples are dragged about (chapter Perceptron).

import { Explorable, Plot, button, draggable, format, html, legend, path, readout, set, slider, svg } from "./base.js";

const EPOCHS = 100;

// Ten of the penguins of the chapter, standardized and rounded: [bill length, bill depth, target].
export const PENGUINS = [
  [0.8, -1.1, 1], [-1.2, 1.2, 0], [0.0, 0.4, 0], [2.5, 0.1, 1], [1.2, -0.4, 1],
  [-0.5, 1.0, 0], [0.3, 0.2, 1], [-0.9, 0.6, 0], [1.8, 0.1, 1], [-0.1, 0.8, 0],
];

export const XOR = [[-1, -1, 0], [-1, 1, 1], [1, -1, 1], [1, 1, 0]];

/** The perceptron's rule from zero: {history: [{w, b, example}], epochs}, with a state after each mistake. */
export function train(examples, maxEpochs = EPOCHS) {
  let [w, b] = [[0, 0], 0];
  const history = [{ w, b, example: null }];
  let epochs = 0;
  for (let clean = false; !clean && epochs < maxEpochs; epochs++) {
    clean = true;
    examples.forEach(([x1, x2, target], example) => {
      const error = target - Number(w[0] * x1 + w[1] * x2 + b > 0);
      if (error === 0) return;
      [w, b] = [[w[0] + error * x1, w[1] + error * x2], b + error];
      history.push({ w, b, example });
      clean = false;
    });
  }
  return { history, epochs };
}

/** Which examples a threshold unit gets wrong. */
export const wrong = (examples, { w, b }) =>
  examples.filter(([x1, x2, target]) => Number(w[0] * x1 + w[1] * x2 + b > 0) !== target);

/** The part of the rectangle x, y where the score is positive: a polygon of [x, y]. */
export function positiveSide({ w, b }, x, y) {
  const corners = [[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]];
  const score = ([p, q]) => w[0] * p + w[1] * q + b;
  return corners.flatMap((corner, i) => {
    const next = corners[(i + 1) % 4];
    const [s, t] = [score(corner), score(next)];
    const kept = s > 0 ? [corner] : [];
    if ((s > 0) === (t > 0)) return kept;
    const share = s / (s - t);
    return [...kept, [corner[0] + share * (next[0] - corner[0]), corner[1] + share * (next[1] - corner[1])]];
  });
}

class PerceptronBoundary extends Explorable {
  static label = "Perceptron with examples that can be moved";

  build() {
    this.plot = new Plot({ x: [-3, 3], y: [-2, 2], ticks: [1, 1], ratio: "equal",
      xLabel: "bill length (scaled)", yLabel: "bill depth (scaled)", label: "The examples and the decision boundary" });
    this.side = svg("path", { style: "fill: var(--warm)" });
    this.line = svg("path", { style: "stroke: var(--ink); stroke-width: 2" });
    this.arrow = svg("path", { style: "stroke: var(--ink); stroke-width: 2; fill: none" });
    this.handles = svg("g");
    this.plot.marks.append(this.side, this.line, this.arrow);
    this.plot.top.append(this.handles);
    this.mistake = slider("After mistake", { min: 0, max: 1, step: 1, value: 1, show: (k) => `${k} of ${this.last ?? 1}`,
      onInput: () => { this.stop(); this.refresh(); } });
    this.numbers = readout("w₁", "w₂", "b", "wrong now");
    const play = () => {
      if (!this.timer && this.mistake.value === this.last) this.mistake.value = 0;
      this.play(() => {
        this.mistake.value += 1;
        this.refresh();
        return this.mistake.value < this.last;
      }, 700);
      this.refresh();
    };
    return [
      this.plot.node,
      legend(["var(--blue)", "circle: class 0"], ["var(--orange)", "triangle: class 1"], ["var(--warm)", "called 1"],
        [null, "hollow: wrong"]),
      html("div", { class: "controls" }, this.mistake.node, button("Watch it learn", play)),
      html("div", { class: "controls" }, button("Switch the class of the selected point", () => this.switchClass()),
        button("XOR", () => this.start(XOR)), button("Penguins", () => this.reset())),
      this.numbers.node,
    ];
  }

  reset() {
    this.start(PENGUINS);
  }

  start(examples) {
    this.stop();
    this.examples = examples.map((example) => [...example]);
    this.selected = 0;
    this.announce = [];
    this.handles.replaceChildren(...this.examples.map((_, i) => this.handle(i)));
    this.learn();
  }

  handle(i) {
    const node = svg("g", {}, svg("circle", { r: 16, class: "halo" }), svg("path"));
    this.announce.push(draggable(node, {
      plot: this.plot, name: `Example ${i + 1}`, step: 0.1, get: () => this.examples[i],
      move: (x, y) => {
        this.examples[i].splice(0, 2, Math.round(10 * x) / 10, Math.round(10 * y) / 10);
        this.learn();
      },
      describe: () => {
        const [x, y, target] = this.examples[i];
        return `class ${target} at ${format(x, 1)}, ${format(y, 1)}`;
      },
    }));
    node.addEventListener("focus", () => { this.selected = i; this.refresh(); });
    node.addEventListener("dblclick", () => this.switchClass());
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.switchClass();
    });
    return node;
  }

  switchClass() {
    this.examples[this.selected][2] = 1 - this.examples[this.selected][2];
    this.learn();
  }

  learn() {
    this.stop();
    this.result = train(this.examples);
    this.last = this.result.history.length - 1;
    this.mistake.max = this.last;
    this.mistake.value = this.last;
    this.refresh();
  }

  draw() {
    const { plot } = this;
    const unit = this.result.history[this.mistake.value];
    const missed = wrong(this.examples, unit);
    const toPixels = (points) => points.map(([x, y]) => [plot.px(x), plot.py(y)]);
    const length = Math.hypot(...unit.w);
    set(this.side, { d: path(toPixels(positiveSide(unit, plot.x, plot.y))) });
    if (length > 0) {
      const foot = unit.w.map((w) => -unit.b * w / length ** 2);
      const ends = [-20, 20].map((t) => [foot[0] - t * unit.w[1] / length, foot[1] + t * unit.w[0] / length]);
      const tip = foot.map((f, i) => f + 0.5 * unit.w[i] / length);
      set(this.line, { d: path(toPixels(ends)) });
      set(this.arrow, { d: arrow(...toPixels([foot, tip])) });
    } else {
      [this.line, this.arrow].forEach((node) => set(node, { d: "" }));
    }
    this.examples.forEach(([x, y, target], i) => this.drawExample(i, x, y, target, missed.includes(this.examples[i])));
    this.numbers.show(format(unit.w[0], 1), format(unit.w[1], 1), format(unit.b, 0), String(missed.length));
    this.announce.forEach((announce) => announce());
    this.say(this.sentence(missed.length));
  }

  drawExample(i, x, y, target, missed) {
    const node = this.handles.children[i];
    set(node, { transform: `translate(${this.plot.px(x)} ${this.plot.py(y)})` });
    node.classList.toggle("selected", i === this.selected && this.handles.contains(document.activeElement));
    const paint = missed ? "fill: none; stroke-width: 2.5; stroke:" : "fill:";
    set(node.lastChild, {
      d: target ? "M0,-7L7,6H-7Z" : "M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0",
      style: `${paint} var(--${target ? "orange" : "blue"})`,
    });
  }

  sentence(missed) {
    const k = this.mistake.value;
    if (k < this.last) return `After mistake ${k} of ${this.last}: ${missed} wrong.`;
    const clean = missed === 0;
    return clean
      ? `A line was found: ${k} mistakes in ${this.result.epochs} epochs, the last one clean.`
      : `No line after ${EPOCHS} epochs and ${k} mistakes: the rule goes on making mistakes.`;
  }
}

/** A short arrow from one pixel to another. */
function arrow([x0, y0], [x1, y1]) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  const barb = (turn) => [x1 - 8 * Math.cos(angle + turn), y1 - 8 * Math.sin(angle + turn)];
  return path([[x0, y0], [x1, y1]]) + path([barb(0.5), [x1, y1], barb(-0.5)]);
}

customElements.define("perceptron-boundary", PerceptronBoundary);
