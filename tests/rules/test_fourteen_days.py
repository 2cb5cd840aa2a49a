"""The fourteen-day letter: what a correct one says, and that a wrong one earns nothing."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.costs import UnlawfulCosts, VatPosition, collection_costs
from agency.rules.facts import DebtorKind, Law
from agency.rules.fourteen_days import (
    CountedFrom,
    FourteenDayLetter,
    SentLetter,
    WrongLetter,
    fourteen_day_letter,
    wrong_letter,
)
from tests.rules.explainable import LANGUAGES, assert_explains

pytestmark = pytest.mark.pure

SENT, LATE_SINCE = date(2026, 11, 3), date(2026, 10, 2)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def letter(*principals: str, sent=SENT, by="post", default_since=LATE_SINCE, **more) -> FourteenDayLetter:
    return fourteen_day_letter(
        principals=[euros(principal) for principal in principals or ("1000",)],
        sent=sent,
        by=by,
        default_since=default_since,
        **more,
    )


CORRECT = SentLetter(
    principals=(euros("1000"),),
    sent=SENT,
    default_since=LATE_SINCE,
    days=14,
    counted_from=CountedFrom.day_after_delivery,
    costs=euros("150"),
)


class TestCorrectLetter:
    """1.4: BW 6:96(6); HR ECLI:NL:HR:2016:2704."""

    def test_names_the_exact_costs_and_the_term(self):
        """S2 and S29."""
        found = letter("100", "200")
        assert found.costs.total == euros("45.00")
        assert (found.term.delivered, found.term.last_day) == (date(2026, 11, 5), date(2026, 11, 19))

    def test_uses_only_the_two_wordings_that_courts_accept(self):
        first, second = letter().wordings
        assert first["nl"] == "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd"
        assert second["nl"] == "binnen vijftien dagen nadat deze brief bij u is bezorgd"
        assert set(first) == set(second) == LANGUAGES

    def test_may_give_a_longer_term(self):
        found = letter(days=20)
        assert found.wordings[0]["nl"] == "binnen 20 dagen vanaf de dag nadat deze brief bij u is bezorgd"
        assert found.wordings[1]["nl"] == "binnen 21 dagen nadat deze brief bij u is bezorgd"
        assert found.wordings[1]["de"].startswith("innerhalb von 21 Tagen")
        assert found.term.last_day == date(2026, 11, 25)

    def test_declares_that_vat_cannot_be_set_off_when_it_raises_it(self):
        found = letter(vat=VatPosition(deductible=False))
        assert found.costs.total == euros("181.50")
        assert "niet verrekenen" in found.vat_declaration["nl"]
        assert set(found.vat_declaration) == LANGUAGES
        assert letter().vat_declaration == {}
        assert letter(vat=VatPosition(deductible=False, service_taxed=False)).vat_declaration == {}

    def test_is_refused_before_default(self):
        assert letter(default_since=SENT).costs.total == euros("150.00")
        with pytest.raises(WrongLetter, match="before default"):
            letter(default_since=date(2026, 11, 4))

    def test_is_refused_with_a_shorter_term(self):
        with pytest.raises(WrongLetter, match="13 days is shorter than 14"):
            letter(days=13)

    def test_is_refused_without_costs_to_announce(self):
        with pytest.raises(WrongLetter, match="no_principal"):
            letter("100", "-100")

    def test_is_refused_before_the_law(self):
        with pytest.raises(WrongLetter, match="not in force on 2012-06-30"):
            letter(sent=date(2012, 6, 30), default_since=date(2012, 6, 1))
        assert letter(sent=date(2012, 7, 1), default_since=date(2012, 6, 1)).costs.total == euros("150.00")


class TestWrongLetter:
    def test_a_correct_letter_earns_the_costs(self):
        found = wrong_letter(CORRECT)
        assert (found.faults, found.costs.total) == ((), euros("150.00"))

    @pytest.mark.parametrize(
        ("change", "faults"),
        [
            ({"sent": date(2026, 10, 1)}, ("before_default",)),
            ({"days": None}, ("no_term",)),
            ({"days": None, "counted_from": CountedFrom.other}, ("no_term",)),
            ({"counted_from": CountedFrom.other}, ("unclear_term",)),
            ({"days": 13}, ("short_term",)),
            ({"counted_from": CountedFrom.delivery}, ("short_term",)),
            ({"costs": None}, ("no_amount",)),
            ({"costs": euros("150.01")}, ("wrong_amount",)),
            ({"costs": euros("149.99")}, ("wrong_amount",)),
            ({"vat": euros("31.50")}, ("wrong_amount",)),
            ({"consequences_stated": False}, ("no_consequences",)),
            ({"arrival_proven": False}, ("not_received",)),
            ({"days": 7, "costs": None}, ("short_term", "no_amount")),
        ],
    )
    def test_one_fault_costs_everything(self, change, faults):
        found = wrong_letter(replace(CORRECT, **change))
        assert (found.faults, found.costs.total) == (faults, euros("0"))
        assert [line.outcome for line in found.costs.trace] == [f"notice.fault_{fault}" for fault in faults]
        assert_explains(found.costs.trace, found.costs.total)

    @pytest.mark.parametrize(
        "change",
        [
            {"days": 15, "counted_from": CountedFrom.delivery},
            {"days": 30},
            {"sent": LATE_SINCE},
            {"vat": euros("0")},
            {"vat_position": VatPosition(deductible=False, declared=False)},
        ],
    )
    def test_a_longer_term_and_vat_left_out_are_no_faults(self, change):
        found = wrong_letter(replace(CORRECT, **change))
        assert (found.faults, found.costs.total) == ((), euros("150.00"))

    def test_vat_needs_its_declaration(self):
        """Besluit BIK art. 2(3); dutch-debts.nl."""
        declared = VatPosition(deductible=False)
        with_vat = replace(CORRECT, vat=euros("31.50"), vat_position=declared)
        assert wrong_letter(with_vat).costs.total == euros("181.50")
        undeclared = replace(with_vat, vat_position=replace(declared, declared=False))
        assert wrong_letter(undeclared).faults == ("vat_undeclared",)
        assert "art. 2(3)" in wrong_letter(undeclared).costs.trace[0].source
        too_much = replace(with_vat, vat=euros("31.51"))
        assert wrong_letter(too_much).faults == ("wrong_amount",)

    def test_tells_the_term_that_it_gave(self):
        given = [
            wrong_letter(replace(CORRECT, days=days)).costs.trace[0].inputs["days"] for days in (13, None)
        ]
        assert given == ["13", "0"]

    def test_is_judged_only_where_the_scale_was_in_force(self):
        with pytest.raises(UnlawfulCosts, match="2012-07-01"):
            wrong_letter(replace(CORRECT, sent=date(2012, 6, 30)))

    @given(st.integers(1, 10**8), st.integers(0, 60), st.sampled_from(CountedFrom))
    def test_earns_all_or_nothing(self, minor, days, counted_from):
        lawful = collection_costs(
            law=Law.nl, debtor=DebtorKind.consumer, principals=[Money(minor, "EUR")], on=SENT
        ).total
        sent = replace(
            CORRECT,
            principals=(Money(minor, "EUR"),),
            costs=lawful,
            days=days,
            counted_from=counted_from,
        )
        found = wrong_letter(sent)
        enough = {CountedFrom.day_after_delivery: 14, CountedFrom.delivery: 15, CountedFrom.other: 1000}
        assert found.costs.total == (lawful if days >= enough[counted_from] else euros("0"))
