"""What a call agreed on counts once the debtor confirms it; until then nothing is asked."""

import re
from datetime import date, timedelta

import pytest
from starlette.testclient import TestClient

from agency.arrangements.plans import Wish
from agency.desk.call_notes import UnableToConfirm, confirm_note, correct_note, lapse_unanswered, waiting_note
from agency.desk.dispositions import CallOutcome, close_call
from agency.desk.models import Call, Disposition
from agency.events import MessageBounced
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid
from agency.kernel.unit import Door
from agency.money import Money
from agency.payments.links import issue_link
from portal import main
from portal.wiring import Wiring
from tests.communication.correspondence import SETTINGS, TUESDAY, a_correspondent, queue
from tests.inbound.letterbox import Letterbox

DAY = date(2026, 12, 3)


@pytest.fixture
def box(units):
    return Letterbox(units).open_up()


@pytest.fixture
def claim(box):
    with box.unit() as unit:
        return a_correspondent(unit)


def after_a_call(box, claim, disposition=Disposition.PROMISE, **outcome):
    with box.units.open(Door.STAFF, by="system:test") as unit:
        call = Call(
            creditor_id=claim[0], claim_id=claim[1], number="+31612345678", by=unit.by, started_at=unit.now
        )
        unit.session.add(call)
        unit.session.flush()
        told = CallOutcome(disposition=disposition, to_confirm=True, **outcome)
        close_call(unit, creditor_id=claim[0], call_id=call.id, outcome=told)
    box.send()


def promised(box, claim, **more):
    after_a_call(box, claim, promised=Money(10_000, "EUR"), promised_on=DAY, **more)


def debtor(box, claim):
    debtor_id = box.rows("SELECT debtor_id FROM claim WHERE id = :c", c=claim[1])[0].debtor_id
    whose = {"creditor_id": claim[0], "claim_id": claim[1], "debtor_id": debtor_id}
    return box.units.open(Door.DEBTOR, by=f"debtor:{debtor_id}", **whose)


def states(box):
    return [one.state for one in box.rows("SELECT state FROM call_note ORDER BY made_at")]


class TestNote:
    def test_it_is_mailed_in_the_debtors_language_and_the_claim_rests(self, box, claim):
        with box.unit() as unit:
            queue(unit, *claim, due_at=unit.now + timedelta(hours=2))
        promised(box, claim, points="Wij bellen u op 10 december.\n\n")
        [left] = box.mail.left
        assert "U betaalt € 100,00, uiterlijk op 3 december 2026." in left.body.replace("\u00a0", " ")
        assert "Wij bellen u op 10 december." in left.body
        assert box.holds(claim[1]) == ["agreement_to_confirm"]
        assert box.rows("SELECT id FROM promise") == []
        box.move_to(TUESDAY + timedelta(hours=3))
        box.send()
        assert len(box.mail.left) == 1

    def test_confirming_makes_the_promise_in_the_debtors_name(self, box, claim):
        promised(box, claim)
        with debtor(box, claim) as unit:
            confirm_note(unit, creditor_id=claim[0], claim_id=claim[1])
        box.react()
        [promise] = box.rows("SELECT amount_minor, due_on, made_by FROM promise")
        assert (promise.amount_minor, promise.due_on, promise.made_by[:7]) == (10_000, DAY, "debtor:")
        assert (states(box), box.holds(claim[1])) == (["confirmed"], ["promise"])
        assert {"CallNoteSent", "CallNoteAnswered", "PromiseMade"} <= set(box.kinds(claim[1]))
        with debtor(box, claim) as unit, pytest.raises(UnableToConfirm):
            confirm_note(unit, creditor_id=claim[0], claim_id=claim[1])

    def test_confirming_takes_the_plan(self, box, claim):
        wish = Wish(first_on=date(2026, 12, 28), amount=Money(10_000, "EUR"))
        after_a_call(box, claim, Disposition.RIGHT_PARTY, plan=wish)
        assert "delen" in box.mail.left[0].body
        with debtor(box, claim) as unit:
            confirm_note(unit, creditor_id=claim[0], claim_id=claim[1])
        box.react()
        assert [one.state for one in box.rows("SELECT state FROM plan")] == ["active"]
        assert box.holds(claim[1]) == ["plan_kept"]

    def test_a_correction_makes_nothing_and_asks_for_a_person(self, box, claim):
        promised(box, claim)
        with debtor(box, claim) as unit:
            correct_note(unit, creditor_id=claim[0], claim_id=claim[1], words="Ik zei 50 euro.")
        box.react()
        assert box.rows("SELECT id FROM promise") == []
        assert [one.reason for one in box.rows("SELECT reason FROM work_item")] == ["note_corrected"]
        box.move_to(TUESDAY + timedelta(days=30))
        assert box.holds(claim[1]) == ["agreement_to_confirm"]

    def test_silence_lapses_and_the_path_goes_on(self, box, claim):
        promised(box, claim)
        box.move_to(TUESDAY + timedelta(days=7))
        with box.unit() as unit:
            assert lapse_unanswered(unit) == 1
            assert waiting_note(unit, creditor_id=claim[0], claim_id=claim[1]) is None
        box.react()
        assert (states(box), box.holds(claim[1])) == (["lapsed"], [])
        assert [one.reason for one in box.rows("SELECT reason FROM work_item")] == ["note_unanswered"]

    @pytest.mark.parametrize("answered_first", [False, True])
    def test_once_answered_no_letter_asks_again(self, box, claim, answered_first):
        """Whether the mail comes back before or after the answer: nobody is asked what he confirmed."""
        promised(box, claim)
        [message_id] = [one.id for one in box.rows("SELECT id FROM message")]
        bounced = MessageBounced(
            creditor_id=claim[0], claim_id=claim[1], message_id=message_id, channel="email", reason="gone"
        )

        def come_back():
            with box.units.open(Door.WORKER, by="system:test") as unit:
                emit(unit, bounced)
            box.react()

        def confirm():
            with debtor(box, claim) as unit:
                confirm_note(unit, creditor_id=claim[0], claim_id=claim[1])
            box.react()

        for happens in (confirm, come_back) if answered_first else (come_back, confirm):
            happens()
        letters = box.rows("SELECT state, reasons FROM message WHERE channel = 'letter'")
        assert [(one.state, one.reasons) for one in letters] == [("cancelled", ["call_note_answered"])]

    @pytest.mark.parametrize(
        ("outcome", "field"),
        [
            ({"promised": Money(10_000, "EUR"), "promised_on": date(2020, 1, 1)}, "due_on"),
            ({"promised": Money(99_999_999, "EUR"), "promised_on": DAY}, "amount"),
            ({"promised": None, "promised_on": DAY}, "promised"),
        ],
    )
    def test_what_could_not_be_kept_is_not_written(self, box, claim, outcome, field):
        with pytest.raises(Invalid) as refusal:
            after_a_call(box, claim, **outcome)
        assert refusal.value.field == field
        assert (states(box), box.mail.left) == ([], [])

    def test_nothing_agreed_is_nothing_to_write(self, box, claim):
        with pytest.raises(Invalid):
            after_a_call(box, claim, Disposition.RIGHT_PARTY, points=" ")


