"""Letting somebody into books as OAuth 2 has it: a page to agree on, codes and tokens that work once."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from integrations.egress import is_loopback
from integrations.simulator import magic
from integrations.simulator.books import open_books
from integrations.simulator.pages import show_page
from integrations.simulator.store import moment_text
from integrations.simulator.world import World

_CODE: Final = timedelta(minutes=3)
_REFRESH: Final = timedelta(days=30)
_CALLBACK: Final = "/creditor/bookkeeping/callback"


def ask_consent(world: World, request: Request, vendor: str, *, title: str, books: list[str]) -> Response:
    """This function will show the page on which the creditor's user lets the agency look."""
    asked = request.query_params
    redirect_uri = asked.get("redirect_uri", "")
    if not asked.get("client_id") or not _registered(redirect_uri, vendor):
        return HTMLResponse("this application is not registered with this address", status_code=400)
    return show_page(
        world,
        "consent.html",
        redirect_uri=redirect_uri,
        state=asked.get("state", ""),
        divisions=books,
        vendor=title,
        action=request.url.path,
    )


async def take_answer(
    world: World, request: Request, vendor: str, *, beside: Mapping[str, str] | None = None
) -> Response:
    """This function will go back with a code, and what the vendor tells beside it, or with the refusal."""
    form = await request.form()
    redirect_uri, state = str(form.get("redirect_uri", "")), str(form.get("state", ""))
    if not _registered(redirect_uri, vendor):
        return HTMLResponse("this application is not registered with this address", status_code=400)
    answer = {"state": state} if state else {}
    if form.get("answer") == "yes":
        chain = f"{vendor}:{secrets.token_hex(8)}"
        answer["code"] = _grant(world, "code", _CODE, chain=chain, facts=redirect_uri)
        answer.update(beside or {})
    else:
        answer["error"] = "access_denied"
    return RedirectResponse(f"{redirect_uri}?{urlencode(answer)}", status_code=303)


def _registered(redirect_uri: str, vendor: str) -> bool:
    parts = urlsplit(redirect_uri)
    return is_loopback(parts.hostname or "") and parts.path == f"{_CALLBACK}/{vendor}" and not parts.query


def exchange(
    world: World, vendor: str, form: Mapping[str, Any], *, secret: str, lives: timedelta, used: Response
) -> tuple[str, str] | Response:
    """This function will give an access and a refresh token for a code or a refresh token: each works once.

    :param secret: ours, as it was sent; `lives`: how long the access token works.
    :param used: how this vendor refuses what was used before.
    """
    if not secret or secret == magic.WRONG_KEY:
        return oauth_error(400, "invalid_client", "Invalid client")
    kind = {"authorization_code": "code", "refresh_token": "refresh"}.get(str(form.get("grant_type")))
    given = str(form.get("code" if kind == "code" else "refresh_token", ""))
    row = world.store.one("SELECT * FROM book_grant WHERE token = ? AND kind = ?", given, kind or "")
    if row is None or not _works(world, row, vendor):
        return oauth_error(400, "invalid_grant", "The token is not valid")
    if row["used"]:
        return used
    if kind == "code" and form.get("redirect_uri") != row["facts"]:
        return oauth_error(400, "invalid_request", "redirect_uri differs")
    with world.store.transaction():
        world.store.run("UPDATE book_grant SET used = 1 WHERE token = ?", given)
        access = _grant(world, "access", lives, chain=row["chain"])
        return access, _grant(world, "refresh", _REFRESH, chain=row["chain"])


def let_in(world: World, request: Request, vendor: str) -> bool:
    """This function will tell whether the access token of a call works; the books are drawn by then."""
    open_books(world)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    row = world.store.one("SELECT * FROM book_grant WHERE token = ? AND kind = 'access'", given)
    return scheme == "Bearer" and row is not None and _works(world, row, vendor)


def _works(world: World, row: Any, vendor: str) -> bool:
    ours = row["chain"].startswith(f"{vendor}:")
    return ours and not row["revoked"] and row["expires_at"] >= moment_text(world.clock.now())


def oauth_error(status: int, error: str, description: str) -> Response:
    """This function will refuse as RFC 6749 (5.2) has it."""
    return JSONResponse({"error": error, "error_description": description}, status_code=status)


def _grant(world: World, kind: str, lives: timedelta, *, chain: str, facts: str = "") -> str:
    made = secrets.token_urlsafe(40)
    world.store.insert(
        "book_grant",
        token=made, kind=kind, chain=chain, facts=facts, expires_at=moment_text(world.clock.now() + lives),
    )  # fmt: skip
    return made
