"""Money whose owner is unknown: looked after, split, sent back, or parked by two people."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.queries import next_in_suspense, place_in_suspense, suspense_by_age
from agency.banking.sending_back import send_back
from agency.banking.suspense import (
    BadSplit,
    Part,
    UnableToSettleLine,
    UnableToUndo,
    settle_line,
    split_line,
    suspense_items,
    undo_line,
)
from agency.banking.suspense_cases import (
    NoReason,
    NotTheSecondPerson,
    UnableToPark,
    add_note,
    ask_to_park,
    notes_of,
    park,
    parked_lines,
    take_care,
    unpark,
)
from agency.claims.models import Claim
from agency.kernel.errors import NotFound
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.parties.models import Audience, Role
from agency.parties.users import create_user
from agency.payments.giving_back import list_refunds, owed_back_list
from agency.payments.refunds import cancel_refund, checked_payee, request_refund
from agency.remittance.refund_orders import approve_refund, see_refunds
from agency.rules.split_line import split_over_claims
from portal.payouts import export_refund_file
from tests.banking.test_importing import IBAN, a_line, a_statement, checks, eur, import_
from tests.made import a_claim, a_creditor

ANN, BOB = "user:ann", "user:bob"
PAYER = "NL91ABNA0417164300"


@pytest.fixture
def staff(units) -> Iterator[Unit]:
    with units.open(Door.STAFF, by=ANN) as unit:
        yield unit


def as_(unit: Unit, by: str) -> Unit:
    """The same transaction in another person's name."""
    return Unit(session=unit.session, now=unit.now, door=unit.door, by=by)


def a_waiting_line(unit: Unit, minor: int = 10_000, words: str = "?", *, days_ago: int = 0, **said) -> UUID:
    day = unit.today - timedelta(days=days_ago)
    line = a_line("a", minor, on=day, text=words, **said)
    import_(unit, a_statement("s1", (line,), opening=0, on=day))
    match_lines(unit)
    found: UUID = (
        unit.session.connection()
        .execute(text("SELECT id FROM bank_line WHERE state = 'suspense'"))
        .scalar_one()
    )
    return found


def two_claims(unit: Unit, first: int = 6_000, second: int = 4_000) -> list[tuple[UUID, UUID]]:
    made = []
    for minor in (first, second):
        creditor = a_creditor(unit)
        made.append((creditor, a_claim(unit, creditor_id=creditor, invoices=[(minor, unit.today)])))
    return made


def balances(unit: Unit, *accounts: str) -> list[int]:
    return [account_balance(unit, account=account, currency="EUR").minor for account in accounts]


