"""A reply pauses its claim until it was read; its topic decides what follows; reports change addresses."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.claims.holding_person import hold_accepted
from agency.claims.holds import lift_hold, place_hold, running_holds
from agency.claims.states import HoldGround
from agency.communication.inbound.answering import UnableToAnswer, close_reply, release_answer
from agency.communication.inbound.drafts import draft_for
from agency.communication.inbound.opting_out import opt_out, silence_read
from agency.communication.inbound.scanning import take_scan
from agency.communication.inbound.settling import UnableToSettle, attach, discard, undo
from agency.communication.planning import queue_message
from agency.communication.receipts import apply_receipt
from agency.documents.types import UnacceptableFile
from agency.events import InformationSolved, PlacementRead, QuoteAccepted
from agency.intake.models import Placement
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.parties.models import DebtorIdentity
from agency.rules.facts import Channel
from agency.rules.inbound.triage import Topic
from tests.communication.correspondence import a_correspondent, queue, receipt
from tests.inbound.letterbox import Letterbox, a_mail, answer_to

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def box(units):
    return Letterbox(units).open_up()


@pytest.fixture
def claim(box):
    with box.unit() as unit:
        return a_correspondent(unit)


def a_reply(box, claim, words="Ik heb al betaald."):
    with box.unit() as unit:
        message_id = queue(
            unit, *claim, step=f"reminder_{len(box.replies())}", due_at=unit.now + timedelta(days=90)
        )
    box.take_mail(a_mail(words, to=answer_to(message_id)))
    return box.replies()[-1]


def a_bounce(box, claim, *, status="5.1.1", recipient="debtor@example.org", action="failed"):
    """A report about the reminder that left, as a server writes it."""
    with box.unit() as unit:
        message_id = queue(unit, *claim)
    box.send()
    told = f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
    raw = (
        "From: Mail Delivery <mailer-daemon@mx.example>\nTo: post@incassonoord.example\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nYour mail could not be delivered.\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{told}\n"
        f"--b\nContent-Type: message/rfc822\n\nReply-To: {answer_to(message_id)}\nSubject: x\n\nx\n--b--\n"
    ).encode()
    return message_id, raw


class TestPause:
    def test_a_reminder_does_not_leave_while_a_reply_is_unread(self, box, claim):
        """I2, C11: the hold is looked at in the moment of sending."""
        with box.unit() as unit:
            queue(unit, *claim)
        box.take_mail(a_mail("Ik betwist dit"))
        box.send()
        assert box.mail.left == []
        [message] = box.messages(claim[1])
        assert (message.state, message.reasons) == ("refused", ["hold:reply_unread"])
        assert box.holds(claim[1]) == ["reply_unread"]

    def test_it_goes_on_when_every_reply_was_read(self, box, claim):
        first, second = a_reply(box, claim, "Hallo"), a_reply(box, claim, "Nog iets")
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=first.id, topic=Topic.OTHER)
        assert box.holds(claim[1]) == ["reply_unread"]
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=second.id, topic=Topic.OTHER)
        assert box.holds(claim[1]) == []

    def test_an_automatic_answer_pauses_nothing(self, box, claim):
        box.take_mail(a_mail("Ik ben op vakantie", subject="Automatisch antwoord: herinnering"))
        [inbound] = box.inbound()
        assert (inbound.kind, inbound.state, inbound.for_claim_id) == ("auto_reply", "noted", claim[1])
        assert box.holds(claim[1]) == []
        assert box.kinds(claim[1])[-1] == "InboundNoted"

    def test_the_hold_has_a_ground_a_start_and_an_end(self, box, claim):
        reply = a_reply(box, claim)
        with box.unit() as unit:
            [hold] = running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
        assert (hold.ground, hold.starts_at, hold.lifted_at) == (
            "reply_unread",
            reply.received_at,
            None,
        )
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=reply.id, topic=Topic.OTHER)
        [row] = box.rows("SELECT lifted_at FROM hold")
        assert row.lifted_at is not None


class TestSubject:
    """Many write all that they have to say into the subject."""

    @pytest.mark.parametrize(
        ("subject", "words", "topic"),
        [
            ("Ik wil niet meer leven", "", "danger"), ("reeds betaald op 3/11", "Zie bijlage", "paid"),
            ("Je conteste cette facture", "cordialement", "dispute"),
            ("Re: U heeft nog niet alles betaald, ik betwist", "ok", "other"),  # that is ours
        ],
    )  # fmt: skip
    def test_it_is_read_where_it_is_the_writers_own(self, box, claim, subject, words, topic):
        box.take_mail(a_mail(words, subject=subject))
        assert [one.topic for one in box.replies()] == [topic]

    def test_a_dispute_holds_what_the_subject_says(self, box, claim):
        box.take_mail(a_mail("", subject="Je conteste cette facture"))
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=box.replies()[0].id, topic=Topic.DISPUTE)
        assert [one.text for one in box.rows("SELECT text FROM dispute")] == ["Je conteste cette facture"]

    def test_a_stop_without_a_word_below_it(self, box, claim):
        box.take_mail(a_mail("", subject="STOP"))
        assert [one.kind for one in box.inbound()] == ["stop"]
        assert box.point("debtor@example.org") == "opted_out"


class TestDanger:
    def test_a_life_in_danger_asks_for_a_person_at_once(self, box, claim):
        reply = a_reply(box, claim, "Ik heb al betaald en wil niet meer leven")
        assert reply.topic == "danger"
        wanted = "SELECT kind, reason, claim_id FROM work_item WHERE done_at IS NULL"
        assert [tuple(one) for one in box.rows(wanted)] == [("hardship", "danger", claim[1])]
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=reply.id, topic=Topic.DANGER)
        assert len(box.rows(wanted)) == 1
        assert box.holds(claim[1]) == ["debt_help"]

    def test_so_does_who_only_wants_no_more_messages(self, box, claim):
        box.take_text("Stop, ik wil niet meer leven")
        assert [(one.topic, one.state) for one in box.replies()] == [("danger", "waiting")]
        assert len(box.rows("SELECT id FROM work_item")) == 1

    def test_other_replies_wait_for_their_turn(self, box, claim):
        a_reply(box, claim, "Ik heb al betaald")
        assert box.rows("SELECT id FROM work_item") == []


class TestAnswering:
    def test_the_topic_decides_what_the_claim_is_held_for(self, box):
        grounds = {
            Topic.PAID: ["says_paid"], Topic.HARDSHIP: ["debt_help"], Topic.COUNSELLOR: ["debt_help"],
            Topic.NOT_ME: ["not_me"], Topic.PLAN: ["plan_requested"], Topic.DISPUTE: ["dispute"],
            Topic.OTHER: [], Topic.STOP: [], Topic.DANGER: ["debt_help"],
        }  # fmt: skip
        for topic, expected in grounds.items():
            with box.unit() as unit:
                claim = a_correspondent(unit, email=f"{topic.value}@example.org")
            box.take_mail(a_mail("Hallo", sender=f"{topic.value}@example.org"))
            with box.unit() as unit:
                close_reply(unit, creditor_id=claim[0], reply_id=box.replies()[-1].id, topic=topic)
            assert (topic, box.holds(claim[1])) == (topic, expected)

    def test_the_answer_leaves_through_the_gate_to_the_debtors_own_address(self, box, claim):
        with box.unit() as unit:
            message_id = queue(unit, *claim, due_at=unit.now + timedelta(days=90))
        box.take_mail(
            a_mail("Ik heb al betaald", sender="friend@elsewhere.example", to=answer_to(message_id))
        )
        [reply] = box.replies()
        words = draft_for(Topic(reply.topic), reply.language) + "\n\nMet <b>dank</b>."
        with box.unit() as unit:
            release_answer(unit, creditor_id=claim[0], reply_id=reply.id, topic=Topic.PAID, words=words)
        box.send()
        [left] = box.mail.left
        assert left.to == "debtor@example.org"
        assert "Wij zoeken uw betaling op" in left.body
        assert "Met <b>dank</b>." in left.body  # the plain part; in the HTML it is escaped (F8)
        answered = next(one for one in box.messages(claim[1]) if one.template == "answer")
        assert (answered.state, answered.amounts["answer"]["on"]) == ("sent", "2026-12-01")
        assert [one.state for one in box.replies()] == ["answered"]
        with box.unit() as unit, pytest.raises(UnableToAnswer):
            close_reply(unit, creditor_id=claim[0], reply_id=reply.id, topic=Topic.OTHER)

    def test_an_answer_goes_by_letter_where_no_mail_arrives(self, box):
        with box.unit() as unit:
            claim = a_correspondent(unit, email=None, language="fr")
        box.take_text("Je conteste", key="twilio:SM9")
        [reply] = box.replies()
        with box.unit() as unit:
            release_answer(
                unit, creditor_id=claim[0], reply_id=reply.id, topic=Topic.DISPUTE,
                words=draft_for(Topic.DISPUTE, "fr"),
            )  # fmt: skip
        box.send()
        assert len(box.letters.left) == 1

    def test_an_answer_that_bounced_goes_by_letter(self, box, claim):
        """Who asked waits for his answer, wherever it failed to arrive; the words are the same."""
        reply = a_reply(box, claim, "Ik betwist dit")
        with box.unit() as unit:
            mail_id = release_answer(
                unit,
                creditor_id=claim[0],
                reply_id=reply.id,
                topic=Topic.DISPUTE,
                words="Dank u.\n\nU hoort van ons.",
            )
        box.send()
        with box.unit() as unit:
            told = receipt(str(mail_id), "bounced", unit.now, permanent=True)
            apply_receipt(unit, receipt=told, message_id=mail_id)
        box.react()
        box.send()
        assert len(box.letters.left) == 1
        by_mail, by_letter = [one for one in box.messages(claim[1]) if one.template == "answer"]
        assert (by_mail.state, by_letter.channel) == ("bounced", "letter")
        assert by_letter.amounts["answer"] == by_mail.amounts["answer"]

    def test_a_notice_that_bounced_goes_by_letter_as_its_step_asked_for_it(self, box, claim):
        facts = {"tone": "firm", "copies": True}
        with box.unit() as unit:
            mail_id = queue_message(
                unit, creditor_id=claim[0], claim_id=claim[1], channel=Channel.email, step="formal_notice",
                cycle=1, template="notice_nl_consumer", due_at=unit.now, facts=facts,
            )  # fmt: skip
        box.send()
        with box.unit() as unit:
            told = receipt(str(mail_id), "bounced", unit.now, permanent=True)
            apply_receipt(unit, receipt=told, message_id=mail_id)
        box.react()
        [letter] = [one for one in box.messages(claim[1]) if one.channel == "letter"]
        assert {name: letter.amounts.get(name) for name in facts} == facts

    def test_an_empty_answer_is_refused(self, box, claim):
        reply = a_reply(box, claim)
        with box.unit() as unit, pytest.raises(Invalid):
            release_answer(unit, creditor_id=claim[0], reply_id=reply.id, topic=Topic.OTHER, words=" \n ")


class TestPerson:
    """What a reply tells of its debtor is no less true of his other claims."""

    @pytest.fixture
    def other(self, box, claim):
        """Another claim of the same debtor with the same creditor."""
        with box.unit() as unit:
            other = a_correspondent(unit, creditor_id=claim[0], email=None, phone=None)
            unit.session.connection().execute(
                text(
                    "UPDATE claim o SET debtor_id = c.debtor_id FROM claim c"
                    " WHERE c.id = :one AND o.id = :two"
                ),
                {"one": claim[1], "two": other[1]},
            )
        return other

    def read(self, box, claim, topic, words="Ik zit in de schuldhulp"):
        reply = a_reply(box, claim, words)
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=reply.id, topic=topic)
        box.react()

    def ends(self, box, claim_id):
        [hold] = box.rows("SELECT ends_at FROM hold WHERE claim_id = :c AND ground = 'debt_help'", c=claim_id)
        return hold.ends_at

    def test_who_is_in_debt_help_is_not_written_to_about_his_other_claim(self, box, claim, other):
        with box.unit() as unit:
            queue(unit, *other)
        self.read(box, claim, Topic.COUNSELLOR)
        assert box.holds(other[1]) == ["debt_help"]
        assert self.ends(box, other[1]) == self.ends(box, claim[1])
        box.send()
        [message] = box.messages(other[1])
        assert (message.state, message.reasons) == ("refused", ["hold:debt_help"])

    def test_what_is_about_the_claim_holds_that_claim_alone(self, box, claim, other):
        self.read(box, claim, Topic.PAID)
        assert (box.holds(claim[1]), box.holds(other[1])) == (["says_paid"], [])

    def test_a_claim_that_is_placed_later_is_held_from_its_first_day(self, box, claim):
        self.read(box, claim, Topic.COUNSELLOR)
        later = self.placed(box, claim)
        assert box.holds(later) == ["debt_help"]
        assert self.ends(box, later) == self.ends(box, claim[1])

    def test_a_claim_that_is_placed_after_the_hold_was_lifted_is_free(self, box, claim):
        self.read(box, claim, Topic.COUNSELLOR)
        with box.unit() as unit:
            [hold] = running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
            lift_hold(unit, creditor_id=claim[0], hold_id=hold.id, why="the helper has gone")
        assert box.holds(self.placed(box, claim)) == []

    def placed(self, box, claim):
        """Another claim of the same debtor, which his creditor places now and accepts the price of."""
        with box.unit() as unit:
            _, claim_id = a_correspondent(unit, creditor_id=claim[0], email=None, phone=None)
            placement = Placement(
                creditor_id=claim[0], id=new_id(), name="later.csv", sha256="0" * 64, media_type="text/csv",
                source="portal", state="accepted", received_at=unit.now, received_by="user:test",
            )  # fmt: skip
            unit.session.add(placement)
            unit.session.flush()
            unit.session.connection().execute(
                text(
                    "UPDATE claim o SET debtor_id = c.debtor_id, placement_id = :placement FROM claim c"
                    " WHERE c.id = :one AND o.id = :two"
                ),
                {"one": claim[1], "two": claim_id, "placement": placement.id},
            )
            hold_accepted(
                unit, QuoteAccepted(creditor_id=claim[0], quote_id=new_id(), placement_id=placement.id)
            )
        return claim_id

    def everywhere(self, box, *claims):
        """The debtors of these claims, of different creditors, are one person."""
        with box.unit() as unit:
            unit.session.add(identity := DebtorIdentity(created_at=unit.now, match_key=str(new_id())))
            unit.session.flush()
            unit.session.connection().execute(
                text(
                    "UPDATE debtor d SET identity_id = :i FROM claim c"
                    " WHERE c.id = ANY(:c) AND d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
                ),
                {"i": identity.id, "c": [claim_id for _, claim_id in claims]},
            )

    @pytest.fixture
    def elsewhere(self, box, claim):
        """A claim of another creditor on the same person."""
        with box.unit() as unit:
            elsewhere = a_correspondent(unit, email="dezelfde@voorbeeld.example", phone=None)
        self.everywhere(box, claim, elsewhere)
        return elsewhere

    def held(self, box, claim, ground, note=""):
        with box.unit() as unit:
            hold_id = place_hold(
                unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround(ground), note=note
            )
        box.react()
        return hold_id

    @pytest.mark.parametrize("ground", ["deceased", "guardianship", "wsnp"])
    def test_who_is_dead_or_not_his_own_master_is_written_to_for_no_creditor(
        self, box, claim, elsewhere, ground
    ):
        with box.unit() as unit:
            queue(unit, *elsewhere)
        self.held(box, claim, ground, "His widow wrote about the invoice of Bakker.")
        assert box.holds(elsewhere[1]) == [ground]
        box.send()
        [message] = box.messages(elsewhere[1])
        assert (message.state, message.reasons) == ("refused", [f"hold:{ground}"])

    def test_the_other_creditor_does_not_learn_how_it_is_known(self, box, claim, elsewhere):
        self.held(box, claim, "deceased", "His widow wrote about the invoice of Bakker.")
        [row] = box.rows("SELECT note FROM hold WHERE claim_id = :c", c=elsewhere[1])
        assert row.note == ""

    def test_what_was_told_for_one_creditor_is_not_known_at_another(self, box, claim, elsewhere):
        self.read(box, claim, Topic.COUNSELLOR)
        self.held(box, claim, "not_me")
        assert box.holds(elsewhere[1]) == []

    def test_a_mistake_is_mended_for_each_creditor(self, box, claim, elsewhere):
        hold_id = self.held(box, claim, "deceased")
        with box.unit() as unit:
            lift_hold(unit, creditor_id=claim[0], hold_id=hold_id, why="his father, of the same name")
        box.react()
        assert (box.holds(claim[1]), box.holds(elsewhere[1])) == ([], [])

    def test_a_claim_that_another_creditor_places_later_is_held_too(self, box, claim, elsewhere):
        self.held(box, claim, "deceased", "His widow wrote.")
        with box.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE hold SET lifted_at = app.now() WHERE claim_id = :c"), {"c": elsewhere[1]}
            )
        later = self.placed(box, elsewhere)
        assert box.holds(later) == ["deceased"]
        assert box.rows("SELECT note FROM hold WHERE claim_id = :c", c=later)[0].note == ""

    def test_who_has_two_numbers_with_one_creditor_is_held_under_both(self, box, claim):
        with box.unit() as unit:
            second = a_correspondent(
                unit, creditor_id=claim[0], email="dezelfde@voorbeeld.example", phone=None
            )
        self.everywhere(box, claim, second)
        self.read(box, claim, Topic.COUNSELLOR)
        assert box.holds(second[1]) == ["debt_help"]
        assert box.holds(self.placed(box, second)) == ["debt_help"]

    def lifted(self, box, claim, hold_id):
        with box.unit() as unit:
            lift_hold(unit, creditor_id=claim[0], hold_id=hold_id, why="it has ended")
        box.react()

    def test_a_hold_of_its_own_stays_when_the_one_it_followed_is_lifted(self, box, claim, elsewhere):
        first = self.held(box, claim, "wsnp")
        own = self.held(box, elsewhere, "wsnp")
        self.lifted(box, claim, first)
        assert (box.holds(claim[1]), box.holds(elsewhere[1])) == ([], ["wsnp"])
        self.lifted(box, elsewhere, own)
        assert box.holds(elsewhere[1]) == []

    def test_who_is_held_for_two_reasons_is_free_when_both_have_gone(self, box, claim, elsewhere, other):
        first, second = self.held(box, claim, "wsnp"), self.held(box, elsewhere, "wsnp")
        self.lifted(box, claim, first)
        assert box.holds(other[1]) == ["wsnp"]
        self.lifted(box, elsewhere, second)
        assert box.holds(other[1]) == []

    def test_another_debtor_is_not_held(self, box, claim):
        with box.unit() as unit:
            stranger = a_correspondent(unit, creditor_id=claim[0], email=None, phone=None)
        self.read(box, claim, Topic.COUNSELLOR)
        assert box.holds(stranger[1]) == []

    def test_all_go_on_together_when_the_first_does(self, box, claim, other):
        self.read(box, claim, Topic.COUNSELLOR)
        with box.unit() as unit:
            [hold] = running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
            lift_hold(unit, creditor_id=claim[0], hold_id=hold.id, why="the helper has gone")
        box.react()
        assert (box.holds(claim[1]), box.holds(other[1])) == ([], [])

    def test_a_later_word_lengthens_each_of_them_and_shortens_none(self, box, claim, other):
        self.read(box, claim, Topic.HARDSHIP)
        short = self.ends(box, claim[1])
        self.read(box, claim, Topic.COUNSELLOR)
        long = self.ends(box, claim[1])
        assert long > short
        assert self.ends(box, other[1]) == long
        self.read(box, claim, Topic.HARDSHIP, "Ik heb geen geld")
        assert (self.ends(box, claim[1]), self.ends(box, other[1])) == (long, long)

    def test_nor_does_it_end_what_lasts_until_somebody_lifts_it(self, box, claim):
        with box.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.DEBT_HELP)
        self.read(box, claim, Topic.HARDSHIP, "Ik heb geen geld")
        assert self.ends(box, claim[1]) is None


class TestStop:
    def test_a_text_that_says_stop_ends_texts_at_once_and_is_read_by_a_person(self, box, claim):
        box.take_text("STOP")
        assert box.point("+31612345678") == "opted_out"
        assert [(one.topic, one.state) for one in box.replies()] == [("stop", "waiting")]
        assert "DebtorOptedOut" in box.kinds(claim[1])

    @pytest.mark.parametrize(
        ("said", "point"), [("abuse", "opted_out"), ("not-spam", "usable"), ("auth-failure", "usable")]
    )
    def test_a_complaint_about_our_mail_ends_mail(self, box, claim, said, point):
        message_id, _ = a_bounce(box, claim)
        report = (
            b"From: fbl@isp.example\nTo: abuse@incassonoord.example\nSubject: Fw: reminder\n"
            b'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n--b\n'
            b"Content-Type: message/feedback-report\n\n"
            + f"Feedback-Type: {said}\nOriginal-Rcpt-To: debtor@example.org\n\n--b\n".encode()
            + f"Content-Type: message/rfc822\n\nReply-To: {answer_to(message_id)}\n\nx\n--b--\n".encode()
        )
        box.take_mail(report)
        assert [(one.kind, one.state) for one in box.inbound()] == [("complaint", "noted")]
        assert box.point("debtor@example.org") == point
        assert box.replies() == []

    def test_a_stop_silences_a_number_for_every_creditor_and_is_told_of_each_claim_once(self, box, claim):
        with box.unit() as unit:
            elsewhere = a_correspondent(unit)
            _, paid = a_correspondent(unit, creditor_id=elsewhere[0])
            a_correspondent(unit, phone="+31687654321")
            unit.session.connection().execute(
                text("UPDATE claim SET state = 'withdrawn' WHERE id = :c"), {"c": paid}
            )
        with box.unit() as unit:
            assert opt_out(unit, channel="sms", value="+31612345678") == 3
            assert opt_out(unit, channel="sms", value="+31612345678") == 0
        assert box.point("+31687654321") == "usable"
        told = box.rows("SELECT creditor_id, claim_id FROM event WHERE kind = 'DebtorOptedOut'")
        assert sorted(told) == sorted([claim, elsewhere])

    def test_who_writes_from_elsewhere_means_the_address_that_we_write_to(self, box, claim):
        """A mail that is passed on to another mailbox is answered from there."""
        with box.unit() as unit:
            message_id = queue(unit, *claim, due_at=unit.now + timedelta(days=90))
        box.take_mail(a_mail("Stop", sender="private@elsewhere.example", to=answer_to(message_id)))
        assert [one.kind for one in box.inbound()] == ["stop"]
        assert box.point("debtor@example.org") == "opted_out"
        assert box.point("+31612345678") == "usable"

    def test_so_does_who_is_read_by_a_person(self, box, claim):
        with box.unit() as unit:
            message_id = queue(unit, *claim, due_at=unit.now + timedelta(days=90))
        words = "Goedemiddag, zou u mij voortaan alleen nog per brief willen benaderen?"
        box.take_mail(a_mail(words, sender="private@elsewhere.example", to=answer_to(message_id)))
        assert box.point("debtor@example.org") == "usable"
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=box.replies()[0].id, topic=Topic.STOP)
        assert box.point("debtor@example.org") == "opted_out"

    def test_a_stranger_who_names_a_claim_silences_nobody_else(self, box, claim):
        [number] = box.rows("SELECT number FROM claim WHERE id = :c", c=claim[1])
        box.take_mail(a_mail("stop", sender="private@elsewhere.example", subject=f"Afmelden {number.number}"))
        assert box.point("debtor@example.org") == "usable"

    @pytest.mark.parametrize("told_by", ["a placement", "an answer"])
    def test_a_silenced_address_that_is_told_anew_stays_silent(self, box, claim, told_by):
        """The next creditor's file, or what a creditor answers, makes nobody reachable who said stop."""
        box.take_mail(a_mail("Stop"))
        with box.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit, email="Debtor@Example.org")
            if told_by == "a placement":
                silence_read(unit, a_placement_read(creditor_id))
            else:
                emit(unit, InformationSolved(creditor_id=creditor_id, claim_id=claim_id, request_id=new_id()))
        box.react()
        states = box.rows("SELECT value, state FROM contact_point WHERE creditor_id = :c", c=creditor_id)
        assert sorted(map(tuple, states)) == [("+31612345678", "usable"), ("Debtor@Example.org", "opted_out")]
        assert box.kinds(claim_id).count("DebtorOptedOut") == 1

    def test_of_a_first_large_file_each_address_is_looked_at_once(self, box):
        """The database has no statistics of it yet; a plan by the square of its rows took minutes."""
        many = 2_000
        with box.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit, email="debtor@example.org")
            unit.session.connection().execute(
                text(
                    "INSERT INTO contact_point "
                    " (creditor_id, id, debtor_id, channel, value, created_at, state)"
                    " SELECT c.creditor_id, uuidv7(), c.debtor_id, 'email', n || '@many.example', app.now(),"
                    " CASE n % 2 WHEN 0 THEN 'usable' ELSE 'opted_out' END"
                    " FROM claim c, generate_series(1, :many) n WHERE c.id = :claim"
                ),
                {"claim": claim_id, "many": many},
            )
        with box.unit() as unit:
            silence_read(unit, a_placement_read(creditor_id))
            read = unit.session.connection().execute(
                text(
                    "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"
                    " WHERE relname = 'contact_point'"
                )
            )
            assert read.scalar_one() < 3 * many


