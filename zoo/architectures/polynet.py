"""PolyNet: five products of two convolutions."""

import keras
from keras import layers

KERNELS, STRIDES, PADDINGS = (3, 4, 4, 2, 4), (1, 2, 2, 1, 2), (1, 1, 1, 0, 1)
MIN_SIZE = 12  # of an image: one position is left in the end


def polynet(inputs, width=16):
    """Five blocks h ← conv_a(h) ∗ conv_b(h), flattened: a polynomial of degree 2⁵ = 32.

    The two factors are two convolutions: one with twice the filters and a split trains slower on a CPU.

    The second factor is initialised near 1 (bias 1, a quarter of the variance), so the initial network is nearly
    linear.

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        width: filters of the first block; they double from block to block.

    Returns:
        `[batch, features]`.

    Raises:
        ValueError: an image of fewer than 12 pixels in a direction.

    Reference:
        Chrysos et al., Π-nets: Deep Polynomial Neural Networks, arXiv 2003.03828 (product of polynomials).
    """
    if min(inputs.shape[1:3]) < MIN_SIZE:
        raise ValueError(
            f"PolyNet needs {MIN_SIZE} pixels in each direction. Received: {inputs.shape[1]}×{inputs.shape[2]}"
        )
    hidden = inputs
    for index, (kernel, stride, padding) in enumerate(zip(KERNELS, STRIDES, PADDINGS, strict=True)):
        if padding:
            hidden = layers.ZeroPadding2D(padding, name=f"pad_{index}")(hidden)
        factors = [
            layers.Conv2D(
                width * 2**index,
                kernel,
                stride,
                kernel_initializer=keras.initializers.VarianceScaling(scale, "fan_in", "untruncated_normal"),
                bias_initializer=bias,
                name=f"conv_{letter}_{index}",
            )(hidden)
            for letter, scale, bias in (("a", 1.0, "zeros"), ("b", 0.25, "ones"))
        ]
        hidden = layers.Multiply(name=f"product_{index}")(factors)
    return layers.Flatten(name="features")(hidden)
