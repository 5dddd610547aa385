"""LiteRT and ONNX: the interpreters compute what Keras computes."""

import pytest

import zoo
from zoo.data.samples import sample_inputs
from zoo.serving.formats import difference


@pytest.mark.parametrize("format, package", [("litert", "ai_edge_litert"), ("onnx", "onnxruntime")])
def test_a_file_computes_what_keras_computes(tmp_path, format, package):
    pytest.importorskip(package)
    path = zoo.export("pinet_digits", tmp_path, format=format)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    images = sample_inputs(zoo.card("pinet_digits"))
    assert difference(path, zoo.load("pinet_digits"), images) < 1e-5
    assert difference(path, zoo.load("pinet_digits", weights=None), images) > 1e-2  # it can tell
    with pytest.raises(ValueError, match="is there already"):
        zoo.export("pinet_digits", tmp_path, format=format)
    assert zoo.export("pinet_digits", tmp_path, format=format, force=True) == path
