// What all explorables share: a custom element, a plot, controls, and the means to drag with finger or arrow keys.
//
// An explorable is a module in this folder that defines one element. Its computation is exported as plain functions
// of numbers and arrays, so that tests compare them with the companion package. On the page the element holds a
// static figure, which stays where scripts do not run; see book/_ext/explorables.py.

const SVG = "http://www.w3.org/2000/svg";

// ---- Numbers and nodes ----------------------------------------------------------------------------------------

/** A number as text: fixed digits, a true minus sign, no negative zero. */
export function format(value, digits = 2) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

function fill(node, attributes, children) {
  set(node, attributes);
  node.append(...children);
  return node;
}

/** Set attributes; a value of null removes one. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) node.removeAttribute(name);
    else node.setAttribute(name, value);
  }
}

/** An HTML element. */
export const html = (name, attributes = {}, ...children) =>
  fill(document.createElement(name), attributes, children);

/** An SVG element. */
export const svg = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, name), attributes, children);

/** The attribute `d` of the path through points [x, y]. */
export const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

const clamp = (value, [low, high]) => Math.min(Math.max(value, low), high);

/** Whether the reader asks for as little motion as possible. */
export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// ---- The plot -------------------------------------------------------------------------------------------------

let plots = 0;

/**
 * Axes in an SVG as wide as its box, so that text keeps its size on a phone.
 *
 * x, y: the domains [low, high]. ticks: their steps [x, y]. ratio: height / width, or "equal" for equal units;
 * heights: the least and the greatest in pixels. Draw into `marks` (clipped to the axes) or `top`; `px` and `py` turn
 * numbers into pixels, `at(event)` turns a pointer's place into numbers.
 */
export class Plot {
  constructor({ x, y, ticks, xLabel = "", yLabel = "", ratio = 0.62, heights = [220, 440], label }) {
    Object.assign(this, { x, y, ticks, xLabel, yLabel, ratio, heights });
    this.margin = { left: yLabel ? 52 : 36, right: 12, top: 10, bottom: xLabel ? 44 : 28 };
    const clip = `explorable-clip-${plots++}`;
    this.frame = svg("rect");
    this.axes = svg("g", { class: "axes" });
    this.marks = svg("g", { "clip-path": `url(#${clip})` });
    this.top = svg("g");
    this.node = svg("svg", { role: "group", "aria-label": label },
      svg("clipPath", { id: clip }, this.frame), this.axes, this.marks, this.top);
  }

  /** Fit the plot into `width` pixels. */
  layout(width) {
    this.width = width;
    const { left, right, top, bottom } = this.margin;
    const equal = (width - left - right) * (this.y[1] - this.y[0]) / (this.x[1] - this.x[0]) + top + bottom;
    this.height = this.ratio === "equal" ? equal : clamp(width * this.ratio, this.heights);
    set(this.node, { width, height: this.height, viewBox: `0 0 ${width} ${this.height}` });
    set(this.frame, { x: left, y: top, width: width - left - right, height: this.height - top - bottom });
    this.drawAxes();
  }

  px = (x) => this.margin.left + (x - this.x[0]) / (this.x[1] - this.x[0]) * (this.width - this.margin.left - this.margin.right);

  py = (y) => this.height - this.margin.bottom
    - (y - this.y[0]) / (this.y[1] - this.y[0]) * (this.height - this.margin.top - this.margin.bottom);

  /** The numbers [x, y] under a pointer, kept inside the axes. */
  at(event) {
    const box = this.node.getBoundingClientRect();
    const { left, right, top, bottom } = this.margin;
    const x = (event.clientX - box.left - left) / (this.width - left - right);
    const y = (box.top + this.height - bottom - event.clientY) / (this.height - top - bottom);
    return [clamp(this.x[0] + x * (this.x[1] - this.x[0]), this.x), clamp(this.y[0] + y * (this.y[1] - this.y[0]), this.y)];
  }

