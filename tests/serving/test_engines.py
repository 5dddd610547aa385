"""Which server `pinet serve` starts, and with what."""

import os
import signal
import stat
import sys
import threading
import time

import pytest

from zoo.serving import engines
from zoo.serving.configs import read_models, write_models
from zoo.serving.rollout import add_version


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH of its own, on which programs can be put."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name, text):
        file = folder / name
        file.write_text(f"#!{sys.executable}\n{text}")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    return put


def test_the_order_of_the_engines(path):
    with pytest.raises(ValueError, match="Neither tensorflow_model_server nor a Docker engine.*--engine preview"):
        engines.choose_engine("auto")
    assert engines.choose_engine("preview") == "preview"
    path("docker", "raise SystemExit(1)")  # installed, but no engine answers
    for engine in ("auto", "docker"):
        with pytest.raises(ValueError, match="--engine preview"):
            engines.choose_engine(engine)
    path("docker", "raise SystemExit(0)")
    assert engines.choose_engine("auto") == "docker"
    path("tensorflow_model_server", "")
    assert engines.choose_engine("auto") == "tensorflow_model_server"
    assert engines.choose_engine("docker") == "docker"
    with pytest.raises(ValueError, match="`engine` must be one of"):
        engines.choose_engine("flask")


def test_the_real_server_is_started_on_the_real_folder(path, models, tmp_path):
    path(
        "tensorflow_model_server",
        f"""import pathlib, sys
options = dict(option[2:].split("=", 1) for option in sys.argv[1:])
assert options["port"] == "8500" and options["rest_api_port"] == "8501"
assert pathlib.Path(options["batching_parameters_file"]).is_file()
assert pathlib.Path(options["monitoring_config_file"]).is_file()
config = pathlib.Path(options["model_config_file"]).read_text()
pathlib.Path({str(tmp_path / "seen")!r}).write_text(config)
raise SystemExit(7)
""",
    )
    assert serve(models) == 7
    (entry,) = read_models(tmp_path / "seen").model_config_list.config
    assert entry.base_path == os.path.realpath(models.folder) + "/pinet_digits"
    assert dict(entry.version_labels) == {"stable": 3}


@pytest.fixture
def models(tmp_path):
    """A folder with a models.config; `models(5)` lists another version in it."""
    folder = tmp_path / "models"
    folder.mkdir()

    def put(version):
        config = read_models(folder / "models.config")
        add_version(config, "pinet_digits", version, first=True)
        write_models(folder, config)

    put.folder = folder
    put(3)
    return put


STUB = """import os, pathlib, re, signal, sys, time
options = dict(option[2:].split("=", 1) for option in sys.argv[1:])
{before}
pathlib.Path({pid!r}).write_text(str(os.getpid()))
end = time.monotonic() + 30
while time.monotonic() < end:
    time.sleep(0.02)
    if {until}:
        raise SystemExit(7)
"""


@pytest.fixture
def stub(path, tmp_path):
    """A server for the PATH that runs until it is ended, or a condition holds; gives a function for its process id."""

    def put(before="", until="False"):
        pid = tmp_path / "pid"
        path("tensorflow_model_server", STUB.format(before=before, until=until, pid=str(pid)))

        def read():
            end = time.monotonic() + 30
            while not (pid.exists() and pid.read_text()):
                assert time.monotonic() < end
                time.sleep(0.02)
            return int(pid.read_text())

        return read

    return put


def meanwhile(function):
    """Run something in another thread than the main thread, which is the one that gets signals."""
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def serve(models):
    return engines.run("tensorflow_model_server", models.folder, "0.0.0.0", 8501, 8500)


