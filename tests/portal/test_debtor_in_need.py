"""What a debtor under stress does: types half, changes his mind, comes with an old or a broken link."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.claims.holds import running_holds
from agency.claims.states import HoldGround
from tests.communication.correspondence import SETTINGS
from tests.portal.test_debtor import browser, checkout, claim, come_in, office, send, token_of

__all__ = ["browser", "checkout", "claim", "office"]


def rows(office, statement):
    with office.unit() as unit:
        return [tuple(row) for row in unit.session.connection().execute(text(statement)).all()]


def promises(office):
    return rows(office, "SELECT state, amount_minor, due_on FROM promise ORDER BY made_at, id")


def grounds(office, claim):
    with office.unit() as unit:
        held = running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
        return [hold.ground for hold in held]


class TestLinks:
    @pytest.mark.parametrize("behind", [".", ").", ",", "%22", "…"])
    def test_what_stood_behind_the_address_is_no_part_of_it(self, browser, claim, behind):
        """A sentence ended behind the link, and the mail program took the full stop along."""
        assert browser.get(f"/pay/{claim[2]}{behind}").status_code == 200

    @pytest.mark.parametrize("path", ["/pay", "/pay/unknown-link", "/pay/promise"])
    def test_who_stands_before_a_closed_door_is_told_whom_to_call(self, browser, path):
        page = browser.get(path)
        assert page.status_code == 404
        assert f"tel:{SETTINGS.agency_phone.replace(' ', '')}" in page.text
        assert f"mailto:{SETTINGS.agency_email}" in page.text
        assert "/sign-in" not in page.text
        assert 'href="/"' not in page.text

    def test_a_page_kept_as_a_bookmark_asks_the_question_first(self, browser, claim):
        browser.get(f"/pay/{claim[2]}")
        answer = browser.get("/pay/promise", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/pay")

    def test_an_old_form_leads_back_and_keeps_the_words(self, browser, claim):
        come_in(browser, claim[2])
        page = browser.post(
            "/pay/dispute", data={"csrf": "old", "reason": "other", "words": "I sent it back"}
        )
        assert page.status_code == 403
        assert "I sent it back" in page.text
        assert 'href="/pay"' in page.text


class TestSecondFact:
    def test_a_wrong_answer_says_how_many_are_left(self, browser, claim):
        page = come_in(browser, claim[2], "9999 ZZ").text
        assert "You can try 4 more times" in page
        page = come_in(browser, claim[2], "9999 ZZ").text
        assert "You can try 3 more times" in page

    def test_without_a_postal_code_the_question_can_be_answered(self, browser, office, claim):
        rows(office, "UPDATE debtor SET postal_code = '' RETURNING id")
        (reference,) = rows(office, "SELECT reference FROM claim")[0]
        page = browser.get(f"/pay/{claim[2]}").text
        assert "postal code" not in page
        assert "number of your file" in page
        assert come_in(browser, claim[2], "---").status_code == 422
        assert "van den Berg" in come_in(browser, claim[2], reference.lower()).text

    def test_the_customer_number_is_right_too(self, browser, office, claim):
        (number,) = rows(office, "UPDATE debtor SET postal_code = NULL RETURNING reference")[0]
        assert "van den Berg" in come_in(browser, claim[2], number).text


class TestPaying:
    def test_an_amount_is_never_answered_with_everything(self, browser, claim, checkout):
        """He typed a part and left the choice at everything."""
        page = come_in(browser, claim[2]).text
        data = {"csrf": token_of(page), "what": "all", "amount": "50"}
        answer = browser.post("/pay/start", data=data, follow_redirects=False)
        assert answer.status_code == 422
        assert checkout.asked == []
        assert "You filled in an amount" in answer.text
        assert 'value="part" checked' in answer.text
        assert 'value="50"' in answer.text

    def test_what_is_no_choice_pays_nothing(self, browser, claim, checkout):
        page = come_in(browser, claim[2]).text
        assert browser.post("/pay/start", data={"csrf": token_of(page), "what": "half"}).status_code == 422
        assert checkout.asked == []

    def test_after_a_failed_payment_he_can_try_again(self, browser, office, claim):
        page = come_in(browser, claim[2]).text
        browser.post("/pay/start", data={"csrf": token_of(page), "what": "all"}, follow_redirects=False)
        rows(office, "UPDATE payment_intent SET state = 'canceled' RETURNING id")
        page = browser.get("/pay/return").text
        assert "did not go through" in page
        assert 'href="/pay#pay"' in page

    def test_a_belgian_reads_of_the_way_he_knows(self, browser, office, claim):
        rows(office, "UPDATE debtor SET country = 'BE', region = 'be-vlg' RETURNING id")
        page = come_in(browser, claim[2]).text
        assert "Bancontact" in page
        assert "iDEAL" not in page
        assert "Dutch app" not in page


class TestPromise:
    def test_it_can_be_changed(self, browser, office, claim):
        come_in(browser, claim[2])
        send(browser, "/pay/promise", due_on="2026-12-10", amount="100,00")
        page = browser.get("/pay/promise").text
        assert 'value="2026-12-10"' in page
        assert 'value="100.00"' in page
        answer = browser.post(
            "/pay/promise/change", data={"csrf": token_of(page), "due_on": "2026-12-12", "amount": ""}
        )
        assert "December 2026" in answer.text
        assert promises(office) == [
            ("cancelled", 10000, date(2026, 12, 10)),
            ("open", 40215, date(2026, 12, 12)),
        ]
        assert grounds(office, claim) == [HoldGround.PROMISE]

    def test_moving_it_again_and_again_does_not_put_it_off_for_ever(self, browser, office, claim):
        come_in(browser, claim[2])
        send(browser, "/pay/promise", due_on="2026-12-20")
        rows(office, "UPDATE promise SET made_at = made_at - interval '20 days' RETURNING id")
        page = browser.get("/pay/promise").text
        data = {"csrf": token_of(page), "due_on": "2026-12-21"}
        answer = browser.post("/pay/promise/change", data=data)
        assert answer.status_code == 422
        assert 'value="2026-12-21"' in answer.text
        assert [row[0] for row in promises(office)] == ["open"]

    def test_it_can_be_taken_back_once(self, browser, office, claim):
        come_in(browser, claim[2])
        send(browser, "/pay/promise", due_on="2026-12-10")
        token = token_of(browser.get("/pay/promise").text)
        assert "took your promise back" in browser.post("/pay/promise/withdrawal", data={"csrf": token}).text
        assert [row[0] for row in promises(office)] == ["cancelled"]
        assert grounds(office, claim) == []
        assert browser.post("/pay/promise/withdrawal", data={"csrf": token}).status_code == 409

    def test_a_promise_taken_back_is_not_confirmed(self, browser, office, claim):
        come_in(browser, claim[2])
        send(browser, "/pay/promise", due_on="2026-12-10")
        token = token_of(browser.get("/pay/promise").text)
        browser.post("/pay/promise/withdrawal", data={"csrf": token})
        office.react()
        sent = "SELECT state FROM message WHERE starts_with(step, 'promise_confirmation')"
        assert {row[0] for row in rows(office, sent)} <= {"cancelled"}


class TestAnswers:
    @pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-12-02"])
    def test_a_day_on_which_nobody_can_have_paid_is_refused(self, browser, office, claim, day):
        come_in(browser, claim[2])
        page = send(browser, "/pay/already-paid", paid_on=day, words="from my savings account")
        assert page.status_code == 422
        assert "from my savings account" in page.text
        assert grounds(office, claim) == []

    def test_what_is_told_a_second_time_is_kept_too(self, browser, office, claim):
        come_in(browser, claim[2])
        send(browser, "/pay/debt-help", words="mevrouw Jansen")
        send(browser, "/pay/debt-help", words="mevrouw Janssens, 0612345678")
        assert rows(office, "SELECT note FROM hold") == [("mevrouw Jansen\nmevrouw Janssens, 0612345678",)]

    def test_without_a_plan_there_is_no_direct_debit_to_sign(self, browser, claim):
        come_in(browser, claim[2])
        answer = browser.get("/pay/plan/mandate", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/pay")

    def test_a_withdrawn_claim_asks_nothing(self, browser, office, claim):
        rows(office, "UPDATE claim SET state = 'withdrawn' RETURNING id")
        page = come_in(browser, claim[2]).text
        assert "You do not need to pay it here" in page
        assert "asks this of" not in page


class TestWriting:
    def test_it_waits_for_a_person_and_nothing_is_asked_meanwhile(self, browser, office, claim):
        come_in(browser, claim[2])
        page = send(browser, "/pay/message", about="call_me", words="06 12345678, after six")
        assert "We have your message" in page.text
        office.react()
        (kept,) = rows(office, "SELECT channel, subject, words, state, found_by, claim_id FROM reply")
        assert kept[:2] == ("page", "Please call me")
        assert "06 12345678, after six" in kept[2]
        assert kept[3:] == ("waiting", "page", claim[1])
        assert grounds(office, claim) == [HoldGround.REPLY_UNREAD]
        assert "You wrote to us" in browser.get("/pay").text

    def test_pressed_twice_it_is_one_message(self, browser, office, claim):
        come_in(browser, claim[2])
        for _ in range(2):
            send(browser, "/pay/message", about="copies")
        office.react()
        assert len(rows(office, "SELECT 1 FROM reply")) == 1

    @pytest.mark.parametrize(
        ("about", "words"),
        [
            ("question", ""),
            ("question", " \x00 "),
            ("question", "🙂" * 5_001),
            ("everything", "hello you there"),
        ],
    )
    def test_what_cannot_be_sent_stays_on_the_page(self, browser, office, claim, about, words):
        come_in(browser, claim[2])
        page = send(browser, "/pay/message", about=about, words=words)
        assert page.status_code == 422
        assert words.replace("\x00", "").strip() in page.text
        office.react()
        assert rows(office, "SELECT 1 FROM reply") == []

    def test_who_asks_for_another_language_gets_it(self, browser, office, claim):
        come_in(browser, claim[2])
        page = send(browser, "/pay/message", about="language", language="fr")
        assert "Désormais, nous vous écrivons dans cette langue" in page.text
        office.react()
        assert rows(office, "SELECT language FROM debtor") == [("fr",)]
        changed = "SELECT facts->>'language' FROM audit_entry WHERE action = 'debtor.language_changed'"
        assert rows(office, changed) == [("fr",)]
        send(browser, "/pay/message", about="language", language="fr")
        office.react()
        assert rows(office, changed) == [("fr",)]
        assert rows(office, "SELECT 1 FROM reply") == [], "nobody has to read it"

    @pytest.mark.parametrize("language", ["", "xx"])
    def test_a_language_is_chosen_from_ours(self, browser, office, claim, language):
        come_in(browser, claim[2])
        page = send(browser, "/pay/message", about="language", language=language, words="polski")
        assert page.status_code == 422
        assert "polski" in page.text
        assert rows(office, "SELECT language FROM debtor") == [("nl",)]

    def test_words_beside_a_language_are_read(self, browser, office, claim):
        come_in(browser, claim[2])
        send(browser, "/pay/message", about="language", language="de", words="Bitte rufen Sie mich an")
        office.react()
        assert rows(office, "SELECT state FROM reply") == [("waiting",)]

    def test_a_link_to_one_of_them_has_it_chosen(self, browser, claim):
        come_in(browser, claim[2])
        assert 'value="copies" checked' in browser.get("/pay/message?about=copies").text
        assert 'value="call_me" checked' in browser.get("/pay/message?about=%00<b>").text


class TestGoingBack:
    @pytest.mark.parametrize(
        ("sent_to", "shown"),
        [
            ("/pay/start", "/pay"),
            ("/pay/identify", "/pay"),
            ("/pay/promise/change", "/pay/promise"),
            ("/pay/plan/acceptance", "/pay/plan"),
            ("/pay/agreed/correction", "/pay/agreed"),
            ("/pay/visit/refusal", "/pay/visit"),
        ],
    )
    def test_another_language_on_a_refused_form_comes_back_to_its_page(self, browser, claim, sent_to, shown):
        come_in(browser, claim[2])
        answer = browser.post("/preferences", data={"language": "nl", "back": sent_to})
        assert answer.status_code == 200
        assert answer.url.path == shown

    def test_another_language_before_a_closed_door_does_not_lead_to_the_staffs(self, browser):
        page = browser.get("/pay/unknown-link").text
        assert 'name="back" value="/pay"' in page

    def test_an_answer_to_a_plan_that_never_was_leads_back(self, browser, claim):
        page = come_in(browser, claim[2]).text
        data = {"csrf": token_of(page), "plan": "00000000-0000-0000-0000-000000000000"}
        answer = browser.post("/pay/plan/acceptance", data=data, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/pay")

    @pytest.mark.parametrize("day", ["10-12-2026", "10/12/2026", "10.12.2026", "2026-12-10"])
    def test_a_day_is_read_as_it_is_written(self, browser, office, claim, day):
        """A browser that has no field for days."""
        come_in(browser, claim[2])
        send(browser, "/pay/promise", due_on=day)
        assert [row[2] for row in promises(office)] == [date(2026, 12, 10)]

    @pytest.mark.parametrize("day", ["31-02-2026", "12/2026", "10-12/2026", "10-12-26"])
    def test_what_is_no_day_stays_in_its_field(self, browser, office, claim, day):
        come_in(browser, claim[2])
        page = send(browser, "/pay/promise", due_on=day)
        assert page.status_code == 422
        assert f'value="{day}"' in page.text
