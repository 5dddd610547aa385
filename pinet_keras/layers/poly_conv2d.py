from __future__ import annotations

import keras

from pinet_keras.layers._poly_conv import PolyConv


@keras.saving.register_keras_serializable(package="pinet_keras")
class PolyConv2D(PolyConv):
    """Computes `filters` low-rank polynomials of degree `degree` of each window of pixels of its input.

    Takes the place of a `Conv2D` with an activation function. With z the input, `∗` the elementwise product and k the
    rank, `y = C x_N + β`, where

    - `"ccp"`: `x_1 = U_1 z`, `x_n = (U_n z) ∗ x_{n-1} + x_{n-1}`;
    - `"ncp"`: `x_1 = (A_1 z) ∗ b_1`, `x_n = (A_n z) ∗ (S_n x_{n-1} + b_n)`;
    - `"ncp_skip"`: `x_1 = (A_1 z) ∗ b_1`, `x_n = (A_n z) ∗ (S_n x_{n-1} + b_n) + V_n x_{n-1}`.

    U_n and A_n are convolutions with k filters, of the kernel size, strides, padding and dilation. S_n, V_n and C act
    on the channels alone (1x1 convolutions). So each output value is a `PolyDense` of its own window: the receptive
    field does not grow with the degree, all x_n have one spatial size, and striding happens once.

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer or tuple of 2, size of the window.
        degree: Positive integer N, degree of the polynomials. Degrees of layers in a row multiply: prefer several
            layers of degree 2 or 3 to one of high degree.
        rank: Positive integer k, channels of x_n. `None` stands for `filters`: C is then square, so that the readout
            neither narrows nor widens, and each factor costs what a `Conv2D(filters, kernel_size)` costs.
        decomposition: `"ccp"` has the fewest parameters, `"ncp"` mixes the channels of x_{n-1} in each step, and
            `"ncp_skip"` also adds x_{n-1}, as `"ccp"` does.
        strides: Integer or tuple of 2. Above 1 it excludes a dilation above 1, as everywhere in Keras.
        padding: `"valid"` or `"same"` (zeros).
        dilation_rate: Integer or tuple of 2.
        data_format: `"channels_last"` or `"channels_first"`; `None` stands for Keras' configured one.
        normalization: `None`, or `"batch"` to batch-normalise each branch before it enters a product; at inference this
            is affine, and the degree stays.
        use_bias: Whether to add β. (b_n belongs to the recursion and is there in either case.)
        kernel_initializer: Initializer of U, A, S, V and C. Every factor gets a draw of its own, also from a seeded
            instance. `"poly"` keeps output and gradient in scale at any degree and rank (see `PolyInitializer`);
            others are used as they are.
        bias_initializer: Initializer of β.
        kernel_regularizer: Regularizer of each of U, A, S, V and C.
        bias_regularizer: Regularizer of β.
        activity_regularizer: Regularizer of the output.
        kernel_constraint: Constraint on each of U, A, S, V and C.
        bias_constraint: Constraint on β.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with `"channels_first"`.

    Output shape:
        That of `keras.layers.Conv2D` with the same arguments.

    Masking:
        Not supported, on purpose: a window mixes pixels that are masked with pixels that are not.

    Raises:
        ValueError: if `filters`, `degree` or `rank` is not a positive integer, if `decomposition`, `normalization`,
            `padding` or `data_format` is unknown, if strides and dilation are both above 1, or if the input does not
            have four axes or its channels are of unknown number.

    Reference:
        Chrysos et al., Π-nets: Deep Polynomial Neural Networks, arXiv 2003.03828; Deep Polynomial Neural Networks,
        arXiv 2006.13026 (the models CCP, NCP and NCP-Skip).

    Example:
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((32, 32, 3)),
        ...         pinet_keras.PolyConv2D(16, 3, degree=2, strides=2, normalization="batch"),
        ...         pinet_keras.PolyConv2D(32, 3, degree=2, strides=2, normalization="batch"),
        ...         keras.layers.GlobalAveragePooling2D(),
        ...         keras.layers.Dense(10),
        ...     ]
        ... )
        >>> model.output_shape  # ten polynomials of degree 2·2 of the pixels
        (None, 10)
    """

    _convolution = keras.layers.Conv2D
    _spatial_axes = 2