  drawAxes() {
    const [left, right, bottom, top] = [this.px(this.x[0]), this.px(this.x[1]), this.py(this.y[0]), this.py(this.y[1])];
    const parts = [svg("path", { d: `M${left},${top}V${bottom}H${right}` })];
    const digits = this.ticks.map((step) => (Number.isInteger(step) ? 0 : String(step).split(".")[1].length));
    for (const x of steps(this.x, this.ticks[0])) {
      parts.push(svg("path", { d: `M${this.px(x)},${bottom}v5` }),
        svg("text", { x: this.px(x), y: bottom + 18, "text-anchor": "middle" }, format(x, digits[0])));
    }
    for (const y of steps(this.y, this.ticks[1])) {
      parts.push(svg("path", { d: `M${left},${this.py(y)}h-5` }),
        svg("text", { x: left - 8, y: this.py(y) + 4, "text-anchor": "end" }, format(y, digits[1])));
    }
    if (this.xLabel) {
      parts.push(svg("text", { x: (left + right) / 2, y: this.height - 6, "text-anchor": "middle" }, this.xLabel));
    }
    if (this.yLabel) {
      const place = `translate(13 ${(top + bottom) / 2}) rotate(-90)`;
      parts.push(svg("text", { transform: place, "text-anchor": "middle" }, this.yLabel));
    }
    this.axes.replaceChildren(...parts);
  }
}

function steps([low, high], step) {
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

// ---- Controls -------------------------------------------------------------------------------------------------

/**
 * Let a node of the plot be dragged, by pointer or by arrow keys (with Shift five steps at once).
 *
 * get(): its [x, y]; move(x, y): takes a new place; step: one arrow key. name: what a screen reader calls it. Where
 * only one direction has a meaning, the other one is ignored in `move`. Call the result whenever you draw, so
 * that the place is announced.
 */
export function draggable(node, { plot, name, get, move, step, digits = 1, describe }) {
  set(node, { class: "handle", tabindex: "0", role: "slider", "aria-label": name,
    "aria-valuemin": plot.x[0], "aria-valuemax": plot.x[1] });
  const announce = () => {
    const [x, y] = get();
    set(node, { "aria-valuenow": x.toFixed(digits),
      "aria-valuetext": describe ? describe() : `${format(x, digits)}, ${format(y, digits)}` });
  };
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) move(...plot.at(event));
  });
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  node.addEventListener("keydown", (event) => {
    const arrow = arrows[event.key];
    if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const size = step * (event.shiftKey ? 5 : 1);
    const [x, y] = get();
    move(clamp(x + size * arrow[0], plot.x), clamp(y + size * arrow[1], plot.y));
  });
  return announce;
}

