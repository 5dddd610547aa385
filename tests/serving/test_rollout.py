"""Roll-outs against TensorFlow Serving's rule: labels are assigned before versions are loaded, all or nothing."""

import random
import re

import pytest

from zoo.serving import model_status, rollout
from zoo.serving.configs import find_model, read_models, write_models
from zoo.serving.rollout import add_version, load_version, remove_labels, set_labels, unlabelled, unload_version

URLS = ["http://one", "http://two"]


class SimulatedServer:
    """What TensorFlow Serving does with models.config, as `ServerCore` has it; time passes at random."""

    def __init__(self, folder, rng):
        self.folder, self.rng = folder, rng
        self.labels, self.states, self.wanted = {}, {}, {}
        self.refused = []

    def read(self):
        """One reading of models.config, with --allow_version_labels_for_unavailable_models."""
        config = read_models(self.folder / "models.config").model_config_list.config
        for entry in config:
            for label, version in entry.version_labels.items():
                used = self.labels.get(entry.name, {}).get(label, version)
                if used != version and self.states.get((entry.name, version)) != "AVAILABLE":
                    self.refused.append(f"{entry.name} {label} from {used} to {version}")
                    return  # and nothing of the file takes effect
        self.labels = {entry.name: dict(entry.version_labels) for entry in config}
        self.wanted = {(entry.name, v) for entry in config for v in entry.model_version_policy.specific.versions}

    def pass_time(self):
        if self.rng.random() < 0.3:
            self.read()
        for key in {*self.wanted, *self.states}:
            if self.rng.random() < 0.5:
                after = {None: "START", "END": "START", "START": "LOADING", "LOADING": "AVAILABLE"}
                state = self.states.get(key)
                if key in self.wanted:
                    self.states[key] = after.get(state, state if state == "AVAILABLE" else "END")
                elif state is not None:
                    self.states[key] = "UNLOADING" if state == "AVAILABLE" else "END"

    def answer(self, path):
        self.pass_time()
        name, label = re.fullmatch(r"/v1/models/([^/]+)(?:/labels/([^/]+)/metadata)?", path).groups()
        if label is None:
            found = [(version, state) for (model, version), state in self.states.items() if model == name]
            states = [{"version": str(v), "state": s, "status": {"error_message": ""}} for v, s in found]
            return (200, {"model_version_status": states}) if states else (404, {})
        version = self.labels.get(name, {}).get(label)
        if version is None:
            return 400, {}
        loaded = self.states.get((name, version)) == "AVAILABLE"
        return (200, {"model_spec": {"version": str(version)}}) if loaded else (404, {})


