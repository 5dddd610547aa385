"""Models saved as `.keras` come back in a new process, with Keras' safe mode on."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import pinet_keras
import zoo
from zoo.keras_file import LONGEST, brief, read_keras_file

PACKAGES = [Path(package.__file__).parent for package in (pinet_keras, zoo)]
DECORATED = re.compile(r"register_keras_serializable\(package=\"pinet_keras\"\)\nclass (\w+)")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A fine-tuned classifier of images, one of clips, and a generator."""
    folder = tmp_path_factory.mktemp("saved")
    for name, options in (
        ("pinet_digits", {"num_classes": 2}),
        ("pinet_spoken_digit", {}),
        ("pinet_digits_generator", {}),
    ):
        zoo.load(name, weights=None if name == "pinet_spoken_digit" else "pretrained", **options).save(
            folder / f"{name}.keras"
        )
    return folder


@pytest.mark.parametrize("imports", ["keras, pinet_keras, zoo", "zoo, keras"])
def test_a_new_process_loads_what_was_saved(files, imports):
    names = sorted(
        name for package in PACKAGES for path in package.rglob("*.py") for name in DECORATED.findall(path.read_text())
    )
    assert {"PixelModel", "KernelMuon", "PolyConv2D"} < set(names)
    script = f"""
import {imports}
missing = [name for name in {names} if keras.saving.get_registered_object("pinet_keras>" + name) is None]
assert not missing, missing
for name in ("pinet_digits", "pinet_digits_generator", "pinet_spoken_digit"):
    model = keras.saving.load_model(f"{files}/{{name}}.keras", safe_mode=True)
    print(type(model).__name__, model.output_shape)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "PixelModel (None, 2)",
        "GeneratorModel (None, 8, 8, 1)",
        "AudioModel (None, 10)",
    ]


def test_what_was_fine_tuned_answers_as_before(files):
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype="uint8")
    again = read_keras_file(files / "pinet_digits.keras")
    saved = zoo.load("pinet_digits", num_classes=2)  # the new head starts from a seed
    assert np.allclose(np.asarray(again(images)), np.asarray(saved(images)), atol=1e-5)
    with pytest.raises(ValueError, match="Images must have the shape"):
        again(images[:, :4])


@pytest.mark.parametrize("name", ["pinet_digits", "pinet_spoken_digit", "pinet_digits_generator"])
def test_certify_proves_of_a_saved_model_what_it_proves_of_the_shipped_one(pinet, files, name):
    measured = name != "pinet_spoken_digit"  # which takes long, and is measured in test_commands
    code, out, err = pinet("certify", files / f"{name}.keras", "--json", *["--verify"] * measured)
    assert code == 0, err
    report, card = json.loads(out), zoo.card(name)
    assert (report["tier"], report["degree"]) == (card["tier"], card["degree"])
    assert not measured or report["verification"]["verdict"] == "holds"


def test_errors_of_keras_are_cut_to_what_helps(tmp_path):
    @keras.saving.register_keras_serializable(package="test")
    class Unknown(keras.layers.Layer):
        pass

    layers = [keras.layers.Dense(4, name=f"dense_{index}") for index in range(30)]
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((4,)), Unknown(), *layers]).save(path)
    keras.saving.get_custom_objects().pop("test>Unknown")
    with pytest.raises(ValueError) as refused:
        read_keras_file(path)
    assert "model.keras could not be loaded: Could not locate class 'Unknown'" in str(refused.value)
    assert "config" not in str(refused.value)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match=r"model\.keras could not be loaded: it is damaged, or no \.keras file"):
        read_keras_file(path)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_keras_file(tmp_path / "absent.keras")


def test_an_endless_error_is_cut_and_a_silent_one_is_named():
    assert len(brief(ValueError("word " * 1000))) <= LONGEST
    assert brief(MemoryError()) == "MemoryError"


def test_a_file_saved_before_the_modules_moved_still_loads():
    """`saved_before_the_move.keras` names `zoo.pixel_model` and `zoo.layers`, where its classes were."""
    model = read_keras_file(Path(__file__).parent / "files" / "saved_before_the_move.keras")
    images = (np.arange(128) * 2 % 256).reshape(2, 8, 8, 1).astype("uint8")
    expected = [[-0.095364, -0.049528, 0.193912], [2.325886, -3.574531, -0.61348]]
    assert np.allclose(np.asarray(model(images)), expected, atol=1e-4)


def test_an_audio_model_saved_under_its_former_name_still_loads(files, tmp_path):
    """Its class was `SoundModel`, in `zoo.architectures.parts.sound_model`."""
    former = tmp_path / "former.keras"
    with zipfile.ZipFile(files / "pinet_spoken_digit.keras") as now, zipfile.ZipFile(former, "w") as then:
        for name in now.namelist():
            content = now.read(name)
            if name == "config.json":
                assert b"AudioModel" in content and b"audio_model" in content
                content = content.replace(b"AudioModel", b"SoundModel").replace(b"audio_model", b"sound_model")
            then.writestr(name, content)
    assert type(read_keras_file(former)).__name__ == "AudioModel"
