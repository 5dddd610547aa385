"""A small network out of whole layers of the library: `PolyBlock2D`, then `PolyDense` before the logits."""

from keras import layers

from pinet_keras import PolyBlock2D, PolyDense


def polyblocks(
    inputs,
    width=16,
    stages=3,
    blocks=1,
    growth=1.5,
    units=32,
    degree=2,
    rank=None,
    decomposition="ccp",
):
    """Stages of `PolyBlock2D`, each followed by average pooling by 2; then a `PolyDense` of all positions.

    Tier 2: nothing but convolutions, products, batch normalisation and average pooling, of degree
    `degree` · 2^(stages · blocks). The blocks start linear (their α is 0); the products of `PolyDense`, which see the
    whole image, are there from the start.

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        width: filters of the first stage.
        stages: number of stages; height and width must be at least 2^stages.
        blocks: blocks a stage.
        growth: factor of the filters from stage to stage.
        units: number of features, the outputs of `PolyDense`.
        degree: degree of `PolyDense`.
        rank: rank of `PolyDense`; `None` stands for `units`.
        decomposition: `"ccp"`, `"ncp"` or `"ncp_skip"`, of `PolyDense`.

    Returns:
        `[batch, units]`.

    Raises:
        ValueError: an unknown `decomposition`, or too many stages for the size of the image.

    Reference:
        The blocks: Chrysos et al., Regularization of polynomial networks for image recognition, CVPR 2023 (R-PolyNets).
        The decompositions: Π-nets, arXiv 2003.03828.
    """
    if min(inputs.shape[1:3]) < 2**stages:
        raise ValueError(
            f"An image of {inputs.shape[1]}×{inputs.shape[2]} has too few pixels. Received: stages={stages}"
        )
    x = inputs
    for stage in range(stages):
        for index in range(blocks):
            name = f"stage_{stage}_block_{index}"
            x = PolyBlock2D(round(width * growth**stage), normalization="batch", name=name)(x)
        x = layers.AveragePooling2D(2, name=f"pool_{stage}")(x)
    return PolyDense(units, degree, rank, decomposition, normalization="batch", name="features")(
        layers.Flatten(name="positions")(x)
    )
