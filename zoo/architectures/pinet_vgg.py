"""A plain polynomial network for small photographs: whitened patches, then a few wide second-order convolutions."""

import keras
from keras import layers

from pinet_keras import SecondOrder2D
from pinet_keras.arguments import one_of
from zoo.architectures.parts.bounded_activation import bounded_activation, check_activation
from zoo.architectures.parts.partial_identity import PartialIdentity
from zoo.architectures.pinet import MOMENTUM

FORMS = ("fused", "squeezed", "mixed", "self", "none")
DOWNSAMPLINGS = ("average", "late", "strided")
NORMALIZATIONS = ("product", "factor")


def pinet_vgg(
    inputs,
    widths=(64, 256, 256),
    depth=2,
    form="mixed",
    normalization="product",
    alpha=0.3,
    downsampling="average",
    whitening=2,
    stem_width=None,
    dropout=0.0,
    activation=None,
    activation_degree=None,
    bound=None,
    penalty=1.0,
    approximation_bound=None,
):
    """Stages of `depth` second-order convolutions; the first of each stage downsamples by 2.

    Each convolution does y = a + BN(a ∗ b), by `SecondOrder2D`, with a = BN(A x), A a 3×3 convolution, and b one of

    - `"fused"`: B x, B a convolution like A; both are one convolution of twice the filters;
    - `"squeezed"`: B x, B a 1×1 convolution, a ninth of the cost;
    - `"mixed"`: B a, B a 1×1 convolution: products of all pairs of channels of a;
    - `"self"`: a, so that the product is its square, without further weights;
    - `"none"`: 0, a baseline for activation functions alone.

    With `normalization="factor"` it is y = a + a ∗ BN(b) instead. The initial scale of that batch norm is `alpha`. A is
    initialised as the identity on the channels that input and output have in common.

    There are three kinds of downsampling. With `"average"` A is followed by average pooling. With `"strided"` A has
    stride 2 and a 4×4 kernel, which includes the first at 4/9 of its cost. In both a 1×1 convolution of x sees pooled
    x. With `"late"` it is y that is pooled: a mean of products, where the others compute products of means.

    Degree 2^(depth · stages), tier 2; with an activation function after each product it is not a polynomial.

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        widths: filters of each stage.
        depth: convolutions a stage.
        form: `"fused"`, `"squeezed"`, `"mixed"`, `"self"` or `"none"`.
        normalization: `"product"` or `"factor"`, what the inner batch norm is of.
        alpha: its initial scale.
        downsampling: `"average"`, `"late"` or `"strided"`.
        whitening: kernel size of the first convolution, which makes patches uncorrelated; its kernel is computed from
            the training images (`zoo.training.whitening`) and is not trained. There is no padding: with 2, the widths
            for CIFAR-10 are 31, 15, 7, 3. 0 leaves the layer out.
        stem_width: filters of a learned 3×3 convolution in its place; `None` leaves it out.
        dropout: fraction of the channels of each second-order term that a training step leaves out.
        activation: name of a Keras activation function, or `None`.
        activation_degree: degree of a `ReLUApproximation` in place of `activation="relu"`; `None` for ReLU itself.
        bound: the values before each activation are kept within ±bound by `RangeControl`; `None` does without.
        penalty: its weight in the loss.
        approximation_bound: that of the approximation; `None` is `bound`. A larger one leaves room for the few values
            that leave the range all the same, and costs some closeness to ReLU.

    Returns:
        `[batch, features]`: the mean over all positions.

    Raises:
        ValueError: an unknown `form`, `normalization` or `downsampling`, both kinds of stem, arguments of the
            activation that do not go together, or too many stages for the size of the image.

    Reference:
        The structure of the network, whitening and initialisation: Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single
        GPU, arXiv 2404.00498, with products in place of activation functions. A separate batch norm for the second
        order: Park et al., AESPA, arXiv 2201.06699.
    """
    one_of("form", form, FORMS)
    one_of("normalization", normalization, NORMALIZATIONS)
    one_of("downsampling", downsampling, DOWNSAMPLINGS)
    check_activation(activation, activation_degree, bound, approximation_bound)
    if whitening and stem_width:
        raise ValueError(f"One stem is enough. Received: whitening={whitening}, stem_width={stem_width}")
    if min(inputs.shape[1:3]) < 2 ** len(widths):
        raise ValueError(
            f"An image of {inputs.shape[1]}×{inputs.shape[2]} has too few pixels. Received: widths={widths}"
        )
    x = inputs
    if whitening:
        filters = whitening * whitening * inputs.shape[-1]
        x = layers.Conv2D(filters, whitening, use_bias=False, trainable=False, name="whitening")(x)
    if stem_width:
        x = _norm("stem_norm")(layers.Conv2D(stem_width, 3, padding="same", use_bias=False, name="stem")(x))
    for stage, filters in enumerate(widths):
        for index in range(depth):
            name = f"stage_{stage}_conv_{index}"
            halved = downsampling if index == 0 else None
            x = _second_order(x, filters, form, normalization, alpha, halved, dropout, name)
            x = bounded_activation(x, activation, activation_degree, bound, penalty, approximation_bound, name)
            if halved == "late":
                x = layers.AveragePooling2D(2, name=f"{name}_pool")(x)
    return layers.GlobalAveragePooling2D(name="features")(x)


def _second_order(x, filters, form, normalization, alpha, downsampling, dropout, name):
    if form == "fused":
        a, b = keras.ops.split(_convolution(x, 2 * filters, downsampling, f"{name}_factors"), 2, axis=-1)
        a = _norm(f"{name}_a_norm")(a)
    else:
        a = _norm(f"{name}_a_norm")(_convolution(x, filters, downsampling, f"{name}_a"))
    if form == "none":
        return a
    if form == "squeezed":
        pooled = layers.AveragePooling2D(2, name=f"{name}_b_pool")(x) if downsampling in ("average", "strided") else x
        b = _pointwise(pooled, filters, f"{name}_b")
    if form == "self":
        b = a
    if normalization == "product":
        unit = SecondOrder2D(alpha, dropout, name=name)
        return unit(a) if form == "mixed" else unit([a, b])
    if form == "mixed":
        b = _pointwise(a, filters, f"{name}_b")
    b = _norm(f"{name}_b_norm", gamma_initializer=keras.initializers.Constant(alpha))(b)
    return SecondOrder2D(None, dropout, name=name)([a, b])


def _convolution(x, filters, downsampling, name):
    common = {"use_bias": False, "kernel_initializer": PartialIdentity(), "name": f"{name}_convolution"}
    if downsampling == "strided":
        # explicit padding: "same" would pad at one end only, and give other sizes than pooling
        x = layers.ZeroPadding2D(1, name=f"{name}_padding")(x)
        return layers.Conv2D(filters, 4, strides=2, **common)(x)
    x = layers.Conv2D(filters, 3, padding="same", **common)(x)
    return layers.AveragePooling2D(2, name=f"{name}_pool")(x) if downsampling == "average" else x


def _pointwise(x, filters, name):
    return layers.Conv2D(filters, 1, use_bias=False, kernel_initializer="he_normal", name=f"{name}_convolution")(x)


def _norm(name, **arguments):
    return layers.BatchNormalization(momentum=MOMENTUM, name=name, **arguments)
