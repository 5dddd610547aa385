"""The wheel, in an empty environment that finds this one's other packages: what is in it, and that it works."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import zoo
from zoo.paths import WEIGHTS
from zoo.verification.verifying import FACES, THRESHOLD_FILE

ROOT = Path(__file__).parent.parent
BASELINES = [
    name for name in zoo.list_models() if name.startswith(("dcgan_", "linear_")) or name.endswith("_activated")
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as `pip install .` builds it, with the hatchling of this environment: no network is needed."""
    out = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "--wheel-dir", out]
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", *options, ROOT], check=True, timeout=300)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Runs a command in the environment that holds the wheel, far from the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "--python", python, "install", *options, wheel]
    subprocess.run(command, check=True, timeout=300)
    (site,) = folder.glob("lib/python*/site-packages")
    # Its own packages come first; an editable install in this environment stays unseen, as it is a .pth file.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}

    def run(program, *arguments):
        command = [folder / "bin" / program, *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)

    run.site = site
    return run


def test_the_wheel_holds_all_but_the_weights_of_the_baselines(wheel):
    files = zipfile.ZipFile(wheel).namelist()
    weights = {Path(name).name.removesuffix(".weights.h5") for name in files if name.endswith(".h5")}
    assert len(BASELINES) == 9 and weights == {*zoo.list_models(), FACES.name} - set(BASELINES)
    assert f"zoo/verification/{FACES.name}/{THRESHOLD_FILE}" in files
    assert "zoo/ranges/pinet_digits.json" in files
    assert "zoo/card.schema.json" in files
    for folder, pattern in (
        ("cards", "*.json"),
        ("recipes", "*.toml"),
        ("samples", "*"),
        ("page/web/js", "*"),
        ("page/web", "*.*"),
    ):
        assert {f"zoo/{folder}/{path.name}" for path in (ROOT / "zoo" / folder).glob(pattern)} <= set(files)
    assert {f"{package}/py.typed" for package in ("pinet_keras", "zoo", "tuning")} <= set(files)
    assert not [
        name
        for name in files
        if name.split("/")[0] not in ("pinet_keras", "zoo", "tuning") and ".dist-info/" not in name
    ]
    saved = sum((WEIGHTS / f"{name}.weights.h5").stat().st_size for name in BASELINES)
    assert saved > (wheel.stat().st_size + saved) / 4, "leaving them out is no longer worth it"


def test_the_wheel_names_licence_extras_and_version(wheel, installed):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    assert "\nLicense-Expression: Apache-2.0 AND CC-BY-SA-4.0" in metadata
    assert {"LICENSE", "NOTICE.md"} <= {Path(name).name for name in archive.namelist() if "/licenses/" in name}
    for extra in ("tensorflow", "jax", "torch", "train", "tune", "serving", "plot", "onnx", "litert", "all"):
        assert f"\nProvides-Extra: {extra}\n" in metadata
    import pinet_keras

    assert installed("pinet", "--version").stdout == f"pinet-keras {pinet_keras.__version__}\n"


def test_it_lists_and_predicts(installed):
    done = installed("pinet", "list", "--json")
    assert [card["name"] for card in json.loads(done.stdout)] == [*zoo.list_models(), "pinet_faces"]
    sample = installed.site / "zoo" / "samples" / "cifar10_cat_0.png"
    done = installed("pinet", "predict", "pinet_cifar10", str(sample), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["predictions"][0]["class"] == "cat"


def test_it_loads_and_says_which_weights_it_does_not_hold(installed):
    code = f"""
import zoo
assert zoo.__file__.startswith({str(installed.site)!r}), zoo.__file__
print(zoo.load("pinet_digits").count_params())
for name in {BASELINES}:
    assert not zoo.registry.has_weights(name)
    try:
        zoo.load(name)
    except FileNotFoundError as error:
        print(error)
print(zoo.load("linear_mnist_generator", weights={str(WEIGHTS / "linear_mnist_generator.weights.h5")!r}).count_params())
"""
    done = installed("python", "-c", code)
    assert done.returncode == 0, done.stderr
    first, *messages, last = done.stdout.splitlines()
    assert (int(first), int(last)) == tuple(
        zoo.card(name)["parameters"] for name in ("pinet_digits", "linear_mnist_generator")
    )
    for name, message in zip(BASELINES, messages, strict=True):
        assert message.startswith(f"The weights of {name} are not installed") and f"{name}.weights.h5" in message
