"""Nudges over a real server: who hears what, how soon, and that nothing but the kind of thing is told."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest
from sqlalchemy import text

from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from agency.parties.models import Role
from portal.live import stream
from tests.outside import wait_until
from tests.portal.served import serve


@dataclass
class Ear:
    """A reader of the stream and what it heard."""

    status: int = 0
    line: socket.socket | None = None
    heard: list[dict] = field(default_factory=list)
    comments: int = 0
    ended: bool = False

    @property
    def topics(self) -> list[str]:
        return [nudge["topic"] for nudge in self.heard if nudge["topic"] != "reconnected"]

    def leave(self) -> None:
        """Go away as a closed browser does; closing the client alone would wait for the next message."""
        if self.line is not None:
            with suppress(OSError):
                self.line.shutdown(socket.SHUT_RDWR)

    def listen(self, client: httpx.Client, since: float) -> None:
        with client.stream("GET", "/live/events", params={"since": since}) as answer:
            self.line = answer.extensions["network_stream"].get_extra_info("socket")
            self.status = answer.status_code
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    self.heard.append(json.loads(line.removeprefix("data: ")))
                elif line.startswith(":"):
                    self.comments += 1
        self.ended = True


@pytest.fixture
def served(house):
    with serve(house) as running:
        yield running


@contextmanager
def listening(served, browser, since: float = 0) -> Iterator[Ear]:
    """A stream that somebody signed in reads in the background; it has greeted when the block starts.

    `since` is when its page was asked for.
    """
    cookies = {"session": browser.cookies["session"]}
    ear = Ear()
    with httpx.Client(base_url=served.url, cookies=cookies, timeout=30) as client:
        thread = threading.Thread(target=lambda: _quietly(ear, client, since), daemon=True)
        thread.start()
        wait_until(lambda: ear.status == 200 and served.house.app.state.hub.connected)
        try:
            yield ear
        finally:
            ear.leave()
    thread.join(timeout=10)


def _quietly(ear: Ear, client: httpx.Client, since: float) -> None:
    try:
        ear.listen(client, since)
    except (httpx.HTTPError, RuntimeError):
        ear.ended = True  # the test closed the reader


def nudge(house, creditor_id, topic: str, claim_id="") -> None:
    payload = json.dumps({"creditor_id": str(creditor_id), "topic": topic, "claim_id": str(claim_id)})
    notify(house, payload)


def notify(house, payload: str) -> None:
    with house.units.open(Door.WORKER, by="system:test") as unit:
        unit.session.connection().execute(text("SELECT pg_notify('nudge', :p)"), {"p": payload})


class TestNudges:
    def test_a_creditor_hears_its_own_and_the_agency_hears_all(self, house, served):
        ours, theirs = house.creditor("Enercity"), house.creditor("Telenova")
        claim_id = new_id()
        with (
            listening(served, house.browser(Role.CREDITOR_CLERK, creditor_id=ours)) as creditor,
            listening(served, house.browser(Role.COLLECTOR)) as desk,
        ):
            nudge(house, theirs, "PaymentReceived", new_id())
            nudge(house, ours, "MessageSent", claim_id)
            wait_until(lambda: creditor.topics and len(desk.topics) == 2)
            assert creditor.topics == ["MessageSent"]
            assert desk.topics == ["PaymentReceived", "MessageSent"]
            assert creditor.heard[-1] == {"topic": "MessageSent", "claim_id": str(claim_id)}

    def test_a_nudge_that_was_rolled_back_is_not_heard(self, house, served):
        ours = house.creditor()
        with listening(served, house.browser(Role.COLLECTOR)) as desk:
            with pytest.raises(ZeroDivisionError), house.units.open(Door.WORKER, by="system:test") as unit:
                payload = json.dumps({"creditor_id": str(ours), "topic": "NeverHappened", "claim_id": ""})
                unit.session.connection().execute(text("SELECT pg_notify('nudge', :p)"), {"p": payload})
                raise ZeroDivisionError
            nudge(house, ours, "Happened")
            wait_until(lambda: desk.topics)
            assert desk.topics == ["Happened"]

    def test_a_page_hears_what_changed_between_its_reading_and_its_stream(self, house, served):
        ours, theirs = house.creditor("Enercity"), house.creditor("Telenova")
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=ours)
        with listening(served, house.browser(Role.COLLECTOR)) as desk:
            nudge(house, ours, "Before")
            wait_until(lambda: desk.topics == ["Before"])
            asked_at = time.time()
            nudge(house, theirs, "OfOthers")
            nudge(house, ours, "Between")
            wait_until(lambda: desk.topics == ["Before", "OfOthers", "Between"])
            with listening(served, clerk, since=asked_at) as creditor:
                wait_until(lambda: creditor.heard)
                nudge(house, ours, "After")
                wait_until(lambda: len(creditor.heard) == 2)
            assert creditor.topics == ["Between", "After"]

    def test_a_page_that_is_older_than_what_is_remembered_fetches_once(self, house, served, monkeypatch):
        monkeypatch.setattr(stream, "REMEMBERED_MAX", 2)
        ours = house.creditor()
        with listening(served, house.browser(Role.COLLECTOR)) as desk:
            asked_at = time.time()
            for topic in ("First", "Second", "Third"):
                nudge(house, ours, topic)
            wait_until(lambda: len(desk.topics) == 3)
            clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=ours)
            with listening(served, clerk, since=asked_at) as creditor:
                wait_until(lambda: creditor.heard)
            assert creditor.heard == [{"topic": "reconnected", "claim_id": ""}]

    @pytest.mark.parametrize("since", ["x", "nan", "-1"])
    def test_a_moment_that_is_none_is_refused(self, house, since):
        assert house.browser(Role.COLLECTOR).get(f"/live/events?since={since}").status_code == 422

    def test_an_unreadable_nudge_is_passed_over(self, house, served):
        with listening(served, house.browser(Role.COLLECTOR)) as desk:
            for payload in ("not json", "[]", "{}"):
                notify(house, payload)
            nudge(house, house.creditor(), "Happened")
            wait_until(lambda: desk.topics)
            assert desk.topics == ["Happened"]

    def test_pages_fetch_once_after_the_connection_was_lost(self, house, served):
        with listening(served, house.browser(Role.COLLECTOR)) as desk:
            wait_until(lambda: [one["topic"] for one in desk.heard] == ["reconnected"])
            lose_the_connection(house.units)
            wait_until(lambda: [one["topic"] for one in desk.heard] == ["reconnected"] * 2)
            nudge(house, house.creditor(), "Happened")
            wait_until(lambda: desk.topics)


def is_listened_to(units) -> bool:
    """Whether a page hears the database: what happens from now on reaches it."""
    with units.open(Door.STAFF, by="system:test") as unit:
        unit.session.connection().execute(text("SET LOCAL ROLE NONE"))  # who sees what others ask
        found = unit.session.connection().execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND query = 'LISTEN nudge'"),
            {"name": units.engine.url.database},
        )
        return found.scalar_one() == 1


def lose_the_connection(units) -> None:
    """End the one connection that hears the database."""
    with units.open(Door.WORKER, by="system:test") as unit:
        unit.session.connection().execute(text("SET LOCAL ROLE NONE"))
        killed = unit.session.connection().execute(
            text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = :name AND query = 'LISTEN nudge' AND usename = current_user"
            ),
            {"name": units.engine.url.database},
        )
        assert killed.scalar_one() == 1


class TestStreams:
    def test_nobody_listens_without_signing_in(self, served):
        answer = httpx.get(f"{served.url}/live/events")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/live/events")

    def test_a_quiet_stream_shows_that_it_lives(self, house, served, monkeypatch):
        monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0)
        with listening(served, house.browser(Role.COLLECTOR)) as desk:
            wait_until(lambda: desk.comments > 2)

    def test_a_stream_ends_after_a_while_so_that_rights_are_looked_up_anew(self, house, served, monkeypatch):
        monkeypatch.setattr(stream, "STREAM_SECONDS", 1)
        with listening(served, house.browser(Role.COLLECTOR)) as desk:
            wait_until(lambda: desk.ended)

    def test_a_reader_that_left_costs_nothing(self, house, served):
        with listening(served, house.browser(Role.COLLECTOR)):
            hub = house.app.state.hub
            assert len(hub._everybody()) == 1
        wait_until(lambda: not hub._everybody())
        wait_until(lambda: not hub._tasks)

    def test_no_database_session_is_held_by_an_open_stream(self, house, served):
        with listening(served, house.browser(Role.COLLECTOR)):
            assert house.units.engine.pool.checkedout() == 0
