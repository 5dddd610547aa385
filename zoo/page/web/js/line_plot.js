// Logits along a line, one curve a class, with the places where the prediction changes.

import { plot } from "./plot.js";

/** ts and rows: points and the logits there; crossings with t, before and after; t of the slider; bends to mark. */
export function drawLogits(label, { ts, rows, names, crossings, t, bends }) {
  const { Plot } = globalThis;
  const curves = names.flatMap((name, index) => ts.map((each, k) => ({ t: each, logit: rows[k][index], name })));
  return plot(label, {
    width: 720,
    height: 320,
    marginLeft: 50,
    marginTop: 48,
    x: { label: "t →", domain: [0, 1] },
    y: { label: "logit", grid: true, labelArrow: "none", labelAnchor: "center" },
    color: { domain: names, scheme: "tableau10", legend: true },
    marks: [
      Plot.ruleX(bends, { x: (each) => each, strokeOpacity: 0.25, strokeWidth: 1 }),
      Plot.line(curves, { x: "t", y: "logit", stroke: "name", strokeWidth: 2 }),
      Plot.ruleX(crossings, { x: "t", strokeWidth: 1.5, strokeDasharray: "4 3" }),
      Plot.text(crossings, {
        x: "t",
        frameAnchor: "top",
        dy: -6,
        lineAnchor: "bottom",
        text: ({ t: at, before, after }) => `${names[before]} → ${names[after]}\n${at.toFixed(4)}`,
        fontWeight: 600,
      }),
      Plot.ruleX([t], { strokeWidth: 2.5, strokeOpacity: 0.6 }),
    ],
  });
}
