"""Base of the convolutional forms, for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from pinet_keras.arguments import positive_integer
from pinet_keras.layers._recursion import PolyRecursion, receptive_field


class PolyConv(PolyRecursion):
    """Private base of `PolyConv1D` and `PolyConv2D`, which say their number of axes and Keras' convolution for it."""

    _convolution: type[keras.layers.Layer]
    _spatial_axes: int

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        degree: int = 2,
        rank: int | None = None,
        decomposition: str = "ccp",
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        dilation_rate: int | tuple[int, ...] = 1,
        data_format: str | None = None,
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
        filters = positive_integer("filters", filters)
        super().__init__(
            filters,
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
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding
        self.dilation_rate = dilation_rate
        self.data_format = data_format or keras.config.image_data_format()
        self.input_spec = keras.layers.InputSpec(ndim=self._spatial_axes + 2)
        self._create_factors(filters)
        # Keras' convolution has checked these and brought them to one form.
        for name in ("kernel_size", "strides", "padding", "dilation_rate", "data_format"):
            setattr(self, name, getattr(self.input_factors[0], name))

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def _factor(self, outputs, sees_input, **kwargs):
        if not sees_input:
            return self._convolution(outputs, 1, data_format=self.data_format, **kwargs)
        return self._convolution(
            outputs,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
            **kwargs,
        )

    def _input_fan(self, input_shape):
        return receptive_field(self.kernel_size, input_shape[self._channel_axis])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self._recurse(inputs, training=training)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return self._with_channels(self._state_shape(input_shape), self.filters)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "data_format": self.data_format,
        }
