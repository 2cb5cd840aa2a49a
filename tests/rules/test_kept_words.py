"""Words and figures that stand in tables, files, traces and messages: another one would be another fact."""

from datetime import date
from typing import get_args

import pytest

from agency.money import Money
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.fee_agreement import free_demand_fee
from agency.rules.payer_name import compare_names
from agency.rules.reference_repair import repaired_references
from agency.rules.remainder import small_remainder
from agency.rules.split_line import split_over_claims
from agency.rules.treatment import PathFacts, next_step
from agency.rules.treatment_path import ANCHORS, AfterPath, Anchor, PathEnd, PathStep, TreatmentPath, end_of

pytestmark = pytest.mark.pure

ON = date(2026, 11, 26)
STEP = PathStep("first", (Channel.letter,), "reminder_1", "due_date", 1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def path_of(*steps: PathStep) -> TreatmentPath:
    return TreatmentPath("own", "1", Law.nl, (DebtorKind.consumer,), steps)


def test_traces_name_rule_version_and_source():
    fee = free_demand_fee(collected=eur(100), accepted_on=ON, paid_on=ON, days=7)
    [free] = fee.trace
    assert (free.version, free.source) == ("2026-11-01", "fee agreement with the creditor")
    [rest] = small_remainder(left=eur(1), interest=eur(1), on=ON).trace
    assert rest.rule == "house.remainder"
    [split] = split_over_claims(paid=eur(5), claims=[("a", eur(5))]).trace
    assert split.version == "2026-11-01"


@pytest.mark.parametrize(
    ("written", "printed"),
    [("søby", "soby"), ("łasek", "lasek"), ("đilas", "dilas"), ("arıkan", "arikan"), ("kjær", "kjaer"),
     ("cœur", "coeur"), ("þorvald", "thorvald")],
)  # fmt: skip
def test_a_bank_prints_names_without_their_letters(written, printed):
    assert compare_names([f"jan {printed}"], f"jan {written}") == "same_name"


def test_a_reference_beyond_four_thousand_characters_is_not_looked_for():
    slip = "RF18 5390 0754 7043"
    assert repaired_references(" " * (4_000 - len(slip)) + slip) == repaired_references(slip)
    cut = repaired_references(" " * (4_001 - len(slip)) + slip)
    assert cut == repaired_references(slip[:-1]) != repaired_references(slip)


class TestAPathAsFields:
    def test_leaves_out_what_is_as_usual(self):
        assert path_of(STEP).to_fields() == {
            "key": "own", "version": "1", "law": "nl", "debtors": ["consumer"],
            "steps": [
                {"key": "first", "channels": ["letter"], "template": "reminder_1", "anchor": "due_date",
                 "days": 1, "optional": False, "is_notice": False}
            ],
        }  # fmt: skip

    def test_counts_from_five_moments(self):
        kept = ("due_date", "previous_sent", "previous_delivered", "promise_date", "notice_ended")
        assert kept == ANCHORS == get_args(Anchor)

    def test_asks_a_person_after_two_weeks(self):
        assert PathEnd(AfterPath.person) == end_of({"to": "person"}) == PathEnd(AfterPath.person, 14)

    def test_takes_a_claim_of_an_unknown_size_for_the_smallest(self):
        facts = PathFacts(due_date=date(2026, 11, 2))
        above = PathStep("above", (Channel.letter,), "reminder_2", "due_date", 1, above_minor=0)
        first = next_step(path=path_of(above, STEP), facts=facts, today=ON)
        assert first is not None
        assert first.key == "first"
