import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections import Counter
from functools import partial

import joblib
import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.data.cache import cache_folder
from zoo.data.file_decoding import decode
from zoo.data.splitting import stratified_split


def image(path, seed, size=(20, 24), mode="RGB", **options):
    """Write an image of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 4), "uint8")
    whole = Image.fromarray(pixels if mode in ("RGBA", "CMYK") else pixels[..., :3])
    if mode == "CMYK":
        whole = Image.frombytes("CMYK", whole.size, pixels.tobytes())
    whole.convert(mode).save(path, **options)
    return path


def in_another_process(paths, shape, parent):
    """`decode`, which fails in the tests' own process, and is killed where a file says so."""
    assert os.getpid() != parent
    for path in paths:
        with open(path, "rb") as file:
            if file.read() == b"kill":
                os.kill(os.getpid(), signal.SIGKILL)
    return decode(paths, shape)


@pytest.fixture
def photos(tmp_path):
    """Two classes of 20 images, one with a space and an accent in its name."""
    root = tmp_path / "photos"
    for label, name in enumerate(("cat", "dög gy")):
        for index in range(20):
            image(root / name / f"{index}.png", 100 * label + index)
    return root


def says(data_set, words):
    return any(words in line for line in data_set.summary.lines())


def rows(data_set):
    """Training and test examples as bytes, each with the name of its class."""
    for examples, labels in ((data_set.x_train, data_set.y_train), (data_set.x_test, data_set.y_test)):
        for example, label in zip(examples, labels, strict=True):
            yield example.tobytes(), data_set.class_names[label]


def test_a_folder_of_class_folders_is_a_data_set(photos):
    found = zoo.open_data(photos)
    assert found.class_names == ("cat", "dög gy") and found.shape == (20, 24, 3) and found.x_train.dtype == np.uint8
    assert (len(found.x_train), found.validation, len(found.x_test)) == (34, 6, 6)
    counts = found.summary.counts
    assert [set(counts[split].values()) for split in ("train", "validation", "test")] == [{14}, {3}, {3}]
    assert np.bincount(found.y_train[-6:]).tolist() == [3, 3]  # the validation split is the end
    files = {
        (np.asarray(Image.open(photos / name / f"{index}.png")).tobytes(), name)
        for name in ("cat", "dög gy")
        for index in range(20)
    }
    assert set(rows(found)) == files


def test_the_split_depends_on_names_alone(photos, tmp_path, monkeypatch):
    moved = shutil.copytree(photos, tmp_path / "elsewhere" / "moved")
    listed = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: sorted(listed(folder), key=lambda each: each.name, reverse=True))
    assert zoo.open_data(moved).sha256 == zoo.open_data(photos).sha256


def test_names_are_the_same_whether_accents_are_letters_of_their_own_or_not(photos, tmp_path):
    found = zoo.open_data(photos)
    (photos / "dög gy").rename(photos / "dög gy".replace("ö", "o\N{COMBINING DIAERESIS}"))  # as macOS has it
    again = zoo.open_data(photos)
    assert again.class_names == found.class_names and again.sha256 == found.sha256


def test_a_split_is_stratified_and_moves_little_when_a_file_is_added():
    labels = np.repeat([0, 1, 2], [100, 20, 3])
    names = [f"{index}.png" for index in range(len(labels))]
    parts = stratified_split(labels, names, 3)
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))
    assert [np.bincount(labels[part]).tolist() for part in parts] == [[70, 14, 1], [15, 3, 1], [15, 3, 1]]
    assert np.bincount(labels[parts[0][:17]]).tolist()[:2] == [14, 3]  # every piece has the classes' proportions
    assert parts[2].min() > 0 and np.ptp(parts[2][labels[parts[2]] == 0]) > 50  # the names' order has no influence
    more = stratified_split(np.append(0, labels), ["another.png", *names], 3)
    assert len(set(more[1] - 1) ^ set(parts[1])) <= 2


def test_decoded_files_come_from_the_cache_until_one_changes(photos, monkeypatch):
    from zoo.data import file_decoding

    first, decode, decoded = zoo.open_data(photos), file_decoding.decode, []
    monkeypatch.setattr(file_decoding, "decode", lambda paths, shape: decoded.extend(paths) or decode(paths, shape))
    again = zoo.open_data(photos)
    assert not decoded and again.sha256 == first.sha256 and again.summary == first.summary
    assert isinstance(again.x_train, np.memmap)
    image(photos / "cat" / "0.png", 999)
    assert zoo.open_data(photos).sha256 != first.sha256 and len(decoded) == 40


