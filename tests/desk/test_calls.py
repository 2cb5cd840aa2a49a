"""Calling: only when the rules allow it, once per person, and on file before anybody is rung."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from agency.claims.holds import place_hold
from agency.claims.lifecycle import claim_to_change, move
from agency.claims.states import ClaimState, HoldGround
from agency.desk.calling import may_call
from agency.desk.calls import UnableToCall
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.parties.models import DebtorIdentity
from agency.ports.providers import ProviderAmbiguous, ProviderRefused
from agency.rules.facts import DebtorKind, Law
from tests.communication.correspondence import TUESDAY, queue
from tests.desk.desks import NUMBER, OWN_NUMBER

DAY = timedelta(days=1)


def ask(desk, claim, number=""):
    with desk.unit() as unit:
        return may_call(unit, creditor_id=claim[0], claim_id=claim[1], number=number)


def served(desk, costs_from: str | None):
    """The notice of every claim: printed, and with a day of the term's end also in the post."""
    with desk.office.unit() as unit:
        told = {"day": costs_from}
        unit.session.connection().execute(
            text("UPDATE claim SET phase = 'amicable', costs_from = CAST(:day AS date)"), told
        )


def calls(desk):
    with desk.unit() as unit:
        return unit.session.connection().execute(text("SELECT * FROM call ORDER BY started_at, id")).all()


class TestTheTermOfABelgianNotice:
    """WER art. XIX.7: a consumer is left alone while the term of the formal notice runs."""

    def test_nobody_is_called_within_it_and_from_the_next_day_on_he_is(self, desk):
        claim = desk.claim(country="BE", law=Law.be, debtor=DebtorKind.consumer)
        served(desk, "2026-12-15")
        decision = ask(desk, claim)
        assert (decision.verdict, decision.reasons) == ("defer", ("notice_term_running",))
        assert decision.until == datetime(2026, 12, 15, 7, tzinfo=UTC), "eight in the morning in Brussels"
        with pytest.raises(UnableToCall, match="notice_term_running"):
            desk.call(claim)
        assert calls(desk) == []
        desk.office.move_to(decision.until)
        assert ask(desk, claim).verdict == "send"

    def test_a_notice_that_is_printed_has_not_left(self, desk):
        claim = desk.claim(country="BE", law=Law.be, debtor=DebtorKind.consumer)
        served(desk, None)
        assert ask(desk, claim).reasons == ("notice_first",)

    @pytest.mark.parametrize(("country", "kind"), [("NL", DebtorKind.consumer), ("BE", DebtorKind.company)])
    def test_others_may_be_called(self, desk, country, kind):
        claim = desk.claim(country=country, law=Law.be if country == "BE" else Law.nl, debtor=kind)
        served(desk, "2026-12-15")
        assert ask(desk, claim).verdict == "send"


