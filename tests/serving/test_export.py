"""The exported model: its folder, its signatures, and that TensorFlow's C library computes what Keras computes."""

import errno
import io
import json
import os
import resource
import shutil
from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2

import zoo
from pinet_keras.analysis import fold
from zoo.data.images import read_image
from zoo.data.loading import load_set
from zoo.data.samples import sample_inputs
from zoo.inference.frozen import frozen
from zoo.paths import SAMPLES
from zoo.serving import exporting
from zoo.serving.configs import BATCH_SIZES, read_models
from zoo.serving.signatures import EXAMPLE_FEATURE

from .helpers import C_API, png, read_signatures, run_in_c

OUTPUTS = {"class_id", "class_name", "probability", "logits"}
INVALID_ARGUMENT = 3


def strings(items):
    return np.array(items, object)


def example(**features):
    from tensorflow.core.example import example_pb2

    result = example_pb2.Example()
    for name, content in features.items():
        result.features.feature[name.replace("__", "/")].bytes_list.value.append(content)
    return result.SerializeToString()


@pytest.fixture(scope="module")
def digits():
    return load_set("digits").x_test[:100]


def test_the_folder_is_what_tensorflow_serving_expects(exported):
    version = exported / "pinet_digits" / "1"
    assert {path.name for path in version.iterdir()} >= {"saved_model.pb", "assets.extra", "card.json"}
    assert [path.name for path in (exported / "pinet_digits").iterdir()] == ["1"]  # nothing temporary stays
    assert os.stat(version).st_mode & 0o777 == 0o755
    card = json.loads((version / "card.json").read_text())
    assert card == zoo.card("pinet_digits")


def test_signatures_have_their_names_types_and_methods(exported):
    signatures = read_signatures(exported / "polynet_mnist" / "1")
    assert set(signatures) == {"serving_default", "encoded", "classify", "predict_images"}
    inputs = {name: {key: value.dtype for key, value in s.inputs.items()} for name, s in signatures.items()}
    uint8, string, floats = 4, 7, 1
    assert inputs == {
        "serving_default": {"images": uint8},
        "encoded": {"image_bytes": string},
        "classify": {"inputs": string},
        "predict_images": {"images": floats},
    }
    assert set(signatures["serving_default"].outputs) == set(signatures["encoded"].outputs) == OUTPUTS
    assert set(signatures["classify"].outputs) == {"classes", "scores"}
    assert set(signatures["predict_images"].outputs) == {"scores"}
    methods = {name: s.method_name for name, s in signatures.items()}
    assert methods.pop("classify") == "tensorflow/serving/classify"
    assert set(methods.values()) == {"tensorflow/serving/predict"}
    assert "predict_images" not in read_signatures(exported / "pinet_digits" / "1")


def test_no_object_of_keras_is_in_the_file(exported):
    content = (exported / "pinet_digits" / "1" / "saved_model.pb").read_bytes()
    for word in (b"_tf_keras", b"pinet_keras", b"PyFunc", b"StatefulPyFunc"):
        assert word not in content


def operations(graph_def):
    """How often a graph has each operation, its functions included."""
    functions = [node for function in graph_def.library.function for node in function.node_def]
    return Counter(node.op for node in [*graph_def.node, *functions])


def test_the_exported_network_is_folded_and_its_weights_are_constants(exported):
    """Each batch normalisation takes an Rsqrt; those after a product are left."""
    model = zoo.load("pinet_digits")
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((exported / "pinet_digits" / "1" / "saved_model.pb").read_bytes())
    found = operations(saved.meta_graphs[0].graph_def)
    loaded, folded = (
        operations(frozen(each, tf.TensorSpec((None, 8, 8, 1))).get_concrete_function().graph.as_graph_def())
        for each in (model, fold(model))
    )
    assert found["Rsqrt"] == folded["Rsqrt"] < loaded["Rsqrt"] and found["ReadVariableOp"] == 0
    assert 0 < found["Conv2D"] <= folded["Conv2D"]


def test_the_c_library_computes_what_keras_computes(exported, digits):
    expected = zoo.load("pinet_digits").predict(digits, verbose=0)
    raw, files, classified = run_in_c(
        exported / "pinet_digits" / "1",
        [
            ("serving_default", {"images": digits}),
            ("encoded", {"image_bytes": strings([png(image) for image in digits])}),
            ("classify", {"inputs": strings([example(image__encoded=png(image)) for image in digits])}),
        ],
    )
    temperature = zoo.card("pinet_digits")["calibration"]["temperature"]
    scores = keras.activations.softmax(keras.ops.convert_to_tensor(expected / temperature)).numpy()
    for answer in (raw, files):
        assert np.abs(answer["logits"] - expected).max() <= 1e-5 * np.abs(expected).max()
        np.testing.assert_array_equal(answer["class_id"], expected.argmax(axis=1))
        assert answer["class_name"].tolist() == [str(best).encode() for best in expected.argmax(axis=1)]
        np.testing.assert_allclose(answer["probability"], scores.max(axis=1), atol=1e-5)
    assert classified["classes"].tolist() == [[b"%d" % digit for digit in range(10)]] * 100
    np.testing.assert_allclose(classified["scores"], scores, atol=1e-5)


