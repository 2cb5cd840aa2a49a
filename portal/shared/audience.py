"""Who may come through which door: every router declares its audience and its roles.

The guard stands on the router, so that a page cannot forget it; a test walks `ROUTERS` and refuses a
route that stands on none of them.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from agency.kernel.errors import AgencyError, Forbidden
from agency.kernel.unit import Door, Unit
from portal.shared.i18n import speak
from portal.shared.rendering import Here, Notice, Reader, here_for_anybody, page
from portal.shared.security import check_token
from portal.shared.sessions import Visitor, find_visitor, session_of
from portal.shared.trying_again import TriedAgain, told_when_taken_back
from portal.wiring import Wiring

Audience = Literal[
    "collector", "creditor", "finance", "admin", "account", "live", "api", "debtor", "hooks", "public"
]
# Audiences whose guard is not a signed-in user: a link, a vendor's signature, or nobody at all.
OWN_GUARD = frozenset({"debtor", "hooks", "public", "api"})


# Nobody looks at a page for longer that does not come; statements are ended after two minutes.
TURN_SECONDS_MAX = 30


class _Number(IntegerConvertor):
    """A number in an address that the database can hold; a longer one is the address of nothing."""

    regex = "[0-9]{1,9}"


register_url_convertor("int", _Number())


class SignInNeeded(AgencyError):
    """Nobody is signed in, or the session has ended."""

    status = 401
    code = "sign_in_needed"


class Busy(AgencyError):
    """Too many requests are being answered; this one was not begun."""

    status = 503
    code = "unavailable"


@dataclass(frozen=True)
class Declared:
    """What a router says about its routes."""

    router: APIRouter
    audience: Audience
    roles: frozenset[str]


ROUTERS: list[Declared] = []


def router(
    *, audience: Audience, roles: frozenset[str] | set[str] = frozenset(), prefix: str = ""
) -> APIRouter:
    """This function will make a router whose routes only let in signed-in users with one of the roles.

    Debtor, hook, API and public routers bring a guard of their own and name no role.

    :raises ValueError: a signed-in audience without roles.
    """
    needed = frozenset(roles)
    if audience not in OWN_GUARD and not needed:
        raise ValueError(f"{audience}: say which roles may come in")
    guards = (
        []
        if audience in OWN_GUARD
        else [Depends(_admit(audience, needed)), Depends(check_token, scope="function")]
    )
    guards.append(Depends(_speak))
    made = APIRouter(
        prefix=prefix,
        dependencies=guards,
        include_in_schema=audience == "api",
        route_class=TriedAgain,
    )
    ROUTERS.append(Declared(made, audience, needed))
    return made


def wiring_of(request: Request) -> Wiring:
    """This function will return the process's wiring."""
    wiring: Wiring = request.app.state.wiring
    return wiring


def visitor_of(request: Request) -> Visitor:
    """This function will return who is signed in; only routes behind the guard may ask.

    :raises SignInNeeded: nobody is.
    """
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if visitor is None:
        raise SignInNeeded("please sign in")
    return visitor


def recognise(request: Request) -> Visitor | None:
    """This function will look up the session's user and keep the answer on the request."""
    request.state.asked_at = time.time()
    wiring = wiring_of(request)
    session_id = session_of(request, wiring.settings)
    visitor = None
    if session_id:
        with wiring.units.open(Door.GATE, by="system:gate") as unit:
            visitor = find_visitor(
                unit, session_id=session_id, idle_minutes=wiring.settings.session_idle_minutes
            )
    request.state.visitor = visitor
    return visitor


def _admit(audience: Audience, roles: frozenset[str]) -> Any:
    both = {"staff", "creditor"}
    sides = {"creditor": {"creditor"}, "live": both, "account": both}.get(audience, {"staff"})

    def admit(request: Request) -> None:
        visitor = recognise(request)
        if visitor is None or visitor.pending:
            raise SignInNeeded("please sign in")
        # The side is checked besides the role: a role given by mistake must not open the other side.
        if visitor.audience not in sides or not visitor.roles & roles:
            raise Forbidden("your role does not open this door")

    return admit


async def _speak(request: Request) -> None:
    """Make the reader's language the ambient one, for what pages write out before they are rendered.

    Async on purpose: what a threaded dependency sets stays in its thread.
    """
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    speak(visitor.language if visitor else here_for_anybody(request).language)


