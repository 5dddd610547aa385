"""Which server `pinet serve` starts, and with what."""

import os
import stat
import sys

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
        engines.choose("auto")
    assert engines.choose("preview") == "preview"
    path("docker", "raise SystemExit(1)")  # installed, but no engine answers
    for engine in ("auto", "docker"):
        with pytest.raises(ValueError, match="--engine preview"):
            engines.choose(engine)
    path("docker", "raise SystemExit(0)")
    assert engines.choose("auto") == "docker"
    path("tensorflow_model_server", "")
    assert engines.choose("auto") == "tensorflow_model_server"
    assert engines.choose("docker") == "docker"
    with pytest.raises(ValueError, match="`engine` must be one of"):
        engines.choose("flask")


def test_the_real_server_is_started_on_the_real_folder(path, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    config = read_models(models / "models.config")
    add_version(config, "pinet_digits", 3, first=True)
    write_models(models, config)
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
    assert engines.run("tensorflow_model_server", models, 8501, 8500) == 7
    (entry,) = read_models(tmp_path / "seen").model_config_list.config
    assert entry.base_path == os.path.realpath(models) + "/pinet_digits"
    assert dict(entry.version_labels) == {"stable": 3}


def test_docker_gets_the_folder_read_only(tmp_path):
    command = engines.command("docker", tmp_path, "/models/models.config", 9001, 9000)
    assert command[:3] == ["docker", "run", "--rm"]
    assert f"{tmp_path}:/models:ro" in command
    assert {"9000:8500", "9001:8501"} <= set(command)
    assert command[command.index(engines.IMAGE) + 1].startswith("--")


def test_a_folder_without_models_config_is_refused(tmp_path):
    with pytest.raises(ValueError, match="There is no models.config"):
        engines.run("docker", tmp_path, 8501, 8500)
