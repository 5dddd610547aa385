"""A cache with a compiled network, which takes seconds to make."""

import shutil

import keras
import pytest

import zoo
from zoo.data.cache import cache_folder


@pytest.fixture(autouse=True)
def own_networks(own_cache, monkeypatch):
    """Here the tests share no networks: each has the cache that `PINET_CACHE` names, as a user has."""
    monkeypatch.setattr("zoo.inference.cache.cache_folder", cache_folder)


@pytest.fixture(scope="session")
def compiled_digits(tmp_path_factory):
    """A cache folder with the networks of `pinet_digits`."""
    for package in ("ai_edge_litert", "onnxruntime", "tf2onnx"):
        pytest.importorskip(package)
    if keras.backend.backend() != "tensorflow":
        pytest.skip("compiling needs TensorFlow's graph")
    folder = tmp_path_factory.mktemp("compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PINET_CACHE", str(folder))
        patch.setattr("zoo.inference.cache.cache_folder", cache_folder)
        for engine in ("litert", "onnx"):
            assert zoo.predictor("pinet_digits", engine=engine).engine == engine
    return folder


@pytest.fixture
def warm_cache(compiled_digits, tmp_path, monkeypatch):
    """The test's own copy of it, in use."""
    folder = tmp_path / "warm"
    shutil.copytree(compiled_digits, folder)
    monkeypatch.setenv("PINET_CACHE", str(folder))
    return folder
