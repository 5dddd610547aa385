// The story of one encrypted request, from what a command wrote down.

import { decode, pixelsOf, showPixels } from "./pixels.js";
import { answer, element, megabytes, milliseconds, readData, readSite, root, start } from "./site.js";

const SHOWN = "a part of it, one grey square a byte";

start(async () => {
  const [site, story] = await Promise.all([readSite(), readData("encrypted")]);
  const card = site.models.find(({ name }) => name === story.model);
  const { bytes, seconds, plan } = story;
  const image = pixelsOf(await decode(`${root}samples/${story.image}`, story.image), card.input_shape[2]);
  const missed = Math.max(...story.logits.map((value, index) => Math.abs(value - story.plain_logits[index])));
  const largest = Math.max(...story.plain_logits.map(Math.abs));
  document.getElementById("story").append(
    step("The client has an image", picture("The image", image.data, card.input_shape), `${image.data.length} pixels, and a secret key that never leaves the client. The public keys, ${size(bytes.keys)}, were sent once; they can compute, and not decrypt.`),
    step("It sends a ciphertext", picture(`The request: ${SHOWN}`, ...square(story.request)), `${size(bytes.request)} (here ${SHOWN}), encrypted in ${time(seconds.encrypt)}. Without the secret key it tells nothing of the image.`),
    step("The server computes, and sees nothing else", picture(`The answer: ${SHOWN}`, ...square(story.answer)), `It multiplies ciphertexts by each other ${plan.products} times and by weights ${plan.plain_products} times, and rotates them ${plan.rotations} times, in ${time(seconds.compute)}; the answer is a ciphertext of ${size(bytes.answer)}.`),
    step("The client decrypts the logits", answer(card, story.logits, 1000 * seconds.compute), `In ${time(seconds.decrypt)}. They differ from those of the plain model by at most ${(missed / largest).toExponential(1)} of the largest.`),
  );
  const rows = [
    ["Make keys, once", "client", size(bytes.keys), time(seconds.keys)],
    ["Encrypt the image", "client", size(bytes.request), time(seconds.encrypt)],
    ["Compute the logits", "server", size(bytes.answer), time(seconds.compute)],
    ["Decrypt them", "client", "", time(seconds.decrypt)],
  ];
  const numbers = (column) => (column > 1 ? "number" : null);
  const row = (texts) => element("tr", {}, ...texts.map((text, column) => element("td", { class: numbers(column) }, text)));
  document.getElementById("costs").append(...rows.map(row));
  document.getElementById("how").textContent =
    `Measured with client and server on one core of ${story.machine}: processor time, the median of ${story.requests - 1} requests after the first. ` +
    `Security of ${plan.security} bits, depth ${plan.depth}, ring of ${plan.ring.toLocaleString("en")}. "pinet encrypted" does this with files and over HTTP.`;
});

const time = (value) => milliseconds(1000 * value);
const size = (value) => (value < 1e6 ? `${Math.round(value / 1e3)} kB` : megabytes(value));
const step = (title, shown, words) => element("li", {}, element("h2", {}, title), shown, element("p", {}, words));

function picture(label, data, shape) {
  const canvas = element("canvas", { class: "pixelated", role: "img", "aria-label": label });
  showPixels(canvas, data, shape);
  return canvas;
}

/** Bytes in base64 as a square of grey levels: data and shape. */
function square(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const side = Math.sqrt(bytes.length);
  return [bytes, [side, side, 1]];
}
