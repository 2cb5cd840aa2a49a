"""A path as data: what its steps may be, which may be passed over, in which part each stands, how it ends."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.tables import read_table
from agency.rules.treatment import PathFacts, PlannedStep, SentStep, next_step, path_end
from agency.rules.treatment_path import (
    AfterPath,
    BrokenPath,
    PathEnd,
    PathStep,
    StepFault,
    StepPhase,
    Tone,
    TreatmentPath,
    end_of,
    step_faults,
    step_of,
    usual_tone,
)

pytestmark = pytest.mark.pure

DUE = date(2026, 11, 2)
FIRST = PathStep("first", (Channel.letter,), "reminder_1", "due_date", 1)
NEXT = PathStep("next", (Channel.letter,), "reminder_2", "previous_sent", 7)
NOTICE = replace(NEXT, key="notice", template="notice", is_notice=True)


def path_of(*steps: PathStep, **more) -> TreatmentPath:
    return TreatmentPath("own", "1", Law.nl, (DebtorKind.consumer,), steps, **more)


def planned(*steps: PathStep, today: date = DUE, **facts) -> PlannedStep | None:
    known = PathFacts(**{"due_date": DUE, "channels": frozenset({Channel.letter})} | facts)
    return next_step(path=path_of(*steps), facts=known, today=today)


def key_of(step: PlannedStep | None) -> str:
    return step.key if step else ""


def sent(key: str, on: date = DUE) -> SentStep:
    return SentStep(key, Channel.letter, on)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"channels": ()}, "no_channel"),
        ({"anchor": "whenever"}, "unknown_anchor"),
        ({"days": -1}, "past_day"),
        ({"days": -1, "phase": StepPhase.reminder}, "past_day"),
        ({"proof_days": -1}, "past_day"),
        ({"hour": -1}, "unknown_hour"),
        ({"hour": 24}, "unknown_hour"),
    ],
)
def test_a_step_that_cannot_be_walked_is_named(changed, reason):
    assert StepFault("first", reason) in list(step_faults([replace(FIRST, **changed)]))
    with pytest.raises(BrokenPath) as broken:
        path_of(replace(FIRST, **changed))
    why = "leaves at no hour of a day" if "hour" in changed else "has no channel, anchor or a past day"
    assert str(broken.value) == f"path own: step first {why}"


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ((), "steps need keys of their own"),
        ((FIRST, FIRST), "steps need keys of their own"),
        ((NEXT,), "the first step counts from the due date"),
        ((FIRST, replace(NEXT, anchor="notice_ended")), "step next waits for a notice that was not sent"),
    ],
)
def test_a_path_that_cannot_be_walked_says_why(steps, sentence):
    with pytest.raises(BrokenPath) as broken:
        path_of(*steps)
    assert str(broken.value) == f"path own: {sentence}"


@pytest.mark.parametrize(
    "changed",
    [{"days": 0}, {"proof_days": 0}, {"hour": 0}, {"hour": 23}, {"days": -5, "phase": StepPhase.pre_due}],
)
def test_the_borders_of_a_step_are_within_them(changed):
    assert list(step_faults([replace(FIRST, **changed)])) == []


def test_a_path_without_steps_or_with_one_twice_is_named():
    assert list(step_faults([])) == [StepFault("", "no_steps")]
    assert list(step_faults([FIRST, FIRST])) == [StepFault("first", "same_key")]
    waiting = replace(NEXT, anchor="notice_ended")
    passed_over = replace(NOTICE, optional=True)
    assert list(step_faults([FIRST, passed_over, waiting])) == [StepFault("next", "no_notice_before")]
    assert list(step_faults([FIRST, NOTICE, waiting])) == []


@pytest.mark.parametrize(
    ("changed", "may_be_passed_over"),
    [
        ({}, False),
        ({"days": 0}, False),
        ({"optional": True}, True),
        ({"above_minor": 0}, True),
        ({"to_debtors": (DebtorKind.company,)}, True),
        ({"reachable_by": Channel.sms}, True),
        ({"anchor": "promise_date"}, True),
        ({"days": -1}, True),
    ],
)
def test_a_step_with_a_condition_may_be_passed_over(changed, may_be_passed_over):
    assert replace(FIRST, **changed).conditional is may_be_passed_over


def test_a_step_stands_in_the_part_it_names_else_before_or_behind_the_notice():
    path = path_of(FIRST, replace(NEXT, phase=StepPhase.pre_legal), NOTICE, replace(NEXT, key="last"))
    parts = [path.phase_of(key) for key in ("first", "next", "notice", "last", "none")]
    assert parts == [
        StepPhase.reminder, StepPhase.pre_legal, StepPhase.amicable, StepPhase.amicable, None,
    ]  # fmt: skip


def test_plain_fields_say_all_of_a_path():
    full = replace(
        FIRST, phase=StepPhase.pre_legal, above_minor=5, to_debtors=(DebtorKind.company,), hour=9,
        reachable_by=Channel.email, proof_days=3, best=True,
    )  # fmt: skip
    path = path_of(full, currency="GBP", end=PathEnd(AfterPath.close, 3))
    assert TreatmentPath.from_fields(path.to_fields()) == path
    assert path.to_fields()["currency"] == "GBP"
    assert step_of({"key": "a", "channels": ["sms"], "template": "t", "anchor": "due_date", "days": 2}) == (
        PathStep("a", (Channel.sms,), "t", "due_date", 2)
    )
    assert end_of({"to": "legal"}) == PathEnd(AfterPath.legal, 14)
    assert end_of({"to": "legal", "after_days": 5}) == PathEnd(AfterPath.legal, 5)
    assert end_of(None) is None


class TestConditions:
    """A step that does not count is passed over, and the one behind it is next."""

    @pytest.mark.parametrize(
        ("asked", "facts", "counts"),
        [
            ({"above_minor": 500}, {"principal_minor": 501}, True),
            ({"above_minor": 500}, {"principal_minor": 500}, False),
            ({"above_minor": 500}, {"principal_minor": 501, "currency": "GBP"}, False),
            ({"to_debtors": (DebtorKind.company,)}, {"debtor": DebtorKind.company}, True),
            ({"to_debtors": (DebtorKind.company,)}, {"debtor": DebtorKind.consumer}, False),
            ({"to_debtors": (DebtorKind.company,)}, {"debtor": None}, False),
            ({"reachable_by": Channel.email}, {"channels": frozenset({Channel.email})}, True),
            ({"reachable_by": Channel.email}, {"channels": frozenset({Channel.sms})}, False),
            ({"reachable_by": Channel.letter}, {"channels": frozenset()}, True),
            ({"days": -1, "phase": StepPhase.pre_due}, {}, False),
        ],
    )
    def test_decide_whether_it_comes(self, asked, facts, counts):
        found = planned(replace(FIRST, **asked), replace(FIRST, key="behind"), **facts)
        assert key_of(found) == ("first" if counts else "behind")

    def test_before_the_due_date_until_the_day_before_it(self):
        early = replace(FIRST, days=-3, phase=StepPhase.pre_due)
        found = planned(early, today=DUE - timedelta(days=1))
        assert found is not None
        assert (found.due_on, found.why) == (
            DUE - timedelta(days=1), f"3 days before the due date {DUE}, which has passed",
        )  # fmt: skip

    def test_a_first_step_that_may_be_passed_over_is_still_taken_first(self):
        found = planned(replace(FIRST, reachable_by=Channel.letter), NEXT)
        assert key_of(found) == "first"

    def test_what_lies_behind_a_claim_is_not_gone_back_to_but_for_a_notice_that_must_go(self):
        steps = (FIRST, replace(NEXT, key="passed"), NOTICE, replace(NEXT, key="taken"), NEXT)
        assert key_of(planned(*steps, sent=(sent("first"), sent("taken")))) == "notice"
        optional = replace(NOTICE, reachable_by=Channel.letter)
        steps = (FIRST, replace(NEXT, key="passed"), optional, replace(NEXT, key="taken"), NEXT)
        assert key_of(planned(*steps, sent=(sent("first"), sent("taken")))) == "next"


class TestDays:
    @pytest.mark.parametrize("days", [0, 1])
    def test_count_from_the_step_that_was_sent_last(self, days):
        on = date(2026, 11, 20)
        found = planned(FIRST, replace(NEXT, days=days), sent=(sent("first", on),))
        assert found is not None
        assert found.due_on == on + timedelta(days=days)
        assert found.why == f"{days} days after first, sent {on}"

    def test_of_one_day_a_step_of_this_path_counts_before_one_of_an_earlier_version(self):
        found = planned(FIRST, NEXT, sent=(sent("gone"), sent("first")))
        assert found is not None
        assert found.why == f"7 days after first, sent {DUE}"

    def test_of_a_broken_promise_are_for_steps_that_wait_for_it_alone(self):
        promised = date(2026, 12, 24)
        found = planned(FIRST, NEXT, sent=(sent("first"),), promised_on=promised)
        assert found is not None
        assert found.due_on == DUE + timedelta(days=7)
        found = planned(
            FIRST, replace(NEXT, anchor="promise_date"), sent=(sent("first"),), promised_on=promised
        )
        assert found is not None
        assert (found.due_on, found.why) == (date(2026, 12, 31), "7 days after the promise for 2026-12-24")

    def test_of_a_first_step_that_counts_from_another_are_from_the_due_date(self):
        found = planned(replace(FIRST, above_minor=5), replace(NEXT, days=4), principal_minor=1)
        assert found is not None
        assert (found.due_on, found.why) == (date(2026, 11, 6), f"4 days after the due date {DUE}")


class TestEnd:
    END = PathEnd(AfterPath.person, 14)

    def asked(self, end: PathEnd | None = END, **facts) -> date | None:
        return path_end(path=path_of(FIRST, end=end), facts=PathFacts(due_date=DUE, **facts))

    def test_comes_some_days_after_the_last_step(self):
        taken = (sent("first", date(2026, 11, 20)), sent("other", date(2026, 11, 10)))
        assert self.asked(sent=taken) == date(2026, 12, 4)
        assert self.asked() == DUE + timedelta(days=14)

    def test_waits_for_a_promise(self):
        assert self.asked(paused_until=date(2026, 12, 24)) == date(2026, 12, 25)
        assert self.asked(paused_until=date(2026, 11, 3)) == DUE + timedelta(days=14)

    def test_is_not_asked_of_a_stopped_claim_or_where_the_path_names_none(self):
        assert self.asked(stopped=True) is None
        assert self.asked(end=None) is None


def test_a_text_speaks_as_its_row_says_and_otherwise_businesslike():
    on = date(2026, 11, 27)
    rows = read_table("treatment")["tone"]
    assert rows
    for row in rows:
        assert usual_tone(row["template"], on=on) is Tone(row["tone"])
    assert usual_tone("a text that has no row", on=on) is Tone.businesslike


def test_a_path_keeps_its_name_and_may_have_none():
    named = path_of(FIRST, NEXT, name="After the summer").to_fields()
    assert TreatmentPath.from_fields(named).name == "After the summer"
    assert TreatmentPath.from_fields({key: named[key] for key in named if key != "name"}).name == ""
