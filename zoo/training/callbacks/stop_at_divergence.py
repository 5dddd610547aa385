"""Stopping of a run that diverged."""

import itertools
import math

import keras

from zoo.training.checkpoint import Checkpoint

FACTOR, EPOCHS = 3.0, 2


class StopAtDivergence(keras.callbacks.Callback):
    """Ends a run that diverged, and keeps the checkpoint of the last good epoch. It precedes the checkpoint.

    A run has diverged if the loss of an epoch is NaN or infinite, or if for two whole epochs in a row it was above
    3 · ln(classes). A network starts with logits that are almost equal, so that its loss starts near ln(classes), the
    cross-entropy of guessing. One bad epoch is not enough, because a few steps at its start can ruin its mean. The
    limit is not for epochs with a frozen body: a few images whose features are very large can make the mean loss as
    high, while nearly all others are classified rightly, and a frozen body cannot change them.

    Args:
        num_classes: of a classifier; `None` ends the run at NaN or infinity only.
        checkpoint: the run's `Checkpoint`, if it has one.
        frozen_epochs: the first epochs, in which the body is frozen.

    Raises:
        ValueError: at the end of an epoch, if the run has diverged.
    """

    def __init__(self, num_classes: int | None = None, checkpoint: Checkpoint | None = None, frozen_epochs: int = 0):
        super().__init__()
        self.limit = math.inf if num_classes is None else FACTOR * math.log(num_classes)
        self.checkpoint, self.frozen_epochs, self.above = checkpoint, frozen_epochs, 0

    def on_train_begin(self, logs=None) -> None:
        self.above = self._high_epochs_in_checkpoint()  # of a run that was stopped after them

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        loss = logs["loss"]
        if not math.isfinite(loss):
            self._end(f"The loss of epoch {epoch + 1} is {loss}")
        if epoch < self.frozen_epochs or loss <= self.limit:
            self.above = 0
            return
        if self.above == 0 and self.checkpoint:
            self.checkpoint.keep_copy()
        self.above += 1
        if self.above >= EPOCHS:
            self._end(
                f"The loss of epoch {epoch + 1} is {loss:.3g}, and for {EPOCHS} epochs it was above {self.limit:.3g}, "
                f"{FACTOR:.0f} times that of guessing"
            )

    def _high_epochs_in_checkpoint(self) -> int:
        """How many epochs, the last ones that the checkpoint knows, had a loss above the limit."""
        history = self.checkpoint.history if self.checkpoint else []
        losses = [row["loss"] for row in history[self.frozen_epochs :]]
        return sum(1 for _ in itertools.takewhile(lambda loss: loss > self.limit, reversed(losses)))

    def _end(self, words: str) -> None:
        kept = "Nothing is kept"
        if self.checkpoint:
            if high := self._high_epochs_in_checkpoint():
                self.checkpoint.return_to_copy(high)
            if self.checkpoint.history:
                kept = f"The checkpoint of epoch {len(self.checkpoint.history)} is kept"
        raise ValueError(
            f"{words}: the run diverged. {kept}; start over (--fresh) with a lower learning_rate or clip_norm."
        )
