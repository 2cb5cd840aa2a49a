"""A path walked ahead: by day, as far as asked; what contacts cost; what the gate lets through; migration."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agency.money import Money
from agency.rules import path_tryout, path_walk
from agency.rules.facts import Channel, DebtorKind, Law, Phase
from agency.rules.path_migration import land
from agency.rules.path_tryout import ClaimToTry, TriedStep, try_path
from agency.rules.path_walk import as_sent, contact_cost, response_rule, usual_response, walk_ahead
from agency.rules.send import SendFacts
from agency.rules.treatment import PathFacts, PlannedStep, SentStep
from agency.rules.treatment_path import PathStep, StepPhase, TreatmentPath

pytestmark = pytest.mark.pure

DUE = date(2026, 11, 2)  # a Monday
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EVERYTHING = frozenset(Channel)
FIRST = PathStep("first", (Channel.email,), "reminder_1", "due_date", 1)
NEXT = PathStep("next", (Channel.email,), "reminder_2", "previous_sent", 7)
NOTICE = replace(NEXT, key="notice", template="notice", channels=(Channel.letter,), is_notice=True)


def path_of(*steps: PathStep, law: Law = Law.nl) -> TreatmentPath:
    return TreatmentPath("own", "1", law, (DebtorKind.consumer,), steps)


def day(days: int) -> date:
    return DUE + timedelta(days=days)


class TestWalk:
    FACTS = PathFacts(due_date=DUE, channels=EVERYTHING)

    def keys(self, until: date, *steps: PathStep) -> list[str]:
        walked = walk_ahead(path=path_of(*steps), facts=self.FACTS, today=DUE, until=until)
        return [step.key for step in walked]

    def test_goes_up_to_and_including_the_day(self):
        assert self.keys(day(7), FIRST, NEXT) == ["first"]
        assert self.keys(day(8), FIRST, NEXT) == ["first", "next"]
        assert self.keys(day(900), FIRST, NEXT) == ["first", "next"]

    def test_ends_after_so_many_steps_whatever_a_path_says(self, monkeypatch):
        monkeypatch.setattr(path_walk, "_STEPS_MAX", 1)
        assert self.keys(day(900), FIRST, NEXT) == ["first"]

    @pytest.mark.parametrize(
        ("law", "channel", "left", "arrives"),
        [
            (Law.nl, Channel.email, date(2026, 11, 6), date(2026, 11, 6)),
            (Law.nl, Channel.letter, date(2026, 11, 6), date(2026, 11, 10)),  # the second day of post
            (Law.be, Channel.letter, date(2026, 11, 6), date(2026, 11, 12)),  # past Armistice Day
            (Law.be, Channel.letter, date(2023, 8, 1), date(2023, 8, 1)),  # no law said when
        ],
    )
    def test_what_left_arrives_as_the_post_brings_it(self, law, channel, left, arrives):
        step = PlannedStep("first", channel, "reminder_1", DUE, "")
        assert as_sent(path_of(FIRST, law=law), step, on=left) == SentStep("first", channel, left, arrives)

    def test_the_house_says_what_contacts_cost_and_bring_in(self):
        assert contact_cost(channel=Channel.letter, on=DUE) == Money(135, "EUR")
        costs = [contact_cost(channel=channel, on=DUE).minor for channel in Channel]
        assert all(cost > 0 for cost in costs)
        assert (response_rule(on=DUE).within_days, response_rule(on=DUE).contacts_min) == (14, 50)
        assert usual_response(channel=Channel.call, on=DUE) == 1_500


def tried(*steps: PathStep, until: date = date(2027, 6, 1), contacts=(), threatening=(), **gate):
    facts = {
        "country": "NL", "region": None, "channel": Channel.email, "debtor": DebtorKind.consumer,
        "phase": Phase.reminder, "balance": Money(40_000, "EUR"), "limitation_ends": date(2031, 11, 2),
    } | gate  # fmt: skip
    claim = ClaimToTry(
        facts=PathFacts(due_date=DUE, channels=EVERYTHING), gate=SendFacts(**facts),
        threatening=frozenset(threatening),
    )  # fmt: skip
    return try_path(
        path=path_of(*steps), claim=claim, today=DUE, until=until, zone=AMSTERDAM, contacts=contacts
    )


def days(found: tuple[TriedStep, ...]) -> list[tuple[str, date]]:
    return [(step.key, step.on) for step in found]


class TestTryOut:
    def test_goes_up_to_and_including_the_day_and_to_the_end_of_the_path(self):
        assert days(tried(FIRST, NEXT, until=day(7))) == [("first", day(1))]
        assert days(tried(FIRST, NEXT, until=day(8))) == [("first", day(1)), ("next", day(8))]
        assert days(tried(FIRST, NEXT)) == [("first", day(1)), ("next", day(8))]

    def test_a_step_that_is_put_off_beyond_the_day_is_not_told(self):
        at_nine = (datetime(2026, 11, 3, 8, 0, tzinfo=UTC),)
        assert tried(FIRST, until=day(1), contacts=at_nine) == ()
        assert days(tried(FIRST, until=day(2), contacts=at_nine)) == [("first", day(2))]

    def test_its_own_steps_are_contacts_too_but_a_copy_is_part_of_its_step(self):
        same_day = replace(NEXT, days=0)
        copy = replace(same_day, key="first_copy", channels=(Channel.letter,))
        assert days(tried(FIRST, same_day)) == [("first", day(1)), ("next", day(2))]
        assert days(tried(FIRST, copy)) == [("first", day(1)), ("first_copy", day(1))]

    def test_contacts_count_for_a_week(self):
        """At most three in seven days: the first of them falls out to the minute."""
        three = [datetime(2026, 11, 4, 8, 0, tzinfo=UTC) + timedelta(days=2 * number) for number in range(3)]
        late = replace(FIRST, days=9)  # Wednesday 11 November, nine o'clock
        [found] = tried(late, contacts=three)
        assert (found.on, found.outcome) == (day(9), "sent")
        three[0] += timedelta(minutes=1)
        [found] = tried(late, contacts=three)
        assert found.on == day(9)
        within = [moment + timedelta(hours=2) for moment in three]
        assert days(tried(replace(late, hour=7), contacts=within)) == [("first", day(9))]

    def test_a_visit_was_announced_by_who_prepares_it(self):
        visit = replace(FIRST, channels=(Channel.visit,), template="visit")
        [found] = tried(visit, phase=Phase.amicable)
        assert (found.outcome, found.reasons, found.channel) == ("sent", (), Channel.visit)

    def test_a_claim_is_amicable_from_its_notice_on(self):
        threat = replace(NEXT, key="threat", template="final_notice", days=30)
        found = tried(FIRST, NOTICE, threat, threatening=("final_notice",))
        assert [step.outcome for step in found] == ["sent", "sent", "sent"]
        found = tried(FIRST, replace(NEXT, template="final_notice"), NOTICE, threatening=("final_notice",))
        assert found[-1] == TriedStep("next", Channel.email, day(8), "refused", ("threatens_too_early",))

    def test_a_notice_takes_no_claim_back_from_the_bailiff(self):
        call = replace(NEXT, key="call", channels=(Channel.call,))
        found = tried(NOTICE_FIRST, call, phase=Phase.execution)
        assert [(step.outcome, step.reasons) for step in found] == [("refused", ("with_bailiff",))]

    def test_no_step_is_put_off_for_ever(self, monkeypatch):
        monkeypatch.setattr(path_tryout, "_TRIES_MAX", 1)
        at_nine = (datetime(2026, 11, 3, 8, 0, tzinfo=UTC),)
        [found] = tried(FIRST, contacts=at_nine)
        assert (found.outcome, found.reasons) == ("refused", ("no_lawful_moment",))
        assert days(tried(FIRST, NEXT)) == [("first", day(1))]


NOTICE_FIRST = replace(NOTICE, anchor="due_date")


class TestMigration:
    """Where a claim lands on another version of its path; it never goes back, repeats or skips."""

    LATE = replace(NEXT, key="late", template="late", phase=StepPhase.legal)
    OLD = (replace(FIRST, phase=StepPhase.reminder), replace(NEXT, phase=StepPhase.amicable), LATE)

    def landed(self, *new: PathStep, sent: tuple[str, ...] = ()) -> tuple[str, str]:
        taken = tuple(SentStep(key, Channel.email, DUE) for key in sent)
        facts = PathFacts(due_date=DUE, sent=taken, channels=EVERYTHING)
        found = land(old=path_of(*self.OLD), new=path_of(*new), facts=facts, today=DUE)
        return found.next.key if found.next else "", found.refusal

    def test_a_claim_that_had_nothing_may_go_to_any_path(self):
        early = replace(FIRST, days=-3, phase=StepPhase.pre_due)
        assert self.landed(*self.OLD) == ("first", "")
        assert self.landed(replace(FIRST, key="other")) == ("other", "")
        facts = PathFacts(due_date=DUE, channels=EVERYTHING)
        before = land(old=path_of(*self.OLD), new=path_of(early), facts=facts, today=day(-10))
        assert (before.next and before.next.key, before.refusal) == ("first", "")

    def test_a_step_that_its_own_path_does_not_know_says_nothing_of_how_far_it_is(self):
        early = replace(FIRST, days=1, phase=StepPhase.pre_due, key="early")
        assert self.landed(early, sent=("unknown",)) == ("early", "")

    def test_the_end_of_the_other_path_is_no_refusal(self):
        assert self.landed(self.OLD[0], sent=("first",)) == ("", "")

    def test_it_may_stay_in_its_part_but_not_go_back(self):
        again = replace(self.OLD[1], key="again", template="again")
        assert self.landed(*self.OLD[:2], again, sent=("first", "next")) == ("again", "")
        back = replace(again, phase=StepPhase.reminder)
        assert self.landed(*self.OLD[:2], back, sent=("first", "next")) == ("again", "goes_back")

    def test_it_gets_no_text_again(self):
        renamed = replace(self.OLD[1], key="renamed")
        assert self.landed(self.OLD[0], renamed, sent=("first", "next")) == ("renamed", "repeats")

    def test_it_leaves_out_no_part(self):
        moved = (self.LATE_FIRST, *self.OLD[:2])
        assert self.landed(*moved, sent=("first", "next")) == ("", "skips")
        passed_over = (replace(self.LATE_FIRST, optional=True), *self.OLD[:2])
        assert self.landed(*passed_over, sent=("first", "next")) == ("", "")
        same_part = (replace(self.LATE_FIRST, phase=StepPhase.amicable), *self.OLD[:2])
        assert self.landed(*same_part, sent=("first", "next")) == ("", "")
        taken = (self.LATE_FIRST, *self.OLD[:2])
        assert self.landed(*taken, sent=("first", "late", "next")) == ("", "")

    LATE_FIRST = replace(LATE, anchor="due_date")
