"""What only an earlier proof can tell is set aside by two people, exactly as they saw it, and never more."""

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import select

from agency.banking.models import ProofAside, ProofRun
from agency.banking.proof import (
    accept_aside,
    latest_proof,
    only_earlier,
    payouts_blocked,
    propose_aside,
    prove,
    refuse_aside,
)
from agency.banking.proof.setting_aside import (
    DecidedBefore,
    FoundOtherwise,
    NoReason,
    NothingToSetAside,
    NotTheSecondPerson,
)
from agency.kernel.unit import Door, Units
from portal.local.postgres import APPLICATION
from portal.proving import sabotage as saboteur
from portal.proving.kinds import KINDS
from portal.proving.sabotage import SUPERUSER

EARLIER = (
    "a transaction deleted with all its entries",
    "a transaction booked back into a closed month",
    "the last entry of the audit log deleted",
    "a creditor's account changed past its approvals",
)
WHY = "restored from the copy of 12:00; five minutes were lost and typed in again"
# A payment that a restore lost together with its booking, so that no other row misses it.
_PAYMENT_LOST = (
    "CREATE TEMP TABLE lost ON COMMIT DROP AS SELECT creditor_id, id, transaction_id, source || ':' ||"
    " source_key AS key FROM payment ORDER BY id DESC LIMIT 1",
    "DELETE FROM payment p USING lost l WHERE p.id = l.id",
    "DELETE FROM ledger_entry e USING ledger_transaction t, lost l WHERE e.transaction_id = t.id"
    " AND t.creditor_id = l.creditor_id AND t.source_key = l.key",
    "DELETE FROM ledger_transaction t USING lost l WHERE t.creditor_id = l.creditor_id"
    " AND t.source_key = l.key",
)


@pytest.fixture
def books(run_servers, fresh_database):
    """Seeded, proven books, and a hand with every right over them."""
    name = fresh_database[0].rsplit("/", 1)[1]
    postgres = run_servers.postgres
    engine, forger = (
        create_engine(
            postgres.url(role, name), poolclass=NullPool, connect_args={"options": "-c timezone=UTC"}
        )
        for role in (APPLICATION, SUPERUSER)
    )
    units = Units(engine)
    saboteur.seed(units)
    assert proven(units) == []
    return units, forger


def forge(forger, *statements: str) -> None:
    with forger.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def kind(name: str) -> tuple[str, ...]:
    return next(one.statements for one in KINDS if one.name == name)


def staff(units: Units, by: str = "user:ann"):
    return units.open(Door.STAFF, by=by)


def proven(units: Units, *, everything: bool = False) -> list[str]:
    with staff(units) as unit:
        run = prove(unit, on=unit.today, everything=everything)
        return [check["left_label"] for check in run.checks if not check["holds"]]


def proposed(units: Units):
    proven(units)
    with staff(units) as unit:
        return propose_aside(unit, run_id=latest_proof(unit).id, reason=WHY).id


@pytest.mark.parametrize("name", EARLIER)
def test_what_two_people_set_aside_is_found_no_more(books, name):
    units, forger = books
    forge(forger, *kind(name))
    aside_id = proposed(units)
    with staff(units) as unit:
        looked = only_earlier(latest_proof(unit))
        assert looked
    with staff(units, "user:bob") as unit:
        first = accept_aside(unit, aside_id=aside_id)
        assert (first.green, first.aside_id) == (True, aside_id)
        assert payouts_blocked(unit) == ""
    assert proven(units) == [] == proven(units, everything=True)
    with staff(units) as unit:
        aside = unit.session.exec(select(ProofAside)).one()
        assert (aside.asked_by, aside.decided_by, aside.reason) == ("user:ann", "user:bob", WHY)
        assert aside.checks == looked
        [red] = [run for run in unit.session.exec(select(ProofRun)) if run.id == aside.run_id]
        assert only_earlier(red) == looked  # the stored proof stays as red as it was


@pytest.mark.parametrize("name", EARLIER)
def test_afterwards_the_same_is_found_again(books, name):
    """Setting aside gives no licence: the next transaction that vanishes is missed as the first was."""
    units, forger = books
    forge(forger, *kind(name))
    aside_id = proposed(units)
    with staff(units, "user:bob") as unit:
        accept_aside(unit, aside_id=aside_id)
    again = tuple(one.replace("NL20INGB0001234567", "NL02ABNA0123456789") for one in kind(name))
    forge(forger, *again)
    red = proven(units)
    assert red
    assert proven(units) == red


