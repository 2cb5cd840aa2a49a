"""What the checks of a path say, step by step, and how it is tried, compared and changed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from agency.communication.mandatory import KINDS
from agency.communication.templates import composed_files
from agency.money import Money
from agency.rules.content import threatens_court
from agency.rules.facts import Channel, DebtorKind, Law, Phase
from agency.rules.path_changes import path_differences, with_moved_step, with_new_step
from agency.rules.path_checks import DraftPath, TemplateFacts, check_path, usual_days
from agency.rules.path_migration import land
from agency.rules.path_tryout import ClaimToTry, try_path
from agency.rules.path_walk import walk_ahead
from agency.rules.send import SendFacts
from agency.rules.treatment import PathFacts, SentStep, next_step
from agency.rules.treatment_path import (
    PathStep,
    Signature,
    StepPhase,
    TreatmentPath,
    default_path,
    default_paths,
)

pytestmark = pytest.mark.pure

ON = date(2026, 11, 27)
DUE = date(2026, 11, 2)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PATH = default_path(law=Law.nl, debtor=DebtorKind.consumer)
BELGIAN = default_path(law=Law.be, debtor=DebtorKind.consumer)
EVERYTHING = frozenset(Channel)


@pytest.fixture(scope="module")
def templates():
    found: dict[str, set[tuple[str, Channel]]] = {}
    threatening = set()
    for one in composed_files():
        found.setdefault(one.key, set()).add((one.language, one.channel))
        if threatens_court(text=one.body, language=one.language, on=ON):
            threatening.add(one.key)
    return {
        key: TemplateFacts(KINDS.get(key), frozenset(where), key in threatening)
        for key, where in found.items()
    }


def draft(path: TreatmentPath = PATH, **changes) -> DraftPath:
    steps = tuple(replace(step, **changes.get(step.key, {})) for step in path.steps)
    without = changes.get("without", ())
    kept = tuple(step for step in steps if step.key not in without)
    signature = changes.get("signature", Signature.creditor if "-managed" in path.key else path.signature)
    return DraftPath(path.law, path.debtors, kept, changes.get("has_end", True), signature)


def reasons(found: DraftPath, templates, step: str) -> set[str]:
    return {one.reason for one in check_path(found, templates=templates, on=ON) if one.step == step}


@pytest.mark.parametrize("path", default_paths(), ids=lambda path: path.key)
def test_nothing_is_forbidden_on_the_paths_of_the_house(path, templates):
    found = check_path(draft(path), templates=templates, on=ON)
    assert [one for one in found if one.weight == "forbidden"] == []


@pytest.mark.parametrize(
    ("changes", "step", "reason"),
    [
        ({"without": ("formal_notice", "formal_notice_copy")}, "final_notice", "costs_before_notice"),
        ({"final_notice": {"anchor": "previous_sent"}}, "final_notice", "costs_within_the_term"),
        ({"formal_notice": {"template": "notice_business"}}, "formal_notice", "wrong_notice"),
        ({"formal_notice": {"above_minor": 5000}}, "formal_notice", "notice_may_be_passed_over"),
        ({"has_end": False}, "", "no_end"),
        ({"reminder_2": {"days": 120}}, "reminder_2", "waits_too_long"),
        ({"formal_notice": {"anchor": "previous_delivered"}}, "formal_notice", "no_proof_of_delivery"),
        ({"reminder_2": {"to_debtors": (DebtorKind.company,)}}, "reminder_2", "never_for_these_debtors"),
        ({"reminder_2": {"anchor": "due_date", "days": 1}}, "reminder_2", "day_has_passed"),
        ({"reminder_2": {"phase": StepPhase.pre_legal}}, "formal_notice", "phase_goes_back"),
        ({"reminder_2": {"template": "unwritten"}}, "reminder_2", "template_not_published"),
        ({"reminder_2": {"days": 0}}, "reminder_2", "two_on_one_day"),
        ({"call": {"hour": 21}}, "call", "outside_hours"),
        ({"call": {"optional": False}}, "call", "spoken_must_be_optional"),
        ({"visit": {"phase": StepPhase.reminder}}, "visit", "channel_not_in_phase"),
    ],
)
def test_names_the_step_and_the_reason(changes, step, reason, templates):
    assert reason in reasons(draft(**changes), templates, step)


class TestTheFormalNoticeOfBelgium:
    """WER art. XIX.7: an agency begins with the notice, and its term is left to the debtor."""

    @pytest.mark.parametrize("signature", [Signature.agency, Signature.either])
    def test_a_reminder_in_the_agencys_name_before_it_is_forbidden(self, signature, templates):
        found = check_path(draft(BELGIAN, signature=signature), templates=templates, on=ON)
        early = [one for one in found if one.reason == "notice_first"]
        assert [one.step for one in early] == ["reminder_1", "reminder_2", "reminder_2_copy"]
        assert {one.weight for one in early} == {"forbidden"}
        assert {one.facts["article"] for one in early} == {"WER art. XIX.7"}

    def test_the_creditors_own_is_told_of_once(self, templates):
        found = check_path(draft(BELGIAN), templates=templates, on=ON)
        told = [(one.step, one.weight) for one in found if one.reason == "reminder_is_the_creditors"]
        assert told == [("reminder_1", "advice")]

    def test_nobody_is_texted_before_it_in_whosever_name(self, templates):
        by_text = draft(BELGIAN, reminder_2={"channels": (Channel.sms,)})
        assert "notice_first" in reasons(by_text, templates, "reminder_2")

    @pytest.mark.parametrize("channel", [Channel.email, Channel.sms, Channel.letter, Channel.call])
    def test_nothing_comes_within_its_term(self, channel, templates):
        template = "call" if channel is Channel.call else "reminder_2"
        step = PathStep("within", (channel,), template, "previous_sent", 5, True, phase=StepPhase.amicable)
        place = next(n for n, one in enumerate(BELGIAN.steps) if one.key == "final_notice")
        within = replace(BELGIAN, steps=(*BELGIAN.steps[:place], step, *BELGIAN.steps[place:]))
        assert "notice_term_running" in reasons(draft(within), templates, "within")
        later = replace(step, anchor="notice_ended")
        after = replace(BELGIAN, steps=(*BELGIAN.steps[:place], later, *BELGIAN.steps[place:]))
        assert "notice_term_running" not in reasons(draft(after), templates, "within")

    def test_other_debtors_and_other_countries_know_no_such_thing(self, templates):
        business = default_path(law=Law.be, debtor=DebtorKind.company)
        for path in (PATH, business):
            found = check_path(draft(path, signature=Signature.agency), templates=templates, on=ON)
            assert not {one.reason for one in found} & {"notice_first", "notice_term_running"}

    def test_one_for_companies_only_is_not_meant(self, templates):
        mixed = replace(
            BELGIAN, debtors=(DebtorKind.consumer, DebtorKind.company), signature=Signature.agency
        )
        companies = {"to_debtors": (DebtorKind.company,)}
        found = draft(mixed, reminder_1=companies, reminder_2=companies, reminder_2_copy=companies)
        assert "notice_first" not in reasons(found, templates, "reminder_1")


def test_more_contacts_in_a_week_than_the_house_makes_are_named(templates):
    close = {"reminder_2": {"days": 1}, "early_call": {"days": 1}, "formal_notice": {"days": 1}}
    assert "too_many_in_a_week" in reasons(draft(**close), templates, "formal_notice")


def test_a_visit_is_announced_in_writing_first(templates):
    visit = next(step for step in PATH.steps if step.key == "visit")
    alone = replace(visit, anchor="due_date", days=1)
    found = DraftPath(Law.be, (DebtorKind.consumer,), (alone,), has_end=True)
    assert "visit_not_announced" in reasons(found, templates, "visit")


def test_a_threat_of_court_never_comes_after_the_shortest_term(templates):
    threatening = templates | {"final_notice": replace(templates["final_notice"], threatens_court=True)}
    assert reasons(draft(BELGIAN), threatening, "final_notice") == set()
    late = draft(BELGIAN, reminder_2={"days": 4000})
    assert "threatens_time_barred" in reasons(late, threatening, "final_notice")


def test_tells_the_day_of_each_step():
    days = usual_days(draft(), on=ON)
    assert (days["reminder_1"], days["reminder_2"]) == (1, 8)
    assert list(days.values()) == sorted(days.values())


class TestSteps:
    def test_before_the_due_date_is_left_out_once_that_has_passed(self):
        early = PathStep("before", (Channel.email,), "reminder_1", "due_date", -3, phase=StepPhase.pre_due)
        path = replace(PATH, steps=(early, *PATH.steps))
        facts = PathFacts(due_date=DUE, channels=EVERYTHING)
        first = next_step(path=path, facts=facts, today=date(2026, 10, 20))
        assert first is not None
        assert (first.key, first.due_on) == ("before", date(2026, 10, 30))
        late = next_step(path=path, facts=facts, today=DUE)
        assert late is not None
        assert late.key == "reminder_1"

    def test_waits_for_proof_of_delivery_and_gives_up_in_time(self):
        steps = (PATH.steps[0], replace(PATH.steps[1], anchor="previous_delivered", days=3, proof_days=10))
        path = replace(PATH, steps=steps)
        sent = SentStep("reminder_1", Channel.letter, date(2026, 11, 3))
        unproved = next_step(path=path, facts=PathFacts(due_date=DUE, sent=(sent,)), today=sent.on)
        proved = replace(sent, delivered_on=date(2026, 11, 6))
        known = next_step(path=path, facts=PathFacts(due_date=DUE, sent=(proved,)), today=sent.on)
        assert unproved is not None
        assert known is not None
        assert (unproved.due_on, known.due_on) == (date(2026, 11, 16), date(2026, 11, 9))

    def test_of_a_broken_promise_comes_only_then(self):
        after = replace(PATH.steps[1], key="after_promise", anchor="promise_date", days=1)
        path = replace(PATH, steps=(PATH.steps[0], after, *PATH.steps[1:]))
        sent = (SentStep("reminder_1", Channel.email, date(2026, 11, 3)),)
        usual = next_step(path=path, facts=PathFacts(due_date=DUE, sent=sent), today=DUE)
        broken = PathFacts(due_date=DUE, sent=sent, promised_on=date(2026, 11, 20))
        promised = next_step(path=path, facts=broken, today=DUE)
        assert usual is not None
        assert promised is not None
        assert usual.key == "reminder_2"
        assert (promised.key, promised.due_on) == ("after_promise", date(2026, 11, 21))

    @pytest.mark.parametrize(("minor", "called"), [(150_000, False), (150_001, True)])
    def test_calls_early_only_above_its_amount(self, minor, called):
        facts = PathFacts(due_date=DUE, channels=EVERYTHING, principal_minor=minor)
        walked = [step.key for step in walk_ahead(path=PATH, facts=facts, today=DUE, until=date(2027, 6, 1))]
        assert ("early_call" in walked) is called

    def test_an_earlier_version_without_the_new_fields_keeps_its_bytes(self):
        old = replace(
            PATH, signature=Signature.either, end=None,
            steps=tuple(
                PathStep(s.key, s.channels, s.template, s.anchor, s.days, s.optional, s.is_notice)
                for s in PATH.steps
            ),
        )  # fmt: skip
        assert b"phase" not in old.to_json()
        assert TreatmentPath.from_json(old.to_json()) == old


def a_claim(**gate) -> ClaimToTry:
    facts = SendFacts(
        **{
            "country": "NL", "region": None, "channel": Channel.email, "debtor": DebtorKind.consumer,
            "phase": Phase.reminder, "balance": Money(40_000, "EUR"), "limitation_ends": date(2031, 11, 2),
        }
        | gate
    )  # fmt: skip
    return ClaimToTry(facts=PathFacts(due_date=DUE, channels=EVERYTHING), gate=facts)


def tried(claim: ClaimToTry, **more):
    found = try_path(path=PATH, claim=claim, today=DUE, until=date(2026, 12, 1), zone=AMSTERDAM, **more)
    return [(step.key, step.on, step.outcome, step.reasons) for step in found]


class TestTryOut:
    def test_walks_the_days_ahead(self):
        assert tried(a_claim())[:2] == [
            ("reminder_1", date(2026, 11, 3), "sent", ()),
            ("reminder_2", date(2026, 11, 10), "sent", ()),
        ]

    def test_names_what_the_gate_would_refuse_and_goes_no_further(self):
        found = tried(a_claim(balance=Money(0, "EUR")))
        assert found == [("reminder_1", date(2026, 11, 3), "refused", ("nothing_owed",))]

    def test_a_person_who_was_contacted_today_is_left_until_tomorrow(self):
        about_another = (datetime(2026, 11, 3, 7, 30, tzinfo=UTC),)
        assert tried(a_claim(), contacts=about_another)[0][1] == date(2026, 11, 4)

    def test_nothing_leaves_on_a_sunday(self):
        sunday = replace(a_claim(), facts=PathFacts(due_date=date(2026, 11, 7), channels=EVERYTHING))
        assert tried(sunday)[0][1] == date(2026, 11, 9)


class TestChanges:
    def test_names_what_was_added_moved_changed_and_removed(self):
        fields = PATH.to_fields()
        fields = with_moved_step(fields, "call", by=1)
        new = {"key": "letter", "template": "reminder_2", "channels": ["letter"], "anchor": "previous_sent"}
        fields = with_new_step(fields, {**new, "days": 4, "phase": "reminder"}, after="reminder_1")
        fields["steps"] = [step for step in fields["steps"] if step["key"] != "early_call"]
        after = TreatmentPath.from_fields(fields)
        found = {(one.step, one.kind) for one in path_differences(PATH, after)}
        assert {("letter", "added"), ("early_call", "removed")} <= found
        assert len({one for one in found if one[1] == "moved"}) == 1
        assert path_differences(PATH, PATH) == ()


class TestMigration:
    def test_goes_on_behind_what_was_taken(self):
        new = replace(PATH, steps=tuple(step for step in PATH.steps if step.key != "reminder_2_copy"))
        facts = PathFacts(due_date=DUE, sent=(SentStep("reminder_1", Channel.email, date(2026, 11, 3)),))
        landing = land(old=PATH, new=new, facts=facts, today=ON)
        assert landing.refusal == ""
        assert landing.next is not None
        assert landing.next.key == "reminder_2"

    def test_never_goes_back_repeats_or_skips(self):
        def sent(*keys: str) -> PathFacts:
            steps = tuple(SentStep(key, Channel.letter, date(2026, 11, 3)) for key in keys)
            return PathFacts(due_date=DUE, sent=steps, channels=EVERYTHING)

        to_notice = sent("reminder_1", "reminder_2", "formal_notice")
        other = replace(PATH.steps[4], key="another_notice")
        renamed = replace(PATH, steps=(*PATH.steps[:4], other, *PATH.steps[5:]))
        assert land(old=PATH, new=renamed, facts=to_notice, today=ON).refusal == "repeats"

        shorter = replace(PATH, steps=PATH.steps[:3])
        assert land(old=PATH, new=shorter, facts=sent("reminder_1", "formal_notice"), today=ON).refusal in (
            "goes_back",
            "repeats",
        )
        last_first = replace(PATH, steps=(*PATH.steps[:1], *PATH.steps[4:], PATH.steps[1]))
        skipping = land(old=PATH, new=last_first, facts=sent("reminder_1", "reminder_2"), today=ON)
        assert skipping.refusal == "skips"
