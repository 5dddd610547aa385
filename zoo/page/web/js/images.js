// Classify an image: a file or a test image, cropped and resized as `pinet predict` does it.

import { classify } from "./models.js";
import { decode, pixelsOf, showPixels } from "./pixels.js";
import { middlePart, resize } from "./resize.js";
import { answer, element, readSite, root, sampleButtons, showFailure, start } from "./site.js";

const LARGEST = 320; // of the image as it is shown
const byId = (id) => document.getElementById(id);
let cards;
let pixels = null;

start(async () => {
  const site = await readSite();
  cards = site.pages.images.map((name) => site.models.find((card) => card.name === name)).filter(({ name }) => site.files[name]);
  if (!cards.length) throw new Error("This site was built without a model for CIFAR-10.");
  byId("model").append(...cards.map((card) => element("option", {}, card.name)));
  byId("model").addEventListener("change", ask);
  byId("samples").append(...sampleButtons("cifar10", cards[0].class_names, (file) => read(`${root}samples/${file}`, file)));
  byId("file").addEventListener("change", () => byId("file").files[0] && readFile(byId("file").files[0]));
  const drop = byId("drop");
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", type === "dragenter" || type === "dragover");
      if (type === "drop" && event.dataTransfer.files[0]) readFile(event.dataTransfer.files[0]);
    });
  }
});

async function readFile(file) {
  const url = URL.createObjectURL(file);
  try {
    await read(url, file.name);
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function read(url, name) {
  showFailure("");
  byId("answers").replaceChildren();
  let canvas;
  try {
    canvas = await decode(url, name);
  } catch (error) {
    return showFailure(error);
  }
  const [height, width, channels] = cards[0].input_shape;
  const whole = pixelsOf(canvas, channels);
  const box = middlePart(whole.width, whole.height, width, height);
  const isSame = whole.width === width && whole.height === height;
  const used = isSame ? whole : resize(whole, box, width, height);
  showOriginal(canvas, box);
  const cropped = box.width !== whole.width || box.height !== whole.height;
  byId("changes").textContent = isSame
    ? `${name}: ${width}×${height} pixels, used as it is.`
    : `${name}: ${cropped ? "cropped to the middle and " : ""}resized from ${whole.width}×${whole.height} to ${width}×${height} pixels.`;
  showPixels(byId("pixels"), used.data, [height, width, channels]);
  pixels = Float32Array.from(used.data);
  await ask();
}

function showOriginal(canvas, box) {
  const scale = LARGEST / Math.max(canvas.width, canvas.height);
  const shown = byId("original");
  shown.width = Math.max(1, Math.round(canvas.width * scale));
  shown.height = Math.max(1, Math.round(canvas.height * scale));
  const context = shown.getContext("2d");
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(canvas, 0, 0, shown.width, shown.height);
  context.fillStyle = "rgb(0 0 0 / 60%)";
  const outside = new Path2D();
  outside.rect(0, 0, shown.width, shown.height);
  outside.rect(box.left * scale, box.top * scale, box.width * scale, box.height * scale);
  context.fill(outside, "evenodd");
}

async function ask() {
  if (!pixels) return;
  const asked = pixels;
  const card = cards[byId("model").selectedIndex];
  byId("answers").replaceChildren(element("p", { class: "note" }, `${card.name} is loaded and run …`));
  try {
    const { rows, time } = await classify(card, [asked]);
    if (asked === pixels && card === cards[byId("model").selectedIndex]) byId("answers").replaceChildren(answer(card, rows[0], time, true));
  } catch (error) {
    byId("answers").replaceChildren();
    showFailure(error);
  }
}
