"""`pinet_vgg` with convolutions that commute with mirroring: an image and its mirror image have the same features."""

from keras import layers

from pinet_keras import MirrorConv2D, SecondOrder2D
from pinet_keras.arguments import one_of
from zoo.architectures.parts.bounded_activation import bounded_activation, check_activation
from zoo.architectures.parts.partial_identity import PartialIdentity
from zoo.architectures.pinet import MOMENTUM

FORMS = ("mixed", "none")


def mirror_vgg(
    inputs,
    widths=(32, 128, 128),
    depth=2,
    form="mixed",
    alpha=0.3,
    whitening=2,
    dropout=0.0,
    activation=None,
    activation_degree=None,
    bound=None,
    penalty=1.0,
    approximation_bound=None,
):
    """Stages of `depth` second-order convolutions, each of them a `MirrorConv2D`; the first of each stage pools by 2.

    Each does y = a + BN(a ∗ b), by `SecondOrder2D`, with a = BN(A x), A a 3×3 convolution, and b one of

    - `"mixed"`: B a, B a 1×1 convolution: products of all pairs of channels of a;
    - `"none"`: 0, for activation functions alone.

    Channels come in pairs, so a stage has twice as many as `widths` says, and a convolution between two stages of width
    w has 18 w² weights, where a `Conv2D` of as many channels has 36 w². Both channels of a pair share their batch
    normalisation. Pooling takes the mean over windows of 2×2, or of 3×3 where the size is odd, so that they cover the
    whole width.

    Degree 2^(depth · stages), tier 2; with an activation function after each product it is not a polynomial.

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        widths: filters of each stage; a stage has twice as many channels.
        depth: convolutions a stage.
        form: `"mixed"` or `"none"`.
        alpha: the initial scale of the inner batch norm.
        whitening: kernel size of the first convolution, which makes patches uncorrelated; its kernel is computed from
            the training images (`zoo.training.whitening`) and is not trained. Its input is not padded.
        dropout: fraction of the channels of each second-order term that a training step leaves out.
        activation: name of a Keras activation function, or `None`.
        activation_degree: degree of a `ReLUApproximation` in place of `activation="relu"`; `None` for ReLU itself.
        bound: the values before each activation are kept within ±bound by `RangeControl`; `None` does without.
        penalty: its weight in the loss.
        approximation_bound: that of the approximation; `None` is `bound`.

    Returns:
        `[batch, features]`: the mean over both channels of a pair and over all positions.

    Raises:
        ValueError: an unknown `form`, arguments of the activation that do not go together, or too many stages for the
            size of the image.

    Reference:
        Cohen and Welling, Group Equivariant Convolutional Networks, arXiv 1602.07576; the rest is `pinet_vgg` with late
        pooling.
    """
    one_of("form", form, FORMS)
    check_activation(activation, activation_degree, bound, approximation_bound)
    if min(inputs.shape[1:3]) < 2 ** len(widths) + whitening - 1:
        raise ValueError(
            f"An image of {inputs.shape[1]}×{inputs.shape[2]} has too few pixels. Received: widths={widths}"
        )
    filters = whitening * whitening * inputs.shape[-1]
    x = MirrorConv2D(filters, whitening, paired=False, use_bias=False, trainable=False, name="whitening")(inputs)
    for stage, filters in enumerate(widths):
        for index in range(depth):
            name = f"stage_{stage}_conv_{index}"
            x = _convolution(x, filters, 3, PartialIdentity(), f"{name}_a_convolution")
            height, width = x.shape[1:3]
            a = _as_positions(x, f"{name}_pairs")
            a = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_a_norm")(a)
            if form == "mixed":
                b = _as_channels(a, width, f"{name}_b_channels")
                b = _convolution(b, filters, 1, "he_normal", f"{name}_b_convolution")
                a = SecondOrder2D(alpha, dropout, name=name)([a, _as_positions(b, f"{name}_b_pairs")])
            a = bounded_activation(a, activation, activation_degree, bound, penalty, approximation_bound, name)
            x = _as_channels(a, width, f"{name}_channels")
            if index == 0:
                windows = (2 + height % 2, 2 + width % 2)
                x = layers.AveragePooling2D(windows, strides=2, name=f"{name}_pool")(x)
    means = layers.GlobalAveragePooling2D(name="positions")(x)
    halves = layers.Reshape((2, filters), name="halves")(means)
    return layers.GlobalAveragePooling1D(name="features")(halves)


def _convolution(x, filters, size, initializer, name):
    return MirrorConv2D(filters, size, padding="same", use_bias=False, kernel_initializer=initializer, name=name)(x)


def _as_positions(x, name):
    """Both halves of the channels side by side, so that a layer with weights for each channel treats them alike."""
    height, width, channels = x.shape[1:]
    return layers.Reshape((height, 2 * width, channels // 2), name=name)(x)


def _as_channels(x, width, name):
    """The inverse of `_as_positions`."""
    height, _, filters = x.shape[1:]
    return layers.Reshape((height, width, 2 * filters), name=name)(x)
