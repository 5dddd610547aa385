"""A compiled network on ONNX Runtime. Imports neither Keras nor a backend."""

import numpy as np

from zoo.extras import require

DTYPES = {"tensor(float)": "float32", "tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(uint8)": "uint8"}


class OnnxNetwork:
    """A network in an ONNX file, called with the arrays of its inputs.

    Args:
        contents: of the file.
        threads: how many threads a call may use; `None` is one for each core.

    Raises:
        ImportError: onnxruntime is not installed.
        Exception: as ONNX Runtime raises it for contents that are no network.
    """

    engine = "onnx"

    def __init__(self, contents: bytes, threads: int | None = None):
        require("onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors alone
        self._session = onnxruntime.InferenceSession(contents, options, providers=["CPUExecutionProvider"])
        self._inputs = [(each.name, DTYPES[each.type]) for each in self._session.get_inputs()]

    def __call__(self, arrays: list[np.ndarray]) -> np.ndarray:
        given = zip(self._inputs, arrays, strict=True)
        return self._session.run(None, {name: array.astype(dtype, copy=False) for (name, dtype), array in given})[0]
