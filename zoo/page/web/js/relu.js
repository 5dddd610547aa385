// A dense ReLU network along a line, exactly: every value is a piecewise linear function of t, kept as its values at all
// bends. An affine map moves the values; a ReLU adds the places where one of its units changes its sign.

import { largestOf } from "./chebyshev.js";

const SAME_SLOPE = 1e-9;
const CLOSE = 1e-12;

const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

/** The layers of `data/relu.json`. */
export const decodeLayers = ({ layers }) =>
  layers.map((layer) => ({ ...layer, kernel: floats(layer.kernel), bias: floats(layer.bias) }));

function affine({ inputs, outputs, kernel, bias }, values) {
  const found = Float64Array.from(bias);
  for (let i = 0; i < inputs; i++) {
    if (values[i]) for (let o = 0; o < outputs; o++) found[o] += values[i] * kernel[i * outputs + o];
  }
  return found;
}

const between = (one, other, part) => one.map((value, index) => value + part * (other[index] - value));

/** Add the t at which a unit is zero, and all values there. */
function withZeros(ts, rows) {
  const [newTs, newRows] = [[], []];
  ts.forEach((t, k) => {
    newTs.push(t);
    newRows.push(rows[k]);
    if (k === ts.length - 1) return;
    const parts = [...rows[k]]
      .map((value, unit) => (value * rows[k + 1][unit] < 0 ? value / (value - rows[k + 1][unit]) : null))
      .filter((part) => part !== null)
      .sort((one, other) => one - other);
    for (const part of parts) {
      const zero = t + part * (ts[k + 1] - t);
      if (zero - newTs.at(-1) <= CLOSE || ts[k + 1] - zero <= CLOSE) continue;
      newTs.push(zero);
      newRows.push(between(rows[k], rows[k + 1], part));
    }
  });
  return [newTs, newRows];
}

/** The pieces between two images of grey levels: `{ts, rows}`, the ends and all bends, and the logits there. */
export function pieces(layers, start, end) {
  let ts = [0, 1];
  let rows = [start, end].map((image) => affine(layers[0], Float64Array.from(image, (value) => value / 255)));
  for (const layer of layers.slice(1)) {
    [ts, rows] = withZeros(ts, rows);
    rows = rows.map((row) => affine(layer, row.map((value) => Math.max(value, 0))));
  }
  return merged(ts, rows);
}

/** Leave out the bends of units at which no logit bends. */
function merged(ts, rows) {
  const slopes = ts.slice(1).map((t, k) => rows[k + 1].map((value, o) => (value - rows[k][o]) / (t - ts[k])));
  const steepest = Math.max(...slopes.map((row) => Math.max(...row.map(Math.abs))));
  const bends = (k) => Math.max(...slopes[k].map((slope, o) => Math.abs(slope - slopes[k - 1][o]))) > SAME_SLOPE * steepest;
  const kept = ts.map((_, k) => k).filter((k) => k === 0 || k === ts.length - 1 || bends(k));
  return { ts: kept.map((k) => ts[k]), rows: kept.map((k) => rows[k]) };
}

/** Every t where the largest of the piecewise linear functions changes: `[{t, before, after}]`. */
export function changesOf({ ts, rows }) {
  const found = [];
  for (let k = 0; k < ts.length - 1; k++) {
    let leader = found.at(-1)?.after ?? largestOf([...rows[0]]);
    let part = 0;
    for (;;) {
      const overtakes = [...rows[k]]
        .map((value, index) => {
          const [lead, end] = [rows[k][leader] - value, rows[k + 1][leader] - rows[k + 1][index]];
          return { index, part: end < 0 ? lead / (lead - end) : Infinity };
        })
        .filter((each) => each.index !== leader && each.part >= part && each.part < Infinity)
        .sort((one, other) => one.part - other.part);
      if (!overtakes.length) break;
      part = overtakes[0].part;
      found.push({ t: ts[k] + part * (ts[k + 1] - ts[k]), before: leader, after: overtakes[0].index });
      leader = overtakes[0].index;
    }
  }
  return found;
}
