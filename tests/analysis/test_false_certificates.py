"""Models made to mislead the certificate: what is not a polynomial is refused with a reason, what is one is measured.

A row is a builder, the name of the tier (or the degree where it is a polynomial) and words of the reason. Degrees are
checked against the model itself, called as users call it, not against the copy that `verify` makes (None: not checked).
"""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from pinet_keras.analysis import certify
from pinet_keras.layers import PolyBlock2D, PolyDense

BACKEND = keras.backend.backend()
NOT, UNKNOWN, FREE = "not polynomial", "unknown", "activation-free"


def model(body, *shapes, dtype="float32"):
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes or [(4, 4, 3)]]
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, body(*inputs))


def of_one(body, *shapes):
    """A model of batches of one."""
    inputs = [keras.Input(batch_shape=(1, *shape)) for shape in shapes]
    return keras.Model(inputs, body(*inputs))


def flat(body, size=3):
    return model(body, (size,))


def changed(built, **attributes):
    """The object with attributes set after construction."""
    for name, value in attributes.items():
        setattr(built, name, value)
    return built


def quantized(built, mode):
    built.quantize(mode)
    return built


def with_lora(layer, shape):
    layer.build(shape)
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(ops.ones(layer.lora_kernel_b.shape))
    return layer


def adapted(**arguments):
    layer = layers.Normalization(**arguments)
    layer.adapt(np.random.default_rng(0).normal(size=(20, 3)))
    return layer


class OwnCall(keras.Model):
    def call(self, inputs, training=None, mask=None):
        return ops.relu(super().call(inputs, training=training, mask=mask))


class OwnDunderCall(keras.Model):
    def __call__(self, inputs, *args, **kwargs):
        return ops.relu(super().__call__(inputs, *args, **kwargs))


class OwnGraphRun(keras.Model):
    def _run_through_graph(self, *args, **kwargs):
        outputs = super()._run_through_graph(*args, **kwargs)
        return keras.tree.map_structure(lambda x: x if x is None else ops.relu(x), outputs)


class Checked(keras.Model):
    computes_its_graph = True

    def __call__(self, inputs, *args, **kwargs):
        return super().__call__(inputs, *args, **kwargs)


class CheckedThenChanged(Checked):
    def __call__(self, inputs, *args, **kwargs):
        return ops.relu(super().__call__(inputs, *args, **kwargs))


class OwnSequential(keras.Sequential):
    def call(self, inputs, training=None, mask=None):
        return ops.relu(super().call(inputs, training=training, mask=mask))


def of_class(kind, built):
    return kind(built.inputs[0], built.outputs[0])


class Norm(layers.BatchNormalization):
    def call(self, inputs, training=None, mask=None):
        return ops.tanh(super().call(inputs, training=training, mask=mask))


Norm.__name__ = "BatchNormalization"


class NormOwnDunderCall(layers.BatchNormalization):
    def __call__(self, inputs, **kwargs):
        outputs = super().__call__(inputs, **kwargs)
        return outputs if isinstance(inputs, keras.KerasTensor) else ops.tanh(outputs)


class Dense(layers.Dense):  # the name of a layer of Keras
    def call(self, inputs, training=None):
        return ops.relu(super().call(inputs))


class TimeDistributed(layers.Wrapper):
    def call(self, inputs):
        return ops.relu(self.layer(inputs))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 3)


class OwnShape(layers.Layer):
    """Runs one thing and tells the graph another."""

    def call(self, inputs):
        return ops.abs(inputs)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)


