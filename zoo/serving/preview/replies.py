"""Replies that REST and gRPC have in common."""

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

SIGNATURES = "signature_def"
UNKNOWN = 2  # tensorflow.error.Code


def status_reply(states):
    """A GetModelStatusResponse.

    Args:
        states: state and error text by version, from `Repository.states`.
    """
    reply = get_model_status_pb2.GetModelStatusResponse()
    for version, (state, error) in states.items():
        entry = reply.model_version_status.add(version=version, state=state)
        entry.status.error_code = UNKNOWN if error else 0
        entry.status.error_message = error
    return reply


def metadata_reply(servable):
    """A GetModelMetadataResponse, and the SignatureDefMap that is packed in it."""
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in servable.signatures.items():
        signatures.signature_def[name].CopyFrom(signature)
    reply = get_model_metadata_pb2.GetModelMetadataResponse()
    reply.model_spec.name = servable.name
    reply.model_spec.version.value = servable.version
    reply.metadata[SIGNATURES].Pack(signatures)
    return reply, signatures
