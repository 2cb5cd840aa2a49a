"""Trying one parser on one content within limits of time and memory, in a process that may die of it."""

import contextlib
import multiprocessing
import os
import resource
import signal
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import FrameType
from typing import Final

from infra.fuzz.parsers import BY_NAME

SECONDS_MAX: Final = 5
"""Of the processor: a busy machine makes no parser slow."""
_WAIT: Final = 120
MEMORY_MAX: Final = 1_000_000_000
_DEAD: Final = "the process died (memory, or a crash below Python)"


class TooSlow(BaseException):
    """The parser took more than `SECONDS_MAX`; no parser may catch it as an error of a file."""


@dataclass(frozen=True)
class Fault:
    """What a parser did that it may not do."""

    parser: str
    error: str


def try_here(name: str, content: bytes) -> Fault | None:
    """This function will try a parser in this process; None when it answered or refused as it may.

    What a library only warns of is no fault, however strict the process is that tries.
    """
    parser = BY_NAME[name]
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)
    try:
        with warnings.catch_warnings(action="ignore"):
            parser.run(content)
    except parser.refusals:
        return None
    except TooSlow:
        return Fault(name, f"took more than {SECONDS_MAX} s")
    # A parser that panics or runs out of memory is the find that is looked for.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Fault(name, f"{type(error).__name__}: {str(error)[:300]}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return None


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow


class Bench:
    """A child process that tries contents one after the other; a new one takes over when it dies."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self._here, there = context.Pipe()
        self._child = context.Process(target=_work, args=(there,), daemon=True)
        self._child.start()
        there.close()

    def try_there(self, name: str, content: bytes) -> Fault | None:
        """This function will try a parser in the child; its death is a fault too."""
        try:
            self._here.send((name, content))
            if self._here.poll(_WAIT):
                error = self._here.recv()
                return Fault(name, error) if error else None
            self._child.kill()
            reason = f"did not end within {_WAIT} s and could not be stopped"
        except (EOFError, OSError):
            reason = _DEAD
        self.close()
        self._start()
        return Fault(name, reason)

    def close(self) -> None:
        """This function will end the child."""
        with contextlib.suppress(OSError):
            self._here.close()
        self._child.kill()
        self._child.join()


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """This function will lend a bench and end its child."""
    lent = Bench()
    try:
        yield lent
    finally:
        lent.close()


def _work(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries below Python say of their own panics
    with open("/proc/self/statm") as memory:
        used = int(memory.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_MAX, used + MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            name, content = pipe.recv()
        except EOFError:
            return
        fault = try_here(name, content)
        pipe.send(fault.error if fault else "")
