"""Training steps with convolutions as matrix products compute what Keras computes."""

import keras
import numpy as np
import pytest

from zoo.training.matrix_convolutions import matrix_convolutions

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="operations of TensorFlow")
RNG = np.random.default_rng(0)
# What is computed as a product: blocks of stride × stride inputs, or any other kernel, whole inputs or not.
PRODUCTS = {
    "blocks, an end that no output needs": {"kernel_size": 4, "strides": 2, "size": 9},
    "blocks, padded": {"kernel_size": (4, 2), "strides": 2, "padding": "same", "size": 7},
    "stride 1": {"kernel_size": (2, 3), "size": 5, "activation": "tanh", "use_bias": False},
    "columns": {"kernel_size": 5, "strides": 2, "padding": "same", "size": 8},
    "columns, not padded": {"kernel_size": (2, 3), "strides": 2, "size": 8},
}
OTHERS = {
    "stride 1, padded": {"kernel_size": 3, "padding": "same", "size": 4},
    "more outputs": {"kernel_size": 2, "size": 6},
    "fewer filters": {"kernel_size": 2, "size": 4, "filters": 127},
    "groups": {"kernel_size": 2, "size": 4, "groups": 2, "channels": 2},
    "dilation": {"kernel_size": 2, "size": 4, "dilation_rate": 2},
    "float16": {"kernel_size": 2, "size": 4, "dtype": "float16"},
    "unequal strides": {"kernel_size": 2, "size": 4, "strides": (1, 2)},
    "channels first": {"kernel_size": 2, "size": 4, "channels": 4, "data_format": "channels_first"},
    "XLA": {"kernel_size": 2, "size": 4},
}


def network(size, filters=128, channels=3, **convolution):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((size, size, channels))
    x = keras.layers.Conv2D(channels, 1)(inputs)  # so that the gradient in the inputs counts
    x = keras.layers.Conv2D(filters, **{"bias_initializer": "ones", **convolution})(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    model.compile(keras.optimizers.SGD(0.01), keras.losses.MeanSquaredError(), jit_compile=False)
    return model


def operations(model):
    """Kinds of operation in the graph of the model."""
    import tensorflow as tf

    batch = tf.zeros((2, *model.input_shape[1:]))
    return [each.type for each in tf.function(model).get_concrete_function(batch).graph.get_operations()]


@pytest.mark.parametrize("case", PRODUCTS)
def test_steps_are_those_of_keras(case):
    plain, product = network(**PRODUCTS[case]), network(**PRODUCTS[case])
    x, y = RNG.normal(size=(3, *plain.input_shape[1:])).astype("float32"), RNG.normal(size=(3, 2)).astype("float32")
    losses = [plain.train_on_batch(x, y) for _ in range(3)]
    with matrix_convolutions(product):
        assert [product.train_on_batch(x, y) for _ in range(3)] == pytest.approx(losses, rel=1e-4)
        assert operations(product).count("Conv2D") == 1  # the first one
    assert operations(product).count("Conv2D") == 2
    for expected, found in zip(plain.weights, product.weights, strict=True):
        assert np.allclose(expected, found, rtol=1e-3, atol=1e-5), expected.path


@pytest.mark.parametrize("case", ["blocks, padded", "columns"])
def test_steps_in_mixed_precision_are_those_of_keras_up_to_its_rounding(case):
    plain, product = (network(**PRODUCTS[case], dtype="mixed_bfloat16") for _ in range(2))
    x, y = RNG.normal(size=(3, *plain.input_shape[1:])).astype("float32"), RNG.normal(size=(3, 2)).astype("float32")
    loss = plain.train_on_batch(x, y)
    with matrix_convolutions(product):
        assert product.train_on_batch(x, y) == pytest.approx(loss, rel=0.05)
        assert operations(product).count("Conv2D") == 1
    for expected, found in zip(plain.weights, product.weights, strict=True):
        assert expected.dtype == found.dtype and np.allclose(expected, found, rtol=0.05, atol=0.01), expected.path


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_not_faster_or_not_known_stays_as_it_is(case):
    model = network(**OTHERS[case])
    model._jit_compile = case == "XLA"  # where another test wanted deterministic operations, Keras leaves XLA out
    with matrix_convolutions(model):
        assert operations(model).count("MatMul") == 1  # of the dense layer
        assert not any("convolution_op" in vars(layer) for layer in model.layers) or case == "more outputs"


def test_layers_of_other_classes_stay_as_they_are():
    class Doubled(keras.layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return 2 * super().convolution_op(inputs, kernel)

    model = keras.Sequential([keras.Input((4, 4, 3)), Doubled(128, 2)])
    model.compile(jit_compile=False)
    expected = model.predict_on_batch(np.ones((1, 4, 4, 3), "float32"))
    with matrix_convolutions(model):
        assert np.array_equal(model(np.ones((1, 4, 4, 3), "float32")), expected)
