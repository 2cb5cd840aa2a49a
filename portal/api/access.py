"""Who may call the interface: a creditor's program with a key, or a signed-in user of a creditor.

Either way the request is confined to that creditor by the database, and each route stands on a router that
names the scope it takes.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from limits import RateLimitItemPerMinute
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agency.intake.rows import STRANGE_SIGNS
from agency.kernel.errors import AgencyError, Forbidden
from agency.kernel.unit import Door, Unit
from agency.parties.api_keys import bearer_of, id_presented, still_opens
from agency.parties.models import Scope
from portal.shared.audience import InTurn, SignInNeeded, recognise, router, wiring_of
from portal.shared.security import SAFE_METHODS, TOKEN_HEADER, refuse_wrong_token
from portal.shared.throttling import TooMany, address_of, counted, exhausted, wait_seconds
from portal.shared.trying_again import told_when_taken_back

CLERK: Final = "creditor_clerk"
MANAGER: Final = "creditor_manager"
# A price binds the creditor, so of its people only a manager accepts or declines it.
SCOPES_OF_ROLES: Final = {CLERK: frozenset(Scope) - {Scope.ACCEPT}, MANAGER: frozenset(Scope)}

PER_CALLER: Final = RateLimitItemPerMinute(600)
# Wrong keys, as at sign-in. They are counted by address, so that nobody shuts out another's program by
# guessing, and per key too, so that one program with an old key does not shut out those beside it.
WRONG_PER_KEY: Final = RateLimitItemPerMinute(8)
WRONG_PER_ADDRESS: Final = RateLimitItemPerMinute(60)

JSON: Final = "application/json"
_CHALLENGE: Final = 'Bearer realm="api"'


class Body(BaseModel):
    """Base of what programs send: unknown fields are refused, and a text with a NUL, which none has."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if isinstance(value, str) and "\0" in value:
            raise ValueError(STRANGE_SIGNS)
        return value


class KeyNeeded(SignInNeeded):
    """Neither a key nor a session came with the request."""

    headers: Final = {"WWW-Authenticate": _CHALLENGE}


class KeyRefused(AgencyError):
    """The key is wrong, has expired or was revoked; which of these is not told."""

    status = 401
    code = "key_refused"
    headers: Final = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}


class ScopeMissing(Forbidden):
    """The key does not open this route."""

    code = "scope_missing"

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"this key lacks the scope {scope.value}")
        self.headers = {
            "WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{scope.value}"'
        }


