"""A collector's call over HTTP: whether it may be made now, and how it ended."""

from datetime import UTC, datetime

import pytest

from tests.desk.desks import NUMBER, OWN_NUMBER
from tests.portal.bureau import browser, bureau, case_url, send, url_of

__all__ = ["browser", "bureau"]


class TestCall:
    def ring(self, browser, claim, **fields):
        fields = {"number": NUMBER, "collector": "+31 20 111 22 22", **fields}
        return send(browser, f"{url_of(claim)}/calls", page=url_of(claim), **fields)

    def close(self, bureau, browser, claim, **fields):
        call_id = bureau.value("SELECT id FROM call")
        return send(browser, f"{url_of(claim)}/calls/{call_id}/disposition", page=url_of(claim), **fields)

    def test_rings_both_and_remembers_the_own_number(self, bureau, browser):
        claim = bureau.claim()
        answer = self.ring(browser, claim)
        assert case_url(answer) == url_of(claim)
        assert bureau.telephone.rung == [(OWN_NUMBER, NUMBER)]
        page = browser.get(url_of(claim)).text
        assert "How did it end?" in page
        assert browser.cookies["own_number"].strip('"') == OWN_NUMBER

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            (datetime(2026, 12, 1, 19, 1, tzinfo=UTC), "outside the hours"),
            (datetime(2026, 12, 6, 11, 0, tzinfo=UTC), "on a Sunday"),
        ],
    )
    def test_not_now_with_the_reason_the_moment_and_the_rule(self, bureau, browser, at, words):
        claim = bureau.claim()
        bureau.office.move_to(at)
        page = browser.get(url_of(claim)).text
        assert words in page
        assert "Again from" in page
        assert "nl.contact_hours" in page
        assert 'id="call"' not in page
        answer = self.ring(browser, claim)
        assert answer.status_code == 422
        assert words in answer.text
        assert bureau.telephone.rung == []

    def test_an_own_number_that_is_none_is_refused_beside_its_field(self, bureau, browser):
        answer = self.ring(browser, bureau.claim(), collector="020-1112222")
        assert answer.status_code == 422
        assert 'id="error-collector"' in answer.text

    def test_a_promise(self, bureau, browser):
        claim = bureau.claim()
        self.ring(browser, claim)
        fields = {
            "disposition": "promise",
            "promised": "402,15",
            "promised_on": "2026-12-10",
            "note": "Salary.",
        }
        assert case_url(self.close(bureau, browser, claim, **fields)) == url_of(claim)
        assert bureau.value("SELECT amount_minor FROM promise") == 40215
        page = browser.get(url_of(claim)).text
        assert "Salary." in page
        assert "Collection is paused: promise to pay" in page
        assert "Called: Promises a payment" in page

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"promised": "402,15"}, "error-promised_on"),
            ({"promised": "9999", "promised_on": "2026-12-10"}, "error-promised"),
            ({"promised": "1,2345", "promised_on": "2026-12-10"}, "error-promised"),
            ({"promised": "402,15", "promised_on": "2027-12-10"}, "error-promised_on"),
        ],
    )
    def test_a_promise_that_makes_no_sense_keeps_what_was_typed(self, bureau, browser, fields, error):
        claim = bureau.claim()
        self.ring(browser, claim)
        answer = self.close(bureau, browser, claim, disposition="promise", note="Long story", **fields)
        assert answer.status_code == 422
        assert f'id="{error}"' in answer.text
        assert "Long story" in answer.text
        assert bureau.value("SELECT disposition FROM call") is None

    def test_a_dispute_says_why(self, bureau, browser):
        """Nothing stands chosen that the debtor did not say."""
        claim = bureau.claim()
        call_id = bureau.call(claim)
        page = browser.get(url_of(claim)).text
        chosen = page.split('name="dispute_reason"')[1].split("</select>")[0]
        assert chosen.split("<option")[1].startswith(' value=""')
        path = f"{url_of(claim)}/calls/{call_id}/disposition"
        answer = send(browser, path, page=url_of(claim), disposition="dispute", note="Never seen it")
        assert answer.status_code == 422
        assert 'id="error-dispute_reason"' in answer.text
        assert "Never seen it</textarea>" in answer.text
        told = {"disposition": "dispute", "dispute_reason": "not_delivered", "note": "Never seen it"}
        assert send(browser, path, page=url_of(claim), **told).status_code == 303
        assert bureau.value("SELECT reason FROM dispute") == "not_delivered"

    def test_another_ending_ignores_what_belongs_to_a_promise(self, bureau, browser):
        claim = bureau.claim()
        self.ring(browser, claim)
        answer = self.close(
            bureau, browser, claim, disposition="refuses", promised="nonsense", dispute_reason="other"
        )
        assert case_url(answer) == url_of(claim)

    def test_nothing_chosen(self, bureau, browser):
        claim = bureau.claim()
        self.ring(browser, claim)
        assert self.close(bureau, browser, claim, note="x").status_code == 422

    def test_a_call_that_a_colleague_closed_meanwhile_says_so_and_keeps_the_words(self, bureau, browser):
        claim = bureau.claim()
        self.ring(browser, claim)
        colleague = bureau.browser("Karim El Amrani")
        said = {"disposition": "right_party", "note": "Is moving house.", "points": "Writes on Monday."}
        assert self.close(bureau, colleague, claim, disposition="refuses").status_code == 303
        answer = self.close(bureau, browser, claim, **said)
        assert answer.status_code == 422
        assert "This call was closed already." in answer.text
        assert "Is moving house.\nWrites on Monday.</textarea>" in answer.text
        assert f'action="{url_of(claim)}/notes"' in answer.text