def a_placement_read(creditor_id):
    return PlacementRead(
        creditor_id=creditor_id, placement_id=new_id(), rows=1, created=1, updated=0, merged=0, rejected=0,
        requote=[], credited=[],
    )  # fmt: skip


class TestBounces:
    def test_a_hard_bounce_gives_the_address_up(self, box, claim):
        """F14: nothing more goes where nothing arrives."""
        message_id, raw = a_bounce(box, claim)
        box.take_mail(raw)
        assert [(one.kind, one.state, one.for_claim_id) for one in box.inbound()] == [
            ("bounce", "noted", claim[1])
        ]
        assert box.point("debtor@example.org") == "bounced"
        assert next(one for one in box.messages(claim[1]) if one.id == message_id).state == "bounced"

    @pytest.mark.parametrize(
        ("status", "action", "message", "point"),
        [("5.2.2", "failed", "bounced", "usable"), ("4.4.7", "delayed", "sent", "usable")],
    )
    def test_a_soft_one_keeps_it(self, box, claim, status, action, message, point):
        message_id, raw = a_bounce(box, claim, status=status, action=action)
        box.take_mail(raw)
        assert box.point("debtor@example.org") == point
        assert next(one for one in box.messages(claim[1]) if one.id == message_id).state == message

    def test_a_report_about_another_address_gives_nothing_up(self, box, claim):
        _, raw = a_bounce(box, claim, recipient="somebody@else.example")
        box.take_mail(raw)
        assert box.point("debtor@example.org") == "usable"

    def test_a_report_about_where_our_reader_had_it_sent_on_gives_his_address_up(self, box, claim):
        _, raw = a_bounce(
            box, claim, recipient="new@else.example\nOriginal-Recipient: rfc822; debtor@example.org"
        )
        box.take_mail(raw)
        assert box.point("debtor@example.org") == "bounced"

    def test_a_report_that_names_no_message_of_ours_is_not_believed(self, box, claim):
        message_id, raw = a_bounce(box, claim)
        box.take_mail(raw.replace(answer_to(message_id).encode(), b"re-forged@x.example"))
        assert [(one.state, one.why) for one in box.inbound()] == [("quarantined", "no_message_of_ours")]
        assert box.point("debtor@example.org") == "usable"


