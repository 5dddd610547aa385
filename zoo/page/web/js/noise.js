// Draw from noise: sliders over two directions of the latent space.

import { generate } from "./models.js";
import { newest } from "./newest.js";
import { showPixels } from "./pixels.js";
import { element, milliseconds, readSite, start } from "./site.js";

const byId = (id) => document.getElementById(id);
let site, card;

start(async () => {
  site = await readSite();
  const names = site.pages.noise.filter((name) => site.files[name]);
  if (!names.length) throw new Error("This site was built without a generator.");
  byId("model").append(...names.map((name) => element("option", {}, name)));
  byId("model").addEventListener("change", chooseModel);
  for (const id of ["class", "first", "second", "seed"]) byId(id).addEventListener("input", draw);
  byId("another").addEventListener("click", () => {
    byId("seed").value = (Number(byId("seed").value) + 1) % 1_000_000;
    draw();
  });
  chooseModel();
});

function chooseModel() {
  card = site.models.find(({ name }) => name === byId("model").value);
  byId("class").replaceChildren(...card.class_names.map((name, index) => element("option", { value: index }, name)));
  draw();
}

/** Uniform random numbers in -1..1, the same for a seed on every machine (mulberry32). */
function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** The noise of the sliders: a random point moved along two random directions, and kept in -1..1. */
function latent() {
  const next = uniform(Number(byId("seed").value));
  const [centre, first, second] = [0, 1, 2].map(() => Float32Array.from({ length: card.latent_size }, next));
  const [a, b] = [Number(byId("first").value), Number(byId("second").value)];
  return centre.map((value, index) => Math.max(-1, Math.min(1, value + a * first[index] + b * second[index])));
}

/** Draw what the controls say now. */
const draw = newest(async () => {
  const [asked, noise, label, seed] = [card, latent(), Number(byId("class").value), byId("seed").value];
  const labels = asked.class_names.map((_, index) => index);
  const { values, time } = await generate(asked, labels.map((each) => ({ latent: noise, label: each })));
  const size = values.length / labels.length;
  const images = labels.map((index) => values.subarray(index * size, (index + 1) * size).map(Math.round));
  showPixels(byId("drawn"), images[label], asked.output_shape);
  const items = images.map((image, index) => {
    const canvas = element("canvas", { role: "img", "aria-label": asked.class_names[index] });
    showPixels(canvas, image, asked.output_shape);
    return element("li", {}, canvas, asked.class_names[index]);
  });
  byId("classes").replaceChildren(...items);
  byId("how").textContent = `${asked.name}, degree ${asked.degree} in ${asked.latent_size} numbers: ${labels.length} images in ${milliseconds(time)}`;
  byId("drawn").dataset.drawn = `${asked.name} ${label} ${seed}`;
});
