// Draw a digit: three models answer while it is drawn.

import { classify, load } from "./models.js";
import { newest } from "./newest.js";
import { decode, pixelsOf, showPixels } from "./pixels.js";
import { resize } from "./resize.js";
import { answer, element, readSite, root, sampleButtons, start } from "./site.js";

const SIZE = 28;
const INK = 20; // MNIST's digits are scaled to 20×20
const STROKE = 22;
const board = document.getElementById("board");
const context = board.getContext("2d", { willReadFrequently: true });
let cards;
let pixels; // what the models are to answer

start(async () => {
  clear();
  const site = await readSite();
  cards = site.pages.digits.map((name) => site.models.find((card) => card.name === name));
  document.getElementById("answers").replaceChildren(...cards.map((card) => empty(card)));
  document.getElementById("samples").append(...sampleButtons("mnist", cards[0].class_names, chooseSample));
  document.getElementById("clear").addEventListener("click", clear);
  listen();
  for (const card of cards) load(card).catch(() => {}); // what fails is shown when the model is asked
});

const empty = (card) =>
  element("div", { class: "answer", "data-model": card.name }, element("h2", {}, card.name), element("p", { class: "note" }, "waits for a digit"));

function clear() {
  context.fillStyle = "black";
  context.fillRect(0, 0, board.width, board.height);
  showPixels(document.getElementById("pixels"), new Float32Array(SIZE * SIZE), [SIZE, SIZE, 1]);
}

function listen() {
  let last = null;
  const place = (event) => {
    const frame = board.getBoundingClientRect();
    return [((event.clientX - frame.left) * board.width) / frame.width, ((event.clientY - frame.top) * board.height) / frame.height];
  };
  const stroke = (event) => {
    if (!last) return;
    const next = place(event);
    Object.assign(context, { strokeStyle: "white", lineWidth: STROKE, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...next);
    context.stroke();
    last = next;
    ask(centred());
  };
  board.addEventListener("pointerdown", (event) => {
    board.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(event);
  });
  board.addEventListener("pointermove", stroke);
  for (const type of ["pointerup", "pointercancel"]) board.addEventListener(type, () => (last = null));
}

async function chooseSample(file) {
  const image = pixelsOf(await decode(`${root}samples/${file}`, file), 1);
  clear();
  context.imageSmoothingEnabled = false;
  const small = new OffscreenCanvas(SIZE, SIZE);
  showPixels(small, image.data, [SIZE, SIZE, 1]);
  context.drawImage(small, 0, 0, board.width, board.height);
  ask(Float32Array.from(image.data));
}

/** The drawing as MNIST has its digits: scaled to 20×20 and centred by its mass in 28×28; null if there is none. */
function centred() {
  const drawn = pixelsOf(board, 1);
  let [left, right, top, bottom] = [drawn.width, -1, drawn.height, -1];
  drawn.data.forEach((value, at) => {
    if (!value) return;
    const [x, y] = [at % drawn.width, Math.floor(at / drawn.width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  });
  if (right < 0) return null;
  const box = { left, top, width: right - left + 1, height: bottom - top + 1 };
  const scale = INK / Math.max(box.width, box.height);
  const [width, height] = [box.width, box.height].map((size) => Math.max(1, Math.round(size * scale)));
  const { data } = resize(drawn, box, width, height);
  let [mass, x, y] = [0, 0, 0];
  data.forEach((value, at) => {
    mass += value;
    x += value * ((at % width) + 0.5);
    y += value * (Math.floor(at / width) + 0.5);
  });
  const shift = (middle, size) => Math.min(SIZE - size, Math.max(0, Math.round(SIZE / 2 - middle)));
  const [dx, dy] = [shift(x / mass, width), shift(y / mass, height)];
  const pixels = new Float32Array(SIZE * SIZE);
  data.forEach((value, at) => (pixels[(dy + Math.floor(at / width)) * SIZE + dx + (at % width)] = value));
  return pixels;
}

function ask(asked) {
  if (!asked) return;
  showPixels(document.getElementById("pixels"), asked, [SIZE, SIZE, 1]);
  pixels = asked;
  answerAll();
}

const answerAll = newest(() => Promise.all(cards.map((card) => answerOf(card, pixels))));

async function answerOf(card, asked) {
  let made;
  try {
    const { rows, time } = await classify(card, [asked]);
    made = answer(card, rows[0], time);
  } catch (error) {
    made = element("div", { class: "answer", "data-model": card.name }, element("h2", {}, card.name), element("p", { class: "failure" }, error.message));
  }
  document.querySelector(`#answers [data-model=${card.name}]`).replaceWith(made);
}
