"""Which of several debts a payment pays off: the debtor's word, then the law, then in proportion."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.allocation_over_claims import OpenClaim, Shares, allocate_over_claims
from agency.rules.facts import Law
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

ON = date(2026, 11, 2)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def claim(key: str, principal="100", *, due=date(2026, 1, 1), arose=date(2026, 1, 1), percent="6", **more):
    nothing = euros("0")
    return OpenClaim(
        key=key,
        costs=more.pop("costs", nothing),
        interest=more.pop("interest", nothing),
        principal=euros(principal),
        due=due,
        arose=arose,
        yearly_percent=Decimal(percent),
        **more,
    )


def share(paid: str, *claims: OpenClaim, law: Law = Law.nl, **more) -> Shares:
    found = allocate_over_claims(law=law, paid=euros(paid), on=ON, claims=claims, **more)
    assert_explains(found.trace, euros(paid))
    return found


def given_to(found: Shares) -> dict[str, str]:
    """What each debt got, as text."""
    totals = {key: part.costs + part.interest + part.principal for key, part in found.by_claim.items()}
    return {key: str(total.decimal) for key, total in totals.items()}


def outcomes(found: Shares) -> list[str]:
    return [line.outcome.removeprefix("allocation.claim_") for line in found.trace]


class TestDesignation:
    @pytest.mark.parametrize("law", list(Law))
    def test_the_debtors_word_goes_before_everything(self, law):
        """BW 6:43(1), old BW 1253, BGB s. 366(1)."""
        old, young = claim("old", arose=date(2020, 1, 1), percent="12"), claim("young", percent="4")
        found = share("60", old, young, law=law, designated=["young"])
        assert given_to(found) == {"old": "0.00", "young": "60.00"}
        assert outcomes(found) == ["designated"]

    def test_what_is_left_goes_by_the_law(self):
        found = share("150", claim("a"), claim("b", percent="9"), claim("c"), designated=["c"])
        assert given_to(found) == {"a": "0.00", "b": "50.00", "c": "100.00"}
        assert outcomes(found) == ["designated", "burdensome"]

    def test_what_is_left_goes_back_in_belgium(self):
        """mediationdedettes.be: a collector may not move the money to another file."""
        found = share("150", claim("a"), claim("b"), law=Law.be, designated=["a"])
        assert given_to(found) == {"a": "100.00", "b": "0.00"}
        assert (found.over, outcomes(found)) == (euros("50"), ["designated", "returned"])

    def test_follows_the_order_of_the_debtor_and_counts_a_name_once(self):
        found = share("150", claim("a"), claim("b"), designated=["b", "b", "a"])
        assert given_to(found) == {"a": "50.00", "b": "100.00"}


class TestOrderOfTheLaw:
    NOT_DUE = date(2026, 12, 1)

    @pytest.mark.parametrize("law", list(Law))
    def test_due_debts_come_first(self, law):
        later = claim("later", due=self.NOT_DUE, percent="12", arose=date(2020, 1, 1))
        found = share("100", later, claim("now", due=ON), law=law)
        assert given_to(found) == {"later": "0.00", "now": "100.00"}
        assert outcomes(found) == ["due"]

    @pytest.mark.parametrize("law", [Law.nl, Law.be, Law.eu, Law.de])
    def test_then_the_most_burdensome(self, law):
        """BW 6:43(2); old BW 1256: the one that the debtor has most interest in paying off."""
        old, dear = claim("old", arose=date(2020, 1, 1)), claim("dear", percent="6.5")
        assert given_to(share("100", old, dear, law=law)) == {"old": "0.00", "dear": "100.00"}

    @pytest.mark.parametrize("law", list(Law))
    def test_then_the_oldest(self, law):
        found = share("100", claim("young"), claim("old", arose=date(2025, 12, 31)), law=law)
        assert given_to(found) == {"young": "0.00", "old": "100.00"}
        assert outcomes(found) == ["oldest"]

    @pytest.mark.parametrize("law", list(Law))
    def test_then_in_proportion(self, law):
        found = share("100", claim("a", "200"), claim("b", "100"), law=law)
        assert given_to(found) == {"a": "66.67", "b": "33.33"}
        assert outcomes(found) == ["proportion"] * 2

    def test_german_law_puts_the_less_secured_first(self):
        """BGB s. 366(2): before the more burdensome."""
        pledged = claim("pledged", percent="12", secured=True)
        found = share("100", pledged, claim("bare"), law=Law.de)
        assert given_to(found) == {"pledged": "0.00", "bare": "100.00"}
        assert outcomes(found) == ["unsecured"]
        assert given_to(share("100", pledged, claim("bare"), law=Law.nl))["pledged"] == "100.00"

    def test_british_creditors_choose_where_the_debtor_did_not(self):
        claims = claim("a", arose=date(2020, 1, 1)), claim("b"), claim("c")
        found = share("150", *claims, law=Law.uk, creditors_choice=["c"])
        assert given_to(found) == {"a": "50.00", "b": "0.00", "c": "100.00"}
        assert outcomes(found) == ["creditor", "oldest"]
        assert given_to(share("100", *claims, creditors_choice=["c"]))["c"] == "0.00"

    def test_names_what_sets_the_last_debt_apart(self):
        found = share("250", claim("a", percent="9"), claim("b"), claim("c", due=self.NOT_DUE))
        assert outcomes(found) == ["burdensome", "due", "due"]
        assert outcomes(share("50", claim("a"))) == ["only"]


class TestWithinEach:
    def test_pays_costs_then_interest_then_principal(self):
        found = share("50", claim("a", costs=euros("40"), interest=euros("5")))
        part = found.by_claim["a"]
        assert (part.costs, part.interest, part.principal) == (euros("40"), euros("5"), euros("5"))
        assert found.trace[0].inputs["owed"] == "EUR 145.00"

    def test_owes_back_what_no_debt_needs(self):
        found = share("250", claim("a"), claim("paid", "0"))
        assert (found.over, outcomes(found)[-1]) == (euros("150"), "returned")
        assert given_to(found) == {"a": "100.00", "paid": "0.00"}

    def test_gives_all_of_it_back_when_nothing_is_owed(self):
        assert share("10").over == euros("10")
        nothing = share("0", claim("a"))
        assert (outcomes(nothing), nothing.over) == (["returned"], euros("0"))


class TestRefusals:
    def test_refuses_the_same_key_twice(self):
        with pytest.raises(ValueError, match="key of its own"):
            share("1", claim("a"), claim("a"))

    @pytest.mark.parametrize("named", [{"designated": ["x"]}, {"creditors_choice": ["x"]}])
    def test_refuses_a_debt_that_is_not_there(self, named):
        with pytest.raises(ValueError, match="no such debt: x"):
            share("1", claim("a"), **named)

    @pytest.mark.parametrize(
        ("paid", "debt"),
        [
            ("-1", claim("a")),
            ("1", claim("a", "-1")),
            ("1", claim("a", costs=euros("-1"))),
            ("1", claim("a", interest=euros("-1"))),
        ],
    )
    def test_refuses_negative_amounts(self, paid, debt):
        with pytest.raises(ValueError, match="not negative"):
            share(paid, debt)

    def test_refuses_two_currencies(self):
        with pytest.raises(CurrencyMismatch):
            allocate_over_claims(law=Law.nl, paid=Money(1, "USD"), on=ON, claims=[claim("a")])


minors = st.integers(0, 10_000).map(lambda minor: str(Money(minor, "EUR").decimal))
days = st.sampled_from([date(2024, 2, 29), date(2026, 1, 1), date(2026, 11, 2), date(2026, 11, 3)])
debts = st.lists(
    st.tuples(minors, minors, days, days, st.sampled_from(["4", "6", "10.4"]), st.booleans()), max_size=5
)


def made(rows) -> list[OpenClaim]:
    return [
        claim(
            str(index), row[0], costs=euros(row[1]), due=row[2], arose=row[3], percent=row[4], secured=row[5]
        )
        for index, row in enumerate(rows)
    ]


@given(st.sampled_from(list(Law)), minors, debts)
def test_no_cent_is_lost_and_none_is_paid_twice(law, paid, rows):
    claims = made(rows)
    found = share(paid, *claims, law=law)
    spent = [part.costs + part.interest + part.principal for part in found.by_claim.values()]
    assert Money.total([*spent, found.over], "EUR") == euros(paid)
    assert all(part.over == euros("0") for part in found.by_claim.values())
    assert all(got <= one.owed for got, one in zip(spent, claims, strict=True))
    if found.over:
        assert all(got == one.owed for got, one in zip(spent, claims, strict=True))


@given(st.sampled_from(list(Law)), minors, debts)
def test_the_order_in_which_debts_are_told_changes_at_most_a_cent(law, paid, rows):
    claims = made(rows)
    one, other = share(paid, *claims, law=law), share(paid, *reversed(claims), law=law)
    for key, part in one.by_claim.items():
        its = other.by_claim[key]
        mine = part.costs + part.principal
        assert abs((mine - its.costs - its.principal).minor) <= 1


def test_a_debt_bears_nothing_and_is_not_secured_unless_told():
    nothing = euros("0")
    owed = {"costs": nothing, "interest": nothing, "principal": euros("100")}
    plain = OpenClaim(key="a", due=ON, arose=ON, **owed)
    assert (plain.yearly_percent, plain.secured) == (0, False)
