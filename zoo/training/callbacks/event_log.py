"""Training curves for TensorBoard, written without TensorFlow."""

import time
from pathlib import Path

import keras
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from zoo.files import naming_file


class EventLog(keras.callbacks.Callback):
    """Writes every epoch's metrics as TensorBoard scalars; `keras.callbacks.TensorBoard` would import TensorFlow.

    Args:
        folder: the run's folder; events go to its `tensorboard` folder, one file per start.
    """

    def __init__(self, folder: str | Path):
        super().__init__()
        self.folder = Path(folder) / "tensorboard"

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = open(self.folder / f"events.out.tfevents.{time.time_ns()}", "wb")  # noqa: SIM115 closed at the end
        self.writer = RecordWriter(self.file)
        self.writer.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        values = [Summary.Value(tag=key, simple_value=float(value)) for key, value in (logs or {}).items()]
        event = Event(wall_time=time.time(), step=epoch + 1, summary=Summary(value=values))
        with naming_file(self.file.name):
            self.writer.write(event.SerializeToString())
            self.writer.flush()

    def on_train_end(self, logs: dict | None = None) -> None:
        self.file.close()