def test_several_processes_decode_what_one_does(photos, tmp_path, monkeypatch):
    from zoo.data import file_decoding

    if joblib.cpu_count() == 1:
        pytest.skip("on one processor no other process is started")
    (photos / "cat" / "bad.png").write_bytes(b"none")
    alone = zoo.open_data(photos)
    monkeypatch.setenv("PINET_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr(file_decoding, "ALONE", 0)
    monkeypatch.setattr(file_decoding, "CHUNK", 8)
    monkeypatch.setattr(file_decoding, "decode", partial(in_another_process, parent=os.getpid()))
    reports = []
    together = zoo.open_data(photos, progress=lambda *report: reports.append(report))
    assert together.sha256 == alone.sha256 and together.summary.unreadable == alone.summary.unreadable
    assert reports[-1] == (41, 41)
    (photos / "cat" / "bad.png").write_bytes(b"kill")
    with pytest.raises(OSError, match="process that decodes files was killed.*LOKY_MAX_CPU_COUNT=1"):
        zoo.open_data(photos)


def test_a_reader_that_was_killed_leaves_nothing_that_counts(photos):
    code = """
import os, signal, sys
import zoo
from zoo.data import stored
stored.write_json = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # the last file
zoo.open_data(sys.argv[1])
"""
    killed = subprocess.run([sys.executable, "-c", code, str(photos)], timeout=60)
    assert killed.returncode == -signal.SIGKILL and any(cache_folder().iterdir())
    assert len(zoo.open_data(photos).x_test) == 6
    assert not list(cache_folder().glob("*.partial"))


def test_splits_of_a_folder_are_kept(photos, tmp_path):
    root = tmp_path / "split"
    for split, files in (("train", range(12)), ("val", range(12, 16)), ("test", range(16, 20))):
        for name in ("cat", "dög gy"):
            (root / split / name).mkdir(parents=True)
            for index in files:
                shutil.copy(photos / name / f"{index}.png", root / split / name)
    found = zoo.open_data(root)
    assert (len(found.x_train), found.validation, len(found.x_test)) == (32, 8, 8)
    test = {np.asarray(Image.open(path)).tobytes() for path in (root / "test").rglob("*.png")}
    assert {example.tobytes() for example in found.x_test} == test
    held = {np.asarray(Image.open(path)).tobytes() for path in (root / "val").rglob("*.png")}
    assert {example.tobytes() for example in found.x_train[-8:]} == held


def test_without_a_test_folder_val_is_the_test_split(photos, tmp_path):
    root = tmp_path / "split"
    shutil.copytree(photos, root / "train")
    for name in ("cat", "dög gy"):
        (root / "val" / name).mkdir(parents=True)
        shutil.move(root / "train" / name / "7.png", root / "val" / name)
    found = zoo.open_data(root)
    assert len(found.x_test) == 2 and found.validation == 6 and says(found, "the validation split is used as one")


def test_sizes_that_vary_become_a_square_and_can_be_asked_for(tmp_path):
    for label in ("a", "b"):
        for index in range(4):
            image(tmp_path / label / f"{index}.png", 10 * ord(label) + index, size=(70 + index, 90))
    found = zoo.open_data(tmp_path)
    assert found.shape == (64, 64, 3) and says(found, "sizes: 90×70 in 2")
    assert zoo.open_data(tmp_path, shape=(16, 48, None)).shape == (16, 48, 3)
    assert zoo.open_data(tmp_path, shape=(None, None, 1)).shape == (64, 64, 1)


def test_grey_images_have_one_channel(tmp_path):
    for label in ("a", "b"):
        for index in range(4):
            image(tmp_path / label / f"{index}.png", index + 10 * (label == "b"), mode="L")
    assert zoo.open_data(tmp_path).shape == (20, 24, 1)
    image(tmp_path / "b" / "colour.png", 50)
    assert zoo.open_data(tmp_path).shape == (20, 24, 3)


def test_resizing_is_that_of_read_image(photos):
    from zoo.data.images import read_image

    found = zoo.open_data(photos, shape=(16, 16, 3))
    assert {example for example, _ in rows(found)} == {
        read_image(path, (16, 16, 3)).tobytes() for path in photos.rglob("*.png")
    }


# Files that are not as they should be.


def test_files_that_cannot_be_read_are_named_and_left_out(photos):
    (photos / "cat" / "empty.png").write_bytes(b"")
    (photos / "cat" / "cut.png").write_bytes((photos / "cat" / "1.png").read_bytes()[:700])
    (photos / "cat" / "text.jpg").write_text("no image")
    Image.new("1", (30000, 30000)).save(photos / "cat" / "huge.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = zoo.open_data(photos)
    assert sum(map(len, (found.x_train, found.x_test))) == 40
    reasons = {"empty.png": "is empty", "cut.png": "truncated", "text.jpg": "not an image", "huge.png": "megapixels"}
    assert found.summary.unreadable.keys() == {f"cat/{name}" for name in reasons}
    for name, words in reasons.items():
        assert words in found.summary.unreadable[f"cat/{name}"]
    assert says(found, "4 files could not be read")


def test_unusual_images_are_converted_and_named(photos):
    image(photos / "cat" / "print.jpg", 1, mode="CMYK")
    deep = np.random.default_rng(2).integers(0, 65536, (20, 24), "uint16")
    Image.fromarray(deep).save(photos / "cat" / "deep.png")
    frames = [Image.fromarray(np.full((20, 24), value, "uint8")) for value in (10, 200)]
    frames[0].save(photos / "cat" / "moving.gif", save_all=True, append_images=frames[1:])
    found = zoo.open_data(photos)
    assert sum(map(len, (found.x_train, found.x_test))) == 43
    assert says(found, "converted CMYK to RGB (cat/print.jpg)") and says(found, "16-bit grey to 8 bits (cat/deep.png)")
    assert says(found, "frames (cat/moving.gif)")


def test_copies_are_left_out_of_splits_that_are_made(photos):
    shutil.copy(photos / "cat" / "3.png", photos / "cat" / "again.png")
    shutil.copy(photos / "cat" / "4.png", photos / "dög gy" / "wrong.png")
    found = zoo.open_data(photos)
    assert max(Counter(example for example, _ in rows(found)).values()) == 1
    assert says(found, "2 copies are left out") and says(found, "dög gy/wrong.png (of cat/4.png, which is of another")


def test_copies_in_splits_that_were_given_are_reported(photos, tmp_path):
    root = tmp_path / "split"
    shutil.copytree(photos, root / "train")
    for name in ("cat", "dög gy"):
        image(root / "test" / name / "new.png", 900 + len(name))
    shutil.copy(photos / "cat" / "3.png", root / "test" / "cat" / "seen.png")
    found = zoo.open_data(root)
    assert len(found.x_test) == 3
    assert says(found, "1 examples of test are copies of examples of train") and says(found, "test/cat/seen.png")


def test_links_that_form_a_loop_end(photos):
    (photos / "cat" / "again").symlink_to(photos / "cat", target_is_directory=True)
    (photos / "cat" / "self.png").symlink_to(photos / "cat" / "self.png")
    found = zoo.open_data(photos)
    assert sum(map(len, (found.x_train, found.x_test))) == 40
    assert says(found, "not followed: cat/again") and says(found, "1 broken links")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: None, "holds no images and no WAV files"),
        (lambda root: image(root / "a.png", 1), "which holds 1 files directly in it"),
        (lambda root: [image(root / "cat" / f"{n}.png", n) for n in range(5)], "two classes or more. Received: 'cat'"),
        (
            lambda root: (
                [image(root / f"{n % 2}" / f"{n}.png", n) for n in range(8)] + [image(root / "x" / "y.png", 9)]
            ),
            "each class needs 3 examples.*Received: 'x' has 1",
        ),
        (
            lambda root: (
                [image(root / s / f"{n % 3}" / f"{n}.png", n) for s in ("train", "test") for n in range(9)]
                + [shutil.rmtree(root / "train" / "2")]
            ),
            "The training split lacks classes that other splits have. Received: none of '2'",
        ),
        (
            lambda root: [(root / f"{n}").mkdir() or (root / f"{n}" / "a.png").touch() for n in range(2)],
            "file is empty",
        ),
    ],
)
def test_a_folder_that_is_no_data_set_is_refused_in_words(tmp_path, make, words):
    make(tmp_path)
    with pytest.raises(ValueError, match=words):
        zoo.open_data(tmp_path)


