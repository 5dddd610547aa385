// Resizing as Pillow does it, on which `pinet predict` relies: bicubic with antialiasing, rounded and clipped
// after each direction. Pillow sometimes begins with the other one, which differs where the first one clips.

const SUPPORT = 2;

function bicubic(x) {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

/** For each place of the output: the first input, and the weights of it and those that follow. */
function weighted(inputs, low, high, outputs) {
  const scale = (high - low) / outputs;
  const wide = Math.max(scale, 1);
  return Array.from({ length: outputs }, (_, k) => {
    const centre = low + (k + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - SUPPORT * wide + 0.5));
    const last = Math.min(inputs, Math.trunc(centre + SUPPORT * wide + 0.5));
    const found = Array.from({ length: last - first }, (_, i) => bicubic((first + i - centre + 0.5) / wide));
    const sum = found.reduce((one, other) => one + other, 0);
    return { first, weights: found.map((value) => value / sum) };
  });
}

/** One direction: each output is a weighted sum of inputs that are `step` values apart. */
function pass(image, found, isAcross) {
  const { channels } = image;
  const [width, height] = isAcross ? [found.length, image.height] : [image.width, found.length];
  const data = new Uint8ClampedArray(width * height * channels);
  const step = isAcross ? channels : image.width * channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = found[isAcross ? x : y];
      const from = (isAcross ? y * image.width + first : first * image.width + x) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i] * image.data[from + c + i * step];
        data[(y * width + x) * channels + c] = sum; // rounds and clips
      }
    }
  }
  return { data, width, height, channels };
}

/**
 * Resize a part of an image.
 *
 * image: `{data, width, height, channels}`, values 0..255, rows one after the other.
 * box: `{left, top, width, height}` of the part, which may begin between pixels.
 */
export function resize(image, box, width, height) {
  const across = weighted(image.width, box.left, box.left + box.width, width);
  const down = weighted(image.height, box.top, box.top + box.height, height);
  return pass(pass(image, across, true), down, false);
}

/** The largest part around the middle with the proportions of the output. */
export function middlePart(width, height, outWidth, outHeight) {
  const ratio = outWidth / outHeight;
  const used = width / height >= ratio ? { width: ratio * height, height } : { width, height: width / ratio };
  return { left: (width - used.width) / 2, top: (height - used.height) / 2, ...used };
}
