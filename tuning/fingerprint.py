"""What must be the same for a search to go on: space, data, code, and how trials are proposed and scored."""

import hashlib
from pathlib import Path

import keras
import keras_tuner

import pinet_keras
import tuning
import zoo

# The code that decides what a trial computes.
CODE = (
    (pinet_keras, "layers/*.py"),
    (zoo, "architectures/*.py"),
    (zoo, "batches.py"),
    (zoo, "layers.py"),
    (zoo, "training.py"),
    (tuning, "dimension.py"),
    (tuning, "hyper_model.py"),
    (tuning, "oracles/*.py"),
    (tuning, "search_tuner.py"),
    (tuning, "space.py"),
)


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


def code_sha256() -> str:
    """Checksum of the code that decides what a trial computes."""
    digest = hashlib.sha256()
    for package, pattern in CODE:
        for path in sorted(Path(package.__path__[0]).glob(pattern)):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