def test_a_split_without_a_class_is_reported(tmp_path):
    for split, labels in (("train", "ab"), ("val", "ab"), ("test", "a")):
        for label in labels:
            for index in range(3):
                image(tmp_path / split / label / f"{index}.png", 1000 * ord(split[1]) + 10 * ord(label) + index)
    found = zoo.open_data(tmp_path)
    assert found.class_names == ("a", "b") and says(found, "test has no example of 'b'")


def test_a_folder_that_is_not_there_is_reported():
    with pytest.raises(FileNotFoundError, match="There is no such file or folder.*Received: './nowhere'"):
        zoo.open_data("./nowhere")
    with pytest.raises(ValueError, match="A data set is a folder of class folders"):
        zoo.open_data("what is this?")


# Arrays.


def arrays(count=40, shape=(16, 16, 3), classes=2):
    return np.random.default_rng(0).integers(0, 256, (count, *shape), "uint8"), np.arange(count) % classes


def test_arrays_are_a_data_set():
    images, labels = arrays()
    found = zoo.open_data((images, labels), class_names=("cat", "dog"))
    assert found.class_names == ("cat", "dog") and (found.validation, len(found.x_test)) == (6, 6)
    assert set(rows(found)) == {(each.tobytes(), ("cat", "dog")[label]) for each, label in zip(*arrays(), strict=True)}
    pairs = zoo.open_data((arrays(), arrays(10)))
    assert np.array_equal(pairs.x_test, arrays(10)[0]) and pairs.class_names == ("0", "1")
    assert zoo.open_data((images, np.arange(40) % 12)).class_names == tuple(map(str, range(12)))  # not 0, 1, 10, 11, 2
    assert np.array_equal(zoo.open_data((images, np.eye(2)[labels])).y_train, zoo.open_data((images, labels)).y_train)
    assert zoo.open_data((images[..., 0], labels)).shape == (16, 16, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, y: (np.where(np.arange(40)[:, None, None, None] == 7, np.nan, x), y), "NaN.*1 of 40.*first is 7"),
        (lambda x, y: (x / 255, y), "Multiply them by 255"),
        (lambda x, y: (x * 2.0, y), "Pixels must lie in 0..255"),
        (lambda x, y: (np.concatenate([x, x], -1), y), "1 or 3 channels"),
        (lambda x, y: (x, y[:-1]), "40 examples and 39 labels"),
        (lambda x, y: (x, y - 1), r"must lie in 0..….*-1..0"),
        (lambda x, y: (x, np.zeros((40, 2))), "one-hot rows"),
        (lambda x, y: (x, y * 0), "two classes or more"),
        (lambda x, y: (x.astype(str), y), "integers or floats"),
    ],
)
def test_arrays_of_another_kind_are_refused_in_words(change, words):
    with pytest.raises(ValueError, match=words):
        zoo.open_data(change(*arrays()))