@pytest.fixture
def servers(tmp_path, monkeypatch):
    """Two servers that read the folder; waiting costs no time, and gives up after 40 questions."""
    servers, clock = {}, [0.0]
    monkeypatch.setattr(model_status, "_get", lambda url, path: servers[url].answer(path))
    monkeypatch.setattr(model_status.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(model_status.time, "sleep", lambda _: clock.__setitem__(0, clock[0] + rollout.FOLLOW / 40))
    return servers


def put(folder, name, version, stage=False):
    """What an export does, without a model."""
    others = (folder / name).is_dir()
    (folder / name / str(version)).mkdir(parents=True)
    (folder / name / str(version) / "saved_model.pb").write_bytes(b"")
    if not stage:
        config = read_models(folder / "models.config")
        add_version(config, name, version, first=not others)
        write_models(folder, config)


@pytest.mark.parametrize("seed", range(10))
def test_no_sequence_of_commands_makes_a_server_refuse_the_file(tmp_path, servers, seed):
    rng = random.Random(seed)
    write_models(tmp_path, read_models(tmp_path / "models.config"))
    servers.update({url: SimulatedServer(tmp_path, rng) for url in URLS})
    newest, done = {"a": 0, "b": 0}, 0
    for _ in range(40):
        name = rng.choice("ab")
        version = rng.randint(1, max(newest[name], 1))
        kind = rng.choice(["export", "export", "stage", "label", "label", "label", "remove", "load", "unload", "wait"])
        try:
            if kind in ("export", "stage"):
                newest[name] += 1
                put(tmp_path, name, newest[name], kind == "stage")
            elif kind == "label":
                labels = {rng.choice(["stable", "canary"]): version}
                assert set_labels(tmp_path, name, labels, URLS).items() >= labels.items()
                for server in servers.values():  # what is reported is what a request with the label meets
                    (label,) = labels
                    assert server.labels[name][label] == version and server.states[name, version] == "AVAILABLE"
            elif kind == "remove":
                remove_labels(tmp_path, name, [rng.choice(["stable", "canary"])], URLS)
            elif kind == "load":
                load_version(tmp_path, name, version, URLS)
            elif kind == "unload":
                unload_version(tmp_path, name, version, URLS)
            elif rng.random() < 0.2:
                servers[rng.choice(URLS)].__init__(tmp_path, rng)  # restarted
            done += 1
        except ValueError as refusal:  # reported before anything is written or after waiting in vain
            if not re.search("not loaded|no such|no version|no model|has labels|Waited", str(refusal)):
                raise
        for server in servers.values():
            for _ in range(rng.randint(0, 3)):
                server.pass_time()
            assert not server.refused
    assert done >= 10
    for url, server in servers.items():  # and the servers end where the file says
        for _ in range(200):
            server.pass_time()
        server.read()
        for entry in read_models(tmp_path / "models.config").model_config_list.config:
            for version in entry.model_version_policy.specific.versions:
                assert model_status.version_states(url, entry.name)[version][0] == "AVAILABLE"


def test_the_simulated_server_refuses_the_roll_out_in_one_step(tmp_path):
    server = SimulatedServer(tmp_path, random.Random(0))
    put(tmp_path, "a", 1)
    for _ in range(50):
        server.pass_time()
    put(tmp_path, "a", 2)
    config = read_models(tmp_path / "models.config")
    find_model(config, "a").version_labels["stable"] = 2
    write_models(tmp_path, config)
    server.read()
    assert server.refused == ["a stable from 1 to 2"] and server.labels == {"a": {"stable": 1}}


def entries(folder):
    return {
        entry.name: (list(entry.model_version_policy.specific.versions), dict(entry.version_labels))
        for entry in read_models(folder / "models.config").model_config_list.config
    }


def test_the_first_version_is_stable_and_later_ones_have_no_label(tmp_path):
    put(tmp_path, "a", 1)
    assert entries(tmp_path) == {"a": ([1], {"stable": 1})}
    put(tmp_path, "b", 7)
    put(tmp_path, "a", 2)
    assert entries(tmp_path) == {"a": ([1, 2], {"stable": 1}), "b": ([7], {"stable": 7})}
    assert unlabelled(tmp_path, "a") == [2]


def test_labels_roll_out_and_back(tmp_path):
    put(tmp_path, "a", 1)
    put(tmp_path, "a", 2)
    assert set_labels(tmp_path, "a", {"stable": 2, "previous": 1}, []) == {"stable": 2, "previous": 1}
    assert set_labels(tmp_path, "a", {"stable": 1}, []) == {"stable": 1, "previous": 1}
    assert remove_labels(tmp_path, "a", ["previous"], []) == {"stable": 1}
    unload_version(tmp_path, "a", 2, [])
    assert entries(tmp_path) == {"a": ([1], {"stable": 1})}
    load_version(tmp_path, "a", 2, [])
    assert entries(tmp_path) == {"a": ([1, 2], {"stable": 1})}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".models")]


def test_what_cannot_be_is_refused_and_changes_nothing(tmp_path):
    put(tmp_path, "a", 1)
    put(tmp_path, "a", 2, stage=True)
    before = (tmp_path / "models.config").read_bytes()
    for change, reason in [
        (lambda: set_labels(tmp_path, "a", {"new": 1, "stable": 9}, []), "no version 9 of a"),
        (lambda: set_labels(tmp_path, "a", {"new": 1, "stable": 2}, []), "is not loaded; `pinet load .* a 2`"),
        (lambda: set_labels(tmp_path, "c", {"stable": 1}, []), "it has: a. Received: 'c'"),
        (lambda: remove_labels(tmp_path, "a", ["stable", "x"], []), "it has: stable. Received: 'x'"),
        (lambda: load_version(tmp_path, "a", 9, []), "no version 9 of a"),
        (lambda: unload_version(tmp_path, "a", 2, []), "is not loaded"),
        (lambda: unload_version(tmp_path, "a", 1, []), "has labels; move or remove them first: stable"),
    ]:
        with pytest.raises(ValueError, match=reason):
            change()
        assert (tmp_path / "models.config").read_bytes() == before


def test_a_model_without_versions_leaves_the_file(tmp_path):
    """TensorFlow Serving would wait for a version of it for ever; and an empty file would be no list of models."""
    put(tmp_path, "a", 1)
    remove_labels(tmp_path, "a", ["stable"], [])
    unload_version(tmp_path, "a", 1, [])
    assert read_models(tmp_path / "models.config").WhichOneof("config") == "model_config_list"
    assert entries(tmp_path) == {}
    put(tmp_path, "a", 2)  # a server may still have a label that the file no longer has
    assert entries(tmp_path) == {"a": ([2], {})}