class TestSplit:
    def test_a_line_with_two_references_is_proposed_and_never_booked_on_the_first(self, staff):
        """B6."""
        claims = two_claims(staff)
        words = " en ".join(staff.session.get_one(Claim, key).payment_reference for key in claims)
        a_waiting_line(staff, 10_000, words)
        [item] = suspense_items(staff)
        assert item.reasons == ("several_claims_named",)
        assert {(one.creditor_id, one.claim_id) for one in item.proposals} == set(claims)

    def test_books_each_part_and_proves(self, staff):
        claims = two_claims(staff)
        line = a_waiting_line(staff)
        parts = [Part(*claims[0], eur(6_000)), Part(*claims[1], eur(4_000))]
        assert len(split_line(staff, line_id=line, parts=parts)) == 2
        assert balances(staff, "trust.creditor", "trust.suspense") == [-10_000, 0]
        assert prove(staff, on=staff.today).green
        assert suspense_items(staff) == []

    def test_taken_back_is_taken_back_as_a_whole(self, staff):
        claims = two_claims(staff)
        line = a_waiting_line(staff)
        parts = [Part(*claims[0], eur(7_000)), Part(*claims[1], eur(3_000))]
        split_line(staff, line_id=line, parts=parts)
        undo_line(staff, line_id=line, why="the other way round")
        assert balances(staff, "trust.creditor", "trust.suspense", "trust.debtor") == [0, -10_000, 0]
        assert prove(staff, on=staff.today).green
        split_line(staff, line_id=line, parts=[Part(*claims[0], eur(6_000)), Part(*claims[1], eur(4_000))])
        assert prove(staff, on=staff.today).green

    @pytest.mark.parametrize(
        "minors", [(6_000, 3_999), (6_000, 4_001), (10_000, 0), (11_000, -1_000), (10_000,)]
    )
    def test_refuses_parts_that_are_not_the_line(self, staff, minors):
        claims = two_claims(staff)
        line = a_waiting_line(staff)
        parts = [Part(*key, eur(minor)) for key, minor in zip(claims, minors, strict=False)]
        with pytest.raises(BadSplit):
            split_line(staff, line_id=line, parts=parts)
        assert balances(staff, "trust.suspense") == [-10_000]

    def test_refuses_one_claim_twice(self, staff):
        [claim, _] = two_claims(staff)
        line = a_waiting_line(staff)
        with pytest.raises(BadSplit):
            split_line(staff, line_id=line, parts=[Part(*claim, eur(6_000)), Part(*claim, eur(4_000))])

    def test_a_line_of_another_currency_takes_no_parts(self, staff):
        claims = two_claims(staff)
        line = a_waiting_line(staff)
        parts = [Part(*claims[0], Money(6_000, "USD")), Part(*claims[1], eur(4_000))]
        with pytest.raises(BadSplit):
            split_line(staff, line_id=line, parts=parts)


class TestProposal:
    def test_prefers_the_only_combination_that_fits(self):
        found = split_over_claims(paid=eur(700), claims=[("a", eur(500)), ("b", eur(300)), ("c", eur(400))])
        assert (found.parts, found.exact) == ((("b", eur(300)), ("c", eur(400))), True)

    def test_fills_in_order_when_two_combinations_fit(self):
        found = split_over_claims(paid=eur(500), claims=[("a", eur(500)), ("b", eur(500))])
        assert (found.parts, found.exact) == ((("a", eur(500)),), False)

    def test_names_what_is_left_over(self):
        found = split_over_claims(paid=eur(900), claims=[("a", eur(500)), ("b", eur(300))])
        assert (found.rest, found.exact) == (eur(100), False)

    @given(
        paid=st.integers(1, 10_000),
        owed=st.lists(st.integers(-100, 5_000), max_size=8),
        foreign=st.integers(0, 8),
    )
    @settings(suppress_health_check=list(HealthCheck))
    def test_loses_no_cent_and_gives_no_claim_more_than_is_open(self, paid, owed, foreign):
        claims = [(at, Money(minor, "USD" if at == foreign else "EUR")) for at, minor in enumerate(owed)]
        found = split_over_claims(paid=eur(paid), claims=claims)
        assert Money.total((part for _, part in found.parts), "EUR") + found.rest == eur(paid)
        assert all(0 < part.minor <= owed[key] and key != foreign for key, part in found.parts)
        assert len({key for key, _ in found.parts}) == len(found.parts)
        assert not found.exact or found.rest == eur(0)