def test_an_npz_with_or_without_splits_is_a_data_set(tmp_path):
    x, y = arrays()
    np.savez(tmp_path / "whole.npz", x=x, y=y, class_names=["cat", "dog"])
    found = zoo.open_data(tmp_path / "whole.npz")
    assert found.class_names == ("cat", "dog") and len(found.x_test) == 6
    np.savez(
        tmp_path / "split.npz", x_train=x, y_train=y, x_val=x[:4] // 2, y_val=y[:4], x_test=x[:6] // 3, y_test=y[:6]
    )
    found = zoo.open_data(tmp_path / "split.npz")
    assert found.validation == 4 and np.array_equal(found.x_test, x[:6] // 3)
    assert np.array_equal(found.x_train[-4:], x[:4] // 2)
    np.savez(tmp_path / "other.npz", a=x)
    with pytest.raises(ValueError, match="other.npz has other arrays.*Received: a"):
        zoo.open_data(tmp_path / "other.npz")


def test_tensorflow_and_keras_data_sets_are_read():
    keras = pytest.importorskip("keras")
    tf = pytest.importorskip("tensorflow")
    images, labels = arrays()
    expected = zoo.open_data((images, labels))
    whole = tf.data.Dataset.from_tensor_slices((images, labels))
    assert zoo.open_data(whole).sha256 == zoo.open_data(whole.batch(7)).sha256 == expected.sha256

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, step):
            return images[10 * step : 10 * step + 10], labels[10 * step : 10 * step + 10]

    assert zoo.open_data(Batches()).sha256 == expected.sha256
    with pytest.raises(ValueError, match="repeats without an end"):
        zoo.open_data(whole.repeat())


def test_a_known_set_is_opened_by_its_name_and_resized():
    assert len(zoo.open_data("digits").x_train) == 1437
    larger = zoo.open_data("digits", shape=(16, 16, None))
    assert larger.shape == (16, 16, 1) and len(larger.x_test) == 360
