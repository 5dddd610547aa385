"""Errors as a user meets them on the command line: one line, the file, what is wrong, what to do."""

import os
import subprocess
import sys

import pytest

PINET = [sys.executable, "-m", "zoo.commands"]


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


def test_a_recipe_that_is_a_folder_or_a_loop_is_said(pinet, tmp_path):
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    for name, words in (("folder", "it is a folder"), ("loop", "form a loop")):
        code, out, err = pinet("train", tmp_path / f"{name}.toml")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert f"{name}.toml" in err and words in err
