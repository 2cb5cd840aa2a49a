"""Erasing: nobody is left in any table or file, nothing young goes, and the books stay true."""

import hashlib
import itertools
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from agency.banking.proof import prove
from agency.calendar.months import add_months
from agency.claims.states import ClaimState
from agency.kernel.audit import verify_chain
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Units
from agency.privacy import erasing_run
from agency.privacy.erasing_run import certificate_bytes, erase_some
from agency.privacy.jobs import erase_later
from agency.privacy.legal_holds import LiftedByOne, ask_lifting, lift_legal_hold, place_legal_hold
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
from agency.privacy.standing_of_claims import claims_over, standing_of
from agency.rules.retention import Verdict
from integrations.storage.content_store import open_file_store
from portal.proving.sabotage import SUPERUSER
from portal.proving.seeded import seed
from tests.communication.correspondence import Office, a_correspondent, queue
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
        return planted.plant()

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


class TestGoingOn:
    def test_a_worker_may_end_after_any_step_and_the_next_one_goes_on(self, office, store, monkeypatch):
        """Every commit and every file is once the last thing that a worker does."""
        written_to(office, 3)
        office.move_to(AFTER_FILES)
        run_id = approved(office)
        deaths = 0
        for place in itertools.count(1):
            left = itertools.count(1)
            real = Units.open

            @contextmanager
            def dying(self, *args, left=left, place=place, real=real, **kwargs):
                with real(self, *args, **kwargs) as unit:
                    yield unit
                if next(left) == place:
                    raise Killed

            with monkeypatch.context() as patch:
                patch.setattr(Units, "open", dying)
                try:
                    more = erase_some(office.units, store, run_id=run_id)
                except Killed:
                    deaths += 1
                    continue
            assert more is False
            break
        assert deaths > 3
        with office.unit() as unit:
            run = run_of(unit, run_id=run_id)
            assert (run.state, run.done, run.skipped) == (RunState.DONE, run.items, 0)
        assert value(office, "SELECT count(*) FROM claim WHERE erased_at IS NULL") == 0
        assert value(office, "SELECT count(*) FROM erased_file WHERE erased_at IS NULL") == 0
        assert value(office, "SELECT count(*) FROM audit_entry WHERE action = 'claim.erased'") == 3
        assert value(office, "SELECT count(*) FROM audit_entry WHERE action = 'erasure.ended'") == 1

    def test_one_that_ends_before_its_commit_leaves_the_item_whole(self, office, store, monkeypatch):
        [key] = written_to(office)
        office.move_to(AFTER_FILES)
        run_id = approved(office)

        def die(*args, **kwargs):
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(erasing_run, "record", die)
            with pytest.raises(Killed):
                erase_some(office.units, store, run_id=run_id)
        assert value(office, "SELECT erased_at FROM claim WHERE id = :i", i=key[1]) is None
        assert value(office, "SELECT name FROM debtor d JOIN claim c ON c.debtor_id = d.id") == "Debiteur 0"

    def test_cancelling_stops_after_the_present_item_and_is_certified(self, office, store, monkeypatch):
        written_to(office, 2)
        office.move_to(AFTER_FILES)
        run_id = approved(office)
        monkeypatch.setattr(erasing_run, "ITEMS_A_JOB", 1)
        while value(office, "SELECT count(*) FROM claim WHERE erased_at IS NOT NULL") == 0:
            assert erase_some(office.units, store, run_id=run_id)
        with office.units.open(Door.STAFF, by="user:anna") as unit:
            stop_run(unit, run_id=run_id, why="Verkeerde lijst")
        assert erase_some(office.units, store, run_id=run_id) is False
        with office.unit() as unit:
            run = run_of(unit, run_id=run_id)
        assert (run.state, bool(run.sha256)) == (RunState.CANCELLED, True)
        assert value(office, "SELECT count(*) FROM claim WHERE erased_at IS NULL") == 1

    def test_the_job_goes_on_by_itself_and_the_certificate_is_in_the_chain(self, office, store, monkeypatch):
        monkeypatch.setattr(erasing_run, "ITEMS_A_JOB", 1)
        written_to(office, 2)
        office.move_to(AFTER_FILES)
        run_id = approved(office)
        with office.units.open(Door.STAFF, by="user:bram") as unit:
            erase_later(unit, run_id=run_id)
        office.react()
        with office.unit() as unit:
            run = run_of(unit, run_id=run_id)
            content = certificate_bytes(run.certificate)
        assert run.state is RunState.DONE
        assert hashlib.sha256(content).hexdigest() == run.sha256
        told = value(office, "SELECT facts ->> 'certificate' FROM audit_entry WHERE action = 'erasure.ended'")
        assert told == run.sha256
        assert len(run.certificate["files_sha256"]) == 2
        assert b"Debiteur" not in content


