"""The networks that are measured, in Keras: ours, and a ReLU network to compare them with."""

import keras
from keras import layers, ops

from pinet_keras import PolyDense
from zoo.architectures import build

CIFAR, MNIST = (32, 32, 3), (28, 28, 1)
NCP_BLOCKS, NCP_WIDTHS = (2, 2, 2, 1), (64, 128, 256, 512)
CCP_RANK = 128


def polynet():
    """PolyNet on 32×32×3, as the zoo builds it."""
    return build("polynet", {}, CIFAR, [127.5] * 3, [64.0] * 3, 10, name="polynet")


def ncp():
    """The second-order NCP residual network: y = s + α f ∗ s, f = BN(5×5 convolution), s = BN(1×1 convolution).

    Reference:
        Π-nets, arXiv 2006.13026, with the sizes of the authors' tutorial of 2022, where s has instance norm.
    """
    inputs = keras.Input(CIFAR)
    x = _normed(layers.Conv2D(64, 3, padding="same", use_bias=False))(inputs)
    for stage, (blocks, filters) in enumerate(zip(NCP_BLOCKS, NCP_WIDTHS, strict=True)):
        for index in range(blocks):
            strides = 2 if stage and not index else 1
            first = _normed(layers.Conv2D(filters, 5, strides, padding="same", use_bias=False))(x)
            second = _normed(layers.Conv2D(filters, 1, strides, padding="same", use_bias=False))(x)
            x = layers.Add()([second, Scale()(layers.Multiply()([first, second]))])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10)(x), name="ncp")


def ccp_3():
    """One dense CCP of degree 3 on 784 pixels."""
    return _ccp(3)


def ccp_16():
    """One dense CCP of degree 16 on 784 pixels."""
    return _ccp(16)


def resnet20():
    """ResNet-20 with ReLU for 32×32×3 (He et al., arXiv 1512.03385, section 4.2), shortcuts of 1×1 convolutions."""
    inputs = keras.Input(CIFAR)
    x = layers.ReLU()(_normed(layers.Conv2D(16, 3, padding="same", use_bias=False))(inputs))
    for stage, filters in enumerate((16, 32, 64)):
        for index in range(3):
            strides = 2 if stage and not index else 1
            y = layers.ReLU()(_normed(layers.Conv2D(filters, 3, strides, padding="same", use_bias=False))(x))
            y = _normed(layers.Conv2D(filters, 3, padding="same", use_bias=False))(y)
            shortcut = x if strides == 1 else _normed(layers.Conv2D(filters, 1, strides, use_bias=False))(x)
            x = layers.ReLU()(layers.Add()([y, shortcut]))
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)), name="resnet20")


def wide_products():
    """Six convolutions, each followed by products of all pairs of its channels: a run of docs/experiments.md."""
    arguments = {"widths": (64, 192, 192), "form": "mixed", "downsampling": "late", "dropout": 0.1}
    return build("pinet_vgg", arguments, CIFAR, [127.5] * 3, [64.0] * 3, 10, name="wide_products")


def _ccp(degree):
    inputs = keras.Input(MNIST)
    x = layers.Flatten()(inputs)
    return keras.Model(inputs, PolyDense(10, degree=degree, rank=CCP_RANK)(x), name=f"ccp_{degree}")


def _normed(convolution):
    return lambda x: layers.BatchNormalization(momentum=0.9)(convolution(x))


class Scale(layers.Layer):
    """One learned number, 0 at the start, times the input."""

    def build(self, input_shape):
        self.alpha = self.add_weight(shape=(), initializer="zeros", name="alpha")

    def call(self, x):
        return ops.multiply(self.alpha, x)
