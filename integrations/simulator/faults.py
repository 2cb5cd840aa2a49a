"""Faults on demand: what a provider does wrong with the next calls, and with the next webhooks."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Literal, get_args

from fastapi import FastAPI
from pydantic import BaseModel, Field

CallKind = Literal[
    "status",  # answer `status`, nothing done
    "hang",  # nothing done, no answer for `seconds`, then a broken connection
    "reset",  # nothing done, the connection breaks at once
    "lost",  # done, but the connection breaks before the answer
    "late",  # done at once, answered after `seconds`
    "status_after",  # done, but the answer is `status`
    "cut",  # done, but the connection breaks in the middle of the answer
]
WebhookKind = Literal[
    "duplicate",  # told twice, each time with another sg_event_id
    "reorder",  # told last first
    "drop",  # never told
    "delay",  # told `seconds` later
    "bad_signature",  # told once with a wrong signature, then rightly
]

PrintKind = Literal[
    "one_short",  # the printer misses the last letter of a batch
    "one_double",  # it has the last letter twice
    "wrong_pages",  # it counts a page more than there is
]

CALL_KINDS = frozenset(get_args(CallKind))
WEBHOOK_KINDS = frozenset(get_args(WebhookKind))
PRINT_KINDS = frozenset(get_args(PrintKind))

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Fault(BaseModel):
    """One rule, as posted to `/_sim/faults`.

    `target` is a provider (sendgrid, twilio, mollie, letters, bank, exact, stripe, billit, quickbooks,
    teamleader, yuki) for its API, or `webhooks`, or `webhooks:<provider>`; or `print:taken` for what the
    print shop counts when it takes a batch in, and `print:printed` for what it reports of the press.
    """

    target: str
    kind: CallKind | WebhookKind | PrintKind
    times: int | None = Field(default=None, description="how often; until cleared when absent")
    percent: int = Field(default=100, ge=0, le=100, description="chance that a call is hit")
    path: str = Field(default="", description="only calls whose path holds this text")
    method: str = Field(default="", description="only calls of this method; of any when empty")
    status: int = 500
    retry_after: int | None = None
    seconds: float = 30


@dataclass
class Faults:
    """The rules in force, the oldest first. Chances come from a seed, so a run can be repeated."""

    seed: int = 0
    rules: dict[int, Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self._random = Random(self.seed)  # noqa: S311 - scripted misfortune, nothing secret

    def add(self, fault: Fault) -> int:
        """Put a rule in force and return its number."""
        number = next(self._numbers)
        self.rules[number] = fault.model_copy()
        return number

    def clear(self) -> None:
        """Lift every rule."""
        self.rules.clear()

    def hit(self, target: str, *, kinds: frozenset[str], path: str = "", method: str = "") -> Fault | None:
        """The rule of one of these kinds that hits this call, which uses it up once."""
        general = target.partition(":")[0]
        for number, rule in self.rules.items():
            if rule.kind not in kinds or rule.target not in (target, general) or rule.path not in path:
                continue
            if rule.method not in ("", method):
                continue
            if rule.percent < 100 and self._random.randrange(100) >= rule.percent:
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    del self.rules[number]
            return rule
        return None


class FaultyApp(FastAPI):
    """A FastAPI app whose provider routes fail on demand, before anything else sees the call."""

    faults: Faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or do to it what a rule says."""
        target = str(scope.get("path", "")).strip("/").partition("/")[0]
        if scope["type"] != "http" or target.startswith("_sim"):
            await super().__call__(scope, receive, send)
            return
        fault = self.faults.hit(target, kinds=CALL_KINDS, path=scope["path"], method=scope["method"])
        if fault is None:
            await super().__call__(scope, receive, send)
            return
        match fault.kind:
            case "status":
                await _read_all(receive)
                await _answer(send, fault)
            case "hang":
                await asyncio.sleep(fault.seconds)
                await _break(send)
            case "reset":
                await _read_all(receive)
                await _break(send)
            case "lost":
                await super().__call__(scope, receive, _swallow)
                await _break(send)
            case "late":
                await super().__call__(scope, receive, _later(send, fault.seconds))
            case "status_after":
                await super().__call__(scope, receive, _swallow)
                await _answer(send, fault)
            case "cut":
                await super().__call__(scope, receive, _half(send))
            case _:
                await super().__call__(scope, receive, send)


async def _read_all(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def _swallow(message: Message) -> None:
    """An answer that nobody gets."""


def _later(send: Send, seconds: float) -> Send:
    async def delayed(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return delayed


def _half(send: Send) -> Send:
    async def cut(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            await _break(send)
        else:
            await send(message)

    return cut


async def _answer(send: Send, fault: Fault) -> None:
    headers = [(b"content-type", b"application/json")]
    if fault.retry_after is not None:
        headers.append((b"retry-after", str(fault.retry_after).encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"message":"scripted fault"}'})


async def _break(send: Send) -> None:
    """Cut the connection under the caller. ASGI has no word for it, so the server's transport is taken."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("the server gives no access to its connection")
    transport.abort()
    await asyncio.sleep(0)  # the server learns of it before this call returns
