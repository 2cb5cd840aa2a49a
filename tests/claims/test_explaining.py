"""The sum of a claim in words: its lines add up to the total, whatever was invoiced, paid and announced."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.claims.build_up import build_up
from agency.claims.claim_facts import ClaimFacts, InvoiceFacts, Movement
from agency.claims.explaining import claim_trace
from agency.money import Money
from agency.rules.explain import explain
from agency.rules.facts import InterestKind, Law, Phase
from agency.rules.words import LANGUAGES

pytestmark = pytest.mark.pure

ONE, ZERO = UUID(int=1), Money(0, "EUR")
TODAY = date(2026, 11, 26)


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def facts(*amounts: int, movements=(), phase=Phase.amicable, costs_from=date(2026, 11, 1), vat=0):
    return ClaimFacts(
        creditor_id=ONE, claim_id=ONE, law=Law.nl, interest_kind=InterestKind.consumer, phase=phase,
        currency="EUR", costs_from=costs_from, costs=euros(4_000), costs_vat=euros(vat),
        contractual_percent=None, movements=tuple(movements),
        invoices=tuple(
            InvoiceFacts(
                invoice_id=UUID(int=number), number=f"F-{number}",
                kind="invoice" if minor > 0 else "credit_note", issued_on=date(2024, 5, 1),
                due_on=date(2024, 6, 1) + timedelta(days=40 * number), amount=euros(minor),
            )
            for number, minor in enumerate(amounts, 1)
        ),
    )  # fmt: skip


def paid(minor: int, on: date) -> Movement:
    return Movement(on, euros(-minor), ZERO, ZERO, ZERO, euros(-minor))


def total_of(trace) -> Money:
    return Money.total((line.amount for line in trace if line.amount is not None), "EUR")


class TestTrace:
    @given(
        st.lists(st.integers(1, 1_000_000), min_size=1, max_size=3),
        st.integers(0, 1_000_000),
        st.booleans(),
        st.sampled_from([Phase.reminder, Phase.amicable]),
        st.sampled_from([date(2026, 11, 1), date(2026, 12, 24), None]),
    )
    def test_adds_up_to_what_is_asked(self, amounts, paid_minor, vat, phase, costs_from):
        movements = [paid(min(paid_minor, sum(amounts)), date(2026, 3, 3))]
        owed = build_up(
            facts=facts(
                *amounts, movements=movements, phase=phase, costs_from=costs_from, vat=840 if vat else 0
            ),
            on=TODAY,
        )
        trace = claim_trace(owed)
        assert total_of(trace) == owed.total
        for lang in LANGUAGES:
            assert total_of(explain(trace, lang)) == owed.total

    def test_says_every_part_in_words(self):
        owed = build_up(facts=facts(50_000, -5_000, movements=[paid(100, TODAY)], vat=840), on=TODAY)
        told = [line.words for line in explain(claim_trace(owed), "en")]
        assert told[0] == "Invoice F-1, due on 11 July 2024"
        assert told[1] == "Credit note F-2, taken off the principal"
        first = (
            "Interest on invoice F-1: 7% a year on €450.00, from 12 July 2024 to 31 December 2024 inclusive"
        )
        assert f"{first} (days: 173)" in told
        assert "Collection costs, as our letter announced; due from 1 November 2026" in told
        assert any(words.startswith("VAT on the collection costs") for words in told)
        assert "Already paid, most recently on 26 November 2026" in told
        assert "The term of our letter has passed: the costs are due from 1 November 2026" in told

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"phase": Phase.reminder}, "claim.reminder_asks_principal"),
            ({"costs_from": date(2026, 12, 24)}, "claim.costs_not_yet"),
            ({}, "claim.costs_as_announced"),
        ],
    )
    def test_says_why_costs_are_asked_or_not(self, change, expected):
        owed = build_up(facts=facts(50_000, **change), on=TODAY)
        (line,) = [one for one in claim_trace(owed) if one.outcome == expected]
        assert line.amount is None

    def test_keeps_the_rule_behind_the_interest_without_counting_it_twice(self):
        owed = build_up(facts=facts(50_000), on=TODAY)
        rules = {line.rule for line in claim_trace(owed)}
        assert {"claim.invoice", "claim.interest", "claim.costs"} <= rules
        assert "nl.costs_as_announced" in rules
