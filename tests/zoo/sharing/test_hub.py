"""Models on the Hugging Face Hub: huggingface_hub itself against a local stand-in for its server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

import zoo
from zoo import hub as addresses
from zoo.data.samples import patterns
from zoo.paths import SAMPLES

from .hub_server import TOKEN, serving
from .test_third_party import missing

huggingface_hub = pytest.importorskip("huggingface_hub")
constants = pytest.importorskip("huggingface_hub.constants")

ADDRESS = "hf://user/even_or_odd"
CARD, WEIGHTS = "cards/even_or_odd.json", "weights/even_or_odd.weights.h5"
IMAGES = patterns((8, 8, 1), seed=5)


@pytest.fixture
def offline(here, monkeypatch):
    """huggingface_hub asks a server that is not there, and has an empty cache and no token."""
    for name, value in {
        "ENDPOINT": "http://127.0.0.1:9",
        "HUGGINGFACE_CO_URL_TEMPLATE": "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_CACHE": str(here / "cache"),
        "HF_HUB_DISABLE_XET": True,
        "HF_TOKEN_PATH": str(here / "token"),
        "HF_HUB_DISABLE_TELEMETRY": True,
    }.items():
        monkeypatch.setattr(constants, name, value)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    addresses.download.cache_clear()
    yield
    addresses.download.cache_clear()


@pytest.fixture
def hub(offline, monkeypatch):
    with serving() as (found, url):
        found.url = url
        monkeypatch.setattr(constants, "ENDPOINT", url)
        template = url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield found


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture
def shared(hub, saved):
    """The saved model, in the repository that `ADDRESS` names; gives the commit."""
    return hub.commit("user/even_or_odd", {**files_of(saved), "README.md": b"read me", "train.py": b"import os"})


def logits_of(model):
    return keras.ops.convert_to_numpy(model(IMAGES))


def test_a_pushed_model_comes_back_by_its_address(hub, token, saved, trained):
    Path(saved, "checkpoint.keras").write_bytes(b"not to be shared")
    address = zoo.push(saved, ADDRESS)
    commit, files = hub.at("user/even_or_odd", "main")
    assert address == f"{ADDRESS}@{commit}"
    assert files.keys() == {".gitattributes", "README.md", CARD, WEIGHTS}
    assert files[CARD] == Path(saved, CARD).read_bytes() and files[WEIGHTS] == Path(saved, WEIGHTS).read_bytes()
    for name in (ADDRESS, address, f"{ADDRESS}/"):
        assert zoo.card(name)["class_names"] == ["even [2]", "odd / ñ"]
        np.testing.assert_allclose(logits_of(zoo.load(name)), logits_of(trained), atol=1e-2)


def test_the_readme_is_a_model_card_of_the_hub(hub, token, saved, change_card):
    change_card(
        dataset={"name": "/home/me/digits, even: or odd", "sha256": None},
        accuracy={"test": 0.875, "interval_95": [0.8, 0.9], "test_examples": 200, "by_class": {}},
        calibration={"temperature": 1.5, "ece": 0.1, "ece_calibrated": 0.02},
    )
    zoo.push(saved, ADDRESS)
    text = hub.at("user/even_or_odd", "main")[1]["README.md"].decode()
    _, metadata, body = text.split("---\n", 2)
    data = yaml.safe_load(metadata)
    assert (data["license"], data["library_name"], data["pipeline_tag"]) == ("mit", "keras", "image-classification")
    assert {"pinet-keras", "low-depth", "pinet"} <= set(data["tags"])
    (index,) = data["model-index"]
    (result,) = index["results"]
    assert index["name"] == "even_or_odd" and result["dataset"]["name"] == "digits, even: or odd"
    metrics = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert metrics == {"accuracy": 0.875, "expected_calibration_error": 0.02}
    card = huggingface_hub.ModelCard(text)
    assert "/home/me" not in text
    assert card.data.eval_results[0].metric_value == 0.875
    for words in (
        "3 low-depth, degree 4, multiplicative depth 5",
        "87.50 % (95 %: 80.0 – 90.0 %)",
        f'load("{ADDRESS}")',
    ):
        assert words in body, body


@pytest.mark.parametrize("name", ["pinet_spoken_digit", "pinet_digits_generator", "pinet_cifar10_activated"])
def test_every_task_has_a_model_card(name):
    from zoo.sharing.hub_card import hub_card

    card = huggingface_hub.ModelCard(hub_card(zoo.card(name), "hf://user/model"))
    assert card.data.license == "apache-2.0" and card.data.eval_results
    assert card.data.pipeline_tag in ("image-classification", "audio-classification", "unconditional-image-generation")
    assert ("is not a polynomial" in card.text) == name.endswith("activated")
    other = huggingface_hub.ModelCard(
        hub_card({**zoo.card(name), "license": "GPL-3.0-only AND MIT"}, "hf://user/model")
    )
    assert (other.data.license, other.data.license_name) == ("other", "gpl-3.0-only and mit")


def test_a_readme_of_the_folder_is_taken_and_an_older_commit_can_still_be_loaded(hub, token, saved, change_card):
    first = zoo.push(saved, ADDRESS)
    Path(saved, "README.md").write_text("my own words")
    change_card(note="the second")
    second = zoo.push(saved, ADDRESS)
    assert hub.at("user/even_or_odd", "main")[1]["README.md"] == b"my own words"
    assert "note" not in zoo.card(first) and zoo.card(second)["note"] == zoo.card(ADDRESS)["note"] == "the second"


def test_a_model_of_the_zoo_can_be_pushed_and_a_repository_can_be_private(hub, token, monkeypatch):
    address = zoo.push("pinet_digits", "hf://user/digits", private=True)
    assert zoo.load(address).count_params() == 5002
    monkeypatch.delenv("HF_TOKEN")
    addresses.download.cache_clear()
    with pytest.raises(ValueError, match="no repository hf://user/digits, or it is private.*HF_TOKEN"):
        zoo.card("hf://user/digits")


def test_only_card_and_weights_are_downloaded_and_of_one_commit(hub, shared, saved):
    zoo.card(ADDRESS)
    got = {
        request.rpartition("/resolve/")[2] for request in hub.requests if "GET" in request and "/resolve/" in request
    }
    assert got == {f"{shared}/{CARD}", f"{shared}/{WEIGHTS}"}
    hub.commit("user/even_or_odd", {CARD: b"{}"})
    assert zoo.load(ADDRESS).output_shape == (None, 2), "of the commit that was downloaded"


def test_without_a_network_what_was_downloaded_before_is_loaded(hub, shared, monkeypatch):
    zoo.card(ADDRESS)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    addresses.download.cache_clear()
    assert zoo.load(ADDRESS).output_shape == (None, 2)
    with pytest.raises(ConnectionError, match="cannot be reached, and nothing of it was downloaded before"):
        zoo.load("hf://user/other")


def test_offline_is_reported_in_a_sentence(offline, token, saved, pinet):
    for use in (lambda: zoo.load(ADDRESS), lambda: zoo.push(saved, ADDRESS)):
        with pytest.raises(ConnectionError, match=f"The server of {ADDRESS} cannot be reached"):
            use()
    code, out, err = pinet("info", ADDRESS)
    assert (code, out, err.count("\n")) == (1, "", 1) and "cannot be reached" in err


def test_huggingface_hubs_own_switch_for_offline_work_is_heeded(hub, shared, monkeypatch):
    zoo.card(ADDRESS)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    addresses.download.cache_clear()
    requests = len(hub.requests)
    assert zoo.card(ADDRESS)["name"] == "even_or_odd" and len(hub.requests) == requests
    with pytest.raises(ConnectionError, match="cannot be reached"):
        zoo.card("hf://user/other")


@pytest.mark.parametrize(
    "address",
    ["hf://user", "hf://user/a/b", "hf://user/model@", "hf://../model", "hf://user/model@a b", "hf:///model", "hf://"],
)
def test_an_address_that_is_written_otherwise_is_refused(offline, address):
    for use in (zoo.card, zoo.load, lambda text: zoo.pull(text, "folder"), lambda text: zoo.push("x", text)):
        with pytest.raises(ValueError, match=f"An address on the Hub is hf://USER/MODEL or .*Received: {address!r}"):
            use(address)


def test_what_the_hub_does_not_have_is_named(hub, shared):
    with pytest.raises(ValueError, match="no repository hf://user/other, or it is private"):
        zoo.load("hf://user/other")
    with pytest.raises(ValueError, match=f"no such revision. Received: {ADDRESS}@v2"):
        zoo.load(f"{ADDRESS}@v2")
    hub.commit("user/plain", {"README.md": b"", "model.safetensors": b""})
    with pytest.raises(ValueError, match=r"hf://user/plain must hold one card.*Received: none among 2 files"):
        zoo.load("hf://user/plain")
    hub.commit("user/two", {"cards/a.json": b"{}", "cards/b.json": b"{}"})
    with pytest.raises(ValueError, match="Received: several, cards/a.json, cards/b.json"):
        zoo.load("hf://user/two")
    hub.commit("user/card", {"cards/a.json": b"{}"})
    with pytest.raises(ValueError, match=r"holds the card cards/a.json and no weights/a.weights.h5"):
        zoo.load("hf://user/card")
    hub.commit("user/odd", {"cards/../../a.json": b"{}", "cards/a b.json": b"{}"})
    with pytest.raises(ValueError, match="Received: none among 2 files"):
        zoo.load("hf://user/odd")
    hub.status = 500
    with pytest.raises(ConnectionError, match="The server of hf://user/new answers: .*500"):
        zoo.load("hf://user/new")


def test_large_files_are_refused_before_they_are_downloaded(hub, shared, monkeypatch):
    monkeypatch.setattr(addresses, "MOST_WEIGHTS_BYTES", 1000)
    with pytest.raises(ValueError, match=f"{WEIGHTS} of {ADDRESS} is larger than 1,000 bytes"):
        zoo.load(ADDRESS)
    assert not [request for request in hub.requests if "/resolve/" in request]


def test_a_card_or_weights_that_do_not_fit_are_refused_as_in_a_folder(hub, shared):
    _, files = hub.at("user/even_or_odd", "main")
    changed = files[WEIGHTS][:-8] + bytes(8)
    hub.commit("user/changed", {CARD: files[CARD], WEIGHTS: changed})
    with pytest.raises(ValueError, match="is not the one its card describes"):
        zoo.load("hf://user/changed")
    with pytest.raises(ValueError, match="is not the one its card describes"):
        zoo.pull("hf://user/changed", "pulled")
    hostile = json.loads(files[CARD])
    hostile["weights"]["file"] = "../../../../secret.weights.h5"
    hub.commit("user/hostile", {CARD: json.dumps(hostile, allow_nan=False).encode(), WEIGHTS: files[WEIGHTS]})
    with pytest.raises(ValueError, match="weights.file is '../"):
        zoo.pull("hf://user/hostile", "pulled")
    assert not Path("pulled").exists()


def test_what_cannot_be_pushed_is_refused_before_anything_is_uploaded(hub, saved, change_card, monkeypatch):
    with pytest.raises(ValueError, match=f"no token to write to {ADDRESS} with: `hf auth login`"):
        zoo.push(saved, ADDRESS)
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    with pytest.raises(ValueError, match="The token may not do that: the server answers 403"):
        zoo.push(saved, ADDRESS)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(ValueError, match="leave out the revision"):
        zoo.push(saved, f"{ADDRESS}@main")
    with pytest.raises(ValueError, match="no saved model"):
        zoo.push("models", ADDRESS)
    change_card(degree=2)
    with pytest.raises(ValueError, match="does not hold: its degree is 4, and the card says 2"):
        zoo.push(saved, ADDRESS)
    change_card(degree=4)
    Path(saved, WEIGHTS).write_bytes(b"changed")
    with pytest.raises(ValueError, match="is not the one its card describes"):
        zoo.push(saved, ADDRESS)
    assert not hub.repositories


def test_golden_outputs_must_be_given_again(hub, token, shared, saved, change_card):
    golden = zoo.card(saved)["golden"]
    logits = np.array(golden["logits"])
    logits[3, 1] += 0.01 * np.abs(logits[3]).max()
    for wrong, words in (
        ({**golden, "logits": logits.tolist()}, "does not give the golden outputs of its card: they differ by"),
        ({**golden, "seed": 1}, "does not give the golden outputs"),
        ({**golden, "logits": [[0.0, 1.0, 2.0]]}, r"do not fit it: shape \(1, 3\) in place of \(1, 2\)"),
        ({"logits": golden["logits"], "images": ["../samples/digits_0_0.png"] * 10}, "do not fit it"),
    ):
        change_card(golden=wrong)
        with pytest.raises(ValueError, match=words):
            zoo.push(saved, ADDRESS)
        hub.commit("user/even_or_odd", files_of(saved))
        addresses.download.cache_clear()
        with pytest.raises(ValueError, match=words):
            zoo.pull(ADDRESS, "pulled")
        assert not Path("pulled").exists()
    change_card(missing("golden"))
    assert zoo.push(saved, ADDRESS)


def test_golden_images_must_be_drawn_again(here):
    from zoo.sharing.golden import check_golden

    model, card = zoo.load("pinet_digits_generator"), zoo.card("pinet_digits_generator")
    check_golden(model, card)
    card["golden"]["pixels"][4] = "ff" * 64
    with pytest.raises(ValueError, match="pinet_digits_generator does not give the golden outputs"):
        check_golden(model, card)


def test_another_model_in_the_repository_is_not_mixed_with_ours(hub, token, saved):
    commit = hub.commit("user/even_or_odd", {"cards/other.json": b"{}"})
    with pytest.raises(ValueError, match="holds another model, cards/other.json"):
        zoo.push(saved, ADDRESS)
    assert hub.at("user/even_or_odd", "main")[0] == commit


def test_pull_makes_a_folder(hub, shared, saved):
    folder = zoo.pull(f"{ADDRESS}@{shared}", "mine")
    assert files_of(folder) == files_of(saved) and not Path(folder, CARD).is_symlink()
    with pytest.raises(ValueError, match="must be new or empty. Received: 'mine'"):
        zoo.pull(ADDRESS, "mine")


def test_every_command_takes_the_address(pinet, hub, shared):
    digit = str(SAMPLES / "digits_4_0.png")
    assert "even [2]" in pinet("predict", ADDRESS, digit)[1]
    assert json.loads(pinet("info", ADDRESS, "--json")[1])["name"] == "even_or_odd"
    assert pinet("certify", ADDRESS)[0] == 0
    code, out, err = pinet("pull", ADDRESS, "mine")
    assert code == 0 and "pinet info mine" in out, err
    code, out, err = pinet("pull", ADDRESS)
    assert code == 0 and Path("runs/even_or_odd", CARD).is_file(), err


def test_push_is_a_command_too(pinet, hub, token, saved):
    code, out, err = pinet("push", saved, ADDRESS, "--private")
    commit = hub.at("user/even_or_odd", "main")[0]
    assert code == 0 and f"{ADDRESS}@{commit}" in out and hub.private == {"user/even_or_odd"}, err
    code, out, err = pinet("push", saved, "user/even_or_odd")
    assert (code, out, err.count("\n")) == (1, "", 1) and "hf://USER/MODEL" in err


def test_hf_endpoint_chooses_the_server(hub, shared, here):
    code = f"import zoo; print(zoo.card({ADDRESS!r})['name'])"
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(here / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "even_or_odd", done.stderr


def test_without_the_extra_the_error_names_it(monkeypatch, saved, pinet):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    real = addresses.missing_package.__globals__["find_spec"]
    find = lambda name: None if name == "huggingface_hub" else real(name)  # noqa: E731
    monkeypatch.setitem(addresses.missing_package.__globals__, "find_spec", find)
    for use in (lambda: zoo.load("hf://user/absent"), lambda: zoo.push(saved, "hf://user/absent")):
        with pytest.raises(ImportError, match=r"This needs huggingface_hub.*'\.\[hub\]' brings it"):
            use()
    code, _, err = pinet("info", "hf://user/absent")
    assert code == 1 and err.count("\n") == 1 and "'.[hub]'" in err
