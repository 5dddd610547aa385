// Polynomials on -1..1 by their Chebyshev coefficients, and where the largest of several changes.

const SHORTEST = 1e-9; // parts that are not divided further
const BISECTIONS = 60;

/** The zeros of the Chebyshev polynomial of degree `count`. */
export const nodes = (count) => Array.from({ length: count }, (_, k) => Math.cos((Math.PI * (k + 0.5)) / count));

const cosines = new Map();
/** cos(π j (2k + 1) / 2 count) for all j and k; large angles are reduced as integers. */
function table(count) {
  if (!cosines.has(count)) {
    const row = (_, j) => Float64Array.from({ length: count }, (_, k) => Math.cos((Math.PI / (2 * count)) * ((j * (2 * k + 1)) % (4 * count))));
    cosines.set(count, Array.from({ length: count }, row));
  }
  return cosines.get(count);
}

/** Coefficients of the polynomial that takes these values at the nodes. */
export function fit(values) {
  const count = values.length;
  const found = table(count).map((row) => (2 / count) * row.reduce((sum, cosine, k) => sum + cosine * values[k], 0));
  found[0] /= 2;
  return found;
}

/** The value at x, by Clenshaw's recurrence. */
export function evaluate(coefficients, x) {
  let [one, two] = [0, 0];
  for (let k = coefficients.length - 1; k > 0; k--) [one, two] = [coefficients[k] + 2 * x * one - two, one];
  return coefficients[0] + x * one - two;
}

export function derivative(coefficients) {
  const count = coefficients.length;
  const found = new Array(Math.max(1, count - 1)).fill(0);
  for (let k = count - 1; k > 0; k--) found[k - 1] = 2 * k * coefficients[k] + (found[k + 1] ?? 0);
  found[0] /= 2;
  return found;
}

/** A number that the polynomial never falls below on -1..1: no Chebyshev polynomial exceeds 1. */
const least = (coefficients) => coefficients.reduce((sum, value, k) => (k ? sum - Math.abs(value) : value), 0);
const minus = (one, other) => one.map((value, k) => value - other[k]);
/** The same polynomial with low..high as its -1..1. */
const local = (coefficients, low, high) =>
  fit(nodes(coefficients.length).map((x) => evaluate(coefficients, (low + high) / 2 + ((high - low) / 2) * x)));
export const largestOf = (values) => values.reduce((best, value, index) => (value > values[best] ? index : best), 0);

/**
 * Every x in -1..1 where the largest of the polynomials changes: `{found: [{x, before, after, slope}], open}`.
 *
 * The interval is halved until on each part one polynomial is above all others, or two are and their difference is
 * monotone; so no change is missed. `open` lists parts where two are equal or touch, which no halving decides.
 */
export function changes(polynomials) {
  const found = [];
  const open = [];
  const difference = (one, other) => minus(polynomials[one], polynomials[other]);
  const examine = (low, high) => {
    const here = polynomials.map((each) => local(each, low, high));
    const leader = largestOf(here.map(([middle]) => middle));
    const others = here.map((_, index) => index).filter((index) => index !== leader && least(minus(here[leader], here[index])) <= 0);
    if (!others.length) return;
    if (others.length === 1) {
      const slope = derivative(minus(here[leader], here[others[0]]));
      if (least(slope) > 0 || least(slope.map((value) => -value)) > 0) return bisect(low, high, leader, others[0]);
    }
    if (high - low < SHORTEST) return open.push([low, high]);
    examine(low, (low + high) / 2);
    examine((low + high) / 2, high);
  };
  const bisect = (low, high, one, other) => {
    const gap = difference(one, other);
    const isAbove = evaluate(gap, low) > 0;
    if (isAbove === evaluate(gap, high) > 0) return;
    for (let step = 0; step < BISECTIONS; step++) {
      const middle = (low + high) / 2;
      if (evaluate(gap, middle) > 0 === isAbove) low = middle;
      else high = middle;
    }
    const [before, after] = isAbove ? [one, other] : [other, one];
    found.push({ x: (low + high) / 2, before, after, slope: Math.abs(evaluate(derivative(gap), low)) });
  };
  const parts = Math.floor((polynomials[0].length - 1) / 4) + 1;
  for (let part = 0; part < parts; part++) examine(-1 + (2 * part) / parts, -1 + (2 * (part + 1)) / parts);
  return { found, open };
}
