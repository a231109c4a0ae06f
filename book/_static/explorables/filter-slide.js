// A filter slides over a photo: one weighted sum for each window (chapter Convolution).

import { Explorable, button, choice, draggable, format, html, readout, set, svg } from "./base.js";

// An eye of the cat, rows 38 to 73 and columns 66 to 101 of that photo in companion.data (scikit-image's sample data,
// CC0): the mean of the colors, stretched from 0 (its darkest pixel, "(") to 1 (its brightest, "Z") in steps of 0.02.
const PIXELS = `
TUSUWUTTWWXWSSSOPSNHEQQPRNNGPMPPKSTQSQTVTQRUYXVUTXXUUSQQNIRUONRQLNQSRSSQTWVTVUVTPKKLJLLMPRQNNJHPQPRRQKMSPTRPUUTWVTTTSTRP
NHIFBCJOORHALUTTOKNPQSURSTYZVTUPIFEGGIGCAAEEAFKQKHMPRNMPSRRSVWVQJC>742463212111246<@BGFIOQQRRRRSNG?974/--/24676554344310
039?GMNSSSSUC9621.,048<=<;:9766554211/-,1BIMTRTTC<71/-1:=BBA@@?><9761-.00100,-<FLQRSH@93,1;@CFDCCEFDA<;7-**-/0112/.9FLPR
H?81/9@CFFFFDDFECBC:2.++.001330-6DNOI>5.4>DIJIHGEEEBA<<9>?9/-0004442-3FLJ;2/9EJLKKIHGHLIE9R72452.12135562-6EK800?ILMMLJG
GKNKE6N974..-144467780-9I6/4BILKKKJHJLOMC.--9:4.-079868:95,.J605AHJJJJIIKNNL@-,*5>9/..6<;99;97/+J505AIKJHGGHILNK>+)),5</
..9=<;<==:1,M806BLKKJHFGHLMF4+))*0=/..:=>=>?@;4+N=07@JNMMIGGHKG8***)*.:/-/:=?=?BA<6-N?15=HLLIJHGGE@7***))*.,,3<=@>BAA?8.
SF41:FJIIHFFFB@9***).0-+/:>>@?BB@>8.WL805CIJJIGFDA>;,))*,,**/;<;>ABBD>6-WRA12?JMLJHHCA?=1))*)*)+49:=?ABDE>5,UTK:1<EKLGFE
DEB@5))()**268;=@CEGF>6.WVQB25?FHIFEDB@?:,))(+278:<=@CFGC;46VVTM;/7CFIIFEFEB@2*),598;=>@EHHE?75BVWXTF31;DKMMJHFB@;215889
<>BEJJID:4;ETUUUP?03@FKNMJGD@=977:;=>BEHHHF<45??MRTUTM;/6BFJLMKHB?=;<=ACDGGGJH?62:>7JJOTVTO?15BHHJMNIFDCBEHHJJLMK@615=A1
HGLRWXWN@34?EIJLLKIIKLLKLMMH>624:B8/ABDJTWXTNF929AEHIIHJMLJJMLG;225:?4/0F=>=FSWVTRNA219@DHILHDAED;40037=7//.JC=CDBKTUUTN
B8102479::7300/.0000//./DAD?AGAJPWWSNID:2/-...0/...//./02222EKE=GILEIKRVTURLE=740/../01223456765`;
const SIDE = 36;
const MARGIN = 2; // the widest padding
const VIEW = SIDE + 2 * MARGIN;

/** The photo as rows of numbers from 0 (black) to 1 (white). */
export function photo() {
  const values = PIXELS.match(/\S/g).map((sign) => (sign.charCodeAt(0) - 40) / 50);
  return Array.from({ length: SIDE }, () => values.splice(0, SIDE));
}

const outer = (column, row) => column.map((a) => row.map((b) => a * b));
const mean = (k) => outer(Array(k).fill(1), Array(k).fill(1 / k ** 2));
const BLUR = "Each output pixel is the mean of its window.";

