"""What a request meets in the database: a transaction that was taken back is done again and kept once (D8),
one that took too long is told (D14), and so is a pool that stays full (D3)."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import create_engine, text
from starlette.requests import Request
from starlette.testclient import TestClient

from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units, engine_for
from portal.shared import audience
from portal.shared.audience import StaffUnit
from portal.shared.errors import install_errors
from portal.shared.forms import Fields
from portal.shared.trying_again import BODY_BYTES_MAX, TRIES, TriedAgain

_WRITE = text("INSERT INTO scheduled_run (job, due_at, started_at) VALUES (:job, :now, :now)")
_RAISE = "DO $$ BEGIN RAISE EXCEPTION 'taken back' USING ERRCODE = '{}'; END $$"
_THERE = text("SELECT EXISTS (SELECT FROM pg_stat_get_activity(:pid))")
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
        routes.get("/read")(self.read)
        routes.get("/slow")(self.slow)
        routes.get("/idle")(self.idle)
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

    def read(self, unit: StaffUnit) -> dict[str, str]:
        return {"by": unit.by}

    def slow(self, unit: StaffUnit) -> None:
        unit.session.connection().execute(text("SET LOCAL statement_timeout = '100ms'"))
        unit.session.connection().execute(text("SELECT pg_sleep(60)"))

    def idle(self, unit: StaffUnit) -> None:
        connection = unit.session.connection()
        connection.execute(_WRITE, {"job": "idle", "now": unit.now})
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '100ms'"))
        # Each look in a transaction of its own: within one the server would show the same again and again.
        alone = self.units.engine.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as watching:
            while watching.execute(_THERE, {"pid": pid}).scalar_one():
                watching.execute(text("SELECT pg_sleep(0.05)"))
        connection.execute(text("SELECT 1"))

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


@pytest.mark.parametrize("path", ["/api/slow", "/api/idle"])
def test_what_takes_too_long_is_ended_and_told(portal, path):
    answer = portal.client().get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert answer.json()["code"] == "unavailable"
    assert portal.kept() == []
    assert portal.client().get("/api/read").json() == {"by": "user:ann"}, (
        "and the next one finds a connection"
    )


def test_no_session_waits_without_an_end(units, fresh_database):
    engine = engine_for(fresh_database[0])
    with Units(engine).open(Door.STAFF, by="system:test") as unit:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            shown = unit.session.connection().execute(text("SELECT current_setting(:n)"), {"n": name})
            assert shown.scalar_one() not in ("0", ""), name
    engine.dispose()


class TestFull:
    def test_a_pool_that_stays_full_is_told_after_a_while(self, units):
        small = create_engine(units.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.2)
        portal = Portal(Units(small))
        with small.connect():
            answer = portal.client().get("/api/read")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
        assert portal.client().get("/api/read").status_code == 200
        small.dispose()

    def test_nobody_waits_for_a_turn_without_an_end(self, portal, monkeypatch):
        monkeypatch.setattr(audience, "TURN_SECONDS_MAX", 0.2)
        portal.app.state.turns = asyncio.Semaphore(0)
        answer = portal.client().get("/api/read")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
        portal.app.state.turns = asyncio.Semaphore(1)
        assert [portal.client().get("/api/read").status_code for _ in range(3)] == [200] * 3
