"""The team leader's page over HTTP: figures, giving, taking back, and who may not see it."""

import re

import pytest

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.desk.models import WorkKind
from agency.parties.models import Role
from tests.portal.bureau import LONG_NAME, browser, bureau, send, url_of

__all__ = ["browser", "bureau"]


@pytest.fixture
def leader(bureau, browser):
    """An administrator; the desk's own collector is there already."""
    return bureau.browser("Lotte Leider", Role.ADMIN)


def ticks(page: str) -> list[str]:
    return re.findall(r'name="cases" value="([^"]+)"', page)


class TestGuards:
    @pytest.mark.parametrize("role", [Role.COLLECTOR, Role.FINANCE])
    def test_how_much_a_colleague_does_is_not_for_colleagues(self, bureau, role):
        other = bureau.browser("Other", role)
        assert other.get("/desk/team").status_code == 403
        assert "/desk/team" not in other.get("/desk").text

    def test_a_leader_who_works_cases_himself_finds_it_from_the_queue(self, bureau):
        user_id = bureau.hire("Both", roles=(Role.COLLECTOR, Role.ADMIN))
        assert user_id
        both = bureau.browser("Both Too", Role.ADMIN)
        assert both.get("/desk/team").status_code == 200


class TestPage:
    def test_empty(self, leader):
        page = leader.get("/desk/team")
        assert page.status_code == 200
        assert "Nothing waits" in page.text

    def test_queues_colleagues_and_cases(self, bureau, browser, leader):
        one, two = bureau.claim(name=LONG_NAME), bureau.claim(name="P. Peeters")
        bureau.ask(one, WorkKind.DISPUTE)
        bureau.ask(two)
        send(browser, "/desk/cases", page="/desk")
        page = leader.get("/desk/team").text
        assert LONG_NAME in page
        assert "with Marieke van Wijngaarden" in page
        assert "Take back" in page

    def test_cases_are_given_and_taken_back(self, bureau, browser, leader):
        for name in ("P. Peeters", "A. Aalders"):
            bureau.ask(bureau.claim(name=name))
        chosen = ticks(leader.get("/desk/team").text)
        assert len(chosen) == 2
        answer = send(leader, "/desk/team/cases", page="/desk/team", cases=chosen, to=str(bureau.first))
        assert answer.headers["location"] == "/desk/team"
        assert "2 cases given." in leader.get("/desk/team").text
        assert bureau.value("SELECT count(*) FROM work_item WHERE given_to = :u", u=bureau.first) == 2
        assert "for Marieke van Wijngaarden" in browser.get("/desk").text
        send(leader, f"/desk/team/{bureau.first}/taking-back", page="/desk/team")
        assert "2 cases are back on the queue." in leader.get("/desk/team").text
        assert bureau.value("SELECT count(*) FROM work_item WHERE given_to IS NOT NULL") == 0

    @pytest.mark.parametrize("cases", [[], ["rubbish"]])
    def test_nothing_chosen_or_nonsense_is_said(self, bureau, leader, cases):
        bureau.ask(bureau.claim())
        answer = send(leader, "/desk/team/cases", page="/desk/team", cases=cases, to=str(bureau.first))
        assert answer.status_code == 422
        assert bureau.value("SELECT count(*) FROM work_item WHERE given_to IS NOT NULL") == 0

    def test_a_colleague_who_took_it_meanwhile_keeps_it(self, bureau, browser, leader):
        bureau.ask(bureau.claim())
        chosen = ticks(leader.get("/desk/team").text)
        send(browser, "/desk/cases", page="/desk")
        send(leader, "/desk/team/cases", page="/desk/team", cases=chosen, to=str(bureau.first))
        assert "0 given; 1 are done already" in leader.get("/desk/team").text


class TestOnHold:
    def test_the_queue_says_why_nobody_is_to_be_called(self, bureau, browser):
        claim = bureau.claim(name="P. Peeters")
        bureau.ask(claim)
        assert "Do not call" not in browser.get("/desk").text
        with bureau.office.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.DECEASED)
        page = browser.get("/desk").text
        assert "Do not call" in page
        assert "Collection is paused: " in page
        assert browser.get(url_of(claim)).status_code == 200
