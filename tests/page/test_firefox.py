"""Every page once in Firefox, by WebDriver BiDi: Playwright drives a Firefox of its own only."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import zoo

FIREFOXES = ("firefox-esr", "firefox")


def test_every_page_works_in_firefox(modules, address):
    path = next(filter(None, map(shutil.which, FIREFOXES)), None)
    if path is None:
        pytest.skip(f"no Firefox is installed: {', '.join(FIREFOXES)}")
    script = Path(__file__).with_name("firefox.mjs")
    command = [shutil.which("node"), script, modules, path, address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    count = len(zoo.list_models())
    assert json.loads(done.stdout) == {
        "models": f"{count} of {count} models",
        "digit": "3",
        "image": "horse",
        "same": "true",
        "drawn": "pinet_mnist_generator 0 0",
        "decrypted": "3",
        "diagrams": 3,
        "failed": "0",
        "problems": [],
    }
