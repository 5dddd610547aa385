"""Hardware and software of a training, as cards record them for reproducibility."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras

from zoo.paths import ROOT

PACKAGES = ("pinet-keras", "keras", "numpy", "scipy")
ONEDNN = ("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA")  # variables that choose TensorFlow's kernels on a CPU


def environment() -> dict:
    """Commit, hardware, oneDNN setting, backend and versions of this process, for a card.

    Returns:
        A dict with `commit` (with `-dirty` behind it where files differ from it; `None` outside of a checkout),
        `machine`, `cpu` (model name; `None` where the system does not tell), `onednn` (the environment variables that
        set it; `None` for one that is not set), `backend` and `versions`.
    """
    backend = keras.backend.backend()
    cores = processors()
    return {
        "commit": _commit(),
        "machine": f"{_devices()} ({cores} {'core' if cores == 1 else 'cores'}, {platform.machine()})",
        "cpu": _cpu(),
        "onednn": {name: os.environ.get(name) for name in ONEDNN},
        "backend": backend,
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in PACKAGES},
            backend: __import__(backend).__version__,
        },
    }


def processors() -> int:
    """How many processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes of memory that a new process can have; all of the machine's where the system does not tell."""
    information = Path("/proc/meminfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    for line in lines:
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def completed(facts: dict) -> dict:
    """The facts of an earlier training in today's form: what was not recorded is `None`.

    Args:
        facts: some of what `environment` gives.
    """
    known = dict.fromkeys(("commit", "machine", "cpu", "onednn", "backend")) | facts
    return known | {"versions": dict.fromkeys(("python", *PACKAGES)) | facts.get("versions", {})}


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:  # run from a checkout that is not installed
        return None


def _commit():
    folder = ROOT.parent
    # The packages may be installed somewhere within another project's checkout, whose commit is not ours.
    if (top := _git("rev-parse", "--show-toplevel")) is None or Path(top) != folder.resolve():
        return None
    return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(*arguments):
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", ROOT.parent, *arguments], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):  # no git here
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or None


def _devices():
    if keras.backend.backend() == "torch":  # where Keras lists no devices
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return ", ".join(keras.distribution.list_devices())
