"""An ordinary convolutional or dense network whose activation functions are learned polynomials (SLAF)."""

from keras import layers

from pinet_keras import PolynomialActivation
from pinet_keras.arguments import one_of
from zoo.architectures.pinet import HEADS, MOMENTUM


def slaf(
    inputs,
    width=16,
    stages=3,
    blocks=2,
    growth=2.0,
    units=0,
    dense_layers=1,
    degree=3,
    shared=False,
    initial_activation="relu",
    bound=3.0,
    kernel_size=3,
    head="average",
):
    """Stages of convolutions, each followed by average pooling by 2, then dense layers.

    Each convolution and each dense layer is followed by batch normalisation and a `PolynomialActivation`, a polynomial
    of which training learns the coefficients. Tier 2: degree `degree`^(stages · blocks + dense layers).

    Args:
        inputs: `[batch, height, width, channels]` standardised image.
        width: filters of the first stage.
        stages: number of stages; height and width must be at least 2^stages. 0 makes a dense network.
        blocks: convolutions a stage.
        growth: factor of the filters from stage to stage.
        units: of each dense layer; 0 for none.
        dense_layers: number of dense layers, if there are `units`.
        degree: degree of each activation.
        shared: whether all channels of a layer share one polynomial; otherwise each has its own.
        initial_activation: name of the activation function to which the initial polynomials are fitted, such as
            `"relu"`, `"gelu"` or `"tanh"`; `"linear"` for the identity.
        bound: half the width of the range of that fit, in standard deviations of what enters an activation.
        kernel_size: of the convolutions.
        head: what the last stage is followed by: `"average"` over all positions, or `"flatten"`.

    Returns:
        `[batch, features]`.

    Raises:
        ValueError: an unknown `head` or `initial_activation`, neither stages nor units, or too many stages for the size
            of the image.

    Reference:
        Goyal et al., Learning Activation Functions: A new paradigm for understanding Neural Networks, arXiv 1906.09529.
    """
    one_of("head", head, HEADS)
    if not stages and not units:
        raise ValueError(f"A network needs stages or units. Received: stages={stages}, units={units}")
    if min(inputs.shape[1:3]) < 2**stages:
        raise ValueError(
            f"An image of {inputs.shape[1]}×{inputs.shape[2]} has too few pixels. Received: stages={stages}"
        )

    def activated(x, name):
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
        return PolynomialActivation(degree, shared, initial=initial_activation, bound=bound, name=f"{name}_activation")(
            x
        )

    x = inputs
    for stage in range(stages):
        filters = round(width * growth**stage)
        for index in range(blocks):
            name = f"stage_{stage}_conv_{index}"
            x = activated(layers.Conv2D(filters, kernel_size, padding="same", use_bias=False, name=name)(x), name)
        x = layers.AveragePooling2D(2, name=f"pool_{stage}")(x)
    if stages and head == "average":
        x = layers.GlobalAveragePooling2D(name="features")(x)
    else:
        x = layers.Flatten(name="positions")(x)
    for index in range(dense_layers if units else 0):
        name = f"dense_{index}"
        x = activated(layers.Dense(units, use_bias=False, name=name)(x), name)
    return x
