"""Visits over HTTP: a collector announces one, rings the bell and reports."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests.communication.correspondence import TUESDAY
from tests.portal.bureau import browser, bureau, send, url_of

__all__ = ["browser", "bureau"]

DAY = TUESDAY.date() + timedelta(days=9)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIELDS = {"day": DAY.isoformat(), "first": "10:00", "last": "12:00", "visitor": "Anna de Wit"}


@pytest.fixture
def visited(bureau):
    found = bureau.claim()
    with bureau.office.unit() as unit:
        unit.session.connection().execute(text("UPDATE claim SET phase = 'amicable'"))
    return found


def announce(browser, visited, **fields):
    page = f"{url_of(visited)}/visits"
    return send(browser, page, page=page, **{**FIELDS, **fields})


def at_the_door(bureau):
    bureau.office.send()
    bureau.office.move_to(datetime(DAY.year, DAY.month, DAY.day, 10, 30, tzinfo=AMSTERDAM))


def act(bureau, browser, visited, what, **fields):
    page = f"{url_of(visited)}/visits"
    visit_id = bureau.value("SELECT id FROM field_visit ORDER BY announced_at DESC LIMIT 1")
    return send(browser, f"{page}/{visit_id}/{what}", page=page, **fields)


class TestCollector:
    def test_from_the_claim_to_the_report(self, bureau, browser, visited):
        assert f"{url_of(visited)}/visits" in browser.get(url_of(visited)).text
        assert announce(browser, visited).status_code == 303
        page = browser.get(f"{url_of(visited)}/visits").text
        assert "10:00 to 12:00" in page
        assert "A visit is announced in writing first." in page  # it has not left yet
        assert 'href="/desk/visits"' in browser.get("/desk").text
        assert "Anna de Wit" in browser.get("/desk/visits").text
        at_the_door(bureau)
        assert act(bureau, browser, visited, "begin", identified="on").status_code == 303
        assert "<svg" in act(bureau, browser, visited, "code").text
        told = {"outcome": "nobody", "report": "Rang twice, nobody opened."}
        assert act(bureau, browser, visited, "report", **told).status_code == 303
        assert "Rang twice, nobody opened." in browser.get(f"{url_of(visited)}/visits").text
        assert "Visited: nobody was at home" in browser.get(url_of(visited)).text
        assert "Anna de Wit" not in browser.get("/desk/visits").text
        assert "Anna de Wit" in browser.get("/desk/visits?state=made").text

    def test_wrong_fields_are_named_and_keep_what_was_typed(self, browser, visited):
        answer = announce(browser, visited, day="2026-12-02", visitor="B. Visser")
        assert answer.status_code == 422
        assert 'id="error-day"' in answer.text
        assert "Announce a visit at least 5 days before it." in answer.text
        assert "B. Visser" in answer.text

    def test_hours_that_the_law_forbids_are_said_in_words(self, browser, visited):
        answer = announce(browser, visited, day="2026-12-13")
        assert answer.status_code == 422
        assert "Sunday" in answer.text

    def test_a_claim_that_is_not_far_enough_has_no_form(self, bureau, browser):
        page = browser.get(f"{url_of(bureau.claim())}/visits").text
        assert "not far enough for this way of contact" in page
        assert 'name="visitor"' not in page

    def test_the_claim_s_own_page_says_until_when_a_belgian_notice_forbids_it(self, bureau, browser, visited):
        """What the visit's page would refuse is not offered, and the claim's page says from when."""
        with bureau.office.unit() as unit:
            connection = unit.session.connection()
            connection.execute(text("UPDATE debtor SET country = 'BE', kind = 'consumer'"))
            connection.execute(text("UPDATE claim SET law = 'be', costs_from = '2026-12-15'"))
        page = browser.get(url_of(visited)).text
        assert f"{url_of(visited)}/visits" not in page
        visit = page.partition('<p class="act-title">Visit</p>')[2].partition("</p>")[0]
        assert "The term of the formal notice is running" in visit
        assert "Again from Tue 15 Dec" in visit

    def test_one_that_is_announced_stays_in_reach_from_the_claim(self, bureau, browser, visited):
        assert announce(browser, visited).status_code == 303
        with bureau.office.unit() as unit:
            unit.session.connection().execute(text("UPDATE claim SET phase = 'reminder'"))
        assert f"{url_of(visited)}/visits" in browser.get(url_of(visited)).text

    def test_without_an_identification_nobody_rings(self, bureau, browser, visited):
        announce(browser, visited)
        at_the_door(bureau)
        answer = act(bureau, browser, visited, "begin")
        assert answer.status_code == 422
        assert "able to show an identification" in answer.text

    def test_a_promise_without_its_day_is_named_and_the_report_is_kept(self, bureau, browser, visited):
        announce(browser, visited)
        at_the_door(bureau)
        act(bureau, browser, visited, "begin", identified="on")
        told = {"outcome": "promise", "report": "Pays when paid.", "promised": "10.00"}
        answer = act(bureau, browser, visited, "report", **told)
        assert answer.status_code == 422
        assert 'id="error-promised_on"' in answer.text
        assert "Pays when paid." in answer.text

    def test_called_off_another_can_be_announced(self, bureau, browser, visited):
        announce(browser, visited)
        assert act(bureau, browser, visited, "cancellation").status_code == 303
        assert announce(browser, visited, visitor="B. Visser").status_code == 303
        # From a page that was left open: the first one has gone on meanwhile.
        first = bureau.value("SELECT id FROM field_visit ORDER BY announced_at LIMIT 1")
        page = f"{url_of(visited)}/visits"
        answer = send(browser, f"{page}/{first}/cancellation", page=page)
        assert answer.status_code == 422
        assert "gone on meanwhile" in answer.text

    def test_a_report_after_a_colleague_s_says_so_and_keeps_the_words(self, bureau, browser, visited):
        announce(browser, visited)
        at_the_door(bureau)
        act(bureau, browser, visited, "begin", identified="on")
        act(bureau, browser, visited, "report", outcome="nobody", report="Nobody opened.")
        answer = act(bureau, browser, visited, "report", outcome="talked", report="Has lost her job.")
        assert answer.status_code == 422
        assert "gone on meanwhile" in answer.text
        assert "Has lost her job.</textarea>" in answer.text
        assert f'action="{url_of(visited)}/notes"' in answer.text

    @pytest.mark.parametrize("what", ["begin", "cancellation"])
    def test_what_comes_too_late_is_said(self, bureau, browser, visited, what):
        announce(browser, visited)
        at_the_door(bureau)
        act(bureau, browser, visited, "begin", identified="on")
        answer = act(bureau, browser, visited, what, **({"identified": "on"} if what == "begin" else {}))
        assert answer.status_code == 422
        assert "gone on meanwhile" in answer.text

    def test_a_second_announcement_is_refused_in_words(self, browser, visited):
        announce(browser, visited)
        answer = announce(browser, visited, visitor="B. Visser")
        assert answer.status_code == 422
        assert "Another visit of this claim is announced" in answer.text

    def test_an_unknown_visit_or_claim_is_not_found(self, bureau, browser, visited):
        unknown = "00000000-0000-0000-0000-000000000009"
        assert browser.get(f"/desk/claims/{visited[0]}/{unknown}/visits").status_code == 404
        page = f"{url_of(visited)}/visits"
        assert send(browser, f"{page}/{unknown}/code", page=page).status_code == 404
