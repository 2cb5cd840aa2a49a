"""Asking the reading process: what a file says, and pictures of its pages.

One such process serves this one and is started when first needed; it dies with its input. It gets none of
our environment and none of our open files.
"""

import atexit
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import agency
from agency.kernel.errors import NotFound
from agency.rules.reading import Reading, ReadState, reading_from_json

_START: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from agency.documents.reader.process import main; main()"
)
_ROOT: Final = str(Path(agency.__path__[0]).parent)
PNG: Final = b"\x89PNG"
JPEG: Final = b"\xff\xd8\xff"


class _Process:
    """The process and the lock by which one asks at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any], content: bytes) -> bytes:
        """Return the answer; a process that died is started anew, once.

        :raises OSError: it died again, so it is the machine and not the file.
        """
        with self._lock:
            try:
                return self._whole(request, content)
            except OSError:
                return self._whole(request, content)

    def _whole(self, request: dict[str, Any], content: bytes) -> bytes:
        """Ask, and end the process when that breaks off: half an answer would pass for the next one."""
        try:
            return self._asked(request, content)
        except BaseException:
            self.stop()
            raise

    def _asked(self, request: dict[str, Any], content: bytes) -> bytes:
        running = self._running = self._running or _start()
        if running.stdin is None or running.stdout is None:
            raise OSError("the reading process has no pipes")
        running.stdin.write(json.dumps(request | {"size": len(content)}).encode() + b"\n" + content)
        running.stdin.flush()
        head = running.stdout.readline()
        if not head:
            raise BrokenPipeError("the reading process ended")
        return running.stdout.read(json.loads(head)["size"])

    def stop(self) -> None:
        """End the process, if it runs."""
        running, self._running = self._running, None
        if running is None:
            return
        running.kill()
        for pipe in (running.stdin, running.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        running.wait()


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter on our own module
        [sys.executable, "-I", "-c", _START, _ROOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a library writes about a document is about people
        env={},
        cwd="/",
        close_fds=True,
    )


_process = _Process()
atexit.register(_process.stop)


def read(content: bytes, *, media_type: str) -> Reading:
    """This function will read a file; one that cannot be read has the state that says why."""
    answer = _process.ask({"do": "read", "media_type": media_type}, content)
    try:
        return reading_from_json(json.loads(answer))
    except (ValueError, KeyError, TypeError):
        return Reading(ReadState.broken)


def picture(content: bytes, *, media_type: str, page: int) -> bytes:
    """This function will draw one page of a PDF or an image (from 1) as a PNG of at most 1,600 pixels.

    :raises NotFound: it has no such page, or cannot be drawn.
    """
    if media_type != "application/pdf" and not media_type.startswith("image/"):
        raise NotFound("this document has no pages to show")
    return _drawn({"do": "picture", "media_type": media_type, "page": page}, content, PNG)


def printed(content: bytes, *, page: int) -> bytes:
    """This function will draw one page of a PDF (from 1) as a JPEG of 2,400 pixels, for paper.

    :raises NotFound: it has no such page, or cannot be drawn.
    """
    return _drawn({"do": "print", "media_type": "application/pdf", "page": page}, content, JPEG)


def _drawn(request: dict[str, Any], content: bytes, begins: bytes) -> bytes:
    try:
        answer = _process.ask(request, content)
    except OSError as error:
        raise NotFound("this page cannot be shown") from error
    if not answer.startswith(begins):
        raise NotFound("this page cannot be shown")
    return answer
