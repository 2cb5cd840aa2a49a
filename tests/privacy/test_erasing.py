"""Erasing: nobody is left in any table or file, nothing young goes, and the books stay true."""

from datetime import date, timedelta

import pytest
from sqlalchemy import create_engine, text

from agency.banking.proof import prove
from agency.kernel.audit import verify_chain
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Units
from agency.privacy import erasing_run
from agency.privacy.erasing_run import erase_some
from agency.privacy.models import RunState
from agency.privacy.runs import (
    RunNotOpen,
    SamePerson,
    approve_run,
    ask_run,
    items_of,
    propose_run,
    run_of,
    stop_run,
)
from integrations.storage.content_store import open_file_store
from portal.proving.sabotage import SUPERUSER
from portal.proving.seeded import seed
from tests.communication.correspondence import TUESDAY, Office, a_correspondent, queue
from tests.privacy.canaries import LONG_AGO, WORDS, Planted, born, found_in_files, found_in_tables

IN_ALL_TIME = LONG_AGO + timedelta(days=366 * 12)
AFTER_FILES = LONG_AGO + timedelta(days=366 * 6)


class Killed(BaseException):
    """What a worker's end looks like from inside: nothing catches it."""


@pytest.fixture
def superuser(run_servers, fresh_database):
    name = fresh_database[0].rsplit("/", 1)[1]
    engine = create_engine(run_servers.postgres.url(SUPERUSER, name))
    yield engine
    engine.dispose()


@pytest.fixture
def folder(data_folder):
    return data_folder / "files"


@pytest.fixture
def store(folder):
    return open_file_store(folder=folder, s3_url=None, production=False)


@pytest.fixture
def office(units, store) -> Office:
    return Office(units, files=store).open_up()


@pytest.fixture
def emptied_books(fresh_database):
    """A database without the house: the seed of books brings its own."""
    engine = create_engine(fresh_database[0])
    yield Units(engine)
    engine.dispose()


def closed(office: Office, key, *, at=LONG_AGO, state: str = "paid") -> None:
    with office.unit() as unit:
        unit.session.connection().execute(
            text("UPDATE claim SET state = :s, closed_at = :at, close_code = :s WHERE id = :i"),
            {"s": state, "at": at, "i": key[1]},
        )


def written_to(office: Office, count: int = 1, **values):
    """Claims of one creditor that were each written to once, and are paid."""
    found: list = []
    with office.unit() as unit:
        for place in range(count):
            whose = {"creditor_id": found[0][0]} if found else {}
            found.append(a_correspondent(unit, **{"name": f"Debiteur {place}", **whose, **values}))
            queue(unit, *found[-1])
    office.send()
    for key in found:
        closed(office, key)
    return found


def proposed(office: Office):
    with office.units.open(Door.WORKER, by="system:privacy.propose_erasing") as unit:
        return propose_run(unit)


def approved(office: Office):
    run_id = proposed(office)
    assert run_id is not None
    with office.units.open(Door.STAFF, by="user:anna") as unit:
        ask_run(unit, run_id=run_id)
    with office.units.open(Door.STAFF, by="user:bram") as unit:
        assert approve_run(unit, run_id=run_id)
    return run_id


def erased(office: Office, store):
    run_id = approved(office)
    while erase_some(office.units, store, run_id=run_id):
        pass
    return run_id


def value(office: Office, sql: str, **values):
    with office.unit() as unit:
        return unit.session.connection().execute(text(sql), values).scalar_one()


class TestNobodyIsLeft:
    def planted(self, office, superuser, store):
        [key] = written_to(office, email=WORDS[1], phone=WORDS[2], name=WORDS[0])
        debtor_id = value(office, "SELECT debtor_id FROM claim WHERE id = :i", i=key[1])
        planted = Planted(superuser, store, key[0], key[1], debtor_id)
        columns = planted.plant()
        return columns

    def test_in_any_column_of_any_table_nor_in_any_file(self, office, superuser, store, folder):
        columns = self.planted(office, superuser, store)
        before = found_in_tables(superuser)
        assert columns - before == set(), "the person was planted everywhere"
        assert len(found_in_files(folder)) > 10
        office.move_to(IN_ALL_TIME)
        run_id = erased(office, store)
        with office.unit() as unit:
            assert run_of(unit, run_id=run_id).state is RunState.DONE
            assert {one.state.value for one in items_of(unit, run_id=run_id)} == {"done"}
        assert found_in_tables(superuser) == set()
        assert found_in_files(folder) == set()
        assert born(superuser) == []

    def test_a_table_that_is_left_out_is_noticed(self, office, superuser, store, monkeypatch):
        self.planted(office, superuser, store)
        left = [one for one in erasing_run.CLAIM_SPOTS if one.table != "note"]
        monkeypatch.setattr(erasing_run, "CLAIM_SPOTS", tuple(left))
        office.move_to(IN_ALL_TIME)
        erased(office, store)
        assert found_in_tables(superuser) == {("note", "text")}

    def test_before_the_books_are_over_only_they_still_name_him(self, office, superuser, store):
        self.planted(office, superuser, store)
        office.move_to(AFTER_FILES)
        erased(office, store)
        assert {table for table, _ in found_in_tables(superuser)} == {
            "bank_line", "bank_notice", "bank_statement", "direct_debit_file", "held_payment",
            "ledger_transaction", "payer_decision", "refund", "refund_account", "remittance_file",
            "sepa_mandate", "suspense_case", "suspense_note",
        }  # fmt: skip


SUMS = (
    "SELECT md5(string_agg(concat(account, amount_minor, claim_id), ',' ORDER BY transaction_id, line))"
    " FROM ledger_entry"
)


class TestBooksStayTrue:
    def test_the_proof_is_green_and_the_chain_of_the_audit_holds(self, emptied_books, store, superuser):
        office = Office(emptied_books, files=store)
        seed(office.units)
        before = value(office, SUMS)
        with office.unit() as unit:
            claims = unit.session.connection().execute(text("SELECT creditor_id, id FROM claim")).all()
        for key in claims:
            closed(office, key)
        office.move_to(IN_ALL_TIME)
        run_id = erased(office, store)
        with office.unit() as unit:
            states = {one.label: one.state.value for one in items_of(unit, run_id=run_id)}
        assert states["books"] == "done"
        assert len([one for one in states.values() if one == "done"]) >= len(claims)
        assert value(office, SUMS) == before
        assert value(office, "SELECT count(*) FROM bank_line WHERE text <> '' AND state <> 'suspense'") == 0
        assert value(office, "SELECT count(*) FROM bank_line WHERE text <> ''") == 2, "money without an owner"
        with office.units.open(Door.STAFF, by="system:test") as unit:
            checks = prove(unit, on=unit.today, everything=True).checks
            assert [check for check in checks if not check["holds"]] == []
            creditors = unit.session.connection().execute(text("SELECT id FROM creditor")).scalars().all()
            assert HOUSE in creditors
            assert {verify_chain(unit, creditor_id=one).broken_at for one in creditors} == {None}
