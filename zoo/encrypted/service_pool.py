"""A service that answers several requests at the same time, each in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from pinet_keras.arguments import positive_integer
from zoo.encrypted.compiling import EncryptedModel
from zoo.encrypted.service import LOG, MOST_CLIENTS, Service
from zoo.publishing.formatting import human_bytes


class ServicePool(Service):
    """Does what `Service` does with several processes, which all have the public keys of all clients.

    TenSEAL does not release Python's lock, so threads would wait for each other. As always with processes, a script
    that uses them needs `if __name__ == "__main__":`.

    Args:
        name: name of the model.
        model: what is computed; its plan tells how many workers there are.
        most_clients: as for `Service`.

    Raises:
        ValueError: the workers need more memory than may be used.
    """

    def __init__(self, name: str, model: EncryptedModel, most_clients: int = MOST_CLIENTS):
        super().__init__(name, model, most_clients)
        self.workers = positive_integer("workers", model.plan.workers)
        self._context = multiprocessing.get_context("spawn")  # a copy might hold locks of this process' threads
        self._processes = [self._process() for _ in range(self.workers)]
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(self.workers):
            self._free.put(number)
        self._changing = threading.Lock()  # the keys of all processes change together

    def add_keys(self, data: bytes) -> str:
        with self._changing:
            for number in range(self.workers):
                try:
                    keys = self._processes[number].submit(_add_keys, data).result()
                except BrokenProcessPool:  # it ended since its last request
                    self._replace(number)
                    keys = self._processes[number].submit(_add_keys, data).result()
            self._clients[keys] = None
            self._clients.move_to_end(keys)
            while len(self._clients) > self._most_clients:
                self._drop(next(iter(self._clients)))
        return keys

    def answer(self, data: bytes) -> bytes:
        """The answer to a request, which waits until a process is free for it.

        Raises:
            UnknownKeys: its public keys are not here.
            ValueError: it is damaged, or was made for another plan.
            RuntimeError: the process has ended without an answer; another takes its place.
        """
        number = self._free.get()
        try:
            keys, found = self._processes[number].submit(_answer, data).result()
        except BrokenProcessPool as error:
            with self._changing:
                self._replace(number)
            memory = human_bytes(self.model.plan.memory // self.workers)
            raise RuntimeError(
                f"A worker ended without an answer, as for lack of memory: each needs about {memory}. Another takes "
                "its place; send the public keys and the request again"
            ) from error
        finally:
            self._free.put(number)
        with self._changing:
            if keys in self._clients:
                self._clients.move_to_end(keys)
        return found

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.shutdown(cancel_futures=True)

    def _process(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, self._context, _start, (self.name, self.model))

    def _replace(self, number: int) -> None:
        """A new process has no keys, so no client counts as known."""
        LOG.warning("worker %d ended and is replaced", number)
        self._processes[number] = self._process()
        for keys in list(self._clients):
            self._drop(keys)

    def _drop(self, keys: str) -> None:
        del self._clients[keys]
        for process in self._processes:
            with contextlib.suppress(BrokenProcessPool):  # it is replaced when it is used next
                process.submit(_drop_keys, keys)


_service: Service  # of a process


def _start(name: str, model: EncryptedModel) -> None:
    global _service
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    _service = Service(name, model, most_clients=sys.maxsize)  # which keys are dropped is decided there


def _add_keys(data: bytes) -> str:
    return _service.add_keys(data)


def _drop_keys(keys: str) -> None:
    _service.drop_keys(keys)


def _answer(data: bytes) -> tuple[str, bytes]:
    return _service.answered(data)