class TestTwoPeople:
    def test_who_asked_may_not_approve(self, office):
        written_to(office)
        office.move_to(AFTER_FILES)
        run_id = proposed(office)
        with office.units.open(Door.STAFF, by="user:anna") as unit:
            ask_run(unit, run_id=run_id)
            with pytest.raises(SamePerson):
                approve_run(unit, run_id=run_id)
        with office.units.open(Door.STAFF, by="user:bram") as unit:
            assert approve_run(unit, run_id=run_id) is True
            assert approve_run(unit, run_id=run_id) is False, "pressed twice"
        with office.units.open(Door.STAFF, by="user:carla") as unit, pytest.raises(RunNotOpen):
            approve_run(unit, run_id=run_id)

    def test_the_database_refuses_one_alone(self, office, superuser):
        written_to(office)
        office.move_to(AFTER_FILES)
        proposed(office)
        with pytest.raises(IntegrityError, match="second_person"), superuser.begin() as connection:
            connection.execute(text("UPDATE erasure_run SET asked_by = 'user:a', approved_by = 'user:a'"))

    def test_tomorrows_list_overtakes_one_that_nobody_asked_for(self, office):
        written_to(office)
        office.move_to(AFTER_FILES)
        first, second = proposed(office), proposed(office)
        with office.unit() as unit:
            assert run_of(unit, run_id=first).state is RunState.OVERTAKEN
        with office.units.open(Door.STAFF, by="user:anna") as unit:
            ask_run(unit, run_id=second)
        assert proposed(office) is None, "a list that waits for approval stays as it was looked at"


