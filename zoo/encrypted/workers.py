"""Several processes that compute encrypted answers: CKKS runs on one thread of each."""

from __future__ import annotations

import itertools
import multiprocessing
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from pinet_keras.arguments import positive_integer
from zoo.encrypted.compiling import EncryptedModel
from zoo.encrypted.server import Server
from zoo.publishing.formatting import human_bytes


@dataclass(frozen=True)
class Answer:
    """The ciphertexts of an answer, and the time and processor time that it took: its share, of several together."""

    ciphertexts: list[bytes]
    seconds: float
    processor_seconds: float


class Workers:
    """Servers of one client in processes of their own.

    Each computes a request at a time, or as many together as planned.
    TenSEAL does not release Python's lock, so threads would wait for each other. A `with` block ends the processes. As
    always with processes, a script that uses them needs `if __name__ == "__main__":`.

    Args:
        model: what is computed.
        public_keys: those of `Client.public_keys`.
        count: number of processes; with 1 there is no other than this one.

    Raises:
        ValueError: as for `Server`.

    Example:
        ```python
        with Workers(model, client.public_keys(), count=2) as workers:
            for answer in workers.answers(map(client.encrypt, batches)):
                logits = client.decrypt(answer.ciphertexts)
        ```
    """

    def __init__(self, model: EncryptedModel, public_keys: Mapping[str, bytes], count: int):
        self.model, self.together = model, model.plan.together
        self.count = positive_integer("count", count)
        self._server = Server(model, public_keys)  # also checks the keys here, where an error can be told
        self._pool = None
        if self.count > 1:
            context = multiprocessing.get_context("spawn")  # a copy of this process might hold locks of its threads
            self._pool = ProcessPoolExecutor(self.count, context, _start, (model, dict(public_keys)))

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def answers(self, requests: Iterable[list[bytes]]) -> Iterator[Answer]:
        """The answers to requests in their order. A request is taken when a worker is free for it.

        Raises:
            ValueError: as for `Server.answer`.
            RuntimeError: a process has ended without an answer.
        """
        waiting_for_a_worker = iter(requests)
        groups = iter(lambda: list(itertools.islice(waiting_for_a_worker, self.together)), [])
        if self._pool is None:
            for group in groups:
                yield from _timed(self._server, group)
            return
        waiting: deque[Future[list[Answer]]] = deque()
        try:
            for group in groups:
                if len(waiting) == self.count:
                    yield from waiting.popleft().result()
                waiting.append(self._pool.submit(_answer, group))
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool as error:
            memory = human_bytes(self.model.plan.memory // self.model.plan.workers)
            raise RuntimeError(
                f"A worker ended without an answer, as for lack of memory: each needs about {memory}. "
                f"Received: count={self.count}"
            ) from error


_server: Server  # of a process of a pool


def _timed(server: Server, group: Sequence[list[bytes]]) -> list[Answer]:
    started, used = time.perf_counter(), time.process_time()
    answers = server.answers(group)
    seconds, processor = (time.perf_counter() - started) / len(group), (time.process_time() - used) / len(group)
    return [Answer(ciphertexts, seconds, processor) for ciphertexts in answers]


def _start(model: EncryptedModel, public_keys: dict[str, bytes]) -> None:
    global _server
    _server = Server(model, public_keys)


def _answer(group: Sequence[list[bytes]]) -> list[Answer]:
    return _timed(_server, group)