// The presets: a name, the weights, and what to see.
const FILTERS = {
  vertical: ["vertical edges (Sobel)", outer([1, 2, 1], [-1, 0, 1]),
    "Right minus left: white where it gets brighter to the right, black where darker."],
  horizontal: ["horizontal edges (Sobel)", outer([-1, 0, 1], [1, 2, 1]),
    "Below minus above: white where it gets brighter downward, black where darker."],
  laplacian: ["Laplacian", [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "Neighbors minus middle: far from 0 at edges of every direction."],
  blur: ["blur", mean(3), BLUR],
  blur5: ["blur 5 × 5", mean(5), BLUR],
  sharpen: ["sharpen", [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "Differences grow, even areas stay as they are."],
  identity: ["identity", outer([0, 1, 0], [0, 1, 0]), "Only the middle counts: the output is the photo."],
};

/** The weights of a preset, k rows of k. */
export const weightsOf = (name) => FILTERS[name][1].map((row) => [...row]);

/** The number of windows along n pixels. */
export const outputSize = (n, k, stride, padding) => Math.floor((n + 2 * padding - k) / stride) + 1;

/** The k x k pixels that give output pixel (row, column); null where a pixel is padding, which counts as 0. */
export const windowAt = (image, k, stride, padding, row, column) => Array.from({ length: k }, (_, a) =>
  Array.from({ length: k }, (_, b) => image[row * stride - padding + a]?.[column * stride - padding + b] ?? null));

/** The products of pixels and weights. */
export const products = (pixels, weights) => pixels.map((row, a) => row.map((pixel, b) => pixel * weights[a][b]));

const sum = (rows) => rows.flat().reduce((total, value) => total + value, 0);

/** The output: for each window the sum of its products. */
export function filterImage(image, weights, stride = 1, padding = 0) {
  const k = weights.length;
  const along = (n) => [...Array(outputSize(n, k, stride, padding)).keys()];
  return along(image.length).map((row) => along(image[0].length).map((column) =>
    sum(products(windowAt(image, k, stride, padding, row, column), weights))));
}

/** The values drawn black and white. An even area of gray g gives g times the sum of the weights. */
export function shades(image, weights) {
  const total = sum(weights);
  if (Math.abs(total) > 1e-9) return total > 0 ? [0, total] : [total, 0];
  const most = Math.max(...filterImage(image, weights).flat().map(Math.abs)) || 1;
  return [-most, most];
}

/** A picture of numbers as the address of an image; only the first `known` pixels. */
function draw(values, [low, high], known = Infinity) {
  const canvas = html("canvas", { width: values[0].length, height: values.length });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  values.flat().forEach((value, i) => {
    const gray = 255 * (value - low) / (high - low);      // the array keeps it between 0 and 255
    pixels.data.set([gray, gray, gray, i < known ? 255 : 0], 4 * i);
  });
  context.putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}

const square = (name, at = 0, side = 0) => svg("rect", { class: name, x: at, y: at, width: side, height: side });

class FilterSlide extends Explorable {
  static label = "A filter that slides over a photo";

  build() {
    this.image = photo();
    this.squares = ["padding", "halo", "frame", "frame"].map((name) => square(name));
    const [border, halo, frame, pixel] = this.squares;
    this.result = svg("image");
    this.handle = svg("g", {}, square("whole", -MARGIN, VIEW), halo, frame);
    const view = (label, ...parts) => svg("svg", { viewBox: `${-MARGIN} ${-MARGIN} ${VIEW} ${VIEW}`, role: "group",
      "aria-label": label }, ...parts);
    const picture = svg("image", { href: draw(this.image, [0, 1]) });
    const input = view("The photo and the window", border, picture, this.handle);
    const output = view("The output", square("place", 0, SIDE), this.result, pixel);
    this.makeDraggable(input, output);

    [this.size, this.scale, this.total] = [0, 0, 0].map(() => html("p"));
    this.cells = html("div", { class: "cells", role: "group", "aria-label": "Pixel times weight" });
    const pick = (label, options) => choice(label, options, { value: null, onInput: () => this.change() });
    const names = Object.fromEntries(Object.entries(FILTERS).map(([key, [name]]) => [key, name]));
    this.controls = [pick("Filter", { ...names, own: "your own" }),
      pick("Stride", { 1: 1, 2: 2, 3: 3, 4: 4 }), pick("Padding", { 0: 0, 1: 1, 2: 2 })];
    this.numbers = readout("Window", "Output size");
    return [
      html("div", { class: "controls" }, ...this.controls.map(({ node }) => node)),
      html("div", { class: "stage" },
        html("div", {}, html("p", {}, `photo ${SIDE} × ${SIDE}`), input, html("p", {}, "black 0 · white 1")),
        html("div", {}, html("p", {}, "pixel × weight = product"), this.cells, this.total),
        html("div", {}, this.size, output, this.scale)),
      html("div", { class: "controls" }, button("Watch it slide", () => this.watch()),
        button("Start again", () => this.reset())),
      this.numbers.node,
    ];
  }

  /** The window is dragged over the photo, or its pixel over the output. */
  makeDraggable(input, output) {
    const place = (node, event) => {
      const { left, top, width } = node.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top].map((at) => at / width * VIEW - MARGIN);
    };
    this.area = { x: [0, 0], y: [0, 0], at: (event) => {
      const [column, row] = place(input, event).map((at) => (at - this.k / 2 + this.p) / this.s);
      return [column, -row];                              // an arrow up makes y larger, and the row smaller
    } };
    const move = (x, y) => this.move(-y, x);
    this.announce = draggable(this.handle, { plot: this.area, name: "Window", step: 1, move,
      get: () => [this.column, -this.row],
      describe: () => `row ${this.row}, column ${this.column}, ${this.text()}` });
    this.handle.addEventListener("pointerdown", (event) => move(...this.area.at(event)));
    for (const kind of ["pointerdown", "pointermove"]) {
      output.addEventListener(kind, (event) => {
        const [column, row] = place(output, event).map((at) => at - this.shift - 0.5);
        if (event.buttons === 1) this.move(row, column);
      });
    }
  }

  reset() {
    ["vertical", 1, 0].forEach((value, i) => { this.controls[i].value = value; });
    [this.s, this.row, this.column] = [1, 14, 15]; // at the edge of the pupil
    this.change();
  }

  /** Another filter, stride or padding; the window stays about where it is. */
  change() {
    const [name, s, p] = this.controls.map(({ value }) => value);
    if (name !== "own") this.weights = weightsOf(name);
    const places = [this.row, this.column].map((index) => index * this.s / s);
    Object.assign(this, { k: this.weights.length, s: Number(s), p: Number(p) });
    set(this.cells, { style: `grid-template-columns: repeat(${this.k}, 1fr)` });
    this.cells.replaceChildren(...this.weights.flatMap((row, a) => row.map((_, b) => this.cell(a, b))));
    this.compute(...places);
  }

  cell(a, b) {
    const input = html("input", { type: "number", step: "any", "aria-label": `Weight in row ${a + 1}, column ${b + 1}`,
      value: Number(this.weights[a][b].toFixed(3)) });
    input.addEventListener("input", () => {
      this.weights[a][b] = input.valueAsNumber || 0;
      this.controls[0].value = "own";
      this.compute(this.row, this.column);
    });
    return html("div", {}, html("span"), input, html("span"));
  }

  compute(row, column) {
    this.output = filterImage(this.image, this.weights, this.s, this.p);
    this.range = shades(this.image, this.weights);
    this.n = this.output.length;
    this.shift = (SIDE - this.n) / 2; // the output lies in the middle of the photo's place
    [this.area.x, this.area.y] = [[0, this.n - 1], [1 - this.n, 0]];
    this.move(row, column);
  }

  move(row, column) {
    this.stop();
    this.show(...[row, column].map((at) => Math.min(Math.max(Math.round(at), 0), this.n - 1)));
  }

  /** The window of one output pixel, and only so many of these. */
  show(row, column, known) {
    Object.assign(this, { row, column });
    set(this.result, { href: draw(this.output, this.range, known), x: this.shift, y: this.shift });
    this.refresh();
  }

  /** The output row by row, the first row pixel by pixel. */
  watch() {
    const { n } = this;
    let last = -1;
    this.play(() => {
      last = Math.min(last + (last < n ? 1 : Math.ceil(n / 4)), n * n - 1);
      this.show(Math.floor(last / n), last % n, last + 1);
      return last + 1 < n * n;
    }, 60);
  }

  /** A product or sum, exact for whole weights. */
  text(value = this.output[this.row][this.column]) {
    return format(value, this.weights.flat().every(Number.isInteger) ? 2 : 3);
  }

  draw() {
    const { k, s, p, n, row, column } = this;
    const [x, y] = [column * s - p, row * s - p];
    const pixels = windowAt(this.image, k, s, p, row, column);
    const parts = products(pixels, this.weights).flat();
    pixels.flat().forEach((pixel, i) => {
      const [shade, , product] = this.cells.children[i].children;
      const colors = `background: rgb(${Array(3).fill(255 * pixel)}); color: ${pixel > 0.46 ? "black" : "white"}`;
      set(shade, { style: colors });
      shade.textContent = pixel === null ? "pad 0" : format(pixel);
      product.textContent = this.text(parts[i]);
    });
    [[-p, -p, SIDE + 2 * p], [x - 1, y - 1, k + 2], [x, y, k], [this.shift + column, this.shift + row, 1]]
      .forEach(([left, top, width], i) => set(this.squares[i], { x: left, y: top, width, height: width }));
    this.announce();
    this.size.textContent = `output ${n} × ${n}`;
    const [low, high] = this.range;
    this.scale.textContent = `black ≤ ${format(low)}${low === -high ? " · gray 0" : ""} · white ≥ ${format(high)}`;
    this.total.textContent = `sum = output[${row}, ${column}] = ${this.text()}`;
    this.numbers.show(`rows ${format(y, 0)} to ${y + k - 1}, columns ${format(x, 0)} to ${x + k - 1}`,
      `⌊(${SIDE} + 2·${p} − ${k}) / ${s}⌋ + 1 = ${n}`);
    if (!this.timer) this.say(this.sentence());
  }

  sentence() {
    const total = format(sum(this.weights));
    const found = FILTERS[this.controls[0].value]?.[2]
      ?? `Your weights add up to ${total}: an even area of gray g gives ${total} · g.`;
    return found + (this.p ? " At the border, the zeros of the padding count too." : "");
  }
}

// The cells stand between the pictures, on a phone below them.
const style = new CSSStyleSheet();
style.replaceSync(`
filter-slide { display: block; container-type: inline-size; }
filter-slide .stage { display: grid; grid-template-columns: 1fr 14rem 1fr; gap: 0.5rem 0.75rem; margin-top: 0.5rem;
  text-align: center; }
filter-slide .stage p { margin: 0.2rem 0 0; }
filter-slide image { image-rendering: pixelated; pointer-events: none; }
filter-slide rect { vector-effect: non-scaling-stroke; }
filter-slide :is(.padding, .place) { stroke: var(--line); stroke-dasharray: 3 3; }
filter-slide :is(.place, .frame, .whole) { fill: transparent; }
filter-slide .frame { stroke: var(--orange); stroke-width: 2.5; }
filter-slide .cells { display: grid; gap: 2px; padding: 2px; border: 2.5px solid var(--orange); font-size: 0.75rem; }
filter-slide .cells * { display: block; box-sizing: border-box; width: 100%; }
filter-slide input { height: 1.5rem; padding: 0; border: 1px solid var(--line); background: var(--pst-color-background);
  color: inherit; font: inherit; font-weight: 600; text-align: center; appearance: textfield; }
filter-slide input::-webkit-inner-spin-button { display: none; }
@container (max-width: 40rem) {
  filter-slide .stage { grid-template-columns: 1fr 1fr; }
  filter-slide .stage > :nth-child(2) { grid-area: 2 / 1 / 3 / 3; }
}
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];

customElements.define("filter-slide", FilterSlide);
