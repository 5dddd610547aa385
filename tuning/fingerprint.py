"""What must be the same to resume a search: space, data, code, and how trials are proposed and scored."""

import hashlib
from pathlib import Path

import keras
import keras_tuner

import pinet_keras
from zoo.paths import ROOT
from zoo.pretrained import card_weights, sha256
from zoo.registry import card

PACKAGES = (Path(pinet_keras.__file__).parent, ROOT, Path(__file__).parent)


def fingerprint(hypermodel, *, tuner, objective, budget, executions, seed) -> dict:
    """Everything that makes two searches the same, as a dict for JSON.

    Args:
        hypermodel: the `PinetHyperModel`.
        tuner: name of the tuner.
        objective: name of the objective.
        budget: the bounds, a dict.
        executions: trainings a trial.
        seed: of the proposals.
    """
    return {
        "space": hypermodel.space.as_dict(),
        "data": hypermodel.dataset_sha256,
        "teachers": _teachers(hypermodel.space),
        "code": code_sha256(),
        "keras": keras.__version__,
        "keras_tuner": keras_tuner.__version__,
        "backend": keras.backend.backend(),
        "tuner": tuner,
        "objective": objective,
        "budget": budget,
        "executions_per_trial": executions,
        "seed": seed,
    }


def code_sha256(packages=PACKAGES) -> str:
    """Checksum of all code of the packages, since any of it may change the result of a trial.

    Args:
        packages: folders of the packages.
    """
    digest = hashlib.sha256()
    for package in map(Path, packages):
        for path in sorted(package.rglob("*.py")):
            code = path.read_bytes()
            digest.update(f"{package.name}/{path.relative_to(package).as_posix()} {len(code)}\n".encode() + code)
    return digest.hexdigest()


def _teachers(space):
    """Checksums of the weights of the teachers that trials may use."""
    names = [space.fixed.get("teacher"), *(n for d in space.dimensions if d.name == "teacher" for n in d.choices)]
    return {name: sha256(card_weights(name, card(name))) for name in names if name}
