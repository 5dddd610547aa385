"""`pinet serve FOLDER` serves a saved model, and `pinet client URL FOLDER` asks for it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from zoo.paths import SAMPLES


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(saved):
    """The address of `pinet serve models/even_or_odd`; at its end, the folder of the export must be gone."""
    ports, place = (free_port(), free_port()), Path("temporary").absolute()
    place.mkdir()
    command = [sys.executable, "-m", "zoo.cli.commands", "serve", saved, "--engine", "preview"]
    command += ["--rest-port", str(ports[0]), "--grpc-port", str(ports[1])]
    root = Path(__file__).parents[3]
    environment = {
        **os.environ,
        "TMPDIR": str(place),
        "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH')}",
    }
    with open("log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    url = f"http://127.0.0.1:{ports[0]}"
    for _ in range(240):
        if process.poll() is not None:
            pytest.fail(Path("log").read_text())
        try:
            urllib.request.urlopen(f"{url}/v1/models/even_or_odd", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    yield url
    assert {path.name for path in place.iterdir()} - {"__pycache__"}
    process.terminate()
    assert process.wait(timeout=60) == 0
    assert {path.name for path in place.iterdir()} <= {"__pycache__"}  # TensorFlow's, of functions that it compiles


def test_a_saved_model_is_served_by_its_folder(pinet, server, saved):
    digits = [str(SAMPLES / f"digits_{digit}_0.png") for digit in (4, 9)]
    for name in (saved, "even_or_odd"):
        code, out, err = pinet("client", server, name, *digits, "--json")
        assert code == 0, err
        assert [answer["class_name"] for answer in json.loads(out)] == ["even [2]", "odd / ñ"]


def test_a_model_that_cannot_be_exported_is_not_served(pinet, here):
    arguments = ["--engine", "preview", "--rest-port", 0, "--grpc-port", 0]
    code, _, err = pinet("serve", "pinet_spoken_digit", *arguments)
    assert code == 1 and "audio classification cannot be exported yet" in err
    Path("empty/cards").mkdir(parents=True)
    code, _, err = pinet("serve", "empty", *arguments)
    assert code == 1 and "no saved model" in err
