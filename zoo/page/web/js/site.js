// What every page uses: the data of the site, elements, messages, numbers in words.

import { decompressed } from "./gzip.js";

export const root = document.body.dataset.root;

/** A JSON file of the folder `data`. */
export async function readData(name) {
  const bytes = await decompressed(new URL(`${root}data/${name}.json`, document.baseURI).href);
  return JSON.parse(new TextDecoder().decode(bytes));
}

let site;
/** Models, pages and files: `data/site.json`, loaded once. */
export const readSite = () => (site ??= readData("site"));

/** An element: tag name, attributes (those that start with "on" are listeners), children or text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Show a message that something failed; an empty one removes it. */
export function showFailure(error) {
  const text = error instanceof Error ? error.message : error;
  document.getElementById("messages").replaceChildren(...(text ? [element("p", { class: "failure" }, text)] : []));
}

/** Run what a page does first; whatever fails is shown. */
export function start(main) {
  main().catch(showFailure);
  addEventListener("unhandledrejection", (event) => showFailure(event.reason));
}

export const percent = (fraction, digits = 1) => `${(100 * fraction).toFixed(digits)} %`;
export const milliseconds = (value) => (value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e5 ? 2 : 1)} MB`;

/** Calibrated probabilities: softmax of logits divided by the temperature of the card. */
export function probabilities(logits, card) {
  const scaled = Array.from(logits, (value) => value / card.calibration.temperature);
  const largest = Math.max(...scaled);
  const powers = scaled.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((one, other) => one + other);
  return powers.map((value) => value / sum);
}

/** The answer of a classifier: its name, the class, bars of all classes or of the likeliest. */
export function answer(card, logits, time, sorted = false) {
  const parts = probabilities(logits, card);
  const top = parts.indexOf(Math.max(...parts));
  const order = parts.map((_, index) => index);
  if (sorted) order.sort((one, other) => parts[other] - parts[one]);
  const bars = order.map((index) =>
    element(
      "li",
      { style: `--part: ${parts[index].toFixed(4)}` },
      element("span", {}, card.class_names[index]),
      element("span", {}, percent(parts[index])),
    ),
  );
  return element(
    "div",
    { class: "answer", "data-model": card.name, "data-class": card.class_names[top] },
    element("h2", {}, element("a", { href: `${root}models/${card.name}.html` }, card.name)),
    element("p", { class: "top" }, card.class_names[top]),
    element("ul", { class: "bars" }, ...bars),
    element("p", { class: "note" }, `degree ${card.words.degree}, ${card.words.macs} MACs; ${milliseconds(time)}`),
  );
}

/** Buttons with the bundled images of a data set; each calls `choose` with the file's name and its class. */
export function sampleButtons(dataset, classes, choose) {
  return classes.map((name) => {
    const file = `${dataset}_${name}_0.png`;
    const image = element("img", { src: `${root}samples/${file}`, alt: `test image: ${name}` });
    return element("button", { type: "button", onclick: () => choose(file, name) }, image);
  });
}
