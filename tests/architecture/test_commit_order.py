"""The commit comes before the answer: who is told "done" can rely on it, and so can whoever asks next."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, text
from starlette.requests import Request
from starlette.testclient import TestClient

from agency.kernel.unit import Door, Unit, Units
from portal.shared.audience import StaffUnit

_WRITE = text("INSERT INTO scheduled_run (job, due_at, started_at) VALUES ('test', :now, :now)")


class SecondPair:
    """Looks at the database over a connection of its own when the first byte of an answer leaves."""

    def __init__(self, app, url: str) -> None:
        self.app = app
        self.engine = create_engine(url)
        self.seen: list[int] = []

    async def __call__(self, scope, receive, send):
        async def watched(message):
            if message["type"] == "http.response.start":
                with Units(self.engine).open(Door.WORKER, by="system:test") as unit:
                    found = unit.session.connection().execute(
                        text("SELECT count(*) FROM scheduled_run WHERE job = 'test'")
                    )
                    self.seen.append(found.scalar_one())
            await send(message)

        await self.app(scope, receive, watched)


def sign_in(request: Request) -> None:
    request.state.visitor = SimpleNamespace(by="user:ann", creditor_id=None)


def late_unit(request: Request) -> Iterator[Unit]:
    """The mistake: a unit that ends with the request, after the answer."""
    with request.app.state.wiring.units.open(Door.STAFF, by="user:ann") as unit:
        yield unit


@pytest.fixture
def looked(units, fresh_database):
    """A page that writes with the portal's own unit, one that writes with a late one, and who looks."""
    app = FastAPI(dependencies=[Depends(sign_in)])
    app.state.wiring = SimpleNamespace(units=units)
    app.state.turns = asyncio.Semaphore(1)

    @app.post("/right")
    def right(unit: StaffUnit) -> dict[str, bool]:
        unit.session.connection().execute(_WRITE, {"now": unit.now})
        return {"done": True}

    @app.post("/late")
    def late(unit: Annotated[Unit, Depends(late_unit)]) -> dict[str, bool]:
        unit.session.connection().execute(_WRITE, {"now": unit.now})
        return {"done": True}

    watching = SecondPair(app, fresh_database[0])
    yield watching
    watching.engine.dispose()


class TestCommit:
    def test_precedes_the_answer(self, looked):
        with TestClient(looked) as browser:
            assert browser.post("/right").json() == {"done": True}
        assert looked.seen == [1]

    def test_would_be_found_late(self, looked):
        with TestClient(looked) as browser:
            assert browser.post("/late").status_code == 200
        assert looked.seen == [0]
