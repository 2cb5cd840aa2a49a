"""The load generator: a process of its own with a bounded number of connections, on the standard library.

A question holds `port`, `connections` and `requests` (each [method, path, headers, body]); every answer
must be 200 or 202. With `per_second` the requests start on a timetable, and a latency counts from the moment
in the timetable: a late start is the server's fault, not a pause of ours.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.bench.answering import answer_questions

Asked = Sequence[Any]


class WrongAnswer(Exception):
    """The server answered something else than 200 or 202."""


@dataclass(frozen=True)
class Request:
    """One request as bytes, and the second in which it should start."""

    content: bytes
    due: float


def percentile(values: Sequence[float], percent: int) -> float:
    """This function will return the smallest value that `percent` of a hundred do not exceed (nearest rank)."""  # noqa: E501
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


def as_bytes(method: str, path: str, headers: dict[str, str], body: str) -> bytes:
    """This function will write a request of HTTP/1.1."""
    content = body.encode()
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


async def drive(
    *, port: int, connections: int, asked: Sequence[Asked], per_second: float = 0
) -> dict[str, float]:
    """This function will send the requests and return seconds, bytes, p50_ms and p99_ms.

    :raises WrongAnswer: an answer was neither 200 nor 202.
    """
    waiting: asyncio.Queue[Request] = asyncio.Queue()
    for position, request in enumerate(asked):
        waiting.put_nowait(Request(as_bytes(*request), position / per_second if per_second else 0.0))
    latencies: list[float] = []
    sizes: list[int] = []
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    begin = time.perf_counter()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not waiting.empty():
            request = waiting.get_nowait()
            if per_second:
                await asyncio.sleep(begin + request.due - time.perf_counter())
            asked_at = begin + request.due if per_second else time.perf_counter()
            writer.write(request.content)
            sizes.append(await _read_answer(reader))
            latencies.append(time.perf_counter() - asked_at)

    async with asyncio.TaskGroup() as group:
        for reader, writer in streams:
            group.create_task(work(reader, writer))
    seconds = time.perf_counter() - begin
    for _, writer in streams:
        writer.close()
    return {
        "seconds": seconds,
        "bytes": sum(sizes) / len(sizes),
        "p50_ms": percentile(latencies, 50) * 1000,
        "p99_ms": percentile(latencies, 99) * 1000,
    }


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head.split(b" ", 2)[1]
    length = int(head.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
    body = await reader.readexactly(length)
    if status not in (b"200", b"202"):
        raise WrongAnswer(f"{status.decode()}: {body[:300]!r}")
    return length


if __name__ == "__main__":
    answer_questions(lambda question: asyncio.run(drive(**question)))