/** A labelled slider: {node, value}. show(value): its value as text; onInput(value). */
export function slider(label, { min, max, step, value, show = (v) => format(v), onInput }) {
  const input = html("input", { type: "range", min, max, step });
  const output = html("output");
  const update = () => {
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.value = value;
  update();
  input.addEventListener("input", () => {
    update();
    onInput(Number(input.value));
  });
  return {
    node: html("label", { class: "slider" }, html("span", {}, label), input, output),
    get value() { return Number(input.value); },
    set value(next) { input.value = next; update(); },
    set max(next) { input.max = next; update(); },
  };
}

/** A push button. */
export function button(label, onClick) {
  const node = html("button", { type: "button" }, label);
  node.addEventListener("click", onClick);
  return node;
}

/** A list to choose one from: {node, value}. options: {value: label}. */
export function choice(label, options, { value, onInput }) {
  const select = html("select", {}, ...Object.entries(options).map(([key, text]) => html("option", { value: key }, text)));
  select.value = value;
  select.addEventListener("input", () => onInput(select.value));
  return {
    node: html("label", { class: "choice" }, html("span", {}, label), select),
    get value() { return select.value; },
    set value(next) { select.value = next; },
  };
}

/** A line below the plot that says what its signs mean: pairs of a CSS color (or null) and a text. */
export const legend = (...entries) => html("p", { class: "legend" }, ...entries.map(([color, text]) =>
  html("span", color ? { style: `--sign: ${color}` } : {}, text)));

/** Labelled numbers: {node, show(values)}, with the values in the order of the names. */
export function readout(...names) {
  const values = names.map(() => html("dd"));
  return {
    node: html("dl", {}, ...names.map((name, i) => html("div", {}, html("dt", {}, name), values[i]))),
    show(...texts) { values.forEach((node, i) => { node.textContent = texts[i]; }); },
  };
}

// ---- The element ----------------------------------------------------------------------------------------------

/**
 * The element of an explorable. A subclass gives `static label` (what it is, for a screen reader), `build()`, which
 * returns its nodes and may set `this.plot`, `reset()`, which sets the start, and `draw()`, which shows the state.
 */
export class Explorable extends HTMLElement {
  connectedCallback() {
    if (this.box) return;
    const fallback = html("div", { class: "explorable-static" }, ...this.childNodes);
    this.live = html("p", { class: "explorable-live", role: "status" });
    this.box = html("div", { class: "explorable", role: "group", "aria-label": this.constructor.label });
    try {
      this.box.append(...this.build(), this.live);
      this.reset();
    } catch (error) {                        // the static figure stays
      this.append(fallback);
      throw error;
    }
    this.replaceChildren(this.box, fallback);
    new ResizeObserver(() => this.layout()).observe(this.box);
    this.layout();
  }

  /** Fit all to the width of the page, and draw. */
  layout() {
    const style = getComputedStyle(this.box);
    const width = Math.floor(this.box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
    if (width <= 0 || width === this.drawnWidth) return;
    this.drawnWidth = width;
    this.plot?.layout(width);
    this.draw();
  }

  /** Draw, once the element knows its width. */
  refresh() {
    if (this.drawnWidth) this.draw();
  }

  /** A sentence on the state: visible, and read out once the reader pauses. */
  say(sentence) {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => { if (this.live.textContent !== sentence) this.live.textContent = sentence; }, 300);
  }

  /**
   * Call `step()` every `milliseconds` until it returns false; a second call stops it. With reduced motion it runs
   * to its end at once.
   */
  play(step, milliseconds) {
    if (this.timer) return this.stop();
    if (reducedMotion()) {
      for (let count = 0; count < 10000 && step() !== false; count++);
      return undefined;
    }
    this.timer = setInterval(() => { if (!this.isConnected || step() === false) this.stop(); }, milliseconds);
    return this.timer;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

const style = new CSSStyleSheet();
style.replaceSync(`
.explorable { --blue: #0072b2; --orange: #d55e00; --green: #007a5a; --purple: #a8487f; --soft: #0072b21f; --warm: #d55e001f;
  --ink: var(--pst-color-text-base); --line: var(--pst-color-text-muted);
  box-sizing: border-box; margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--pst-color-border);
  border-radius: 0.5rem; background: var(--pst-color-surface); font: 0.9rem/1.45 var(--course-sans, sans-serif); }
html[data-theme="dark"] .explorable { --blue: #56b4e9; --orange: #f08a4b; --green: #4cc9a0; --purple: #e0a3c4;
  --soft: #56b4e92b; --warm: #f08a4b2b; }
.explorable svg { display: block; max-width: 100%; overflow: visible; }
.explorable svg text { fill: var(--ink); font: 12px var(--course-sans, sans-serif); }
.explorable .axes path { fill: none; stroke: var(--line); }
.explorable .handle { cursor: grab; touch-action: none; outline: none; }
.explorable .handle:active { cursor: grabbing; }
.explorable .handle .halo { fill: transparent; stroke: none; }
.explorable .handle:focus-visible .halo, .explorable .handle.selected .halo { stroke: var(--ink); stroke-width: 2; }
.explorable .controls { display: flex; flex-wrap: wrap; gap: 0.6rem 1rem; align-items: center; margin-top: 0.75rem; }
.explorable button, .explorable select { min-width: 0; min-height: 2.25rem; padding: 0.3rem 0.8rem; border: 1px solid var(--line);
  border-radius: 0.35rem; background: var(--pst-color-background); color: var(--ink); font: inherit; }
.explorable button:hover { border-color: var(--pst-color-primary); }
.explorable [hidden] { display: none !important; }
.explorable label { display: flex; flex: 1 1 15rem; gap: 0.6rem; align-items: center; margin: 0; }
.explorable label.choice { flex: 0 1 auto; min-width: 0; }
.explorable input[type="range"] { flex: 1; min-width: 6rem; height: 2rem; accent-color: var(--pst-color-primary); }
.explorable output { min-width: 3.2rem; font-variant-numeric: tabular-nums; }
.explorable .legend { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: 0.25rem 0 0; font-size: 0.85rem; }
.explorable .legend span[style]::before { content: ""; display: inline-block; width: 0.9em; height: 0.9em; margin-right: 0.4em;
  border-radius: 0.15em; background: var(--sign); vertical-align: -0.08em; }
.explorable dl { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0.75rem 0 0; }
.explorable dl div { display: flex; gap: 0.4rem; }
.explorable dt { font-weight: 600; }
.explorable dd { margin: 0; font-variant-numeric: tabular-nums; }
.explorable .explorable-live { min-height: 1.45em; margin: 0.6rem 0 0; }
.explorable + .explorable-static { display: none; }
@media print { .explorable { display: none; } .explorable + .explorable-static { display: block; } }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];
