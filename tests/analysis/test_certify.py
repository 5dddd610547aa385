"""The certificate is right on models whose degree is known by hand, and says "unknown" where it is not known."""

import json

import keras
import pytest
from keras import layers, ops

from pinet_keras.analysis import certify, register_degree_rule


def _image(channels=3):
    return keras.Input((8, 8, channels))


def _model(body, inputs=None):
    inputs = _image() if inputs is None else inputs
    return keras.Model(inputs, body(inputs))


def _square(x, name=None):
    return layers.Multiply(name=name)([x, x])


def _facts(model):
    certificate = certify(model)
    return certificate.tier, certificate.degree, certificate.multiplicative_depth


class _Mystery(layers.Layer):
    def call(self, inputs):
        return ops.tanh(inputs)


class _Cube(layers.Layer):
    def call(self, inputs):
        return inputs * inputs * inputs

    def degree_rule(self, degrees):
        return 3 * degrees[0]


class _CubeOfDepthThree(_Cube):
    def multiplications_rule(self):
        return 3


class _OwnDense(layers.Dense):
    def call(self, inputs):
        return ops.relu(super().call(inputs))


class _Code(keras.Model):
    def call(self, inputs):
        return inputs


class _DeclaredCode(_Code):
    def degree_rule(self, degrees):
        return 5 * degrees[0]


AFFINE = [
    lambda: layers.Dense(4),
    lambda: layers.Conv2D(4, 3),
    lambda: layers.Conv2DTranspose(4, 3),
    lambda: layers.DepthwiseConv2D(3),
    lambda: layers.SeparableConv2D(4, 3),
    lambda: layers.AveragePooling2D(2),
    lambda: layers.GlobalAveragePooling2D(),
    lambda: layers.BatchNormalization(),
    lambda: layers.Flatten(),
    lambda: layers.Reshape((64, 3)),
    lambda: layers.Permute((2, 1, 3)),
    lambda: layers.ZeroPadding2D(),
    lambda: layers.Cropping2D(),
    lambda: layers.UpSampling2D(interpolation="nearest"),
    lambda: layers.UpSampling2D(interpolation="bilinear"),
    lambda: layers.Dropout(0.5),
    lambda: layers.SpatialDropout2D(0.5),
    lambda: layers.GaussianNoise(0.5),
    lambda: layers.Rescaling(1 / 255),
    lambda: layers.Normalization(mean=1.0, variance=2.0),
    lambda: layers.Activation("linear"),
    lambda: layers.TimeDistributed(layers.Dense(2)),
    lambda: layers.EinsumDense("abcd,de->abce", output_shape=(8, 8, 4)),
    lambda: layers.SpectralNormalization(layers.Dense(2)),
]


@pytest.mark.parametrize("make", AFFINE)
def test_affine_layers_keep_the_degree_and_cost_at_most_one_level(make):
    certificate = certify(_model(lambda x: make()(_square(x))))
    assert (certificate.tier, certificate.degree) == (3, 2)
    row = certificate.rows[-1]
    assert (row.kind, row.multiplicative_depth) in {("identity", 1), ("sum", 1), ("affine", 2), ("scaling", 2)}


def test_sequential_models_are_walked_and_unbuilt_ones_refused():
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    with pytest.raises(ValueError, match="built"):
        certify(model)
    model.build((None, 4))
    assert _facts(model) == (3, 1, 1)


def test_sums_take_the_largest_degree_and_products_add_degrees():
    def body(x):
        quadratic = _square(x)
        cubic = layers.Multiply()([quadratic, x])
        return layers.Multiply()([layers.Add()([quadratic, cubic]), layers.Concatenate()([x])])

    certificate = certify(_model(body))
    assert certificate.degree == 4
    assert [row.why for row in certificate.rows if row.kind == "product"] == [
        "product: 1 + 1",
        "product: 2 + 1",
        "product: 3 + 1",
    ]


def test_a_product_of_three_branches_has_depth_two():
    assert _facts(_model(lambda x: layers.Multiply()([x, x, x]))) == (3, 3, 2)


def test_dot_is_a_product_and_its_normalised_form_is_none():
    a = keras.Input((4,))
    assert certify(keras.Model(a, layers.Dot(1)([a, a]))).degree == 2
    normalised = certify(keras.Model(a, layers.Dot(1, normalize=True)([a, a])))
    assert (normalised.tier, normalised.degree) == (1, None)


