"""A product of polynomials made of the library's convolutional layers."""

from keras import layers

from pinet_keras import PolyConv2D


def polyconv(inputs, filters=(16, 32), degree=2, decomposition="ccp", pool=2):
    """Polynomial convolutions with average pooling between them, flattened: degree = degreeᵇ for b blocks.

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        filters: filters of each 3×3 polynomial convolution; also its rank.
        degree: degree of each.
        decomposition: `"ccp"`, `"ncp"` or `"ncp_skip"`.
        pool: side of the average pooling after each.

    Returns:
        `[batch, features]`.

    Reference:
        Π-nets, arXiv 2003.03828, product of polynomials.
    """
    hidden = inputs
    for index, count in enumerate(filters):
        hidden = PolyConv2D(
            count,
            3,
            degree=degree,
            rank=count,
            decomposition=decomposition,
            padding="same",
            normalization="batch",
            name=f"poly_{index}",
        )(hidden)
        hidden = layers.AveragePooling2D(pool, name=f"pool_{index}")(hidden)
    return layers.Flatten(name="features")(hidden)
