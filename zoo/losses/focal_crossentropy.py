"""Focal loss with a fixed or a sample-dependent γ."""

import math

import keras
from keras import ops

FLSD_53 = "flsd53"
LOW_PROBABILITY, LOW_GAMMA, HIGH_GAMMA = 0.2, 5, 3  # of FLSD-53


@keras.saving.register_keras_serializable(package="pinet_keras")
class FocalCrossentropy(keras.losses.Loss):
    """Focal loss of logits, which gives less weight to examples that are classified right already.

    For one-hot targets y, with p = softmax(logits):

        L = −Σ_k y_k (1 − p_k)^γ log p_k

    FLSD-53 chooses γ by the probability: γ = 5 where p_k < 0.2, and γ = 3 elsewhere. A network that is trained with it
    is less overconfident than with cross-entropy, which is γ = 0.

    `keras.losses.CategoricalFocalCrossentropy` with `alpha=1` has the same values for a fixed γ. It clips probabilities
    at 1e-7, so that an example whose true class is less likely has no gradient; this one has no such limit.

    Args:
        gamma: γ, 0 or more, or `"flsd53"`.
        label_smoothing: fraction of the target that is spread over all classes.
        reduction: as for `keras.losses.Loss`.
        name: name of the loss.
        dtype: as for `keras.losses.Loss`.

    Raises:
        ValueError: `gamma` is neither, or `label_smoothing` is not at least 0 and below 1.

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, arXiv 1708.02002; Mukhoti et al., Calibrating Deep Neural
        Networks using Focal Loss, arXiv 2002.09437, section 4 and appendix C for FLSD-53.

    Example:
        >>> from zoo.losses import FocalCrossentropy
        >>> targets, logits = np.array([[1.0, 0.0, 0.0]]), np.log([[0.5, 0.25, 0.25]])
        >>> round(float(FocalCrossentropy(gamma=3.0)(targets, logits)), 4)  # 0.5³ · log 2
        0.0866
    """

    def __init__(
        self,
        gamma: float | str = 3.0,
        label_smoothing: float = 0.0,
        reduction: str = "sum_over_batch_size",
        name: str = "focal_crossentropy",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        number = isinstance(gamma, int | float) and not isinstance(gamma, bool) and 0 <= gamma < math.inf
        if gamma != FLSD_53 and not number:
            raise ValueError(f"`gamma` must be a number, 0 or more, or {FLSD_53!r}. Received: gamma={gamma!r}")
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"`label_smoothing` must be at least 0 and below 1. Received: label_smoothing={label_smoothing!r}"
            )
        self.gamma, self.label_smoothing = gamma, label_smoothing

    def call(self, y_true, y_pred):
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        log_p = ops.log_softmax(y_pred, axis=-1)
        targets = (1 - self.label_smoothing) * y_true + self.label_smoothing / y_pred.shape[-1]
        return -ops.sum(targets * self._weights(log_p) * log_p, axis=-1)

    def _weights(self, log_p):
        rest = ops.maximum(-ops.expm1(log_p), keras.config.epsilon())  # at 0 the gradient of a root is infinite
        if self.gamma == FLSD_53:
            return ops.where(log_p < math.log(LOW_PROBABILITY), rest**LOW_GAMMA, rest**HIGH_GAMMA)
        return rest**self.gamma

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma, "label_smoothing": self.label_smoothing}
