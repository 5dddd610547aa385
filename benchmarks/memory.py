"""How much memory this process has taken."""

from pathlib import Path


def peak_megabytes() -> float:
    """At its most: the mark that Linux keeps; that of `getrusage` would begin with what the parent process had."""
    return _status("VmHWM")


def megabytes_now() -> float:
    """At present."""
    return _status("VmRSS")


def _status(key):
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1e3