class WrongMediaType(AgencyError):
    """The body is of a kind that this route does not read."""

    status = 415
    code = "media_type"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, for which creditor, and what that may do; `key_id` is empty for a signed-in user."""

    by: str
    creditor_id: UUID
    scopes: frozenset[Scope]
    language: str
    key_id: UUID | None = None


def caller(request: Request) -> Caller:
    """This function will return who calls, and count the call.

    A request with both a key and a session is judged by the key alone: the program said by whom it wants to
    be taken, and a key that was revoked must not go on working where somebody happens to be signed in.

    :raises KeyNeeded: neither a key nor a session.
    :raises KeyRefused: a key that opens nothing.
    :raises Forbidden: somebody who works for no creditor.
    :raises TooMany: too many calls, or too many wrong keys.
    """
    found = _by_key(request) if "authorization" in request.headers else _by_session(request)
    settings = wiring_of(request).settings
    if not counted(settings, PER_CALLER, "api", found.by):
        wait = wait_seconds(settings, PER_CALLER, "api", found.by)
        raise TooMany("this key made too many requests; wait and try again", wait_seconds=wait)
    return found


def _by_session(request: Request) -> Caller:
    visitor = recognise(request)
    if visitor is None or visitor.pending:
        raise KeyNeeded("send a key: Authorization: Bearer agkey_…")
    roles = visitor.roles & SCOPES_OF_ROLES.keys()
    if visitor.creditor_id is None or not roles:
        raise Forbidden("this interface is for creditors")
    scopes = frozenset[Scope]().union(*(SCOPES_OF_ROLES[role] for role in roles))
    return Caller(visitor.by, visitor.creditor_id, scopes, visitor.language)


def _by_key(request: Request) -> Caller:
    given = request.headers.getlist("authorization")
    scheme, _, presented = given[0].partition(" ")
    presented = presented.strip() if scheme.lower() == "bearer" and len(given) == 1 else ""
    address, settings = address_of(request), wiring_of(request).settings
    # Only its id: the counter must not hold what somebody may have mistyped one sign of.
    named = str(id_presented(presented) or "none")
    limits = (
        (WRONG_PER_KEY, ("wrong-key", address, named)),
        (WRONG_PER_ADDRESS, ("wrong-keys-from", address)),
    )
    for limit, key in limits:
        if exhausted(settings, limit, *key):
            wait = wait_seconds(settings, limit, *key)
            raise TooMany("too many wrong keys; wait and try again", wait_seconds=wait)
    with wiring_of(request).units.open(Door.GATE, by="system:gate") as unit:
        bearer = bearer_of(unit, presented=presented)
    if bearer is None:
        for limit, key in limits:
            counted(settings, limit, *key)
        raise KeyRefused("this key is not valid")
    return Caller(
        f"key:{bearer.key_id}", bearer.creditor_id, bearer.scopes, bearer.language, key_id=bearer.key_id
    )


async def _admitted(request: Request) -> Caller:
    found: Caller = request.state.caller
    return found


TheCaller = Annotated[Caller, Depends(_admitted)]


class Guard:
    """What every route of the interface asks first: the scope, a body that it reads, and from a browser the
    token of its session. Without a scope it lets every key and user of a creditor in.

    A key needs no token: no browser sends one by itself, so no other site can have it sent.
    """

    def __init__(self, scope: Scope | None, *, json: bool) -> None:
        self.scope, self.json = scope, json

    def admit(self, request: Request, found: Caller) -> None:
        """Let the caller through before anything of the body is read.

        :raises ScopeMissing, Forbidden: the caller may not do this.
        :raises WrongMediaType: the body is not JSON where the route reads nothing else.
        """
        if self.scope is not None and self.scope not in found.scopes:
            if found.key_id is None:
                raise Forbidden("a manager of your organisation accepts prices")
            raise ScopeMissing(self.scope)
        if request.method not in SAFE_METHODS and found.key_id is None:
            refuse_wrong_token(request.headers.get(TOKEN_HEADER), expected=request.state.visitor.csrf)
        if self.json:
            _sent_as_json(request)

    async def __call__(self, request: Request, _: TheCaller) -> AsyncIterator[None]:
        """Close the files of the request at its end."""
        try:
            yield
        finally:
            await request.close()


class GuardedRoute(APIRoute):
    """A route that asks its guard before it reads the body.

    The framework reads and parses a body before it asks any dependency, so that somebody without a key would
    be told of the body first, and could have a large one read.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's own handler, behind the guard."""
        handle = super().get_route_handler()
        guard = next((one.call for one in self.dependant.dependencies if isinstance(one.call, Guard)), None)
        if guard is None:
            raise LookupError(f"{self.path} has no guard: make its router with opened_by()")

        async def guarded(request: Request) -> Response:
            found = await run_in_threadpool(caller, request)
            guard.admit(request, found)
            request.state.caller = found
            return await handle(request)

        return guarded


def _sent_as_json(request: Request) -> None:
    """Refuse a body that is not JSON; requests without one say nothing of its kind."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if request.method not in SAFE_METHODS and has_body and kind != JSON:
        raise WrongMediaType(f"send the body as {JSON}")


def opened_by(scope: Scope | None, *, json: bool = True) -> APIRouter:
    """This function will make a router of the interface whose routes take a scope.

    :param json: whether the bodies of its routes are JSON and nothing else.
    """
    made = router(audience="api", prefix="/api/v1")
    made.route_class = GuardedRoute
    made.dependencies.append(Depends(Guard(scope, json=json), scope="function"))
    return made


def _unit(request: Request, found: TheCaller, _: InTurn) -> Iterator[Unit]:
    units = wiring_of(request).units
    by, whose = found.by, found.creditor_id
    with told_when_taken_back(), units.open(Door.CREDITOR, by=by, creditor_id=whose) as unit:
        # A request may have waited for its turn; what a key changes, it may change at that moment still.
        if request.method not in SAFE_METHODS:
            _refuse_revoked(unit, found)
        yield unit


def _refuse_revoked(unit: Unit, found: Caller) -> None:
    if found.key_id is None:
        return
    if not still_opens(unit, creditor_id=found.creditor_id, key_id=found.key_id):
        raise KeyRefused("this key is not valid")


ApiUnit = Annotated[Unit, Depends(_unit, scope="function")]
