"""`pinet data`."""

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import decoding, escaped, new_console, new_table, print_json
from zoo.cli.options import AsJson, DataDir
from zoo.files import check_file, naming_file

COLUMNS, MOST_ROWS, LETTERS = 8, 40, 14  # of a contact sheet: images a class, classes, letters of a name


@app.command()
def data(
    source: Annotated[
        str, typer.Argument(metavar="DATA", help="A folder of class folders, .csv, .npz, TFDS name or hf:NAME.")
    ],
    sheet: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.png", help="Draw some examples of each class.")
    ] = None,
    image_size: Annotated[int | None, typer.Option(min=1, help="Width and height to resize to [found].")] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
):
    """Read a data set as pinet train would, and show what is in it. The decoded examples are kept for the training."""
    if sheet is not None:
        check_file(sheet)
    shape = None if image_size is None else (image_size, image_size, None)
    from zoo.data.opening import open_data

    with decoding(f"decoding {source}") as report:
        data_set = open_data(source, shape=shape, data_dir=data_dir, progress=report)
    if json:
        print_json(_as_json(data_set))
    else:
        _print(data_set)
    if sheet is not None:
        with naming_file(sheet):
            _sheet(data_set).save(sheet, format="png")
        if not json:
            new_console().print(f"written: {escaped(str(sheet))}")


def _as_json(data_set):
    from dataclasses import asdict

    summary = {} if data_set.summary is None else asdict(data_set.summary)
    classes = list(data_set.class_names)
    return {
        "name": data_set.name,
        "shape": list(data_set.shape),
        "class_names": classes,
        **summary,
        "counts": _counts(data_set),
    }


def _counts(data_set):
    """Examples by split and class; a known data set leaves the validation split to the recipe."""
    import numpy as np

    if data_set.summary is not None:
        return data_set.summary.counts
    splits = {"train": data_set.y_train, "test": data_set.y_test}
    return {
        split: dict(zip(data_set.class_names, np.bincount(labels).tolist(), strict=True))
        for split, labels in splits.items()
    }


def _print(data_set):
    counts = _counts(data_set)
    shape = "×".join(map(str, data_set.shape))
    table = new_table("class", *counts, right=range(1, 1 + len(counts)), title=f"{escaped(data_set.name)}: {shape}")
    for name in data_set.class_names:
        table.add_row(escaped(name), *(f"{split[name]:,}" for split in counts.values()))
    table.add_section()
    table.add_row("[bold]all", *(f"[bold]{sum(split.values()):,}" for split in counts.values()))
    console = new_console()
    console.print(table)
    if data_set.summary is not None:
        for line in data_set.summary.lines()[len(counts) :]:
            console.print(escaped(line), soft_wrap=True)


def _sheet(data_set):
    """The first training examples of each class, a row a class; of audio clips the spectrograms."""
    import numpy as np

    from zoo.generation.sheets import sheet

    chosen, captions = [], []
    for label, name in list(enumerate(data_set.class_names))[:MOST_ROWS]:
        rows = np.flatnonzero(data_set.y_train == label)[:COLUMNS]
        rows = np.concatenate([rows, np.full(COLUMNS - len(rows), -1)])
        chosen += rows.tolist()
        captions += [name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…" if row >= 0 else "" for row in rows]
    examples = [np.asarray(data_set.x_train[max(row, 0)]) for row in chosen]
    images = np.stack([_spectrogram(each) if data_set.is_audio else each for each in examples])
    images[np.array(chosen) < 0] = 255
    return sheet(images, COLUMNS, f"{data_set.name}, training split", captions=captions)


def _spectrogram(clip):
    """Loudness by time and frequency as grey levels, 30 to 90 dB."""
    import numpy as np
    from scipy.signal import spectrogram

    powers = spectrogram(clip.astype("float64"), nperseg=256, noverlap=128, scaling="spectrum")[2]
    decibels = 10 * np.log10(powers[::-1] + 1)
    return (255 * ((decibels - 10) / 60).clip(0, 1)).astype("uint8")[..., None]
