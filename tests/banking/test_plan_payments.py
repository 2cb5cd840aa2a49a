"""Money for a plan over several claims: one reference is written, and what its claim does not take pays off
the others."""

from datetime import date

import pytest

from agency.arrangements.direct_debits import draft_collection
from agency.arrangements.dividing import divide_payment
from agency.arrangements.mandates import sign_mandate
from agency.arrangements.plans import Wish, agree_plan
from agency.banking.matching import match_lines
from agency.banking.returns import take_back_returned
from agency.banking.suspense import settle_line, undo_line
from agency.money import Money
from tests.arrangements.agreements import Bureau
from tests.banking.test_importing import a_line, a_statement, import_
from tests.made import a_claim

FIRST = date(2026, 12, 15)
DEBTOR = "NL86INGB0002445588"


@pytest.fixture
def office(units):
    return Bureau(units).open_up()  # Tuesday 1 December 2026


@pytest.fixture
def claim(office):
    return office.claim()  # 402.15 is owed


@pytest.fixture
def other(office, claim):
    """A second claim of 200.00 on the same debtor, in one plan of two instalments with the first."""
    with office.unit() as unit:
        found = a_claim(unit, creditor_id=claim[0], invoices=[(20_000, date(2026, 9, 1))])
        unit.session.connection().exec_driver_sql(
            "UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = %s) WHERE id = %s",
            (claim[1], found),
        )
        agree_plan(
            unit, creditor_id=claim[0], claim_ids=[claim[1], found], wish=Wish(first_on=FIRST, count=2)
        )
    office.react()
    return (claim[0], found)


def transfers(office, *amounts: int, text: str, opening: int = 0, **said) -> None:
    """The bank brings transfers of one day, and they are matched."""
    with office.unit() as unit:
        lines = tuple(
            a_line(f"{opening}-{at}", minor, on=unit.today, text=text, **said)
            for at, minor in enumerate(amounts)
        )
        import_(
            unit, a_statement(f"s{opening}", lines, opening=opening, on=unit.today), content=text.encode()
        )
        match_lines(unit)
        take_back_returned(unit)
    office.react()


def reference(office, claim) -> str:
    return office.one("SELECT payment_reference FROM claim WHERE id = :id", id=claim[1])


def owed_back(office) -> int:
    return office.one(
        "SELECT coalesce(-sum(amount_minor), 0)::bigint FROM ledger_entry WHERE account = 'trust.debtor'"
    )


class TestOnePlanSeveralClaims:
    def test_an_instalment_pays_off_its_claim_and_then_the_next(self, office, claim, other):
        office.on(FIRST)
        transfers(office, 30_107, text=reference(office, claim))
        office.on(date(2027, 1, 15))
        transfers(office, 30_108, text=reference(office, claim), opening=30_107)
        assert (office.owed(claim), office.owed(other), owed_back(office)) == (0, 0, 0)
        assert office.one("SELECT state FROM plan") == "completed"

    def test_two_instalments_of_one_day_are_divided_one_after_the_other(self, office, claim, other):
        office.on(FIRST)
        transfers(office, 30_107, 30_108, text=reference(office, claim))
        assert (office.owed(claim), office.owed(other), owed_back(office)) == (0, 0, 0)

    def test_the_reference_of_a_claim_that_is_paid_off_pays_the_plan(self, office, claim, other):
        office.on(FIRST)
        transfers(office, 20_000, text=reference(office, other))
        transfers(office, 40_215, text=reference(office, other), opening=20_000)
        assert (office.owed(claim), office.owed(other), owed_back(office)) == (0, 0, 0)

    def test_what_is_more_than_the_plan_is_owed_back(self, office, claim, other):
        office.on(FIRST)
        transfers(office, 60_300, text=reference(office, claim))
        assert (office.owed(claim), office.owed(other), owed_back(office)) == (0, 0, 85)

    def test_a_person_who_books_it_divides_it_too_and_can_undo_it(self, office, claim, other):
        office.on(FIRST)
        with office.unit() as unit:
            line = a_line("k1", 50_215, on=unit.today, text="termijn")
            import_(unit, a_statement("s1", (line,), opening=0, on=unit.today))
            line_id = unit.session.connection().exec_driver_sql("SELECT id FROM bank_line").scalar_one()
            settle_line(unit, line_id=line_id, creditor_id=claim[0], claim_id=claim[1])
        office.react()
        assert (office.owed(claim), office.owed(other), owed_back(office)) == (0, 10_000, 0)
        with office.unit() as unit:
            undo_line(unit, line_id=line_id, why="wrong")
        office.react()
        assert (office.owed(claim), office.owed(other)) == (40_215, 20_000)

    def test_another_currency_is_refused_and_not_divided(self, office, claim, other):
        office.on(FIRST)
        with office.unit() as unit:
            shares = divide_payment(
                unit, creditor_id=claim[0], claim_id=claim[1], amount=Money(100, "USD"), on=unit.today
            )
        assert shares == [(claim[1], Money(100, "USD"))]

    def test_a_divided_payment_that_comes_back_is_taken_back_from_each_claim(self, office, claim, other):
        office.on(FIRST)
        facts = {"end_to_end": "E2E-1", "counterparty_iban": DEBTOR}
        transfers(office, 50_215, text=reference(office, claim), **facts)
        assert (office.owed(claim), office.owed(other)) == (0, 10_000)
        transfers(office, -50_215, text="terug", opening=50_215, return_reason="MD06", **facts)
        assert (office.owed(claim), office.owed(other)) == (40_215, 20_000)
        assert office.rows("SELECT DISTINCT state FROM bank_line") == [("returned",)]


class TestCollected:
    def test_an_instalment_over_two_claims_is_collected_whole(self, office, claim, other):
        with office.unit() as unit:
            plan_id = office.one("SELECT id FROM plan")
            sign_mandate(unit, creditor_id=claim[0], plan_id=plan_id, iban=DEBTOR, holder="J. van den Berg")
        office.on(date(2026, 12, 14))
        with office.unit() as unit:
            draft_collection(unit)
        assert office.rows("SELECT amount_minor FROM direct_debit") == [(30_107,)]
