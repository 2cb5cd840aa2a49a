"""Fetching from the simulated books: whole, once, in spite of what goes wrong; tokens that nobody loses."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from agency.bookkeeping.access import Books as Access
from agency.bookkeeping.access import NotConnected
from agency.bookkeeping.connecting import begin_consent, disconnect, take_consent
from agency.bookkeeping.fetching import _OWES_NOTHING, _STRANGERS, ask_fetch, cancel_fetch
from agency.bookkeeping.jobs import run_fetch
from agency.bookkeeping.sealing import Unsealable, seal, unseal
from agency.kernel.errors import Conflict, Forbidden
from agency.kernel.ids import new_id
from agency.kernel.outbox import drain, enqueue
from agency.kernel.unit import Door
from agency.ports.providers.bookkeeping import Tokens
from tests.agency_at_work import register
from tests.bookkeeping.books import SESSION, Books
from tests.known_before import MONDAY


@pytest.fixture
def books(house, simulator) -> Books:
    return Books(house, simulator, invoices=150)


def access_of(books) -> Access:
    return Access(
        books.house.work.units, books.port, creditor_id=books.creditor_id, connection_id=books.connection_id
    )


class TestAFetch:
    def test_brings_every_open_invoice_once_with_its_customer(self, books):
        fetch = books.state(books.fetch())
        assert (fetch.state, fetch.percent, fetch.items) == ("done", 100, 150)
        assert books.house.one("SELECT count(*) FROM booked_invoice WHERE open_minor > 0") == 150
        [total] = books.house.rows("SELECT sum(open_minor) AS s FROM booked_invoice")
        theirs = sum(
            round(float(row["open_minor"]))
            for row in books.simulator.http.get("/_sim/books/lines").json()["lines"]
        )
        assert total.s == theirs
        assert (
            books.house.one(
                "SELECT count(*) FROM booked_invoice b WHERE NOT EXISTS (SELECT FROM booked_customer k"
                " WHERE k.ref = b.customer_ref AND k.connection_id = b.connection_id)"
            )
            == 0
        )

    @pytest.mark.parametrize("statement", [_STRANGERS, _OWES_NOTHING])
    def test_of_a_new_creditor_never_holds_each_customer_against_each_invoice(self, books, statement):
        fetch_id = books.fetch()
        values = {"c": books.creditor_id, "connection": books.connection_id, "pass": fetch_id}
        with books.open(Door.WORKER) as unit:
            plan = unit.session.connection().execute(text(f"EXPLAIN {statement.text}"), values)
            assert "Nested Loop" not in "\n".join(plan.scalars())

    def test_again_changes_nothing(self, books):
        books.fetch()
        before = books.house.rows("SELECT id, open_minor, due_on FROM booked_invoice ORDER BY id")
        books.fetch()
        assert books.house.rows("SELECT id, open_minor, due_on FROM booked_invoice ORDER BY id") == before

    def test_that_meets_a_500_half_way_goes_on_without_gap_or_double(self, books):
        books.simulator.fault("exact", "status", status=500, path="crm/Accounts")
        books.simulator.post("/books/settings", {"exact_page": 40})
        fetch_id = books.fetch()
        assert books.state(fetch_id).state == "waiting"
        assert books.state(fetch_id).problem == "silent"
        assert books.state(fetch_id).items == 150
        assert books.house.one("SELECT count(*) FROM booked_invoice WHERE open_minor > 0") == 0
        books.house.later(MONDAY + timedelta(minutes=3))
        assert (books.state(fetch_id).state, books.state(fetch_id).items) == ("done", 150)
        assert books.house.one("SELECT count(*) FROM booked_invoice WHERE open_minor > 0") == 150

    def test_that_uses_the_minute_up_waits_as_long_as_it_is_asked_to(self, books):
        books.simulator.post("/books/settings", {"exact_page": 30, "minutely": 4})
        fetch_id = books.fetch()
        assert (books.state(fetch_id).state, books.state(fetch_id).problem) == ("waiting", "limit")
        calls = books.state(fetch_id).pages
        for minute in range(1, 5):
            books.simulator.post("/clock", {"now": f"2026-11-30T09:{minute:02d}:05+00:00"})
            books.house.later(MONDAY + timedelta(minutes=minute + 1))
        assert calls <= 4
        assert (books.state(fetch_id).state, books.state(fetch_id).items) == ("done", 150)

    def test_whose_worker_was_killed_goes_on_behind_the_last_page(self, books, monkeypatch):
        books.simulator.post("/books/settings", {"exact_page": 50})
        asked = []
        real = books.port.page

        def dying(tokens, **where):
            asked.append(where["cursor"])
            if len(asked) == 6:
                raise KeyboardInterrupt
            return real(tokens, **where)

        monkeypatch.setattr(type(books.port), "page", lambda self, tokens, **where: dying(tokens, **where))
        with books.open() as unit:
            fetch_id = ask_fetch(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
        with pytest.raises(KeyboardInterrupt):
            drain(books.house.work.units)
        with books.open(Door.WORKER) as unit:
            unit.session.connection().execute(text("UPDATE outbox SET leased_until = NULL"))
        drain(books.house.work.units)
        assert len(asked) == len(set(asked)) + 1  # only the page that nobody got was asked for twice
        assert (books.state(fetch_id).state, books.state(fetch_id).items) == ("done", 150)

    def test_that_is_cancelled_leaves_what_was_known(self, books):
        books.fetch()
        books.simulator.post("/books/drawn", {"vendor": "exact", "invoices": 3})
        books.simulator.fault("exact", "status", status=500, path="crm/Accounts")
        fetch_id = books.fetch()
        with books.open() as unit:
            cancel_fetch(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
        with books.open(Door.WORKER) as unit:
            enqueue(unit, run_fetch, whose=str(books.creditor_id), fetch_id=str(fetch_id))
        drain(books.house.work.units)
        assert books.state(fetch_id).state == "cancelled"
        assert books.house.one("SELECT count(*) FROM booked_invoice WHERE open_minor > 0") == 150
        with books.open() as unit, pytest.raises(Conflict):
            cancel_fetch(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)

    def test_that_is_asked_for_twice_is_one(self, books):
        with books.open() as unit:
            asked = {
                ask_fetch(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
                for _ in range(2)
            }
        assert len(asked) == 1

    def test_adds_up_terms_of_one_invoice(self, house, simulator):
        books = Books(house, simulator)
        books.line(20000001, "60.00")
        books.line(20000001, "40.00", due_on="2026-09-30")
        simulator.post("/books/settings", {"exact_page": 1})
        books.fetch()
        assert books.invoice(20000001).open_minor == 10_000
        assert str(books.invoice(20000001).due_on) == "2026-08-31"

    def test_keeps_nothing_of_who_owes_nothing(self, house, simulator):
        books = Books(house, simulator)
        books.line(20000001, "60.00")
        books.line(20000002, "40.00", customer="K2")
        books.fetch()
        books.pay(20000002, "40.00")
        books.fetch()
        assert [row.number for row in house.rows("SELECT number FROM booked_invoice")] == ["20000001"]
        assert [row.number for row in house.rows("SELECT number FROM booked_customer")] == ["K1"]
        books.line(20000003, "10.00", customer="K2", name="Back again")
        books.fetch()
        assert house.one("SELECT count(*) FROM booked_customer") == 2

    def test_runs_by_itself_every_night(self, books):
        books.house.later(MONDAY + timedelta(days=1))
        assert books.connection.fetched_at is not None


class TestAccess:
    def test_that_is_over_is_refreshed_by_one_of_many_at_once(self, books):
        """All but one wait, and take what that one kept: had two refreshed, the connection would be lost."""
        books.simulator.post("/books/expire")
        before = books.simulator.get("/books/grants").get("refresh", 0)
        access, found, failed = access_of(books), [], []

        def ask() -> None:
            try:
                found.append(access.ask(books.port.administrations))
            except Exception as error:  # noqa: BLE001 - told below
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert len(found) == 6
        assert books.simulator.get("/books/grants")["refresh"] == before + 1

    def test_is_refreshed_before_it_ends_by_our_clock(self, books):
        before = books.simulator.get("/books/grants")["refresh"]
        books.house.later(MONDAY + timedelta(minutes=11))
        access_of(books).ask(books.port.administrations)
        assert books.simulator.get("/books/grants")["refresh"] == before + 1

    def test_that_was_taken_back_breaks_the_connection_which_can_be_taken_up_again(self, books):
        books.fetch()
        books.simulator.http.post("/_sim/books/revoke")
        fetch = books.state(books.fetch())
        assert (fetch.state, fetch.problem) == ("failed", "revoked")
        assert books.connection.state == "broken"
        with pytest.raises(NotConnected):
            access_of(books).ask(books.port.administrations)
        with books.open() as unit, pytest.raises(Conflict):
            ask_fetch(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
        assert books.connect() == books.connection_id
        assert books.state(books.fetch()).state == "done"
        assert books.house.one("SELECT count(*) FROM booked_invoice") == 150

    def test_whose_refresh_got_no_answer_ends_in_a_connection_to_renew(self, books):
        books.simulator.post("/books/expire")
        books.simulator.fault("exact", "lost", path="/token")
        fetch_id = books.fetch()
        assert books.state(fetch_id).state == "waiting"
        books.house.later(MONDAY + timedelta(minutes=3))
        assert books.state(fetch_id).problem == "revoked"
        assert books.connection.state == "broken"

    def test_is_sealed_at_rest_and_opens_nowhere_else(self, books):
        [row] = books.house.rows("SELECT sealed FROM bookkeeping_tokens")
        with books.open(Door.WORKER) as unit:
            held = unit.session.connection().execute(text("SELECT * FROM outbox")).all()
        opened = unseal(
            row.sealed, creditor_id=books.creditor_id, connection_id=books.connection_id,
            secret="development-only-secret-never-use-elsewhere",
        )  # fmt: skip
        assert opened.access.encode() not in bytes(row.sealed)
        assert opened.access not in str(held)
        for other in (
            {"creditor_id": new_id(), "connection_id": books.connection_id, "secret": "a"},
            {"creditor_id": books.creditor_id, "connection_id": new_id(), "secret": "a"},
            {"creditor_id": books.creditor_id, "connection_id": books.connection_id, "secret": "b"},
        ):
            with pytest.raises(Unsealable):
                unseal(seal(Tokens("x", "y"), creditor_id=books.creditor_id,
                            connection_id=books.connection_id, secret="a"), **other)  # fmt: skip

    def test_is_erased_with_what_was_fetched_when_it_is_disconnected(self, books):
        books.fetch()
        with books.open() as unit:
            disconnect(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
        for table in ("bookkeeping_tokens", "booked_customer", "booked_invoice"):
            assert books.house.one(f"SELECT count(*) FROM {table}") == 0
        with pytest.raises(NotConnected):
            access_of(books).ask(books.port.administrations)
        assert books.connect() != books.connection_id

    def test_is_never_logged(self, books, capsys, caplog):
        books.simulator.post("/books/expire")
        books.fetch()
        books.simulator.http.post("/_sim/books/revoke")
        books.fetch()
        [row] = books.house.rows("SELECT sealed FROM bookkeeping_tokens")
        opened = unseal(
            row.sealed, creditor_id=books.creditor_id, connection_id=books.connection_id,
            secret="development-only-secret-never-use-elsewhere",
        )  # fmt: skip
        told = "".join(capsys.readouterr()) + caplog.text
        assert opened.access not in told
        assert opened.refresh not in told


class TestConsent:
    def test_counts_once_for_the_session_that_asked_and_not_for_long(self, books):
        other = register(books.house.work, reference="ANDER", name="Ander B.V.")
        with books.house.open(Door.CREDITOR, other) as unit:
            state = begin_consent(unit, creditor_id=other, vendor="exact", session_sha256=SESSION)
        wrong = (
            {"creditor_id": other, "state": state, "session_sha256": "t" * 64},
            {"creditor_id": other, "state": "guess", "session_sha256": SESSION},
            {"creditor_id": other, "state": "", "session_sha256": SESSION},
            {"creditor_id": books.creditor_id, "state": state, "session_sha256": SESSION},
        )
        for attempt in wrong:
            with books.house.open(Door.CREDITOR, attempt["creditor_id"]) as unit, pytest.raises(Forbidden):
                take_consent(unit, vendor="exact", **attempt)
        right = {"creditor_id": other, "vendor": "exact", "state": state, "session_sha256": SESSION}
        with books.house.open(Door.CREDITOR, other) as unit:
            take_consent(unit, **right)
        with books.house.open(Door.CREDITOR, other) as unit, pytest.raises(Forbidden):
            take_consent(unit, **right)

    def test_of_a_quarter_of_an_hour_ago_is_too_late(self, books):
        other = register(books.house.work, reference="ANDER", name="Ander B.V.")
        with books.house.open(Door.CREDITOR, other) as unit:
            state = begin_consent(unit, creditor_id=other, vendor="exact", session_sha256=SESSION)
        books.house.later(MONDAY + timedelta(minutes=16))
        with books.house.open(Door.CREDITOR, other) as unit, pytest.raises(Forbidden):
            take_consent(unit, creditor_id=other, vendor="exact", state=state, session_sha256=SESSION)

    def test_is_not_asked_twice(self, books):
        with books.open() as unit, pytest.raises(Conflict):
            begin_consent(unit, creditor_id=books.creditor_id, vendor="exact", session_sha256=SESSION)


class TestTheWall:
    def test_keeps_creditors_apart_and_staff_out(self, books):
        books.fetch()
        other = register(books.house.work, reference="ANDER", name="Ander B.V.")
        for table in (
            "bookkeeping_connection", "bookkeeping_tokens", "bookkeeping_fetch", "booked_customer",
            "booked_invoice", "bookkeeping_handover", "booked_fall",
        ):  # fmt: skip
            with books.house.open(Door.CREDITOR, other) as unit:
                assert unit.session.connection().execute(text(f"SELECT * FROM {table}")).all() == []
            for door in (Door.STAFF, Door.GATE, Door.DEBTOR):
                with pytest.raises(ProgrammingError), books.house.open(door) as unit:
                    unit.session.connection().execute(text(f"SELECT * FROM {table}")).all()
