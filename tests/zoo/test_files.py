"""Files: replaced whole or not at all, and every error about one reported in words."""

import contextlib
import errno
import multiprocessing
import os
import resource

import pytest
from tensorboard.summary.writer.record_writer import RecordWriter

from zoo.files import DamagedFile, folder_lock, format_os_error, naming_damaged_file, read_json, replacing, write_json


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "folder" / "card.json"
    write_json(path, {"a": 1})
    interrupted = contextlib.ExitStack()
    interrupted.enter_context(replacing(path)).write_text("half")
    with pytest.raises(KeyboardInterrupt), interrupted:
        raise KeyboardInterrupt
    assert read_json(path, "") == {"a": 1} and os.listdir(path.parent) == ["card.json"]
    with replacing(path) as partial:
        assert partial.suffix == ".json"  # Keras and NumPy look at it
        partial.write_text("[2]")
        assert read_json(path, "") == {"a": 1}
    assert read_json(path, "") == [2] and os.listdir(path.parent) == ["card.json"]


@pytest.fixture
def small_files_only():
    """No file may grow beyond 100 kB, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_reported_and_costs_no_file(tmp_path, small_files_only):
    path = tmp_path / "search.json"
    write_json(path, "old")
    with pytest.raises(OSError) as error:
        write_json(path, "x" * 200_000)
    assert format_os_error(error.value).startswith(f"{path}: the file would be larger than is allowed here")
    assert read_json(path, "") == "old" and os.listdir(tmp_path) == ["search.json"]


def test_a_full_disk_leaves_the_last_whole_epoch(tmp_path, small_files_only):
    import keras

    from zoo.training.checkpoint import Checkpoint

    model = keras.Sequential([keras.Input((100,)), keras.layers.Dense(300)])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    checkpoint = Checkpoint(tmp_path)
    checkpoint.set_model(model)
    checkpoint.on_train_begin()
    with pytest.raises(OSError):
        checkpoint.on_epoch_end(0, {"loss": 1.0})
    assert checkpoint.history == [] and os.listdir(tmp_path) == []


def test_weights_on_a_full_disk_are_reported_too(tmp_path, small_files_only):
    """The HDF5 library, which writes them elsewhere, ends the process there, or raises a RuntimeError at its end."""
    import keras

    from zoo.weights_file import save_float16

    model = keras.Sequential([keras.Input((100,)), keras.layers.Dense(600)])
    path = tmp_path / "large.weights.h5"
    with pytest.raises(OSError) as error:
        save_float16(model, path)
    assert format_os_error(error.value).startswith(f"{path}: the file would be larger")
    assert os.listdir(tmp_path) == []


def test_training_curves_on_a_full_disk_are_reported_too(tmp_path):
    from zoo.training.callbacks.event_log import EventLog

    log = EventLog(tmp_path)
    log.on_train_begin()
    log.file.close()
    log.file = open("/dev/full", "wb")  # noqa: SIM115 closed below
    log.writer = RecordWriter(log.file)
    with pytest.raises(OSError) as error:
        log.on_epoch_end(0, {"loss": 1.0})
    assert format_os_error(error.value).startswith("/dev/full: the disk is full")
    with contextlib.suppress(OSError):
        log.file.close()


def provoke(path, kind):
    if kind == "is a folder":
        path.mkdir()
    if kind == "loop":
        path.symlink_to(path)
    return path / "below" if kind == "below a file" and not path.write_text("") else path


@pytest.mark.parametrize(
    "kind, words",
    [
        ("is a folder", "it is a folder, and a file is needed"),
        ("loop", "its symbolic links form a loop"),
        ("below a file", "a part of its path is a file where a folder is needed"),
    ],
)
def test_the_systems_errors_name_the_file_and_what_to_do(tmp_path, kind, words):
    path = provoke(tmp_path / "run.json", kind)
    with pytest.raises(OSError) as error:
        read_json(path, "no advice")
    message = format_os_error(error.value)
    assert str(path) in message and words in message


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EBUSY])
def test_other_errors_of_the_system_are_reported_too(code):
    message = format_os_error(OSError(code, os.strerror(code), "a.npz"))
    assert message.startswith("a.npz: ") and os.strerror(code) in message and "Errno" not in message
    assert format_os_error(FileNotFoundError("There is no such card.")) == "There is no such card."


@pytest.mark.parametrize("text", [b"", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_damaged_json_is_named(tmp_path, text):
    path = tmp_path / "oracle.json"
    path.write_bytes(text)
    with pytest.raises(DamagedFile, match=r"oracle.json is damaged.*Restore it"):
        read_json(path, "Restore it.")


ERRORS = [KeyError("recipe"), MemoryError(), EOFError(), OSError("no errno"), RecursionError()]


@pytest.mark.parametrize("error", ERRORS)
def test_whatever_a_reader_stumbles_over_is_named_once(error):
    expected = pytest.raises(DamagedFile, match=f"^a.npz is damaged.*{type(error).__name__}.*Delete it")
    with expected as caught, naming_damaged_file("b.npz", "No."), naming_damaged_file("a.npz", "Delete it."):
        raise error
    assert "b.npz" not in str(caught.value)


def hold(folder, held, release):
    with folder_lock(folder, "training"):
        held.set()
        release.wait(60)


def test_a_folder_is_locked_by_one_process_alone(tmp_path):
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, held, release))
    other.start()
    assert held.wait(60)
    with pytest.raises(ValueError, match=f"A training is running in {tmp_path} already"):
        folder_lock(tmp_path, "training")
    other.kill()
    other.join()
    with folder_lock(tmp_path, "training"):
        pass
