"""A test that ends its process fails, once, and takes no other test with it."""

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).with_name("conftest.py")
# The second crash comes while the replacement of the first worker still collects its tests.
TESTS = """
import os, pathlib, signal, time

HERE = pathlib.Path(__file__).parent

def wait_for(name):
    while not (HERE / name).exists():
        time.sleep(0.02)

if os.environ["PYTEST_XDIST_WORKER"] not in ("gw0", "gw1"):
    (HERE / "collecting").touch()
    wait_for("second crash")
    time.sleep(0.5)

def test_before():
    pass

def test_crash():
    if __file__.endswith("test_1.py"):
        wait_for("collecting")
        (HERE / "second crash").touch()
    os.kill(os.getpid(), signal.SIGSEGV)

def test_after():
    pass
"""


def test_crashed_workers_are_failed_tests(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"))
    for index in range(2):
        (tmp_path / f"test_{index}.py").write_text(TESTS)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the other plugins take most of the time to start
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-n", "2", "--dist", "loadfile", tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        cwd=tmp_path,
    )
    assert "INTERNALERROR" not in run.stdout
    assert run.returncode == 1
    assert "2 failed, 4 passed" in run.stdout
    for index in range(2):
        assert f"FAILED test_{index}.py::test_crash - worker" in run.stdout
