"""The recursion behind every polynomial layer, written once for the dense and the convolutional forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import constraints, initializers, ops, regularizers

from pinet_keras.arguments import one_of, positive_integer
from pinet_keras.layers._base_arguments import base_arguments
from pinet_keras.layers._batch_norm import BatchNorm
from pinet_keras.layers.poly_initializer import (
    PolyInitializer,
    derived_gains,
    factor_initializer,
    get_initializer,
    scaled,
)

DECOMPOSITIONS = ("ccp", "ncp", "ncp_skip")
NORMALIZATIONS = (None, "batch")


class PolyRecursion(keras.layers.Layer):
    """Private base of the polynomial layers; a form says what a product by a matrix is (`_factor`).

    U_1..U_N (A_1..A_N) see the same input, so they could be one product or convolution with N·rank outputs, then split.
    They are separate: measured on two CPU cores (TensorFlow with XLA, best of 8, time separate / time in one, N 2 to 8)
    that gave 0.8 to 1.24 for dense factors, and 0.5 to 1.6 for 3x3 convolutions, with the widest ones the slowest: the
    split of interleaved channels costs more than the fewer calls save.

    Dtypes: the factors that see the input, nearly all of the work, run in the compute dtype. Everything from the first
    product to the output factor C runs in the variable dtype, which is float32 under mixed precision: a product of
    many values leaves the range of float16, and loses what bfloat16 has of precision, long before its factors do. The
    result is cast to the compute dtype.
    """

    def __init__(
        self,
        width: int,
        *,
        degree: int,
        rank: int | None,
        decomposition: str,
        normalization: str | None,
        use_bias: bool,
        kernel_initializer: str | dict | Callable,
        bias_initializer: str | dict | Callable,
        kernel_regularizer: str | dict | Callable | None,
        bias_regularizer: str | dict | Callable | None,
        activity_regularizer: str | dict | Callable | None,
        kernel_constraint: str | dict | Callable | None,
        bias_constraint: str | dict | Callable | None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **base_arguments(self, kwargs))
        self.degree = positive_integer("degree", degree)
        self.rank = width if rank is None else positive_integer("rank", rank)
        self.decomposition = one_of("decomposition", decomposition, DECOMPOSITIONS)
        self.normalization = one_of("normalization", normalization, NORMALIZATIONS)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    # What a form must say.

    input_spec: keras.layers.InputSpec

    @property
    def _channel_axis(self) -> int:
        return -1

    def _factor(self, outputs: int, sees_input: bool, **kwargs) -> keras.layers.Layer:
        """The form's linear layer; `sees_input` tells U and A, which see z, from S, V and C, which see x_n."""
        raise NotImplementedError

    def _input_branch(self, factor: keras.layers.Layer, inputs: Any) -> Any:
        """What a factor makes of the input."""
        return factor(inputs)

    def _input_fan(self, input_shape) -> int:
        """How many input values one output of U or A depends on."""
        raise NotImplementedError

    # Construction.

    def _create_factors(self, width: int) -> None:
        """Creates the children; a form calls it at the end of its `__init__`, when `_factor` can work."""
        # Under mixed precision the variable dtype is float32; otherwise it is the compute dtype.
        self._recursion_dtype = self.variable_dtype
        later = range(2, self.degree + 1)
        has_states, has_skips = self.decomposition != "ccp", self.decomposition == "ncp_skip"
        steps = range(1, self.degree + 1)
        self.input_factors = [self._linear(self.rank, f"input_factor_{n}", sees_input=True) for n in steps]
        self.state_factors = [self._linear(self.rank, f"state_factor_{n}") for n in later] if has_states else []
        self.skip_factors = [self._linear(self.rank, f"skip_factor_{n}") for n in later] if has_skips else []
        self.output_factor = self._linear(
            width,
            "output_factor",
            use_bias=self.use_bias,
            bias_initializer=self.bias_initializer,
            bias_regularizer=self.bias_regularizer,
            bias_constraint=self.bias_constraint,
        )
        normalized = self.normalization == "batch"
        self.input_norms = [self._norm(f"input_norm_{n}", center=True) for n in steps] if normalized else []
        # Not centred: b_n, added after it, is the centre.
        self.state_norms = (
            [self._norm(f"state_norm_{n}", center=False) for n in later] if normalized and has_states else []
        )

    def _linear(self, outputs: int, name: str, sees_input: bool = False, use_bias: bool = False, **bias_kwargs):
        return self._factor(
            outputs,
            sees_input,
            use_bias=use_bias,
            kernel_regularizer=self.kernel_regularizer,
            kernel_constraint=self.kernel_constraint,
            dtype=self.dtype_policy if sees_input else self._recursion_dtype,
            trainable=self.trainable,
            name=name,
            **bias_kwargs,
        )

    def _norm(self, name: str, center: bool):
        return BatchNorm(
            axis=self._channel_axis,
            center=center,
            dtype=self._recursion_dtype,
            trainable=self.trainable,
            name=name,
        )

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                f"The channel axis of the input ({self._channel_axis}) must have a known size. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(
            ndim=self.input_spec.ndim, min_ndim=self.input_spec.min_ndim, axes={self._channel_axis: channels}
        )
        self._set_initial_scale(self._input_fan(input_shape))
        state_shape = self._state_shape(input_shape)
        for layer in self.input_factors:
            layer.build(input_shape)
        for layer in (*self.input_norms, *self.state_factors, *self.state_norms, *self.skip_factors):
            layer.build(state_shape)
        self.output_factor.build(state_shape)
        self.constants = [
            self.add_weight(
                name=f"constant_{n}",
                shape=(self.rank,),
                initializer=initializers.Constant(value),
                # Used in the recursion only, which does not run in the compute dtype.
                autocast=False,
            )
            for n, value in enumerate(self._constants, start=1)
        ]
        self.built = True

    def _set_initial_scale(self, fan_in: int) -> None:
        """Gives every factor its initializer, and the normalisations the gains that they would undo."""
        derived = derived_gains(self.decomposition, self.degree, fan_in)
        # b_n is part of the recursion and not a bias: with b_1 = 0, NCP would be constant. So it starts at its derived
        # value, whatever the initializer of the kernels.
        self._constants = derived.constants if self.decomposition != "ccp" else ()
        is_poly = isinstance(self.kernel_initializer, PolyInitializer)
        in_kernels = is_poly and not self.input_norms
        for n, layer in enumerate(self.input_factors):
            layer.kernel_initializer = self._draw(n, derived.inputs[n] if in_kernels else 1.0)
        for n, layer in enumerate(self.state_factors):
            layer.kernel_initializer = self._draw(self.degree + n, derived.states[n] if in_kernels else 1.0)
        # V_n is orthogonal under "poly", see the derivation.
        skip = initializers.Orthogonal(seed=self.kernel_initializer.get_config()["seed"]) if is_poly else None
        for n, layer in enumerate(self.skip_factors):
            layer.kernel_initializer = self._draw(2 * self.degree + n, 1.0, skip)
        self.output_factor.kernel_initializer = self._draw(3 * self.degree, derived.output if is_poly else 1.0)
        for n, norm in enumerate(self.input_norms):
            norm.gamma_initializer = initializers.Constant(derived.inputs[n])
        for n, norm in enumerate(self.state_norms):
            norm.gamma_initializer = initializers.Constant(derived.states[n])

    def _draw(self, index: int, gain: float, initializer=None):
        return scaled(factor_initializer(initializer or self.kernel_initializer, index), gain)

    # The recursion.

    def _recurse(self, inputs, training=None, mask=None):
        """y = C x_N + β, with x_N by the recursion of the chosen decomposition."""
        factors = [ops.cast(self._input_branch(each, inputs), self._recursion_dtype) for each in self.input_factors]
        if self.input_norms:
            factors = [
                norm(factor, training=training, mask=mask)
                for norm, factor in zip(self.input_norms, factors, strict=True)
            ]
        constants = [self._along_channels(constant, factors[0]) for constant in self.constants]
        x = factors[0] * constants[0] if constants else factors[0]
        for n in range(1, self.degree):
            if self.decomposition == "ccp":
                x = factors[n] * x + x
                continue
            branch = self.state_factors[n - 1](x)
            if self.state_norms:
                branch = self.state_norms[n - 1](branch, training=training, mask=mask)
            product = factors[n] * (branch + constants[n])
            x = product + self.skip_factors[n - 1](x) if self.skip_factors else product
        return ops.cast(self.output_factor(x), self.compute_dtype)

    def _along_channels(self, vector, like):
        shape = [1] * len(like.shape)
        shape[self._channel_axis] = self.rank
        return ops.reshape(ops.cast(vector, self._recursion_dtype), shape)

    # Shapes.

    def _state_shape(self, input_shape):
        """Shape of every x_n."""
        return self.input_factors[0].compute_output_shape(input_shape)

    def _with_channels(self, shape, channels: int):
        shape = list(shape)
        shape[self._channel_axis] = channels
        return tuple(shape)

    # What the layer declares.

    def degree_rule(self, degrees: list[int]) -> int:
        """Degree of the output, given that of the input: `degree` times as much."""
        (degree,) = degrees
        return self.degree * degree

    def multiplications_rule(self) -> int:
        """Depth between the first affine map (U_1..U_N) and the last (C): the products, and the affine maps between.

        A product at each step after the first makes degree - 1; x_1 costs none, since b_1 is a constant. In NCP and
        NCP-Skip an affine map (S_n and V_n) stands between each two products.
        """
        products = self.degree - 1
        return products if self.decomposition == "ccp" else max(0, 2 * products - 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "degree": self.degree,
            "rank": self.rank,
            "decomposition": self.decomposition,
            "normalization": self.normalization,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


def receptive_field(kernel_size, channels: int) -> int:
    """Number of input values under one kernel."""
    return math.prod(kernel_size) * channels
