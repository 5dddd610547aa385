"""A flexible polynomial network: stages of polynomial blocks with average pooling between them."""

import keras
from keras import layers

from pinet_keras import PolyConv2D, SecondOrder2D
from pinet_keras.arguments import one_of

BLOCKS = ("poly", "residual")
HEADS = ("average", "flatten")
MOMENTUM = 0.9  # of batch norm, as in pinet_keras' layers: with Keras' 0.99 the statistics lag behind the weights


def pinet(
    inputs,
    width=16,
    stages=3,
    blocks=1,
    growth=2.0,
    block="poly",
    degree=2,
    rank=None,
    decomposition="ccp",
    normalization="batch",
    alpha=0.0,
    kernel_size=3,
    stem=False,
    head="average",
):
    """Stages of polynomial blocks, each followed by average pooling by 2; the number of channels grows by stage.

    Tier 2: nothing but convolutions, products, batch normalisation and average pooling. The degree is that of a block
    to the power of the number of blocks.

    - `"poly"` blocks are `PolyConv2D` layers of any degree, rank and decomposition.
    - `"residual"` blocks are `y = s(x) + BN(a ∗ b + a)`, where a and b are the two halves of one convolution after its
      batch norm, and s the identity, or a 1x1 convolution with batch norm where the width changes. `a ∗ b + a` is a
      `SecondOrder2D`. The initial scale of the outer batch norm is `alpha`: with 0 the initial network is linear.

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        width: filters of the first stage.
        stages: number of stages; height and width must be at least 2^stages.
        blocks: blocks a stage.
        growth: factor of filters and rank from stage to stage.
        block: `"poly"` or `"residual"`.
        degree: degree of each `"poly"` block.
        rank: rank of the `"poly"` blocks of the first stage; `None` stands for `width`.
        decomposition: `"ccp"`, `"ncp"` or `"ncp_skip"`, of the `"poly"` blocks.
        normalization: `"batch"` or `"none"`, of the `"poly"` blocks.
        alpha: initial scale of the second-order part of the `"residual"` blocks.
        kernel_size: size of the kernels of a block.
        stem: put a linear convolution of `width` filters with batch norm before the first stage.
        head: `"average"` over all positions, or `"flatten"`.

    Returns:
        `[batch, features]`.

    Raises:
        ValueError: an unknown `block`, `normalization` or `head`, or too many stages for the size of the image.

    Reference:
        Π-nets, arXiv 2003.03828, product of polynomials; the residual form after R-PolyNets, CVPR 2023.
    """
    one_of("block", block, BLOCKS)
    one_of("normalization", normalization, ("batch", "none"))
    one_of("head", head, HEADS)
    if min(inputs.shape[1:3]) < 2**stages:
        raise ValueError(
            f"An image of {inputs.shape[1]}×{inputs.shape[2]} has too few pixels. Received: stages={stages}"
        )
    hidden = _convolution(inputs, width, kernel_size, "stem") if stem else inputs
    for stage in range(stages):
        filters = round(width * growth**stage)
        for index in range(blocks):
            name = f"stage_{stage}_block_{index}"
            if block == "residual":
                hidden = _residual(hidden, filters, kernel_size, alpha, name)
            else:
                hidden = PolyConv2D(
                    filters,
                    kernel_size,
                    degree=degree,
                    rank=round((width if rank is None else rank) * growth**stage),
                    decomposition=decomposition,
                    padding="same",
                    normalization="batch" if normalization == "batch" else None,
                    name=name,
                )(hidden)
        hidden = layers.AveragePooling2D(2, name=f"pool_{stage}")(hidden)
    pool = layers.GlobalAveragePooling2D if head == "average" else layers.Flatten
    return pool(name="features")(hidden)


def _residual(x, filters, kernel_size, alpha, name):
    # One convolution makes both factors: they see the same windows.
    a, b = keras.ops.split(_convolution(x, 2 * filters, kernel_size, f"{name}_factors"), 2, axis=-1)
    second_order = SecondOrder2D(alpha=None, name=f"{name}_product")([a, b])
    second_order = layers.BatchNormalization(
        momentum=MOMENTUM, gamma_initializer=keras.initializers.Constant(alpha), name=f"{name}_share"
    )(second_order)
    shortcut = x if x.shape[-1] == filters else _convolution(x, filters, 1, f"{name}_shortcut")
    return layers.Add(name=name)([shortcut, second_order])


def _convolution(x, filters, kernel_size, name):
    x = layers.Conv2D(filters, kernel_size, padding="same", use_bias=False, name=name)(x)
    return layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
