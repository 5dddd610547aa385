"""Commands on both engines; with a compiled network `pinet predict` starts without Keras and its backend."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from zoo.cli.options import EngineName
from zoo.inference.predictor import ENGINES
from zoo.paths import SAMPLES

FILES = [str(SAMPLES / f"digits_{digit}_0.png") for digit in (5, 7)]
RUN = """
import json, sys
from tuning.main import main
try:
    main()
finally:
    print(json.dumps(sorted({name.split(".")[0] for name in sys.modules}), allow_nan=False), file=sys.stderr)
"""


def test_a_warm_start_imports_neither_keras_nor_tensorflow(warm_cache):
    command = [sys.executable, "-c", RUN, "predict", "pinet_digits", *FILES, "--json"]
    environment = {**os.environ, "PINET_CACHE": str(warm_cache)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [each["predictions"][0]["class"] for each in json.loads(done.stdout)] == ["5", "7"]
    modules = set(json.loads(done.stderr.splitlines()[-1]))
    assert "ai_edge_litert" in modules
    assert not modules & {"onnxruntime", "keras", "tensorflow", "jax", "torch", "pinet_keras", "scipy", "h5py"}


@pytest.mark.usefixtures("warm_cache")
def test_all_engines_predict_the_same(pinet):
    answers = {}
    for engine in ("litert", "onnx", "keras"):
        code, out, err = pinet("predict", "pinet_digits", *FILES, "--json", "--engine", engine)
        assert (code, err) == (0, "")
        answers[engine] = [[each["probability"] for each in row["predictions"]] for row in json.loads(out)]
    for engine in ("litert", "onnx"):
        assert np.array(answers[engine]) == pytest.approx(np.array(answers["keras"]), abs=1e-5)


@pytest.mark.usefixtures("warm_cache")
def test_both_engines_reproduce_the_card(pinet):
    found = {}
    for engine in ("onnx", "keras"):
        code, out, err = pinet("evaluate", "pinet_digits", "--json", "--engine", engine)
        assert code == 0, err
        found[engine] = json.loads(out)
        assert found[engine]["engine"] == engine and found[engine]["reproduces_card"]
    assert found["onnx"]["accuracy"] == found["keras"]["accuracy"]


def test_both_engines_draw_the_same_images(pinet, tmp_path, monkeypatch):
    sheets = []
    for engine in ("auto", "keras"):
        file = tmp_path / f"{engine}.png"
        code, _, err = pinet("generate", "pinet_digits_generator", "-n", 10, "-o", file, "--engine", engine)
        assert code == 0, err
        sheets.append(np.asarray(Image.open(file)).astype(int))
    assert np.abs(sheets[0] - sheets[1]).max() <= 1 and sheets[0].std() > 20


def test_the_commands_have_the_engines_of_the_predictor():
    assert tuple(EngineName) == ENGINES


def test_an_unknown_engine_is_refused(pinet):
    code, _, err = pinet("predict", "pinet_digits", FILES[0], "--engine", "tensorrt")
    assert code == 2 and "tensorrt" in err