def test_the_c_program_cannot_see_this_project():
    text = C_API.read_text()
    assert not [line for line in text.splitlines() if line.startswith(("import ", "from ")) and "tensorflow" in line]


@pytest.mark.parametrize("onednn", [False, True])
def test_wrong_requests_are_errors_and_the_process_lives_on(exported, digits, onednn):
    """Without the checks, oneDNN's convolution aborts the process at an image without its batch axis."""
    good = png(digits[0])
    huge = good[:16] + b"\x00\x01\x00\x00" * 2 + good[24:]  # declares 65536×65536 pixels
    wrong = [
        ("serving_default", {"images": np.zeros(shape, "uint8")}, "compatible with expected shape")
        for shape in [(1, 7, 8, 1), (1, 9, 9, 1), (4, 8, 8, 3), (8, 8), (8, 8, 1), (1, 64), (1, 1, 8, 8, 1), (), (3,)]
    ]
    wrong += [
        ("serving_default", {"images": np.zeros((0, 8, 8, 1), "uint8")}, "at least one item"),
        ("serving_default", {"images": np.zeros((1, 8, 8, 1), "float32")}, "uint8"),
        ("encoded", {"image_bytes": strings([])}, "at least one item"),
        ("encoded", {"image_bytes": strings([[good]])}, "compatible with expected shape"),
        ("encoded", {"image_bytes": strings([b""])}, "neither PNG nor JPEG"),
        ("encoded", {"image_bytes": strings([good, b"GIF89a"])}, "neither PNG nor JPEG"),
        ("encoded", {"image_bytes": strings([good[:12]])}, ""),
        ("encoded", {"image_bytes": strings([good[:-20]])}, "Invalid PNG"),
        ("encoded", {"image_bytes": strings([b"\xff\xd8\xff\xe0 not an image"])}, "JPEG"),
        ("encoded", {"image_bytes": strings([huge])}, "more than 4194304 pixels"),
        ("classify", {"inputs": strings([b"no example"])}, "parse"),
        ("classify", {"inputs": strings([example(image=good)])}, EXAMPLE_FEATURE),
        ("classify", {"inputs": strings([example(image__encoded=b"x")])}, "neither PNG nor JPEG"),
    ]
    requests = [(name, inputs) for name, inputs, _ in wrong] + [("serving_default", {"images": digits[:1]})]
    *refused, fine = run_in_c(exported / "pinet_digits" / "1", requests, onednn)
    for (name, inputs, reason), answer in zip(wrong, refused, strict=True):
        assert answer.get("error") == INVALID_ARGUMENT, (name, inputs, answer)
        assert reason in answer["message"], (name, answer)
    assert set(fine) == OUTPUTS


def test_the_mnist_clients_signature(exported):
    images = sample_inputs(zoo.card("polynet_mnist"))
    grey = (images.reshape(len(images), 784) * np.float32(1 / 255)).astype("float32")
    bad = [np.full((1, 784), value, "float32") for value in (np.nan, np.inf, -0.1, 1.5)]
    folder = exported / "polynet_mnist" / "1"
    requests = [("predict_images", {"images": value}) for value in [grey, *bad, np.zeros((1, 28, 28, 1), "float32")]]
    answer, *refused = run_in_c(folder, requests)
    np.testing.assert_array_equal(answer["scores"].argmax(axis=1), range(10))
    np.testing.assert_allclose(answer["scores"].sum(axis=1), 1, rtol=1e-5)
    assert [item["error"] for item in refused] == [INVALID_ARGUMENT] * 5
    assert all("0..1" in item["message"] for item in refused[:4])


def image_files():
    """Images of every kind: name, bytes."""
    rng = np.random.default_rng(0)
    smooth = np.asarray(Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype="uint8")).resize((90, 60)))
    alpha = np.dstack([smooth, np.linspace(0, 255, 90 * 60).reshape(60, 90).astype("uint8")])
    deep = (np.asarray(Image.fromarray(smooth).convert("L")).astype("uint16") * 257) // 3
    kinds = {
        "RGB": (Image.fromarray(smooth), "PNG", {}),
        "grey": (Image.fromarray(smooth).convert("L"), "PNG", {}),
        "transparent": (Image.fromarray(alpha), "PNG", {}),
        "palette": (Image.fromarray(smooth).convert("P"), "PNG", {}),
        "16 bits": (Image.fromarray(deep), "PNG", {}),
        "JPEG": (Image.fromarray(smooth), "JPEG", {"quality": 90}),
        "grey JPEG": (Image.fromarray(smooth).convert("L"), "JPEG", {}),
        "tall": (Image.fromarray(smooth).resize((40, 131)), "PNG", {}),
        "tiny": (Image.fromarray(smooth).resize((5, 3)), "PNG", {}),
    }
    for name, (image, format, options) in kinds.items():
        file = io.BytesIO()
        image.save(file, format, **options)
        yield name, file.getvalue()


