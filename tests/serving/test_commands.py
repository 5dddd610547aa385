"""`pinet export`, `pinet label`, `pinet client`: what they print and what they refuse."""

import subprocess
import sys

import pytest

import zoo
from zoo.paths import SAMPLES
from zoo.serving import model_status
from zoo.serving.configs import read_models

DIGIT = str(SAMPLES / "digits_5_0.png")


def test_export_label_and_their_answers(pinet, tmp_path):
    code, out, err = pinet("export", "pinet_digits", tmp_path)
    assert (code, err) == (0, "")
    assert str(tmp_path / "pinet_digits" / "1") in out.replace("\n", "")
    assert pinet("export", "pinet_digits", tmp_path, "--version", 1)[0] == 1
    code, out, _ = pinet("label", tmp_path, "pinet_digits", "stable=1", "previous=1", "--offline")
    assert code == 0 and "previous is version 1, stable is version 1" in out


def test_a_version_is_staged_loaded_and_unloaded(pinet, tmp_path, empty_exports):
    assert pinet("export", "pinet_digits", tmp_path, "--name", "digits")[0] == 0
    code, out, _ = pinet("export", "pinet_digits", tmp_path, "--name", "digits", "--stage")
    assert code == 0 and f"digits 2 is not loaded yet: pinet load {tmp_path} digits 2" in out
    code, out, _ = pinet("load", tmp_path, "digits", 2, "--offline")
    assert (code, out) == (0, "digits: version 2 will be loaded by the next server\n")
    code, out, _ = pinet("label", tmp_path, "digits", "canary=2", "--remove", "stable", "--offline")
    assert code == 0 and "digits: canary is version 2\n" in out and f"pinet unload {tmp_path} digits 1" in out
    assert pinet("unload", tmp_path, "digits", 1, "--offline")[0] == 0
    (entry,) = read_models(tmp_path / "models.config").model_config_list.config
    assert list(entry.model_version_policy.specific.versions) == [2] and dict(entry.version_labels) == {"canary": 2}


def test_export_with_a_url_waits_and_then_labels(pinet, tmp_path, monkeypatch, empty_exports):
    states = {}

    def get(url, path):
        (entry,) = read_models(tmp_path / "models.config").model_config_list.config or [None]
        if path.endswith("/metadata"):
            return 200, {"model_spec": {"version": str(entry.version_labels[path.split("/")[-2]])}}
        for version in entry.model_version_policy.specific.versions if entry else ():
            states[version] = "AVAILABLE" if version in states else "LOADING"
            assert states[version] == "AVAILABLE" or version not in entry.version_labels.values() or version == 1
        answer = [{"version": str(number), "state": state, "status": {}} for number, state in states.items()]
        return (200, {"model_version_status": answer}) if answer else (404, {})

    monkeypatch.setattr(model_status, "_get", get)
    monkeypatch.setattr(model_status.time, "sleep", lambda seconds: None)
    code, out, _ = pinet("export", "pinet_digits", tmp_path, "--url", "http://one")
    assert code == 0 and "pinet_digits: stable is version 1\n" in out
    code, out, _ = pinet("export", "pinet_digits", tmp_path, "--url", "http://one")
    assert code == 0 and "pinet_digits: canary is version 2, stable is version 1\n" in out
    code, out, _ = pinet("export", "pinet_digits", tmp_path)
    assert code == 0 and f"has no label yet: pinet label {tmp_path} pinet_digits canary=3" in out
    assert states == {1: "AVAILABLE", 2: "AVAILABLE"}


def test_export_asks_for_the_server_before_it_writes(pinet, tmp_path):
    code, _, err = pinet("export", "pinet_digits", tmp_path, "--url", "http://127.0.0.1:9")
    assert code == 1 and "No answer of a model server" in err and not list(tmp_path.iterdir())


NO_EXPORT = {
    name: f"since models for {task} have no export"
    for task in ("audio classification", "node classification")
    for name in zoo.list_models(task=task)
}
WHY = "since models for image generation have no export to onnx"
NO_ONNX = dict.fromkeys(zoo.list_models(task="image generation"), WHY)


@pytest.mark.parametrize("format, reasons", [("saved_model", NO_EXPORT), ("onnx", {**NO_EXPORT, **NO_ONNX})])
def test_export_of_all_says_what_it_leaves_out(pinet, tmp_path, monkeypatch, format, reasons):
    written = []

    def export(model, directory, **options):
        path = directory / model / "1"
        path.mkdir(parents=True)
        written.append(model)
        return path

    monkeypatch.setattr(zoo, "export", export)
    monkeypatch.setattr("zoo.cli.export._difference", lambda name, path: "0")
    code, out, _ = pinet("export", "--all", tmp_path, "--format", format)
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("left out: ")]
    assert lines == [f"left out: {name}, {why}" for name, why in sorted(reasons.items())]
    assert sorted([*written, *reasons]) == sorted(zoo.list_models())


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
        (["label", "DIR", "pinet_digits"], "Give LABEL=VERSION"),
        (["label", "DIR", "pinet_digits", "a=1", "--offline", "--url", "http://x"], "--url or --offline, not both"),
        (["load", "DIR", "pinet_digits", "1"], "no version 1 of pinet_digits"),
        (["unload", "DIR", "pinet_digits", "1"], "has no model of that name"),
        (["export", "--all", "DIR", "--name", "mnist"], "--name is for one model"),
        (["export", "pinet_digits", "DIR", "--stage", "--url", "http://x"], "--url waits"),
        (["export", "pinet_digits", "DIR", "--name", "a/b"], "starts with a letter"),
        (["serve", "DIR/none"], "no such folder, and no model"),
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
from zoo.cli.commands import main
try:
    main()
except SystemExit as stopped:
    assert not stopped.code, stopped.code
heavy = ("tensorflow", "tensorflow_serving", "keras", "numpy", "grpc", "google.protobuf", "starlette", "uvicorn")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
