"""Messages leave once, at a lawful moment, with the amounts of the ledger, and never after a hold."""

import itertools
import threading
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.claims.holds import lift_hold, place_hold, running_holds
from agency.claims.itemisation import itemise
from agency.claims.states import HoldGround
from agency.communication import facts, sending
from agency.communication.receipts import apply_receipt
from agency.communication.release import reserve_due
from agency.communication.resolving import resolve_unknown
from agency.communication.sending import deliver, send_chunk
from agency.kernel.unit import Door
from agency.ledger.posting import Leg, post
from agency.money import Money
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.rules.facts import Channel
from tests.communication.correspondence import (
    SETTINGS,
    TUESDAY,
    Office,
    a_correspondent,
    queue,
    receipt,
)


@pytest.fixture
def office(units):
    return Office(units).open_up()


def one_message(office, **kwargs):
    with office.unit() as unit:
        creditor_id, claim_id = a_correspondent(unit)
        message_id = queue(unit, creditor_id, claim_id, **kwargs)
    return creditor_id, claim_id, message_id


class TestSending:
    def test_sends_once_with_the_amounts_of_the_ledger(self, office):
        creditor_id, claim_id, message_id = one_message(office)
        office.send()
        office.send()
        assert [one.message_id for one in office.mail.left] == [str(message_id)]
        (message,) = office.messages(claim_id)
        with office.unit() as unit:
            owed = itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
        assert message.state == "sent"
        assert message.amounts["total"] == owed.total.minor == 40215
        assert "€ 402,15" in office.mail.left[0].body.replace("\u00a0", " ")
        assert message.trace
        assert f"Message-ID: <{message_id}@".encode() in office.files.get(message.content_sha256)
        assert message.sent_at == message.reserved_at

    def test_what_is_kept_is_a_mail_with_the_same_words(self, office):
        _, claim_id, _ = one_message(office)
        office.send()
        (message,), (left,) = office.messages(claim_id), office.mail.left
        content = office.files.get(message.content_sha256)
        kept = message_from_bytes(content, policy=default)
        assert (kept.get_content_type(), list(kept.defects)) == ("multipart/alternative", [])
        assert [part.get_content_type() for part in kept.iter_parts()] == ["text/plain", "text/html"]
        assert kept.get_body(("plain",)).get_content().splitlines() == left.body.splitlines()
        assert "402,15" in kept.get_body(("html",)).get_content()
        assert (kept["To"], kept["Subject"]) == (left.to, left.subject)
        assert b"\n" not in content.replace(b"\r\n", b"")

    @pytest.mark.parametrize("channel", [Channel.email, Channel.letter, Channel.sms])
    def test_every_channel(self, office, channel):
        _, claim_id, _ = one_message(office, channel=channel)
        office.send()
        assert office.messages(claim_id)[0].state == "sent"
        assert len([*office.mail.left, *office.letters.left, *office.texts.left]) == 1

    def test_nothing_owed_is_refused_and_told(self, office):
        _creditor_id, claim_id, _ = one_message(office)
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET state = 'paid' WHERE id = :c"), {"c": claim_id}
            )
        office.send()
        (message,) = office.messages(claim_id)
        assert message.state == "refused"
        assert "claim_closed" in message.reasons
        assert office.mail.left == []
        with office.unit() as unit:
            kinds = unit.session.connection().execute(text("SELECT kind FROM event")).scalars().all()
        assert "MessageRefused" in kinds

    def test_a_claim_past_its_limitation_is_not_written_to(self, office):
        _, claim_id, _ = one_message(office)
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET due_on = due_on - interval '6 years' WHERE id = :id"), {"id": claim_id}
            )
        office.send()
        (message,) = office.messages(claim_id)
        assert (message.state, message.reasons) == ("refused", ["time_barred"])
        assert not office.mail.left

    def test_a_creditor_without_an_address_sends_nothing(self, office):
        creditor_id, claim_id, _ = one_message(office)
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE creditor SET street = NULL, postal_code = NULL, city = NULL WHERE id = :c"),
                {"c": creditor_id},
            )
        office.send()
        assert "content_incomplete" in office.messages(claim_id)[0].reasons
        assert office.mail.left == []


