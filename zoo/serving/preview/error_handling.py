"""Translation of a RequestError into the status of a gRPC call."""

import functools
import logging

from zoo.serving.preview.request_error import RequestError

LOG = logging.getLogger("pinet.preview")


def abort_on_error(method):
    """Wrap a method of a servicer: its RequestError ends the call with code and reason; each call is logged."""

    @functools.wraps(method)
    def call(self, request, context):
        try:
            reply = method(self, request, context)
        except RequestError as error:
            LOG.info("gRPC %s %s: %s", method.__name__, error.code.name, error.reason)
            context.abort(error.code, error.reason)
        LOG.info("gRPC %s OK", method.__name__)
        return reply

    return call