@pytest.mark.parametrize("shape", [(8, 8, 1), (20, 16, 3)])
def test_the_graph_decodes_images_as_the_library_does(shape):
    import tensorflow as tf

    from zoo.serving.images import decode_images

    decode = tf.function(lambda data: decode_images(data, shape))
    for name, data in image_files():
        ours = read_image(data, shape).astype(int)
        graph = decode(tf.constant([data]))[0].numpy().astype(int)
        # Pillow rounds between its two passes, and decoders of JPEG may differ by a level.
        assert np.abs(ours - graph).max() <= 2, name


def test_versions_count_up_and_are_not_overwritten(exported, tmp_path):
    shutil.copytree(exported / "pinet_digits", tmp_path / "pinet_digits")
    shutil.copy(exported / "models.config", tmp_path)
    before = (tmp_path / "pinet_digits" / "1" / "saved_model.pb").stat().st_ino
    with pytest.raises(ValueError, match="is there already"):
        zoo.export("pinet_digits", tmp_path, version=1)
    assert (tmp_path / "pinet_digits" / "1" / "saved_model.pb").stat().st_ino == before
    assert zoo.export("pinet_digits", tmp_path) == tmp_path / "pinet_digits" / "2"
    assert zoo.export("pinet_digits", tmp_path, version=np.int64(1), force=True).name == "1"
    assert (tmp_path / "pinet_digits" / "1" / "saved_model.pb").stat().st_ino != before
    assert sorted(path.name for path in (tmp_path / "pinet_digits").iterdir()) == ["1", "2"]


def test_a_server_that_polls_never_sees_half_a_version(tmp_path, monkeypatch):
    """At no moment before the rename is there a folder with a number, and a failed export leaves nothing."""
    from zoo.serving import exporting

    seen = []
    write = exporting._write_saved_model

    def watched(*args):
        write(*args)
        seen.append(sorted(path.name.isdecimal() for path in (tmp_path / "pinet_digits").iterdir()))
        raise RuntimeError("killed in the last moment")

    monkeypatch.setattr(exporting, "_write_saved_model", watched)
    with pytest.raises(RuntimeError):
        zoo.export("pinet_digits", tmp_path)
    assert seen == [[False]]
    assert not list((tmp_path / "pinet_digits").iterdir())
    assert not (tmp_path / "models.config").exists()


