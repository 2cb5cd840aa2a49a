"""How one payment over several claims is proposed: just what is open where that is certain, else in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.split_line import Split, split_over_claims

pytestmark = pytest.mark.pure


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def split(paid: int, *owed: int, **others: Money) -> Split[str]:
    claims = [(str(place), eur(minor)) for place, minor in enumerate(owed)]
    return split_over_claims(paid=eur(paid), claims=[*claims, *others.items()])


def parts(found: Split[str]) -> list[tuple[str, int]]:
    return [(key, part.minor) for key, part in found.parts]


@pytest.mark.parametrize(
    ("paid", "owed", "expected"),
    [
        (700, (700,), [("0", 700)]),
        (700, (100, 700, 900), [("1", 700)]),
        (1_000, (100, 700, 900), [("0", 100), ("2", 900)]),
        (1_700, (100, 700, 900), [("0", 100), ("1", 700), ("2", 900)]),
        (701, (1, 700, 900), [("0", 1), ("1", 700)]),
    ],
)
def test_the_only_claims_that_are_open_for_just_that_are_taken(paid, owed, expected):
    found = split(paid, *owed)
    assert (parts(found), found.rest, found.exact) == (expected, eur(0), True)


@pytest.mark.parametrize(
    ("paid", "owed", "expected", "rest"),
    [
        (800, (300, 500, 800), [("0", 300), ("1", 500)], 0),  # two ways: nobody knows which
        (350, (300, 500, 800), [("0", 300), ("1", 50)], 0),
        (301, (300, 500, 800), [("0", 300), ("1", 1)], 0),
        (2_000, (300, 500, 800), [("0", 300), ("1", 500), ("2", 800)], 400),
        (50, (), [], 50),
    ],
)
def test_else_each_gets_what_is_open_in_their_order_and_the_rest_is_named(paid, owed, expected, rest):
    found = split(paid, *owed)
    assert (parts(found), found.rest, found.exact) == (expected, eur(rest), False)


def test_what_has_nothing_open_or_is_in_another_currency_gets_nothing():
    found = split(700, 0, 700, -100)
    assert (parts(found), found.exact) == ([("1", 700)], True)
    pounds = Money(300, "GBP")
    assert parts(split(400, 700, pounds=pounds)) == [("0", 400)]
    assert parts(split(400, pounds=pounds)) == []


def test_more_than_twelve_claims_are_too_many_to_look_through():
    twelve = tuple(2**place for place in range(12))
    assert split(5, *twelve).exact
    assert parts(split(5, *twelve)) == [("0", 1), ("2", 4)]
    assert not split(5, *twelve, 2**12).exact
    assert parts(split(5, *twelve, 2**12)) == [("0", 1), ("1", 2), ("2", 2)]


def test_the_trace_says_what_was_divided_and_how():
    [line] = split(800, 300, 500, 900).trace
    assert line.rule == "bank.split"
    assert line.inputs == {"paid": "EUR 8.00", "claims": "2", "rest": "EUR 0.00"}
    assert line.outcome == "split.exact"
    assert split(50, 300).trace[0].outcome == "split.in_order"


@given(st.integers(1, 5_000), st.lists(st.integers(-10, 2_000), max_size=6))
def test_no_cent_is_lost_and_no_claim_gets_more_than_is_open(paid, owed):
    found = split(paid, *owed)
    assert sum(part for _, part in parts(found)) + found.rest.minor == paid
    assert all(0 < part <= owed[int(key)] for key, part in parts(found))
    assert found.rest.minor == max(0, paid - sum(minor for minor in owed if minor > 0))
