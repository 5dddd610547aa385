"""The page on tuning, the example and the Kubernetes manifest say what works."""

import re
import runpy
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from examples.shapes import draw_shapes
from tuning import supervision
from tuning.main import main
from tuning.space import Space

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
MANIFEST = ROOT / "deploy" / "tuning" / "kubernetes.yaml"


class Understood(Exception):
    """The command line was read whole, and its search file too."""


@pytest.fixture
def understood(monkeypatch):
    """Tells whether `pinet ARGUMENTS` is a search that could start."""

    def start(minutes):
        raise Understood

    monkeypatch.setattr(supervision, "supervise", start)

    def check(arguments):
        monkeypatch.setattr(sys, "argv", ["pinet", *arguments])
        with pytest.raises(Understood):
            main()

    return check


def test_every_block_of_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) == 2
    names: dict = {"__name__": "tuning_page"}
    for block in blocks:
        exec(compile(block, "tuning.md", "exec"), names)
    assert names["model"].output_shape == (None, 10)


def test_every_search_on_the_page_can_start(understood, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw_shapes(tmp_path / "photos", 40)
    lines = re.findall(r"^\w*\$ +pinet (tune .*)$", PAGE, flags=re.MULTILINE)
    searches = [line for line in lines if line.split()[1] not in ("report", "promote")]
    assert len(searches) == 7
    for line in searches:
        understood(shlex.split(line))


def test_the_search_file_on_the_page_is_one():
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(Space.from_dict(tomllib.loads(block)).dimensions) == 6


def test_the_options_on_the_page_exist():
    source = (ROOT / "tuning" / "commands.py").read_text(encoding="utf-8")
    for option in set(re.findall(r"--([a-z][a-z-]+)", PAGE)):
        assert option.replace("-", "_") in source, option


def test_the_manifest_holds_a_chief_and_workers_that_can_start(understood):
    yaml = pytest.importorskip("yaml")
    claim, service, chief, worker = yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8"))
    pods = [job["spec"]["template"] for job in (chief, worker)]
    chief_args, worker_args = (pod["spec"]["containers"][0]["args"] for pod in pods)
    for arguments in (chief_args, worker_args):
        understood(arguments)
    assert chief_args[:-2] == worker_args[:-3]  # the same task
    assert worker_args[-2] == f"--oracle={service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert service["spec"]["selector"].items() <= pods[0]["metadata"]["labels"].items()
    assert not service["spec"]["selector"].items() <= pods[1]["metadata"]["labels"].items()
    for pod in pods:
        (volume,), (mount,) = pod["spec"]["volumes"], pod["spec"]["containers"][0]["volumeMounts"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert chief_args[-3].startswith(f"--out={mount['mountPath']}/")


def test_the_optuna_example_runs(space, capsys):
    pytest.importorskip("optuna")
    space = Space({**space.fixed, "epochs": 1}, space.network, space.dimensions, space.searched)
    runpy.run_path(str(ROOT / "examples" / "optuna_search.py"))["main"](2, space)
    assert re.search(r"2 trials: .*(complete|pruned)", capsys.readouterr().out)