class TestHours:
    def test_a_tuesday_morning(self, desk):
        assert ask(desk, desk.claim()).verdict == "send"

    @pytest.mark.parametrize(
        ("at", "reason", "again"),
        [
            # One past eight in the evening in Amsterdam; the door opens at seven the next morning.
            (datetime(2026, 12, 1, 19, 1, tzinfo=UTC), "outside_hours", datetime(2026, 12, 2, 6, tzinfo=UTC)),
            (datetime(2026, 12, 6, 11, 0, tzinfo=UTC), "sunday", datetime(2026, 12, 7, 6, tzinfo=UTC)),
            (datetime(2026, 12, 25, 11, 0, tzinfo=UTC), "holiday", datetime(2026, 12, 28, 6, tzinfo=UTC)),
        ],
    )
    def test_refused_with_the_reason_and_the_next_lawful_moment(self, desk, at, reason, again):
        claim = desk.claim()
        desk.office.move_to(at)
        decision = ask(desk, claim)
        assert decision.verdict == "defer"
        assert reason in decision.reasons
        assert decision.until == again
        assert "nl.contact_hours" in {line.rule for line in decision.trace}
        with pytest.raises(UnableToCall, match=reason):
            desk.call(claim)
        assert desk.telephone.rung == []
        assert calls(desk) == []

    def test_one_minute_before_eight_is_allowed(self, desk):
        claim = desk.claim()
        desk.office.move_to(datetime(2026, 12, 1, 18, 58, tzinfo=UTC))
        assert ask(desk, claim).verdict == "send"

    def test_the_agencys_own_clock_and_law_of_belgium(self, desk):
        claim = desk.claim(country="BE", law=Law.be, debtor=DebtorKind.consumer)
        desk.office.move_to(datetime(2026, 12, 1, 20, 30, tzinfo=UTC))
        assert ask(desk, claim).reasons == ("channel_not_in_phase",), "the formal notice comes first"
        served(desk, "2026-12-01")
        assert ask(desk, claim).verdict == "send"
        desk.office.move_to(datetime(2026, 12, 1, 21, 1, tzinfo=UTC))
        assert ask(desk, claim).reasons == ("outside_hours",)


class TestGrounds:
    @pytest.mark.parametrize(
        "ground", [HoldGround.DEBT_HELP, HoldGround.INSOLVENCY, HoldGround.DECEASED, HoldGround.NOT_ME]
    )
    def test_some_holds_silence_the_telephone(self, desk, ground):
        claim = desk.claim()
        with desk.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=ground)
        decision = ask(desk, claim)
        assert (decision.verdict, decision.reasons) == ("refuse", (f"hold:{ground}",))

    @pytest.mark.parametrize("ground", [HoldGround.DISPUTE, HoldGround.PROMISE])
    def test_about_a_dispute_or_a_promise_one_may_talk(self, desk, ground):
        claim = desk.claim()
        with desk.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=ground)
        assert ask(desk, claim).verdict == "send"

    def test_a_claim_that_is_paid(self, desk):
        claim = desk.claim()
        with desk.unit() as unit:
            found = claim_to_change(unit, creditor_id=claim[0], claim_id=claim[1])
            move(unit, claim=found, to=ClaimState.PAID, why="paid")
        assert "claim_closed" in ask(desk, claim).reasons

    def test_a_number_that_is_not_the_debtors(self, desk):
        claim = desk.claim()
        assert ask(desk, claim, number="+31699999999").reasons == ("contact_point_broken",)
        with pytest.raises(UnableToCall):
            desk.call(claim, number="+31699999999")

    def test_a_debtor_without_a_number(self, desk):
        assert ask(desk, desk.claim(phone=None)).reasons == ("contact_point_broken",)

    def test_a_claim_that_does_not_exist(self, desk):
        with pytest.raises(NotFound):
            ask(desk, (desk.claim()[0], new_id()))


class TestFrequency:
    def test_not_twice_a_day(self, desk):
        claim = desk.claim()
        desk.call(claim)
        assert ask(desk, claim).reasons[0] == "too_soon_after_last_contact"
        desk.office.move_to(TUESDAY + timedelta(hours=22))
        assert ask(desk, claim).verdict == "send"

    def test_three_in_a_week_is_the_most(self, desk):
        claim = desk.claim()
        for day in range(3):
            desk.office.move_to(TUESDAY + day * DAY + timedelta(minutes=day + 1))
            desk.call(claim)
        desk.office.move_to(TUESDAY + 3 * DAY)
        assert ask(desk, claim).reasons == ("contacts_in_7_days",)

    def test_a_message_is_a_contact_too(self, desk):
        claim = desk.claim()
        with desk.office.unit() as unit:
            queue(unit, *claim)
        desk.office.send()
        assert ask(desk, claim).reasons[0] == "too_soon_after_last_contact"

    def test_a_call_that_never_rang_is_no_contact(self, desk):
        claim = desk.claim()
        desk.telephone.failures.append(ProviderRefused("21211", "no such number"))
        desk.call(claim)
        assert [call.state for call in calls(desk)] == ["failed"]
        assert ask(desk, claim).verdict == "send"

    def test_the_same_person_at_another_creditor_counts(self, desk):
        first, second = of_one_person(desk)
        desk.call(first)
        assert ask(desk, second).reasons[0] == "too_soon_after_last_contact"

    def test_so_does_what_holds_him_there_before_the_job_that_holds_him_here_has_run(self, desk):
        first, second = of_one_person(desk)
        with desk.office.unit() as unit:
            place_hold(unit, creditor_id=first[0], claim_id=first[1], ground=HoldGround.DECEASED)
        assert ask(desk, second).reasons == ("hold:deceased",)


