"""Errors as people and programs read them: a page, or a problem document (RFC 9457) under /api."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from agency.kernel.errors import AgencyError, Invalid, NotFound
from portal.shared.audience import SignInNeeded, here
from portal.shared.forms import NoData
from portal.shared.i18n import N_
from portal.shared.rendering import page

log = structlog.get_logger()
RETRY_SECONDS = 3
_FORM_BYTES_MAX = 1_000_000  # of a larger form the words are not looked for
_WORDS_MIN = 3  # what has fewer is soon typed again


class Unavailable(AgencyError):
    """The database cannot be reached at this moment."""

    status = 503
    code = "unavailable"


def install_errors(app: FastAPI) -> None:
    """This function will make every failure of a request readable."""
    app.add_exception_handler(AgencyError, _anticipated)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(NoData, _not_whole)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(TimeoutError, _database_away)
    app.add_exception_handler(Exception, _bug)


def answer(request: Request, error: AgencyError, *, written: Sequence[str] = ()) -> Response:
    """This function will answer with the error, in the form that the asker reads.

    :param written: what was written into the form that was refused; its page may be out of reach by now.
    """
    if request.url.path.startswith(("/api/", "/hooks/")):
        return problem(error)
    if isinstance(error, SignInNeeded) and request.method == "GET" and not _fragment(request):
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status_code=303)
    response = page(
        request,
        "error.html",
        {"status": error.status, "message": error.message, "code": error.code, "written": written},
        # The address is not echoed: an id that is somebody else's must read like one that never was.
        here=replace(here(request), path="/", query=""),
        status=error.status,
    )
    if isinstance(error, SignInNeeded) and _fragment(request):
        # htmx follows this header; a fragment must not show the sign-in page inside a table.
        response.headers["HX-Redirect"] = "/sign-in"
    if error.status == Unavailable.status:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def problem(error: AgencyError) -> JSONResponse:
    """This function will return the problem document of an error."""
    body = {"type": "about:blank", "title": error.message, "status": error.status, "code": error.code}
    if error.field:
        body["field"] = error.field
    return JSONResponse(body, status_code=error.status, media_type="application/problem+json")


async def _anticipated(request: Request, error: Exception) -> Response:
    assert isinstance(error, AgencyError)
    return answer(request, error, written=await _written(request))


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
    known = AgencyError(str(error.detail))
    known.status, known.code = error.status_code, f"http_{error.status_code}"
    return answer(request, known)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return answer(request, Invalid(f"{field}: {first['msg']}", field=field))


async def _not_whole(request: Request, error: Exception) -> Response:
    """A page's own form without a field to show an error beside: somebody else made what was sent."""
    log.warning("portal.form.not_whole", path=request.url.path)
    return answer(request, Invalid(N_("This is not valid.")))


async def _database_away(request: Request, error: Exception) -> Response:
    log.warning("portal.database.away", error=type(error).__name__)
    away = Unavailable("The system is busy or restarting. Nothing was lost: try again.")
    return answer(request, away, written=await _written(request))


async def _bug(request: Request, error: Exception) -> Response:
    log.exception("portal.bug", path=request.url.path, error=type(error).__name__)
    broken = AgencyError("Something went wrong on our side. It has been recorded.")
    broken.status, broken.code = 500, "bug"
    try:
        return answer(request, broken)
    except Exception:  # noqa: BLE001 - the bug may be in what every page shows; this is the last resort
        return PlainTextResponse(broken.message, status_code=500)


def _fragment(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
