// Walk a line between two images: polynomials from as many answers as their degree asks for, and a ReLU network.

import { changes, evaluate, fit, largestOf, nodes } from "./chebyshev.js";
import { drawLogits } from "./line_plot.js";
import { classify } from "./models.js";
import { newest } from "./newest.js";
import { decode, pixelsOf, showPixels } from "./pixels.js";
import { changesOf, decodeLayers, pieces } from "./relu.js";
import { element, readData, readSite, root, start } from "./site.js";

const CHECKED = [-1, -0.37, 0.61, 1]; // where a fit is compared with the model
const byId = (id) => document.getElementById(id);
const images = new Map();
const ends = { start: { file: "", shift: [0, 0] }, end: { file: "", shift: [0, 0] } };
let site, lines, relu, layers, card;
let shown = null; // what is drawn: points, polynomials, changes

start(async () => {
  [site, lines, relu] = await Promise.all([readSite(), readData("lines"), readData("relu")]);
  layers = decodeLayers(relu);
  const names = site.pages.line.filter((name) => site.files[name]);
  if (!names.length) throw new Error("This site was built without a model for this page.");
  byId("model").append(...names.map((name) => element("option", {}, name)));
  byId("model").addEventListener("change", chooseModel);
  for (const key of ["start", "end"]) {
    byId(key).addEventListener("change", () => chooseEnd(key));
    makeMovable(byId(`${key}-image`), key);
  }
  byId("choices").addEventListener("submit", (event) => event.preventDefault());
  byId("t").addEventListener("input", draw);
  await chooseModel();
});

async function chooseModel() {
  card = site.models.find(({ name }) => name === byId("model").value);
  const line = lines.find(({ model }) => model === card.name);
  for (const key of ["start", "end"]) {
    const options = card.class_names.map((name) => element("option", { value: `${card.dataset.name}_${name}_0` }, name));
    const kept = ends[key].file.startsWith(`${card.dataset.name}_`) ? ends[key].file : line[key];
    byId(key).replaceChildren(...options);
    byId(key).value = kept;
    if (kept !== ends[key].file) Object.assign(ends[key], { file: kept, shift: [0, 0] });
  }
  await compute();
}

function chooseEnd(key) {
  ends[key] = { file: byId(key).value, shift: [0, 0] };
  return compute();
}

/** The pixels of an end: the test image, shifted, with black where nothing is. */
async function pixelsOfEnd({ file, shift }, [height, width, channels]) {
  if (!images.has(file)) images.set(file, pixelsOf(await decode(`${root}samples/${file}.png`, file), channels).data);
  const data = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = [x - shift[0], y - shift[1]];
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue;
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = images.get(file)[(fromY * width + fromX) * channels + c];
    }
  }
  return data;
}

function makeMovable(button, key) {
  const limit = 8;
  const move = (x, y) => {
    const shift = [x, y].map((value) => Math.max(-limit, Math.min(limit, value)));
    if (shift.join() === ends[key].shift.join()) return;
    ends[key] = { ...ends[key], shift };
    compute();
  };
  let from = null;
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, shift: ends[key].shift };
  });
  button.addEventListener("pointermove", (event) => {
    if (!from) return;
    const pixel = button.clientWidth / card.input_shape[1];
    move(from.shift[0] + Math.round((event.clientX - from.x) / pixel), from.shift[1] + Math.round((event.clientY - from.y) / pixel));
  });
  for (const type of ["pointerup", "pointercancel"]) button.addEventListener(type, () => (from = null));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [x, y] = ends[key].shift;
    move(x + step[0], y + step[1]);
  });
}

const mixed = ([first, last], t) => first.map((value, index) => value + t * (last[index] - value));
const toT = (x) => (1 + x) / 2;

/** Compute the line as it is chosen now. */
const compute = newest(async () => {
  shown = await computed();
  describe();
  draw();
});

async function computed() {
  const asked = { card, start: { ...ends.start }, end: { ...ends.end } };
  const points = [await pixelsOfEnd(asked.start, asked.card.input_shape), await pixelsOfEnd(asked.end, asked.card.input_shape)];
  const places = [...nodes(asked.card.degree + 1), ...CHECKED];
  const { rows } = await classify(asked.card, places.map((x) => mixed(points, toT(x))));
  const taken = rows.slice(0, asked.card.degree + 1);
  const polynomials = asked.card.class_names.map((_, index) => fit(taken.map((row) => row[index])));
  const largest = Math.max(...rows.map((row) => Math.max(...row.map(Math.abs))));
  const missed = CHECKED.map((x, k) => polynomials.map((each, index) => Math.abs(evaluate(each, x) - rows[taken.length + k][index])));
  const error = Math.max(...missed.flat());
  const { found, open } = changes(polynomials);
  const crossings = found.map(({ x, before, after, slope }) => ({ t: toT(x), before, after, error: error / slope }));
  crossings.sort((one, other) => one.t - other.t);
  const isGrey = asked.card.input_shape[2] === 1;
  const network = isGrey ? pieces(layers, ...points) : null;
  return { ...asked, points, polynomials, crossings, open, largest, error, network };
}