def of_one_person(desk):
    """Two claims of different creditors on the same person."""
    first, second = desk.claim(), desk.claim()
    with desk.office.unit() as unit:
        identity = DebtorIdentity(created_at=unit.now, match_key="the same person")
        unit.session.add(identity)
        unit.session.flush()
        unit.session.connection().execute(text("UPDATE debtor SET identity_id = :i"), {"i": identity.id})
    return first, second


class TestDialling:
    def test_the_call_is_on_file_with_its_reference_and_on_the_audit(self, desk):
        claim = desk.claim()
        call_id = desk.call(claim)
        (call,) = calls(desk)
        assert (call.id, call.state, call.provider_ref, call.by) == (
            call_id, "ringing", f"CA-{call_id}", desk.by,
        )  # fmt: skip
        assert desk.telephone.rung == [(OWN_NUMBER, NUMBER)]
        with desk.unit() as unit:
            audited = unit.session.connection().execute(
                text("SELECT facts FROM audit_entry WHERE action = 'call.placed'")
            )
            assert audited.scalar_one()["rules"] == ["send.gate", "nl.contact_hours"]

    def test_an_answer_that_got_lost_counts_as_a_contact(self, desk):
        claim = desk.claim()
        desk.telephone.failures.append(ProviderAmbiguous("no answer"))
        desk.call(claim)
        assert [call.state for call in calls(desk)] == ["unknown"]
        assert ask(desk, claim).verdict == "defer"

    @pytest.mark.parametrize("number", ["", "0201234567", "+0201234567", "+31 20 123"])
    def test_the_collectors_own_number_is_checked(self, desk, number):
        claim = desk.claim()
        with pytest.raises(Invalid):
            desk.call(claim, collector=number)
        assert calls(desk) == []

    def test_two_collectors_do_not_ring_one_person_at_once(self, desk):
        claim = desk.claim()
        start = threading.Barrier(4)

        def ring(_):
            start.wait()
            try:
                return desk.call(claim)
            except UnableToCall:
                return None

        with ThreadPoolExecutor(4) as pool:
            placed = [call for call in pool.map(ring, range(4)) if call]
        assert len(placed) == len(desk.telephone.rung) == 1


class TestCallerId:
    @pytest.mark.parametrize(
        ("phase", "country", "shown"),
        [
            ("reminder", "NL", "+31207654321"),
            ("amicable", "NL", "+31201234567"),
            ("reminder", "DE", "+31201234567"),
        ],
    )
    def test_the_creditors_number_is_shown_where_it_may_sign(self, desk, phase, country, shown):
        claim = desk.claim(country=country)
        with desk.office.unit() as unit:
            connection = unit.session.connection()
            connection.execute(text("UPDATE brand SET caller_id = '+31207654321'"))
            connection.execute(text("UPDATE claim SET phase = :phase"), {"phase": phase})
        desk.call(claim)
        assert desk.telephone.shown == [shown]

    def test_without_a_number_of_its_own_the_agencys_is_shown(self, desk):
        desk.call(desk.claim())
        assert desk.telephone.shown == ["+31201234567"]
