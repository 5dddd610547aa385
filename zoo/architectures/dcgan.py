"""DCGAN, the baseline for polynomial generators: transposed convolutions and ReLU."""

from keras import layers

from zoo.architectures.pinet import MOMENTUM
from zoo.architectures.pinet_generator import smallest_image


def dcgan(noise, image_shape, width=64, stages=2, growth=0.5):
    """Noise → Dense → (transposed convolution 4×4, stride 2), batch norm and ReLU between, tanh at the end.

    Args:
        noise: `[batch, d]`.
        image_shape: `(height, width, channels)`; height and width are multiples of 2^stages.
        width: channels of the smallest image.
        stages: number of upsampling steps, each doubles height and width.
        growth: factor of the channels from resolution to resolution.

    Returns:
        `[batch, height, width, channels]`; −1 is black and 1 is white.

    Raises:
        ValueError: the size is not a multiple of 2^stages.

    Reference:
        Radford et al., arXiv 1511.06434.
    """
    x = layers.ReLU(name="start_relu")(smallest_image(noise, image_shape, width, stages))
    for stage in range(1, stages):
        filters = round(width * growth**stage)
        x = layers.Conv2DTranspose(filters, 4, 2, padding="same", use_bias=False, name=f"stage_{stage}")(x)
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"stage_{stage}_norm")(x)
        x = layers.ReLU(name=f"stage_{stage}_relu")(x)
    return layers.Conv2DTranspose(image_shape[-1], 4, 2, padding="same", activation="tanh", name="image")(x)
