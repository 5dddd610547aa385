"""Polynomial networks (Π-nets) as Keras 3 layers, on TensorFlow, JAX and PyTorch.

A layer here computes polynomials of its input: branches meet in elementwise products instead of passing through an
activation function. Each declares its degree (`degree_rule`) and its number of successive products
(`multiplications_rule`).

A *product of polynomials* is composition and needs no class of its own: let the output of one layer be the input
of the next, and the degrees multiply. Four layers of degree 2 make a polynomial of degree 2⁴ = 16, with far fewer
factors than one layer of degree 16 has:

    model = keras.Sequential(
        [
            pinet_keras.PolyConv2D(16, 3, degree=2, strides=2),
            pinet_keras.PolyConv2D(32, 3, degree=2, strides=2),
            keras.layers.GlobalAveragePooling2D(),  # affine, like Flatten or Dense: the degree stays
            pinet_keras.PolyDense(64, degree=2),
            pinet_keras.PolyDense(10, degree=2),
        ]
    )

Put `normalization="batch"` on the layers of a deep product: it keeps the values that enter each product in scale.

`SecondOrder2D` is the unit of which most of the zoo's trained networks are made. It takes the place of an
activation function, after any convolution and its batch normalisation.
"""

from pinet_keras.layers import (
    HermiteActivation,
    MirrorConv2D,
    PolyBlock2D,
    PolyConv1D,
    PolyConv2D,
    PolyDense,
    PolyGraphConv,
    PolyInitializer,
    PolynomialActivation,
    RangeControl,
    ReLUApproximation,
    SecondOrder2D,
    normalized_adjacency,
)

__version__ = "0.1.0"

__all__ = [
    "HermiteActivation",
    "MirrorConv2D",
    "PolyBlock2D",
    "PolyConv1D",
    "PolyConv2D",
    "PolyDense",
    "PolyGraphConv",
    "PolyInitializer",
    "PolynomialActivation",
    "RangeControl",
    "ReLUApproximation",
    "SecondOrder2D",
    "normalized_adjacency",
]
