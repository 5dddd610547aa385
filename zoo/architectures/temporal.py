"""A small network for spectrograms: `PolyConv1D` along the time, with the frequency bands as channels."""

from keras import layers

from pinet_keras import PolyConv1D


def temporal(
    inputs,
    width=48,
    stages=3,
    growth=1.25,
    kernel_size=5,
    degree=2,
    rank=None,
    decomposition="ccp",
):
    """Stages of one `PolyConv1D` over the time steps, each followed by average pooling by 2.

    Every filter sees all bands at once, so a spectrogram of 40 bands costs a fraction of what a network of 2-D
    convolutions does. Tier 2, of degree `degree`^stages.

    Args:
        inputs: `[batch, bands, steps, channels]` standardised spectrogram.
        width: filters of the first stage.
        stages: number of stages; there must be at least 2^stages steps.
        growth: factor of filters and rank from stage to stage.
        kernel_size: time steps that a filter sees.
        degree: degree of each `PolyConv1D`.
        rank: rank of the `PolyConv1D` of the first stage; `None` stands for `width`.
        decomposition: `"ccp"`, `"ncp"` or `"ncp_skip"`.

    Returns:
        `[batch, features]`: the mean over the remaining steps.

    Raises:
        ValueError: an unknown `decomposition`, or too many stages for the number of steps.

    Reference:
        Bands as channels: Choi et al., Temporal Convolution for Real-time Keyword Spotting on Mobile Devices,
        arXiv 1904.03814 (TC-ResNet). The layers: Π-nets, arXiv 2003.03828, product of polynomials.
    """
    bands, steps, channels = inputs.shape[1:]
    if steps < 2**stages:
        raise ValueError(f"A spectrogram of {steps} steps is too short. Received: stages={stages}")
    x = layers.Permute((2, 1, 3), name="steps_first")(inputs)
    x = layers.Reshape((steps, bands * channels), name="bands_as_channels")(x)
    for stage in range(stages):
        factor = growth**stage
        x = PolyConv1D(
            round(width * factor),
            kernel_size,
            degree=degree,
            rank=round((width if rank is None else rank) * factor),
            decomposition=decomposition,
            padding="same",
            normalization="batch",
            name=f"stage_{stage}",
        )(x)
        x = layers.AveragePooling1D(2, name=f"pool_{stage}")(x)
    return layers.GlobalAveragePooling1D(name="features")(x)
