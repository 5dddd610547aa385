"""models.config and its siblings: they parse as TensorFlow Serving parses them, and labels move as they should."""

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from zoo.serving.configs import (
    BATCH_SIZES,
    BATCHING_TEXT,
    MONITORING_TEXT,
    add_version,
    read_models,
    set_labels,
    with_base_path,
)

Field = descriptor_pb2.FieldDescriptorProto


def message(name, fields, nested=()):
    """A message class from its fields: name, number, type, and a message's type name.

    `tensorflow-serving-api` has no Python for session_bundle_config.proto and monitoring_config.proto; these are their
    fields and numbers.
    """
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="test", syntax="proto3")
    file.dependency.append("google/protobuf/wrappers.proto")
    for message_name, message_fields in [*nested, (name, fields)]:
        kind = file.message_type.add(name=message_name)
        for field, number, type_, of in message_fields:
            label = Field.LABEL_REPEATED if field == "allowed_batch_sizes" else Field.LABEL_OPTIONAL
            kind.field.add(name=field, number=number, type=type_, type_name=of, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"test.{name}"))()


def int64(name, number):
    return name, number, Field.TYPE_MESSAGE, ".google.protobuf.Int64Value"


@pytest.fixture
def models(tmp_path):
    """A folder in which versions can be put without an export."""

    def put(name, version):
        folder = tmp_path / name / str(version)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"")
        add_version(tmp_path, name, version)

    put.folder = tmp_path
    return put


def entries(folder):
    return {
        entry.name: (list(entry.model_version_policy.specific.versions), dict(entry.version_labels))
        for entry in read_models(folder / "models.config").model_config_list.config
    }


def test_the_first_version_is_stable_and_the_next_canary(models):
    models("a", 1)
    assert entries(models.folder) == {"a": ([1], {"stable": 1})}
    models("b", 7)
    models("a", 2)
    assert entries(models.folder) == {"a": ([1, 2], {"stable": 1, "canary": 2}), "b": ([7], {"stable": 7})}
    models("a", 3)
    assert entries(models.folder)["a"] == ([1, 3], {"stable": 1, "canary": 3})


def test_labels_roll_out_and_back(models):
    models("a", 1)
    models("a", 2)
    assert set_labels(models.folder, "a", {"stable": 2, "previous": 1}) == {"stable": 2, "previous": 1, "canary": 2}
    assert entries(models.folder)["a"][0] == [1, 2]
    set_labels(models.folder, "a", {"stable": 1})
    assert entries(models.folder)["a"][1]["stable"] == 1
    with pytest.raises(ValueError, match="no version 9 of a"):
        set_labels(models.folder, "a", {"stable": 9})
    with pytest.raises(ValueError, match="it has: a. Received: 'c'"):
        set_labels(models.folder, "c", {"stable": 1})
    assert not [path for path in models.folder.iterdir() if path.name.startswith(".models")]


def test_base_paths_are_those_of_the_image_and_can_be_moved(models):
    models("a", 1)
    config = read_models(models.folder / "models.config")
    assert config.model_config_list.config[0].base_path == "/models/a"
    assert config.model_config_list.config[0].model_platform == "tensorflow"
    assert with_base_path(config, "/srv").model_config_list.config[0].base_path == "/srv/a"


def test_what_is_no_config_is_refused_with_its_reason(models):
    (models.folder / "models.config").write_text("model_config_list { confg {} }")
    with pytest.raises(ValueError, match="is no models.config.*confg"):
        add_version(models.folder, "a", 1)


def test_what_a_user_wrote_into_the_other_files_stays(models):
    models("a", 1)
    (models.folder / "batching_parameters.txt").write_text("max_batch_size { value: 4 }\n")
    models("a", 2)
    assert (models.folder / "batching_parameters.txt").read_text() == "max_batch_size { value: 4 }\n"


def test_batching_parameters_parse_and_obey_the_rules():
    parameters = text_format.Parse(
        BATCHING_TEXT,
        message(
            "BatchingParameters",
            [
                int64("max_batch_size", 1),
                int64("batch_timeout_micros", 2),
                int64("max_enqueued_batches", 3),
                int64("num_batch_threads", 4),
                ("allowed_batch_sizes", 6, Field.TYPE_INT64, None),
            ],
        ),
    )
    assert tuple(parameters.allowed_batch_sizes) == BATCH_SIZES == tuple(sorted(BATCH_SIZES))
    assert parameters.max_batch_size.value == BATCH_SIZES[-1]  # TensorFlow Serving refuses anything else


def test_monitoring_parses():
    prometheus = ("PrometheusConfig", [("enable", 1, Field.TYPE_BOOL, None), ("path", 2, Field.TYPE_STRING, None)])
    field = ("prometheus_config", 1, Field.TYPE_MESSAGE, ".test.PrometheusConfig")
    config = text_format.Parse(MONITORING_TEXT, message("MonitoringConfig", [field], nested=[prometheus]))
    assert config.prometheus_config.enable and config.prometheus_config.path.startswith("/")
