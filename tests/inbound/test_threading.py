"""A message finds its claim by what only its debtor knows, else by signs that agree, and never another's."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.claims.models import Claim
from agency.communication.inbound.reply_address import messages_addressed, reply_address
from agency.rules.facts import Channel
from agency.rules.inbound.threading import Mark, Pointed, Threaded, thread
from tests.communication.correspondence import a_correspondent, queue
from tests.inbound.letterbox import Letterbox, a_mail, answer_to
from tests.made import rf_reference

CREDITORS, DEBTORS, CLAIMS = ([uuid4() for _ in range(3)] for _ in range(3))
MARKS = st.frozensets(st.sampled_from(Mark), min_size=1)


@st.composite
def pointed(draw):
    claim = draw(st.integers(0, 2))
    owner = draw(st.integers(0, 2))
    return Pointed(CREDITORS[owner], CLAIMS[claim], DEBTORS[owner], draw(st.booleans()), draw(MARKS))


def at(*marks, claim=0, debtor=0, creditor=0, is_open=True):
    return Pointed(CREDITORS[creditor], CLAIMS[claim], DEBTORS[debtor], is_open, frozenset(marks))


@pytest.mark.pure
class TestRule:
    @pytest.mark.parametrize(
        ("found", "claim", "by"),
        [
            ([at(Mark.REPLY_ADDRESS), at(Mark.SENDER, claim=1)], 0, "reply_address"),
            ([at(Mark.SENDER, claim=1), at(Mark.ANSWERS_TO)], 0, "answers_to"),
            ([at(Mark.CLAIM_NUMBER, Mark.PAYMENT_REFERENCE)], 0, "payment_reference"),
            ([at(Mark.CLAIM_NUMBER)], 0, "claim_number"),
            (
                [at(Mark.CLAIM_NUMBER, Mark.SENDER), at(Mark.CLAIM_NUMBER, claim=1, debtor=1)],
                0,
                "claim_number",
            ),
            ([at(Mark.SENDER, Mark.LAST_TEXT), at(Mark.SENDER, claim=1, debtor=1)], 0, "last_text"),
            ([at(Mark.SENDER)], 0, "sender"),
            ([at(Mark.SENDER, is_open=False)], 0, "sender"),
            ([at(Mark.SENDER, is_open=False), at(Mark.SENDER, claim=1)], 1, "sender"),
        ],
    )
    def test_the_surest_sign_names_the_claim_an_open_one_first(self, found, claim, by):
        result = thread(found)
        assert (result.claim.claim_id, result.by, result.why) == (CLAIMS[claim], by, "")

    @pytest.mark.parametrize(
        ("found", "why"),
        [
            ([], "nothing"),
            ([at(Mark.LAST_TEXT)], "nothing"),
            ([at(Mark.PAYMENT_REFERENCE), at(Mark.SENDER, claim=1, debtor=1)], "sender_of_another"),
            ([at(Mark.SENDER), at(Mark.SENDER, claim=1)], "several_claims"),
            ([at(Mark.SENDER), at(Mark.SENDER, claim=1, debtor=1)], "several_debtors"),
            ([at(Mark.SENDER), at(Mark.SENDER, claim=1, creditor=1)], "several_debtors"),
        ],
    )  # fmt: skip
    def test_without_a_claim_it_is_said_why(self, found, why):
        assert thread(found) == Threaded(None, None, why)

    @given(st.lists(pointed(), max_size=6))
    def test_a_claim_is_only_chosen_where_all_that_is_as_sure_means_one_debtor(self, found):
        result = thread(found)
        if result.claim is None:
            assert result.by is None
            assert result.why
            return
        assert result.by in result.claim.marks
        as_sure = [one for one in found if result.by in one.marks]
        if result.by in (Mark.REPLY_ADDRESS, Mark.ANSWERS_TO, Mark.SENDER):
            assert {one.debtor_id for one in as_sure} == {result.claim.debtor_id}

    @given(
        st.lists(pointed(), max_size=6).flatmap(
            lambda found: st.tuples(st.just(found), st.permutations(found))
        )
    )
    def test_the_order_in_which_signs_are_found_decides_nothing(self, both):
        found, shuffled = both
        assert (thread(found).claim is None) == (thread(list(shuffled)).claim is None)

    @given(st.uuids(version=4), st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=39, max_size=39))
    def test_a_made_up_reply_address_names_nothing(self, message_id, local):
        real = reply_address(message_id, domain="d.example", secret="s")
        assert messages_addressed(f"<{real.upper()}>, x@y.z", secret="s") == [message_id]
        assert messages_addressed(real, secret="another") == []
        assert messages_addressed(f"re-{local}@d.example", secret="s") == []


@pytest.fixture
def box(units):
    return Letterbox(units).open_up()


def reference_of(box, claim_id):
    with box.unit() as unit:
        creditor = box.rows("SELECT creditor_id FROM claim WHERE id = :c", c=claim_id)[0].creditor_id
        claim = unit.session.get(Claim, (creditor, claim_id))
        claim.payment_reference = rf_reference(int(claim_id.int % 10**8) + 1)
        unit.session.flush()
        return claim.payment_reference


class TestFinding:
    def test_by_the_reply_address_whoever_writes(self, box):
        with box.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit)
            message_id = queue(unit, creditor_id, claim_id)
        box.take_mail(a_mail("Ik heb al betaald.", sender="work@elsewhere.example", to=answer_to(message_id)))
        [reply] = box.replies()
        assert (reply.claim_id, reply.creditor_id, reply.found_by) == (claim_id, creditor_id, "reply_address")
        assert (reply.topic, reply.state) == ("paid", "waiting")

    def test_by_the_id_of_our_message(self, box):
        with box.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit)
            message_id = queue(unit, creditor_id, claim_id)
        box.take_mail(a_mail("Hallo", sender="x@y.example", In_Reply_To=f"<{message_id}@enercity.example>"))
        assert [reply.found_by for reply in box.replies()] == ["answers_to"]

    def test_by_a_reference_from_an_unknown_address(self, box):
        with box.unit() as unit:
            _, claim_id = a_correspondent(unit)
        reference = reference_of(box, claim_id)
        box.take_mail(a_mail(f"Over {reference}: ik betwist dit.", sender="unknown@example.com"))
        assert [(one.claim_id, one.found_by, one.topic) for one in box.replies()] == [
            (claim_id, "payment_reference", "dispute")
        ]

    def test_not_by_a_reference_of_somebody_else(self, box):
        with box.unit() as unit:
            _, claim_id = a_correspondent(unit)
            a_correspondent(unit, email="second@example.org")
        reference = reference_of(box, claim_id)
        box.take_mail(a_mail(f"Over {reference}", sender="second@example.org"))
        assert box.replies() == []
        assert [(one.state, one.why) for one in box.inbound()] == [("quarantined", "sender_of_another")]

    def test_by_the_sender_when_he_has_one_claim(self, box):
        with box.unit() as unit:
            _, claim_id = a_correspondent(unit, email="Only.One@example.org")
        box.take_mail(a_mail("Hallo", sender="only.one@example.org"))
        assert [one.claim_id for one in box.replies()] == [claim_id]

    def test_a_sender_whom_two_creditors_know_waits_for_a_person(self, box):
        with box.unit() as unit:
            a_correspondent(unit)
            a_correspondent(unit)
        box.take_mail(a_mail("Hallo"))
        [inbound] = box.inbound()
        assert (inbound.state, inbound.why, len(inbound.candidates)) == ("quarantined", "several_debtors", 2)
        assert box.replies() == []

    def test_a_text_is_about_the_claim_that_was_texted_about_last(self, box):
        with box.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit)
            a_correspondent(unit)
            queue(unit, creditor_id, claim_id, channel=Channel.sms)
        box.send()
        box.take_text("Ik kan niet betalen")
        assert [(one.claim_id, one.found_by, one.topic) for one in box.replies()] == [
            (claim_id, "last_text", "hardship")
        ]

    def test_the_same_mail_twice_is_one(self, box):
        with box.unit() as unit:
            a_correspondent(unit)
        raw = a_mail("Hallo")
        assert box.take_mail(raw) is not None
        assert box.take_mail(raw) is None
        assert (len(box.inbound()), len(box.replies())) == (1, 1)
