"""The data set spoken_digit: recordings of six speakers, split by speaker and recording."""

import numpy as np

from zoo.data.audio import fit_length
from zoo.data.catalog import SETS

HELD_OUT = 5  # of each speaker's 50 recordings of a digit, the first ones


def standard_split(builder) -> dict:
    """The arrays of a `DataSet` in the split that the authors of the data set propose.

    Args:
        builder: the prepared TFDS builder of spoken_digit.
    """
    return split_recordings(spoken_recordings(builder), lambda index, speaker: index < HELD_OUT)


def spoken_recordings(builder) -> list[tuple[int, str, int, np.ndarray]]:
    """Every recording of TFDS' spoken_digit as (index, speaker, digit, int16 waveform), sorted.

    The file names say it: `7_theo_12.wav` is theo's recording 12 of a seven.
    """
    recordings = []
    for example in builder.as_dataset(split="train").as_numpy_iterator():
        digit, speaker, index = example["audio/filename"].decode().removesuffix(".wav").split("_")
        waveform = np.clip(example["audio"], -32768, 32767).astype("int16")
        recordings.append((int(index), speaker, int(digit), fit_length(waveform, SETS["spoken_digit"]["shape"][0])))
    return sorted(recordings, key=lambda recording: recording[:3])


def split_recordings(recordings, held_out) -> dict:
    """The arrays of a `DataSet`: in the test split the recordings of which `held_out(index, speaker)` is true."""
    arrays = {}
    for split, held in (("train", False), ("test", True)):
        chosen = [each for each in recordings if held_out(*each[:2]) == held]
        arrays[f"x_{split}"] = np.stack([waveform for *_, waveform in chosen])
        arrays[f"y_{split}"] = np.array([digit for _, _, digit, _ in chosen])
    return arrays