class TestFiles:
    def test_attachments_are_checked_as_documents_are(self, box, claim):
        files = (
            ("bewijs.pdf", "application/pdf", PDF),
            ("invoice.pdf", "application/pdf", b"MZ\x90\x00 not a pdf"),
            ("../../run.exe", "application/octet-stream", b"MZ\x90\x00"),
        )
        box.take_mail(a_mail("Zie bijlagen, ik heb betaald.", files=files))
        [reply] = box.replies()
        assert [("document_id" in one, one["name"]) for one in reply.files] == [
            (True, "bewijs.pdf"), (False, "invoice.pdf"), (False, "run.exe"),
        ]  # fmt: skip
        kinds = box.rows("SELECT kind FROM document WHERE claim_id = :c", c=claim[1])
        assert [one.kind for one in kinds] == ["other"]

    def test_a_scanned_letter_waits_for_its_claim_and_the_same_one_comes_once(self, box):
        with box.unit() as unit:
            assert take_scan(unit, box.files, name="brief.pdf", content=PDF) is not None
            assert take_scan(unit, box.files, name="again.pdf", content=PDF) is None
        assert [(one.channel, one.state) for one in box.inbound()] == [("letter", "quarantined")]

    def test_a_scan_that_is_no_picture_is_refused(self, box):
        with box.unit() as unit, pytest.raises(UnacceptableFile):
            take_scan(unit, box.files, name="brief.pdf", content=b"<html>")


