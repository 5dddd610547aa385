"""The progress of a trial while it trains."""

import time

import keras

HEARTBEAT_EVERY = 5.0  # seconds


class TrialProgress(keras.callbacks.Callback):
    """Shows the epoch, adds `seconds` to its logs, and reports regularly that the worker is alive.

    Args:
        epochs: of the trial.
        show: called with a line of words.
        heartbeat: called every few seconds, as long as the training makes steps.
    """

    def __init__(self, epochs, show, heartbeat):
        super().__init__()
        self.epochs, self.show, self.heartbeat = epochs, show, heartbeat
        self.last_heartbeat = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self.last_heartbeat > HEARTBEAT_EVERY:
            self.last_heartbeat = time.monotonic()
            self.heartbeat()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.monotonic() - self.started
        accuracy = f"loss {logs['loss']:.3f}, validation {logs['val_accuracy']:.2%}"
        self.show(f"epoch {epoch + 1}/{self.epochs}: {accuracy}")
