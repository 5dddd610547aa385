"""What every layer must pass: Keras' own layer test, saving, dtypes, shapes, masks, and its declared degree."""

import importlib.util
import inspect
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops
from keras.src.testing import TestCase  # Keras' layer test battery; it has no public name

import pinet_keras

from .battery import CASES, array, randomize

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
ROOT = Path(pinet_keras.__file__).parents[1]


@cases
def test_keras_layer_battery(case):
    TestCase("run_layer_test").run_layer_test(
        case.layer_class,
        case.arguments,
        input_shape=case.input_shape,
        expected_output_shape=case.output_shape,
        expected_output_dtype="float32",
        expected_num_trainable_weights=case.trainable,
        expected_num_non_trainable_weights=case.non_trainable,
        expected_num_non_trainable_variables=case.non_trainable + case.seeds,
        expected_num_seed_generators=case.seeds,
        expected_num_losses=case.losses,
        supports_masking=case.masks,
    )


@cases
def test_config_survives_json(case):
    layer = case.layer()
    config = json.loads(json.dumps(layer.get_config()))
    assert case.layer_class.from_config(config).get_config() == layer.get_config()
    assert set(case.arguments) <= set(config)


@cases
def test_arguments_are_spelled_out_and_others_refused(case):
    own = [name for name in inspect.signature(case.layer_class).parameters if name != "kwargs"]
    assert set(own) <= set(case.layer().get_config())
    with pytest.raises(ValueError) as refused:
        case.layer(activation="relu", name="named")
    assert str(refused.value) == (
        f"{case.layer_class.__name__} has no argument `activation`; it has {', '.join(own)}, name, dtype, trainable. "
        "Received: activation='relu'"
    )


def trained_like(case, rng):
    """A model of the one layer, with weights that no initializer would give, and a batch for it."""
    model = keras.Sequential([keras.Input(case.input_shape[1:]), case.layer()])
    randomize(model, rng)
    return model, rng.normal(size=case.input_shape).astype("float32")


@cases
def test_saves_and_loads_whole(case, rng, tmp_path):
    model, x = trained_like(case, rng)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert type(loaded.layers[0]) is case.layer_class
    np.testing.assert_allclose(array(loaded(x)), array(model(x)), rtol=1e-6, atol=1e-6)


READ_ON_THIS_BACKEND = """
import sys
from pathlib import Path
import keras, numpy as np
import pinet_keras
for path in sorted(Path(sys.argv[1]).glob("*.json")):
    model = keras.models.model_from_json(path.read_text())
    model.load_weights(path.with_suffix(".weights.h5"))
    data = np.load(path.with_suffix(".npz"))
    y = model.predict(data["x"], verbose=0)
    np.testing.assert_allclose(y, data["y"], rtol=1e-4, atol=1e-5, err_msg=path.name)
    print("read", path.name)
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_weights_move_to_other_backend(backend, rng, tmp_path):
    if backend == keras.backend.backend():
        pytest.skip(f"{backend} is the backend that writes")
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed, so the weights cannot be read on it")
    for case in CASES:
        model, x = trained_like(case, rng)
        model.save_weights(tmp_path / f"{case.name}.weights.h5")
        (tmp_path / f"{case.name}.json").write_text(model.to_json())
        np.savez(tmp_path / f"{case.name}.npz", x=x, y=array(model(x)))
    done = subprocess.run(
        [sys.executable, "-c", READ_ON_THIS_BACKEND, str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("read ") == len(CASES)


@pytest.mark.parametrize("dtype, tolerance", [("float16", 1e-2), ("bfloat16", 6e-2)])
@cases
def test_mixed_precision(case, dtype, tolerance, rng):
    x = rng.normal(size=case.input_shape).astype("float32")
    exact, mixed = case.layer(), case.layer(dtype=f"mixed_{dtype}")
    symbolic = mixed(keras.KerasTensor(case.input_shape))
    randomize(mixed, rng)
    exact.build(case.input_shape)
    exact.set_weights(mixed.get_weights())
    y = mixed(x)
    assert keras.backend.standardize_dtype(symbolic.dtype) == dtype
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    assert {weight.dtype for weight in mixed.weights} <= {"float32"}
    reference = array(exact(x))
    error = np.abs(array(ops.cast(y, "float32")) - reference).max()
    assert error < tolerance * max(1, np.abs(reference).max())


@cases
@pytest.mark.parametrize("batch", [None, 2])
def test_symbolic_shape_is_eager_shape(case, batch, rng):
    layer = case.layer()
    symbolic = layer(keras.KerasTensor((batch, *case.input_shape[1:])))
    y = layer(rng.normal(size=(2, *case.input_shape[1:])).astype("float32"))
    assert tuple(symbolic.shape) == (batch, *y.shape[1:])
    assert layer.compute_output_shape((2, *case.input_shape[1:])) == tuple(y.shape)


@cases
def test_masks_are_declared(case, rng):
    """Layers that work position by position pass a mask on unchanged; those with windows do not claim to."""
    layer = case.layer()
    assert layer.supports_masking is case.masks
    mask = np.ones(case.input_shape[:2], bool)
    if case.masks:
        assert layer.compute_mask(rng.normal(size=case.input_shape), mask) is mask
    else:
        assert "mask" not in layer._call_signature.parameters


@pytest.mark.usefixtures("float64")
@cases
def test_degree_is_as_declared(case, rng):
    """On a random line the (N+1)-th finite difference vanishes and the N-th does not."""
    layer = case.layer(dtype="float64")
    layer.build(case.input_shape)
    randomize(layer, rng)
    degree = layer.degree_rule([1])
    assert degree == case.degree
    assert layer.degree_rule([6]) == 6 * case.degree
    assert layer.multiplications_rule() == case.inner_depth
    assert_degree_on_line(layer, degree, case.input_shape, rng)


def assert_degree_on_line(function, degree, input_shape, rng):
    start, direction = rng.normal(size=(2, *input_shape))
    values = [array(function(start + t * direction)) for t in np.linspace(-1, 1, degree + 2)]
    assert values[0].dtype == np.float64

    def difference(order):
        weights = [(-1) ** (order - i) * math.comb(order, i) for i in range(order + 1)]
        found = sum(weight * value for weight, value in zip(weights, values, strict=False))
        size = sum(abs(weight) * np.abs(value) for weight, value in zip(weights, values, strict=False))
        return np.abs(found).max() / size.max()

    assert difference(degree + 1) < 1e-12
    assert difference(degree) > 1e-6


@pytest.mark.usefixtures("float64")
def test_degrees_multiply_in_a_product_of_polynomials(rng):
    """A product of polynomials is a plain stack of layers."""
    layers = [
        pinet_keras.PolyConv2D(3, 2, degree=2, dtype="float64"),
        pinet_keras.PolynomialActivation(3, dtype="float64"),
        keras.layers.Flatten(dtype="float64"),
        pinet_keras.PolyDense(2, degree=2, decomposition="ncp", dtype="float64"),
    ]
    model = keras.Sequential([keras.Input((3, 3, 2), dtype="float64"), *layers])
    randomize(model, rng)
    degree = 1
    for layer in layers:
        if hasattr(layer, "degree_rule"):
            degree = layer.degree_rule([degree])
    assert degree == 12
    assert_degree_on_line(model, degree, (2, 3, 3, 2), rng)
