// Loads and runs ONNX files. A message {id, name, url, tensors} is answered by {id, values, milliseconds} or {id, error}.

import * as ort from "../vendor/ort.wasm.bundle.min.mjs";
import { decompressed } from "./gzip.js";

const WASM = new URL("../vendor/ort-wasm-simd-threaded.wasm.gz", import.meta.url);
const sessions = new Map();
let runtime;
let queue = Promise.resolve(); // one run after the other: a session takes no second one

function prepare() {
  runtime ??= decompressed(WASM).then((bytes) => {
    ort.env.wasm.wasmBinary = bytes;
    ort.env.wasm.numThreads = 1; // several need headers that static hosts do not send
  });
  return runtime;
}

async function create(url) {
  const [bytes] = await Promise.all([decompressed(url), prepare()]);
  return ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
}

function session(name, url) {
  if (!sessions.has(name)) {
    const made = create(url);
    made.catch(() => sessions.delete(name)); // so that it is tried again
    sessions.set(name, made);
  }
  return sessions.get(name);
}

async function answer({ name, url, tensors }) {
  const model = await session(name, url);
  if (tensors === null) return {};
  const metadata = model.inputMetadata;
  const isFloat = (input) => metadata.find(({ name }) => name === input).type === "float32";
  const names = [...model.inputNames].sort((one, other) => isFloat(other) - isFloat(one));
  const feeds = {};
  names.forEach((input, index) => {
    const { type, data, dims } = tensors[index];
    feeds[input] = new ort.Tensor(type, data, dims);
  });
  const started = performance.now();
  const outputs = await model.run(feeds);
  const { data } = outputs[model.outputNames[0]];
  return { values: new Float32Array(data), milliseconds: performance.now() - started };
}

onmessage = ({ data }) => {
  queue = queue.then(async () => {
    try {
      postMessage({ id: data.id, ...(await answer(data)) });
    } catch (error) {
      runtime = sessions.size ? runtime : undefined;
      postMessage({ id: data.id, error: error.message ?? String(error) });
    }
  });
};
