"""Requests that wait at the same time run as one batch."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


class Batcher:
    """Collects the requests that arrive while another one runs, and runs them together when it ends.

    A request that finds nothing running is run at once: nobody waits for company. Where a batch fails, its requests
    are run one by one, so that each gets its own error or its own answer.

    Args:
        run: function of a kind of request and of its arrays, all with the same first axis; gives arrays with that
            first axis.
        most: how many rows are run at once; a single request may have more.
    """

    def __init__(self, run: Callable[[Any, Arrays], Arrays], most: int):
        self._run, self._most = run, most
        self._waiting: dict[Any, list[_Request]] = {}
        self._of_waiting = threading.Lock()
        self._of_running = threading.Lock()

    def __call__(self, kind: Any, inputs: Arrays) -> Arrays:
        """The answer to one request, from whichever thread ran it.

        Args:
            kind: what is run; requests of one kind are run together, and their arrays differ in the first axis alone.
            inputs: arrays by name.

        Raises:
            Exception: as `run` raises it for these inputs alone.
        """
        request = _Request(inputs)
        with self._of_waiting:
            self._waiting.setdefault(kind, []).append(request)
        with self._of_running:
            if not request.is_done:  # else an earlier batch has it
                self._answer(kind, self._next_batch(kind, request))
        if request.error is not None:
            raise request.error
        return request.outputs

    def _next_batch(self, kind, own):
        """This request, and those that wait with it as far as they fit."""
        batch, size = [own], own.size
        with self._of_waiting:
            left = []
            for request in self._waiting[kind]:
                if request is not own and size + request.size <= self._most:
                    batch.append(request)
                    size += request.size
                elif request is not own:
                    left.append(request)
            self._waiting[kind] = left
        return batch

    def _answer(self, kind, batch):
        if len(batch) == 1:
            self._answer_alone(kind, batch[0])
            return
        try:
            inputs = {name: np.concatenate([each.inputs[name] for each in batch]) for name in batch[0].inputs}
            outputs = self._run(kind, inputs)
            ends = np.cumsum([each.size for each in batch])
            if any(len(array) != ends[-1] for array in outputs.values()):
                raise ValueError("the outputs do not have as many rows as the inputs")
        except Exception:  # of one of them, perhaps: each gets its own
            for each in batch:
                self._answer_alone(kind, each)
            return
        for each, end in zip(batch, ends, strict=True):
            each.end(outputs={name: array[end - each.size : end] for name, array in outputs.items()})

    def _answer_alone(self, kind, request):
        try:
            request.end(outputs=self._run(kind, request.inputs))
        except Exception as error:  # raised in the thread that asked
            request.end(error=error)


class _Request:
    """Inputs that wait, and what became of them."""

    def __init__(self, inputs: Arrays):
        self.inputs, self.size = inputs, len(next(iter(inputs.values())))
        self.outputs: Arrays = {}
        self.error: Exception | None = None
        self.is_done = False

    def end(self, outputs: Arrays | None = None, error: Exception | None = None):
        self.outputs, self.error, self.is_done = outputs or {}, error, True