def test_a_policy_that_somebody_wrote_stays(tmp_path):
    put(tmp_path, "a", 1)
    config = read_models(tmp_path / "models.config")
    find_model(config, "a").model_version_policy.all.SetInParent()
    write_models(tmp_path, config)
    put(tmp_path, "a", 2)
    assert set_labels(tmp_path, "a", {"stable": 2}, []) == {"stable": 2}
    entry = find_model(read_models(tmp_path / "models.config"), "a")
    assert entry.model_version_policy.WhichOneof("policy_choice") == "all"
    for change in (load_version, unload_version):
        with pytest.raises(ValueError, match="by the policy `all`"):
            change(tmp_path, "a", 1, [])


def test_a_version_that_does_not_load_is_reported_at_once(tmp_path, monkeypatch):
    put(tmp_path, "a", 1)
    put(tmp_path, "a", 2)
    reply = {"version": "2", "state": "END", "status": {"error_code": "INTERNAL", "error_message": "out of memory"}}
    monkeypatch.setattr(model_status, "_get", lambda url, path: (200, {"model_version_status": [reply]}))
    with pytest.raises(ValueError, match="could not load version 2 of a: out of memory"):
        set_labels(tmp_path, "a", {"stable": 2}, URLS)
    assert entries(tmp_path)["a"][1] == {"stable": 1}


def test_a_server_that_never_follows_is_reported(tmp_path, servers):
    put(tmp_path, "a", 1)
    servers.update({url: SimulatedServer(tmp_path, random.Random(0)) for url in URLS})
    set_labels(tmp_path, "a", {"stable": 1}, URLS)
    for server in servers.values():
        server.read = lambda: None
    put(tmp_path, "a", 2)
    with pytest.raises(ValueError, match=r"Waited 300 s for version 2 of a to be AVAILABLE on http://one.*not known"):
        set_labels(tmp_path, "a", {"stable": 2}, URLS)
    assert entries(tmp_path)["a"][1] == {"stable": 1}
    with pytest.raises(ValueError, match="Waited 60 s for label 'stable' of a to be removed on http://one.*version 1"):
        remove_labels(tmp_path, "a", ["stable"], URLS)


def answers(monkeypatch, *states):
    """A server that reports these states of version 2 in turn, the last one for ever."""
    left = list(states)

    def get(url, path):
        state = left.pop(0) if len(left) > 1 else left[0]
        return 200, {"model_version_status": [{"version": "2", "state": state, "status": {}}]}

    monkeypatch.setattr(model_status, "_get", get)
    monkeypatch.setattr(rollout, "FOLLOW", 0)


def test_loading_waits_for_an_unloading_that_a_server_is_yet_to_do(tmp_path, monkeypatch):
    """It would be AVAILABLE at once, for the wrong reason, and a label could move to it just before it goes."""
    put(tmp_path, "a", 1)
    put(tmp_path, "a", 2, stage=True)
    answers(monkeypatch, "AVAILABLE")
    with pytest.raises(ValueError, match="version 2 of a to be unloaded"):
        load_version(tmp_path, "a", 2, URLS)
    assert entries(tmp_path)["a"][0] == [1]
    answers(monkeypatch, "END", "END", "AVAILABLE")
    load_version(tmp_path, "a", 2, URLS)
    assert entries(tmp_path)["a"][0] == [1, 2]


def test_a_version_that_goes_while_a_command_waits_for_the_lock_gets_no_label(tmp_path, monkeypatch):
    put(tmp_path, "a", 1)
    put(tmp_path, "a", 2)
    for asked, server in ((2, "http://one"), (3, "http://two")):  # each is asked before the lock, and again behind it
        answers(monkeypatch, *["AVAILABLE"] * asked, "UNLOADING")
        with pytest.raises(ValueError, match=f"to be AVAILABLE on {server}; the last answer: UNLOADING"):
            set_labels(tmp_path, "a", {"stable": 2}, URLS)
        assert entries(tmp_path)["a"][1] == {"stable": 1}


@pytest.mark.parametrize(
    "url",
    ["grpc://localhost:8500", "localhost:8501", "http://", "http://a:b", "http://a:65536", "http://a:0", "http://["],
)
def test_the_url_is_one_of_rest(url):
    with pytest.raises(ValueError, match="`url` must be the REST address of a server"):
        model_status.version_states(url, "a")
