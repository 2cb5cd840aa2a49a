"""Each finding about a path whole: its step, its reason, its weight and the facts that fill its sentence."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agency.rules.content import Communication
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.limitation import LimitationKind, limitation
from agency.rules.path_checks import DraftPath, Finding, TemplateFacts, check_path, usual_days
from agency.rules.treatment_path import PathStep, StepPhase, Tone

pytestmark = pytest.mark.pure

ON = date(2026, 11, 27)
EVERYWHERE = frozenset((language, channel) for language in ("nl", "fr", "en") for channel in Channel)
CONSUMERS, BUSINESSES = (DebtorKind.consumer,), (DebtorKind.company,)
FIRST = PathStep("first", (Channel.letter,), "plain", "due_date", 1, tone=Tone.friendly)
NEXT = PathStep("next", (Channel.letter,), "plain", "previous_sent", 7)
NOTICE = replace(NEXT, key="notice", template="fourteen", is_notice=True, phase=StepPhase.amicable)
FINAL = replace(NEXT, key="final", template="final", anchor="notice_ended", days=0, phase=StepPhase.pre_legal)
CALL = replace(NEXT, key="call", channels=(Channel.call,), template="call", optional=True)
TEMPLATES = {
    "plain": TemplateFacts(None, EVERYWHERE),
    "fourteen": TemplateFacts(Communication.fourteen_day_letter, EVERYWHERE),
    "business": TemplateFacts(Communication.business_notice, EVERYWHERE),
    "final": TemplateFacts(Communication.final_notice, EVERYWHERE),
    "court": TemplateFacts(None, EVERYWHERE, threatens_court=True),
}


def found(*steps: PathStep, law: Law = Law.nl, debtors=CONSUMERS, has_end: bool = True) -> list[Finding]:
    return list(check_path(DraftPath(law, debtors, steps, has_end), templates=TEMPLATES, on=ON))


def reasons(*steps: PathStep, **more) -> list[tuple[str, str]]:
    return [(one.step, one.reason) for one in found(*steps, **more)]


def days_of(*steps: PathStep, debtors=CONSUMERS) -> dict[str, int]:
    return usual_days(DraftPath(Law.nl, debtors, steps, has_end=True), on=ON)


def test_a_lawful_path_has_no_findings():
    assert found(FIRST, NEXT, NOTICE, FINAL) == []


class TestDeadEnds:
    def test_a_path_needs_debtors_and_an_end(self):
        assert found(FIRST, debtors=()) == [Finding("", "no_debtors")]
        assert found(FIRST, has_end=False) == [Finding("", "no_end")]
        assert reasons(has_end=False) == [("", "no_steps")]

    def test_what_is_no_advice_is_forbidden(self):
        assert [one.weight for one in found(FIRST, has_end=False)] == ["forbidden"]

    @pytest.mark.parametrize("changed", [{"days": 91}, {"proof_days": 91}])
    def test_a_wait_is_ninety_days_at_most(self, changed):
        longest = {name: days - 1 for name, days in changed.items()}
        assert found(FIRST, replace(NEXT, **longest)) == []
        assert found(FIRST, replace(NEXT, **changed)) == [
            Finding("next", "waits_too_long", facts={"days": "90"})
        ]

    def test_what_is_spoken_proves_no_delivery(self):
        after = replace(NEXT, anchor="previous_delivered")
        assert found(FIRST, CALL, after) == [
            Finding("next", "no_proof_of_delivery", facts={"before": "call"})
        ]
        assert found(FIRST, after) == []


class TestReach:
    def test_a_step_for_whom_it_reaches_by_another_way_is_advised_against(self):
        mail = replace(NEXT, channels=(Channel.email,), optional=True)
        assert found(FIRST, replace(mail, reachable_by=Channel.sms)) == [
            Finding("next", "never_reachable", "advice")
        ]
        assert found(FIRST, replace(mail, reachable_by=Channel.email)) == []
        assert found(FIRST, mail) == []
        assert found(FIRST, replace(mail, optional=False, reachable_by=Channel.sms)) == []

    @pytest.mark.parametrize(
        ("by", "way", "reached"),
        [
            (Channel.sms, Channel.call, True), (Channel.call, Channel.sms, True),
            (Channel.sms, Channel.letter, True), (Channel.email, Channel.letter, True),
            (Channel.email, Channel.sms, False), (Channel.call, Channel.email, False),
        ],
    )  # fmt: skip
    def test_a_number_can_be_called_and_texted_and_everybody_has_a_letterbox(self, by, way, reached):
        step = replace(NEXT, channels=(way,), optional=True, reachable_by=by)
        assert (("next", "never_reachable") not in reasons(FIRST, step)) is reached

    def test_a_day_that_has_passed_is_told_with_the_day(self):
        again = replace(NEXT, anchor="due_date", days=1)
        assert found(FIRST, again)[0] == Finding("next", "day_has_passed", facts={"days": "1"})
        assert ("next", "day_has_passed") not in reasons(FIRST, replace(again, days=2))
        low = replace(NEXT, key="low", anchor="due_date", days=0)
        told = [one for one in found(replace(FIRST, days=5), low, replace(again, days=3)) if one.facts]
        assert Finding("next", "day_has_passed", facts={"days": "5"}) in told

    def test_nothing_comes_before_the_due_date_once_that_has_passed(self):
        early = replace(NEXT, key="early", anchor="due_date", days=-3, phase=StepPhase.pre_due)
        assert ("early", "never_before_due") not in reasons(early, FIRST)
        for days in (0, 1):
            assert ("early", "never_before_due") in reasons(replace(FIRST, days=days), early)
        two = (replace(early, key="earlier", days=-5), early, FIRST)
        assert ("early", "never_before_due") not in reasons(*two)
        assert ("early", "never_before_due") in reasons(FIRST, NEXT, early)

    def test_a_part_is_not_gone_back_to(self):
        legal = replace(FIRST, phase=StepPhase.amicable)
        assert Finding("next", "phase_goes_back", facts={"before": "amicable"}) in found(
            legal, replace(NEXT, phase=StepPhase.reminder)
        )


class TestTemplates:
    def test_what_is_not_published_is_named_by_way_and_language(self):
        step = replace(FIRST, channels=(Channel.email, Channel.sms), template="unwritten")
        assert found(step, law=Law.be)[0].facts == {
            "template": "unwritten",
            "where": "email (fr), email (nl), letter (fr), letter (nl), sms (fr), sms (nl)",
        }
        assert found(step, law=Law.uk, debtors=BUSINESSES)[0].facts["where"] == (
            "email (en), letter (en), sms (en)"
        )

    def test_a_step_that_may_be_left_out_needs_no_letter(self, monkeypatch):
        only_mail = TemplateFacts(None, frozenset({("nl", Channel.email)}))
        monkeypatch.setitem(TEMPLATES, "mail", only_mail)
        mail = replace(NEXT, channels=(Channel.email,), template="mail")
        assert found(FIRST, replace(mail, optional=True)) == []
        assert found(FIRST, mail)[0].facts["where"] == "letter (nl)"

    def test_a_call_needs_no_text_but_may_be_left_out_and_goes_alone(self):
        assert found(FIRST, CALL) == []
        assert reasons(FIRST, replace(CALL, optional=False)) == [("call", "spoken_must_be_optional")]
        both = replace(CALL, template="plain", channels=(Channel.call, Channel.letter))
        assert ("call", "spoken_and_written") in reasons(FIRST, both)


class TestNotices:
    def test_the_law_says_which_notice(self):
        other = replace(NOTICE, template="business")
        assert found(FIRST, other) == [
            Finding("notice", "wrong_notice", facts={"notice": "fourteen_day_letter"}),
            Finding("notice", "notice_without_its_text", facts={"notice": "fourteen_day_letter"}),
        ]
        assert found(FIRST, other, debtors=BUSINESSES) == []
        assert found(FIRST, other, law=Law.de) == []
        belgian = {one.reason: one.facts for one in found(FIRST, NOTICE, law=Law.be)}
        assert belgian["wrong_notice"] == {"notice": "first_reminder"}
        assert belgian["notice_first"] == {"article": "WER art. XIX.7"}
        assert reasons(FIRST, replace(NOTICE, template="plain")) == [("notice", "notice_without_its_text")]

    def test_its_text_does_not_go_before_it(self):
        early = replace(NEXT, template="fourteen")
        assert reasons(FIRST, early, NOTICE) == [("next", "notice_text_before_notice")]
        assert reasons(FIRST, NOTICE, early) == []

    @pytest.mark.parametrize(
        ("debtors", "text", "before", "within"),
        [
            (CONSUMERS, "fourteen", "costs_before_notice", "costs_within_the_term"),
            (BUSINESSES, "business", "pressure_before_notice", "pressure_within_the_term"),
        ],
    )
    def test_pressure_comes_after_it_and_its_term(self, debtors, text, before, within):
        notice = replace(NOTICE, template=text)
        assert found(FIRST, notice, FINAL, debtors=debtors) == []
        early = replace(FINAL, anchor="previous_sent", days=7)
        assert reasons(FIRST, early, debtors=debtors) == [("final", before)]
        assert reasons(FIRST, notice, early, debtors=debtors) == [("final", within)]
        late = replace(NEXT, phase=StepPhase.legal)
        assert reasons(FIRST, late, debtors=debtors) == [("next", before)]
        assert reasons(FIRST, notice, late, debtors=debtors) == []


class TestWays:
    def test_a_visit_is_announced_by_what_is_written_before_it(self):
        visit = replace(CALL, key="visit", channels=(Channel.visit,), phase=StepPhase.amicable)
        assert reasons(FIRST, CALL, visit) == []
        spoken_first = replace(CALL, anchor="due_date", days=1, phase=StepPhase.amicable)
        assert ("visit", "visit_not_announced") in reasons(spoken_first, visit)

    @pytest.mark.parametrize(
        ("law", "hour", "open"),
        [
            (Law.nl, 6, False), (Law.nl, 7, True), (Law.nl, 19, True), (Law.nl, 20, False),
            (Law.nl, 0, False),
            (Law.be, 7, False), (Law.be, 21, True), (Law.de, 7, False), (Law.uk, 8, True), (Law.eu, 7, True),
        ],
    )  # fmt: skip
    def test_an_hour_lies_within_those_of_the_country(self, law, hour, open):
        told = found(replace(FIRST, channels=(Channel.email,), hour=hour), law=law)
        expected = [] if open else [Finding("first", "outside_hours", facts={"hour": f"{hour}:00"})]
        assert [one for one in told if one.reason == "outside_hours"] == expected


class TestDays:
    def test_a_first_reminder_a_day_after_the_due_date_is_advised(self):
        """S-1."""
        advice = Finding("first", "first_reminder_day", "advice", {"days": "1"})
        assert found(replace(FIRST, days=2)) == [advice]
        assert found(replace(FIRST, days=0)) == [advice]
        early = replace(FIRST, key="early", days=-3, phase=StepPhase.pre_due)
        assert found(early, FIRST) == []
        assert found(early, replace(FIRST, days=2)) == [advice]
        assert found(early, replace(NEXT, key="after", tone=Tone.friendly)) == []

    @pytest.mark.parametrize("tone", [Tone.businesslike, Tone.firm, None])
    def test_a_first_reminder_that_is_not_friendly_is_advised_against(self, tone):
        advice = Finding("first", "first_reminder_tone", "advice")
        assert found(replace(FIRST, tone=tone)) == [advice]
        assert found(replace(CALL, anchor="due_date", days=1, tone=tone)) == []

    def test_the_best_of_one_way_is_no_choice(self):
        best = replace(NEXT, best=True)
        assert found(FIRST, best) == [Finding("next", "nothing_to_choose", "advice")]
        assert found(FIRST, replace(best, channels=(Channel.email, Channel.letter))) == []

    def test_two_contacts_on_one_day_are_named_but_for_a_copy(self):
        assert found(FIRST, replace(NEXT, days=0)) == [
            Finding("next", "two_on_one_day", facts={"before": "first"})
        ]
        assert found(FIRST, replace(NEXT, key="first_copy", days=0)) == []

    def test_four_contacts_within_a_week_are_too_many(self):
        steps = [replace(NEXT, key=f"step {number}", days=2) for number in range(3)]
        assert found(FIRST, *steps) == [Finding("step 2", "too_many_in_a_week", facts={"maximum": "3"})]
        assert found(FIRST, *steps[:2], replace(steps[2], days=3)) == []

    def test_each_step_has_its_usual_day(self):
        early = replace(FIRST, key="early", days=-3, phase=StepPhase.pre_due)
        dear = replace(NEXT, above_minor=10**12)
        for_whom = replace(NEXT, to_debtors=CONSUMERS)
        assert days_of(early, FIRST, NEXT) == {"early": -3, "first": 1, "next": 8}
        assert days_of(FIRST, for_whom) == days_of(FIRST, dear) == {"first": 1, "next": 8}
        assert days_of() == days_of(NEXT) == {}
        assert days_of(FIRST, debtors=()) == {"first": 1}


class TestThreats:
    def test_of_a_court_do_not_come_with_a_reminder(self):
        for phase in (StepPhase.pre_due, StepPhase.reminder):
            step = replace(FIRST, template="court", phase=phase)
            assert ("first", "threatens_too_early") in reasons(step)
        assert reasons(replace(FIRST, template="court", phase=StepPhase.amicable)) == []
        assert reasons(FIRST, replace(NEXT, phase=StepPhase.reminder)) == []

    @pytest.mark.parametrize(
        ("debtors", "kind"),
        [(BUSINESSES, LimitationKind.contract), (CONSUMERS, LimitationKind.consumer_sale)],
    )
    def test_of_a_court_end_with_the_shortest_term(self, debtors, kind):
        last = (limitation(law=Law.nl, kind=kind, due=ON).ends - ON) // timedelta(days=1)
        step = replace(FIRST, template="court", days=last, phase=StepPhase.amicable)
        told = [one for one in found(step, debtors=debtors) if one.reason.startswith("threatens")]
        assert told == []
        told = found(replace(step, days=last + 1), debtors=debtors)
        assert Finding("first", "threatens_time_barred", facts={"days": str(last)}) in told
