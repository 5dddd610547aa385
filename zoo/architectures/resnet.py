"""Residual networks for small images, with a polynomial in place of ReLU."""

import keras
from keras import layers

from pinet_keras import HermiteActivation, PolynomialActivation
from pinet_keras.arguments import one_of
from zoo.architectures.pinet import MOMENTUM

ACTIVATIONS = ("hermite", "polynomial", "relu")
ORDERS = ("post", "pre")


def resnet(
    inputs,
    widths=(16, 32, 64),
    blocks=3,
    activation="hermite",
    degree=2,
    order="post",
):
    """A residual network of 2 · blocks · stages convolutions after the first, ResNet-20 with the defaults.

    Each stage but the first begins with a convolution of stride 2. The shortcut of such a block takes every second
    pixel and zeros for the new channels, so it has no weights.

    - `order="post"`: x ← act(x + conv(act(conv x))), as the first residual networks had it.
    - `order="pre"`: x ← x + conv(act(conv(act(x)))): all shortcuts are the identity, and with a polynomial
      activation the signal is not raised to a power in each block.

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        widths: filters of each stage.
        blocks: blocks of two convolutions in each stage.
        activation: `"hermite"` for `HermiteActivation`, `"polynomial"` for `PolynomialActivation`, or `"relu"` with a
            batch normalisation before it.
        degree: degree of each polynomial.
        order: `"post"` or `"pre"`.

    Returns:
        `[batch, features]`: the mean over all positions.

    Raises:
        ValueError: an unknown `activation` or `order`, or too many stages for the size of the image.

    Reference:
        He et al., Deep Residual Learning for Image Recognition, arXiv 1512.03385, section 4.2, and Identity Mappings
        in Deep Residual Networks, arXiv 1603.05027. With this polynomial: AESPA, arXiv 2201.06699.
    """
    one_of("activation", activation, ACTIVATIONS)
    one_of("order", order, ORDERS)
    if min(inputs.shape[1:3]) < 2 ** len(widths):
        raise ValueError(
            f"An image of {inputs.shape[1]}×{inputs.shape[2]} has too few pixels. Received: widths={widths}"
        )

    def activate(x, name):
        if activation == "relu":
            return layers.ReLU(name=name)(layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x))
        kind = HermiteActivation if activation == "hermite" else PolynomialActivation
        return kind(degree, name=name)(x)

    x = _convolution(inputs, widths[0], 1, "stem")
    if order == "post":
        x = activate(x, "stem_activation")
    for stage, filters in enumerate(widths):
        for index in range(blocks):
            name = f"stage_{stage}_block_{index}"
            strides = 2 if stage and not index else 1
            branch = activate(x, f"{name}_activation_0") if order == "pre" else x
            branch = _convolution(branch, filters, strides, f"{name}_convolution_0")
            branch = activate(branch, f"{name}_activation_1")
            branch = _convolution(branch, filters, 1, f"{name}_convolution_1")
            x = layers.Add(name=name)([_shortcut(x, filters, strides, f"{name}_shortcut"), branch])
            if order == "post":
                x = activate(x, f"{name}_activation_2")
    if order == "pre":
        x = activate(x, "last_activation")
    return layers.GlobalAveragePooling2D(name="features")(x)


def _convolution(x, filters, strides, name):
    if strides == 2:
        # explicit padding: "same" would pad at one end only, and differ between backends
        x = layers.ZeroPadding2D(1, name=f"{name}_padding")(x)
        return layers.Conv2D(filters, 3, strides=2, use_bias=False, kernel_initializer="he_normal", name=name)(x)
    return layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _shortcut(x, filters, strides, name):
    if strides == 2:
        x = layers.AveragePooling2D(1, strides=2, name=f"{name}_subsampling")(x)
    added = filters - x.shape[-1]
    if added:
        x = keras.ops.pad(x, [[0, 0], [0, 0], [0, 0], [added // 2, added - added // 2]])
    return x
