"""`pinet tune` from outside."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tuning import supervision
from tuning.budget import Budget, read_count
from zoo.recipes import read_recipe

PINET = [sys.executable, "-m", "tuning.main"]
SEARCH = """
dataset = "digits"
validation = 60
epochs = 2
batch_size = 60
learning_rate = [2e-3, 4e-3]
[network]
stages = 1
width = [2, 4]
"""


def pinet(*arguments, **options):
    return subprocess.run([*PINET, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)


def test_a_search_a_report_and_a_recipe(data, tmp_path):
    (tmp_path / "mine.toml").write_text(SEARCH)
    folder = tmp_path / "out"
    options = ["--max-trials", 2, "--max-params", "1k", "--tuner", "grid", "--out", folder, "--data", data]
    done = pinet("tune", tmp_path / "mine.toml", *options)
    assert done.returncode == 0, done.stderr
    assert "(2/2 done)" in done.stderr and "Traceback" not in done.stderr
    assert "pinet tune promote" in done.stdout
    report = json.loads(pinet("tune", "report", folder, "--json").stdout)
    assert [trial["status"] for trial in report["trials"]] == ["COMPLETED", "COMPLETED"]
    assert all(Path(file).exists() for file in report["files"])
    assert 0 < report["overhead"] < 1
    done = pinet("tune", "promote", folder, tmp_path / "found.toml", "--best-under-params", "1k")
    assert done.returncode == 0, done.stderr
    assert read_recipe(tmp_path / "found.toml").epochs == 2


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Puts a shell script in the place of Python, which notes how it was started and then does as told."""

    def put(script):
        path = tmp_path / "python"
        path.write_text(f'#!/bin/sh\necho "$PINET_TUNE_SUPERVISED: $*" >> {tmp_path}/starts\n{script}\n')
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))
        monkeypatch.setattr(sys, "argv", ["pinet", "tune", "digits", "--fresh", "--minutes", "30"])
        return tmp_path / "starts"

    return put


def test_a_search_that_is_killed_by_its_trial_is_started_again(stand_in, tmp_path, capfd):
    starts = stand_in(f"[ -e {tmp_path}/again ] && exit 3; touch {tmp_path}/again; kill -9 $$")
    with pytest.raises(SystemExit) as stopped:
        supervision.supervise(minutes=30.0)
    assert stopped.value.code == 3
    assert "ended by signal 9; resuming it" in capfd.readouterr().err
    first, second = starts.read_text().splitlines()
    assert first == "first: -m tuning.main tune digits --fresh --minutes 30"
    assert second.startswith("after a crash: -m tuning.main tune digits --minutes 30 --minutes 29.9")


def test_a_search_that_fails_by_itself_is_not_started_again(stand_in):
    starts = stand_in("exit 1")
    with pytest.raises(SystemExit) as stopped:
        supervision.supervise()
    assert stopped.value.code == 1 and len(starts.read_text().splitlines()) == 1


def test_the_child_ends_with_a_parent_that_is_killed(tmp_path):
    sleep = "import os, time; from tuning import supervision; supervision.supervise(); print(os.getpid(), flush=True); "
    child = f"#!/bin/sh\nexec {sys.executable} -c '{sleep} time.sleep(60)'\n"
    (tmp_path / "python").write_text(child)
    (tmp_path / "python").chmod(0o755)
    begin = "import sys; from tuning import supervision; sys.executable = sys.argv.pop(); supervision.supervise()"
    command = [sys.executable, "-c", begin, str(tmp_path / "python")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)  # it is there
        parent.kill()
        deadline = time.monotonic() + 20
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not is_alive(pid)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"  # a zombie waits for its init


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["digit"], 1, "did you mean digits"),
        (["digits", "--max-params", "many"], 2, "many"),
        (["digits", "--tuner", "guess"], 2, "guess"),
        (["report", "nowhere"], 1, "holds no search"),
        (["promote", "nowhere", "mine.toml"], 1, "holds no search"),
    ],
)
def test_wrong_usage_is_reported_in_words(arguments, code, message):
    done = pinet("tune", *arguments)
    assert done.returncode == code
    assert message in done.stderr and "Traceback" not in done.stderr


def test_the_help_names_the_commands():
    done = pinet("tune", "--help")
    assert done.returncode == 0
    assert all(re.search(rf"^  {name} ", done.stdout, re.M) for name in ("search", "report", "promote"))
    assert "tune" in pinet("--help").stdout


@pytest.mark.parametrize("text, count", [("300k", 300_000), ("1.5M", 1_500_000), ("50_000", 50_000), ("2g", 2 * 10**9)])
def test_counts(text, count):
    assert read_count(text) == count


@pytest.mark.parametrize("text", ["", "many", "-3", "1.5.2k", "3kk"])
def test_no_counts(text):
    with pytest.raises(ValueError, match="A count"):
        read_count(text)


def test_a_budget():
    budget = Budget(parameters=10, macs=None, latency_ms=2.0)
    assert budget.allows({"parameters": 10, "macs": 10**9, "latency_ms": 1.0})
    assert not budget.allows({"parameters": 11, "macs": 1, "latency_ms": 1.0})
    assert str(budget) == "parameters ≤ 10, latency_ms ≤ 2.0"
