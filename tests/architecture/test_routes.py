"""Every address stands behind a door: its router says for whom it is, and strangers are sent away."""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from agency.kernel.settings import Settings
from agency.parties.models import Role
from portal.main import create_app
from portal.shared.audience import OWN_GUARD, ROUTERS, Declared, router
from portal.wiring import Wiring

# What stands on no router: the files of the look.
OPEN = {"/static"}
# What anybody may open without being known. A new one is a decision, so it is listed here.
PUBLIC = {
    "/",
    "/_styleguide",
    "/_styleguide/brand.css",
    "/_styleguide/debtor",
    "/_styleguide/error",
    "/calculators",
    "/calculators/costs",
    "/calculators/interest",
    "/healthz",
    "/logo/{creditor_id}/{sha256}",
    "/preferences",
    "/readyz",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/totp",
    "/sign-out",
}
A_UUID = str(UUID(int=1))


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The portal without a database: strangers are turned away before one is asked."""
    return create_app(Wiring(settings=Settings(mode="development"), units=None, ports=None))  # type: ignore[arg-type]


def strays(routes: Iterable[BaseRoute], declared: Iterable[Declared]) -> list[str]:
    """Addresses that stand on no declared router."""
    known = {id(one.router) for one in declared}
    found = []
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None and id(included) in known:
            continue
        if getattr(route, "path", None) not in OPEN:
            found.append(str(getattr(route, "path", None) or [inner.path for inner in included.routes]))
    return found


def guarded() -> Iterator[tuple[str, str]]:
    """(method, path) of every route that only signed-in users with a role may use."""
    for declared in ROUTERS:
        if declared.audience in OWN_GUARD:
            continue
        for route in declared.router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield method, route.path


def filled(path: str) -> str:
    """A path with something in place of each parameter."""
    return "/".join(
        ("1" if part.endswith(":int}") else A_UUID) if part.startswith("{") else part
        for part in path.split("/")
    )


def unsafe_generators(dependant: Dependant) -> list[str]:
    """Dependencies with an end (a commit) that comes only after the answer has left."""
    found = [] if _ends_in_time(dependant) else [getattr(dependant.call, "__name__", "?")]
    return found + [name for inner in dependant.dependencies for name in unsafe_generators(inner)]


def _ends_in_time(dependant: Dependant) -> bool:
    ends = inspect.isgeneratorfunction(dependant.call) or inspect.isasyncgenfunction(dependant.call)
    return not ends or dependant.scope == "function"


def open_to_all() -> dict[str, bool]:
    return {"anybody": True}


class TestDoors:
    def test_every_route_stands_on_a_declared_router(self, app):
        assert strays(app.routes, ROUTERS) == [], "declare these with portal.shared.audience.router()"

    def test_a_planted_route_is_noticed(self):
        planted = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        planted.get("/secret")(open_to_all)
        undeclared = APIRouter()
        undeclared.get("/hidden")(open_to_all)
        planted.include_router(undeclared)
        assert strays(planted.routes, ROUTERS) == ["/secret", "['/hidden']"]

    def test_every_signed_in_audience_names_its_roles(self, app):
        roles = {role.value for role in Role}
        for declared in ROUTERS:
            assert bool(declared.roles) != (declared.audience in OWN_GUARD), declared.router.prefix
            assert declared.roles <= roles

    def test_an_audience_without_roles_is_refused_at_once(self):
        with pytest.raises(ValueError, match="say which roles"):
            router(audience="finance")

    def test_what_is_public_is_listed(self, app):
        public: set[Any] = {
            route.path for one in ROUTERS if one.audience == "public" for route in one.router.routes
        }
        assert public <= PUBLIC, "everybody could open these; is that meant? Then list them here"

    def test_strangers_are_sent_away_from_every_guarded_route(self, app):
        with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as stranger:
            answers = {
                (method, path): stranger.request(method, filled(path), headers={"accept": "application/json"})
                for method, path in guarded()
            }
        assert len(answers) > 50
        let_in = {route: one.status_code for route, one in answers.items() if not refused(one)}
        assert let_in == {}


def refused(answer: Any) -> bool:
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    return to_sign_in or answer.status_code in (401, 403)


class TestUnits:
    def test_end_before_the_answer_leaves(self, app):
        late = {
            route.path: names
            for one in ROUTERS
            for route in one.router.routes
            if isinstance(route, APIRoute) and (names := unsafe_generators(route.dependant))
        }
        assert late == {}, 'depend on these with Depends(..., scope="function")'
