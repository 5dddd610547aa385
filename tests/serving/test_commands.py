"""`pinet export`, `pinet label`, `pinet client`: what they print and what they refuse."""

import subprocess
import sys

import pytest

from zoo.paths import SAMPLES

DIGIT = str(SAMPLES / "digits_5_0.png")


def test_export_label_and_their_answers(pinet, tmp_path):
    code, out, err = pinet("export", "pinet_digits", tmp_path)
    assert (code, err) == (0, "")
    assert str(tmp_path / "pinet_digits" / "1") in out.replace("\n", "")
    assert pinet("export", "pinet_digits", tmp_path, "--version", 1)[0] == 1
    code, out, _ = pinet("label", tmp_path, "pinet_digits", "stable=1", "previous=1")
    assert code == 0 and "previous is version 1, stable is version 1" in out


def test_export_prints_the_difference_of_a_file(pinet, tmp_path):
    pytest.importorskip("ai_edge_litert")
    code, out, _ = pinet("export", "pinet_digits", tmp_path, "--format", "litert")
    assert code == 0
    (difference,) = [word for word in out.split() if "e-" in word]
    assert float(difference) < 1e-5


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["export", "pinet_digits"], "Give a model and a folder"),
        (["export", "--all", "a", "b"], "Give a model and a folder"),
        (["export", "pinet_digit", "DIR"], "did you mean pinet_digits"),
        (["export", "polynet_cifar10", "DIR", "--mnist-example-signature"], "28×28×1"),
        (["label", "DIR", "pinet_digits", "stable"], "LABEL=VERSION"),
        (["label", "DIR", "pinet_digits", "stable=1"], "has no model of that name"),
        (["serve", "DIR/none"], "no such folder"),
        (["client", "http://127.0.0.1:9", "pinet_digits", DIGIT], "No answer of a model server"),
        (["client", "http://127.0.0.1:9", "pinet_digits", "none.png"], "none.png"),
        (["client", "http://127.0.0.1:9", "pinet_digits", DIGIT, "--version", "1", "--label", "a"], "not both"),
    ],
)
def test_what_is_refused_is_refused_in_one_line(pinet, tmp_path, arguments, reason):
    code, out, err = pinet(*(argument.replace("DIR", str(tmp_path)) for argument in arguments))
    assert (code, out) == (1, "")
    assert err.startswith("Error: ") and err.count("\n") == 1 and reason in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["export", "--help"], ["serve", "--help"], ["list"], ["label", "--help"]])
def test_nothing_heavy_is_imported_too_early(arguments):
    script = f"""
import sys
sys.argv = {["pinet", *arguments]}
from zoo.commands import main
try:
    main()
except SystemExit as stopped:
    assert not stopped.code, stopped.code
heavy = ("tensorflow", "tensorflow_serving", "keras", "numpy", "grpc", "google.protobuf", "starlette", "uvicorn")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