def test_the_links_of_the_decision_are_themselves_missed_when_cut_off(books):
    units, forger = books
    forge(forger, *kind("the last entry of the audit log deleted"))
    aside_id = proposed(units)
    with staff(units, "user:bob") as unit:
        accept_aside(unit, aside_id=aside_id)
    forge(
        forger,
        "DELETE FROM audit_entry WHERE action = 'proof.aside_accepted'",
    )
    assert "audit chains whose end the last proof saw is gone" in proven(units)


def test_a_payment_that_is_gone_stays_missed_also_at_night(books):
    """Comparing every row must not make a loss the new truth."""
    units, forger = books
    forge(forger, *_PAYMENT_LOST)
    label = "payments of the last proof that are still there"
    assert label in proven(units)
    assert label in proven(units, everything=True)
    assert label in proven(units)


def test_what_the_loss_left_without_its_other_side_is_shown_at_once(books):
    """A claim whose opening is gone differs from its ledger: that is mended, not set aside."""
    units, forger = books
    forge(
        forger,
        "CREATE TEMP TABLE lost ON COMMIT DROP AS SELECT creditor_id, id FROM ledger_transaction"
        " WHERE kind = 'opening' AND book = 'claims' ORDER BY id LIMIT 1",
        "DELETE FROM ledger_entry e USING lost l WHERE e.creditor_id = l.creditor_id"
        " AND e.transaction_id = l.id",
        "DELETE FROM ledger_transaction t USING lost l WHERE t.creditor_id = l.creditor_id AND t.id = l.id",
    )
    aside_id = proposed(units)
    with staff(units, "user:bob") as unit:
        first = accept_aside(unit, aside_id=aside_id)
        red = [check["left_label"] for check in first.checks if not check["holds"]]
        assert red == [
            "messages that stated another amount than was owed",
            "claims whose state or amount the ledger contradicts",
        ]


