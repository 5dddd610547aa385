"""The discriminator of a GAN. It is needed in training only, so it need not be a polynomial."""

import keras
from keras import layers

from zoo.architectures.parts.label_embedding import LabelEmbedding


def discriminator(image_shape, num_classes=None, width=32, stages=2):
    """A convolutional network with spectral normalisation and leaky ReLU, and a projection of the label.

    score(x, y) = vᵀ φ(x) + e(y)ᵀ φ(x), φ summed over all positions: the first term rates how real the image x is, the
    second how well it fits the class y.

    Args:
        image_shape: `(height, width, channels)`.
        num_classes: number of classes; `None` for a discriminator that takes no label.
        width: channels after the first convolution; doubled with each downsampling.
        stages: number of downsampling convolutions, each with stride 2.

    Returns:
        A `keras.Model`: `[image, label]`, or the image alone, → `[batch, 1]`. Images are in −1..1.

    Reference:
        Miyato et al., Spectral Normalization, arXiv 1802.05957; Miyato and Koyama, cGANs with Projection
        Discriminator, arXiv 1802.05637.
    """
    image = x = keras.Input(image_shape, name="image")
    for stage in range(stages):
        x = _normalised(layers.Conv2D(width * 2**stage, 4, 2, padding="same", name=f"downsampling_{stage}"))(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_{stage}")(x)
    x = _normalised(layers.Conv2D(width * 2**stages, 3, padding="same", name="last"))(x)
    x = layers.LeakyReLU(0.2, name="leaky_last")(x)
    features = keras.ops.sum(x, axis=(1, 2))
    score = _normalised(layers.Dense(1, name="score"))(features)
    if num_classes is None:
        return keras.Model(image, score, name="discriminator")
    label = keras.Input((), dtype="int32", name="label")
    embedding = LabelEmbedding(num_classes, features.shape[-1], name="label_embedding")(label)
    match = layers.Dot(axes=1, name="match")([embedding, features])
    return keras.Model([image, label], layers.Add(name="score_of_pair")([score, match]), name="discriminator")


def _normalised(layer):
    return layers.SpectralNormalization(layer, name=f"{layer.name}_normalised")
