"""What `pinet page` writes, without a browser."""

import base64
import gzip
import json
import re
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

import zoo
from tests.page.conftest import MODELS
from zoo.page import npm
from zoo.page.building import PAGES, STORY, build_site, running_models


def test_every_model_has_a_page_and_a_card(site):
    for name in zoo.list_models():
        assert f'data-model="{name}"' in (site / "models" / f"{name}.html").read_text(encoding="utf-8")
        assert json.loads((site / "data" / "cards" / f"{name}.json").read_text(encoding="utf-8")) == zoo.card(name)


def test_what_runs_is_there_compressed(site):
    written = json.loads((site / "data" / "site.json").read_text(encoding="utf-8"))
    assert set(written["files"]) == set(MODELS)
    for name, sizes in written["files"].items():
        data = (site / "models" / f"{name}.onnx.gz").read_bytes()
        assert (len(gzip.decompress(data)), len(data)) == (sizes["bytes"], sizes["download"])


def test_what_the_pages_name_is_there(site):
    for page in [*site.glob("*.html"), *site.glob("models/*.html")]:
        text = page.read_text(encoding="utf-8")
        assert "$" not in text
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert link == "data:," or (page.parent / link).is_file(), f"{page.name}: {link}"


def test_the_digit_page_loads_at_most_15_megabytes(site):
    shared = sum(path.stat().st_size for path in (site / "vendor").iterdir())
    weights = sum(4 * zoo.card(name)["parameters"] for name in PAGES["digits"])  # float32, before compression
    assert shared + weights < 15e6


def test_the_encrypted_story_is_of_the_weights_that_are_shipped():
    """`python -m benchmarks.encrypted_story` writes it."""
    story = json.loads(STORY.read_text(encoding="utf-8"))
    card = zoo.card(story["model"])
    assert story["weights_sha256"] == card["weights"]["sha256"]
    golden = card["golden"]["logits"][card["golden"]["images"].index(story["image"])]
    np.testing.assert_allclose(story["plain_logits"], golden, atol=1e-4)
    np.testing.assert_allclose(story["logits"], golden, atol=1e-3 * np.abs(golden).max())
    assert story["logits"] != story["plain_logits"]
    seen = [np.frombuffer(base64.b64decode(story[key]), "uint8") for key in ("request", "answer")]
    for values in seen:  # bytes of a ciphertext, all values about as often; headers are not like that
        assert len(values) == 48**2 and np.bincount(values, minlength=256).max() < 64


def test_a_second_build_replaces_the_first_and_nothing_else(site, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="something else than an earlier site"):
        build_site(tmp_path, MODELS)
    (site / "mine.txt").write_text("mine")
    (site / "js" / "old.js").write_text("")
    build_site(site, MODELS)
    assert (site / "mine.txt").is_file() and not (site / "js" / "old.js").exists()
    (site / "mine.txt").unlink()


def test_a_pattern_that_no_model_matches_is_refused(tmp_path):
    with pytest.raises(ValueError, match="No model of the pages matches.*Received: pinet_digitz"):
        build_site(tmp_path / "site", ["pinet_digitz"])
    assert set(running_models()) == {name for names in PAGES.values() for name in names}


def test_npm_that_is_missing_or_fails_is_reported(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PINET_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ValueError, match=r"install Node\.js"):
        build_site(tmp_path / "site")
    fake = tmp_path / "npm"
    fake.write_text("#!/bin/sh\necho 'E404 no such package' >&2\nexit 1\n")
    fake.chmod(0o755)
    with pytest.raises(ValueError, match="cannot fetch the packages of the page: E404 no such package"):
        npm.packages()


def test_the_command_builds_and_serves(modules, tmp_path):
    arguments = ["page", "--out", tmp_path / "site", "--models", "pinet_mnist_tiny", "--serve", "--port", "0"]
    command = [sys.executable, "-m", "zoo.cli.commands", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        built, shown = running.stdout.readline(), running.stdout.readline()
        assert str(tmp_path / "site" / "index.html") in built
        address = re.search(r"http://127\.0\.0\.1:\d+/", shown)[0]
        with urllib.request.urlopen(f"{address}js/site.js") as answer:
            assert answer.headers["Content-Type"] == "text/javascript"
            assert answer.read() == (tmp_path / "site" / "js" / "site.js").read_bytes()
        running.terminate()
