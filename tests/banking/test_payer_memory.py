"""What people decide about payers counts next time: a yes, a no, and what was taken back no more."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.banking.matching import match_lines
from agency.banking.options import options_of
from agency.banking.payer_memory import payer_of, what_is_known
from agency.banking.suspense import (
    Part,
    UnableToSettleLine,
    refuse_proposals,
    settle_line,
    split_line,
    suspense_item,
    take_back_refusal,
    undo_line,
)
from agency.claims.models import Claim
from agency.kernel.unit import Door, Unit
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.parties.models import Debtor
from tests.banking.test_importing import a_line, a_statement, import_
from tests.made import a_claim, a_creditor

PAYER = "NL91ABNA0417164300"


@pytest.fixture
def staff(units) -> Iterator[Unit]:
    with units.open(Door.STAFF, by="user:ann") as unit:
        yield unit


@pytest.fixture
def creditor(staff) -> UUID:
    return a_creditor(staff)


def a_debt(unit: Unit, creditor: UUID, minor: int = 10_000, *, name: str = "") -> tuple[UUID, UUID]:
    claim = a_claim(unit, creditor_id=creditor, invoices=[(minor, unit.today)])
    row = unit.session.get_one(Claim, (creditor, claim))
    debtor = unit.session.get_one(Debtor, (creditor, row.debtor_id))
    if name:
        debtor.name, debtor.name_key = name, name.lower()
        unit.session.add(debtor)
        unit.session.flush()
    return creditor, claim


def arrives(unit: Unit, key: str, minor: int, **said) -> tuple[UUID, str]:
    """A line comes in and is looked at; its id and what became of it."""
    line = a_line(key, minor, on=unit.today, **({"counterparty_iban": PAYER, "text": key} | said))
    import_(unit, a_statement(f"s{key}", (line,), opening=0, on=unit.today))
    match_lines(unit)
    row = unit.session.connection().execute(
        text("SELECT id, state FROM bank_line WHERE line_key LIKE :key || '%'"), {"key": key}
    )
    found = row.one()
    return found.id, found.state


def known_of(unit: Unit, iban: str = PAYER, name: str = ""):
    payer = payer_of(iban, name)
    return what_is_known(unit, [payer])[payer]


class TestTeaching:
    def test_a_line_settled_by_a_person_lets_the_next_of_that_account_book_itself(self, staff, creditor):
        first, second = a_debt(staff, creditor), a_debt(staff, creditor, 7_700)
        line, state = arrives(staff, "a", 10_000)
        assert state == "suspense"
        settle_line(staff, line_id=line, creditor_id=first[0], claim_id=first[1])
        with_more = staff.session.get_one(Claim, second)
        with_more.debtor_id = staff.session.get_one(Claim, first).debtor_id
        staff.session.add(with_more)
        staff.session.flush()
        _, state = arrives(staff, "b", 7_700)
        assert state == "matched"

    def test_taken_back_it_teaches_no_more_and_stays_on_file(self, staff, creditor):
        claim = a_debt(staff, creditor)
        line, _ = arrives(staff, "a", 9_000)
        settle_line(staff, line_id=line, creditor_id=claim[0], claim_id=claim[1])
        assert known_of(staff).for_one
        undo_line(staff, line_id=line, why="another debtor")
        assert known_of(staff).paid_for == set()
        kept = staff.session.connection().execute(text("SELECT verdict, undone_by FROM payer_decision")).all()
        assert [tuple(row) for row in kept] == [("confirmed", "user:ann")]
        _, state = arrives(staff, "b", 10_000)
        assert state == "suspense"

    def test_a_split_teaches_every_debtor_that_gets_a_part(self, staff, creditor):
        claims = [a_debt(staff, creditor, minor) for minor in (6_000, 4_000)]
        line, _ = arrives(staff, "a", 10_000)
        parts = [
            Part(*claim, Money(minor, "EUR")) for claim, minor in zip(claims, (6_000, 4_000), strict=True)
        ]
        split_line(staff, line_id=line, parts=parts)
        assert len(known_of(staff).paid_for) == 2
        assert not known_of(staff).for_one

    def test_without_an_account_the_name_is_what_is_known(self, staff, creditor):
        claim = a_debt(staff, creditor)
        line, _ = arrives(staff, "a", 10_000, counterparty_iban="", counterparty="Budgethulp Rijn B.V.")
        settle_line(staff, line_id=line, creditor_id=claim[0], claim_id=claim[1])
        assert known_of(staff, "", "BUDGETHULP RIJN").for_one
        assert known_of(staff, "", "").paid_for == set()

    def test_what_weighed_signs_booked_teaches_nothing(self, staff, creditor):
        claim = a_debt(staff, creditor, name="Jan Jansen")
        reference = staff.session.get_one(Claim, claim).payment_reference
        slip = reference[:-1] + str((int(reference[-1]) + 1) % 10)
        _, state = arrives(staff, "a", 10_000, text=slip, counterparty="J. Jansen")
        assert state == "matched"
        assert known_of(staff).paid_for == set()


class TestRefusing:
    def propose(self, unit: Unit, creditor: UUID) -> tuple[UUID, tuple[UUID, UUID]]:
        claim = a_debt(unit, creditor, name="Jan Jansen")
        line, _ = arrives(unit, "a", 10_000, counterparty="J. Jansen")
        return line, claim

    def test_leaves_nothing_of_what_was_refused_and_counts_for_the_next_line(self, staff, creditor):
        line, _ = self.propose(staff, creditor)
        assert suspense_item(staff, line_id=line).proposals
        refuse_proposals(staff, line_id=line)
        assert not suspense_item(staff, line_id=line).proposals
        other, _ = arrives(staff, "b", 9_000, text="Jan Jansen", counterparty="Jan Jansen")
        assert not suspense_item(staff, line_id=other).proposals
        with pytest.raises(UnableToSettleLine):
            refuse_proposals(staff, line_id=line)

    def test_taken_back_the_proposal_is_there_again(self, staff, creditor):
        line, claim = self.propose(staff, creditor)
        refuse_proposals(staff, line_id=line)
        take_back_refusal(staff, line_id=line)
        assert [one.claim_id for one in suspense_item(staff, line_id=line).proposals] == [claim[1]]

    def test_who_chooses_another_debtor_says_no_to_the_one_before_it(self, staff, creditor):
        line, claim = self.propose(staff, creditor)
        other = a_debt(staff, creditor)
        settle_line(staff, line_id=line, creditor_id=other[0], claim_id=other[1])
        refused = staff.session.get_one(Claim, claim).debtor_id
        assert known_of(staff).refused == {(creditor, refused)}

    def test_a_later_yes_outweighs_an_earlier_no(self, staff, creditor):
        line, claim = self.propose(staff, creditor)
        refuse_proposals(staff, line_id=line)
        settle_line(staff, line_id=line, creditor_id=claim[0], claim_id=claim[1])
        assert known_of(staff).refused == set()
        assert known_of(staff).for_one


class TestSeveralClaims:
    def test_of_one_debtor_that_add_up_are_proposed_with_their_parts(self, staff, creditor):
        first, second = a_debt(staff, creditor, 6_000, name="Jan Jansen"), a_debt(staff, creditor, 4_000)
        row = staff.session.get_one(Claim, second)
        row.debtor_id = staff.session.get_one(Claim, first).debtor_id
        staff.session.add(row)
        staff.session.flush()
        line, state = arrives(staff, "a", 10_000, counterparty="Jan Jansen")
        assert state == "suspense"
        kept = staff.session.connection().execute(
            text("SELECT match_trace->0 FROM bank_line WHERE id = :id"), {"id": line}
        )
        best = options_of(kept.scalar_one())[0]
        assert dict(best.parts) == {first: 6_000, second: 4_000}
        split_line(staff, line_id=line, parts=[Part(*key, Money(minor, "EUR")) for key, minor in best.parts])
        assert account_balance(staff, account="trust.suspense", currency="EUR") == Money(0, "EUR")


def test_two_payments_of_one_day_by_signs_are_booked_once(staff, creditor):
    """A second line with the same signs waits: what was open is one payment's only."""
    claim = a_debt(staff, creditor, name="Jan Jansen")
    reference = staff.session.get_one(Claim, claim).payment_reference
    slip = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    lines = tuple(
        a_line(f"k{n}", 10_000, on=staff.today, text=slip, counterparty="J. Jansen") for n in range(2)
    )
    import_(staff, a_statement("s1", lines, opening=0, on=staff.today))
    match_lines(staff)
    states = staff.session.connection().execute(text("SELECT state FROM bank_line ORDER BY state")).scalars()
    assert list(states) == ["matched", "suspense"]
