import numpy as np
import pytest

from zoo.data.catalog import SETS
from zoo.data.data_set import DataSet
from zoo.data.loading import load_set


def test_digits_need_no_download_and_hold_out_360():
    digits = load_set("digits")
    assert digits.x_train.shape == (1437, 8, 8, 1) and digits.x_test.shape == (360, 8, 8, 1)
    assert digits.x_train.dtype == np.uint8 and digits.x_train.max() == 255
    assert np.bincount(digits.y_test).min() >= 34  # stratified: no class is scarce in the held-out part
    assert digits.sha256 == load_set("digits").sha256


@pytest.mark.parametrize("name", ["digits", "mnist", "cifar10"])
def test_input_scaling_standardises_the_training_split(name, tfds_dir):
    data = load_set(name, data_dir=None if name == "digits" else tfds_dir(name))
    assert np.allclose(data.x_train.mean((0, 1, 2)), SETS[name]["mean"], atol=0.01)
    assert np.allclose(data.x_train.std((0, 1, 2)), SETS[name]["std"], atol=0.01)


def test_an_npz_gives_the_same_set_as_tfds(tfds_dir, tmp_path):
    data = load_set("mnist", data_dir=tfds_dir("mnist"))
    np.savez(tmp_path / "mnist.npz", **{key: getattr(data, key) for key in ("x_train", "y_train", "x_test", "y_test")})
    assert load_set("mnist", tmp_path / "mnist.npz").sha256 == data.sha256


def test_no_data_and_no_network_is_told_with_the_way_out(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def refuse(self, **_):
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", refuse)
    with pytest.raises(FileNotFoundError, match="tfds build mnist.*TFDS_DATA_DIR.*--data"):
        load_set("mnist", data_dir=tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """A file in the cache folder's place fails for every user; a read-only folder would not stop root."""
    blocked = tmp_path / "blocked"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="mnist is not in .*blocked and could not be downloaded there"):
        load_set("mnist", data_dir=blocked)


def test_an_unknown_set_needs_names_of_classes(small_arrays):
    with pytest.raises(ValueError, match="needs `class_names`. Received: 'mine'"):
        DataSet("mine", **small_arrays)
    assert DataSet("mine", **small_arrays, class_names=("a", "b")).shape == (8, 8, 1)


def test_an_unknown_set_is_refused():
    with pytest.raises(ValueError, match="Unknown data set; did you mean mnist"):
        load_set("mnits")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": np.zeros((300, 8, 8, 3), "uint8")}, r"x_train of digits must be uint8.*\(300, 8, 8, 3\)"),
        ({"x_test": np.zeros((50, 8, 8, 1), "float32")}, "dtype=float32"),
        ({"x_test": np.zeros((0, 8, 8, 1), "uint8")}, "x_test of digits"),
        ({"y_train": np.zeros(299, "int64")}, r"y_train of digits must be 300 integers.*\(299,\)"),
        ({"y_test": np.full(50, 10)}, "y_test of digits must lie in 0..9"),
    ],
)
def test_an_npz_of_another_kind_is_refused(tmp_path, small_arrays, change, message):
    np.savez(tmp_path / "other.npz", **{**small_arrays, **change})
    with pytest.raises(ValueError, match=message):
        load_set("digits", tmp_path / "other.npz")


def test_a_file_that_is_no_npz_is_refused(tmp_path, small_npz):
    with pytest.raises(FileNotFoundError, match="There is no data file"):
        load_set("digits", tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("no archive", encoding="utf-8")
    with pytest.raises(ValueError, match="text.npz is damaged.*no zip archive.*Needed is an .npz file") as refused:
        load_set("digits", tmp_path / "text.npz")
    assert "pickle" not in str(refused.value)
    (tmp_path / "cut.npz").write_bytes(small_npz.read_bytes()[:5000])
    with pytest.raises(ValueError, match="cut.npz"):
        load_set("digits", tmp_path / "cut.npz")
    np.savez(tmp_path / "part.npz", x_train=np.zeros(3))
    with pytest.raises(ValueError, match="part.npz lacks y_train, x_test, y_test"):
        load_set("digits", tmp_path / "part.npz")
