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
    image = keras.Input(image_shape, name="image")
    label = None if num_classes is None else keras.Input((), dtype="int32", name="label")
    filters = [width * 2**stage for stage in range(stages + 1)]
    score = _score(image, label, num_classes, filters, "")
    return keras.Model(image if label is None else [image, label], score, name="discriminator")


def projected_discriminator(shapes, num_classes=None, width=32, label_weight=1.0):
    """A small discriminator on each of several feature maps of the same image.

    Each is the network of `discriminator`, which downsamples to a width and height of at most 4.

    Args:
        shapes: `(height, width, channels)` of each feature map.
        num_classes: number of classes; `None` for a discriminator that takes no label.
        width: channels at half of the largest width and height; doubled with each downsampling.
        label_weight: factor of e(y)ᵀ φ(x), the part of the score that depends on the label.

    Returns:
        A `keras.Model`: `[map, map, ..., label]`, or the maps alone, → `[batch, maps]`, a score for each map.

    Reference:
        Sauer et al., Projected GANs Converge Faster, arXiv 2111.01007.
    """
    maps = [keras.Input(shape, name=f"map_{index}") for index, shape in enumerate(shapes)]
    label = None if num_classes is None else keras.Input((), dtype="int32", name="label")
    most = max(_halvings(shape) for shape in shapes)
    scores = []
    for index, (each, shape) in enumerate(zip(maps, shapes, strict=True)):
        filters = [width * 2**stage for stage in range(most - _halvings(shape), most)]
        filters.append(width * 2 ** max(0, most - 1))
        scores.append(_score(each, label, num_classes, filters, f"map_{index}_", label_weight))
    score = layers.Concatenate(name="scores")(scores)
    return keras.Model(maps if label is None else [*maps, label], score, name="discriminator")


def _halvings(shape):
    """How often a map is downsampled by 2 until it is at most 4 wide and high."""
    return max(0, (max(shape[:2]) - 1).bit_length() - 2)


def _score(image, label, num_classes, filters, prefix, label_weight=1.0):
    x = image
    for stage, count in enumerate(filters[:-1]):
        downsampling = layers.Conv2D(count, 4, 2, padding="same", name=f"{prefix}downsampling_{stage}")
        x = layers.LeakyReLU(0.2, name=f"{prefix}leaky_{stage}")(_normalised(downsampling)(x))
    x = _normalised(layers.Conv2D(filters[-1], 3, padding="same", name=f"{prefix}last"))(x)
    x = layers.LeakyReLU(0.2, name=f"{prefix}leaky_last")(x)
    features = keras.ops.sum(x, axis=(1, 2))
    score = _normalised(layers.Dense(1, name=f"{prefix}score"))(features)
    if label is None:
        return score
    embedding = LabelEmbedding(num_classes, features.shape[-1], name=f"{prefix}label_embedding")(label)
    match = label_weight * layers.Dot(axes=1, name=f"{prefix}match")([embedding, features])
    return layers.Add(name=f"{prefix}score_of_pair")([score, match])


def _normalised(layer):
    return layers.SpectralNormalization(layer, name=f"{layer.name}_normalised")