def test_sigterm_ends_the_server_too(stub, models):
    pid = stub()
    started = time.monotonic()
    meanwhile(lambda: (pid(), os.kill(os.getpid(), signal.SIGTERM)))
    before = signal.getsignal(signal.SIGTERM)
    assert serve(models) == 0
    assert not is_alive(pid())
    assert time.monotonic() - started < 20
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_server_that_does_not_end_is_ended(stub, models, monkeypatch):
    monkeypatch.setattr(engines, "GRACE", 0.2)
    pid = stub(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    meanwhile(lambda: (pid(), os.kill(os.getpid(), signal.SIGTERM)))
    started = time.monotonic()
    assert serve(models) == 0
    assert not is_alive(pid())
    assert time.monotonic() - started < 20  # the stub ends by itself after 30 s


@pytest.fixture
def interrupts():
    """Python's own answer to Ctrl-C, which a process started in the background of a shell does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_ctrl_c_leaves_no_server_behind(stub, models):
    pid = stub(before="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    meanwhile(lambda: (pid(), os.kill(os.getpid(), signal.SIGINT)))
    with pytest.raises(KeyboardInterrupt):
        serve(models)
    assert not is_alive(pid())


def test_a_server_that_was_killed_is_reported_in_the_exit_code(stub, models):
    pid = stub()
    meanwhile(lambda: os.kill(pid(), signal.SIGKILL))
    assert serve(models) == 128 + signal.SIGKILL


def test_the_server_gets_a_new_config_after_ones_that_cannot_be_read(stub, models, monkeypatch, caplog):
    monkeypatch.setattr(engines, "FOLLOW_SECONDS", 0.02)
    pid = stub(until='"versions: 5" in pathlib.Path(options["model_config_file"]).read_text()')
    file = models.folder / "models.config"
    good = file.read_bytes()

    def logged(words):
        end = time.monotonic() + 20
        while words not in caplog.text and time.monotonic() < end:
            time.sleep(0.02)

    def change():
        pid()
        file.write_text("model_config_list { confg {} }")
        logged("confg")
        time.sleep(0.2)
        file.unlink()
        logged("No such file")
        file.write_bytes(good)
        models(5)

    meanwhile(change)
    assert serve(models) == 7
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == len(set(messages)) == 2  # each is reported once, not at every poll


@pytest.mark.parametrize(
    "host, published",
    [("127.0.0.1", "127.0.0.1:"), ("0.0.0.0", "0.0.0.0:"), ("::1", "[::1]:"), ("10.0.0.7", "10.0.0.7:")],
)
def test_docker_gets_the_folder_read_only_and_publishes_on_the_host(tmp_path, host, published):
    command = engines.command("docker", tmp_path, "/models/models.config", host, 9001, 9000)
    assert command[:4] == ["docker", "run", "--rm", "--init"]
    assert f"{tmp_path}:/models:ro" in command
    assert [command[index + 1] for index, word in enumerate(command) if word == "-p"] == [
        f"{published}9000:8500",
        f"{published}9001:8501",
    ]
    assert command[command.index("--entrypoint") + 1] == engines.BINARY
    assert command[command.index(engines.IMAGE) + 1 :][:2] == ["--port=8500", "--rest_api_port=8501"]


def test_what_pinet_serve_listens_on(pinet, path, models, tmp_path):
    path(
        "docker", f"import sys\nif 'run' in sys.argv: open({str(tmp_path / 'ports')!r}, 'w').write(' '.join(sys.argv))"
    )
    code, _, err = pinet("serve", models.folder, "--engine", "docker")
    assert (code, err) == (0, "") and "-p 127.0.0.1:8500:8500" in (tmp_path / "ports").read_text()
    code, _, err = pinet("serve", models.folder, "--engine", "docker", "--host", "0.0.0.0")
    assert "-p 0.0.0.0:8500:8500" in (tmp_path / "ports").read_text()
    assert code == 0 and "Listening on 0.0.0.0" in err and "no authentication" in err
    path("tensorflow_model_server", "raise SystemExit(7)")
    code, _, err = pinet("serve", models.folder)
    assert code == 7 and "Listening on 0.0.0.0" in err and "no authentication" in err
    code, _, err = pinet("serve", models.folder, "--host", "127.0.0.1")
    assert code == 1 and "always listens on all addresses" in err and "--engine docker" in err


@pytest.mark.parametrize(
    "host, warned", [("127.0.0.1", 0), ("::1", 0), ("localhost", 0), ("::", 1), ("example.org", 1)]
)
def test_addresses_that_others_reach_are_warned_of(host, warned):
    assert engines.listen_address("preview", None) == "127.0.0.1"
    assert engines.listen_address("preview", host) == host
    assert bool(engines.exposure_warning(host)) == warned


def test_a_folder_without_models_config_is_refused(tmp_path):
    with pytest.raises(ValueError, match="There is no models.config"):
        engines.run("docker", tmp_path, "127.0.0.1", 8501, 8500)
