"""An activation function on values that are kept within a range, or a polynomial close to it."""

from keras import layers

from pinet_keras import RangeControl, ReLUApproximation


def bounded_activation(x, activation, degree, bound, penalty, approximation_bound, name):
    """`RangeControl` and an activation, or what of it the arguments ask for.

    Args:
        x: the values in front of the activation.
        activation: name of a Keras activation function, or `None`.
        degree: degree of a `ReLUApproximation` in place of `activation="relu"`; `None` for ReLU itself.
        bound: x is kept within ±bound; `None` does without.
        penalty: its weight in the loss.
        approximation_bound: that of the approximation; `None` is `bound`.
        name: begin of the layers' names.
    """
    if bound:
        x = RangeControl(bound, penalty, name=f"{name}_range")(x)
    if degree:
        return ReLUApproximation(degree, approximation_bound or bound, name=f"{name}_activation")(x)
    return layers.Activation(activation, name=f"{name}_activation")(x) if activation else x


def check_activation(activation, degree, bound, approximation_bound) -> None:
    """Raise a ValueError if these arguments do not go together."""
    if degree and (activation != "relu" or not bound):
        raise ValueError(
            '`activation_degree` needs activation="relu" and a `bound`. '
            f"Received: activation={activation!r}, bound={bound!r}"
        )
    if approximation_bound and not (degree and approximation_bound >= bound):
        raise ValueError(
            "`approximation_bound` needs an `activation_degree`, and is `bound` or more. "
            f"Received: approximation_bound={approximation_bound!r}, bound={bound!r}"
        )