class TestTaking:
    """Many wait at one moment: a chunk finds its own in an index, and sorts none of the others."""

    @pytest.mark.parametrize(
        ("statement", "index"),
        [(facts._TAKE_OTHERS, "ix_message_due"), (facts._TAKE_LETTERS, "ix_message_letters_due")],
        ids=["others", "letters"],
    )
    def test_comes_in_the_order_of_an_index(self, units, statement, index):
        with units.open(Door.WORKER, by="system:test") as unit:
            connection = unit.session.connection()
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            # Where nothing else will do, it sorts all the same.
            connection.execute(text("SET LOCAL enable_sort = off"))
            values = {"now": unit.now, "limit": 40, "paused": [], "replies": []}
            asked = text(f"EXPLAIN (COSTS OFF) {statement.text}")
            plan = connection.execute(asked, {name: values[name] for name in statement._bindparams})
            lines = "\n".join(plan.scalars())
        assert f"using {index} on message" in lines
        assert "Sort" not in lines


class TestHolds:
    """A hold that commits at any moment before the call: nothing leaves, and later everything does."""

    def test_while_queued(self, office):
        creditor_id, claim_id, _ = one_message(office)
        with office.unit() as unit:
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.DEBT_HELP)
        office.send()
        assert office.mail.left == []
        assert office.messages(claim_id)[0].reasons == ["hold:debt_help"]

    def test_while_reserved(self, office):
        creditor_id, claim_id, _ = one_message(office)
        with office.unit() as unit:
            reserved = reserve_due(unit, settings=SETTINGS).reserved
        assert len(reserved) == 1
        with office.unit() as unit:
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.DISPUTE)
        deliver(office.units, reserved, ports=office.ports)
        assert office.mail.left == []
        office.send()
        assert office.mail.left == []
        assert office.messages(claim_id)[0].state == "refused"

    def test_in_the_moment_before_the_call(self, office, monkeypatch):
        creditor_id, claim_id, _ = one_message(office)
        kept = sending._keep

        def keep_then_hold(unit, rendered, ports):
            kept(unit, rendered, ports)
            with office.unit() as other:
                # Another transaction; the message's row is locked here, the claim's is not.
                place_hold(other, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.COMPLAINT)

        monkeypatch.setattr(sending, "_keep", keep_then_hold)
        send_chunk(office.units, ports=office.ports, settings=SETTINGS)
        assert office.mail.left == []
        assert office.messages(claim_id)[0].state == "queued"

    def test_a_payment_between_reservation_and_call_stops_the_old_amount(self, office):
        creditor_id, claim_id, _ = one_message(office)
        with office.unit() as unit:
            reserved = reserve_due(unit, settings=SETTINGS).reserved
        with office.unit() as unit:
            pay(unit, creditor_id, claim_id, 10000)
        deliver(office.units, reserved, ports=office.ports)
        assert office.mail.left == []
        office.send()
        assert "€ 302,15" in office.mail.left[0].body.replace("\u00a0", " ")

    def test_a_lifted_hold_does_not_stop(self, office):
        creditor_id, claim_id, _ = one_message(office)
        with office.unit() as unit:
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.SAYS_PAID)
            for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id):
                lift_hold(unit, creditor_id=creditor_id, hold_id=hold.id)
        office.send()
        assert len(office.mail.left) == 1


def pay(unit, creditor_id: UUID, claim_id: UUID, minor: int, on: date | None = None) -> None:
    post(
        unit,
        creditor_id=creditor_id,
        book="claims",
        kind="payment",
        source_key=f"test:{claim_id}:{minor}",
        legs=(
            Leg("claims.control", Money(minor, "EUR")),
            Leg("claims.principal", Money(-minor, "EUR"), claim_id),
        ),
        effective_on=on or unit.today,
    )


