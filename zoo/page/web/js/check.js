// Every model of the site on inputs whose answers by Keras are known.

import { classify, generate } from "./models.js";
import { decode, pixelsOf } from "./pixels.js";
import { element, megabytes, milliseconds, readData, readSite, root, start } from "./site.js";

const ALLOWED = 1e-4;
const verdict = document.getElementById("verdict");
const button = document.getElementById("start");

start(async () => {
  const [site, expected] = await Promise.all([readSite(), readData("expected")]);
  button.addEventListener("click", () => compareAll(site, expected));
  button.disabled = false;
});

async function compareAll(site, expected) {
  button.disabled = true;
  delete verdict.dataset.failed;
  const rows = document.getElementById("rows");
  rows.replaceChildren();
  let largest = 0;
  let failed = 0;
  for (const [name, wanted] of Object.entries(expected)) {
    verdict.textContent = `${name} …`;
    const card = site.models.find((each) => each.name === name);
    let cells;
    try {
      const { difference, count, time } = await compare(card, wanted);
      largest = Math.max(largest, difference);
      if (!(difference <= ALLOWED)) failed++;
      cells = [count, difference.toExponential(1), milliseconds(time), megabytes(site.files[name].download)];
    } catch (error) {
      failed++;
      cells = ["", error.message, "", ""];
    }
    rows.append(element("tr", { "data-model": name }, ...[name, ...cells].map((text) => element("td", {}, String(text)))));
  }
  const count = Object.keys(expected).length;
  verdict.textContent = failed
    ? `${failed} of ${count} models differ from Keras by more than ${ALLOWED}.`
    : `All ${count} models equal Keras: the largest difference is ${largest.toExponential(1)}.`;
  verdict.dataset.failed = failed;
  button.disabled = false;
}

async function compare(card, wanted) {
  const [values, expected, count, time] = await (wanted.images ? classified : generated)(card, wanted);
  let difference = 0;
  let size = 0;
  expected.forEach((value, index) => {
    difference = Math.max(difference, Math.abs(values[index] - value));
    size = Math.max(size, Math.abs(value));
  });
  if (values.length !== expected.length) throw new Error(`${values.length} values in place of ${expected.length}`);
  return { difference: difference / size, count, time };
}

async function classified(card, { images, logits }) {
  const read = async (file) => pixelsOf(await decode(`${root}samples/${file}`, file), card.input_shape[2]).data;
  const { rows, time } = await classify(card, await Promise.all(images.map(read)));
  return [rows.flatMap((row) => [...row]), logits.flat(), images.length, time];
}

async function generated(card, { latents, labels, pixels }) {
  const done = await generate(card, latents.map((latent, index) => ({ latent, label: labels[index] })));
  return [done.values, pixels.flat(), latents.length, done.time];
}
