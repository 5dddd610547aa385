"""Compiled networks on disk: made once, whole, of the model that is asked for."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo.data.samples import sample_inputs
from zoo.inference import cache, compiling
from zoo.paths import CARDS, WEIGHTS

IMAGES = sample_inputs(zoo.card("pinet_digits"))


@pytest.fixture
def no_compiling(monkeypatch):
    monkeypatch.setattr(compiling, "compiled", lambda model, engine: pytest.fail("a network was compiled"))


def files(folder):
    return sorted(folder.rglob("*.onnx"))


@pytest.mark.usefixtures("no_compiling", "warm_cache")
@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_the_second_use_compiles_nothing(engine):
    assert zoo.predictor("pinet_digits", engine=engine).classify(IMAGES)[0] == list("0123456789")


def test_a_name_leads_nowhere_else(tmp_path, monkeypatch):
    monkeypatch.setenv("PINET_CACHE", str(tmp_path))
    assert cache.cache_file("../../x", "0" * 64, ".onnx").resolve().parent == tmp_path.resolve() / "networks"
    assert len(cache.cache_file("x" * 1000, "0" * 64, ".onnx").name) < 200


def test_a_damaged_file_is_compiled_again(warm_cache):
    (path,) = files(warm_cache)
    whole = path.read_bytes()
    for damaged in (whole[:-1], b"", whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]):
        path.write_bytes(damaged)
        assert cache.read_network(path) is None
    assert zoo.predictor("pinet_digits", engine="onnx").classify(IMAGES)[0] == list("0123456789")
    assert cache.read_network(path) is not None


def test_an_unwritable_cache_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PINET_CACHE", str(tmp_path / "file" / "cache"))
    path = cache.cache_file("x", "0" * 64, ".onnx")
    assert cache.compiled_once(path, lambda: b"network") == b"network"
    assert not path.exists() and [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_user_without_a_home_folder_is_served_too(monkeypatch):
    def expanduser(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", expanduser)
    assert cache.cache_file("x", "0" * 64, ".onnx") is None
    assert cache.compiled_once(None, lambda: b"network") == b"network"


def test_a_full_disk_loses_no_answer_and_leaves_no_part(tmp_path, monkeypatch):
    def write_bytes(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    path = tmp_path / "x.onnx"
    assert cache.compiled_once(path, lambda: b"network") == b"network"
    assert not files(tmp_path)


def test_an_error_of_compiling_reaches_the_caller_and_frees_the_lock(tmp_path):
    def fail():
        raise ValueError("not this one")

    path = tmp_path / "x.onnx"
    with pytest.raises(ValueError, match="not this one"):
        cache.compiled_once(path, fail)
    assert cache.compiled_once(path, lambda: b"network") == cache.read_network(path) == b"network"


PROCESS = """
import sys, time
from pathlib import Path
from zoo.inference.cache import compiled_once
folder = Path(sys.argv[1])

def compile():
    with open(folder / "log", "a") as log:
        log.write("compiled\\n")
    time.sleep(0.5)
    return b"network" * 100_000

network = compiled_once(folder / "x.onnx", compile)
assert network == b"network" * 100_000
assert not {"keras", "tensorflow"} & sys.modules.keys()
"""


def test_of_many_processes_one_compiles(tmp_path):
    processes = [subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path)]) for _ in range(5)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 5
    assert (tmp_path / "log").read_text() == "compiled\n"
    assert [path.name for path in files(tmp_path)] == ["x.onnx"]


def test_another_card_or_other_weights_are_another_file(warm_cache, tmp_path, monkeypatch):
    (digits,) = files(warm_cache)
    network, made = cache.read_network(digits), []
    monkeypatch.setattr(compiling, "compiled", lambda model, engine: made.append(model.name) or network)
    run = tmp_path / "run"
    for source, kind in ((CARDS / "pinet_digits.json", "cards"), (WEIGHTS / "pinet_digits.weights.h5", "weights")):
        (run / kind).mkdir(parents=True)
        shutil.copy(source, run / kind)
    zoo.predictor(run, engine="onnx")
    assert made == [] and files(warm_cache) == [digits]  # the same card and weights in another place
    path = run / "cards" / "pinet_digits.json"
    card = json.loads(path.read_text())
    card["calibration"]["temperature"] *= 2
    path.write_text(json.dumps(card, allow_nan=False))
    flat = zoo.predictor(run, engine="onnx").probabilities(IMAGES)
    assert made == ["pinet_digits"] and len(files(warm_cache)) == 2
    assert np.all(flat.max(axis=1) < zoo.predictor("pinet_digits", engine="onnx").probabilities(IMAGES).max(axis=1))


@pytest.mark.usefixtures("no_compiling")
def test_damaged_weights_are_refused_although_the_network_is_compiled(warm_cache, tmp_path):
    run = tmp_path / "run"
    for source, kind in ((CARDS / "pinet_digits.json", "cards"), (WEIGHTS / "pinet_digits.weights.h5", "weights")):
        (run / kind).mkdir(parents=True)
        shutil.copy(source, run / kind)
    path = run / "weights" / "pinet_digits.weights.h5"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is not the one its card describes"):
        zoo.predictor(run, engine="onnx")
