import os
import sys

import pytest
from xdist.scheduler import LoadFileScheduling

# Before any backend is imported. Some virtual machines announce AMX tiles and trap their use: oneDNN's bfloat16 kernels
# would then end the whole test run with an illegal instruction. So everything below AMX and nothing less: on processors
# with AVX512-FP16 a lower cap makes every product of float16 matrices end in a segmentation fault.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_FP16")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# Tables as wide as a wide terminal: at 80 columns they would fold the long paths that some tests look for.
os.environ["COLUMNS"] = "200"


class CrashesFail(LoadFileScheduling):
    """xdist's distribution by file, in which a test that ends its process fails once and the others still run.

    xdist 3.8 gives that test to the next worker, which it ends as well, until no more workers may be started; and a
    second crash before the replacement has collected its tests is a KeyError within xdist, the run's INTERNALERROR.
    """

    def remove_node(self, node):
        work = self.assigned_work[node]
        for scope in [scope for scope, tests in work.items() if all(tests.values())]:
            del work[scope]
        running = next(((tests, test) for tests in work.values() for test, done in tests.items() if not done), None)
        if running is None:
            return super().remove_node(node)
        tests, crashed = running
        tests[crashed] = True
        if all(tests.values()):
            del work[self._split_scope(crashed)]
        super().remove_node(node)
        return crashed

    def _reschedule(self, node):
        if node in self.registered_collections:
            super()._reschedule(node)


@pytest.hookimpl(optionalhook=True)  # not known where xdist is switched off
def pytest_xdist_make_scheduler(config, log):
    return CrashesFail(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """A test draws the same weights whichever ran before it. A hook, as fixtures of modules draw some as well."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(scope="session", autouse=True)
def no_cache_at_home(tmp_path_factory):
    """Nor do processes that a fixture of a module or of the session starts write to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PINET_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Decoded data sets of a test go to a folder of its own; compiled networks, which take seconds, to a shared one."""
    monkeypatch.setenv("PINET_CACHE", str(tmp_path_factory.mktemp("cache")))
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # of all processes of this run
    monkeypatch.setattr("zoo.inference.cache.cache_folder", lambda: shared / "compiled")


@pytest.fixture
def pinet(monkeypatch, capfd):
    """Runs `pinet ...` in this process; gives exit code, standard output and standard error."""
    from zoo.cli import commands

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pinet", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            commands.main()
        captured = capfd.readouterr()
        return stopped.value.code or 0, captured.out, captured.err

    return run
