"""models.config and its siblings: they parse as TensorFlow Serving parses them, and are safe to read."""

import os

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from zoo.serving.configs import (
    BATCH_SIZES,
    BATCHING_TEXT,
    MAX_BATCH_SIZE,
    MONITORING_TEXT,
    add_model,
    read_models,
    with_base_path,
    write_models,
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


def test_base_paths_are_those_of_the_image_and_can_be_moved(tmp_path):
    config = read_models(tmp_path / "models.config")
    add_model(config, "a")
    write_models(tmp_path, config)
    config = read_models(tmp_path / "models.config")
    assert config.model_config_list.config[0].base_path == "/models/a"
    assert config.model_config_list.config[0].model_platform == "tensorflow"
    assert with_base_path(config, "/srv").model_config_list.config[0].base_path == "/srv/a"


def test_what_is_no_config_is_refused_with_its_reason(tmp_path):
    (tmp_path / "models.config").write_text("model_config_list { confg {} }")
    with pytest.raises(ValueError, match="is no models.config.*confg"):
        read_models(tmp_path / "models.config")


def test_what_a_user_wrote_into_the_other_files_stays(tmp_path):
    (tmp_path / "batching_parameters.txt").write_text("max_batch_size { value: 4 }\n")
    write_models(tmp_path, read_models(tmp_path / "models.config"))
    assert (tmp_path / "batching_parameters.txt").read_text() == "max_batch_size { value: 4 }\n"
    assert (tmp_path / "monitoring.config").read_text() == MONITORING_TEXT


def test_the_user_of_a_server_can_read_the_files_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        write_models(tmp_path, read_models(tmp_path / "models.config"))
    finally:
        os.umask(before)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == dict.fromkeys(
        ["models.config", "batching_parameters.txt", "monitoring.config"], 0o644
    )


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
                ("enable_large_batch_splitting", 8, Field.TYPE_MESSAGE, ".google.protobuf.BoolValue"),
                int64("max_execution_batch_size", 9),
            ],
        ),
    )
    sizes = list(parameters.allowed_batch_sizes)
    assert sizes == sorted(set(sizes)) == [*BATCH_SIZES, MAX_BATCH_SIZE]
    # TensorFlow Serving's WrapSessionForBatching refuses another last size. Runs are split at max_execution_batch_size
    # and padded to the next allowed size, so that one must be allowed, and warmed up, as well.
    assert parameters.max_batch_size.value == sizes[-1] >= 1024
    assert parameters.enable_large_batch_splitting.value
    assert parameters.max_execution_batch_size.value == BATCH_SIZES[-1] == 32


def test_monitoring_parses():
    prometheus = ("PrometheusConfig", [("enable", 1, Field.TYPE_BOOL, None), ("path", 2, Field.TYPE_STRING, None)])
    field = ("prometheus_config", 1, Field.TYPE_MESSAGE, ".test.PrometheusConfig")
    config = text_format.Parse(MONITORING_TEXT, message("MonitoringConfig", [field], nested=[prometheus]))
    assert config.prometheus_config.enable and config.prometheus_config.path.startswith("/")