@pytest.mark.parametrize(
    ("function", "degree"),
    [
        (lambda x: x * x, 2),
        (lambda x: x * 3.0 + 1.0, 1),
        (lambda x: 2.0 - x / 4.0, 1),
        (ops.square, 2),
        (lambda x: x**5, 5),
        (lambda x: ops.power(x, 3.0), 3),
        (lambda x: ops.einsum("abcd,abcd->abc", x, x), 2),
        (lambda x: ops.matmul(x, ops.transpose(x, (0, 1, 3, 2))), 2),
        (lambda x: ops.sum(x * x, axis=-1) - ops.mean(x, axis=-1), 2),
        (lambda x: ops.concatenate([x, x * x * x], axis=-1), 3),
        (lambda x: ops.reshape(x, (-1, 192))[:, 3:7], 1),
        (lambda x: ops.split(x * x, 3, axis=-1)[1], 2),
        (lambda x: ops.cast(x, "float16"), 1),
    ],
)
def test_ops_in_a_graph(function, degree):
    certificate = certify(_model(function))
    assert certificate.degree == degree
    assert certificate.tier == 3


@pytest.mark.parametrize(
    ("function", "tier", "name", "word"),
    [
        (lambda x: ops.relu(x), None, "not polynomial", "relu"),
        (lambda x: ops.abs(x), None, "not polynomial", "abs"),
        (lambda x: x**-1, 1, "activation-free", "power"),
        (lambda x: x**0.5, 1, "activation-free", "power"),
        (lambda x: x / (x + 1.0), 1, "activation-free", "divides"),
        (lambda x: 1.0 / x, 1, "activation-free", "divides"),
        (lambda x: ops.maximum(x, -x), 1, "activation-free", "largest"),
        (lambda x: ops.cast(x, "int32"), 1, "activation-free", "round"),
        (lambda x: layers.MaxPooling2D(2)(x), 1, "activation-free", "largest"),
        (lambda x: layers.LayerNormalization()(x), 1, "activation-free", "spread"),
        (lambda x: layers.Conv2D(2, 1, activation="relu")(x), None, "not polynomial", "relu"),
        (lambda x: layers.ReLU()(x), None, "not polynomial", "ReLU"),
        (lambda x: layers.Activation("softmax")(layers.Dense(2)(x)) * 2.0, None, "not polynomial", "softmax"),
        (lambda x: _Mystery()(x), None, "unknown", "_Mystery"),
        (lambda x: _OwnDense(2)(x), None, "unknown", "_OwnDense"),
        (lambda x: layers.Dense(2, activation=lambda y: y * y)(x), None, "unknown", "lambda"),
        (lambda x: layers.Lambda(lambda y: y)(x), None, "unknown", "Lambda"),
        (lambda x: _Code()(x), None, "unknown", "_Code"),
    ],
)
def test_what_is_no_polynomial_is_named(function, tier, name, word):
    certificate = certify(_model(function))
    assert (certificate.tier, certificate.tier_name) == (tier, name)
    assert certificate.degree is None
    assert certificate.multiplicative_depth is None
    assert any(word in reason for reason in certificate.reasons)


def test_an_activation_outweighs_what_is_unknown():
    assert certify(_model(lambda x: ops.relu(_Mystery()(x)))).tier_name == "not polynomial"


@pytest.mark.parametrize(
    "end",
    [
        lambda x: layers.Dense(3, activation="softmax")(x),
        lambda x: layers.Softmax()(layers.Dense(3)(x)),
        lambda x: layers.Activation("softmax")(layers.Dense(3)(x)),
        lambda x: ops.softmax(layers.Dense(3)(x)),
        lambda x: keras.Sequential([layers.Dense(3, activation="softmax")])(x),
    ],
)
def test_softmax_on_the_logits_is_outside_the_count(end):
    assert _facts(_model(lambda x: end(_square(x)))) == (3, 2, 2)


def test_shared_layers_and_branches():
    shared = layers.Dense(3, name="shared")
    model = _model(lambda x: layers.Multiply()([shared(x), shared(_square(x))]))
    assert _facts(model) == (3, 3, 3)
    assert [row.degree_out for row in certify(model).rows if row.name == "shared"] == [1, 2]


def test_nested_models_compose():
    square = keras.Sequential([_image(), layers.Conv2D(3, 1), layers.Activation(ops.square)], name="square")
    inner = _model(lambda x: square(square(x)))
    model = _model(lambda x: layers.Dense(2)(inner(inner(x))))
    assert _facts(model) == (2, 16, 9)
    assert any(row.name.count("square/") for row in certify(model).rows)


