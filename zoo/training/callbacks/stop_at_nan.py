"""Stopping of a run that diverged."""

import keras
import numpy as np


class StopAtNaN(keras.callbacks.Callback):
    """Ends a run whose loss is NaN or infinite. It precedes the checkpoint, so that the last good epoch is kept."""

    def on_epoch_end(self, epoch, logs=None):
        if not np.isfinite(logs["loss"]):
            raise ValueError(
                f"The loss of epoch {epoch + 1} is {logs['loss']}: the run diverged. The checkpoint of the epoch "
                "before is kept; a lower learning_rate or clip_norm may help."
            )
