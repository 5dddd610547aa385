"""Cards and weights files that somebody else made, damaged or hostile: each is refused in words and does no harm."""

import json
import os
import shutil
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

import zoo
from zoo import pretrained
from zoo.architectures import build
from zoo.architectures.parts.weight_limit import at_most

CARD, WEIGHTS = "cards/even_or_odd.json", "weights/even_or_odd.weights.h5"


def entry(*path, value):
    """A change of the card: another value at a place within it."""

    def change(card):
        for key in path[:-1]:
            card = card[key]
        card[path[-1]] = value

    return change


def missing(*path):
    def change(card):
        for key in path[:-1]:
            card = card[key]
        del card[path[-1]]

    return change


CARDS = {
    "newer": (entry("card_format", value=2), "cannot be read: it was written by a newer pinet-keras, in format 2"),
    "architecture": (
        entry("architecture", value="transformer"),
        "Unknown architecture; known are .*pinet.*transformer",
    ),
    "another module": (entry("architecture", value="parts"), "Unknown architecture"),
    "a path as architecture": (entry("architecture", value="os.path"), "architecture is 'os.path'"),
    "an architecture of generators": (entry("architecture", value="dcgan"), "refuses its arguments.*image_shape"),
    "the discriminator": (entry("architecture", value="discriminator"), "refuses its arguments"),
    "unknown argument": (entry("architecture_arguments", "depth", value=3), "refuses its arguments.*depth"),
    "argument of another type": (entry("architecture_arguments", "width", value="12"), "refuses its arguments"),
    "negative": (entry("architecture_arguments", "width", value=-1), "refuses its arguments|Received"),
    "null": (entry("architecture_arguments", "growth", value=None), "refuses its arguments"),
    "infinite": (entry("architecture_arguments", "growth", value=float("inf")), "growth is inf"),
    "choice": (entry("architecture_arguments", "block", value="conv"), "`block` must be one of"),
    "an object": (
        entry("architecture_arguments", "head", value={"class_name": "Lambda", "config": {}}),
        "architecture_arguments.head is of type dict",
    ),
    "an object in a list": (entry("architecture_arguments", "head", value=[{}]), r"head\[0\] is of type dict"),
    "a huge width": (entry("architecture_arguments", "width", value=10**7), "more than the allowed weights"),
    "huge growth": (entry("architecture_arguments", "growth", value=1e6), "more than the allowed weights"),
    "many blocks": (entry("architecture_arguments", "blocks", value=10**9), "more than the allowed weights"),
    "many stages": (entry("architecture_arguments", "stages", value=10**6), "has too few pixels"),
    "parameters": (entry("parameters", value=10**12), "parameters is 1000000000000, and its maximum is 1000000000"),
    "a huge input": (entry("input_shape", value=[9999, 9999, 3]), r"input_shape \[9999, 9999, 3\] has more than"),
    "no channels": (entry("input_shape", value=[8, 8]), "cannot be built|shape"),
    "channels": (entry("input_shape", value=[8, 8, 3]), "."),
    "mean": (entry("preprocessing", "mean", value=[1.0, 2.0]), "`mean` and `std` need one value per channel"),
    "std": (
        entry("preprocessing", "std", value=[0.0]),
        r"preprocessing.std\[0\] is 0.0, and its exclusiveMinimum is 0",
    ),
    "NaN": (entry("preprocessing", "std", value=[float("nan")]), r"preprocessing.std\[0\] is nan"),
    "temperature": (entry("calibration", "temperature", value=0), "calibration.temperature is 0"),
    "path of the weights": (entry("weights", "file", value="../other.weights.h5"), "weights.file is '../other"),
    "absolute path": (entry("weights", "file", value="/etc/passwd"), "weights.file is '/etc/passwd'"),
    "line break": (entry("weights", "file", value="x.weights.h5\n"), "weights.file is "),
    "name": (entry("name", value="../../mine"), "name is '../../mine', and its pattern is"),
    "checksum": (entry("weights", "sha256", value="0" * 64), "is not the one its card describes"),
    "no checksum": (missing("weights", "sha256"), "weights.sha256 is missing"),
    "no task": (missing("task"), "task is missing"),
    "task": (entry("task", value="mind reading"), "task is 'mind reading'"),
    "a list as task": (entry("task", value=[]), "even_or_odd.json is not a model card"),
    "classes": (entry("class_names", value=["a"] * 100_001), "its maxItems is 100000"),
    "too few classes": (entry("class_names", value=["a"]), "holds a head of 2 classes|does not hold the weights"),
    "true for a number": (entry("parameters", value=True), "parameters is of type bool"),
}


@pytest.mark.parametrize("case", CARDS)
def test_a_card_that_does_not_fit_is_refused_in_words(change_card, case):
    change, words = CARDS[case]
    folder = change_card(change)
    tracemalloc.start()
    with pytest.raises(ValueError, match=words):
        zoo.load(folder)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_a_card_is_refused_before_it_is_read_whole(saved):
    with open(Path(saved, CARD), "a", encoding="utf-8") as file:
        file.write(" " * 10_000_000)
    with pytest.raises(ValueError, match="has more than 10,000,000 bytes"):
        zoo.card(saved)
    Path(saved, CARD).write_text("[" * 100_000)
    with pytest.raises(ValueError, match="is not a model card"):
        zoo.card(saved)


