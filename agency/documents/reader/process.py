"""The reading process: takes one request at a time on its input, answers on its output.

A request is a line of JSON (`do`, `media_type`, `size` and what the task needs) and then the file; an answer
is a line of JSON (`size`) and then that many bytes. The process loads its libraries once and forks for each
file: the child may use so much time and memory, opens no file and no socket, and is gone afterwards.
"""

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any, BinaryIO, Final

from agency.documents.reader import office, pdf, pictures

SECONDS: Final = 15
MEMORY: Final = 1_500_000_000
ANSWER_MAX: Final = 30_000_000


def main() -> None:
    """This function will answer requests until its input ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    pictures.prepare()
    office.prepare()
    while line := requests.readline():
        request = json.loads(line)
        content = requests.read(request["size"])
        answer = _in_a_child(request, content)
        answers.write(json.dumps({"size": len(answer)}).encode() + b"\n" + answer)
        answers.flush()


def work(request: dict[str, Any], content: bytes) -> bytes:
    """This function will do one task: `read` gives JSON, `picture` a PNG of one page, `print` a JPEG."""
    media_type = request["media_type"]
    if request["do"] == "print":
        return pdf.printed(content, page=request["page"])
    if request["do"] == "picture":
        if media_type == "application/pdf":
            return pdf.picture(content, page=request["page"])
        return pictures.picture(content, page=request["page"])
    if media_type == "application/pdf":
        found = pdf.read(content)
    elif media_type.startswith("image/"):
        found = pictures.read(content)
    else:
        found = office.read(content, media_type=media_type)
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()


def _in_a_child(request: dict[str, Any], content: bytes) -> bytes:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _limited(request, content, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as answers:
            answer = _until(answers, time.monotonic() + SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return answer if answer is not None else _failure("too_heavy")


def _limited(request: dict[str, Any], content: bytes, writing: int) -> None:
    """Do the task inside the limits and end; whatever goes wrong is the file's fault."""
    answer = b""
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        answer = work(request, content)
    except MemoryError:
        answer = _failure("too_heavy")
    except Exception:  # noqa: BLE001 - a reader may fail at a hostile file in any way; there is one answer
        answer = _failure("broken")
    finally:
        with contextlib.suppress(OSError):
            os.set_blocking(writing, True)
            rest = memoryview(answer[:ANSWER_MAX])
            while rest:
                rest = rest[os.write(writing, rest) :]
        os._exit(0)


def _until(answers: BinaryIO, deadline: Any) -> bytes | None:
    """Collect what a child says; None when it says nothing, or is not done in time."""
    parts: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([answers], [], [], left)[0]:
            return None
        part = os.read(answers.fileno(), 1 << 20)
        if not part:
            return b"".join(parts) or None
        parts.append(part)


def _failure(state: str) -> bytes:
    return json.dumps({"state": state}).encode()
