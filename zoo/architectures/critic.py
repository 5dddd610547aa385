"""The critic of a generator: says how real an image looks. It is trained and thrown away, and may be no polynomial."""

import keras
from keras import layers

from zoo.architectures.parts.label_embedding import LabelEmbedding


def critic(image_shape, num_classes=None, width=32, stages=2):
    """A convolutional network with spectral normalisation and leaky ReLU, and a projection of the label.

    opinion(x, y) = vᵀ φ(x) + e(y)ᵀ φ(x), φ summed over all places: the first term asks whether x is an image, the
    second whether it is a y.

    Args:
        image_shape: `(height, width, channels)`.
        num_classes: number of classes; `None` for a critic that takes no label.
        width: channels after the first convolution; doubled with each halving of the sides.
        stages: how many times the sides are halved.

    Returns:
        A `keras.Model`: `[image, label]`, or the image alone, → `[batch, 1]`. Images are in −1..1.

    Reference:
        Miyato et al., Spectral Normalization, arXiv 1802.05957; Miyato and Koyama, cGANs with Projection
        Discriminator, arXiv 1802.05637.
    """
    image = x = keras.Input(image_shape, name="image")
    for stage in range(stages):
        x = _normalised(layers.Conv2D(width * 2**stage, 4, 2, padding="same", name=f"halving_{stage}"))(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_{stage}")(x)
    x = _normalised(layers.Conv2D(width * 2**stages, 3, padding="same", name="last"))(x)
    x = layers.LeakyReLU(0.2, name="leaky_last")(x)
    features = keras.ops.sum(x, axis=(1, 2))
    opinion = _normalised(layers.Dense(1, name="opinion"))(features)
    if num_classes is None:
        return keras.Model(image, opinion, name="critic")
    label = keras.Input((), dtype="int32", name="label")
    embedding = LabelEmbedding(num_classes, features.shape[-1], name="label_embedding")(label)
    match = layers.Dot(axes=1, name="match")([embedding, features])
    return keras.Model([image, label], layers.Add(name="opinion_of_pair")([opinion, match]), name="critic")


def _normalised(layer):
    return layers.SpectralNormalization(layer, name=f"{layer.name}_normalised")
