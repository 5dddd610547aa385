"""Errors as a user meets them on the command line: one line, the file, what is wrong, what to do."""

import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from zoo.data import download
from zoo.files import check_not_running, folder_lock
from zoo.paths import RECIPES, SAMPLES

PINET = [sys.executable, "-m", "zoo.cli.commands"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["info", "pinet_digits", "--json"], ["--help"]])
def test_a_full_disk_is_no_traceback(arguments):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PINET, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert "the disk is full" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PINET, *arguments], stdout=full, stderr=full, timeout=60)
    assert done.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        [
            "boundary",
            "pinet_digits",
            str(SAMPLES / "digits_5_0.png"),
            "--toward",
            str(SAMPLES / "digits_3_0.png"),
            "-o",
        ],
        ["generate", "pinet_digits_generator", "-n", "2", "-o"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_full_disk_names_the_image_that_it_does_not_take(pinet, tmp_path, arguments):
    path = tmp_path / "out.png"
    path.symlink_to("/dev/full")
    code, out, err = pinet(*arguments, path)
    assert (code, out) == (1, "")
    assert err.startswith(f"Error: {path}: the disk is full") and err.count("\n") == 1, err


def test_an_error_whose_message_cannot_be_set_stays_what_it_is():
    """Such as TensorFlow's: only the words of wrong usage are made printable."""
    from zoo.cli import app

    class Fixed(Exception):
        message = property(lambda self: "\x1b[2J")

    with pytest.raises(Fixed), app._printable_message():
        raise Fixed


def test_a_recipe_that_is_a_folder_or_a_loop_is_reported(pinet, tmp_path):
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    for name, words in (("folder", "it is a folder"), ("loop", "form a loop")):
        code, out, err = pinet("train", tmp_path / f"{name}.toml")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert f"{name}.toml" in err and words in err


DIGIT = str(SAMPLES / "digits_5_0.png")


@pytest.fixture
def no_backend(monkeypatch):
    """Fails where a command gets as far as importing a backend."""
    from zoo.cli import console

    monkeypatch.setattr(console, "_import_backend", lambda: pytest.fail("a backend was imported"))


@pytest.fixture
def taken():
    """A port that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def recipe(path, old, new):
    text = (RECIPES / "pinet_digits.toml").read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


CHEAP = {
    "dataset": (["train", "{dataset}"], "did you mean digits or spoken_digit?"),
    "architecture": (["train", "{architecture}"], "did you mean pinet"),
    "run folder": (["train", "pinet_digits", "--run-dir", "{file}/run"], "file is no folder"),
    "output folder": (["train", "pinet_digits", "--out", "{file}"], "file is no folder"),
    "data": (["train", "pinet_digits", "--data", "{tmp}/none.npz"], "There is no data file"),
    "damaged data": (["train", "pinet_digits", "--data", "{file}"], "file is damaged, or is no file of this kind"),
    "other data": (["evaluate", "polynet_mnist", "--data", "{digits}"], "must be uint8 images of shape [n, 28, 28, 1]"),
    "training": (["train", "pinet_digits", "--run-dir", "{busy}"], "A training is running in"),
    "evaluated data": (["evaluate", "pinet_digits", "--data", "{tmp}/none.npz"], "There is no data file"),
    "drawing": (["boundary", "pinet_digits", DIGIT, "--toward", DIGIT, "-o", "{tmp}/no/b.png"], "There is no folder"),
    "drawing is a folder": (["boundary", "pinet_digits", DIGIT, "--toward", DIGIT, "-o", "{tmp}"], "is a folder"),
    "demo": (["demo", "--out", "{tmp}/no/demo.png"], "There is no folder"),
    "generated": (["generate", "pinet_digits_generator", "-o", "{tmp}/no/g.png"], "There is no folder"),
    "generated one by one": (["generate", "pinet_digits_generator", "--out-dir", "{file}"], "file is no folder"),
    "url": (["client", "localhost:8501", "pinet_digits", DIGIT], "http(s)://HOST:PORT for REST"),
    "port of a url": (["client", "http://localhost:port", "pinet_digits", DIGIT], "http(s)://HOST:PORT for REST"),
    "no models": (["serve", "{tmp}", "--engine", "preview"], "There is no model to serve"),
    "rest port": (["serve", "{tmp}", "--engine", "preview", "--rest-port", "{port}"], "Nothing can listen there"),
    "grpc port": (["serve", "{tmp}", "--engine", "preview", "--grpc-port", "{port}"], "Nothing can listen there"),
    "params": (["tune", "digits", "--max-params", "0"], "parameters=0"),
    "minutes": (["tune", "digits", "--minutes", "0"], "minutes=0"),
    "export folder": (["export", "pinet_digits", "{file}/models"], "file is no folder"),
    "search folder": (["tune", "digits", "--out", "{file}"], "file is no folder"),
    "chief": (["tune", "digits", "--distributed", "chief", "--oracle", "127.0.0.1:{port}"], "Nothing can listen there"),
    "worker": (["tune", "digits", "--distributed", "worker", "--oracle", "127.0.0.1:1"], "worker_id=None"),
}


@pytest.mark.parametrize("case", CHEAP)
def test_what_is_cheap_to_see_is_refused_before_a_backend_is_imported(pinet, tmp_path, no_backend, taken, case):
    import tuning.main  # noqa: F401 adds pinet tune

    (tmp_path / "file").write_text("")
    arguments, words = CHEAP[case]
    digits = np.zeros((1, 8, 8, 1), "uint8")
    np.savez(tmp_path / "digits.npz", x_train=digits, y_train=[0], x_test=digits, y_test=[0])
    places = {"tmp": tmp_path, "file": tmp_path / "file", "digits": tmp_path / "digits.npz", "port": taken}
    places["busy"] = tmp_path / "busy"
    for key, (old, new) in {"dataset": ("digits", "digit"), "architecture": ("pinet", "pinett")}.items():
        places[key] = recipe(tmp_path / f"{key}.toml", f'{key} = "{old}"', f'{key} = "{new}"')
    with folder_lock(places["busy"], "training"):
        code, out, err = pinet(*(argument.format(**places) for argument in arguments))
    assert (code, out, err.count("\n")) == (1, "", 1), err
    assert words in err


def test_only_the_process_that_locks_a_run_folder_refuses_one_that_is_locked(pinet, tmp_path, monkeypatch):
    """Several processes train together: the first has the lock, and the others may start after it."""
    monkeypatch.setenv("KERAS_DISTRIBUTION_PROCESS_ID", "1")
    monkeypatch.setattr("zoo.cli.train.ensure_source", lambda *_: sys.exit(7))  # what comes after the check
    with folder_lock(tmp_path, "training"):
        assert pinet("train", "pinet_digits", "--run-dir", tmp_path)[0] == 7


def test_looking_for_another_training_makes_no_folder(tmp_path):
    check_not_running(tmp_path / "new", "training")
    assert not (tmp_path / "new").exists()


def test_data_that_are_missing_are_named_at_once(pinet, tmp_path, no_backend, monkeypatch):
    """Before anything else: what, how much, from where, to where; then at most a few seconds for the server."""
    monkeypatch.setattr(download, "_problem_with", lambda url: f"{url}: no route")
    for arguments in (["evaluate", "polynet_mnist"], ["train", "polynet_mnist"], ["evaluate", "pinet_mnist_generator"]):
        code, out, err = pinet(*arguments, "--data-dir", tmp_path)
        first, second = err.splitlines()
        assert (code, out) == (1, "")
        assert first == (
            f"mnist is not in {tmp_path}: downloading 12 MB to there from "
            "https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz"
        )
        assert "no route" in second and "tfds build mnist" in second and "--data" in second


def test_a_server_that_is_silent_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        assert download._problem_with(f"http://127.0.0.1:{server.getsockname()[1]}/data")
    assert time.monotonic() - started < 5
    assert "refused" in download._problem_with("http://127.0.0.1:9/data").lower()


def test_a_download_is_tried_where_the_server_answers(pinet, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_problem_with", lambda url: "")
    asked = []

    def load_set(name, data=None, data_dir=None):
        asked.append((name, data_dir))
        raise FileNotFoundError("the download ended")

    monkeypatch.setattr("zoo.data.loading.load_set", load_set)
    code, _, err = pinet("evaluate", "polynet_mnist", "--data-dir", tmp_path)
    assert code == 1 and "the download ended" in err and asked == [("mnist", tmp_path)]


def test_a_folder_that_may_not_be_written_is_reported(tmp_path, monkeypatch):
    from zoo.files import check_folder

    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(ValueError, match=f"{tmp_path} may not be written: permission denied. Received: {tmp_path}/new"):
        check_folder(tmp_path / "new")
