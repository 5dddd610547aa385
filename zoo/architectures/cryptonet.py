"""One strided convolution and one dense layer, a polynomial after each: as little as encrypted inference can cost."""

from keras import layers

from pinet_keras import HermiteActivation


def cryptonet(inputs, width=5, kernel_size=5, strides=2, units=64, degree=2):
    """A convolution with strides and a dense layer, each followed by a `HermiteActivation`.

    On encrypted images a product of two values costs most, and a product with a weight costs a little: strides leave
    few values, and few weights. With degree 2 the logits are a polynomial of degree 4, after two products.

    Args:
        inputs: `[batch, height, width, channels]` standardised image, at least as large as the kernel.
        width: filters of the convolution.
        kernel_size: of the convolution, which has no padding.
        strides: of the convolution.
        units: of the dense layer.
        degree: of each `HermiteActivation`.

    Returns:
        `[batch, units]`.

    Raises:
        ValueError: the image is smaller than the kernel, or `degree` is not one of `HermiteActivation`'s.

    Reference:
        The layers: Gilad-Bachrach et al., CryptoNets, ICML 2016, and Brutzkus et al., Low Latency Privacy Preserving
        Inference (LoLa), arXiv 1812.10659, with squares. The polynomial: Park et al., AESPA, arXiv 2201.06699.
    """
    if min(inputs.shape[1:3]) < kernel_size:
        raise ValueError(
            f"An image of {inputs.shape[1]}×{inputs.shape[2]} is too small. Received: kernel_size={kernel_size}"
        )
    x = layers.Conv2D(width, kernel_size, strides=strides, use_bias=False, name="convolution")(inputs)
    x = HermiteActivation(degree, name="convolution_activation")(x)
    x = layers.Flatten(name="positions")(x)
    x = layers.Dense(units, use_bias=False, name="dense")(x)
    return HermiteActivation(degree, name="features")(x)
