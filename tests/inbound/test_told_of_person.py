"""A death, an insolvency or a guardian is heard in what comes in, stops the paths, and a person decides."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.claims.holds import lift_hold, place_hold
from agency.claims.states import HoldGround
from agency.communication.inbound.answering import close_reply, release_answer
from agency.communication.inbound.drafts import draft_for
from agency.communication.inbound.settling import attach, discard, undo
from agency.kernel.ids import new_id
from agency.parties.models import DebtorIdentity
from agency.rules.inbound.kind import InboundKind, kind_of
from agency.rules.inbound.mail import read_mail
from agency.rules.inbound.triage import ABOUT_PERSON, Topic, triage
from tests.communication.correspondence import a_correspondent, queue
from tests.inbound import people_told_of
from tests.inbound.letterbox import Letterbox, a_mail, answer_to
from tests.inbound.people_told_of import messages

DIED = "Mijn man is op 3 november overleden."


class TestHearing:
    pytestmark = pytest.mark.pure

    @pytest.mark.parametrize("topic", sorted(ABOUT_PERSON))
    def test_nearly_every_message_of_a_kind_is_heard(self, topic):
        told = messages(getattr(people_told_of, topic.name))
        missed = [words for words in told if triage(words).topic is not topic]
        assert len(told) >= 60
        assert len(missed) <= len(told) // 50, missed

    def test_hardly_anything_that_sounds_alike_is_taken_for_one(self):
        told = messages(people_told_of.NONE_OF_THEM)
        wrong = [words for words in told if triage(words).topic in ABOUT_PERSON]
        assert len(told) >= 60
        assert len(wrong) <= len(told) // 50, wrong

    @pytest.mark.parametrize("words", messages(people_told_of.DEBT_HELP))
    def test_help_with_debts_stays_what_it_was(self, words):
        assert triage(words).topic is Topic.COUNSELLOR

    def test_a_death_outweighs_however_much_else_is_said(self):
        words = f"{DIED} Ik betwist de rekening. Nooit besteld. Klopt niet. Nooit geleverd. Onterecht."
        assert triage(words).topics[:2] == (Topic.DEATH, Topic.DISPUTE)

    def test_danger_to_a_life_outweighs_a_death(self):
        words = f"{DIED} Mijn vader is gestorven. Zonder hem wil ik niet meer leven."
        assert triage(words).topic is Topic.DANGER

    def test_a_machine_that_answers_for_the_dead_is_read(self):
        raw = a_mail(DIED, subject="Automatisch antwoord", Auto_Submitted="auto-replied")
        assert kind_of(read_mail(raw)).kind is InboundKind.REPLY

    @pytest.mark.parametrize("topic", sorted(ABOUT_PERSON))
    @pytest.mark.parametrize("language", ["nl", "fr", "en", "de"])
    def test_each_has_a_draft(self, topic, language):
        assert len(draft_for(topic, language)) > 100


@pytest.fixture
def box(units):
    return Letterbox(units).open_up()


@pytest.fixture
def claim(box):
    with box.unit() as unit:
        return a_correspondent(unit)


@pytest.fixture
def other(box, claim):
    """Another claim of the same debtor with the same creditor."""
    with box.unit() as unit:
        other = a_correspondent(unit, creditor_id=claim[0], email=None, phone=None)
        unit.session.connection().execute(
            text("UPDATE claim o SET debtor_id = c.debtor_id FROM claim c WHERE c.id = :one AND o.id = :two"),
            {"one": claim[1], "two": other[1]},
        )
    return other


def write(box, claim, words=DIED):
    with box.unit() as unit:
        message_id = queue(
            unit, *claim, step=f"reminder_{len(box.replies())}", due_at=unit.now + timedelta(days=90)
        )
    box.take_mail(a_mail(words, to=answer_to(message_id)))
    return box.replies()[-1]


def everywhere(box, *claims):
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


class TestStanding:
    def test_all_that_he_owes_this_creditor_stands_still_until_it_was_read(self, box, claim, other):
        reply = write(box, claim)
        assert reply.topic == "death"
        assert (box.holds(claim[1]), box.holds(other[1])) == (["reply_unread"], ["reply_unread"])
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=reply.id, topic=Topic.OTHER)
        assert (box.holds(claim[1]), box.holds(other[1])) == ([], [])

    def test_what_is_about_the_claim_alone_stops_no_other(self, box, claim, other):
        write(box, claim, "Ik heb al betaald")
        assert box.holds(other[1]) == []

    def test_the_other_claim_waits_for_its_own_message_too(self, box, claim, other):
        death = write(box, claim)
        write(box, other, "Ik heb al betaald")
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=death.id, topic=Topic.OTHER)
        assert (box.holds(claim[1]), box.holds(other[1])) == ([], ["reply_unread"])

    def test_each_claim_that_it_may_belong_to_waits_with_a_message_without_its_claim(self, box, claim, other):
        inbound_id = box.take_mail(a_mail(DIED))
        assert box.inbound()[0].why == "several_claims"
        assert (box.holds(claim[1]), box.holds(other[1])) == (["reply_unread"], ["reply_unread"])
        with box.unit() as unit:
            discard(unit, inbound_id=inbound_id, reason="duplicate")
        assert (box.holds(claim[1]), box.holds(other[1])) == ([], [])
        with box.unit() as unit:
            undo(unit, inbound_id=inbound_id)
        assert (box.holds(claim[1]), box.holds(other[1])) == (["reply_unread"], ["reply_unread"])
        with box.unit() as unit:
            reply_id = attach(unit, box.files, inbound_id=inbound_id, creditor_id=claim[0], claim_id=other[1])
            close_reply(unit, creditor_id=claim[0], reply_id=reply_id, topic=Topic.OTHER)
        assert (box.holds(claim[1]), box.holds(other[1])) == ([], [])

    def test_any_other_message_without_its_claim_stops_nothing(self, box, claim, other):
        box.take_mail(a_mail("Ik heb al betaald"))
        assert (box.holds(claim[1]), box.holds(other[1])) == ([], [])


class TestDeciding:
    @pytest.mark.parametrize(
        ("topic", "ground"),
        [(Topic.DEATH, "deceased"), (Topic.INSOLVENCY, "insolvency"), (Topic.GUARDIANSHIP, "guardianship")],
    )
    def test_a_person_releases_the_answer_and_the_hold_lasts(self, box, claim, other, topic, ground):
        reply = write(box, claim)
        with box.unit() as unit:
            words = draft_for(topic, "nl")
            release_answer(unit, creditor_id=claim[0], reply_id=reply.id, topic=topic, words=words)
        box.react()
        assert (box.holds(claim[1]), box.holds(other[1])) == ([ground], [ground])
        asked = "SELECT ends_at FROM hold WHERE ground = :g AND claim_id = :c"
        [hold] = box.rows(asked, g=ground, c=claim[1])
        assert hold.ends_at is None
        assert [(one.kind, one.reason) for one in box.rows("SELECT kind, reason FROM work_item")] == [
            ("answer", ground)
        ]
        box.send()
        assert draft_for(topic, "nl").split("\n")[0] in box.mail.left[-1].body

    @pytest.mark.parametrize(
        ("topic", "ground"), [(Topic.DEATH, "not_me"), (Topic.GUARDIANSHIP, "insolvency")]
    )
    def test_a_company_does_not_die(self, box, claim, topic, ground):
        with box.unit() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET kind = 'company'"))
        reply = write(box, claim)
        with box.unit() as unit:
            close_reply(unit, creditor_id=claim[0], reply_id=reply.id, topic=topic)
        assert box.holds(claim[1]) == [ground]


class TestKnownElsewhere:
    @pytest.fixture
    def elsewhere(self, box, claim):
        """Two claims of another creditor on the same person."""
        with box.unit() as unit:
            first = a_correspondent(unit, email="dezelfde@voorbeeld.example", phone=None)
            second = a_correspondent(unit, creditor_id=first[0], email=None, phone=None)
            unit.session.connection().execute(
                text("UPDATE claim o SET debtor_id = c.debtor_id FROM claim c WHERE c.id = :a AND o.id = :b"),
                {"a": first[1], "b": second[1]},
            )
        everywhere(box, claim, first)
        return first, second

    def work(self, box):
        return box.rows("SELECT creditor_id, kind, reason FROM work_item ORDER BY creditor_id")

    def test_one_task_waits_at_each_creditor_where_he_is_held_too(self, box, claim, elsewhere):
        with box.unit() as unit:
            place_hold(
                unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.DECEASED, note="His widow."
            )
        box.react()
        box.react()
        first, second = elsewhere
        assert (box.holds(first[1]), box.holds(second[1])) == (["deceased"], ["deceased"])
        assert [tuple(one) for one in self.work(box)] == [(first[0], "answer", "deceased")]

    def test_a_copy_at_the_same_creditor_asks_nobody_again(self, box, claim, other):
        with box.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.DECEASED)
        box.react()
        assert self.work(box) == []

    def test_what_was_lifted_meanwhile_asks_nobody(self, box, claim, elsewhere):
        with box.unit() as unit:
            hold_id = place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.DECEASED)
            lift_hold(unit, creditor_id=claim[0], hold_id=hold_id)
        box.react()
        assert self.work(box) == []