def test_a_max_pool_in_a_nested_model_is_found():
    inner = keras.Sequential([_image(), layers.MaxPooling2D(2)], name="inner")
    certificate = certify(_model(lambda x: keras.Sequential([_image(), inner], name="outer")(x)))
    assert certificate.tier == 1
    assert certificate.reasons[0].startswith("outer/inner/")


def test_low_depth_ends_at_depth_eight():
    def squares(n):
        def body(x):
            for _ in range(n):
                x = _square(x)
            return x

        return _model(body)

    assert _facts(squares(8)) == (3, 256, 8)
    assert _facts(squares(9)) == (2, 512, 9)


def test_a_run_of_affine_maps_costs_one_level_through_sums():
    def body(x):
        y = layers.Conv2D(3, 1)(layers.Add()([x, layers.Conv2D(3, 1)(x)]))
        return layers.Dense(2)(layers.BatchNormalization()(y))

    assert _facts(_model(body)) == (3, 1, 1)


def test_scaling_of_the_input_is_free_and_later_scaling_is_an_affine_map():
    assert _facts(_model(lambda x: _square(layers.Rescaling(1 / 255)(x)))) == (3, 2, 1)
    assert _facts(_model(lambda x: layers.Rescaling(2.0)(_square(x)))) == (3, 2, 2)


def test_layers_declare_their_own_degree():
    # affine maps before and after: depth 1 + 2 + 1 by the default, 1 + 3 + 1 as declared
    assert _facts(_model(lambda x: _Cube()(x))) == (3, 3, 4)
    assert _facts(_model(lambda x: _CubeOfDepthThree()(x))) == (3, 3, 5)


def test_a_model_without_a_graph_is_certified_by_its_rule_or_not_at_all():
    assert certify(_Code()).tier_name == "unknown"
    assert certify(_DeclaredCode()).degree == 5


def test_rules_can_be_registered_for_layers_and_activations():
    class ThirdParty(layers.Layer):
        def call(self, inputs):
            return inputs * inputs

    def cube(x):
        return x * x * x

    model = _model(lambda x: layers.Dense(2, activation=cube)(ThirdParty()(x)))
    assert certify(model).tier_name == "unknown"
    register_degree_rule(ThirdParty, lambda layer, degrees: 2 * degrees[0])

    @register_degree_rule(cube)
    def _(function, degrees):
        return 3 * degrees[0]

    assert certify(model).degree == 6


def test_a_rule_that_returns_no_degree_is_refused():
    class Wrong(layers.Layer):
        def call(self, inputs):
            return inputs

        def degree_rule(self, degrees):
            return 1.5

    with pytest.raises(ValueError, match=r"Received: 1\.5"):
        certify(_model(lambda x: Wrong()(x)))


def test_several_inputs_and_outputs():
    a, b = keras.Input((3,)), keras.Input((3,))
    product = layers.Multiply()([a, b])
    assert certify(keras.Model([a, b], [product, layers.Multiply()([product, a])])).degree == 3


def test_the_certificate_is_json():
    certificate = certify(_model(lambda x: layers.Dense(2)(_square(x))))
    plain = json.loads(json.dumps(certificate.as_dict()))
    assert plain == certificate.as_dict()
    assert plain["rows"][0]["degree_in"] == 1
    assert plain["degree"] == 2


def test_well_known_networks_are_no_polynomials():
    model = keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3), classes=10)
    certificate = certify(model)
    assert certificate.tier_name == "not polynomial"
    assert all("ReLU" in reason for reason in certificate.reasons)
    assert len(certificate.reasons) == sum(isinstance(layer, layers.ReLU) for layer in model.layers)


def test_resnet_names_its_activations_and_its_max_pool():
    certificate = certify(keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=10))
    assert certificate.tier_name == "not polynomial"
    assert any("relu" in reason for reason in certificate.reasons)
    assert any(reason.startswith("pool1_pool") for reason in certificate.reasons)


def test_the_tutorial_polynet_has_degree_32():
    x = inputs = keras.Input((32, 32, 3))
    for index, (kernel, stride, padding) in enumerate(
        zip((3, 4, 4, 2, 4), (1, 2, 2, 1, 2), (1, 1, 1, 0, 1), strict=True)
    ):
        x = layers.ZeroPadding2D(padding)(x)
        x = layers.Multiply()([layers.Conv2D(2 * 2**index, kernel, stride)(x) for _ in range(2)])
    model = keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
    assert _facts(model) == (2, 32, 11)
