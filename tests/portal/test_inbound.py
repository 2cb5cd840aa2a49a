"""The desk's pages of what comes in: read and answer, find the claim, set aside, take scans in."""

import re

import pytest

from agency.parties.models import Role
from tests.communication.correspondence import a_correspondent
from tests.inbound.letterbox import Letterbox, a_mail
from tests.portal.bureau import Bureau, bureau, send

__all__ = ["bureau"]

LONG = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def browser(bureau):
    return bureau.browser()


@pytest.fixture
def box(bureau: Bureau):
    found = Letterbox(bureau.office.units)
    found.files = bureau.office.files
    return found


def a_reply(box, words="Ik heb al betaald", name="J. van den Berg", **more):
    address = f"d{len(box.replies())}@example.org"
    with box.unit() as unit:
        claim = a_correspondent(unit, email=address, name=name)
    box.take_mail(a_mail(words, sender=address, **more))
    return claim, f"/desk/inbound/{claim[0]}/{box.replies()[-1].id}"


class TestReading:
    def test_an_empty_queue_says_so_and_others_stay_out(self, bureau, browser):
        assert "No message waits" in browser.get("/desk/inbound").text
        assert browser.get("/desk/inbound/next").headers["location"] == "/desk/inbound"
        finance = bureau.browser("Other", Role.FINANCE)
        for path in ("/desk/inbound", "/desk/inbound/unmatched"):
            assert finance.get(path).status_code == 403

    def test_a_message_is_shown_as_words_with_the_reason_and_a_draft(self, box, browser):
        """F8."""
        _, url = a_reply(box, "<img src=x onerror=alert(1)> Ik heb al betaald", name=LONG)
        listed = browser.get("/desk/inbound").text
        assert LONG in listed
        page = browser.get(url).text
        assert "<img src=x" not in page
        assert "“heb al betaald”" in page
        assert "Wij zoeken uw betaling op" in page
        assert "U bent het niet eens" in browser.get(f"{url}?topic=dispute").text
        assert browser.get(f"{url}?topic=nonsense").status_code == 200

    def test_a_life_in_danger_is_read_before_what_waits_longer(self, box, browser):
        (_, first), (_, danger) = a_reply(box), a_reply(box, "Ik wil dood, ik zie geen uitweg meer")
        assert "Read 1 message before all others" in browser.get("/desk/inbound").text
        assert browser.get("/desk/inbound/next").headers["location"] == danger
        assert "Tell a colleague now" in browser.get(danger).text
        assert "Tell a colleague now" not in browser.get(first).text
        assert browser.get(f"{danger}/next").headers["location"] == first
        assert send(browser, f"{danger}/close", page=danger, topic="danger").status_code == 303
        assert "before all others" not in browser.get("/desk/inbound").text

    def test_so_is_one_whose_claim_is_not_known(self, box, browser):
        box.take_mail(a_mail("Ik wil dood, ik zie geen uitweg meer", sender="nobody@example.org"))
        listed = browser.get("/desk/inbound/unmatched").text
        assert "Danger to life" in listed
        url = re.search(r'href="(/desk/inbound/unmatched/[0-9a-f-]{36})"', listed)[1]
        assert "Danger to life" in browser.get(url).text

    def test_releasing_goes_to_the_next_and_a_second_time_is_refused(self, box, browser):
        (claim, first), (_, second) = a_reply(box), a_reply(box, "Ik betwist dit")
        answer = send(browser, f"{first}/answer", page=first, topic="paid", words="Wij zoeken het uit.")
        assert answer.headers["location"] == second
        assert [one.state for one in box.replies()] == ["answered", "waiting"]
        assert box.holds(claim[1]) == ["says_paid"]
        again = send(browser, f"{second}/close", page=second, topic="other")
        assert again.headers["location"] == "/desk/inbound"
        token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/desk/inbound").text)
        stale = browser.post(
            f"{first}/answer", data={"csrf": token[1] if token else "", "topic": "paid", "words": "x"}
        )
        assert stale.status_code in (403, 422)
        assert len([one for one in box.messages(claim[1]) if one.template == "answer"]) == 1

    def test_an_answer_after_a_colleague_s_says_so_and_gives_the_words_back(self, box, browser):
        (_, first), (_, second) = a_reply(box), a_reply(box, "Ik betwist dit")
        send(browser, f"{first}/answer", page=first, topic="paid", words="Wij zoeken het uit.")
        late = send(
            browser, f"{first}/answer", page=second, topic="paid", words="Stuur ons uw bankafschrift."
        )
        assert late.status_code == 422
        assert "This message was read already." in late.text
        assert "Stuur ons uw bankafschrift.</textarea>" in late.text

    def test_an_empty_answer_keeps_the_page(self, box, browser):
        _, url = a_reply(box)
        refused = send(browser, f"{url}/answer", page=url, topic="paid", words="  ")
        assert refused.status_code == 422
        assert [one.state for one in box.replies()] == ["waiting"]

    def test_the_original_is_a_download_that_no_browser_opens(self, box, browser):
        _, url = a_reply(box)
        answer = browser.get(f"{url}/original")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.content.startswith(b"From:")

    def test_another_creditors_reply_is_not_found(self, box, browser):
        (_, first), (other, _) = a_reply(box), a_reply(box)
        assert browser.get(f"/desk/inbound/{other[0]}/{first.rpartition('/')[2]}").status_code == 404

    def test_the_claims_page_tells_of_it(self, box, browser):
        claim, _ = a_reply(box)
        page = browser.get(f"/desk/claims/{claim[0]}/{claim[1]}").text
        assert "The debtor wrote: " in page
        assert "A message of the debtor to read".lower() in page.lower()


