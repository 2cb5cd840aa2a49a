"""What was read from creditors' books goes in time, and does not come back because they still list it."""

from datetime import timedelta

import pytest

from agency.bookkeeping.connecting import disconnect
from agency.kernel.unit import Door
from agency.privacy.erasing_run import erase_some
from agency.privacy.runs import approve_run, ask_run, kinds_over, propose_run
from agency.rules.retention import Kind
from tests.agency_at_work import at_moment
from tests.bookkeeping.books import Books
from tests.known_before import MONDAY


@pytest.fixture
def books(house, simulator) -> Books:
    found = Books(house, simulator)
    found.line(20000001, "100.10")
    found.line(20000002, "50.00", customer="K2", name="Jan de Boer")
    found.fetch()
    return found


def erase(books) -> bool:
    """Two people have everything erased that is due; whether anything was."""
    work = books.house.work
    with work.units.open(Door.WORKER, by="system:privacy.propose_erasing") as unit:
        run_id = propose_run(unit)
    if run_id is None:
        return False
    with work.units.open(Door.STAFF, by="user:anna") as unit:
        ask_run(unit, run_id=run_id)
    with work.units.open(Door.STAFF, by="user:bram") as unit:
        approve_run(unit, run_id=run_id)
    while erase_some(work.units, work.ports.files, run_id=run_id):
        pass
    return True


def kept(books) -> tuple[int, int]:
    """How many invoices and customers are kept."""
    one = books.house.one
    return one("SELECT count(*) FROM booked_invoice"), one("SELECT count(*) FROM booked_customer")


class TestALongUnreadList:
    def test_goes_after_its_term_and_not_before(self, books):
        at_moment(books.house.work, MONDAY + timedelta(days=80))
        erase(books)
        assert kept(books) == (2, 2)
        at_moment(books.house.work, MONDAY + timedelta(days=100))
        assert erase(books)
        assert kept(books) == (0, 0)

    def test_is_counted_by_people_who_may_not_read_it(self, books):
        at_moment(books.house.work, MONDAY + timedelta(days=100))
        with books.house.work.units.open(Door.STAFF, by="user:anna") as unit:
            due = {one.kind: one.rows for one in kinds_over(unit, on=unit.today)}
        assert due[Kind.BOOKKEEPING_LIST] == 2, "customers are counted once their invoices are gone"

    def test_stays_while_it_is_being_read(self, books):
        books.house.rows(
            "INSERT INTO bookkeeping_fetch SELECT (jsonb_populate_record(f, jsonb_build_object("
            "'id', gen_random_uuid(), 'state', 'waiting'))).* FROM bookkeeping_fetch f RETURNING id"
        )
        at_moment(books.house.work, MONDAY + timedelta(days=100))
        erase(books)
        assert kept(books) == (2, 2)


class TestWhatBecameAClaim:
    def test_goes_with_its_file_and_does_not_come_back(self, books):
        books.hand_over(20000001)
        at_moment(books.house.work, MONDAY + timedelta(days=400))
        assert erase(books)
        [row] = books.house.rows("SELECT * FROM booked_invoice")
        assert (row.customer_name, row.customer_ref, row.credits) == ("", "", "")
        assert row.number.startswith("erased-")
        assert row.claim_id is not None
        books.fetch()
        numbers = {one.number for one in books.house.rows("SELECT number FROM booked_invoice")}
        assert numbers == {row.number, "20000002"}, "the other one is still open in the books"
        assert [one.name for one in books.house.rows("SELECT name FROM booked_customer")] == ["Jan de Boer"]

    def test_leaves_a_customer_who_has_other_invoices(self, books):
        books.line(20000003, "70.00")
        books.fetch()
        books.hand_over(20000001)
        books.house.rows("UPDATE claim SET created_at = created_at - interval '400 days' RETURNING id")
        books.house.rows("UPDATE quote SET expires_at = app.now() RETURNING id")
        assert erase(books)
        assert books.house.one("SELECT count(*) FROM claim WHERE erased_at IS NOT NULL") == 1
        assert kept(books) == (3, 2)


def test_all_of_it_goes_when_the_connection_is_ended(books):
    books.hand_over(20000001)
    with books.open() as unit:
        disconnect(unit, creditor_id=books.creditor_id, connection_id=books.connection_id)
    assert kept(books) == (1, 0), "the invoice of a claim stays with its file"
    assert books.house.one("SELECT count(*) FROM bookkeeping_tokens") == 0
    assert books.house.one("SELECT count(*) FROM bookkeeping_fetch WHERE cursor <> ''") == 0
