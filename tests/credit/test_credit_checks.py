"""Credit checks: asked at a shown price, charged once, and telling nothing of any single creditor."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from agency.credit.checking import answer, check_of, checks_of, request_check
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.money import Money, percent_of
from agency.rules.credit_advice import ClaimSeen, advise, experience_of, tariff_on
from tests.agency_at_work import register
from tests.made import a_claim

DAY = date(2026, 11, 26)


def seen(creditor, *, claimed=10_000, paid=10_000, days=30):
    return ClaimSeen(creditor, Money(claimed, "EUR"), Money(paid, "EUR"), days)


@pytest.mark.pure
class TestExperience:
    def test_two_creditors_are_too_few(self):
        assert experience_of([seen("a"), seen("b"), seen("b"), seen("a")], on=DAY) is None

    def test_three_are_enough_and_the_numbers_are_rounded(self):
        told = experience_of([seen("a", paid=3_300), seen("b"), seen("c", paid=0, days=None)], on=DAY)
        assert told is not None
        assert told.paid_percent % 5 == 0
        assert told.days_to_pay is None  # only two of the three ever saw money

    @given(
        st.lists(
            st.tuples(st.sampled_from("abcdef"), st.integers(1, 10**9), st.integers(0, 100)), max_size=40
        ),
        st.integers(2, 1000),
    )
    def test_no_creditor_weighs_more_for_having_more(self, rows, times):
        claims = [seen(name, claimed=minor, paid=minor * share // 100) for name, minor, share in rows]
        again = [one for one in claims for _ in range(times if one.creditor == "a" else 1)]
        assert experience_of(claims, on=DAY) == experience_of(again, on=DAY)


@pytest.mark.pure
class TestAdvice:
    @pytest.mark.parametrize("status", ["bankrupt", "dissolved", "moratorium"])
    def test_nothing_is_delivered_to_who_cannot_pay(self, status):
        told = advise(status=status, score=100, limit=Money(1_000_000, "EUR"), experience=None, on=DAY)
        assert (told.advice, told.limit) == ("do_not_deliver", None)

    @given(st.integers(0, 100), st.integers(0, 100))
    def test_a_better_score_never_gives_a_worse_advice(self, one, other):
        order = ["advance_payment", "deliver_less", "deliver"]
        low, high = (
            advise(status="active", score=score, limit=None, experience=None, on=DAY).advice
            for score in sorted((one, other))
        )
        assert order.index(low) <= order.index(high)

    def test_a_part_of_the_limit_is_advised(self):
        told = advise(status="active", score=40, limit=Money(10_001, "EUR"), experience=None, on=DAY)
        assert (told.advice, told.limit) == ("deliver_less", Money(5_001, "EUR"))


def ask(house, **company):
    with house.open(Door.CREDITOR, house.creditor_id) as unit:
        check_id = request_check(unit, creditor_id=house.creditor_id, country="NL", **company)
    drain(house.work.units)
    return check_id


def read(house, check_id):
    with house.open(Door.CREDITOR, house.creditor_id) as unit:
        return check_of(unit, creditor_id=house.creditor_id, check_id=check_id)


def charged(house):
    return {
        row.account: row.minor
        for row in house.rows(
            "SELECT account, sum(amount_minor)::bigint AS minor FROM ledger_entry GROUP BY 1"
        )
    }


class TestChecking:
    def test_is_answered_charged_by_the_tariff_and_kept_with_its_date(self, house):
        check_id = ask(house, registration_number="30123456")
        check = read(house, check_id)
        price = tariff_on(DAY).price
        assert (check.state, check.price_minor) == ("answered", price.minor)
        assert check.answered_at is not None
        assert check.result["company"]["status"] == "active"
        assert check.result["experience"] is None
        vat = percent_of(price, Decimal(21)).minor
        assert charged(house) == {
            "agency.receivable": price.minor + vat,
            "agency.credit_check_income": -price.minor,
            "agency.vat": -vat,
        }

    @pytest.mark.parametrize("company", [{"name": "ONBEKEND BV"}, {"registration_number": "30120000"}])
    def test_nobody_found_costs_nothing(self, house, company):
        assert read(house, ask(house, **company)).state == "not_found"
        assert charged(house) == {}

    def test_a_bankrupt_company_gets_its_advice(self, house):
        check = read(house, ask(house, registration_number="30129999"))
        assert check.result["advice"] == "do_not_deliver"

    @pytest.mark.parametrize("kind", ["reset", "lost", "status"])
    def test_a_silent_bureau_is_asked_again_and_charged_once(self, house, simulator, kind):
        simulator.fault("credit", kind)
        check_id = ask(house, registration_number="30123456")
        assert read(house, check_id).state == "asked"
        assert house.one("SELECT attempts FROM outbox WHERE actor = 'credit.answer_check'") == 1
        for _ in range(2):
            answer(
                house.work.units, house.work.ports.credit, creditor_id=house.creditor_id, check_id=check_id
            )
        assert read(house, check_id).state == "answered"
        assert len(house.rows("SELECT 1 FROM ledger_transaction WHERE kind = 'credit_check'")) == 1

    def test_the_same_form_twice_is_one_check(self, house):
        assert ask(house, name="Bakker", request_key="k") == ask(house, name="Bakker", request_key="k")
        with house.open(Door.CREDITOR, house.creditor_id) as unit:
            assert len(checks_of(unit, creditor_id=house.creditor_id)) == 1

    def test_a_question_about_nobody_is_refused(self, house):
        with pytest.raises(Invalid), house.open(Door.CREDITOR, house.creditor_id) as unit:
            request_check(unit, creditor_id=house.creditor_id, country="NL", name="  ")

    def test_g1_another_creditor_cannot_read_it(self, house):
        check_id = ask(house, name="Bakker")
        other = register(house.work, reference="ANDER", name="Ander B.V.")
        with pytest.raises(NotFound), house.open(Door.CREDITOR, other) as unit:
            check_of(unit, creditor_id=house.creditor_id, check_id=check_id)

    def test_others_are_told_of_only_from_three_on_and_never_by_name(self, house):
        number = "30123456"
        names = [f"Geheim{index}" for index in range(3)]
        for count, name in enumerate(names, start=1):
            other = register(house.work, reference=name.upper(), name=f"{name} B.V.")
            company_claim(house, other, number)
            check = read(house, ask(house, registration_number=number))
            assert (check.result["experience"] is not None) == (count == 3)
            assert not any(word in str(check.result) for word in names)
        # Its own claims are no news to a creditor and never make the third.
        assert check.result["experience"]["paid_percent"] == 0


def company_claim(house, creditor_id, number):
    with house.open() as unit:
        claim_id = a_claim(unit, creditor_id=creditor_id, invoices=[(10_000, date(2026, 5, 1))])
        unit.session.connection().execute(
            text(
                "UPDATE debtor SET registration_number = :n WHERE id = (SELECT debtor_id FROM claim"
                " WHERE id = :c)"
            ),
            {"n": number, "c": claim_id},
        )
