"""`zoo.predictor`: what it takes, what it gives, and what it runs on."""

import os
import warnings

import keras
import numpy as np
import pytest

import zoo
from zoo.data.samples import sample_inputs
from zoo.evaluation.probabilities import probabilities
from zoo.inference import compiling, own_models
from zoo.inference.engines import NotCompiled
from zoo.inference.predictor import Predictor

IMAGES = sample_inputs(zoo.card("pinet_digits"))


@pytest.fixture
def digits(warm_cache):
    return zoo.predictor("pinet_digits", engine="onnx")


def installed_but(*missing):
    return lambda name: None if name in missing else object()


@pytest.fixture
def fails_to_compile(monkeypatch):
    def compiled(model, engine):
        raise NotCompiled(f"the network has an operation that {engine} lacks")

    monkeypatch.setattr(compiling, "compiled", compiled)


def test_labels_and_calibrated_probabilities(digits):
    labels, rows = digits.classify(IMAGES)
    expected = probabilities(zoo.load("pinet_digits"), zoo.card("pinet_digits"), IMAGES)
    assert labels == list("0123456789")
    assert np.abs(rows - expected).max() < 1e-5
    assert np.abs(rows - probabilities_without_temperature(digits)).max() > 1e-3


def probabilities_without_temperature(predictor):
    powers = np.exp(predictor.predict(IMAGES))
    return powers / powers.sum(axis=1, keepdims=True)


def test_logits_beyond_float32_get_no_label():
    def network(arrays):
        return np.array([[1.0, 3.0], [np.inf, 0.0]], "float32")

    network.engine = "onnx"
    card = {**zoo.card("pinet_digits"), "class_names": ["no", "yes"]}
    labels, rows = Predictor(network, card).classify(IMAGES[:2])
    assert labels == ["yes", None] and np.isfinite(rows[0]).all() and np.isnan(rows[1]).all()


@pytest.mark.parametrize("engine", ["litert", "onnx", "keras"])
def test_floats_batches_and_single_images_have_the_same_logits(warm_cache, engine):
    predictor = zoo.predictor("pinet_digits", engine=engine)
    assert predictor.engine == engine
    expected = zoo.load("pinet_digits").predict_on_batch(IMAGES)
    for images in (IMAGES, IMAGES.astype("float64"), IMAGES.astype("int64")):
        assert np.abs(predictor.predict(images) - expected).max() < 1e-4
    assert np.abs(predictor.predict(IMAGES, batch_size=3) - expected).max() < 1e-4
    assert np.abs(predictor.predict(IMAGES[7:8]) - expected[7:8]).max() < 1e-4


@pytest.mark.parametrize(
    "images, words",
    [
        (IMAGES[0], "needs its batch axis"),
        (IMAGES[:, :7], "must have the shape"),
        (IMAGES[:0], "at least one image"),
        (np.full((1, 8, 8, 1), 999.0), "must lie in 0..255"),
        (np.full((1, 8, 8, 1), np.nan), "NaN"),
        (["a"], "must be integers or floats"),
    ],
)
def test_what_is_no_batch_of_images_is_refused(digits, images, words):
    with pytest.raises(ValueError, match=words):
        digits.predict(images)


def test_a_batch_size_that_is_none_is_refused(digits):
    with pytest.raises(ValueError, match="`batch_size` must be an integer of at least 1. Received: batch_size=-1"):
        digits.predict(IMAGES, batch_size=-1)


def test_images_on_another_scale_are_told_once(digits):
    with pytest.warns(UserWarning, match="No pixel is above 1"):
        digits.predict(IMAGES / 255)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        digits.predict(IMAGES / 255)


