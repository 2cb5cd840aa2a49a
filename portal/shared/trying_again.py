"""A request whose transaction the database ended to let another through is done again as a whole.

PostgreSQL takes back one of two transactions that wait for each other (40P01), or that cannot be put in a
row (40001), and asks that it be tried again from its beginning: nothing of it was kept, and its answer
has not left. Only the unit that lasts as long as its request is dealt with here; what opens units of its own,
as a page does that asks a vendor between two of them, answers 503.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.types import Message, Receive, Scope, Send

from agency.kernel.errors import AgencyError

log = structlog.get_logger()
TRIES: Final = 4  # the first, and three more
BODY_BYTES_MAX: Final = 1_000_000  # a larger one is not kept to be read again
_TAKEN_BACK: Final = frozenset({"40001", "40P01"})
_LEFT: Final = "agency.tries_left"


class TakenBack(AgencyError):
    """The database ended this transaction in favour of another; it can be done again."""

    status = 503
    code = "unavailable"


@contextmanager
def told_when_taken_back() -> Iterator[None]:
    """This function will say of a unit around which it stands that it may be done again.

    :raises TakenBack: the database took the unit's transaction back.
    """
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) not in _TAKEN_BACK:
            raise
        raise TakenBack("The system is busy or restarting. Nothing was lost: try again.") from error


def may_go_again(scope: Scope) -> bool:
    """This function will tell whether a request that was taken back has tries left."""
    return bool(scope.get(_LEFT, 0))


class TriedAgain(APIRoute):
    """A route whose request is answered anew, up to three times, when its transaction was taken back."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the body kept so that it can be read once more."""
        kept = await _kept(scope, receive)
        if kept is None:
            await super().handle(scope, receive, send)
            return
        for left in range(TRIES - 1, -1, -1):
            scope[_LEFT] = left
            try:
                await super().handle(scope, _again(kept, receive), send)
            except TakenBack:
                if not left:
                    raise
                log.warning("portal.taken_back", path=scope["path"], left=left)
            else:
                return


async def _kept(scope: Scope, receive: Receive) -> list[Message] | None:
    """The whole body, None where it is too large, or of a length that is not said."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    if b"transfer-encoding" in headers or not length.isdigit() or int(length) > BODY_BYTES_MAX:
        return None
    if int(length) == 0:
        return []
    kept = [await receive()]
    while kept[-1].get("more_body"):
        kept.append(await receive())
    return kept


def _again(kept: list[Message], receive: Receive) -> Receive:
    told = iter(kept)

    async def replayed() -> Message:
        message = next(told, None)
        return await receive() if message is None else message

    return replayed
