"""The generator that polynomial ones are compared with: transposed convolutions and ReLU."""

from keras import layers

from zoo.architectures.pinet import MOMENTUM


def dcgan(noise, image_shape, width=64, stages=2, growth=0.5):
    """Noise → Dense → (transposed convolution 4×4, stride 2), batch norm and ReLU between, tanh at the end.

    Args:
        noise: `[batch, d]`.
        image_shape: `(height, width, channels)`; the sides are multiples of 2^stages.
        width: channels of the smallest image.
        stages: how many times the sides are doubled.
        growth: factor of the channels from resolution to resolution.

    Returns:
        `[batch, height, width, channels]`; −1 is black and 1 is white.

    Raises:
        ValueError: sides that cannot be halved so often.

    Reference:
        Radford et al., arXiv 1511.06434.
    """
    height, breadth, channels = image_shape
    if height % 2**stages or breadth % 2**stages:
        raise ValueError(f"An image of {height}×{breadth} cannot be halved so often. Received: stages={stages}")
    first = (height >> stages, breadth >> stages, width)
    x = layers.Dense(first[0] * first[1] * width, use_bias=False, name="start")(noise)
    x = _activated(layers.Reshape(first, name="start_image")(x), "start")
    for stage in range(1, stages):
        filters = round(width * growth**stage)
        x = layers.Conv2DTranspose(filters, 4, 2, padding="same", use_bias=False, name=f"stage_{stage}")(x)
        x = _activated(x, f"stage_{stage}")
    return layers.Conv2DTranspose(channels, 4, 2, padding="same", activation="tanh", name="image")(x)


def _activated(x, name):
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
