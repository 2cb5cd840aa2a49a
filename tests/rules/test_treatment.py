"""The treatment path: the next step, on the day it is due, never skipped and never doubled."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.notice import notice_term
from agency.rules.treatment import (
    BrokenPath,
    PathFacts,
    PathStep,
    PlannedStep,
    SentStep,
    TreatmentPath,
    default_path,
    default_paths,
    next_step,
)
from agency.rules.treatment_path import Signature

pytestmark = pytest.mark.pure

DUE = date(2026, 11, 2)
EVERYTHING = frozenset(Channel)
NL_CONSUMER = default_path(law=Law.nl, debtor=DebtorKind.consumer)
BE_CONSUMER = default_path(law=Law.be, debtor=DebtorKind.consumer)


def plan(path: TreatmentPath, *sent: SentStep, today: date = DUE, **more) -> PlannedStep | None:
    facts = PathFacts(**{"due_date": DUE, "sent": sent, "channels": EVERYTHING} | more)
    return next_step(path=path, facts=facts, today=today)


def walk(path: TreatmentPath, channels: frozenset[Channel], delay: int = 0) -> list[SentStep]:
    """Send every step on its day, or some days late, until the path ends."""
    sent: list[SentStep] = []
    today = DUE
    while step := plan(path, *sent, today=today, channels=channels):
        assert step.due_on >= today
        today = step.due_on + timedelta(days=delay)
        sent.append(SentStep(key=step.key, channel=step.channel, on=today))
        assert len(sent) < 20
    return sent


class TestDutchConsumer:
    def test_walks_from_the_reminder_to_the_call(self):
        assert [(step.key, step.channel, step.on) for step in walk(NL_CONSUMER, EVERYTHING)] == [
            ("reminder_1", Channel.email, date(2026, 11, 3)),
            ("reminder_2", Channel.email, date(2026, 11, 10)),
            ("formal_notice", Channel.letter, date(2026, 11, 17)),
            ("formal_notice_copy", Channel.email, date(2026, 11, 17)),
            ("final_notice", Channel.email, date(2026, 12, 4)),
            ("call", Channel.call, date(2026, 12, 9)),
        ]

    def test_waits_for_the_term_of_the_notice_as_it_was_really_sent(self):
        """Posted on Friday 20 November: delivered Tuesday 24, free until 8 December."""
        sent = [step for step in walk(NL_CONSUMER, EVERYTHING) if step.key.startswith("reminder")]
        late = SentStep("formal_notice", Channel.letter, date(2026, 11, 20))
        copy = SentStep("formal_notice_copy", Channel.email, date(2026, 11, 20))
        found = plan(NL_CONSUMER, *sent, late, copy, today=date(2026, 11, 23))
        assert found is not None
        assert (found.key, found.due_on) == ("final_notice", date(2026, 12, 9))
        assert found.due_on == notice_term(law=Law.nl, by="post", sent=late.on).costs_from
        assert found.why == "0 days after the term of formal_notice, sent 2026-11-20"

    def test_goes_by_letter_where_no_address_is_known_and_leaves_out_what_is_optional(self):
        walked = [(step.key, step.channel) for step in walk(NL_CONSUMER, frozenset({Channel.letter}))]
        assert walked == [
            ("reminder_1", Channel.letter),
            ("reminder_2", Channel.letter),
            ("formal_notice", Channel.letter),
            ("final_notice", Channel.letter),
        ]

    def test_is_due_today_when_its_day_has_passed_and_the_next_keeps_its_distance(self):
        """C15: an old claim starts today, and its steps do not fall on one day."""
        start = date(2027, 1, 10)
        first = plan(NL_CONSUMER, today=start)
        assert first is not None
        assert (first.key, first.due_on) == ("reminder_1", start)
        assert first.why == "1 days after the due date 2026-11-02, which has passed"
        second = plan(NL_CONSUMER, SentStep("reminder_1", Channel.email, start), today=start)
        assert second is not None
        assert second.due_on == start + timedelta(days=7)


class TestBelgianConsumer:
    def test_waits_for_the_belgian_term(self):
        sent = [step for step in walk(BE_CONSUMER, EVERYTHING) if step.key != "call"]
        notice = next(step for step in sent if step.key == "formal_notice")
        final = next(step for step in sent if step.key == "final_notice")
        assert final.on == notice_term(law=Law.be, by="post", sent=notice.on).costs_from


class TestPauses:
    def test_waits_until_the_day_after_a_promise(self):
        found = plan(NL_CONSUMER, paused_until=date(2026, 11, 20))
        assert found is not None
        assert (found.key, found.due_on, found.why) == (
            "reminder_1",
            date(2026, 11, 21),
            "paused until 2026-11-20",
        )

    def test_ignores_a_promise_that_ends_before_the_step(self):
        found = plan(NL_CONSUMER, paused_until=DUE)
        assert found is not None
        assert found.due_on == date(2026, 11, 3)

    def test_a_promise_for_the_day_of_the_step_moves_it_to_the_next(self):
        found = plan(NL_CONSUMER, paused_until=date(2026, 11, 3))
        assert found is not None
        assert (found.due_on, found.why) == (date(2026, 11, 4), "paused until 2026-11-03")

    def test_a_step_of_today_has_not_passed(self):
        found = plan(NL_CONSUMER, today=date(2026, 11, 3))
        assert found is not None
        assert (found.due_on, found.why) == (date(2026, 11, 3), "1 days after the due date 2026-11-02")

    def test_plans_nothing_when_stopped(self):
        assert plan(NL_CONSUMER, stopped=True) is None


class TestPaths:
    @pytest.mark.parametrize(
        ("law", "debtor", "key", "notice"),
        [
            (Law.nl, DebtorKind.consumer, "nl-consumer", "notice_nl_consumer"),
            (Law.nl, DebtorKind.sole_trader, "nl-sole-trader", "notice_business"),
            (Law.nl, DebtorKind.company, "nl-business", "notice_business"),
            (Law.be, DebtorKind.consumer, "be-consumer", "notice_be_consumer"),
            (Law.be, DebtorKind.company, "be-business", "notice_business"),
            (Law.de, DebtorKind.company, "nl-business", "notice_business"),
        ],
    )
    def test_every_claim_has_a_path_with_its_notice(self, law, debtor, key, notice):
        path = default_path(law=law, debtor=debtor)
        assert path.key == key
        assert [step.template for step in path.steps if step.is_notice] == [notice]

    @pytest.mark.parametrize("path", default_paths(), ids=lambda path: path.key)
    def test_reads_back_what_it_writes_to_the_byte(self, path):
        again = TreatmentPath.from_json(path.to_json())
        assert again == path
        assert again.to_json() == path.to_json()

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"key":"x"}'])
    def test_refuses_what_is_no_path(self, content):
        with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one too
            TreatmentPath.from_json(content)

    @pytest.mark.parametrize(
        ("steps", "sentence"),
        [
            ((), "keys of their own"),
            ((NL_CONSUMER.steps[0], NL_CONSUMER.steps[0]), "keys of their own"),
            ((NL_CONSUMER.steps[1],), "first step counts from the due date"),
            ((NL_CONSUMER.steps[0], NL_CONSUMER.steps[6]), "a notice that was not sent"),
            ((replace(NL_CONSUMER.steps[0], days=-1),), "past day"),
            ((replace(NL_CONSUMER.steps[0], channels=()),), "no channel"),
        ],
    )
    def test_refuses_steps_that_cannot_be_walked(self, steps, sentence):
        with pytest.raises(BrokenPath, match=sentence):
            replace(NL_CONSUMER, steps=steps)


class TestAlways:
    @given(
        st.sampled_from(default_paths()), st.frozensets(st.sampled_from(list(Channel))), st.integers(0, 30)
    )
    def test_no_step_is_skipped_or_doubled_however_late_it_is_sent(self, path, channels, delay):
        walked = walk(path, channels, delay)
        keys = [step.key for step in walked]
        assert len(set(keys)) == len(keys)
        assert keys == [step.key for step in path.steps if step.key in keys]
        must = {step.key for step in path.steps if not step.conditional}
        assert must <= set(keys)
        assert [step.on for step in walked] == sorted(step.on for step in walked)

    @given(st.sampled_from(default_paths()), st.integers(0, 30))
    def test_costs_are_never_announced_before_the_term_ends(self, path, delay):
        sent = {step.key: step for step in walk(path, EVERYTHING, delay)}
        notice = sent["formal_notice"]
        assert sent["final_notice"].on >= notice_term(law=path.law, by="post", sent=notice.on).costs_from

    @given(st.integers(0, 400))
    def test_planning_twice_gives_the_same_step(self, days):
        today = DUE + timedelta(days=days)
        assert plan(NL_CONSUMER, today=today) == plan(NL_CONSUMER, today=today)


def test_a_step_of_an_own_path_may_wait_longer():
    path = TreatmentPath(
        key="calm",
        version="1",
        law=Law.nl,
        debtors=(DebtorKind.consumer,),
        steps=(PathStep("first", (Channel.sms, Channel.email), "reminder_1", "due_date", 30),),
    )
    found = plan(path, channels=frozenset({Channel.email}))
    assert found == PlannedStep(
        "first", Channel.email, "reminder_1", date(2026, 12, 2), "30 days after the due date 2026-11-02"
    )


def own_path(*anchors: str) -> TreatmentPath:
    steps = tuple(
        PathStep(f"step {number}", (Channel.email,), "reminder_1", anchor, 10)
        for number, anchor in enumerate(anchors)
    )
    return TreatmentPath(key="own", version="1", law=Law.nl, debtors=(DebtorKind.consumer,), steps=steps)


def test_a_step_counts_from_what_it_is_anchored_to():
    first = SentStep(key="step 0", channel=Channel.email, on=date(2026, 11, 20))
    by_due = plan(own_path("due_date", "due_date"), first)
    assert by_due is not None
    assert (by_due.due_on, by_due.why) == (date(2026, 11, 12), "10 days after the due date 2026-11-02")
    by_step = plan(own_path("due_date", "previous_sent"), first)
    assert by_step is not None
    assert (by_step.due_on, by_step.why) == (date(2026, 11, 30), "10 days after step 0, sent 2026-11-20")


@pytest.mark.parametrize(("channel", "by"), [(Channel.email, "email"), (Channel.letter, "post")])
def test_a_notice_ends_by_the_way_it_went(channel, by):
    number = next(n for n, step in enumerate(BE_CONSUMER.steps) if step.anchor == "notice_ended")
    sent = [SentStep(key=step.key, channel=channel, on=DUE) for step in BE_CONSUMER.steps[:number]]
    found = plan(BE_CONSUMER, *sent)
    assert found is not None
    ends = notice_term(law=Law.be, by=by, sent=DUE).costs_from
    assert found.due_on == ends + timedelta(days=BE_CONSUMER.steps[number].days)


def test_a_path_is_kept_in_one_form_and_in_letters_as_they_are():
    path = replace(own_path("due_date"), key="één")
    content = path.to_json().decode()
    assert "één" in content
    assert (
        content.index('"debtors"')
        < content.index('"key"')
        < content.index('"law"')
        < content.index('"steps"')
    )


class TestWhatABelgianConsumerGetsFirst:
    def test_in_the_agencys_name_nothing_comes_before_the_formal_notice(self):
        """economie.fgov.be: whoever collects for another begins with a formal notice (WER art. XIX.7)."""
        path = default_path(law=Law.be, debtor=DebtorKind.consumer, signature=Signature.agency)
        assert path.steps[0].is_notice

    @pytest.mark.parametrize("path", default_paths(), ids=lambda path: path.key)
    def test_nobody_calls_before_it_and_reminders_are_the_creditors_own(self, path):
        if path.law is not Law.be or DebtorKind.consumer not in path.debtors:
            return
        notice = next(place for place, step in enumerate(path.steps) if step.is_notice)
        assert all(Channel.call not in step.channels for step in path.steps[:notice])
        assert notice == 0 or path.signature is Signature.creditor or "-managed" in path.key
