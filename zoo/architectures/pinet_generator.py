"""A generator without activation functions: the noise enters by multiplication, at every resolution."""

import keras
from keras import layers

from pinet_keras import SecondOrder2D
from pinet_keras.arguments import one_of
from zoo.architectures.pinet import MOMENTUM

COMBINATIONS = ("product", "sum")
OUTPUTS = ("linear", "tanh")


def pinet_generator(noise, image_shape, width=64, stages=2, growth=0.5, combine="product", output="linear"):
    """Noise → image, as a product of polynomials.

    With z the noise and x₀ = BN(C z) reshaped to the smallest image, each resolution n does

        h  = BN(Sₙ x) ∗ (Aₙ z) + BN(Sₙ x)          the second-order block of NCP-Skip, z broadcast over all positions
        x  = h + BN(a ∗ b + a),  a, b = BN(Tₙ h)   a product of the image with itself

    where S and T are 3×3 convolutions, and x is upsampled by 2 between resolutions. Both products are made by
    `SecondOrder2D`. The last convolution makes the channels. With `output="linear"` this is a polynomial of z, tier 2:
    the degree d of a resolution follows that before as d → 2 (d + 1), from 1 on.

    Args:
        noise: `[batch, d]`.
        image_shape: `(height, width, channels)`; height and width are multiples of 2^stages.
        width: channels of the smallest image.
        stages: number of upsampling steps, each doubles height and width.
        growth: factor of the channels from resolution to resolution.
        combine: `"product"`, or `"sum"`, a baseline that replaces every product by a sum, so that it is affine in z.
        output: `"linear"`, or `"tanh"`, which keeps pixels in their range and is not a polynomial.

    Returns:
        `[batch, height, width, channels]`; −1 is black and 1 is white.

    Raises:
        ValueError: an unknown `combine` or `output`, or a size that is not a multiple of 2^stages.

    Reference:
        Π-nets, arXiv 2003.03828, NCP-Skip and product of polynomials.
    """
    one_of("combine", combine, COMBINATIONS)
    one_of("output", output, OUTPUTS)
    x = smallest_image(noise, image_shape, width, stages)
    for stage in range(stages + 1):
        name, filters = f"stage_{stage}", round(width * growth**stage)
        if stage:
            x = layers.UpSampling2D(name=f"{name}_enlarged")(x)
        x = _injected(x, noise, filters, combine, f"{name}_noise")
        x = _squared(x, filters, combine, f"{name}_self")
    return layers.Conv2D(image_shape[-1], 3, padding="same", activation=output, name="image")(x)


def smallest_image(noise, image_shape, width, stages):
    """BN(C z) as an image of `width` channels, with the height and width of `image_shape` divided by 2^stages.

    Raises:
        ValueError: the size is not a multiple of 2^stages.
    """
    height, breadth, _ = image_shape
    if height % 2**stages or breadth % 2**stages:
        raise ValueError(f"An image of {height}×{breadth} cannot be halved so often. Received: stages={stages}")
    first = (height >> stages, breadth >> stages, width)
    x = layers.Dense(first[0] * first[1] * width, use_bias=False, name="start")(noise)
    return _norm("start_norm")(layers.Reshape(first, name="start_image")(x))


def _injected(x, noise, filters, combine, name):
    x = _convolution(x, filters, name)
    z = layers.Reshape((1, 1, filters), name=f"{name}_places")(layers.Dense(filters, name=f"{name}_factor")(noise))
    return _merged(x, z, combine, f"{name}_out")


def _squared(x, filters, combine, name):
    a, b = keras.ops.split(_convolution(x, 2 * filters, f"{name}_factors"), 2, axis=-1)
    second_order = _merged(a, b, combine, f"{name}_merge")
    return layers.Add(name=f"{name}_out")([x, _norm(f"{name}_norm")(second_order)])


def _merged(a, b, combine, name):
    if combine == "sum":
        return layers.Add(name=name)([a, b, a])
    return SecondOrder2D(alpha=None, name=name)([a, b])


def _convolution(x, filters, name):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_convolution")(x)
    return _norm(f"{name}_convolution_norm")(x)


def _norm(name):
    return layers.BatchNormalization(momentum=MOMENTUM, name=name)
