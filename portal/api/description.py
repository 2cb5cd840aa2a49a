"""The interface's description (OpenAPI 3.1), made of its routes, and the page that explains it to people."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agency.parties.api_keys import KEYS_MAX
from agency.parties.models import Scope
from agency.rules.facts import DocumentKind
from portal.api.access import PER_CALLER, Guard, opened_by
from portal.api.documents import FILES_MAX
from portal.api.idempotency import KEY_MAX, NAMED
from portal.shared.audience import ROUTERS, TheWiring, router, show

described = opened_by(None)
pages = router(
    audience="creditor", roles={"creditor_clerk", "creditor_manager"}, prefix="/creditor/interface"
)

VERSION: Final = "1"
PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "A sentence in English."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "A word for programs that does not change."},
        "field": {"type": "string", "description": "The first field that is wrong, with its way there."},
        "row": {"type": "integer", "description": "Its row, from 0, where it stands in a list."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "row": {"type": "integer"},
                    "reason": {"type": "string"},
                },
            },
        },
    },
}
STATUSES: Final = {
    "400": "It cannot be read, or misses the Idempotency-Key.",
    "401": "No key, or one that opens nothing.",
    "403": "The key lacks the scope.",
    "404": "There is no such thing, or it is somebody else's.",
    "409": "It has changed meanwhile, or is being done already.",
    "410": "Its personal data was erased.",
    "413": "More than is taken.",
    "415": "A body of another kind.",
    "422": "Something that was sent is wrong.",
    "429": "Too many requests: wait as long as Retry-After says.",
    "500": "Our fault; it has been recorded.",
    "503": "We are restarting: send the same again.",
}


def routes() -> Iterator[tuple[APIRoute, Scope | None]]:
    """This function will yield every route of the interface with the scope that it takes; None for the
    description, which every key opens."""
    for declared in ROUTERS:
        if declared.audience == "api":
            for route in declared.router.routes:
                assert isinstance(route, APIRoute)
                yield route, scope_of(route)


def scope_of(route: APIRoute) -> Scope | None:
    """This function will return the scope that a route's guard asks for.

    :raises LookupError: the route has no guard.
    """
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Guard):
            return dependency.call.scope
    raise LookupError(f"{route.path} has no guard: make its router with opened_by()")


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """This function will return the OpenAPI document of the interface and of nothing else."""
    told = [(route, scope) for route, scope in routes() if scope is not None]
    made = get_openapi(
        title="Claims interface",
        version=VERSION,
        description="Place claims, price them, follow them. Amounts are decimals with a point, as text.",
        routes=[route for route, _ in told],
    )
    for route, scope in told:
        assert scope is not None
        for method in route.methods or ():
            _say_more(made["paths"][route.path_format][method.lower()], scope)
    parts = made.setdefault("components", {})
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "agkey_…"}}
    schemas = parts.setdefault("schemas", {})
    for framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework, None)
    schemas["Problem"] = PROBLEM
    return made


def _say_more(operation: dict[str, Any], scope: Scope) -> None:
    operation["security"] = [{"key": []}]
    operation["x-scope"] = scope.value
    operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope.value}`.".strip()
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == NAMED:
            key = {"type": "string", "minLength": 1, "maxLength": KEY_MAX}
            parameter |= {"required": True, "schema": key}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, words in STATUSES.items():
        operation["responses"][status] = {"description": words, "content": problem}


@described.get("/openapi.json", include_in_schema=False)
def openapi() -> JSONResponse:
    """The description as a file, for whoever has any key or is signed in."""
    return JSONResponse(description())


@pages.get("")
def explain(request: Request, wiring: TheWiring) -> Response:
    """How a program calls us, with examples."""
    return show(
        request,
        "creditor/interface.html",
        {
            "address": wiring.settings.public_url.rstrip("/"),
            "routes": [
                {
                    "method": method,
                    "path": route.path_format,
                    "scope": scope.value,
                    "about": (route.description or "").split("\n\n")[0].replace("\n", " ").replace("`", ""),
                }
                for route, scope in sorted(routes(), key=lambda one: one[0].path_format)
                if scope is not None
                for method in sorted(route.methods or ())
            ],
            "per_minute": PER_CALLER.amount,
            "keys": KEYS_MAX,
            "files": FILES_MAX,
            "megabytes": wiring.settings.upload_bytes_max // 1_000_000,
            "kinds": [kind.value for kind in DocumentKind],
        },
    )
