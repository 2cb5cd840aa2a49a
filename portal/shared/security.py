"""What every answer carries and every unsafe request must show.

OWASP ASVS 5.0 chapters 3.4 and 3.5: content security policy without inline, no framing, no sniffing, no
referrer; cross-site requests are refused by Fetch Metadata or Origin, and forms carry a token besides.
"""

import hmac
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agency.kernel.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Vendors call these; their guard is a signature over the body.
SIGNED_PATHS = ("/hooks/",)
PROGRAMS = "/api/"  # whose errors are problem documents
TOKEN_FIELD = "csrf"  # noqa: S105 - the name of a field
TOKEN_HEADER = "x-csrf-token"  # noqa: S105

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self' {form_targets}",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-frame-options": "DENY",
}


class Guarded:
    """ASGI middleware: refuses cross-site writes and puts the security headers on every answer.

    :param form_targets: origins that a form may end up at by redirect (the payment page).
    :param body_bytes_max: what a program is told to be too much in the words of the interface; of anybody
        else's request the framework says so.
    """

    def __init__(
        self, app: ASGIApp, *, public_url: str, form_targets: str = "", body_bytes_max: int | None = None
    ) -> None:
        self.app = app
        self.body_bytes_max = body_bytes_max
        self.origin = _origin(public_url)
        self.https = public_url.startswith("https://")
        self.policy = POLICY.format(form_targets=form_targets).strip()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = _without_nul(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._mark(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if self._cross_site(scope):
            await _from_elsewhere(scope)(scope, receive, send_guarded)
        elif self._too_large(scope):
            await _problem(413, "http_413", "Content Too Large")(scope, receive, send_guarded)
        else:
            await self.app(scope, receive, send_guarded)

    def _too_large(self, scope: Scope) -> bool:
        if self.body_bytes_max is None or not scope["path"].startswith(PROGRAMS):
            return False
        told = Headers(scope=scope).get("content-length", "")
        return told.isdecimal() and int(told) > self.body_bytes_max

    def _cross_site(self, scope: Scope) -> bool:
        if scope["method"] in SAFE_METHODS or scope["path"].startswith(SIGNED_PATHS):
            return False
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get(b"origin")
        return origin is not None and origin not in (self.origin, _own_origin(headers, scope))

    def _mark(self, headers: MutableHeaders, path: str) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("content-security-policy", self.policy)
        if self.https:
            headers.setdefault("strict-transport-security", "max-age=63072000; includeSubDomains")
        if path.startswith("/static/"):
            # Their addresses change with their content.
            headers.setdefault("cache-control", "public, max-age=31536000, immutable")
        else:
            # Pages hold personal data; no cache between us and the reader may keep them.
            headers.setdefault("cache-control", "no-store")


def _without_nul(scope: Scope) -> Scope:
    """The request with the sign for "unreadable" wherever its address has a NUL.

    The database keeps no NUL and ends on one, so that an address with it was an error of ours; with the sign
    it is what nobody has.
    """
    if "\x00" not in scope["path"] and b"%00" not in scope["query_string"]:
        return scope
    query = scope["query_string"].replace(b"%00", b"%EF%BF%BD")
    return {**scope, "path": scope["path"].replace("\x00", "\ufffd"), "query_string": query}


def _from_elsewhere(scope: Scope) -> Response:
    said = "This form was sent from another site."
    if not scope["path"].startswith(PROGRAMS):
        return PlainTextResponse(said, status_code=403)
    return _problem(403, "cross_site", said)


def _problem(status: int, code: str, title: str) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


async def check_token(request: Request) -> AsyncIterator[None]:
    """This function will refuse an unsafe request of a signed-in user that lacks the session's token.

    The token comes in the form's hidden field or in a header. Files of the form are closed at the end.

    :raises Forbidden: it is absent or wrong.
    """
    if request.method not in SAFE_METHODS:
        given = request.headers.get(TOKEN_HEADER)
        if given is None and "form" in request.headers.get("content-type", ""):
            value = (await request.form()).get(TOKEN_FIELD)
            given = value if isinstance(value, str) else None
        refuse_wrong_token(given, expected=request.state.visitor.csrf)
    try:
        yield
    finally:
        await request.close()


def refuse_wrong_token(given: str | None, *, expected: str) -> None:
    """This function will compare a form's token with its session's, in constant time.

    :raises Forbidden: it is absent or wrong.
    """
    if given is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden("this page has expired; load it again")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _own_origin(headers: dict[bytes, str], scope: Scope) -> str:
    return f"{scope.get('scheme', 'http')}://{headers.get(b'host', '')}"
