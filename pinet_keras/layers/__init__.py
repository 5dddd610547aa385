"""Polynomial layers, one public class a file."""

from pinet_keras.layers.graphs import normalized_adjacency
from pinet_keras.layers.hermite_activation import HermiteActivation
from pinet_keras.layers.mirror_conv2d import MirrorConv2D
from pinet_keras.layers.poly_block2d import PolyBlock2D
from pinet_keras.layers.poly_conv1d import PolyConv1D
from pinet_keras.layers.poly_conv2d import PolyConv2D
from pinet_keras.layers.poly_dense import PolyDense
from pinet_keras.layers.poly_graph_conv import PolyGraphConv
from pinet_keras.layers.poly_initializer import PolyInitializer
from pinet_keras.layers.polynomial_activation import PolynomialActivation
from pinet_keras.layers.range_control import RangeControl
from pinet_keras.layers.relu_approximation import ReLUApproximation
from pinet_keras.layers.second_order2d import SecondOrder2D

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
