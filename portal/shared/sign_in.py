"""Signing in: e-mail and password, then a code; the same answer for unknown people; throttled."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import Form
from limits import RateLimitItemPerMinute
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agency.kernel.audit import record
from agency.kernel.unit import Door, Unit
from agency.parties.users import use_code, user_with_password
from portal.shared.audience import TheWiring, here, recognise, router
from portal.shared.i18n import LANGUAGES, N_
from portal.shared.navigation import doors_for
from portal.shared.rendering import page
from portal.shared.security import refuse_wrong_token
from portal.shared.sessions import (
    end_session,
    give_cookie,
    start_session,
    take_cookie,
)
from portal.shared.throttling import address_of, counted
from portal.wiring import Wiring

routes = router(audience="public")

PER_ACCOUNT = RateLimitItemPerMinute(8)
PER_ADDRESS = RateLimitItemPerMinute(60)
THEMES = ("auto", "light", "dark")
Token = Annotated[str, Form(max_length=100)]


@routes.get("/sign-in")
def ask_password(request: Request, next: str = "") -> Response:
    """The first step."""
    visitor = recognise(request)
    if visitor is not None and not visitor.pending:
        return RedirectResponse(_safe(next) or home_of(visitor.roles), status_code=303)
    return page("sign_in.html", {"email": "", "next": next, "wrong": ""}, here=here(request))


@routes.post("/sign-in")
def check_password(
    request: Request,
    wiring: TheWiring,
    email: Annotated[str, Form(max_length=320)],
    password: Annotated[str, Form(max_length=4096)],
    next: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The password; whoever gives the right one is asked for a code."""
    if _throttled(wiring, request, email):
        return _again(request, email, next, N_("Too many tries. Wait a minute and try again."), 429)
    with wiring.units.open(Door.GATE, by="system:gate") as unit:
        user = user_with_password(unit, email=email, password=password)
        if user is not None:
            session_id = start_session(
                unit,
                user_id=user.id,
                hours=0,
                pending=True,
                user_agent=request.headers.get("user-agent", ""),
            )
    if user is None:
        return _again(request, email, next, N_("This e-mail address or password is not right."), 422)
    response = RedirectResponse(f"/sign-in/code?next={quote(_safe(next))}", status_code=303)
    give_cookie(response, wiring.settings, session_id)
    return response


@routes.get("/sign-in/code")
def ask_code(request: Request, next: str = "") -> Response:
    """The second step."""
    visitor = recognise(request)
    if visitor is None:
        return _from_the_start(next)
    if not visitor.pending:
        return RedirectResponse(_safe(next) or home_of(visitor.roles), status_code=303)
    return page("sign_in_code.html", {"next": next, "wrong": ""}, here=here(request))


@routes.post("/sign-in/code")
def check_code(
    request: Request,
    wiring: TheWiring,
    code: Annotated[str, Form(max_length=20)],
    next: Annotated[str, Form(max_length=500)] = "",
    csrf: Token = "",
) -> Response:
    """The code; the session is a new one from here on."""
    visitor = recognise(request)
    if visitor is None or not visitor.pending:
        return _from_the_start(next)
    refuse_wrong_token(csrf, expected=visitor.csrf)
    session_id = None
    if not _throttled(wiring, request, visitor.email):
        with wiring.units.open(Door.GATE, by=visitor.by) as unit:
            secret = wiring.settings.secret.get_secret_value()
            # A phone's clock is the world's, not the product's, which tests and the demo may move.
            if use_code(unit, user_id=visitor.user_id, code=code, sealing_secret=secret, at=real_now(unit)):
                end_session(unit, session_sha256=visitor.session_sha256)
                session_id = start_session(
                    unit,
                    user_id=visitor.user_id,
                    hours=wiring.settings.session_absolute_hours,
                    user_agent=request.headers.get("user-agent", ""),
                )
                record(
                    unit,
                    action="user.signed_in",
                    subject=f"user:{visitor.user_id}",
                    creditor_id=visitor.creditor_id,
                )
    if session_id is None:
        wrong = N_("This code is not right, or was used already. Wait for the next one.")
        return page("sign_in_code.html", {"next": next, "wrong": wrong}, here=here(request), status=422)
    response = RedirectResponse(_safe(next) or home_of(visitor.roles), status_code=303)
    give_cookie(response, wiring.settings, session_id)
    return response


@routes.post("/sign-out")
def sign_out(request: Request, wiring: TheWiring, csrf: Token = "") -> Response:
    """End the session here and now."""
    visitor = recognise(request)
    if visitor is not None:
        refuse_wrong_token(csrf, expected=visitor.csrf)
        with wiring.units.open(Door.GATE, by=visitor.by) as unit:
            end_session(unit, session_sha256=visitor.session_sha256)
    response = RedirectResponse("/sign-in", status_code=303)
    take_cookie(response, wiring.settings)
    return response


@routes.post("/preferences")
def keep_preferences(
    request: Request,
    wiring: TheWiring,
    language: Annotated[str, Form(max_length=5)] = "",
    theme: Annotated[str, Form(max_length=5)] = "",
    back: Annotated[str, Form(max_length=500)] = "/",
    csrf: Token = "",
) -> Response:
    """Language and theme, for this browser and for whoever is signed in."""
    visitor = recognise(request)
    response = RedirectResponse(_safe(back) or "/", status_code=303)
    chosen = {
        name: value
        for name, value, allowed in (("language", language, LANGUAGES), ("theme", theme, THEMES))
        if value in allowed
    }
    for name, value in chosen.items():
        response.set_cookie(name, value, max_age=31_536_000, samesite="lax", path="/")
    # A debtor's page knows no user's token, even in a browser where one is signed in: cookies must do.
    if visitor is not None and chosen and csrf == visitor.csrf:
        with wiring.units.open(Door.GATE, by=visitor.by) as unit:
            for name, value in chosen.items():
                unit.session.connection().execute(
                    text(f"UPDATE user_account SET {name} = :value WHERE id = :id"),
                    {"value": value, "id": visitor.user_id},
                )
    return response


def home_of(roles: frozenset[str]) -> str:
    """This function will return the first door that these roles open."""
    doors = doors_for(roles)
    return doors[0].home if doors else "/sign-in"


def _again(request: Request, email: str, next_page: str, wrong: str, status: int) -> Response:
    values = {"email": email, "next": next_page, "wrong": wrong}
    return page("sign_in.html", values, here=here(request), status=status)


def _from_the_start(next_page: str) -> Response:
    again = f"?next={quote(_safe(next_page))}" if _safe(next_page) else ""
    return RedirectResponse(f"/sign-in{again}", status_code=303)


def _safe(target: str) -> str:
    """Only our own pages: no scheme, no host, no backslash that a browser reads as one."""
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    return target if ours and "\n" not in target and "\r" not in target else ""


def _throttled(wiring: Wiring, request: Request, email: str) -> bool:
    # Both are counted, whatever the first one says; without a counter the password and code still guard.
    account = counted(wiring.settings, PER_ACCOUNT, "sign-in", email.strip().lower())
    address = counted(wiring.settings, PER_ADDRESS, "sign-in-from", address_of(request))
    return not (account and address)


def real_now(unit: Unit) -> datetime:
    """This function will return the machine's own moment, by which a phone counts its codes."""
    moment: datetime = unit.session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment
