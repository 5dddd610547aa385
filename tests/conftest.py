import os
import sys

import pytest

# Before any backend is imported. Some virtual machines announce AMX tiles and trap their use: oneDNN's bfloat16 kernels
# would then end the whole test run with an illegal instruction.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# Tables as wide as a wide terminal: at 80 columns they would fold the long paths that some tests look for.
os.environ["COLUMNS"] = "200"


@pytest.fixture
def pinet(monkeypatch, capfd):
    """Runs `pinet ...` in this process; gives exit code, standard output and standard error."""
    from zoo import commands

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pinet", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            commands.main()
        captured = capfd.readouterr()
        return stopped.value.code or 0, captured.out, captured.err

    return run