class TestHours:
    def test_after_eight_waits_for_seven(self, office):
        office.move_to(datetime(2026, 12, 1, 19, 1, tzinfo=UTC))  # 20:01 in Amsterdam
        _, claim_id, _ = one_message(office)
        office.send()
        (message,) = office.messages(claim_id)
        assert message.state == "queued"
        assert message.due_at == datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
        office.move_to(datetime(2026, 12, 2, 6, 0, tzinfo=UTC))
        office.send()
        assert len(office.mail.left) == 1

    def test_saturday_evening_waits_for_monday(self, office):
        office.move_to(datetime(2026, 12, 5, 19, 30, tzinfo=UTC))
        _, claim_id, _ = one_message(office)
        office.send()
        assert office.messages(claim_id)[0].due_at == datetime(2026, 12, 7, 6, 0, tzinfo=UTC)

    def test_two_creditors_do_not_write_to_one_person_on_one_day(self, office):
        with office.unit() as unit:
            first = a_correspondent(unit)
            second = a_correspondent(unit)
            unit.session.connection().execute(
                text(
                    "INSERT INTO debtor_identity (id, match_key, created_at)"
                    " VALUES ('00000000-0000-0000-0000-0000000000aa', 'berg', app.now())"
                )
            )
            unit.session.connection().execute(
                text("UPDATE debtor SET identity_id = '00000000-0000-0000-0000-0000000000aa'")
            )
            queue(unit, *first)
            queue(unit, *second)
        office.send()
        office.send()
        assert len(office.mail.left) == 1


class TestProviders:
    def test_refusal_fails_and_tells(self, office):
        _, claim_id, _ = one_message(office)
        office.mail.failures = [ProviderRefused("400", "no such address")]
        office.send()
        (message,) = office.messages(claim_id)
        assert (message.state, message.reasons) == ("failed", ["400: no such address"])

    def test_transient_waits_as_long_as_it_was_asked_to(self, office):
        _, claim_id, _ = one_message(office)
        office.mail.failures = [ProviderTransient("busy", 120)]
        office.send()
        (message,) = office.messages(claim_id)
        assert (message.state, message.attempts) == ("queued", 1)
        assert timedelta(seconds=115) < message.due_at - TUESDAY < timedelta(seconds=180)
        office.move_to(TUESDAY + timedelta(minutes=5))
        office.send()
        assert office.messages(claim_id)[0].state == "sent"
        assert len(office.mail.left) == 1

    def test_a_provider_that_is_down_is_not_asked_for_every_message(self, office):
        with office.unit() as unit:
            for number in range(6):
                queue(unit, *a_correspondent(unit, email=f"d{number}@example.org"))
        office.mail.failures = [ProviderTransient("down") for _ in range(6)]
        office.send()
        assert len(office.mail.failures) == 3

    def test_a_lost_answer_is_asked_after_and_not_sent_again(self, office):
        _, claim_id, _ = one_message(office)
        office.mail.lost_answers = 1
        office.send()
        assert office.messages(claim_id)[0].state == "unknown"
        office.send()
        assert resolve_unknown(office.units, ports=office.ports) == 1
        (message,) = office.messages(claim_id)
        assert (message.state, message.provider_ref) == ("sent", f"ref-{message.id}")
        assert len(office.mail.left) == 1

    def test_unknown_that_cannot_be_asked_waits_for_a_person(self, office):
        _, claim_id, _ = one_message(office)
        office.mail.lost_answers, office.mail.can_find = 1, False
        office.send()
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE message SET lease_until = clock_timestamp() - interval '1 day'")
            )
        assert resolve_unknown(office.units, ports=office.ports) == 0
        office.send()
        assert office.messages(claim_id)[0].state == "unknown"
        assert len(office.mail.left) == 1