class TestOnlyWhatWasLookedAt:
    @pytest.mark.parametrize(
        ("name", "more"),
        [
            # One figure changes.
            (EARLIER[0], EARLIER[0]),
            # The figure stays 1, another transaction was moved too.
            (
                EARLIER[1],
                "UPDATE ledger_transaction SET booked_on = booked_on - 3, at = at - interval '3 days'"
                " WHERE id = (SELECT id FROM ledger_transaction ORDER BY id DESC LIMIT 1)",
            ),
            # The chain that was cut is cut further, below what the earlier proof saw of it.
            (
                EARLIER[2],
                "DELETE FROM audit_entry WHERE (creditor_id, seq) IN (SELECT creditor_id, max(seq)"
                " FROM audit_entry GROUP BY creditor_id HAVING max(seq) > 1)",
            ),
            # The account is changed once more.
            (
                EARLIER[3],
                "UPDATE creditor SET iban = 'NL02ABNA0123456789' WHERE id IN (SELECT (row->>'id')::uuid"
                " FROM proof_aside, jsonb_array_elements(checks) AS c,"
                " jsonb_array_elements(c->'rows') AS row)",
            ),
        ],
    )
    def test_what_changed_between_looking_and_accepting_is_refused(self, books, name, more):
        units, forger = books
        forge(forger, *kind(name))
        aside_id = proposed(units)
        forge(forger, *(kind(more) if more in EARLIER else (more,)))
        with staff(units, "user:bob") as unit, pytest.raises(FoundOtherwise, match="propose anew"):
            accept_aside(unit, aside_id=aside_id)
        assert proven(units)

    def test_ordinary_work_in_between_changes_nothing(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        aside_id = proposed(units)
        with staff(units) as unit:
            refused_before = unit.now
        assert proven(units)
        with staff(units, "user:bob") as unit:
            assert accept_aside(unit, aside_id=aside_id).at >= refused_before

    def test_what_the_books_tell_by_themselves_is_never_set_aside(self, books):
        units, forger = books
        forge(forger, *kind("the amount of a bank line edited"))
        proven(units)
        with staff(units) as unit, pytest.raises(NothingToSetAside):
            propose_aside(unit, run_id=latest_proof(unit).id, reason=WHY)

    def test_other_red_checks_stay_red(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]), *kind("the amount of a bank line edited"))
        aside_id = proposed(units)
        with staff(units, "user:bob") as unit:
            run = accept_aside(unit, aside_id=aside_id)
            assert not run.green
            assert not only_earlier(run)
            assert "P4" in payouts_blocked(unit)

    def test_a_proof_of_before_is_not_proposed_when_a_later_one_found_something_else(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        proven(units)
        with staff(units) as unit:
            looked = latest_proof(unit).id
        forge(forger, *kind(EARLIER[2]))
        proven(units)
        with staff(units) as unit, pytest.raises(FoundOtherwise):
            propose_aside(unit, run_id=looked, reason=WHY)


class TestFourEyes:
    def test_the_proposer_does_not_accept(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        aside_id = proposed(units)
        with staff(units) as unit, pytest.raises(NotTheSecondPerson):
            accept_aside(unit, aside_id=aside_id)
        with pytest.raises(IntegrityError, match="second_person"), staff(units) as unit:
            unit.session.connection().execute(
                text("UPDATE proof_aside SET state = 'accepted', decided_at = now(), decided_by = asked_by")
            )

    def test_twice_is_once(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        aside_id = proposed(units)
        with staff(units) as unit:
            run = unit.session.exec(select(ProofAside.run_id)).one()
            assert propose_aside(unit, run_id=run, reason=WHY).id == aside_id
        with staff(units, "user:cas") as unit, pytest.raises(NothingToSetAside, match="waits already"):
            propose_aside(unit, run_id=run, reason=WHY)
        with staff(units, "user:bob") as unit:
            accept_aside(unit, aside_id=aside_id)
        for decide in (
            lambda unit: accept_aside(unit, aside_id=aside_id),
            lambda unit: refuse_aside(unit, aside_id=aside_id, why="no"),
        ):
            with staff(units, "user:cas") as unit, pytest.raises(DecidedBefore):
                decide(unit)

    def test_refused_it_stays_red_and_may_be_proposed_anew(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        aside_id = proposed(units)
        with staff(units, "user:bob") as unit, pytest.raises(NoReason):
            refuse_aside(unit, aside_id=aside_id, why="  ")
        with staff(units, "user:bob") as unit:
            refuse_aside(unit, aside_id=aside_id, why="nobody restored anything")
        assert proven(units)
        assert proposed(units) != aside_id

    def test_what_was_decided_never_changes(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        aside_id = proposed(units)
        with staff(units, "user:bob") as unit:
            accept_aside(unit, aside_id=aside_id)
        for change in (
            "UPDATE proof_aside SET reason = 'x'",
            "DELETE FROM proof_aside",
            "UPDATE proof_run SET green = true",
        ):
            with pytest.raises(DatabaseError), forger.begin() as connection:
                connection.execute(text(change))

    def test_a_proof_that_began_before_does_not_bring_it_back(self, books):
        """Its memory is of before: it comes later, and counts no more."""
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        aside_id = proposed(units)
        with staff(units, "user:bob") as unit:
            accept_aside(unit, aside_id=aside_id)
        with staff(units) as unit:
            old = unit.session.exec(select(ProofRun).where(ProofRun.present != {})).first()
            unit.session.add(
                ProofRun(at=unit.now, on=unit.today, green=False, checks=old.checks, seen=old.seen)
            )
        assert proven(units) == []

    def test_a_decision_that_was_written_past_the_door_makes_nothing_forgotten(self, books):
        units, forger = books
        forge(forger, *kind(EARLIER[0]))
        red = proven(units)
        assert red
        forge(
            forger,
            "INSERT INTO proof_aside (id, run_id, checks, reason, asked_at, asked_by, state, decided_at,"
            " decided_by, refusal) SELECT uuidv7(), id, '[]', 'x', now(), 'user:ann', 'accepted', now(),"
            " 'user:bob', '' FROM proof_run LIMIT 1",
        )
        assert proven(units) == red == proven(units)


def test_what_an_older_release_added_up_otherwise_is_no_finding(books):
    units, _ = books
    with staff(units) as unit:
        seen = {name: value for name, value in latest_proof(unit).seen.items() if name != "facts"}
        unit.session.add(
            ProofRun(at=unit.now, on=unit.today, green=True, checks=[], seen=seen | {"said": "1"})
        )
    assert proven(units) == []