class TestWhatStandsInTheWay:
    def hold(self, office, key, *, whole: bool = False, **more):
        debtor = value(office, "SELECT debtor_id FROM claim WHERE id = :i", i=key[1])
        with office.units.open(Door.STAFF, by="user:anna") as unit:
            return place_legal_hold(
                unit, creditor_id=key[0], debtor_id=debtor, claim_id=None if whole else key[1],
                ground="Procedure bij de rechtbank Utrecht", **{"until": None, **more},
            )  # fmt: skip

    @pytest.mark.parametrize("whole", [False, True])
    def test_a_legal_hold_keeps_a_claim_out_of_the_list_until_two_people_lift_it(self, office, whole):
        [key] = written_to(office)
        hold_id = self.hold(office, key, whole=whole)
        office.move_to(AFTER_FILES)
        assert claim_labels(office) == set()
        with office.units.open(Door.STAFF, by="user:bram") as unit:
            ask_lifting(unit, creditor_id=key[0], hold_id=hold_id, why="Vonnis is er")
            with pytest.raises(LiftedByOne):
                lift_legal_hold(unit, creditor_id=key[0], hold_id=hold_id)
        assert claim_labels(office) == set()
        with office.units.open(Door.STAFF, by="user:carla") as unit:
            lift_legal_hold(unit, creditor_id=key[0], hold_id=hold_id)
        assert len(claim_labels(office)) == 1

    def test_one_placed_after_the_approval_still_stops_it(self, office, store):
        [key] = written_to(office)
        office.move_to(AFTER_FILES)
        run_id = approved(office)
        self.hold(office, key)
        while erase_some(office.units, store, run_id=run_id):
            pass
        with office.unit() as unit:
            [item] = [one for one in items_of(unit, run_id=run_id) if one.claim_id]
        assert item.state.value == "skipped"
        assert item.why[-1]["outcome"] == "retention.held_legal_hold"
        assert value(office, "SELECT erased_at FROM claim WHERE id = :i", i=key[1]) is None

    def test_the_database_stops_it_when_the_code_does_not_look(self, office, store, monkeypatch):
        [key] = written_to(office)
        office.move_to(AFTER_FILES)
        run_id = approved(office)
        self.hold(office, key)
        real = erasing_run.standing_of

        def blind(unit, **asked):
            found = real(unit, **asked)
            return replace(found, decision=replace(found.decision, verdict=Verdict.DUE))

        monkeypatch.setattr(erasing_run, "standing_of", blind)
        while erase_some(office.units, store, run_id=run_id):
            pass
        assert value(office, "SELECT erased_at FROM claim WHERE id = :i", i=key[1]) is None
        assert value(office, "SELECT count(*) FROM erasure_item WHERE state = 'skipped'") == 1

    @pytest.mark.parametrize(
        ("sql", "obstacle"),
        [
            ("INSERT INTO dispute (creditor_id, id, claim_id, status, reason, text, disputed_minor,"
             " raised_at, raised_by) VALUES (:c, gen_random_uuid(), :i, 'raised', 'other', '', 1, app.now(),"
             " 'x')",
             "dispute"),
            ("INSERT INTO hold (creditor_id, id, claim_id, ground, note, by, starts_at, facts) VALUES"
             " (:c, gen_random_uuid(), :i, 'complaint', '', 'x', app.now(), '{}')", "complaint"),
            ("INSERT INTO settlement (creditor_id, id, claim_id, owed_minor, amount_minor, currency, pay_by,"
             " grace_days, state, why, known_payments, offered_at, offered_by) VALUES (:c,"
             " gen_random_uuid(), :i, 2, 1, 'EUR', '2026-12-31', 1, 'open', '', '[]', app.now(), 'x')",
             "plan"),
            ("UPDATE claim SET state = 'closed', due_on = CAST(app.now() AS date) WHERE id = :i", "title"),
        ],
    )  # fmt: skip
    def test_an_open_matter_holds_by_itself(self, office, sql, obstacle):
        [key] = written_to(office)
        office.move_to(AFTER_FILES)
        with office.unit() as unit:
            unit.session.connection().execute(text(sql), {"c": key[0], "i": key[1]})
            found = standing_of(unit, creditor_id=key[0], claim_id=key[1], on=unit.today)
        assert [str(one) for one in found.decision.obstacles] == [obstacle]
        assert claim_labels(office) == set()

    def test_a_person_with_a_younger_claim_keeps_his_record_and_loses_the_old_texts(self, office, store):
        old, young = written_to(office, 2)
        with office.unit() as unit:
            unit.session.connection().execute(
                text(
                    "UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = :o) WHERE id = :y"
                ),
                {"o": old[1], "y": young[1]},
            )
        closed(office, young, at=AFTER_FILES - timedelta(days=30))
        office.move_to(AFTER_FILES)
        erased(office, store)
        name = "SELECT d.name FROM debtor d JOIN claim c ON c.debtor_id = d.id WHERE c.id = :i"
        assert value(office, name, i=young[1]) == "Debiteur 0"
        assert (
            value(office, "SELECT count(*) FROM message WHERE claim_id = :i AND to_value <> ''", i=old[1])
            == 0
        )
        assert (
            value(office, "SELECT count(*) FROM message WHERE claim_id = :i AND to_value <> ''", i=young[1])
            == 1
        )


