"""A compiled network on LiteRT. Imports neither Keras nor a backend."""

import os

import numpy as np

from zoo.extras import require


class LitertNetwork:
    """A network in a `.tflite` file, called with the arrays of its inputs, by several threads at once.

    Args:
        contents: of the file.
        threads: how many threads a call may use; `None` is one for each core.

    Raises:
        ImportError: ai-edge-litert is not installed.
        ValueError: contents that are no network.
    """

    engine = "litert"

    def __init__(self, contents: bytes, threads: int | None = None):
        require("ai_edge_litert")
        self._contents, self._threads = contents, threads or os.cpu_count()
        interpreter = self._interpreter()
        self._inputs = [(each["index"], each["dtype"]) for each in interpreter.get_input_details()]
        self._output = interpreter.get_output_details()[0]["index"]
        self._idle: list = [(interpreter, None)]  # with the shapes of the inputs that each is prepared for

    def __call__(self, arrays: list[np.ndarray]) -> np.ndarray:
        # An interpreter computes one call at a time, so there are as many as there were calls at the same time.
        try:
            interpreter, prepared = self._idle.pop()
        except IndexError:
            interpreter, prepared = self._interpreter(), None
        shapes = [array.shape for array in arrays]
        if shapes != prepared:
            for (index, _), shape in zip(self._inputs, shapes, strict=True):
                interpreter.resize_tensor_input(index, shape)
            interpreter.allocate_tensors()
        for (index, dtype), array in zip(self._inputs, arrays, strict=True):
            interpreter.set_tensor(index, array.astype(dtype, copy=False))
        interpreter.invoke()
        outputs = interpreter.get_tensor(self._output)  # a copy
        self._idle.append((interpreter, shapes))
        return outputs

    def _interpreter(self):
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(model_content=self._contents, num_threads=self._threads)
