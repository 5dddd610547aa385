"""A generator of convolutions that are gated by the noise, with polynomials close to ReLU and to tanh."""

import keras
from keras import layers

from pinet_keras import PolynomialActivation, RangeControl, ReLUApproximation, SecondOrder2D
from zoo.architectures.pinet import MOMENTUM
from zoo.architectures.pinet_generator import smallest_image

PIXEL_DEGREE = 9
PIXEL_BOUND = 2.5  # tanh(2.5) is 0.987: nearly white
PIXEL_PENALTY = 1.0


def gated_generator(noise, image_shape, width=64, stages=2, growth=0.5, degree=8, bound=5.0, penalty=25.0):
    """Noise → image, gated by the noise at every resolution.

    With z the noise and x₀ = BN(C z) reshaped to the smallest image, each resolution n does

        h = φ(BN(Sₙ x)) ∗ (1 + Aₙ z)        z broadcast over all positions
        x = h + φ(BN(Tₙ h))

    where S and T are 3×3 convolutions, and x is upsampled by 2 between resolutions. The image is τ(D BN(x)), D a 3×3
    convolution. φ is a `ReLUApproximation`, and τ a `PolynomialActivation` that starts as an approximation of tanh; a
    `RangeControl` is in front of each. So the image is a polynomial of z, tier 2, whose pixels stay near −1..1. The
    degree d of a resolution follows that before as d → g (g d + 1), with g the degree of φ and from 1 on; τ multiplies
    the last one by 9.

    Args:
        noise: `[batch, d]`.
        image_shape: `(height, width, channels)`; height and width are multiples of 2^stages.
        width: channels of the smallest image.
        stages: number of upsampling steps, each doubles height and width.
        growth: factor of the channels from resolution to resolution.
        degree: of φ, an even integer from 2 to 16.
        bound: in training, what enters φ is kept within ± this; φ is close to ReLU on ±1.2 times this.
        penalty: weight in the loss of what leaves that range.

    Returns:
        `[batch, height, width, channels]`; −1 is black and 1 is white.

    Raises:
        ValueError: a size that is not a multiple of 2^stages, or a `degree`, `bound` or `penalty` out of its range.

    Reference:
        Noise at every resolution: Π-nets, arXiv 2003.03828, NCP-Skip. Residual blocks with gains that depend on the
        noise: BigGAN, arXiv 1809.11096.
    """

    def activated(x, filters, name):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_convolution")(x)
        x = RangeControl(bound, penalty, name=f"{name}_range")(_norm(f"{name}_norm")(x))
        return ReLUApproximation(degree, 1.2 * bound, name=f"{name}_activation")(x)

    x = smallest_image(noise, image_shape, width, stages)
    for stage in range(stages + 1):
        name, filters = f"stage_{stage}", round(width * growth**stage)
        if stage:
            x = layers.UpSampling2D(name=f"{name}_enlarged")(x)
        gain = layers.Dense(filters, name=f"{name}_gain")(noise)
        gain = layers.Reshape((1, 1, filters), name=f"{name}_places")(gain)
        x = SecondOrder2D(alpha=None, name=f"{name}_gated")([activated(x, filters, f"{name}_outer"), gain])
        x = layers.Add(name=f"{name}_out")([x, activated(x, filters, f"{name}_inner")])
    return _pixels(_norm("last_norm")(x), image_shape[-1])


def _pixels(x, channels):
    small = keras.initializers.VarianceScaling(0.2)  # most pixels begin well within their range
    x = layers.Conv2D(channels, 3, padding="same", kernel_initializer=small, name="image")(x)
    x = RangeControl(PIXEL_BOUND, PIXEL_PENALTY, name="pixels_range")(x)
    return PolynomialActivation(PIXEL_DEGREE, shared=True, initial="tanh", bound=3.0, name="pixels")(x)


def _norm(name):
    return layers.BatchNormalization(momentum=MOMENTUM, name=name)
