"""Data sets that are no folders of images: CSV files, audio, TFDS, Hugging Face."""

import csv
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import zoo
from zoo.data.source_kinds import kind_of


def says(data_set, words):
    return any(words in line for line in data_set.summary.lines())


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, "uint8")


# CSV files.


@pytest.fixture
def table(tmp_path):
    """A folder of 16 images, and a function that writes a CSV file of them."""
    names = [f"files/{index:02}.png" for index in range(16)]
    (tmp_path / "files").mkdir()
    for index, name in enumerate(names):
        Image.fromarray(noise(index, 12, 12, 3)).save(tmp_path / name)

    def write(rows, columns=("file", "label"), encoding="utf-8"):
        with open(tmp_path / "labels.csv", "w", newline="", encoding=encoding) as file:
            csv.writer(file).writerows([columns, *rows])
        return tmp_path / "labels.csv"

    return names, write


def test_a_csv_of_files_and_labels_is_a_data_set(table):
    names, write = table
    rows = [(name, ("chat noir", "犬")[index % 2]) for index, name in enumerate(names)]
    found = zoo.open_data(write(rows, encoding="utf-8-sig"))
    assert found.class_names == ("chat noir", "犬") and len(found.x_train) + len(found.x_test) == 16
    labels = {Image.open(table[1](rows).parent / name).tobytes(): label for name, label in rows}
    for example, label in zip(found.x_test, found.y_test, strict=True):
        assert labels[example.tobytes()] == found.class_names[label]