def test_a_folder_without_card_or_weights_says_what_is_missing(saved):
    Path(saved, WEIGHTS).unlink()
    with pytest.raises(FileNotFoundError, match="even_or_odd.weights.h5 is missing from models/even_or_odd/weights"):
        zoo.load(saved)
    Path(saved, CARD).unlink()
    for use in (zoo.card, zoo.load):
        with pytest.raises(ValueError, match="holds no training run and no saved model.*'models/even_or_odd'"):
            use(saved)


def test_every_command_says_it_in_a_line(pinet, change_card):
    folder = change_card(CARDS["a huge width"][0])
    for arguments in (["predict", folder, "x.png"], ["certify", folder], ["export", folder, "served"]):
        code, out, err = pinet(*arguments)
        assert (code, out, err.count("\n")) == (1, "", 1) and err.startswith("Error: "), arguments


def test_markup_of_a_card_is_printed_as_it_stands(pinet, change_card):
    folder = change_card(class_names=["[/]", "\x1b[2J"], note="[/red]", description="[/bold] x", license="[/]")
    for arguments in (["info", folder], ["predict", folder, str(zoo.paths.SAMPLES / "digits_4_0.png")]):
        code, out, err = pinet(*arguments)
        assert code == 0 and "[/]" in out and "\x1b[2J" not in out, err


def rewritten(folder, change):
    """The weights file with other contents, and a card that agrees with it."""
    path = Path(folder, WEIGHTS)
    with h5py.File(path, "r+") as file:
        change(file, file["layers/dense/vars/0"])
    card = json.loads(Path(folder, CARD).read_text())
    card["weights"].update(sha256=pretrained.sha256(path), bytes=path.stat().st_size)
    Path(folder, CARD).write_text(json.dumps(card, allow_nan=False))


def replace(file, name, make):
    del file[name]
    make(name)


FILES = {
    "soft link": (lambda file, kernel: file.__setitem__("other", h5py.SoftLink("/layers")), "other is a link"),
    "external link": (
        lambda file, kernel: file.__setitem__("other", h5py.ExternalLink("secret.h5", "/data")),
        "other is a link to another place",
    ),
    "data in another file": (
        lambda file, kernel: file.create_dataset("other", (4,), "float32", external=[("secret.bin", 0, 16)]),
        "other is kept in another file",
    ),
    "virtual": (
        lambda file, kernel: file.create_virtual_dataset("other", layout()),
        "other is kept in another file",
    ),
    "compressed": (
        lambda file, kernel: file.create_dataset("other", (10**8,), "float32", chunks=(10**6,), compression="gzip"),
        "other is larger than the file",
    ),
    "objects": (
        lambda file, kernel: file.create_dataset("other", (2,), h5py.special_dtype(vlen=np.uint8)),
        "other holds objects",
    ),
    "shape": (
        lambda file, kernel: replace(file, kernel.name, lambda name: file.create_dataset(name, (3, 2), "float16")),
        "does not hold the weights of even_or_odd",
    ),
    "layers": (
        lambda file, kernel: file["layers/dense/vars"].attrs.__setitem__("name", "other"),
        "layers logits, other are in one of them only",
    ),
}


def layout():
    found = h5py.VirtualLayout((4,), "float32")
    found[:] = h5py.VirtualSource("secret.h5", "data", (4,))
    return found


@pytest.mark.parametrize("case", FILES)
def test_a_weights_file_with_anything_but_arrays_of_numbers_is_refused(saved, case):
    change, words = FILES[case]
    with h5py.File("secret.h5", "w") as file:
        file["data"] = np.ones(4, "float32")
    Path("secret.bin").write_bytes(bytes(16))
    rewritten(saved, change)
    with pytest.raises(ValueError, match=words):
        zoo.load(saved)


def test_no_pickle_is_read(saved):
    """A pickle in the place of the weights is no HDF5 file; nothing of it is run."""
    ran = Path("ran")
    Path(saved, WEIGHTS).write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    card = json.loads(Path(saved, CARD).read_text())
    card["weights"]["sha256"] = pretrained.sha256(Path(saved, WEIGHTS))
    Path(saved, CARD).write_text(json.dumps(card, allow_nan=False))
    with pytest.raises(ValueError, match="does not hold the weights of even_or_odd"):
        zoo.load(saved)
    assert not ran.exists()


def test_a_new_head_of_ones_own_is_not_bound_by_the_card(saved):
    assert zoo.load(saved, num_classes=1000).output_shape == (None, 1000)


def test_the_bound_counts_every_weight_and_ends_with_its_context():
    arguments = ("pinet", {"width": 4, "stages": 1}, (8, 8, 1), [0.0], [1.0], 2)
    count = build(*arguments).count_params()
    with at_most(count):
        assert build(*arguments).count_params() == count
    with pytest.raises(ValueError, match=f"Received: over {count - 1:,} parameters"), at_most(count - 1):
        build(*arguments)
    assert build(*arguments).count_params() == count


def test_a_symbolic_link_out_of_the_folder_is_read_only_if_its_checksum_is_the_cards(saved):
    shutil.move(Path(saved, WEIGHTS), "elsewhere.h5")
    os.symlink(Path("elsewhere.h5").absolute(), Path(saved, WEIGHTS))
    assert zoo.load(saved)
    Path("elsewhere.h5").write_bytes(b"secret")
    with pytest.raises(ValueError, match="is not the one its card describes"):
        zoo.load(saved)