class TestSendingBack:
    def test_goes_to_the_account_it_came_from_after_a_second_person(self, staff):
        line = a_waiting_line(staff, 10_000, "?", counterparty="J. de Vries", counterparty_iban=PAYER)
        refund = send_back(staff, line_id=line, reason="nobody knows this payer")
        [row] = list_refunds(staff)
        assert (row.iban, row.holder, row.amount) == (PAYER, "J. de Vries", eur(10_000))
        approve_refund(as_(staff, BOB), creditor_id=row.creditor_id, refund_id=refund)
        file = export_refund_file(as_(staff, BOB), settings=Settings(trust_iban=IBAN))
        assert PAYER.encode() in file.content
        assert suspense_items(staff) == []
        assert balances(staff, "trust.suspense", "trust.in_transit") == [0, -10_000]
        out = a_line("b", -10_000, on=staff.today, end_to_end=list_refunds(staff)[0].end_to_end)
        import_(staff, a_statement("s2", (out,), opening=10_000, on=staff.today))
        assert see_refunds(staff) == 1
        assert list_refunds(staff)[0].state == "paid"
        assert balances(staff, "trust.bank", "trust.suspense", "trust.in_transit") == [0, 0, 0]
        assert prove(staff, on=staff.today).green

    def test_cannot_be_settled_split_or_sent_again_meanwhile(self, staff):
        claims = two_claims(staff)
        line = a_waiting_line(staff, 10_000, "?", counterparty_iban=PAYER)
        refund = send_back(staff, line_id=line, reason="unknown")
        for attempt in (
            lambda: settle_line(staff, line_id=line, creditor_id=claims[0][0], claim_id=claims[0][1]),
            lambda: split_line(staff, line_id=line, parts=[]),
            lambda: send_back(staff, line_id=line, reason="again"),
        ):
            with pytest.raises(UnableToSettleLine):
                attempt()
        [row] = list_refunds(staff)
        cancel_refund(staff, creditor_id=row.creditor_id, refund_id=refund, why="found the claim")
        settle_line(staff, line_id=line, creditor_id=claims[0][0], claim_id=claims[0][1])
        assert prove(staff, on=staff.today).green

    def test_needs_the_senders_account(self, staff):
        line = a_waiting_line(staff)
        with pytest.raises(UnableToSettleLine):
            send_back(staff, line_id=line, reason="unknown")

    def test_what_left_cannot_be_undone_under_it(self, staff):
        [claim, _] = two_claims(staff)
        line = a_waiting_line(staff)
        settle_line(staff, line_id=line, creditor_id=claim[0], claim_id=claim[1])
        [owed] = owed_back_list(staff)
        refund = request_refund(
            staff,
            creditor_id=claim[0],
            payment_id=owed.payment_id,
            reason="too much",
            payee=checked_payee(iban=PAYER, holder="J"),
        )
        approve_refund(as_(staff, BOB), creditor_id=claim[0], refund_id=refund)
        export_refund_file(as_(staff, BOB), settings=Settings(trust_iban=IBAN))
        with pytest.raises(UnableToUndo):
            undo_line(staff, line_id=line, why="wrong claim")


def test_currencies_are_counted_apart_and_what_went_out_is_taken_off(staff):
    day = staff.today
    foreign = replace(a_line("b", 7_000, on=day), amount=Money(7_000, "USD"))
    lines = (a_line("a", 10_000, on=day, text="?"), foreign, a_line("c", -1_250, on=day))
    import_(staff, a_statement("s1", lines, opening=0, on=day))
    assert suspense_by_age(staff)[0].amounts == (eur(8_750), Money(7_000, "USD"))


def test_what_went_out_waits_for_a_person_too(staff):
    """The bank's charges are settled in the same walk: the list and its count name each line that waits."""
    day = staff.today
    import_(staff, a_statement("s1", (a_line("a", 500, on=day), a_line("b", -20, on=day)), opening=0, on=day))
    first, second = (item.line_id for item in suspense_items(staff))
    assert next_in_suspense(staff, after=first) == second
    assert next_in_suspense(staff, after=second) == first
    assert (place_in_suspense(staff, line_id=first).next, place_in_suspense(staff, line_id=second).total) == (
        second,
        2,
    )