def test_a_config_that_cannot_be_read_stops_an_export_before_it_writes(tmp_path, monkeypatch):
    from zoo.serving import exporting

    (tmp_path / "models.config").write_text("model_config_list { confg {} }")
    with pytest.raises(ValueError, match="is no models.config"):
        zoo.export("pinet_digits", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["models.config"]
    (tmp_path / "models.config").write_text("")
    write = exporting._write_saved_model

    def broken_meanwhile(*args):
        write(*args)
        (tmp_path / "models.config").write_text("model_config_list { confg {} }")

    monkeypatch.setattr(exporting, "_write_saved_model", broken_meanwhile)
    with pytest.raises(ValueError, match="is no models.config"):
        zoo.export("pinet_digits", tmp_path)
    assert not list((tmp_path / "pinet_digits").iterdir())


@pytest.mark.parametrize("force", [False, True])
def test_a_version_that_cannot_be_listed_is_taken_back(tmp_path, monkeypatch, force):
    from zoo.serving import version_folder

    def full(directory, config):
        raise OSError(28, "No space left on device")

    temporary = tmp_path / "a" / ".export-x"
    temporary.mkdir(parents=True)
    (temporary / "saved_model.pb").write_text("new")
    if force:
        (tmp_path / "a" / "1").mkdir()
        (tmp_path / "a" / "1" / "saved_model.pb").write_text("old")
    monkeypatch.setattr(version_folder, "write_models", full)
    with pytest.raises(OSError, match="No space left"):
        version_folder.place_version(temporary, tmp_path, "a", 1 if force else None, force, stage=False)
    contents = {path.parent.name: path.read_text() for path in (tmp_path / "a").glob("*/saved_model.pb")}
    assert contents == ({"1": "old", ".export-x": "new"} if force else {".export-x": "new"})


def test_the_user_of_a_server_can_read_a_version_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        zoo.export("pinet_digits", tmp_path / "new" / "models")
    finally:
        os.umask(before)
    for path in (tmp_path / "new").rglob("*"):
        if path.name != ".export.lock":
            assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755


def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path):
    """TensorFlow writes files itself, and its errors are no OSErrors."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError, match=f"{tmp_path}/pinet_digits/.*cannot be written"):
            zoo.export("pinet_digits", tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "pinet_digits").iterdir()) == [] and not (tmp_path / "models.config").exists()
    with pytest.raises(OSError) as error, exporting._errors_of_the_system(tmp_path):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(tmp_path))


def test_another_name_on_the_server(tmp_path):
    folder = zoo.export("pinet_digits", tmp_path, name="digits")
    assert folder == tmp_path / "digits" / "1"
    (entry,) = read_models(tmp_path / "models.config").model_config_list.config
    assert (entry.name, entry.base_path) == ("digits", "/models/digits")
    warmup = (folder / "assets.extra" / "tf_serving_warmup_requests").read_bytes()
    assert b"\n\x06digits" in warmup and b"pinet_digits" not in warmup
    assert json.loads((folder / "card.json").read_text())["name"] == "pinet_digits"


def test_a_staged_version_stays_out_of_the_config(tmp_path, empty_exports):
    def listed():
        (entry,) = read_models(tmp_path / "models.config").model_config_list.config
        return list(entry.model_version_policy.specific.versions), dict(entry.version_labels)

    zoo.export("pinet_digits", tmp_path, stage=True)
    assert not (tmp_path / "models.config").exists()
    zoo.export("pinet_digits", tmp_path)
    zoo.export("pinet_digits", tmp_path, version=1, force=True)
    assert listed() == ([2], {})
    (tmp_path / "models.config").unlink()
    zoo.export("pinet_digits", tmp_path, version=1, force=True)  # no file lists the model: it is not lost
    assert listed() == ([1], {})


def test_a_model_of_ones_own(tmp_path):
    model = zoo.load("pinet_digits", num_classes=2)
    folder = zoo.export(model, tmp_path, class_names=["no", "yes"], temperature=2.0)
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype="uint8")
    (answer,) = run_in_c(folder, [("serving_default", {"images": images})])
    expected = model.predict(images, verbose=0)
    assert np.abs(answer["logits"] - expected).max() <= 1e-5 * np.abs(expected).max()
    assert set(answer["class_name"]) <= {b"no", b"yes"}
    halved = np.exp(expected / 2) / np.exp(expected / 2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answer["probability"], halved.max(axis=1), rtol=1e-4)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"version": 0}, "`version` must be"),
        ({"version": True}, "`version` must be"),
        ({"temperature": -1.0}, "`temperature` must be"),
        ({"temperature": float("nan")}, "`temperature` must be"),
        ({"class_names": ["a"]}, "`class_names` must be 10 strings"),
        ({"format": "pickle"}, "`format` must be one of"),
        ({"mnist_example_signature": True}, "28×28×1"),
        ({"format": "onnx", "version": 3}, "has no versions"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        zoo.export("pinet_digits", tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_what_is_no_classifier_of_images_is_refused(tmp_path):
    vectors = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    features = zoo.load("pinet_digits")
    features = keras.Model(features.inputs, features.layers[1].output)
    for model in (vectors, features):
        with pytest.raises(ValueError, match="takes images"):
            zoo.export(model, tmp_path)


def test_warm_up_requests_run_every_signature_at_every_batch_size(exported):
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    folder = exported / "polynet_mnist" / "1"
    seen, requests = set(), []
    for record in tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests")):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        kind = log.WhichOneof("log_type")
        request = getattr(log, kind).request
        assert request.model_spec.name == "polynet_mnist"
        signature = request.model_spec.signature_name
        if kind == "classify_log":
            inputs = {"inputs": strings([e.SerializeToString() for e in request.input.example_list.examples])}
        else:
            inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
        size = len(next(iter(inputs.values())))
        seen.add((signature, size))
        if size <= 2:
            requests.append((signature, inputs))
    names = ("serving_default", "encoded", "classify", "predict_images")
    assert seen == {(name, size) for name in names for size in BATCH_SIZES}
    assert not [answer for answer in run_in_c(folder, requests) if "error" in answer]


def test_the_samples_are_classified(exported):
    files = sorted(SAMPLES.glob("mnist_*_0.png"))
    (answer,) = run_in_c(
        exported / "polynet_mnist" / "1",
        [("encoded", {"image_bytes": strings([file.read_bytes() for file in files])})],
    )
    assert answer["class_id"].tolist() == list(range(10))
