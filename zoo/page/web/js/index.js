// The zoo: a table that can be sorted and filtered, and a scatter plot of the classifiers in it.

import { plot } from "./plot.js";
import { element, readSite, start } from "./site.js";

const COLUMNS = [
  ["Model", (card) => card.name, (card) => element("a", { href: `models/${card.name}.html` }, card.name)],
  ["Data", (card) => card.words.data],
  ["Tier", (card) => card.tier ?? 0, (card) => card.words.tier],
  ["Degree", (card) => card.degree ?? -1, (card) => card.words.degree, true],
  ["Depth", (card) => card.multiplicative_depth ?? -1, (card) => card.multiplicative_depth ?? "–", true],
  ["Parameters", (card) => card.parameters, (card) => card.words.parameters, true],
  ["MACs", (card) => card.macs, (card) => card.words.macs, true],
  ["Weights", (card) => card.weights.bytes, (card) => card.words.weights, true],
  ["Result", (card) => card.accuracy?.test ?? card.quality?.class_accuracy ?? -1, (card) => card.words.result, true],
  ["95 %", (card) => card.accuracy?.interval_95[0] ?? -1, (card) => card.words.interval, true],
];
const FILTERS = { task: (card) => card.task, data: (card) => card.dataset.name, tier: (card) => card.words.tier };

let cards;
let order = { column: 0, direction: 1 };

start(async () => {
  cards = (await readSite()).models;
  for (const [id, value] of Object.entries(FILTERS)) {
    const values = [...new Set(cards.map(value))].sort();
    document.getElementById(id).append(...values.map((text) => element("option", {}, text)));
  }
  const head = document.querySelector("#zoo thead tr");
  COLUMNS.forEach(([title, , , isNumber], column) => {
    const button = element("button", { type: "button", onclick: () => sortBy(column) }, title);
    head.append(element("th", { scope: "col", class: isNumber ? "number" : null }, button));
  });
  const filters = document.getElementById("filters");
  filters.addEventListener("input", show);
  filters.addEventListener("submit", (event) => event.preventDefault());
  show();
});

function sortBy(column) {
  order = { column, direction: order.column === column ? -order.direction : 1 };
  show();
}

function shown() {
  const search = document.getElementById("search").value.trim().toLowerCase();
  const chosen = Object.entries(FILTERS).map(([id, value]) => [value, document.getElementById(id).value]);
  const found = cards.filter(
    (card) =>
      `${card.name} ${card.description}`.toLowerCase().includes(search) &&
      chosen.every(([value, wanted]) => !wanted || value(card) === wanted),
  );
  const key = COLUMNS[order.column][1];
  const compare = (one, other) => (typeof one === "string" ? one.localeCompare(other) : one - other);
  return found.sort((one, other) => order.direction * compare(key(one), key(other)));
}

function show() {
  const found = shown();
  const rows = found.map((card) =>
    element(
      "tr",
      {},
      ...COLUMNS.map(([, key, content, isNumber]) =>
        element("td", { class: isNumber ? "number" : null }, (content ?? key)(card)),
      ),
    ),
  );
  document.querySelector("#zoo tbody").replaceChildren(...rows);
  document.getElementById("count").textContent = `${found.length} of ${cards.length} models`;
  document.querySelectorAll("#zoo th").forEach((cell, column) => {
    if (column !== order.column) cell.removeAttribute("aria-sort");
    else cell.setAttribute("aria-sort", order.direction > 0 ? "ascending" : "descending");
  });
  drawScatter(found.filter((card) => card.accuracy));
}

function drawScatter(classifiers) {
  const figure = document.getElementById("scatter");
  if (!classifiers.length) return figure.replaceChildren("No classifier is in the table.");
  const { Plot } = globalThis;
  const tiers = [...new Set(cards.map((card) => card.words.tier))].sort();
  const place = { x: "macs", stroke: (card) => card.words.tier };
  const made = plot("Accuracy of the classifiers in the table against their MACs", {
    width: 900,
    height: 420,
    marginLeft: 60,
    inset: 14,
    x: { type: "log", label: "MACs of one input →", grid: true, ticks: 6, tickFormat: "s" },
    y: { label: "↑ Test accuracy (%)", grid: true },
    color: { legend: true, domain: tiers, range: ["#7a5cd6", "#128a68", "#d0610f"] },
    symbol: { legend: true },
    marks: [
      Plot.ruleX(classifiers, {
        ...place,
        y1: (card) => 100 * card.accuracy.interval_95[0],
        y2: (card) => 100 * card.accuracy.interval_95[1],
      }),
      Plot.dot(classifiers, {
        ...place,
        y: (card) => 100 * card.accuracy.test,
        symbol: (card) => card.dataset.name,
        strokeWidth: 2,
        r: 5,
        href: (card) => `models/${card.name}.html`,
        ariaLabel: (card) => `${card.name}: ${card.words.result}, ${card.words.macs} MACs`,
        title: (card) => `${card.name}\n${card.words.result}, ${card.words.macs} MACs\ntier ${card.words.tier}`,
        tip: true,
      }),
    ],
  });
  figure.replaceChildren(made);
}