class TestParking:
    def test_by_two_people_lets_the_others_be_paid_and_stays_in_the_proof(self, staff):
        """B14: it blocks after five business days, unless two people say that nobody can tell."""
        line = a_waiting_line(staff, days_ago=30)
        assert not checks(prove(staff, on=staff.today))["P5"]
        assert suspense_by_age(staff)[2].lines == 1
        ask_to_park(staff, line_id=line, reason="sender's bank does not answer")
        assert not prove(staff, on=staff.today).green
        park(as_(staff, BOB), line_id=line)
        assert prove(staff, on=staff.today).green
        [parked] = parked_lines(staff)
        assert (parked.amount, parked.business_days > 5) == (eur(10_000), True)
        assert (parked.asked_by, parked.parked_by) == (ANN, BOB)
        assert suspense_items(staff) == []
        assert len(suspense_items(staff, parked=True)) == 1
        assert suspense_by_age(staff)[2].lines == 0
        assert next_in_suspense(staff, after=UUID(int=1)) is None

    def test_takes_another_person(self, staff):
        line = a_waiting_line(staff)
        ask_to_park(staff, line_id=line, reason="unknown")
        with pytest.raises(NotTheSecondPerson):
            park(staff, line_id=line)

    def test_the_database_wants_two_people_too(self, units):
        with units.open(Door.STAFF, by=ANN) as unit:
            ask_to_park(unit, line_id=a_waiting_line(unit), reason="unknown")
        with (
            pytest.raises(IntegrityError, match="ck_suspense_case_second_person"),
            units.open(Door.STAFF, by=ANN) as unit,
        ):
            unit.session.connection().execute(
                text("UPDATE suspense_case SET parked_at = now(), parked_by = park_asked_by")
            )

    def test_takes_a_reason_and_somebody_who_asked(self, staff):
        line = a_waiting_line(staff)
        with pytest.raises(UnableToPark):
            park(as_(staff, BOB), line_id=line)
        with pytest.raises(NoReason):
            ask_to_park(staff, line_id=line, reason="  ")

    def test_can_be_taken_back(self, staff):
        line = a_waiting_line(staff, days_ago=30)
        ask_to_park(staff, line_id=line, reason="unknown")
        park(as_(staff, BOB), line_id=line)
        unpark(staff, line_id=line)
        assert not prove(staff, on=staff.today).green

    def test_a_parked_line_can_still_be_settled(self, staff):
        [claim, _] = two_claims(staff)
        line = a_waiting_line(staff)
        ask_to_park(staff, line_id=line, reason="unknown")
        park(as_(staff, BOB), line_id=line)
        settle_line(staff, line_id=line, creditor_id=claim[0], claim_id=claim[1])
        assert parked_lines(staff) == []
        with pytest.raises(UnableToPark):
            unpark(staff, line_id=line)


class TestCare:
    @pytest.fixture
    def owner(self, staff) -> UUID:
        return create_user(
            staff,
            email="ann@agency.example",
            name="Ann",
            audience=Audience.STAFF,
            roles=[Role.FINANCE],
            password="a long enough password",
            sealing_secret=Settings().secret.get_secret_value(),
            language="nl",
        ).user_id

    def test_a_line_gets_an_owner_and_a_day(self, staff, owner):
        line = a_waiting_line(staff)
        take_care(staff, line_id=line, owner_id=owner)
        [item] = suspense_items(staff)
        assert item.owner == "Ann"
        assert item.due_on is not None
        assert item.due_on > staff.today

    def test_not_somebody_elses_nor_in_the_past(self, staff, owner):
        line = a_waiting_line(staff)
        with pytest.raises(NoReason):
            take_care(staff, line_id=line, owner_id=UUID(int=9))
        with pytest.raises(NoReason):
            take_care(staff, line_id=line, owner_id=owner, due_on=staff.today - timedelta(days=1))

    def test_notes_stay(self, staff):
        line = a_waiting_line(staff)
        add_note(staff, line_id=line, words="called the bank")
        add_note(staff, line_id=line, words="they call back")
        assert [note.text for note in notes_of(staff, line_id=line)] == ["they call back", "called the bank"]
        with pytest.raises(NoReason):
            add_note(staff, line_id=line, words=" ")
        with pytest.raises(NotFound):
            add_note(staff, line_id=UUID(int=9), words="x")