class Counting(layers.Layer):
    """Another function at every call."""

    def build(self, input_shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.count.assign_add(1.0)
        return inputs * self.count


class Noisy(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(0)

    def call(self, inputs):
        return inputs + keras.random.normal((3,), seed=self.seed)


@keras.saving.register_keras_serializable(package="test_false_certificates")
def registered_cube(x):
    return x * x * x


def named(inner, value):
    """Two inputs, given to an inner model by name and in another order than its own."""
    return model(lambda a, b: inner({"z": a, "a": value(b)}), (3,), (3,))


def two_degrees():
    """Degree 1 in its input "z" and 3 in its input "a"; in a dict "a" comes first."""
    z, a = keras.Input((3,), name="z"), keras.Input((3,), name="a")
    return keras.Model([z, a], layers.Add()([z, a * a * a]))


AUGMENTATION = [
    layers.RandomFlip,
    lambda: layers.RandomRotation(0.1),
    lambda: layers.RandomBrightness(0.1),
    lambda: layers.RandomContrast(0.1),
    lambda: layers.RandomZoom(0.1),
    lambda: layers.RandomCrop(3, 3),
]
RANDOM = [
    lambda: layers.Dropout(0.5),
    lambda: layers.SpatialDropout2D(0.5),
    lambda: layers.GaussianNoise(0.5),
    lambda: layers.GaussianDropout(0.5),
    lambda: layers.AlphaDropout(0.5),
]
INTERPOLATIONS = ["nearest", "bilinear", "bicubic"]
if BACKEND != "torch":  # which has none of the Lanczos kind
    INTERPOLATIONS.append("lanczos3")
HUNT = [
    # calls in training mode that the graph holds
    (lambda: model(lambda x: layers.BatchNormalization()(x, training=True)), FREE, "training=True"),
    (lambda: model(lambda x: layers.BatchNormalization()(x, training=1)), FREE, "training=True"),
    (lambda: model(lambda x: layers.BatchNormalization()(x, training=False)), 1, ""),
    (lambda: flat(lambda x: layers.Dense(2)(x, training=True)), 1, ""),
    *[(lambda make=make: model(lambda x: make()(x, training=True)), FREE, "random") for make in RANDOM],
    *[(lambda make=make: model(lambda x: make()(x)), 1, "") for make in RANDOM],
    *[(lambda make=make: model(lambda x: make()(x)), FREE, "random") for make in AUGMENTATION],
    *[(lambda make=make: model(lambda x: make()(x, training=False)), 1, "") for make in AUGMENTATION],
    (lambda: keras.Sequential([keras.Input((4, 4, 3)), layers.RandomFlip()]), FREE, "random"),
    (lambda: model(lambda x: layers.Pipeline([layers.RandomFlip()])(x, training=True)), FREE, "random"),
    (lambda: model(lambda x: layers.Pipeline([layers.Rescaling(2.0)])(x, training=False)), 1, ""),
    (lambda: flat(lambda x: flat(layers.BatchNormalization())(x, training=True)), FREE, "spread"),
    (
        lambda: flat(lambda x: keras.Sequential([keras.Input((3,)), flat(layers.Dropout(0.5))])(x, training=True)),
        FREE,
        "random",
    ),
    (
        lambda: model(lambda x: layers.TimeDistributed(layers.BatchNormalization())(x, training=True)),
        FREE,
        "spread",
    ),
    (lambda: flat(lambda x: layers.SpectralNormalization(layers.Dense(2))(x, training=True)), FREE, "weights"),
    (lambda: flat(lambda x: PolyDense(2, normalization="batch")(x, training=True)), UNKNOWN, "training=True"),
    (lambda: model(lambda x: PolyBlock2D(2, normalization="batch")(x, training=True)), UNKNOWN, "training=True"),
    # quantised
    (lambda: quantized(flat(layers.Dense(8)), "int8"), FREE, "int8"),
    (lambda: quantized(flat(layers.Dense(8)), "int4"), FREE, "int4"),
    (lambda: quantized(flat(layers.Dense(8)), "float8"), FREE, "float8"),
    (lambda: flat(layers.Dense(3, dtype="int8_from_float32")), FREE, "int8"),
    (lambda: quantized(flat(PolyDense(3)), "int8"), FREE, "int8"),
    (lambda: flat(quantized(flat(layers.Dense(8)), "int8")), FREE, "int8"),
    (
        lambda: quantized(model(layers.TimeDistributed(layers.Dense(8)), (2, 3)), "int8"),
        FREE,
        "int8",
    ),
    # low-rank adapters are affine
    (lambda: flat(with_lora(layers.Dense(4), (None, 3))), 1, ""),
    (lambda: flat(with_lora(layers.EinsumDense("ab,bc->ac", output_shape=4), (None, 3))), 1, ""),
    # models that need not compute their graph
    (lambda: of_class(OwnCall, flat(layers.Dense(3))), UNKNOWN, "overrides call"),
    (lambda: of_class(OwnDunderCall, flat(layers.Dense(3))), UNKNOWN, "overrides __call__"),
    (lambda: of_class(OwnGraphRun, flat(layers.Dense(3))), UNKNOWN, "overrides _run_through_graph"),
    (lambda: flat(of_class(OwnCall, flat(layers.Dense(3)))), UNKNOWN, "overrides call"),
    (lambda: flat(of_class(OwnDunderCall, flat(layers.Dense(3)))), NOT, "overrides __call__"),
    (lambda: OwnSequential([keras.Input((3,)), layers.Dense(3)]), UNKNOWN, "overrides call"),
    (lambda: flat(OwnSequential([keras.Input((3,)), layers.Dense(3)])), UNKNOWN, "overrides call"),
    (lambda: of_class(Checked, flat(layers.Dense(3))), 1, ""),
    (lambda: of_class(CheckedThenChanged, flat(layers.Dense(3))), UNKNOWN, "CheckedThenChanged overrides __call__"),
    (lambda: changed(flat(layers.Dense(3)), call=ops.relu), UNKNOWN, "call was replaced"),
    (lambda: flat(changed(flat(layers.Dense(3)), call=ops.relu)), UNKNOWN, "call was replaced"),
    # layers changed after construction
    (lambda: flat(changed(layers.Dense(3), call=ops.relu)), UNKNOWN, "call was replaced"),
    (lambda: flat(changed(layers.Dense(3), activation=ops.relu)), NOT, "relu"),
    (lambda: flat(changed(layers.Dense(3, "relu"), activation=None)), 1, ""),
    (lambda: flat(changed(PolyDense(3), call=ops.relu)), UNKNOWN, "call was replaced"),
    (lambda: flat(changed(layers.Identity(), call=ops.relu)), UNKNOWN, "call was replaced"),
    (
        lambda: model(changed(layers.Conv2D(3, 1), convolution_op=lambda x, k: ops.relu(ops.conv(x, k)))),
        UNKNOWN,
        "convolution_op was replaced",
    ),
    (lambda: model(changed(layers.AveragePooling2D(2), pool_mode="max")), UNKNOWN, "pooling by max"),
    (lambda: model(changed(layers.UpSampling2D(2), interpolation="other"), (4, 4, 3)), UNKNOWN, "UpSampling2D"),
    (
        lambda: model(changed(layers.TimeDistributed(layers.Dense(2)), call=ops.relu), (2, 3)),
        UNKNOWN,
        "call was replaced",
    ),
    # classes that only look like Keras'
    (lambda: flat(Dense(3)), UNKNOWN, "Dense"),
    (lambda: flat(Norm()), UNKNOWN, "BatchNormalization"),
    (lambda: flat(NormOwnDunderCall()), UNKNOWN, "NormOwnDunderCall"),
    (lambda: model(TimeDistributed(layers.Dense(3)), (2, 3)), UNKNOWN, "TimeDistributed"),
    (lambda: flat(OwnShape()), UNKNOWN, "OwnShape"),
    (lambda: flat(Counting()), UNKNOWN, "Counting"),
    (lambda: flat(Noisy()), UNKNOWN, "Noisy"),
    (lambda: flat(layers.Lambda(lambda x: x)), UNKNOWN, "Lambda"),
    # wrappers with something unsafe inside
    (lambda: model(layers.TimeDistributed(layers.Dense(2, "relu")), (2, 3)), NOT, "relu"),
    (lambda: model(layers.TimeDistributed(flat(ops.tanh)), (2, 3)), NOT, "tanh"),
    (lambda: model(layers.TimeDistributed(Dense(2)), (2, 3)), UNKNOWN, "Dense"),
    (lambda: model(layers.Bidirectional(layers.LSTM(2)), (2, 3)), NOT, "Bidirectional"),
    (lambda: model(layers.SimpleRNN(2, activation=None), (2, 3)), NOT, "SimpleRNN"),
    (lambda: keras.Sequential([keras.Input(batch_shape=(1, 2, 3)), layers.LSTM(2, stateful=True)]), NOT, "LSTM"),
    (lambda: model(layers.RNN(layers.SimpleRNNCell(2, activation=None)), (2, 3)), NOT, "RNN"),
    (lambda: model(layers.SpectralNormalization(layers.Conv2D(2, 1, activation="relu"))), NOT, "relu"),
    # activations
    (lambda: model(layers.Conv2D(2, 1, activation=registered_cube)), UNKNOWN, "registered_cube"),
    (lambda: flat(layers.Dense(2, activation=layers.ReLU())), NOT, "ReLU"),
    (lambda: flat(layers.Dense(2, activation=functools.partial(ops.leaky_relu, negative_slope=0.5))), UNKNOWN, ""),
    (lambda: flat(layers.Activation(ops.square)), 2, ""),
    (lambda: model(layers.Conv2D(3, 1, activation=ops.square)), 2, ""),
    (lambda: model(layers.Softmax(axis=1)), NOT, "Softmax"),
    (lambda: model(lambda x: ops.softmax(x, axis=1)), NOT, "softmax"),
    (lambda: model(layers.Softmax()), 1, None),
    (lambda: model(layers.Conv2D(3, 1, data_format="channels_first", activation="softmax")), NOT, "softmax"),
    # harmless companions: regularisers, constraints, seeds, gradients, precision
    (lambda: flat(layers.Dense(3, activity_regularizer="l2", kernel_constraint="non_neg")), 1, ""),
    (lambda: flat(layers.ActivityRegularization(0.1)), 1, ""),
    (lambda: flat(lambda x: ops.stop_gradient(x * x)), 2, ""),
    (lambda: flat(layers.Dropout(0.5, seed=3)), 1, ""),
    (lambda: flat(layers.Dense(3, dtype="mixed_float16")), 1, ""),
    (lambda: flat(layers.Dense(3, dtype="mixed_bfloat16")), 1, ""),
    (lambda: flat(adapted()), 1, ""),
    (lambda: flat(adapted(invert=True)), 1, ""),
    (lambda: flat(layers.Rescaling(scale=[1.0, 2.0, -3.0], offset=[0.0, 1.0, 2.0])), 1, ""),
    (lambda: flat(lambda x: layers.Rescaling(scale=ops.convert_to_tensor([1.0, 2.0, 3.0]))(x)), 1, ""),
    (lambda: model(layers.BatchNormalization(axis=1)), 1, ""),
    (lambda: model(layers.BatchNormalization(axis=-2, scale=False, center=False)), 1, ""),
    # masks
    (lambda: model(lambda x, m: layers.GlobalAveragePooling1D()(x, mask=m > 0), (5, 3), (5,)), FREE, "mask"),
    (lambda: model(lambda x: layers.GlobalAveragePooling1D()(layers.Masking()(x)), (5, 3)), UNKNOWN, "compares"),
    (lambda: model(lambda x, m: layers.Softmax()(x, mask=m > 0), (3,), (3,)), FREE, "mask"),
    (
        lambda: model(lambda x, m: layers.TimeDistributed(layers.Dense(2))(x, mask=m > 0), (5, 3), (5,)),
        FREE,
        "mask",
    ),
    (
        lambda: model(lambda x, m: model(layers.GlobalAveragePooling1D(), (5, 3))(x, mask=m > 0), (5, 3), (5,)),
        FREE,
        "mask",
    ),
    # tables, sizes and interpolation
    (lambda: flat(layers.Discretization([0.0, 1.0])), FREE, "table"),
    (lambda: flat(layers.UnitNormalization()), FREE, "spread"),
    (lambda: model(layers.Solarization()), UNKNOWN, "Solarization"),
    *[(lambda way=way: model(layers.UpSampling2D(2, interpolation=way)), 1, "") for way in INTERPOLATIONS],
    (lambda: model(layers.Resizing(3, 5)), 1, ""),
    (lambda: model(layers.CenterCrop(3, 3)), 1, ""),
    (lambda: model(layers.CenterCrop(6, 6)), 1, ""),
    (lambda: flat(lambda x: ops.image.resize(ops.reshape(x, (-1, 3, 1, 1)), (5, 1))), UNKNOWN, "Resize"),
    # integers and 8 bits
    (lambda: model(lambda x: x * x, (3,), dtype="int32"), FREE, "int32"),
    (lambda: model(lambda x: x + x, (3,), dtype="uint8"), FREE, "uint8"),
    (lambda: model(lambda x: -x, (3,), dtype="uint8"), FREE, "uint8"),
    (lambda: model(lambda x: ops.sum(x, axis=1), (3,), dtype="int32"), FREE, "int32"),
    (lambda: model(lambda x: layers.Add()([x, x]), (3,), dtype="int32"), FREE, "int32"),
    (lambda: model(lambda x: layers.Multiply()([x, x]), (3,), dtype="int32"), FREE, "int32"),
    (lambda: model(lambda x: layers.Dense(2)(layers.Flatten()(x)), (3,), dtype="uint8"), 1, ""),
    (lambda: flat(lambda x: ops.convert_to_tensor(ops.cast(x, "int32"))), FREE, "int32"),
    (lambda: flat(lambda x: ops.cumsum(x, axis=1, dtype="int32")), FREE, "int32"),
    (lambda: flat(lambda x: ops.cast(x, "bool")), FREE, "bool"),
    (lambda: flat(lambda x: ops.cast(ops.cast(x, "float8_e4m3fn"), "float32")), FREE, "float8"),
    (lambda: flat(lambda x: model(lambda y: y / 2, (3,), dtype="int32")(x)), FREE, "int32"),
    (lambda: flat(lambda x: ops.cast(x, "float16")), 1, ""),
    # operations
    (lambda: flat(lambda x: ops.multiply(x, x)), 2, ""),
    (lambda: flat(lambda x: x * x * x), 3, ""),
    (lambda: flat(lambda x: ops.power(x, 0)), 0, ""),
    (lambda: flat(lambda x: ops.power(x, 1)), 1, ""),
    (lambda: flat(lambda x: (x * x) ** 5), 10, ""),
    (lambda: flat(lambda x: ops.power(x, -2)), FREE, "power"),
    (lambda: flat(lambda x: ops.power(x, 1.5)), FREE, "power"),
    (lambda: flat(lambda x: ops.power(2.0, x)), FREE, "power"),
    (lambda: flat(lambda x: ops.power(x, x)), FREE, "power"),
    (lambda: flat(lambda x: ops.power(x, np.array([1.0, 2.0, 3.0], "float32"))), FREE, "power"),
    (lambda: flat(lambda x: x ** (10**9)), 10**9, None),
    (lambda: model(lambda a, b: ops.matmul(a, b), (3, 4), (4, 2)), 2, ""),
    (lambda: flat(lambda x: ops.einsum("bi,bi,bi->b", x, x, x)), 3, ""),
    (lambda: flat(lambda x: ops.einsum("bi,ij->bj", x, np.ones((3, 2), "float32"))), 1, ""),
    (lambda: of_one(lambda a, b: ops.conv(a, ops.reshape(b, (1, 1, 3, 1))), (4, 4, 3), (3,)), 2, None),
    (lambda: flat(lambda x: ops.divide(x, x)), FREE, "divides"),
    (lambda: flat(lambda x: ops.divide(x1=1.0, x2=x)), FREE, "divides"),
    (lambda: flat(lambda x: ops.where(x > 0, x, -x)), FREE, "compares"),
    pytest.param(
        lambda: flat(lambda x: ops.cond(ops.sum(x) > 0, lambda: 2.0 * x, lambda: -x)),
        UNKNOWN,
        "Cond",
        marks=pytest.mark.skipif(BACKEND == "jax", reason="Keras records no `cond` of symbolic tensors on JAX"),
    ),
    (
        lambda: flat(lambda x: ops.while_loop(lambda y: ops.sum(y) < 9.0, lambda y: (y * y + 1.0,), (x,))[0]),
        UNKNOWN,
        "WhileLoop",
    ),
    (lambda: flat(lambda x: ops.fori_loop(0, 2, lambda i, y: y * y, x)), UNKNOWN, "ForiLoop"),
    (lambda: flat(lambda x: ops.vectorized_map(ops.relu, x)), UNKNOWN, "VectorizedMap"),
    (lambda: flat(lambda x: ops.take(x, ops.argmax(x, axis=1), axis=1)), UNKNOWN, "largest"),
    (lambda: flat(lambda x: ops.sort(x)), FREE, "largest"),
    (lambda: flat(lambda x: ops.linalg.norm(x, axis=1)), FREE, "root"),
    (lambda: flat(lambda x: ops.var(x, axis=1)), UNKNOWN, "Var"),
    (
        lambda: flat(lambda x: ops.batch_normalization(x, ops.mean(x, axis=0), ops.var(x, axis=0), -1)),
        UNKNOWN,
        "BatchNorm",
    ),
    # what one input gives depends on the others in the batch
    (lambda: flat(lambda x: x - ops.mean(x, axis=0)), FREE, "batch"),
    (lambda: model(lambda x: x * ops.mean(x, axis=(0, 1))), FREE, "batch"),
    (lambda: model(lambda x: x - ops.mean(x, axis=-4), (None, None, 3)), FREE, "batch"),
    (lambda: flat(lambda x: x * ops.sum(x)), FREE, "batch"),
    (lambda: flat(lambda x: ops.cumsum(x, axis=0)), FREE, "batch"),
    (lambda: flat(lambda x: ops.flip(x, axis=0)), FREE, "batch"),
    (lambda: flat(lambda x: ops.roll(x, 1)), FREE, "batch"),
    (lambda: flat(lambda x: ops.matmul(x, ops.matmul(ops.transpose(x), x))), FREE, "batch"),
    (lambda: model(lambda x: ops.mean(ops.flip(x, axis=1), axis=(1, 2))), 1, ""),
    (lambda: flat(lambda x: ops.roll(ops.reshape(2.0 * ops.reshape(x, (-1, 1)), (-1, 3)), 1, axis=-1)), 1, ""),
    # inputs by name
    (lambda: named(two_degrees(), lambda b: b), 3, ""),
    (lambda: named(two_degrees(), lambda b: b * b), 6, ""),
]


def _line(row):
    return f"line {row.__code__.co_firstlineno}" if callable(row) else None


@pytest.mark.parametrize(("build", "expected", "word"), HUNT, ids=_line)
def test_certificate_is_right_or_refused(build, expected, word):
    built = build()
    certificate = certify(built)
    if isinstance(expected, str):
        assert (certificate.tier_name, certificate.degree) == (expected, None)
        assert any(word in reason for reason in certificate.reasons), certificate.reasons
        return
    assert (certificate.degree, certificate.reasons) == (expected, ())
    if word is not None:
        assert _distance_from_degree(built, expected) < 0.02


def _distance_from_degree(built, degree: int) -> float:
    """How far the model's values on a line through inputs are from a polynomial of this degree, at most 1."""
    rng = np.random.default_rng(0)
    t = np.arange(2 * degree + 9)
    lines = []
    for x in built.inputs:
        shape = x.shape[1:]
        if "int" in x.dtype:
            start, step = rng.integers(0, 100, shape), rng.integers(0, 10, shape)
        else:
            start, end = rng.normal(size=(2, *shape))
            step = (end - start) / len(t)
        lines.append((start + t.reshape(-1, *[1] * len(shape)) * step).astype(x.dtype))
    outputs = ops.cast(built(lines[0] if len(lines) == 1 else lines), "float32")
    values = ops.convert_to_numpy(ops.stop_gradient(outputs)).reshape(len(t), -1)
    scaled = 2 * t / t[-1] - 1
    fitted = np.polynomial.chebyshev.chebval(scaled, np.polynomial.chebyshev.chebfit(scaled, values, degree)).T
    return float(np.abs(fitted - values).max() / np.abs(values).max())


def test_a_class_of_keras_that_was_patched_is_named(monkeypatch):
    built = flat(layers.Dense(3))
    monkeypatch.setattr(layers.Dense, "call", lambda self, inputs, training=None: ops.relu(inputs))
    certificate = certify(built)
    assert certificate.tier_name == UNKNOWN
    assert "call was replaced" in certificate.reasons[0]


@pytest.mark.skipif(BACKEND != "torch", reason="PyTorch's hooks and `forward` exist on PyTorch only")
def test_what_pytorch_lets_a_user_put_around_a_call_is_named():
    def rectified(module, inputs, output):
        return ops.relu(output)

    class OwnForward(keras.Model):
        def forward(self, *args, **kwargs):
            return ops.relu(super().forward(*args, **kwargs))

    dense = layers.Dense(3)
    hooked = flat(dense)
    dense.register_forward_hook(rectified)
    outside = flat(layers.Dense(3))
    outside.register_forward_hook(rectified)
    for built, word in (
        (hooked, "hooks"),
        (outside, "hooks"),
        (flat(outside), "hooks"),
        (of_class(OwnForward, flat(layers.Dense(3))), "OwnForward overrides forward"),
    ):
        certificate = certify(built)
        assert certificate.tier_name == UNKNOWN
        assert word in certificate.reasons[0]
        values = built(np.random.default_rng(0).normal(size=(50, 3)).astype("float32"))
        assert float(ops.min(values)) == 0.0  # it is indeed no polynomial