def test_clips_and_noise_are_checked():
    """With the card alone: the checks come before the network."""

    def network(arrays):
        return np.zeros((len(arrays[0]), 2), "float32")

    network.engine = "onnx"
    audio, generator = (Predictor(network, zoo.card(f"pinet_{name}")) for name in ("spoken_digit", "digits_generator"))
    assert audio.predict(np.zeros((3, 8192), "int16")).shape == (3, 2)
    with pytest.raises(ValueError, match="must have the shape"):
        audio.predict(np.zeros((3, 100), "int16"))
    noise = np.zeros((3, generator.latent_size), "float32")
    assert generator.predict([noise, np.arange(3)]).shape == (3, 2)
    for inputs, words in (
        (noise, "takes"),
        ([noise * np.nan, np.arange(3)], "must lie in -1..1"),
        ([noise, np.arange(2)], "one a latent"),
        ([noise, np.array([0, 1, 10])], "whole numbers in 0..9"),
        ([noise[:, 1:], np.arange(3)], "must have the shape"),
    ):
        with pytest.raises(ValueError, match=words):
            generator.predict(inputs)
    with pytest.raises(ValueError, match="no classes to choose from"):
        generator.classify([noise, np.arange(3)])


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"engine": "tensorrt"}, "`engine` must be one of auto, litert, onnx, keras"),
        ({"threads": 0}, "`threads` must be an integer of at least 1, or None"),
        ({"name_or_model": 7}, "made of a name, a folder or a keras.Model. Received: 7"),
        ({"name_or_model": "pinet_digit"}, "did you mean pinet_digits"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        zoo.predictor(**{"name_or_model": "pinet_digits", **arguments})


def test_threads_are_those_of_onnx_runtime(warm_cache):
    for threads in (1, 3):
        predictor = zoo.predictor("pinet_digits", engine="onnx", threads=threads)
        assert predictor._network._session.get_session_options().intra_op_num_threads == threads


def test_threads_are_those_of_litert(warm_cache):
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("counts threads as Linux lists them")
    for threads in (1, 3):
        before = len(os.listdir("/proc/self/task"))
        predictor = zoo.predictor("pinet_digits", engine="litert", threads=threads)
        predictor.predict(IMAGES)
        assert len(os.listdir("/proc/self/task")) - before == threads - 1


@pytest.mark.usefixtures("warm_cache")
def test_a_call_of_litert_during_another_disturbs_it_not(monkeypatch):
    from ai_edge_litert.interpreter import Interpreter

    predictor = zoo.predictor("pinet_digits", engine="litert")
    expected, invoke, inner = predictor.predict(IMAGES), Interpreter.invoke, []

    def meanwhile(interpreter):
        if not inner:
            inner.append(None)
            inner[0] = predictor.predict(IMAGES[::-1])
        invoke(interpreter)

    monkeypatch.setattr(Interpreter, "invoke", meanwhile)
    assert np.array_equal(predictor.predict(IMAGES), expected)
    assert np.array_equal(inner[0], expected[::-1])


@pytest.mark.usefixtures("warm_cache")
def test_auto_takes_what_there_is(monkeypatch, tmp_path):
    assert zoo.predictor("pinet_digits").engine == "litert"
    for missing, engine in (
        (["tf2onnx", "tensorflow"], "litert"),  # compiled already
        (["ai_edge_litert", "tf2onnx"], "onnx"),
        (["ai_edge_litert", "onnxruntime"], "keras"),
    ):
        monkeypatch.setattr("zoo.extras.find_spec", installed_but(*missing))
        assert zoo.predictor("pinet_digits").engine == engine
    monkeypatch.setenv("PINET_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("zoo.extras.find_spec", installed_but("ai_edge_litert", "tf2onnx"))
    assert zoo.predictor("pinet_digits").engine == "keras"


@pytest.mark.parametrize(
    "engine, missing, extra",
    [
        ("litert", "ai_edge_litert", "ai-edge-litert.*litert"),
        ("onnx", "onnxruntime", "onnxruntime.*onnx"),
        ("onnx", "tf2onnx", "tf2onnx.*onnx"),
    ],
)
def test_an_engine_that_is_not_installed_names_its_extra(monkeypatch, engine, missing, extra):
    monkeypatch.setattr("zoo.extras.find_spec", installed_but(missing))
    name, extra = extra.split(".*")
    with pytest.raises(ImportError, match=rf"This needs {name}, .*pip install '.\[{extra}\]'"):
        zoo.predictor("pinet_digits", engine=engine)


@pytest.mark.usefixtures("fails_to_compile")
def test_what_cannot_be_compiled_runs_on_keras_and_says_so():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("there nothing is compiled")
    with pytest.warns(UserWarning, match="an operation that onnx lacks; it runs on Keras"):
        assert zoo.predictor("pinet_digits").engine == "keras"
    with pytest.raises(ValueError, match="an operation that litert lacks"):
        zoo.predictor("pinet_digits", engine="litert")


@pytest.mark.filterwarnings("error")
def test_what_litert_refuses_runs_on_onnx_runtime(warm_cache, monkeypatch, fails_to_compile):
    (litert,) = warm_cache.rglob("*.tflite")
    litert.unlink()
    assert zoo.predictor("pinet_digits").engine == "onnx"


@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_a_network_that_computes_something_else_is_refused(monkeypatch, warm_cache, engine):
    write = getattr(compiling, f"write_{engine}")
    monkeypatch.setattr(compiling, f"write_{engine}", lambda model, path: write(twice(model), path))
    with pytest.raises(NotCompiled, match="outputs differ"):
        compiling.compiled(zoo.load("pinet_digits"), engine)


def test_numbers_in_sums_and_products_of_onnx_have_all_axes(warm_cache, tmp_path):
    """Otherwise ONNX Runtime multiplies grey images 30 times as slowly."""
    onnx = pytest.importorskip("onnx")
    x = keras.Input((4, 4, 1))
    y = keras.layers.Rescaling(1 / 128, -1)(x)
    z = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(y)) * 1.5  # each pixel of it has one value a channel
    compiling.write_onnx(keras.Model(x, keras.layers.Dense(2)(z * z)), tmp_path / "x.onnx")
    graph = onnx.load(tmp_path / "x.onnx").graph
    names = {name for node in graph.node if node.op_type in ("Add", "Mul") for name in node.input}
    numbers = [list(each.dims) for each in graph.initializer if each.name in names and max(each.dims, default=1) == 1]
    assert sorted(numbers) in ([[1] * 4, [1] * 4], [[1] * 2, [1] * 4, [1] * 4])


def twice(model):
    return keras.Model(model.input, 2 * model.output)


def test_a_model_of_ones_own(warm_cache):
    x = keras.Input((4, 4, 1))
    y = keras.layers.Flatten()(x)
    model = keras.Model(x, keras.layers.Dense(3)(y * y), name="own")
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), dtype="uint8")
    predictor = zoo.predictor(model)
    assert predictor.engine == "litert"
    expected = model.predict_on_batch(images)
    assert np.abs(predictor.predict(images) - expected).max() <= 1e-4 * np.abs(expected).max()
    assert predictor.classify(images)[0] == [str(row.argmax()) for row in expected]
    with pytest.raises(ValueError, match="A model to predict with takes images"):
        own_models.card_of(keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)]))
