"""Errors as people and programs read them: a page, or a problem document (RFC 9457) under /api."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InternalError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match

from agency.kernel.errors import AgencyError, Invalid, NotFound
from portal.shared.audience import SignInNeeded, here, wiring_of
from portal.shared.forms import NoData
from portal.shared.i18n import N_
from portal.shared.rendering import page
from portal.shared.trying_again import TakenBack, may_go_again

log = structlog.get_logger()
RETRY_SECONDS = 3
_IDLE_TOO_LONG = "25P03"  # idle_in_transaction_session_timeout
_NO_SUCH_METHOD = 405
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WRONG_MAX = 100  # of so many things that are wrong each is told
_FORM_BYTES_MAX = 1_000_000  # of a larger form the words are not looked for
_WORDS_MIN = 3  # what has fewer is soon typed again
_NEXT_MAX = 500  # so many characters of an address the sign-in page takes along


class Unavailable(AgencyError):
    """The database cannot be reached at this moment."""

    status = 503
    code = "unavailable"


class WrongFields(Invalid):
    """Several things are wrong with what a program sent; each of `errors` names its field and reason, and its
    row where there are several."""

    def __init__(self, message: str, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message, field=errors[0]["field"])
        self.errors = errors


def install_errors(app: FastAPI) -> None:
    """This function will make every failure of a request readable."""
    app.add_exception_handler(TakenBack, _taken_back)
    app.add_exception_handler(AgencyError, _anticipated)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(NoData, _not_whole)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(TimeoutError, _database_away)
    app.add_exception_handler(InternalError, _ended_by_database)
    app.add_exception_handler(Exception, _bug)


def answer(request: Request, error: AgencyError, *, written: Sequence[str] = ()) -> Response:
    """This function will answer with the error, in the form that the asker reads.

    :param written: what was written into the form that was refused; its page may be out of reach by now.
    """
    if request.url.path.startswith(("/api/", "/hooks/")):
        return problem(error)
    if isinstance(error, SignInNeeded) and request.method == "GET" and not _fragment(request):
        return RedirectResponse(_sign_in(request.url.path, request.url.query), status_code=303)
    for_debtor = request.url.path == "/pay" or request.url.path.startswith("/pay/")
    if for_debtor and error.status == SignInNeeded.status and request.method == "GET":
        return RedirectResponse("/pay", status_code=303)  # where the question is asked
    told = {"status": error.status, "message": error.message, "code": error.code, "written": written}
    response = page(
        "debtor_error.html" if for_debtor else "error.html",
        told | ({"agency": _reached_by(request)} if for_debtor else {}),
        # The address is not echoed: an id that is somebody else's must read like one that never was.
        here=replace(here(request), path="/pay" if for_debtor else "/", query=""),
        status=error.status,
    )
    if isinstance(error, SignInNeeded) and _fragment(request):
        # htmx follows this header; a fragment must not show the sign-in page inside a table.
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        response.headers["HX-Redirect"] = _sign_in(shown.path, shown.query)
    response.headers.update(headers_of(error))
    return response


def _reached_by(request: Request) -> dict[str, str]:
    """How a debtor reaches the agency when a page does not help him: he has no account and no start page."""
    settings = wiring_of(request).settings
    return {
        "name": settings.agency_name,
        "registration": settings.agency_registration_nl,
        "phone": settings.agency_phone,
        "email": settings.agency_email,
        "complaints": settings.agency_visits_and_complaints_url,
    }


def problem(error: AgencyError) -> JSONResponse:
    """This function will return the problem document of an error, with the headers that it carries.

    Where several things are wrong `errors` holds each, and `field` and `row` repeat the first.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.message,
        "status": error.status,
        "code": error.code,
    }
    if error.field:
        body["field"] = error.field
    if isinstance(error, WrongFields):
        body |= {"row": error.errors[0]["row"]} if "row" in error.errors[0] else {}
        body["errors"] = list(error.errors)
    return JSONResponse(
        body,
        status_code=error.status,
        media_type="application/problem+json",
        headers=headers_of(error),
    )


def headers_of(error: AgencyError) -> dict[str, str]:
    """This function will return what an answer with this error says in its headers: how to sign in, when to
    try again, what is allowed."""
    carried: Mapping[str, str] = getattr(error, "headers", None) or {}
    again = {"Retry-After": str(RETRY_SECONDS)} if error.status == Unavailable.status else {}
    return {**again, **carried}


async def _anticipated(request: Request, error: Exception) -> Response:
    assert isinstance(error, AgencyError)
    return answer(request, error, written=await _written(request))


