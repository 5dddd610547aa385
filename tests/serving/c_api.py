"""Runs requests on a SavedModel through TensorFlow's C API, as a server does: python c_api.py SAVED_MODEL < requests.

The process imports neither keras nor tensorflow nor this project. Requests and answers are JSON lists; a request is
{"inputs": {tensor: value}, "outputs": [tensor, ...]}, an answer a list of values or {"error": code, "message": text},
and a value {"dtype": name, "shape": [...], "b64": bytes}, or {"dtype": "string", "shape": [...], "b64s": [bytes, ...]}.
"""

import ctypes as c
import importlib.util
import json
import os
import sys
from base64 import b64decode, b64encode
from pathlib import Path

DTYPES = {"float32": 1, "uint8": 4, "string": 7, "int64": 9}  # TF_DataType in tf_datatype.h
NAMES = {number: name for name, number in DTYPES.items()}
TSTRING_BYTES = 24


class Output(c.Structure):
    """TF_Output: one output of an operation."""

    _fields_ = [("operation", c.c_void_p), ("index", c.c_int)]


def library():
    """The library inside TensorFlow's wheel, with the return types of the functions used here."""
    folder = Path(importlib.util.find_spec("tensorflow").submodule_search_locations[0])  # finds, does not import
    tf = c.CDLL(str(next(folder.glob("libtensorflow_cc.*"))))
    pointers = (
        "TF_NewStatus TF_NewSessionOptions TF_NewGraph TF_LoadSessionFromSavedModel TF_GraphOperationByName "
        "TF_AllocateTensor TF_TensorData TF_StringGetDataPointer"
    )
    for name in pointers.split():
        getattr(tf, name).restype = c.c_void_p
    for name in ("TF_TensorByteSize", "TF_StringGetSize"):
        getattr(tf, name).restype = c.c_size_t
    tf.TF_Dim.restype = c.c_int64
    tf.TF_Message.restype = c.c_char_p
    return tf


class Model:
    """A session on a SavedModel."""

    def __init__(self, folder):
        self.tf = library()
        self.status = c.c_void_p(self.tf.TF_NewStatus())
        self.graph = c.c_void_p(self.tf.TF_NewGraph())
        options, tags = c.c_void_p(self.tf.TF_NewSessionOptions()), (c.c_char_p * 1)(b"serve")
        self.session = c.c_void_p(
            self.tf.TF_LoadSessionFromSavedModel(
                options, None, os.fsencode(folder), tags, 1, self.graph, None, self.status
            )
        )
        if self.tf.TF_GetCode(self.status):
            raise SystemExit(self.tf.TF_Message(self.status).decode())

    def run(self, request):
        """The answer to one request."""
        tf, inputs, outputs = self.tf, request["inputs"], request["outputs"]
        feeds = (Output * len(inputs))(*map(self._output, inputs))
        values = (c.c_void_p * len(inputs))(*map(self._tensor, inputs.values()))
        fetches, results = (Output * len(outputs))(*map(self._output, outputs)), (c.c_void_p * len(outputs))()
        tf.TF_SessionRun(
            self.session, None, feeds, values, len(feeds), fetches, results, len(fetches), None, 0, None, self.status
        )
        code = tf.TF_GetCode(self.status)
        if code:
            return {"error": code, "message": tf.TF_Message(self.status).decode(errors="replace")}
        return [self._value(c.c_void_p(result)) for result in results]

    def _output(self, tensor):
        name, index = tensor.split(":")
        operation = self.tf.TF_GraphOperationByName(self.graph, name.encode())
        if not operation:
            raise SystemExit(f"the graph has no operation {name}")
        return Output(operation, int(index))

    def _tensor(self, value):
        tf, shape = self.tf, value["shape"]
        contents = [b64decode(item) for item in value["b64s"]] if "b64s" in value else b64decode(value["b64"])
        size = TSTRING_BYTES * len(contents) if "b64s" in value else len(contents)
        dims = (c.c_int64 * len(shape))(*shape)
        tensor = c.c_void_p(tf.TF_AllocateTensor(DTYPES[value["dtype"]], dims, len(shape), c.c_size_t(size)))
        data = tf.TF_TensorData(tensor)
        if "b64s" not in value:
            c.memmove(data, contents, size)
            return tensor.value
        for position, content in enumerate(contents):
            text = c.c_void_p(data + position * TSTRING_BYTES)
            tf.TF_StringInit(text)
            tf.TF_StringCopy(text, content, c.c_size_t(len(content)))
        return tensor.value

    def _value(self, tensor):
        tf = self.tf
        shape = [tf.TF_Dim(tensor, axis) for axis in range(tf.TF_NumDims(tensor))]
        dtype, data, size = NAMES[tf.TF_TensorType(tensor)], tf.TF_TensorData(tensor), tf.TF_TensorByteSize(tensor)
        if dtype != "string":
            return {"dtype": dtype, "shape": shape, "b64": b64encode(c.string_at(data, size)).decode()}
        texts = [c.c_void_p(data + start) for start in range(0, size, TSTRING_BYTES)]
        contents = [c.string_at(tf.TF_StringGetDataPointer(text), tf.TF_StringGetSize(text)) for text in texts]
        return {"dtype": dtype, "shape": shape, "b64s": [b64encode(content).decode() for content in contents]}


if __name__ == "__main__":
    model = Model(sys.argv[1])
    answers = [model.run(request) for request in json.load(sys.stdin)]
    imported = {name.partition(".")[0] for name in sys.modules}
    assert not imported & {"tensorflow", "keras", "zoo", "pinet_keras", "numpy"}, imported
    print(json.dumps(answers))