class TestTheDoor:
    def test_who_calls_himself_the_eraser_finds_nothing(self, office):
        [key] = written_to(office)
        with office.units.open(Door.ERASER, by="x", creditor_id=key[0], claim_id=key[1]) as unit:
            changed = unit.session.connection().execute(text("UPDATE claim SET description = 'gone'"))
            assert changed.rowcount == 0

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE ledger_entry SET amount_minor = 1",
            "UPDATE audit_entry SET facts = '{}'",
            "UPDATE event SET kind = 'x'",
            "UPDATE claim SET principal_minor = 1",
            "UPDATE payment SET amount_minor = 1",
            "DELETE FROM message",
            "INSERT INTO erasure_run DEFAULT VALUES",
            "UPDATE erasure_run SET state = 'running'",
        ],
    )
    def test_it_may_touch_nothing_that_is_not_personal(self, office, sql):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            office.units.open(Door.ERASER, by="x") as unit,
        ):
            unit.session.connection().execute(text(sql))

    def test_within_an_item_only_its_claim_is_there(self, office):
        one, other = written_to(office, 2)
        office.move_to(AFTER_FILES)
        run_id = approved(office)
        with office.unit() as unit:
            [item] = [x for x in items_of(unit, run_id=run_id) if x.claim_id == one[1]]
            with erasing_run._through_the_door(unit, item):
                seen = unit.session.connection().execute(text("SELECT id FROM claim")).scalars().all()
        assert seen == [one[1]]
        assert other[1] not in seen


class TestNothingYoung:
    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        ages=st.lists(st.integers(0, 4_000), min_size=1, max_size=6),
        states=st.lists(st.sampled_from(["paid", "closed", "withdrawn", "active"]), min_size=6, max_size=6),
    )
    def test_goes_into_a_list_whatever_was_closed_when(self, office, ages, states):
        keys = self.claims(office)
        with office.unit() as unit:
            for key, age, state in zip(keys, ages, states, strict=False):
                at = None if state == "active" else unit.now - timedelta(days=age)
                unit.session.connection().execute(
                    text("UPDATE claim SET state = :s, closed_at = :at WHERE id = :i"),
                    {"s": state, "at": at, "i": key[1]},
                )
            listed = claims_over(unit, on=unit.today, limit=100)
            for one in listed:
                if one.decision.verdict is Verdict.DUE:
                    assert one.begun is not None
                    assert one.state is not ClaimState.ACTIVE
                    assert add_months(one.begun, 24) <= unit.today
                    assert one.decision.due_on <= unit.today

    def claims(self, office):
        with office.unit() as unit:
            found = (
                unit.session.connection().execute(text("SELECT creditor_id, id FROM claim ORDER BY id")).all()
            )
            if found:
                return found
            for _ in range(6):
                a_correspondent(unit)
        office.move_to(IN_ALL_TIME)
        return self.claims(office)


def claim_labels(office) -> set[str]:
    run_id = proposed(office)
    if run_id is None:
        return set()
    with office.unit() as unit:
        return {one.label for one in items_of(unit, run_id=run_id) if one.claim_id}


class TestBooksStayTrue:
    def test_the_proof_is_green_and_the_chain_of_the_audit_holds(self, emptied_books, store, superuser):
        office = Office(emptied_books, files=store)
        seed(office.units)
        before = value(office, SUMS)
        with office.unit() as unit:
            claims = unit.session.connection().execute(text("SELECT creditor_id, id FROM claim")).all()
        for key in claims:
            closed(office, key, state="withdrawn")
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
            red = [(c["key"], c["left_label"], c["left"], c["right"]) for c in checks if not c["holds"]]
            assert red == [("P5", "lines that wait in suspense too long", 2, 0)], "as before"
            creditors = unit.session.connection().execute(text("SELECT id FROM creditor")).scalars().all()
            assert HOUSE in creditors
            assert {verify_chain(unit, creditor_id=one).broken_at for one in creditors} == {None}
