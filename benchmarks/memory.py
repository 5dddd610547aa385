"""How much memory this process has taken at its most."""

from pathlib import Path


def peak_megabytes() -> float:
    """The high-water mark that Linux keeps; that of `getrusage` would begin with what the parent process had."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3
