"""Models for the nodes of a graph: the files of Planetoid, training, loading, evaluation, and the shipped weights."""

import json
import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy import sparse

import zoo
from pinet_keras import normalized_adjacency
from pinet_keras.analysis import certify
from tests.zoo.planetoid_files import CLASSES, KNOWN, TEST, TRAIN, WORDS, write_graph
from zoo.architectures import build_node_classifier
from zoo.data.planetoid import read_planetoid, sample_graph
from zoo.measuring import evaluate
from zoo.pretrained import checked_weights
from zoo.recipes import read_recipe, with_changes
from zoo.sharing.golden import check_golden
from zoo.training.nodes import fit, prepare, untrained

NAME = "polygraph_cora"
ARGUMENTS = {"degree": 3, "rank": 4, "hops": 2, "dropout": 0.5, "weight_decay": 1e-3}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A made graph where the files of Cora are looked for."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    write_graph(tmp_path / "planetoid")
    return tmp_path / "planetoid"


def test_the_reader_gives_each_node_its_own_words_label_and_links(folder):
    labels = write_graph(folder)
    graph = read_planetoid("cora")
    assert graph.features.shape == (KNOWN + TEST, WORDS) and (graph.labels == labels).all()
    told = [graph.features[node, 3 * label : 3 * label + 3].max() for node, label in enumerate(labels)]
    assert min(told) > 0  # the rows of the test are permuted in the file
    np.testing.assert_allclose(graph.features.sum(axis=1), 1, rtol=1e-6)
    assert (graph.train == np.arange(TRAIN)).all() and len(graph.validation) == 500 and graph.validation[0] == TRAIN
    assert (graph.test == KNOWN + np.arange(TEST)).all()
    assert {tuple(edge) for edge in graph.edges[:2]} == {(0, CLASSES), (0, KNOWN + TEST - CLASSES)}
    assert graph.class_names == ("0", "1", "2")


def test_the_checksum_tells_graphs_apart(folder, tmp_path):
    write_graph(tmp_path / "other", graph={0: [1]})
    assert read_planetoid("cora").sha256 == read_planetoid("cora", folder).sha256
    assert read_planetoid("cora", tmp_path / "other").sha256 != read_planetoid("cora").sha256


def test_missing_files_are_named_with_their_place_and_source(tmp_path, pinet, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    words = f"ind.cora.tx, .*must be in {tmp_path}/data/planetoid. They are in https://github.com/kimiyoung/planetoid"
    with pytest.raises(FileNotFoundError, match=words):
        zoo.load(NAME)
    for command in (["train", NAME, "--run-dir", tmp_path / "run"], ["evaluate", NAME]):
        code, _, err = pinet(*command)
        assert code == 1 and "must be in" in err and "github.com/kimiyoung/planetoid" in err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"tx": sparse.csr_matrix(np.ones((TEST, WORDS + 1), "float32"))}, "do not fit together"),
        ({"ty": np.eye(CLASSES)[[0] * (TEST - 1)]}, "do not fit together"),
        ({"test.index": np.array([KNOWN + 1, *range(KNOWN + 1, KNOWN + TEST)])}, "do not fit together"),  # one twice
        ({"graph": {0: [KNOWN + TEST]}}, "do not fit together"),
        ({"graph": {}}, "0 links"),
        ({"allx": pickle.Unpickler}, "damaged.*this one names _pickle.Unpickler"),
        ({"allx": [1, 2]}, "ind.cora.allx is damaged.*it holds list, and a csr_matrix"),
        ({"ally": np.ones(KNOWN)}, "ind.cora.ally is damaged.*two axes"),
        ({"tx": sparse.csr_matrix(np.full((TEST, WORDS), np.nan))}, "ind.cora.tx is damaged.*finite numbers"),
    ],
)
def test_files_that_are_damaged_or_not_of_one_graph_are_refused(tmp_path, changed, words):
    write_graph(tmp_path, **changed)
    with pytest.raises(ValueError, match=words):
        read_planetoid("cora", tmp_path)


def test_a_pickle_runs_no_code(tmp_path):
    write_graph(tmp_path)
    (tmp_path / "ind.cora.y").write_bytes(b"cos\nsystem\n(S'touch " + str(tmp_path / "x").encode() + b"'\ntR.")
    with pytest.raises(ValueError, match="ind.cora.y is damaged.*names os.system.*Copy it again from https"):
        read_planetoid("cora", tmp_path)
    assert not (tmp_path / "x").exists()
    with pytest.raises(ValueError, match="cora, citeseer, pubmed. Received: 'core'"):
        read_planetoid("core", tmp_path)


def test_the_model_is_the_polynomial_of_the_dense_adjacency_matrix():
    edges = [[0, 1], [1, 2], [2, 3], [0, 4]]
    adjacency = normalized_adjacency(edges, 5)
    model = build_node_classifier("polygraph", ARGUMENTS, 6, adjacency, 3)
    first, second, third, output, bias = map(np.float64, model.get_weights())
    features = np.random.default_rng(0).normal(size=(5, 6))
    dense = adjacency.toarray() @ adjacency.toarray() @ features
    x = dense @ first
    for factor in (second, third):
        x = (dense @ factor) * x + x
    found = keras.ops.convert_to_numpy(model(features[None].astype("float32")))[0]
    np.testing.assert_allclose(found, x @ output + bias, rtol=1e-4, atol=1e-6)
    certificate = certify(model)
    assert (certificate.tier, certificate.degree, certificate.multiplicative_depth) == (3, 3, 4)


