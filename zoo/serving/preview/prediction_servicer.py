"""gRPC: PredictionService."""

from tensorflow_serving.apis import (
    classification_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from zoo.serving.preview.error_handling import abort_on_error
from zoo.serving.preview.replies import SIGNATURES, metadata_reply
from zoo.serving.preview.request_error import RequestError
from zoo.serving.preview.servable import DEFAULT_SIGNATURE, merge_context
from zoo.serving.preview.tensors import from_proto, to_proto


class PredictionServicer(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict, Classify and GetModelMetadata; the other methods answer UNIMPLEMENTED.

    Args:
        repository: the `Repository`.
    """

    def __init__(self, repository):
        self._repository = repository

    @abort_on_error
    def Predict(self, request, context):
        servable = self._find(request)
        inputs = {name: from_proto(name, proto) for name, proto in request.inputs.items()}
        outputs = servable.predict(request.model_spec.signature_name, inputs, request.output_filter)
        reply = predict_pb2.PredictResponse()
        _fill_spec(reply.model_spec, servable, request)
        for name, array in outputs.items():
            reply.outputs[name].CopyFrom(to_proto(array))
        return reply

    @abort_on_error
    def Classify(self, request, context):
        servable = self._find(request)
        reply = classification_pb2.ClassificationResponse()
        for row in servable.classify(request.model_spec.signature_name, _examples(request.input)):
            classifications = reply.result.classifications.add()
            for label, score in row:
                classifications.classes.add(label=label, score=score)
        _fill_spec(reply.model_spec, servable, request)
        return reply

    @abort_on_error
    def GetModelMetadata(self, request, context):
        if list(request.metadata_field) != [SIGNATURES]:
            raise RequestError(f"`metadata_field` must be {SIGNATURES}. Received: {list(request.metadata_field)}")
        return metadata_reply(self._find(request))[0]

    def _find(self, request):
        if not request.HasField("model_spec"):
            raise RequestError("Missing ModelSpec")
        return self._repository.find(*model_choice(request.model_spec))


def model_choice(spec) -> tuple:
    """Name, version or None, and label or None of a ModelSpec."""
    chosen = spec.WhichOneof("version_choice")
    version = spec.version.value if chosen == "version" else None
    return spec.name, version, spec.version_label if chosen == "version_label" else None


def _examples(given):
    if given.WhichOneof("kind") == "example_list_with_context":
        both = given.example_list_with_context
        return merge_context(both.context, both.examples)
    return list(given.example_list.examples)


def _fill_spec(spec, servable, request):
    spec.name = servable.name
    spec.version.value = servable.version
    spec.signature_name = request.model_spec.signature_name or DEFAULT_SIGNATURE
