"""One chief that proposes trials, workers that run them: Keras Tuner's own protocol over gRPC."""

import contextlib
import json
import os
import time

from zoo.serving.ports import check_port

ROLES = ("chief", "worker")
VARIABLES = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")
ANSWER_WITHIN = 300  # seconds in which a chief must answer its workers
GRACE = 15  # seconds in which workers may ask and learn that the search is over
PATIENCE = 3600  # seconds without any worker after which a chief ends


@contextlib.contextmanager
def environment(role, oracle, worker_id):
    """A context that sets Keras Tuner's environment variables for this role.

    Args:
        role: `"chief"`, `"worker"`, or `None` for a search on its own.
        oracle: `"HOST:PORT"` of the chief; for the chief itself the address to listen on.
        worker_id: name of this worker, the same each time it is started.

    Raises:
        ValueError: as of `check`.
    """
    check(role, oracle, worker_id)
    if role is None:
        yield
        return
    host, _, port = oracle.rpartition(":")
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(zip(VARIABLES, ("chief" if role == "chief" else worker_id, host, port), strict=True))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def check(role, oracle, worker_id) -> None:
    """Raise an error for wrong arguments of a distributed search; arguments as of `environment`.

    Raises:
        ValueError: an unknown role, an address or a name that is missing or impossible, or an address at which a chief
            cannot listen.
    """
    if role is None:
        if oracle or worker_id:
            raise ValueError("`oracle` and `worker_id` belong to a distributed search. Received: distributed=None")
        if VARIABLES[1] in os.environ:  # Keras Tuner would take this search for a worker
            raise ValueError(
                f"{VARIABLES[1]} is set: unset it, or take part by `distributed`. Received: distributed=None"
            )
        return
    if role not in ROLES:
        raise ValueError(f"`distributed` must be one of {', '.join(ROLES)}. Received: distributed={role!r}")
    host, _, port = (oracle or "").rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"`oracle` must be the chief's HOST:PORT. Received: oracle={oracle!r}")
    # Keras Tuner takes every process with "chief" in its name for the chief.
    if role == "worker" and (not worker_id or "chief" in worker_id):
        raise ValueError(f'A worker needs a name without "chief" in it. Received: worker_id={worker_id!r}')
    if role == "chief":
        check_port(host, int(port))


def serve(oracle, grace=GRACE, patience=PATIENCE) -> None:
    """Run the chief's server until every trial has ended.

    Keras Tuner's own server waits for all workers that ever connected, so it never ends if one of them is gone.

    Args:
        oracle: the `SearchOracle`.
        grace: seconds in which workers may still ask and learn that the search is over.
        patience: seconds without any worker after which to give up.

    Raises:
        ValueError: the address cannot be listened on, or no worker was heard of for too long.
    """
    from concurrent import futures

    import grpc
    from keras_tuner.src import protos
    from keras_tuner.src.distribute.oracle_chief import OracleServicer

    address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)])
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise ValueError(f"The chief cannot listen there. Received: oracle={address!r}") from error
    server.start()
    try:
        stopped_at = None
        while stopped_at is None or (oracle.tuner_ids and time.monotonic() < stopped_at + grace):
            time.sleep(0.5)
            if oracle.has_stopped and stopped_at is None:
                stopped_at = time.monotonic()
            if time.monotonic() - oracle.last_heard > patience:
                raise ValueError(f"No message of a worker for {patience:.0f} s. The same command resumes the search.")
    finally:
        server.stop(grace=2).wait()


def ask_again(client) -> None:
    """Let a worker ask again where its chief ends in the middle of a question, and is started again.

    Keras Tuner waits for a chief that is not there, and fails where the connection breaks before the answer. What a
    `SearchOracle` is told twice it keeps once.

    Args:
        client: the worker's `OracleClient`.
    """
    import grpc
    from keras_tuner.src import protos

    policy = {
        "maxAttempts": 5,
        "initialBackoff": "1s",
        "maxBackoff": "10s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    config = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": policy}]}, allow_nan=False)
    address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
    channel = grpc.insecure_channel(address, options=[("grpc.service_config", config)])
    client.stub = protos.get_service_grpc().OracleStub(channel)


@contextlib.contextmanager
def naming_missing_chief():
    """A context for workers: if the chief does not answer, an error says so."""
    import grpc
    from keras_tuner.src.distribute import oracle_client

    oracle_client.TIMEOUT = ANSWER_WITHIN  # an hour, otherwise
    try:
        yield
    except grpc.RpcError as error:
        chief = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
        what = f"No answer from the chief within {ANSWER_WITHIN} s: it has ended, or it is not there"
        if error.code() not in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE):
            what = f"The chief has failed: {error.details()}"
        raise ValueError(f"{what}. Received: oracle={chief!r}") from error