class TestCrashes:
    def lose_sender(self, office):
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE message SET lease_until = clock_timestamp() - interval '1 hour'")
            )

    def test_killed_before_anything_was_on_file_is_sent_again(self, office):
        _, claim_id, _ = one_message(office)
        with office.unit() as unit:
            reserve_due(unit, settings=SETTINGS)
        self.lose_sender(office)
        resolve_unknown(office.units, ports=office.ports)
        office.send()
        assert office.messages(claim_id)[0].state == "sent"
        assert len(office.mail.left) == 1

    def test_killed_between_call_and_confirmation_is_found(self, office, monkeypatch):
        _, claim_id, _ = one_message(office)
        monkeypatch.setattr(sending, "confirm", lambda unit, outcomes: None)
        send_chunk(office.units, ports=office.ports, settings=SETTINGS)
        assert office.messages(claim_id)[0].state == "sending"
        self.lose_sender(office)
        resolve_unknown(office.units, ports=office.ports)
        office.send()
        assert office.messages(claim_id)[0].state == "sent"
        assert len(office.mail.left) == 1

    def test_killed_between_file_and_call_is_asked_and_then_sent(self, office, monkeypatch):
        _, _claim_id, _ = one_message(office)
        with monkeypatch.context() as patched:
            patched.setattr(sending, "_call_all", lambda units, rendered, ports: [])
            send_chunk(office.units, ports=office.ports, settings=SETTINGS)
        self.lose_sender(office)
        assert resolve_unknown(office.units, ports=office.ports) == 0  # the provider gets its patience
        self.lose_sender(office)
        assert resolve_unknown(office.units, ports=office.ports) == 1
        office.send()
        assert len(office.mail.left) == 1

    def test_a_late_sender_changes_nothing(self, office):
        _, _claim_id, _message_id = one_message(office)
        with office.unit() as unit:
            late = reserve_due(unit, settings=SETTINGS).reserved
        self.lose_sender(office)
        resolve_unknown(office.units, ports=office.ports)
        office.send()
        deliver(office.units, late, ports=office.ports)
        assert len(office.mail.left) == 1

    def test_two_jobs_at_once_send_once(self, office):
        with office.unit() as unit:
            for number in range(40):
                queue(unit, *a_correspondent(unit, email=f"d{number}@example.org"))
        start = threading.Barrier(3)

        def work():
            start.wait()
            while send_chunk(office.units, ports=office.ports, settings=SETTINGS, limit=7):
                pass

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        office.send()
        ids = [one.message_id for one in office.mail.left]
        assert len(ids) == len(set(ids)) == 40


KINDS = ("sent", "delivered", "opened", "bounced")


class TestReceipts:
    @pytest.mark.parametrize("order", list(itertools.permutations(KINDS)))
    def test_any_order_and_any_number_of_copies_end_alike(self, office, order):
        _, claim_id, message_id = one_message(office)
        office.mail.lost_answers = 1
        office.send()
        for kind in (*order, *reversed(order)):
            with office.unit() as unit:
                told = receipt(str(message_id), kind, TUESDAY + timedelta(minutes=KINDS.index(kind)))
                apply_receipt(unit, receipt=told, message_id=message_id)
        (message,) = office.messages(claim_id)
        assert message.state == "bounced"
        assert message.sent_at == message.reserved_at
        with office.unit() as unit:
            count = unit.session.connection().execute(text("SELECT count(*) FROM message_receipt"))
            assert count.scalar_one() == 4
            sent = unit.session.connection().execute(
                text("SELECT count(*) FROM event WHERE kind = 'MessageSent'")
            )
            assert sent.scalar_one() == 1

    def test_a_hard_bounce_retires_the_address(self, office):
        creditor_id, claim_id, message_id = one_message(office)
        office.send()
        with office.unit() as unit:
            told = receipt(str(message_id), "bounced", TUESDAY, permanent=True)
            apply_receipt(unit, receipt=told, message_id=message_id)
            queue(unit, creditor_id, claim_id, template="reminder_2")
        office.move_to(TUESDAY + timedelta(days=7))
        office.send()
        assert len(office.mail.left) == 1
        assert office.messages(claim_id)[1].reasons == ["contact_point_broken"]

    def test_a_receipt_of_nobody_changes_nothing(self, office):
        with office.unit() as unit:
            stranger = UUID("00000000-0000-0000-0000-00000000dead")
            assert not apply_receipt(
                unit, receipt=receipt(str(stranger), "delivered", TUESDAY), message_id=stranger
            )

    def test_faster_than_the_confirmation(self, office):
        _, claim_id, message_id = one_message(office)
        with office.unit() as unit:
            reserved = reserve_due(unit, settings=SETTINGS).reserved
        outcome = sending.Outcome(reserved[0], "sent", ref="ref-x")
        with office.unit() as unit:
            apply_receipt(unit, receipt=receipt(str(message_id), "delivered", TUESDAY), message_id=message_id)
        with office.unit() as unit:
            sending.confirm(unit, [outcome])
        assert office.messages(claim_id)[0].state == "delivered"
