"""A transaction that the database took back is done again as a whole, and kept once (D8)."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import text
from starlette.requests import Request
from starlette.testclient import TestClient

from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from portal.shared.audience import StaffUnit
from portal.shared.errors import install_errors
from portal.shared.forms import Fields
from portal.shared.trying_again import BODY_BYTES_MAX, TRIES, TriedAgain

_WRITE = text("INSERT INTO scheduled_run (job, due_at, started_at) VALUES (:job, :now, :now)")
_RAISE = "DO $$ BEGIN RAISE EXCEPTION 'taken back' USING ERRCODE = '{}'; END $$"
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")


def sign_in(request: Request) -> None:
    request.state.visitor = SimpleNamespace(by="user:ann", creditor_id=None)


class Portal:
    """Routes on the portal's own unit that the database takes back as often as it is told to."""

    def __init__(self, units) -> None:
        self.units, self.tries, self.failing, self.code = units, 0, 0, "40001"
        self.meet = threading.Barrier(2)
        app = FastAPI()
        app.state.wiring = SimpleNamespace(units=units, settings=Settings())
        app.state.turns = asyncio.Semaphore(5)
        install_errors(app)
        routes = APIRouter(prefix="/api", route_class=TriedAgain, dependencies=[Depends(sign_in)])
        routes.post("/write")(self.write)
        routes.post("/locks/{first}/{second}")(self.lock)
        app.include_router(routes)
        self.app = app

    def client(self) -> TestClient:
        return TestClient(self.app, raise_server_exceptions=False)

    def write(self, unit: StaffUnit, fields: Fields) -> dict[str, str]:
        self.tries += 1
        unit.session.connection().execute(_WRITE, {"job": str(fields["job"])[:40], "now": unit.now})
        if self.tries <= self.failing:
            unit.session.connection().execute(text(_RAISE.format(self.code)))
        return {"job": str(fields["job"])[:40]}

    def lock(self, unit: StaffUnit, first: int, second: int) -> dict[str, int]:
        self.tries += 1
        connection = unit.session.connection()
        connection.execute(_WRITE, {"job": f"{first} before {second}", "now": unit.now})
        connection.execute(_LOCK, {"key": first})
        if self.tries <= 2:
            self.meet.wait(30)
        connection.execute(_LOCK, {"key": second})
        return {"first": first}

    def kept(self) -> list[str]:
        with self.units.open(Door.WORKER, by="system:test") as unit:
            found = unit.session.connection().execute(text("SELECT job FROM scheduled_run ORDER BY job"))
            return list(found.scalars())


@pytest.fixture
def portal(units) -> Portal:
    return Portal(units)


def test_it_is_done_again_with_the_same_form_and_kept_once(portal):
    portal.failing = TRIES - 1
    answer = portal.client().post("/api/write", data={"job": "x" * 40})
    assert (answer.status_code, answer.json()) == (200, {"job": "x" * 40})
    assert portal.tries == TRIES
    assert portal.kept() == ["x" * 40]


def test_what_is_taken_back_for_ever_is_told_and_leaves_nothing(portal):
    portal.failing = 1000
    answer = portal.client().post("/api/write", data={"job": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert portal.tries == TRIES
    assert portal.kept() == []


@pytest.mark.parametrize("code", ["55P03", "57014", "53300"])
def test_what_would_fail_again_is_not_done_again(portal, code):
    portal.failing, portal.code = 1, code
    assert portal.client().post("/api/write", data={"job": "x"}).status_code == 503
    assert (portal.tries, portal.kept()) == (1, [])


def test_a_large_file_is_not_kept_to_be_read_again(portal):
    portal.failing = 1
    answer = portal.client().post("/api/write", data={"job": "x" * (BODY_BYTES_MAX + 1)})
    assert (answer.status_code, portal.tries, portal.kept()) == (503, 1, [])


def test_two_that_wait_for_each_other_both_end_well(portal):
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(portal.client().post, ["/api/locks/1/2", "/api/locks/2/1"]))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert portal.tries == 3, "one of them was taken back"
    assert portal.kept() == ["1 before 2", "2 before 1"]
