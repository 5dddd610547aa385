from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from pinet_keras.arguments import positive_integer
from pinet_keras.layers._recursion import PolyRecursion


@keras.saving.register_keras_serializable(package="pinet_keras")
class PolyDense(PolyRecursion):
    """Computes `units` polynomials of degree `degree` of the last axis of its input, with low-rank coefficients.

    With z the input, `∗` the elementwise product and k the rank, `y = C x_N + β`, where

    - `"ccp"`: `x_1 = U_1ᵀz`, `x_n = (U_nᵀz) ∗ x_{n-1} + x_{n-1}`;
    - `"ncp"`: `x_1 = (A_1ᵀz) ∗ b_1`, `x_n = (A_nᵀz) ∗ (S_nᵀx_{n-1} + b_n)`;
    - `"ncp_skip"`: `x_1 = (A_1ᵀz) ∗ b_1`, `x_n = (A_nᵀz) ∗ (S_nᵀx_{n-1} + b_n) + V_nᵀx_{n-1}`.

    The paper writes the constant as `B_nᵀb_n`, a matrix times a vector, both learned. Only their product matters, so
    here it is one learned vector b_n of length k. V_n is learned.

    Args:
        units: Positive integer, number of outputs.
        degree: Positive integer N, degree of the polynomials. Degrees of layers in a row multiply: prefer several
            layers of degree 2 or 3 to one of high degree.
        rank: Positive integer k, length of x_n. `None` stands for `units`: C is then square, so that the readout
            neither narrows nor widens, and each factor costs what a `Dense(units)` costs.
        decomposition: `"ccp"` has the fewest parameters, `"ncp"` mixes the entries of x_{n-1} in each step, and
            `"ncp_skip"` also adds x_{n-1}, as `"ccp"` does.
        normalization: `None`, or `"batch"` to batch-normalise each branch before it enters a product: every U_nᵀz
            (A_nᵀz), and every S_nᵀx_{n-1} before b_n is added. At inference this is affine; the degree stays.
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
        `(batch, ..., d)`, at least two axes.

    Output shape:
        `(batch, ..., units)`.

    Masking:
        Supported: positions are computed one by one, so a mask passes through unchanged, and positions masked out are
        left out of the statistics of `normalization="batch"`.

    Raises:
        ValueError: if `units`, `degree` or `rank` is not a positive integer, if `decomposition` or `normalization` is
            unknown, or if the input has fewer than two axes or a last axis of unknown size.

    Reference:
        Chrysos et al., Π-nets: Deep Polynomial Neural Networks, arXiv 2003.03828; Deep Polynomial Neural Networks,
        arXiv 2006.13026 (the models CCP, NCP and NCP-Skip).

    Example:
        >>> model = keras.Sequential([keras.Input((16,)), pinet_keras.PolyDense(4, degree=3, rank=8)])
        >>> model.output_shape
        (None, 4)
        >>> model.count_params()  # U_1, U_2 and U_3 of 16·8 each, C of 8·4, β of 4
        420
    """

    def __init__(
        self,
        units: int,
        degree: int = 2,
        rank: int | None = None,
        decomposition: str = "ccp",
        normalization: str | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict | Callable = "poly",
        bias_initializer: str | dict | Callable = "zeros",
        kernel_regularizer: str | dict | Callable | None = None,
        bias_regularizer: str | dict | Callable | None = None,
        activity_regularizer: str | dict | Callable | None = None,
        kernel_constraint: str | dict | Callable | None = None,
        bias_constraint: str | dict | Callable | None = None,
        **kwargs,
    ):
        units = positive_integer("units", units)
        super().__init__(
            units,
            degree=degree,
            rank=rank,
            decomposition=decomposition,
            normalization=normalization,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.units = units
        self.supports_masking = True
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        self._create_factors(units)

    def _factor(self, outputs, sees_input, **kwargs):
        return keras.layers.Dense(outputs, **kwargs)

    def _input_fan(self, input_shape):
        return input_shape[-1]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        return self._recurse(inputs, training=training, mask=mask)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