def recipe(**changes):
    changes = {"epochs": 60, "learning_rate": 0.05, **changes}
    small = ["architecture_arguments.rank=4", "architecture_arguments.hops=2", "architecture_arguments.dropout=0.3"]
    return with_changes(read_recipe(NAME), [*(f"{key}={value}" for key, value in changes.items()), *small])


def test_the_training_model_gives_the_training_nodes_the_logits_of_the_whole_one(folder):
    graph = read_planetoid("cora")
    part, whole = prepare(recipe(), graph), untrained(recipe(), graph)
    whole.set_weights(part.get_weights())
    found, expected = (model.predict_on_batch(graph.features[None])[0] for model in (part, whole))
    np.testing.assert_allclose(found[graph.train], expected[graph.train], rtol=1e-5, atol=1e-6)
    assert np.abs(found - expected).max() > 1e-3


def test_labels_of_other_nodes_have_no_part_in_the_training(folder, tmp_path):
    graph, weights = read_planetoid("cora"), []
    changed = graph.labels.copy()
    changed[TRAIN:] = (changed[TRAIN:] + 1) % CLASSES
    for each in (graph, replace(graph, labels=changed)):
        model = prepare(recipe(), each)
        fit(model, recipe(epochs=2), each)
        weights.append(model.get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))


def test_a_made_graph_is_learned_loaded_and_evaluated_by_the_commands(folder, tmp_path, pinet, monkeypatch):
    run = tmp_path / "run"
    options = ["--set", "architecture_arguments.rank=4", "--set", "architecture_arguments.hops=2"]
    options += ["--set", "learning_rate=0.1", "--set", "architecture_arguments.dropout=0.3"]
    code, out, err = pinet("train", NAME, "--run-dir", run, "--epochs", 25, "--seeds", 2, *options)
    assert code == 0, err
    card = zoo.card(run)
    assert card["accuracy"]["test"] >= 0.9 and card["accuracy"]["validation"] >= 0.9  # guessing: 0.33
    assert set(card["seeds"]["accuracy"]) == {"0", "1"} and card["task"] == "node classification"
    assert (card["tier"], card["degree"], card["input_shape"]) == (3, 3, [KNOWN + TEST, WORDS])
    assert "pinet evaluate" in out and "pinet predict" not in out
    model = zoo.load(run)
    check_golden(model, card)
    assert model.output_shape == (None, KNOWN + TEST, CLASSES)
    code, out, _ = pinet("evaluate", run, "--json")
    assert code == 0 and json.loads(out)["reproduces_card"]
    assert pinet("certify", run, "--verify")[0] == 0
    monkeypatch.setattr("zoo.cli.certify.MOST", 100)
    code, _, err = pinet("certify", run, "--verify")
    assert code == 1 and "has 4,950 numbers: more than 100 would need too much memory" in err
    card["golden"]["logits"][3][1] += 0.1
    with pytest.raises(ValueError, match="does not give the golden outputs"):
        check_golden(model, card)
    with pytest.raises(ValueError, match="runs on its own graph: `zoo.load` gives it"):
        zoo.predictor(run)
    with pytest.raises(ValueError, match="Models for nodes run on Keras alone"):
        evaluate(run, engine="onnx")
    with pytest.raises(ValueError, match="are for classifiers of images and audio"):
        zoo.load(run, num_classes=2)
    write_graph(folder, graph={0: [1], 5: [7]})  # another graph in the same place
    with pytest.raises(ValueError, match="is a function of the graph it was trained on"):
        zoo.load(run)
    assert not evaluate(run)["same_data_as_card"]


def test_another_kind_of_graph_is_no_graph_of_the_shipped_model(folder):
    with pytest.raises(ValueError, match="takes 1433 features of each node and knows 7 classes. Rec.* 9 features"):
        zoo.load(NAME)


def test_the_shipped_weights_give_the_golden_logits_on_every_backend():
    """Of the made graph: no weight depends on Cora's, which is not shipped."""
    card = zoo.card(NAME)
    features, edges = sample_graph(card["input_shape"][-1])
    adjacency = normalized_adjacency(edges, features.shape[1])
    arguments = (card["architecture_arguments"], features.shape[-1], adjacency, len(card["class_names"]))
    model = build_node_classifier(card["architecture"], *arguments, name=NAME)
    model.load_weights(checked_weights(NAME, card))
    logits = keras.ops.convert_to_numpy(model(features))[0]
    assert np.abs(logits - card["golden"]["logits"]).max() < 1e-3
    certificate = certify(model)
    assert certificate.verify(model, np.concatenate([features, features[:, ::-1]])).verdict == "holds"
    assert (certificate.tier, certificate.degree) == (card["tier"], card["degree"])
    assert model.count_params() == card["parameters"]


def test_ten_seeds_reach_the_bar():
    seeds = zoo.card(NAME)["seeds"]
    assert len(seeds["accuracy"]) == 10 and seeds["mean"] >= 0.815
