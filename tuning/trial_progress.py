"""The progress of a trial while it trains."""

import time

import keras

SIGN_EVERY = 5.0  # seconds


class TrialProgress(keras.callbacks.Callback):
    """Shows the epoch, adds `seconds` to its logs, and reports regularly that the worker is alive.

    Args:
        epochs: of the trial.
        show: called with a line of words.
        sign: called every few seconds, as long as the training moves.
    """

    def __init__(self, epochs, show, sign):
        super().__init__()
        self.epochs, self.show, self.sign = epochs, show, sign
        self.last_sign = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self.last_sign > SIGN_EVERY:
            self.last_sign = time.monotonic()
            self.sign()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.monotonic() - self.started
        accuracy = f"loss {logs['loss']:.3f}, validation {logs['val_accuracy']:.2%}"
        self.show(f"epoch {epoch + 1}/{self.epochs}: {accuracy}")
