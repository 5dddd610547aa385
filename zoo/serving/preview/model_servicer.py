"""gRPC: ModelService."""

from tensorflow_serving.apis import model_service_pb2_grpc

from zoo.serving.preview.error_handling import abort_on_error
from zoo.serving.preview.prediction_servicer import model_choice
from zoo.serving.preview.replies import status_reply
from zoo.serving.preview.request_error import RequestError


class ModelServicer(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus; the other method answers UNIMPLEMENTED, because the preview reads `models.config` itself.

    Args:
        repository: the `Repository`.
    """

    def __init__(self, repository):
        self._repository = repository

    @abort_on_error
    def GetModelStatus(self, request, context):
        if not request.HasField("model_spec"):
            raise RequestError("Missing ModelSpec")
        return status_reply(self._repository.states(*model_choice(request.model_spec)))