class TestPage:
    @pytest.fixture
    def browser(self, box, claim, monkeypatch):
        promised(box, claim, points="<img src=x onerror=alert(1)>")
        monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.debtor"))
        app = main.create_app(Wiring(settings=SETTINGS, units=box.units, ports=box.ports))
        with box.unit() as unit:
            token = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
        with TestClient(app, base_url=SETTINGS.public_url, headers={"accept-language": "en"}) as client:
            page = client.get(f"/pay/{token}").text
            self.landed = client.post("/pay/identify", data={"csrf": self.token(page), "answer": "3511 AB"})
            yield client

    def token(self, page):
        return re.search(r'name="csrf" value="([^"]+)"', page)[1]

    def test_the_link_leads_to_what_was_agreed_and_confirming_thanks(self, browser, box):
        """F8: what a collector typed is words on the page."""
        assert self.landed.url.path == "/pay/agreed"
        assert "&lt;img src=x" in self.landed.text
        answer = browser.post("/pay/agreed/confirmation", data={"csrf": self.token(self.landed.text)})
        assert (answer.status_code, answer.url.path) == (200, "/pay/agreed/thanks/confirmed")
        assert states(box) == ["confirmed"]
        again = browser.post("/pay/agreed/confirmation", data={"csrf": self.token(self.landed.text)})
        assert again.status_code == 409

    def test_a_correction_needs_words(self, browser, box):
        token = self.token(self.landed.text)
        assert browser.post("/pay/agreed/correction", data={"csrf": token}).status_code == 422
        said = browser.post("/pay/agreed/correction", data={"csrf": token, "words": "Ik zei 50."})
        assert said.url.path == "/pay/agreed/thanks/corrected"
        assert states(box) == ["corrected"]
        late = browser.post("/pay/agreed/correction", data={"csrf": token, "words": "En vanaf maart."})
        assert late.status_code == 422
        assert "En vanaf maart.</textarea>" in late.text

    def test_without_the_token_nothing_is_confirmed(self, browser, box):
        assert browser.post("/pay/agreed/confirmation").status_code == 403
        assert states(box) == ["waiting"]
