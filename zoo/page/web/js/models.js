// Models in a worker, so that the page answers while they compute.

import { readSite, root } from "./site.js";

let worker;
let count = 0;
const waiting = new Map();

function theWorker() {
  if (worker) return worker;
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data);
  };
  worker.onerror = (event) => {
    const error = new Error(`onnxruntime-web cannot be started in this browser: ${event.message ?? "no reason given"}`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  return worker;
}

/** The outputs of a model for the tensors of its inputs, floats before labels; without tensors it is loaded only. */
async function ask(name, tensors) {
  const { files } = await readSite();
  if (!files[name]) throw new Error(`${name} is not in this site: it was built without it.`);
  const url = new URL(`${root}models/${name}.onnx.gz`, document.baseURI).href;
  return new Promise((resolve, reject) => {
    waiting.set(++count, { resolve, reject });
    theWorker().postMessage({ id: count, name, url, tensors });
  });
}

/** Load a model before it is asked for. */
export const load = (card) => ask(card.name, null);

/** Logits of images: `{rows, time}`, a row an image. Each image is an array of its pixels, 0..255. */
export async function classify(card, images) {
  const size = images[0].length;
  const data = new Float32Array(images.length * size);
  images.forEach((image, index) => data.set(image, index * size));
  const done = await ask(card.name, [{ type: "float32", data, dims: [images.length, ...card.input_shape] }]);
  const outputs = done.values.length / images.length;
  return { rows: images.map((_, k) => done.values.subarray(k * outputs, (k + 1) * outputs)), time: done.milliseconds };
}

/** Images of noise: `{values, time}`, the pixels of all. Each of `inputs` has a `latent`, numbers in -1..1, and a `label`. */
export async function generate(card, inputs) {
  const data = Float32Array.from(inputs.flatMap(({ latent }) => [...latent]));
  const labels = Int32Array.from(inputs, ({ label }) => label);
  const done = await ask(card.name, [
    { type: "float32", data, dims: [inputs.length, card.latent_size] },
    { type: "int32", data: labels, dims: [inputs.length] },
  ]);
  return { values: done.values, time: done.milliseconds };
}
