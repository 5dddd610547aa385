"""The loss of ArcFace."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pinet_keras")
class AdditiveAngularMargin(keras.losses.Loss):
    """Cross-entropy of cosines, with a margin added to the angle of the true class (ArcFace).

    With cos θ_k the cosine between an embedding and the direction of class k, which `CosineDense` gives, and t the true
    class:

        L = −log softmax(s z)_t,   z_t = cos(θ_t + m),   z_k = cos θ_k for k ≠ t

    An embedding is then near its own class by at least the angle m more than to any other. Beyond θ_t = π − m, where
    cos(θ + m) would rise again, z_t = cos θ_t − m sin m.

    Args:
        margin: m, an angle in radians, from 0 to π / 2.
        scale: s, above 0.
        reduction: as for `keras.losses.Loss`.
        name: name of the loss.
        dtype: as for `keras.losses.Loss`.

    Input shape:
        One-hot targets `[batch, classes]` and cosines `[batch, classes]`.

    Raises:
        ValueError: `margin` or `scale` is out of its range.

    Reference:
        Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, arXiv 1801.07698, eq. 3.

    Example:
        >>> from zoo.losses import AdditiveAngularMargin
        >>> cosines, targets = np.array([[0.9, 0.1]]), np.array([[1.0, 0.0]])
        >>> losses = [float(AdditiveAngularMargin(margin, 10.0)(targets, cosines)) for margin in (0.0, 0.5)]
        >>> losses[0] < losses[1]
        True
    """

    def __init__(
        self,
        margin: float = 0.5,
        scale: float = 30.0,
        reduction: str = "sum_over_batch_size",
        name: str = "additive_angular_margin",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not 0 <= margin <= math.pi / 2:
            raise ValueError(f"`margin` must be an angle from 0 to π / 2. Received: margin={margin!r}")
        if not 0 < scale < math.inf:
            raise ValueError(f"`scale` must be a number above 0. Received: scale={scale!r}")
        self.margin, self.scale = margin, scale

    def call(self, y_true, y_pred):
        cosines, targets = ops.convert_to_tensor(y_pred), ops.convert_to_tensor(y_true)
        sines = ops.sqrt(ops.maximum(1 - cosines**2, keras.config.epsilon()))  # at 0 a root has an infinite gradient
        moved = cosines * math.cos(self.margin) - sines * math.sin(self.margin)
        moved = ops.where(cosines > -math.cos(self.margin), moved, cosines - self.margin * math.sin(self.margin))
        logits = self.scale * (cosines + targets * (moved - cosines))
        return keras.losses.categorical_crossentropy(targets, logits, from_logits=True)

    def get_config(self):
        return {**super().get_config(), "margin": self.margin, "scale": self.scale}
