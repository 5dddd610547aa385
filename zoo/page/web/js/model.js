// The page of one model: what its card says.

import { accuracyByClass, reliabilityDiagram, trainingCurves } from "./diagrams.js";
import { element, megabytes, percent, readData, readSite, root, start } from "./site.js";

const article = document.getElementById("model");

start(async () => {
  const site = await readSite();
  const { words } = site.models.find(({ name }) => name === article.dataset.model);
  const card = { ...(await readData(`cards/${article.dataset.model}`)), words };
  article.append(
    element("h1", {}, card.name),
    element("p", {}, `${card.description[0].toUpperCase()}${card.description.slice(1)}.`),
    ...runsOn(site, card),
    facts(card),
    ...(card.accuracy ? accuracy(card) : []),
    ...(card.quality ? quality(card) : []),
    ...training(card),
    ...golden(card),
    ...use(card),
  );
});

function table(rows) {
  const cells = rows.map(([label, value]) =>
    element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, value)),
  );
  return element("table", { class: "facts" }, element("tbody", {}, ...cells));
}

const code = (text) => element("pre", { tabindex: "0" }, element("code", {}, text));

function runsOn(site, card) {
  const pages = Object.keys(site.pages).filter((page) => site.pages[page].includes(card.name));
  if (!pages.length || !site.files[card.name]) return [];
  const links = pages.flatMap((page) => [" ", element("a", { href: `${root}${page}.html` }, page)]);
  return [element("p", {}, `Runs in the browser (${megabytes(site.files[card.name].download)} to load):`, ...links)];
}

function facts(card) {
  return table([
    ["Task", `${card.task}, ${card.words.data}`],
    ["Tier", card.words.tier],
    ["Degree", card.words.degree],
    ["Multiplicative depth", `${card.multiplicative_depth ?? "–"}`],
    ["Size", card.words.size],
    ["Result", card.words.interval ? `${card.words.result} (95 %: ${card.words.interval})` : card.words.result],
    ...(card.class_names ? [["Classes", card.class_names.join(", ")]] : []),
    ["Architecture", `${card.architecture} ${JSON.stringify(card.architecture_arguments)}`],
    ["Licence", card.license],
    ...(card.note ? [["Note", card.note]] : []),
  ]);
}

function accuracy(card) {
  const { calibration, seeds } = card;
  return [
    element("h2", {}, "Accuracy by class"),
    element("figure", {}, accuracyByClass(card.accuracy.by_class)),
    element("h2", {}, "Calibration"),
    table([
      ["Temperature", calibration.temperature.toFixed(3)],
      ["Expected calibration error", percent(calibration.ece, 2)],
      ["… with the temperature", percent(calibration.ece_calibrated, 2)],
      ...(seeds ? [["Accuracy over seeds", `${percent(seeds.mean, 2)} ± ${percent(seeds.std, 2)}`]] : []),
    ]),
    ...(calibration.reliability ? reliabilityDiagram(calibration) : []),
  ];
}

function quality(card) {
  const metrics = [["This model", card.quality], ...Object.entries(card.baselines ?? {})];
  const heads = ["class_accuracy", "frechet_distance", "precision", "recall", "density", "coverage"];
  const head = ["Images of", "Class accuracy", "Fréchet distance", "Precision", "Recall", "Density", "Coverage"];
  const rows = metrics.map(([name, values]) =>
    element("tr", {}, ...[name, ...heads.map((key) => values[key]?.toPrecision(3) ?? "–")].map((text) => element("td", {}, text))),
  );
  const titles = head.map((text) => element("th", { scope: "col" }, text));
  const filled = element("table", {}, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...rows));
  return [
    element("h2", {}, "Quality of the images"),
    element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Quality" }, filled),
  ];
}

function training(card) {
  const { training } = card;
  const recipe = Object.entries(training.recipe).filter(([key]) => !["name", "description", "note"].includes(key));
  const details = element("details", {}, element("summary", {}, "All keys of the recipe"));
  details.append(table(recipe.map(([key, value]) => [key, typeof value === "object" ? JSON.stringify(value) : `${value}`])));
  return [
    element("h2", {}, "How it was trained"),
    code(`pinet train ${card.name}`),
    table([
      ["Time", `${training.epochs} epochs in ${card.words.seconds}, seed ${training.seed}`],
      ["On", card.words.environment],
    ]),
    details,
    ...(training.curve ? trainingCurves(training.curve) : [element("p", { class: "note", id: "no-curve" }, "The metrics of each epoch of this training were not kept, so there is no curve.")]),
  ];
}

function golden(card) {
  const outputs = card.golden;
  if (!outputs?.images && !outputs?.pixels) return [];
  const items = outputs.images
    ? outputs.images.map((file, index) => [sample(file), answered(card, outputs.logits[index])])
    : outputs.pixels.map((hex, index) => [drawn(hex, card.output_shape), card.class_names?.[index % card.class_names.length] ?? ""]);
  return [
    element("h2", {}, "Golden images"),
    element("p", {}, outputs.images ? "Bundled test images, and what the model answers." : `Images of the noise of seed ${outputs.seed}.`),
    element("ul", { class: "golden" }, ...items.map((parts) => element("li", {}, ...parts))),
  ];
}

const sample = (file) => element("img", { src: `${root}samples/${file}`, alt: file.replace(/_0\.png$/, "").replaceAll("_", " ") });
const answered = (card, logits) => card.class_names[logits.indexOf(Math.max(...logits))];

function drawn(hex, [height, width, channels]) {
  const bytes = hex.match(/../g).map((pair) => parseInt(pair, 16));
  const canvas = element("canvas", { width, height, role: "img", "aria-label": "generated image" });
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = bytes[pixel * channels + (channels === 3 ? c : 0)];
    image.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function use(card) {
  const isGenerator = "latent_size" in card;
  const isAudio = card.task.startsWith("audio");
  const isOfNodes = card.task.startsWith("node");
  const classify = isOfNodes ? `pinet evaluate ${card.name}` : `pinet predict ${card.name} ${isAudio ? "CLIP.wav" : "IMAGE.png"}`;
  const command = isGenerator ? `pinet generate ${card.name} -n 40 --seed 0` : classify;
  const serve = isAudio || isOfNodes ? [] : [element("p", {}, "Serve it:"), code(`pinet serve ${card.name} --engine preview`)];
  return [
    element("h2", {}, "Use it"),
    code(`import zoo\n\nmodel = zoo.load("${card.name}")`),
    code(`${command}\npinet certify ${card.name}${isOfNodes ? "" : " --verify"}`),
    ...serve,
    element("p", {}, "Cite CITATION.cff of the library, and the paper of the layers, ", element("a", { href: "https://arxiv.org/abs/2003.03828" }, "arXiv 2003.03828"), "."),
    element("p", {}, element("a", { href: `${root}data/cards/${card.name}.json` }, "The whole card as JSON")),
  ];
}
