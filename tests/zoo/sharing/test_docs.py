"""The page on models of one's own: its Python and its quick commands run, in the order in which they stand."""

import re
import shlex
from pathlib import Path

import numpy as np

from zoo.data.loading import load_set
from zoo.paths import ROOT

# These take seconds, and are run by test_saving.py and test_serving.py with the same arguments.
ELSEWHERE = {"certify", "boundary", "export", "serve", "client"}
PAGE = ROOT.parent / "docs" / "own_models.md"


def test_the_page_does_what_it_says(pinet, here):
    Path("zoo").symlink_to(ROOT)
    data = load_set("digits")
    np.savez("parity.npz", x_train=data.x_train, y_train=data.y_train % 2, x_test=data.x_test, y_test=data.y_test % 2)
    blocks = re.findall(r"^```(python|console)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    commands = 0
    for kind, text in blocks:
        if kind == "python":
            exec(compile(text, str(PAGE), "exec"), {})
            continue
        for line in re.findall(r"^\$ (.*)", text, re.MULTILINE):
            program, *arguments = shlex.split(line)
            if arguments[0] not in ELSEWHERE:
                code, _, err = pinet(*arguments)
                assert (program, code) == ("pinet", 0), (line, err)
                commands += 1
    assert commands >= 3 and len(blocks) >= 3
