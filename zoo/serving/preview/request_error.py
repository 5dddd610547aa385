"""The error that a request is refused with."""

import grpc

CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
}


class RequestError(Exception):
    """A refusal with its reason, and the code that says which kind it is.

    Args:
        reason: a sentence for the user.
        code: a `grpc.StatusCode`.
    """

    def __init__(self, reason, code=grpc.StatusCode.INVALID_ARGUMENT):
        super().__init__(reason)
        self.reason = reason
        self.code = code

    @property
    def http_status(self) -> int:
        """The HTTP status that TensorFlow Serving gives for the code."""
        return CODES.get(self.code, 500)