class TestSettling:
    def test_attaching_is_as_if_it_had_been_found_and_can_be_undone(self, box, claim):
        box.take_mail(a_mail("Wie bent u?", sender="unknown@example.net"))
        [waiting] = box.inbound()
        with box.unit() as unit:
            attach(unit, box.files, inbound_id=waiting.id, creditor_id=claim[0], claim_id=claim[1])
        assert box.holds(claim[1]) == ["reply_unread"]
        with box.unit() as unit:
            undo(unit, inbound_id=waiting.id)
        assert box.holds(claim[1]) == []
        assert ([one.state for one in box.inbound()], [one.state for one in box.replies()]) == (
            ["quarantined"], ["withdrawn"],
        )  # fmt: skip

    def test_what_was_read_meanwhile_cannot_be_undone(self, box, claim):
        box.take_mail(a_mail("Wie bent u?", sender="unknown@example.net"))
        [waiting] = box.inbound()
        with box.unit() as unit:
            reply_id = attach(unit, box.files, inbound_id=waiting.id, creditor_id=claim[0], claim_id=claim[1])
            close_reply(unit, creditor_id=claim[0], reply_id=reply_id, topic=Topic.OTHER)
        with box.unit() as unit, pytest.raises(UnableToSettle):
            undo(unit, inbound_id=waiting.id)

    def test_discarding_needs_a_reason_and_can_be_undone(self, box):
        box.take_mail(a_mail("Koop nu!", sender="shop@example.net"))
        [waiting] = box.inbound()
        with box.unit() as unit, pytest.raises(Invalid):
            discard(unit, inbound_id=waiting.id, reason="because")
        with box.unit() as unit:
            discard(unit, inbound_id=waiting.id, reason="advertising")
        with box.unit() as unit, pytest.raises(UnableToSettle):
            discard(unit, inbound_id=waiting.id, reason="advertising")
        with box.unit() as unit:
            undo(unit, inbound_id=waiting.id)
        assert [one.state for one in box.inbound()] == ["quarantined"]


def test_a_text_is_answered_under_its_own_claim_after_another_reminder(box, claim):
    """The debtor's number decides; the claim that was texted last is the one meant."""
    with box.unit() as unit:
        queue(unit, *claim, channel=Channel.sms)
    box.send()
    box.take_text("wrong person", key="twilio:SM2")
    assert [(one.topic, one.found_by) for one in box.replies()] == [("not_me", "last_text")]