def test_the_splits_of_a_csv_are_kept(table):
    names, write = table
    rows = [(name, index % 2, ("train", "test", "train", "valid")[index // 4]) for index, name in enumerate(names)]
    found = zoo.open_data(write(rows, ("Filename", "Class", "Split")))
    assert (len(found.x_train), found.validation, len(found.x_test)) == (12, 4, 4)


def test_files_that_a_csv_names_and_that_are_missing_are_reported(table):
    names, write = table
    rows = [(name, index % 2) for index, name in enumerate([*names, "files/lost.png"])]
    found = zoo.open_data(write([*rows, ("", "0")]))
    assert says(found, "1 files that labels.csv names are not there: files/lost.png")
    assert says(found, "left out: line 19")


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [
        ([("files/00.png", "a")], ("name", "kind"), "needs a first line with the columns file and label.*name, kind"),
        ([("gone.png", "a")], ("file", "label"), "names no file that is there.*Received: gone.png"),
        ([("files/00.png", "a"), ("files/00.png", "b")], ("file", "label"), "twice, with different labels"),
        ([("files/00.png", "a", "tran")], ("file", "label", "split"), "Line 2 .* unknown split. Received: 'tran'"),
        (
            [("files/00.png", "a", "train"), ("files/01.png", "b", "")],
            ("file", "label", "split"),
            "gives a split to some files only. Received: none for files/01.png",
        ),
    ],
)
def test_a_csv_that_is_no_data_set_is_refused_in_words(table, rows, columns, words):
    with pytest.raises(ValueError, match=words):
        zoo.open_data(table[1](rows, columns))


# Audio.


def tone(path, frequency, rate=8000, seconds=0.5, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(rate * seconds)) / rate
    wave = 8000 * np.sin(2 * np.pi * frequency * times) + np.random.default_rng(seed).normal(0, 500, len(times))
    wavfile.write(path, rate, wave.astype("int16"))


@pytest.fixture
def tones(tmp_path):
    for label, frequency in (("high", 2000), ("low", 300)):
        for index in range(8):
            tone(tmp_path / "tones" / label / f"{index}.wav", frequency, seed=index)
    return tmp_path / "tones"


def test_a_folder_of_wav_files_is_audio_whatever_its_name(tones):
    found = zoo.open_data(tones)
    assert found.is_audio and found.shape == (4096,) and found.x_train.dtype == np.int16
    assert found.class_names == ("high", "low") and zoo.open_data(tones, shape=(2048,)).shape == (2048,)


def test_other_rates_are_resampled_and_reported(tones):
    tone(tones / "high" / "cd.wav", 2000, rate=44100, seed=50)
    tone(tones / "low" / "wide.wav", 300, rate=16000, seed=51)
    found = zoo.open_data(tones)
    assert says(found, "1 files: resampled from 44100 to 8000 samples a second (high/cd.wav)")
    assert says(found, "1 files: resampled from 16000 to 8000") and not found.summary.sizes
    examples, labels = np.concatenate([found.x_train, found.x_test]), np.concatenate([found.y_train, found.y_test])
    assert len(examples) == 18
    for example, label in zip(examples, labels, strict=True):
        loudest = np.abs(np.fft.rfft(example)).argmax() * 8000 / len(example)
        assert loudest == pytest.approx((2000, 300)[label], abs=5)


def test_images_among_wav_files_and_damaged_ones_are_reported(tones):
    (tones / "low" / "cut.wav").write_bytes(b"RIFF")
    assert list(zoo.open_data(tones).summary.unreadable) == ["low/cut.wav"]
    Image.fromarray(noise(0, 8, 8, 3)).save(tones / "low" / "cover.png")
    with pytest.raises(ValueError, match="images or WAV files, not both.*1 images and 17 WAV files"):
        zoo.open_data(tones)


# TFDS.


@pytest.fixture(scope="module")
def tiny_tfds(tmp_path_factory):
    """A data set of TFDS with two configs: images of different sizes, with and without a test split."""
    tfds = pytest.importorskip("tensorflow_datasets")
    folder = tmp_path_factory.mktemp("tfds")

    class TinyShapes(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.2.3")
        BUILDER_CONFIGS = [  # noqa: RUF012
            tfds.core.BuilderConfig(name="whole", description=""),
            tfds.core.BuilderConfig(name="split", description=""),
            tfds.core.BuilderConfig(name="named", description=""),
        ]

        def _info(self):
            features = {
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(names=["round", "square"]),
                "note": tfds.features.Text(),
            }
            keys = None
            if self.builder_config.name == "named":  # as in lfw
                features["label"], keys = tfds.features.Text(), ("label", "image")
            features = tfds.features.FeaturesDict(features)
            return self.dataset_info_from_configs(features=features, supervised_keys=keys)

        def _split_generators(self, dl_manager):
            whole = {"train": self._examples(0, 20)}
            return {**whole, "test": self._examples(20, 30)} if self.builder_config.name == "split" else whole

        def _generate_examples(self):
            raise NotImplementedError

        def _examples(self, first, last):
            for index in range(first, last):
                image = noise(index, 30 + index % 3, 40, 3)
                label = f"person {index % 2}" if self.builder_config.name == "named" else index % 2
                yield index, {"image": image, "label": label, "note": ""}

    for config in ("whole", "split", "named"):
        TinyShapes(data_dir=folder, config=config).download_and_prepare()
    return folder


def test_a_data_set_of_tfds_is_read_by_name_and_config(tiny_tfds):
    found = zoo.open_data("tiny_shapes/split", data_dir=tiny_tfds)
    assert found.name == "tiny_shapes/split" and found.class_names == ("round", "square")
    assert len(found.x_test) == 10 and len(found.x_train) == 20 and found.shape == (32, 32, 3)
    assert says(found, "40×30 in 10") and says(found, "stratified by class: validation")
    whole = zoo.open_data("tiny_shapes/whole:1.2.3", data_dir=tiny_tfds, shape=(24, 24, None))
    assert whole.shape == (24, 24, 3) and len(whole.x_test) == 4 and whole.validation == 4
    assert zoo.open_data("tiny_shapes/named", data_dir=tiny_tfds).class_names == ("person 0", "person 1")


def test_classes_of_tfds_that_are_too_small_to_be_divided_are_left_out():
    from zoo.data.assembling import Rows, divide

    rows = Rows()
    for index, label in enumerate(["rare", *["a", "b"] * 5]):
        rows.add(f"{index}", label, "train", bytes([index]))
    parts = divide(rows, ("b", "rare", "a"), leave_out_rare=True)
    assert parts.class_names == ("b", "a") and 0 not in {*parts.train, *parts.test}
    assert any("1 of 3 classes are left out, as they have fewer than 3" in note for note in parts.notes)
    assert parts.labels[1:].tolist() == [1, 0] * 5
    with pytest.raises(ValueError, match="'rare' has 1"):
        divide(rows)


def test_unknown_data_sets_configs_and_versions_of_tfds_are_refused(tiny_tfds):
    with pytest.raises(ValueError, match="no data set of TFDS; did you mean mnist.*Received: 'mnits'"):
        zoo.open_data("mnits")
    with pytest.raises(ValueError, match=r"TFDS cannot make this data set.*only: 3.0.2"):
        zoo.open_data("cifar100:9.9.9", data_dir=tiny_tfds)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("digits", "known"),
        ("lfw", "tfds"),
        ("cifar10_corrupted/brightness_1:1.0.0", "tfds"),
        ("hf:user/name", "hugging face"),
        ("mine.npz", "npz"),
        ("labels.csv", "files"),
        ("./photos", "files"),
        ("../My photos/2024", "files"),
    ],
)
def test_a_name_says_what_it_is(name, kind):
    assert kind_of(name) == kind


# Hugging Face.


class Split(list):
    """What the package `datasets` gives for a split, as far as it is used."""

    def __init__(self, rows, **features):
        super().__init__(rows)
        self.features, self._fingerprint = features, "0"


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the package `datasets`: gives what its splits are set to, or raises it."""
    features = {"Image": type("Image", (), {}), "ClassLabel": SimpleNamespace, "Value": type("Value", (), {})}
    label = type("ClassLabel", (), {"names": ["cat", "dog"]})()
    images = [Image.fromarray(noise(index, 20, 20, 3)) for index in range(24)]
    rows = [{"image": image, "label": index % 2} for index, image in enumerate(images)]
    package, asked = ModuleType("datasets"), []
    package.splits = {"train": Split(rows[:18], image=features["Image"](), label=label), "test": rows[18:]}

    def load_dataset(*arguments):
        asked.append(arguments)
        if isinstance(package.splits, Exception):
            raise package.splits
        return package.splits

    package.load_dataset, package.asked = load_dataset, asked
    monkeypatch.setitem(sys.modules, "datasets", package)
    return package


def test_a_data_set_of_hugging_face_is_read(hub):
    found = zoo.open_data("hf:someone/pets:small")
    assert hub.asked == [("someone/pets", "small")]
    assert found.class_names == ("cat", "dog") and found.shape == (20, 20, 3)
    assert len(found.x_train) == 18 and np.array_equal(found.x_test[0], noise(18, 20, 20, 3))


def test_one_that_cannot_be_had_or_has_no_labels_is_reported(hub, monkeypatch):
    hub.splits["train"].features.pop("label")
    with pytest.raises(ValueError, match=r"needs one image or audio clip and one label. Received: image \(Image\)"):
        zoo.open_data("hf:someone/pets")
    hub.splits = ConnectionError("offline")
    with pytest.raises(FileNotFoundError, match="could not be loaded from the Hugging Face hub.*offline.*HF_HOME"):
        zoo.open_data("hf:someone/pets")


def test_without_the_package_the_extra_is_named(pinet, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    monkeypatch.setattr("zoo.extras.find_spec", lambda name: None)
    code, _, err = pinet("data", "hf:someone/pets")
    assert code == 1 and "pip install '.[huggingface]'" in err