async def _turn(request: Request) -> AsyncIterator[None]:
    """Wait, in order of arrival, until fewer requests hold a unit than there are connections.

    A request with a unit needs threads to go on. Were all threads waiting for a connection, nobody with one
    could finish, so the waiting is done here, without a thread, and not for ever.

    :raises Busy: those before it took too long.
    """
    turns: asyncio.Semaphore = request.app.state.turns
    async with AsyncExitStack() as held:
        try:
            async with asyncio.timeout(TURN_SECONDS_MAX):
                await held.enter_async_context(turns)
        except TimeoutError:
            raise Busy("The system is busy or restarting. Nothing was lost: try again.") from None
        yield


# What a dependency asks for that yields a unit for the length of a request.
InTurn = Annotated[None, Depends(_turn, scope="function")]


def _staff_unit(request: Request, _: InTurn) -> Iterator[Unit]:
    units, by = wiring_of(request).units, visitor_of(request).by
    with told_when_taken_back(), units.open(Door.STAFF, by=by) as unit:
        yield unit


def _creditor_unit(request: Request, _: InTurn) -> Iterator[Unit]:
    visitor = visitor_of(request)
    if visitor.creditor_id is None:
        raise Forbidden("this door is for creditors")
    units, whose = wiring_of(request).units, visitor.creditor_id
    with told_when_taken_back(), units.open(Door.CREDITOR, by=visitor.by, creditor_id=whose) as unit:
        yield unit


# Function scope: the transaction commits before the answer leaves, so no page shows what was not kept.
StaffUnit = Annotated[Unit, Depends(_staff_unit, scope="function")]
CreditorUnit = Annotated[Unit, Depends(_creditor_unit, scope="function")]


# Async, because FastAPI sends every other dependency through a thread, which costs more than these do.
async def _the_visitor(request: Request) -> Visitor:
    return visitor_of(request)


async def _the_wiring(request: Request) -> Wiring:
    return wiring_of(request)


TheVisitor = Annotated[Visitor, Depends(_the_visitor)]
TheWiring = Annotated[Wiring, Depends(_the_wiring)]


def own_creditor(visitor: Visitor) -> UUID:
    """This function will return the creditor a creditor's user belongs to.

    :raises Forbidden: the user belongs to none.
    """
    if visitor.creditor_id is None:
        raise Forbidden("this door is for creditors")
    return visitor.creditor_id


def here(request: Request, *notices: Notice) -> Here:
    """This function will describe the reader of a page: signed in or not."""
    config = wiring_of(request).settings
    anybody = here_for_anybody(request, agency=config.agency_name, development=not config.production)
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    shown = (*read_notice(request), *notices)
    if visitor is None or visitor.pending:
        return Here(**{**_fields(anybody), "csrf": visitor.csrf if visitor else "", "notices": shown})
    return Here(
        **{
            **_fields(anybody),
            "language": visitor.language,
            "theme": visitor.theme,
            "csrf": visitor.csrf,
            "reader": Reader(visitor.name, visitor.email, visitor.roles, visitor.organisation),
            "asked_at": request.state.asked_at,
            "notices": shown,
        }
    )


def show(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    notice: Notice | None = None,
) -> HTMLResponse:
    """This function will answer with a page for whoever is signed in."""
    return page(template, values, here=here(request, *([notice] if notice else [])), status=status)


def read_notice(request: Request) -> tuple[Notice, ...]:
    """This function will return the notice that the page before this one left, if any.

    A part that fetches itself again shows none: it would use up the notice of the page that is on its way.
    """
    if request.headers.get("hx-request") == "true":
        return ()
    tone, _, words = unquote(request.cookies.get("notice", "")).partition(":")
    return (Notice(words, tone),) if words and tone in ("good", "info", "warning", "bad") else ()


def leave_for(url: str, *, notice: str = "", tone: str = "good") -> RedirectResponse:
    """This function will send the browser to a page after something was done, with a notice shown there.

    :param notice: a text marked with `N_`; it is translated where it is shown.
    """
    response = RedirectResponse(url, status_code=303)
    if notice:
        response.set_cookie(
            "notice", quote(f"{tone}:{notice}"), max_age=60, httponly=True, samesite="lax", path="/"
        )
    return response


def _fields(described: Here) -> dict[str, Any]:
    return {name: getattr(described, name) for name in Here.__dataclass_fields__}