async def _taken_back(request: Request, error: Exception) -> Response:
    if may_go_again(request.scope):
        raise error  # to the route, which does it again
    return await _anticipated(request, error)


async def _written(request: Request) -> list[str]:
    """What was written at length into the form that was sent, so that a refusal does not lose it."""
    headers, size = request.headers, request.headers.get("content-length", "")
    is_form = request.method == "POST" and "form" in headers.get("content-type", "")
    if not is_form or not size.isdecimal() or int(size) > _FORM_BYTES_MAX:
        return []
    try:
        fields = (await request.form()).multi_items()
    except (HTTPException, ClientDisconnect):
        return []
    finally:
        await request.close()
    return [
        value.strip()
        for name, value in fields
        if isinstance(value, str) and "password" not in name and len(value.split()) >= _WORDS_MIN
    ]


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == NotFound.status:
        # The same words whether the thing does not exist or is somebody else's.
        return answer(request, NotFound("this page does not exist"))
    words = str(error.detail)
    if error.status_code == _NO_SUCH_METHOD and not request.url.path.startswith(("/api/", "/hooks/")):
        above = _page_above(request) if request.method == "GET" else ""
        if above:
            return RedirectResponse(above, status_code=303)
        words = "this page does not exist"
    known = AgencyError(words)
    known.status, known.code = error.status_code, f"http_{error.status_code}"
    known.headers = error.headers  # type: ignore[attr-defined]
    if error.status_code == _NO_SUCH_METHOD:
        known.headers = {"Allow": ", ".join(_allowed(request))}  # type: ignore[attr-defined]
    return answer(request, known)


def _allowed(request: Request) -> list[str]:
    """Every method that an address takes (RFC 9110, 10.2.1): several routes may share one address, of which
    the framework names only the first."""
    routes = request.app.router.routes
    return [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


def _page_above(request: Request) -> str:
    """The nearest page above an address that only takes what a form sends, empty where there is none.

    A refused form stands at such an address; who then changes the language, or comes back by the address bar,
    asks for it as a page, and the parts of it that fetch themselves anew ask for it too.
    """
    parts = request.url.path.strip("/").split("/")
    for end in range(len(parts) - 1, 0, -1):
        path = "/" + "/".join(parts[:end])
        scope = {**request.scope, "path": path, "method": "GET"}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            return path
    return ""


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [_wrong(one) for one in error.errors()[:WRONG_MAX]]
    return answer(request, WrongFields(f"{wrong[0]['field']}: {wrong[0]['reason']}", wrong))


def _wrong(one: Mapping[str, Any]) -> dict[str, Any]:
    """One thing that is wrong: the field with its way there, and the row, from 0, where it is in a list."""
    if one["type"] == "json_invalid":
        return {"field": "body", "reason": "this is not valid JSON"}
    field = ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0])
    row = next((part for part in one["loc"] if isinstance(part, int)), None)
    return {"field": field, "reason": str(one["msg"])} | ({} if row is None else {"row": row})


async def _not_whole(request: Request, error: Exception) -> Response:
    """A page's own form without a field to show an error beside: somebody else made what was sent."""
    log.warning("portal.form.not_whole", path=request.url.path)
    return answer(request, Invalid(N_("This is not valid.")))


async def _database_away(request: Request, error: Exception) -> Response:
    log.warning("portal.database.away", error=type(error).__name__)
    away = Unavailable("The system is busy or restarting. Nothing was lost: try again.")
    return answer(request, away, written=await _written(request))


async def _ended_by_database(request: Request, error: Exception) -> Response:
    """A transaction that did nothing for so long that the database ended it: psycopg calls that internal."""
    assert isinstance(error, InternalError)
    if getattr(error.orig, "sqlstate", None) == _IDLE_TOO_LONG:
        return await _database_away(request, error)
    raise error


async def _bug(request: Request, error: Exception) -> Response:
    log.exception("portal.bug", path=request.url.path, error=type(error).__name__)
    broken = AgencyError("Something went wrong on our side. It has been recorded.")
    broken.status, broken.code = 500, "bug"
    try:
        return answer(request, broken)
    except Exception:  # noqa: BLE001 - the bug may be in what every page shows; this is the last resort
        return PlainTextResponse(broken.message, status_code=500)


def _sign_in(path: str, query: str) -> str:
    """Where to sign in and come back to a page; a query too long to be carried along is left behind."""
    whole = f"{path}?{query}" if query else path
    asked = whole if len(whole) <= _NEXT_MAX else path[:_NEXT_MAX]
    return f"/sign-in?next={quote(asked)}" if asked else "/sign-in"


def _fragment(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
