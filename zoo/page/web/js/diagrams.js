// The diagrams on the page of a model: accuracy by class, calibration, training.

import { plot } from "./plot.js";
import { element, percent } from "./site.js";

const COLOURS = ["#7a5cd6", "#d0610f"];

export function accuracyByClass(byClass) {
  const { Plot } = globalThis;
  const rows = Object.entries(byClass).filter(([, value]) => value !== null);
  const lowest = Math.floor(Math.min(...rows.map(([, value]) => 100 * value)) - 1);
  return plot("Test accuracy of each class", {
    width: 640,
    height: 60 + 24 * rows.length,
    marginLeft: 20 + 8 * Math.max(...rows.map(([name]) => name.length)),
    marginRight: 70,
    marginTop: 24,
    x: { label: "Test accuracy (%) →", grid: true, domain: [lowest, 100] },
    y: { label: null, domain: rows.map(([name]) => name) },
    marks: [
      Plot.ruleY(rows, { x1: lowest, x2: ([, value]) => 100 * value, y: ([name]) => name, strokeOpacity: 0.5 }),
      Plot.dot(rows, { x: ([, value]) => 100 * value, y: ([name]) => name, fill: "currentColor", r: 4 }),
      Plot.text(rows, { x: ([, value]) => 100 * value, y: ([name]) => name, text: ([, value]) => percent(value), dx: 8, textAnchor: "start" }),
    ],
  });
}

/** The bins of a card that hold examples, before and after the temperature. */
function binsOf({ reliability, reliability_calibrated: calibrated }) {
  const series = [["as the logits are", reliability], ["with the temperature", calibrated]];
  return series.flatMap(([name, bins]) =>
    bins.examples.flatMap((examples, k) => (examples ? [{ name, examples, confidence: bins.confidence[k], accuracy: bins.accuracy[k] }] : [])),
  );
}

/** The reliability diagram: accuracy against confidence, and the same numbers as a table. */
export function reliabilityDiagram(calibration) {
  const { Plot } = globalThis;
  const bins = binsOf(calibration);
  const made = plot("Accuracy of the answers of each confidence", {
    width: 520,
    height: 480,
    marginLeft: 60,
    x: { label: "Confidence, mean of a bin →", grid: true, domain: [0, 1] },
    y: { label: "↑ Accuracy of the bin", grid: true, domain: [0, 1] },
    r: { range: [2, 11] },
    color: { legend: true, domain: [...new Set(bins.map(({ name }) => name))], range: COLOURS },
    marks: [
      Plot.line([[0, 0], [1, 1]], { strokeOpacity: 0.6, strokeDasharray: "4 3" }),
      Plot.ruleX(bins, { x: "confidence", y1: "confidence", y2: "accuracy", stroke: "name", strokeOpacity: 0.6 }),
      Plot.dot(bins, {
        x: "confidence",
        y: "accuracy",
        r: "examples",
        stroke: "name",
        strokeWidth: 2,
        title: ({ name, examples, confidence, accuracy }) => `${name}\n${examples} examples: confidence ${percent(confidence)}, accuracy ${percent(accuracy)}`,
        tip: true,
      }),
    ],
  });
  const cells = bins.map(({ name, examples, confidence, accuracy }) =>
    element("tr", {}, ...[name, percent(confidence), percent(accuracy), examples.toLocaleString("en")].map((text) => element("td", {}, text))),
  );
  const titles = ["Logits", "Confidence", "Accuracy", "Test examples"].map((text) => element("th", { scope: "col" }, text));
  const table = element("table", { id: "bins" }, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...cells));
  return [
    element("figure", { id: "reliability" }, made, element("figcaption", {}, "Test answers in fifteen bins of their confidence, the probability of the class that is predicted. The larger a circle, the more answers are in its bin; on the dashed line confidence and accuracy are equal.")),
    element("details", {}, element("summary", {}, "The bins as a table"), table),
  ];
}

/** The curves of a training: a plot for each metric, with that of the validation split where there is one. */
export function trainingCurves(curve) {
  const names = Object.keys(curve).filter((name) => !name.startsWith("val_"));
  const ofValidation = names.some((name) => curve[`val_${name}`]);
  const figures = names.map((name) => {
    const rows = [["training", curve[name]], ["validation", curve[`val_${name}`] ?? []]].flatMap(([split, values]) =>
      values.map((value, k) => ({ split, epoch: k + 1, value })).filter((row) => row.value !== null),
    );
    return element("figure", { class: "curve", "data-metric": name }, curvePlot(name.replaceAll("_", " "), rows));
  });
  const about = ofValidation ? "After each epoch; those of the training split are means over the epoch, of augmented examples where the recipe augments." : "After each epoch.";
  return [element("div", { class: "curves" }, ...figures), element("p", { class: "note" }, about)];
}

function curvePlot(label, rows) {
  const { Plot } = globalThis;
  return plot(`${label} after each epoch`, {
    width: 520,
    height: 260,
    marginLeft: 60,
    marginTop: 28,
    x: { label: "epoch →", domain: [1, Math.max(2, ...rows.map(({ epoch }) => epoch))], tickFormat: "d" },
    y: { label: `↑ ${label}`, grid: true, zero: false },
    color: { legend: true, domain: [...new Set(rows.map(({ split }) => split))], range: COLOURS },
    marks: [Plot.line(rows, { x: "epoch", y: "value", stroke: "split", strokeWidth: 2 }), Plot.dot(rows, { x: "epoch", y: "value", fill: "split", r: 2 })],
  });
}