class TestWithoutClaim:
    def test_a_claim_is_found_by_search_and_the_choice_can_be_undone(self, box, browser):
        with box.unit() as unit:
            claim = a_correspondent(unit, name=LONG)
        box.take_mail(a_mail("Wie bent u?", sender="unknown@example.net", subject="Vraag"))
        [waiting] = box.inbound()
        url = f"/desk/inbound/unmatched/{waiting.id}"
        number = box.rows("SELECT number FROM claim WHERE id = :c", c=claim[1])[0].number
        found = browser.get(f"{url}?q={number}").text
        assert f'value="{claim[0]}:{claim[1]}"' in found
        done = send(browser, url, page=f"{url}?q={number}", claim=f"{claim[0]}:{claim[1]}")
        assert done.headers["location"] == "/desk/inbound/unmatched"
        assert box.holds(claim[1]) == ["reply_unread"]
        back = send(browser, f"{url}/undo", page="/desk/inbound/unmatched")
        assert back.headers["location"] == url
        assert box.holds(claim[1]) == []

    def test_no_claim_is_no_choice(self, box, browser):
        box.take_mail(a_mail("Hallo", sender="unknown@example.net"))
        url = f"/desk/inbound/unmatched/{box.inbound()[0].id}"
        for said in ("", "nonsense", "a:b", "%", "0" * 200):
            assert (said, send(browser, url, page=url, claim=said).status_code) == (said, 422)
        assert box.inbound()[0].state == "quarantined"

    def test_setting_aside_needs_a_reason(self, box, browser):
        box.take_mail(a_mail("Koop!", sender="shop@example.net"))
        url = f"/desk/inbound/unmatched/{box.inbound()[0].id}"
        assert send(browser, url, page=url, reason="because").status_code == 422
        send(browser, url, page=url, reason="advertising", words="reclame")
        assert (box.inbound()[0].state, box.inbound()[0].why) == ("discarded", "advertising reclame")

    def test_scans_are_taken_in_and_what_is_no_letter_is_named(self, box, browser):
        page = browser.get("/desk/inbound/unmatched").text
        token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        files = [("file", ("brief.pdf", PDF)), ("file", ("virus.exe", b"MZ"))]
        answer = browser.post("/desk/inbound/letters", data={"csrf": token}, files=files)
        assert answer.status_code == 422
        assert "virus.exe" in answer.text
        assert [(one.channel, one.subject) for one in box.inbound()] == [("letter", "brief.pdf")]
