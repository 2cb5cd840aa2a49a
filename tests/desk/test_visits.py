"""Visits: announced in writing, made when the rules allow it at the door, reported on; or not wanted."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.communication.receipts import apply_receipt
from agency.desk.models import VisitOutcome, VisitState, WorkKind
from agency.desk.visits import (
    UnableToVisit,
    VisitReport,
    announce_visit,
    begin_visit,
    call_off_visit,
    may_announce,
    may_begin,
    open_visit,
    refuse_visit,
    report_visit,
    visits_of_claim,
)
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.remittance.withdrawing import withdraw_claim
from agency.rules.facts import DebtorKind, Law
from tests.communication.correspondence import TUESDAY, receipt
from tests.desk.test_dispositions import grounds, next_case, value

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ANNOUNCED_ON = TUESDAY.date()
DAY = ANNOUNCED_ON + timedelta(days=9)  # a Thursday
TEN, NOON = time(10), time(12)


def at_the_door(day: date = DAY, hour: int = 10, minute: int = 30) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM)


def a_visitable(desk, **values):
    claim = desk.claim(**values)
    with desk.office.unit() as unit:
        unit.session.connection().execute(
            text("UPDATE claim SET phase = 'amicable' WHERE id = :c"), {"c": claim[1]}
        )
    return claim


def hold(desk, claim, ground):
    with desk.office.unit() as unit:
        unit.session.connection().execute(
            text(
                "INSERT INTO hold (creditor_id, id, claim_id, ground, note, by, starts_at, facts)"
                " VALUES (:c, uuidv7(), :i, :g, '', 'system:test', app.now(), '{}')"
            ),
            {"c": claim[0], "i": claim[1], "g": ground.value},
        )


def announce(desk, claim, *, day=DAY, first=TEN, last=NOON, visitor="Anna de Wit"):
    with desk.unit() as unit:
        return announce_visit(
            unit, creditor_id=claim[0], claim_id=claim[1], day=day, first=first, last=last, visitor=visitor
        )


def begin(desk, claim, visit_id, *, identified=True):
    with desk.unit() as unit:
        begin_visit(unit, creditor_id=claim[0], visit_id=visit_id, identified=identified)


def report(desk, claim, visit_id, outcome=VisitOutcome.TALKED, **values):
    if outcome is VisitOutcome.DISPUTE:
        values.setdefault("dispute_reason", "not_ordered")
    with desk.unit() as unit:
        report_visit(
            unit, creditor_id=claim[0], visit_id=visit_id,
            report=VisitReport(outcome=outcome, words="We spoke at the door.", **values),
        )  # fmt: skip
    desk.office.react()


def the_visit(desk, claim):
    with desk.unit() as unit:
        return visits_of_claim(unit, creditor_id=claim[0], claim_id=claim[1])[0]


def under_way(desk, **values):
    claim = a_visitable(desk, **values)
    visit_id = announce(desk, claim)
    desk.office.send()
    desk.office.move_to(at_the_door())
    begin(desk, claim, visit_id)
    return claim, visit_id


def reasons_at_the_door(desk, claim, **values):
    with desk.unit() as unit:
        visit = open_visit(unit, creditor_id=claim[0], claim_id=claim[1])
        return may_begin(unit, visit, **values).reasons


class TestAnnouncing:
    def test_the_debtor_reads_the_day_the_hours_the_visitor_and_that_he_may_refuse(self, desk):
        claim = a_visitable(desk)
        announce(desk, claim)
        desk.office.send()
        (mail,) = desk.office.mail.left
        assert "10 december 2026" in mail.subject
        for words in ("10:00", "12:00", "Anna de Wit", "U hoeft ons niet te ontvangen", "legitimatie"):
            assert words in mail.body
        assert value(desk, "SELECT facts ->> 'day' FROM event WHERE kind = 'VisitAnnounced'") == "2026-12-10"
        assert value(desk, "SELECT count(*) FROM audit_entry WHERE action = 'visit.announced'") == 1

    def test_without_an_address_for_mail_it_goes_by_letter(self, desk):
        claim = a_visitable(desk, email=None)
        announce(desk, claim)
        assert [(one.channel, one.template) for one in desk.office.messages(claim[1])] == [
            ("letter", "visit_announcement")
        ]

    def test_it_answers_the_paths_question(self, desk):
        claim = a_visitable(desk)
        desk.ask(claim, WorkKind.VISIT_DUE)
        announce(desk, claim)
        assert next_case(desk) is None

    @pytest.mark.parametrize(
        ("field", "given"),
        [
            ("visitor", {"visitor": "  "}),
            ("day", {"day": ANNOUNCED_ON + timedelta(days=4)}),
            ("day", {"day": ANNOUNCED_ON + timedelta(days=43)}),
            ("last", {"last": TEN}),
            ("last", {"last": time(13, 1)}),
        ],
    )
    def test_what_is_not_right_is_named(self, desk, field, given):
        claim = a_visitable(desk)
        with pytest.raises(Invalid) as refusal:
            announce(desk, claim, **given)
        assert refusal.value.field == field
        assert desk.office.messages(claim[1]) == []

    @pytest.mark.parametrize(
        ("reason", "given"),
        [
            ("outside_hours", {"first": time(19), "last": time(21)}),
            ("sunday", {"day": date(2026, 12, 13)}),
        ],
    )
    def test_hours_in_which_nobody_is_visited_are_not_announced(self, desk, reason, given):
        claim = a_visitable(desk)
        with pytest.raises(UnableToVisit) as refusal:
            announce(desk, claim, **given)
        assert any(reason in one for one in refusal.value.decision.reasons), refusal.value.decision.reasons

    def test_a_claim_that_is_still_reminded_of_is_not_visited(self, desk):
        claim = desk.claim()
        with pytest.raises(UnableToVisit) as refusal:
            announce(desk, claim)
        assert refusal.value.decision.reasons == ("channel_not_in_phase",)

    def test_without_an_address_there_is_no_door(self, desk):
        claim = a_visitable(desk)
        with desk.office.unit() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET street = ''"))
        with pytest.raises(UnableToVisit) as refusal:
            announce(desk, claim)
        assert refusal.value.decision.reasons == ("contact_point_broken",)

    def test_where_nothing_may_be_written_nothing_is_announced(self, desk):
        """Within the term of a Dutch notice the debtor may be spoken to, but gets no further letter."""
        claim = a_visitable(desk)
        hold(desk, claim, HoldGround.NOTICE_RUNNING)
        with pytest.raises(UnableToVisit) as refusal:
            announce(desk, claim)
        assert refusal.value.decision.reasons == ("hold:notice_running",)

    def test_within_the_term_of_a_belgian_notice_no_visit_is_announced(self, desk):
        """WER art. XIX.7: neither the letter nor the visit comes before the term has passed."""
        claim = a_visitable(desk, country="BE", law=Law.be)
        with desk.office.unit() as unit:
            unit.session.connection().execute(text("UPDATE claim SET costs_from = '2026-12-15'"))
        with pytest.raises(UnableToVisit) as refusal:
            announce(desk, claim)
        assert refusal.value.decision.reasons == ("notice_term_running",)

    def test_two_are_not_announced_at_once(self, desk):
        claim = a_visitable(desk)
        announce(desk, claim)
        with pytest.raises(Conflict):
            announce(desk, claim, day=DAY + timedelta(days=1))

    def test_an_unknown_claim_is_not_found(self, desk):
        claim = a_visitable(desk)
        with pytest.raises(NotFound):
            announce(desk, (claim[0], new_id()))


class TestAtTheDoor:
    def test_an_announced_visit_on_its_day_may_be_made_and_is_a_contact(self, desk):
        claim, _ = under_way(desk)
        visit = the_visit(desk, claim)
        assert visit.state is VisitState.UNDER_WAY
        assert visit.trace, "which rules allowed it is kept"
        # The same person is not called on the same day.
        with pytest.raises(Conflict):
            desk.call(claim)

    def test_one_that_was_not_announced_is_not_made(self, desk):
        claim = a_visitable(desk)
        visit_id = announce(desk, claim)
        desk.office.move_to(at_the_door())
        with pytest.raises(UnableToVisit) as refusal:
            begin(desk, claim, visit_id)
        assert "visit_not_announced" in refusal.value.decision.reasons

    def test_a_letter_counts_when_it_was_posted_and_had_time_to_arrive(self, desk):
        claim = a_visitable(desk, email=None)
        announce(desk, claim)
        desk.office.send()
        with desk.office.unit() as unit:
            assert "visit_not_announced" in reasons_at_the_door(desk, claim)
            posted = text("UPDATE message SET state = 'sent', sent_at = app.now(), posted_at = :at")
            unit.session.connection().execute(posted, {"at": at_the_door() - timedelta(days=2)})
        desk.office.move_to(at_the_door())
        assert "visit_not_announced" in reasons_at_the_door(desk, claim)
        with desk.office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE message SET posted_at = :at"), {"at": at_the_door() - timedelta(days=3)}
            )
        assert reasons_at_the_door(desk, claim) == ()

    def test_a_mail_that_bounced_goes_by_letter_and_that_one_counts(self, desk):
        claim = a_visitable(desk)
        announce(desk, claim)
        desk.office.send()
        (mail,) = desk.office.messages(claim[1])
        with desk.office.unit() as unit:
            bounced = receipt(str(mail.id), "bounced", unit.now, permanent=True)
            apply_receipt(unit, receipt=bounced, message_id=mail.id)
        desk.office.react()
        letter = desk.office.messages(claim[1])[-1]
        assert (letter.channel, letter.amounts["visit"]["visitor"]) == ("letter", "Anna de Wit")
        with desk.office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE message SET state = 'sent', sent_at = :at, posted_at = :at WHERE id = :id"),
                {"at": at_the_door() - timedelta(days=4), "id": letter.id},
            )
        desk.office.move_to(at_the_door())
        assert reasons_at_the_door(desk, claim) == ()

    def test_who_carries_no_identification_does_not_ring(self, desk):
        claim = a_visitable(desk)
        visit_id = announce(desk, claim)
        desk.office.send()
        desk.office.move_to(at_the_door())
        with pytest.raises(UnableToVisit) as refusal:
            begin(desk, claim, visit_id, identified=False)
        assert refusal.value.decision.reasons == ("visitor_not_identified",)

    @pytest.mark.parametrize(
        "moment",
        [
            at_the_door(DAY - timedelta(days=1)), at_the_door(hour=9, minute=59),
            at_the_door(hour=12, minute=1), at_the_door(DAY + timedelta(days=1)),
        ],
    )  # fmt: skip
    def test_on_another_day_or_hour_nobody_comes(self, desk, moment):
        claim = a_visitable(desk)
        announce(desk, claim)
        desk.office.send()
        desk.office.move_to(moment)
        assert reasons_at_the_door(desk, claim) == ("visit_another_time",)

    def test_a_hold_that_stops_contact_stops_the_visit(self, desk):
        claim = a_visitable(desk)
        announce(desk, claim)
        desk.office.send()
        hold(desk, claim, HoldGround.DECEASED)
        desk.office.move_to(at_the_door())
        assert "hold:deceased" in reasons_at_the_door(desk, claim)

    def test_it_is_begun_once(self, desk):
        claim, visit_id = under_way(desk)
        with pytest.raises(Conflict):
            begin(desk, claim, visit_id)


class TestTheReport:
    @pytest.mark.parametrize("outcome", sorted(set(VisitOutcome) - {VisitOutcome.PROMISE}))
    def test_it_is_kept_with_event_and_audit(self, desk, outcome):
        claim, visit_id = under_way(desk)
        report(desk, claim, visit_id, outcome)
        visit = the_visit(desk, claim)
        assert (visit.state, visit.outcome, visit.report) == (
            VisitState.MADE, outcome, "We spoke at the door.",
        )  # fmt: skip
        assert value(desk, "SELECT facts ->> 'outcome' FROM event WHERE kind = 'VisitMade'") == outcome
        with pytest.raises(Conflict):
            report(desk, claim, visit_id, outcome)

    def test_a_promise_at_the_door_is_a_promise(self, desk):
        claim, visit_id = under_way(desk)
        promised = {"promised": Money(40_215, "EUR"), "promised_on": DAY + timedelta(days=3)}
        report(desk, claim, visit_id, VisitOutcome.PROMISE, **promised)
        assert value(desk, "SELECT amount_minor FROM promise WHERE claim_id = :c", c=claim[1]) == 40_215

    @pytest.mark.parametrize(
        ("field", "given"), [("promised", {}), ("promised_on", {"promised": Money(1, "EUR")})]
    )
    def test_half_a_promise_is_refused_and_the_visit_stays_open(self, desk, field, given):
        claim, visit_id = under_way(desk)
        with pytest.raises(Invalid) as refusal:
            report(desk, claim, visit_id, VisitOutcome.PROMISE, **given)
        assert refusal.value.field == field
        assert the_visit(desk, claim).state is VisitState.UNDER_WAY

    @pytest.mark.parametrize(
        ("outcome", "ground"), [(VisitOutcome.DISPUTE, "dispute"), (VisitOutcome.HARDSHIP, "debt_help")]
    )
    def test_a_dispute_and_hardship_hold_the_claim(self, desk, outcome, ground):
        claim, visit_id = under_way(desk)
        report(desk, claim, visit_id, outcome)
        assert ground in grounds(desk, claim)

    @pytest.mark.parametrize(
        ("outcome", "kind", "reason"),
        [
            (VisitOutcome.MOVED, WorkKind.UNREACHABLE, "moved"),
            (VisitOutcome.REFUSES, WorkKind.CALL_BACK, "visit_refused"),
        ],
    )
    def test_a_person_goes_on_where_the_visit_led_nowhere(self, desk, outcome, kind, reason):
        claim, visit_id = under_way(desk)
        report(desk, claim, visit_id, outcome)
        case = next_case(desk)
        assert (case.kind, case.reason) == (kind, reason)

    def test_a_dispute_says_why(self, desk):
        claim, visit_id = under_way(desk)
        with pytest.raises(Invalid) as refused:
            report(desk, claim, visit_id, VisitOutcome.DISPUTE, dispute_reason="")
        assert refused.value.field == "dispute_reason"

    def test_it_says_something(self, desk):
        claim, visit_id = under_way(desk)
        with desk.unit() as unit, pytest.raises(Invalid):
            report_visit(
                unit, creditor_id=claim[0], visit_id=visit_id,
                report=VisitReport(outcome=VisitOutcome.NOBODY, words=" "),
            )  # fmt: skip


class TestNoVisit:
    def test_the_debtor_says_no_and_is_never_visited_again(self, desk):
        claim = a_visitable(desk)
        announce(desk, claim)
        with desk.office.units.open(
            Door.DEBTOR, by="debtor:test", creditor_id=claim[0], claim_id=claim[1]
        ) as unit:
            refuse_visit(unit, creditor_id=claim[0], claim_id=claim[1])
        desk.office.react()
        assert the_visit(desk, claim).state is VisitState.REFUSED
        assert [one.state for one in desk.office.messages(claim[1])] == ["cancelled"]
        assert next_case(desk).reason == "visit_refused"
        with pytest.raises(UnableToVisit) as refusal:
            announce(desk, claim, day=DAY + timedelta(days=2))
        assert refusal.value.decision.reasons == ("visit_refused",)

    def test_who_says_no_at_the_door_is_not_visited_again(self, desk):
        claim, visit_id = under_way(desk)
        report(desk, claim, visit_id, VisitOutcome.REFUSES)
        with desk.unit() as unit:
            decision = may_announce(unit, creditor_id=claim[0], claim_id=claim[1])
        assert decision.reasons == ("visit_refused",)

    def test_no_cannot_be_said_to_what_is_not_announced(self, desk):
        claim = a_visitable(desk)
        with desk.unit() as unit, pytest.raises(Conflict):
            refuse_visit(unit, creditor_id=claim[0], claim_id=claim[1])

    def test_who_pays_before_the_day_is_not_visited(self, desk):
        claim = a_visitable(desk)
        announce(desk, claim)
        desk.office.send()
        with desk.office.unit() as unit:
            settle(
                unit, creditor_id=claim[0], claim_id=claim[1], source=PaymentSource.DIRECT, source_key="t",
                amount=Money(60_000, "EUR"), value_on=unit.today, trust_account=None,
            )  # fmt: skip
        desk.office.react()
        assert the_visit(desk, claim).state is VisitState.CANCELLED
        assert value(desk, "SELECT facts ->> 'why' FROM event WHERE kind = 'VisitCancelled'") == "paid"

    def test_a_claim_that_its_creditor_takes_back_is_not_visited(self, desk):
        claim = a_visitable(desk)
        announce(desk, claim)
        desk.office.send()
        with desk.office.units.open(Door.CREDITOR, by="user:clerk", creditor_id=claim[0]) as unit:
            withdraw_claim(unit, creditor_id=claim[0], claim_id=claim[1], why="settled between us")
        desk.office.react()
        assert the_visit(desk, claim).state is VisitState.CANCELLED
        assert value(desk, "SELECT facts ->> 'why' FROM event WHERE kind = 'VisitCancelled'") == "closed"

    def test_a_colleague_calls_it_off_and_the_announcement_does_not_leave(self, desk):
        claim = a_visitable(desk)
        visit_id = announce(desk, claim)
        with desk.unit() as unit:
            call_off_visit(unit, creditor_id=claim[0], visit_id=visit_id)
        desk.office.send()
        assert desk.office.mail.left == []
        announce(desk, claim, day=DAY + timedelta(days=1))

    def test_of_one_person_at_two_creditors_the_no_holds_for_both(self, desk):
        claim = a_visitable(desk, debtor=DebtorKind.consumer)
        other = a_visitable(desk, debtor=DebtorKind.consumer)
        with desk.office.unit() as unit:
            connection = unit.session.connection()
            connection.execute(
                text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:i, 'k', now())"),
                {"i": (identity := new_id())},
            )
            connection.execute(text("UPDATE debtor SET identity_id = :i"), {"i": identity})
        announce(desk, claim)
        with desk.unit() as unit:
            refuse_visit(unit, creditor_id=claim[0], claim_id=claim[1])
        with desk.unit() as unit:
            decision = may_announce(unit, creditor_id=other[0], claim_id=other[1])
        assert decision.reasons == ("visit_refused",)


class TestWhoIsLeftInPeace:
    @pytest.mark.parametrize(
        ("ground", "state"),
        [
            (HoldGround.DECEASED, VisitState.CANCELLED),
            (HoldGround.NOT_ME, VisitState.CANCELLED),
            (HoldGround.PLAN_REQUESTED, VisitState.ANNOUNCED),
        ],
    )
    def test_nobody_drives_to_him(self, desk, ground, state):
        claim = a_visitable(desk)
        announce(desk, claim)
        with desk.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=ground)
        desk.office.react()
        assert value(desk, "SELECT state FROM field_visit") == state
