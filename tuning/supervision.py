"""Runs a search in a child process, restarted when a trial kills it. Imports no backend."""

import os
import subprocess
import sys
import threading
import time

VARIABLE = "PINET_TUNE_SUPERVISED"  # in the child: "first", or "after a crash"


def supervise(minutes=None) -> None:
    """Run this command in a child process, and restart that one whenever a signal has ended it.

    What takes all memory, or crashes the backend, ends the whole process: no `except` sees it. Returns in the child;
    the parent ends with the child's exit code.

    Args:
        minutes: the time limit of the command; a child that comes later gets what is left of it.
    """
    if VARIABLE in os.environ:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        return
    sys.exit(_start_until_done(sys.argv[1:], minutes))


def after_crash() -> bool:
    """Whether a signal has ended the previous child process."""
    return os.environ.get(VARIABLE) == "after a crash"


def _start_until_done(arguments, minutes):
    started, state = time.monotonic(), "first"
    while True:
        environment = {**os.environ, VARIABLE: state}
        command = [sys.executable, "-m", "tuning.main", *arguments]
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as child:
            try:
                code = child.wait()
            except KeyboardInterrupt:  # the terminal has told the child as well
                return child.wait()
        if code >= 0:
            return code
        print(f"the search was ended by signal {-code}; resuming it", file=sys.stderr)
        state = "after a crash"
        arguments = [argument for argument in arguments if argument != "--fresh"]
        if minutes is not None:  # of two, the last one counts
            arguments += ["--minutes", str(max(minutes - (time.monotonic() - started) / 60, 0.001))]


def _end_with_parent():
    """The pipe from the parent closes when that ends, however it ends."""
    os.read(0, 1)
    os._exit(1)
