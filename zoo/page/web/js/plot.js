// Plots by Observable Plot, in the colours of the page.

/** A plot with a label for screen readers. `options` are Plot's. */
export function plot(label, options) {
  const made = globalThis.Plot.plot({
    marginBottom: 46,
    ...options,
    style: { background: "transparent", fontSize: "13px", maxWidth: "100%", overflow: "visible" },
  });
  const svg = made.matches("svg") ? made : made.querySelector(":scope > svg");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("role", "group");
  for (const group of made.querySelectorAll("g[aria-label]")) group.setAttribute("role", "group");
  return made;
}
