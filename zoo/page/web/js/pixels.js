// Pixels of canvases and files.

const MOST_PIXELS = 64e6; // as many as `pinet predict` decodes

/** The pixels of a canvas, `{data, width, height, channels}`: grey (the red channel) or colours. */
export function pixelsOf(canvas, channels) {
  const { width, height } = canvas;
  const rgba = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, width, height).data;
  const data = new Uint8ClampedArray(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < channels; c++) data[pixel * channels + c] = rgba[4 * pixel + c];
  }
  return { data, width, height, channels };
}

/** Show pixels, rounded and clipped to 0..255, on a canvas of their size. */
export function showPixels(canvas, data, [height, width, channels]) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = data[pixel * channels + (channels === 3 ? c : 0)];
    image.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** An image at an address, on a canvas with a white ground; in words what is wrong with a file that is none. */
export async function decode(url, name) {
  const image = new Image();
  image.src = url;
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = () => reject(new Error(`${name} is not an image that this browser can read.`));
  });
  const { naturalWidth: width, naturalHeight: height } = image;
  if (width * height > MOST_PIXELS) {
    throw new Error(`${name} has ${width}×${height} pixels; at most ${MOST_PIXELS / 1e6} megapixels are read.`);
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0);
  return canvas;
}