function describe() {
  const { card: { class_names: names, degree, name }, crossings, open, points, error, largest, network } = shown;
  delete byId("fit").dataset.same;
  byId("polynomial-title").textContent = `${name}: polynomials of degree ${degree}`;
  const items = crossings.map(({ t, before, after, error: around }) =>
    element("li", { "data-t": t, "data-before": before, "data-after": after }, `t = ${t.toFixed(6)} ± ${around.toExponential(0)}: from ${names[before]} to ${names[after]}`),
  );
  byId("changes").replaceChildren(...items);
  const length = Math.hypot(...points[1].map((value, index) => value - points[0][index]));
  const first = crossings[0];
  byId("margin").textContent = first
    ? `The margin of the first image: nothing changes before t = ${first.t.toFixed(4)}, ${(first.t * length).toFixed(0)} of the ${length.toFixed(0)} grey levels (Euclidean) between the two.`
    : "The prediction does not change on this line.";
  const undecided = open.map(([low, high]) => ` From t = ${toT(low)} to ${toT(high)} two classes are equal or touch.`);
  byId("fit").textContent =
    `${degree + 1} answers determine the polynomials; ${CHECKED.length} more differ from them by at most ` +
    `${(error / largest).toExponential(1)} of the largest logit, which is the rounding of float32.${undecided.join("")}${compared()}`;
  byId("relu").hidden = !network;
  if (!network) return;
  const found = changesOf(network).map(({ t, before, after }) => `t = ${t.toFixed(6)} from ${before} to ${after}`);
  byId("relu-note").textContent =
    `Not of the zoo: a dense network of ${relu.parameters.toLocaleString("en")} parameters, ${(100 * relu.accuracy).toFixed(2)} % on MNIST's test images. ` +
    `It is linear on each of ${network.ts.length - 1} pieces, marked below, and changes at ${found.join(", ") || "no t"}.`;
  byId("relu").dataset.pieces = network.ts.length - 1;
}

/** In words, how far from what Python computed in float64 this line is; empty for a line that was not computed there. */
function compared() {
  const { card: { name }, start: first, end: last, polynomials, crossings, largest } = shown;
  if (first.shift.some(Boolean) || last.shift.some(Boolean)) return "";
  const line = lines.find((each) => each.model === name && each.start === first.file && each.end === last.file);
  if (!line) return "";
  const apart = Math.max(...line.coefficients.flatMap((row, index) => row.map((value, k) => Math.abs(value - polynomials[index][k]))));
  const same = line.crossings.length === crossings.length && line.crossings.every(({ before, after }, k) => crossings[k].before === before && crossings[k].after === after);
  const moved = same ? Math.max(0, ...line.crossings.map(({ t }, k) => Math.abs(t - crossings[k].t))) : null;
  byId("fit").dataset.same = same;
  return (
    ` pinet_keras.analysis computed this line in float64: its coefficients differ by ${(apart / largest).toExponential(1)} of the largest logit, ` +
    (same ? `and its changes are the same to ${moved.toExponential(1)}.` : "and its changes are others.")
  );
}

function draw() {
  if (!shown) return;
  const t = Number(byId("t").value);
  const { card: { class_names: names, input_shape: shape }, points, polynomials, crossings, network } = shown;
  byId("t-value").textContent = t.toFixed(3);
  showPixels(byId("between"), mixed(points, t).map(Math.round), shape);
  for (const [key, image] of [["start", points[0]], ["end", points[1]]]) showPixels(byId(`${key}-image`).firstElementChild, image, shape);
  const values = polynomials.map((each) => evaluate(each, 2 * t - 1));
  const leader = largestOf(values);
  const second = largestOf(values.map((value, index) => (index === leader ? -Infinity : value)));
  byId("here").textContent = `At t = ${t.toFixed(3)} the prediction is ${names[leader]}; its logit exceeds that of ${names[second]} by ${(values[leader] - values[second]).toFixed(3)}.`;
  const ts = Array.from({ length: 201 }, (_, k) => k / 200);
  const rows = ts.map((each) => polynomials.map((polynomial) => evaluate(polynomial, 2 * each - 1)));
  byId("plot").replaceChildren(drawLogits("Logits of the polynomial network along the line", { ts, rows, names, crossings, t, bends: [] }));
  if (!network) return;
  const bends = network.ts.slice(1, -1);
  byId("relu-plot").replaceChildren(
    drawLogits("Logits of the ReLU network along the line", { ts: network.ts, rows: network.rows, names, crossings: changesOf(network), t, bends }),
  );
}
