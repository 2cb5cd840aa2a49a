"""The collectors' queue over HTTP: what waits and why, and a case taken, finished and put back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from agency.desk.models import WorkKind
from agency.ledger.posting import Leg, post
from agency.money import Money
from agency.parties.models import Role
from tests.communication.correspondence import TUESDAY
from tests.portal.bureau import LONG_NAME, browser, bureau, case_url, send, url_of

__all__ = ["browser", "bureau"]


def completion(page: str) -> tuple[str, str]:
    """Where a case is finished, and under which lease."""
    found = re.search(r'action="([^"]+/completion)".*?name="generation" value="(\d+)"', page, re.DOTALL)
    assert found, "the case is not in hand"
    return found[1], found[2]


class TestGuards:
    @pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMIN])
    def test_other_roles_stay_out(self, bureau, role):
        other = bureau.browser("Other", role)
        for path in ("/desk", "/desk/claims", "/desk/promises", "/desk/disputes", "/desk/search?q=x"):
            assert other.get(path).status_code == 403

    def test_whoever_is_not_signed_in_is_sent_to_the_door(self, bureau):
        client = bureau.browser()
        client.cookies.clear()
        assert client.get("/desk").headers["location"].startswith("/sign-in")

    def test_a_form_without_its_token_changes_nothing(self, bureau, browser):
        bureau.ask(bureau.claim())
        assert browser.post("/desk/cases").status_code == 403
        assert bureau.value("SELECT leased_by FROM work_item") is None


class TestQueue:
    def test_empty(self, browser):
        page = browser.get("/desk").text
        assert "Nothing waits" in page
        assert send(browser, "/desk/cases", page="/desk").headers["location"] == "/desk"
        assert "Well done" in browser.get("/desk").text

    def test_it_says_why_each_case_waits_in_the_order_of_taking(self, bureau, browser):
        call, dispute = bureau.claim(name="P. Peeters"), bureau.claim(name=LONG_NAME)
        bureau.ask(call, reason="2 days after reminder_2_copy, sent 2026-12-06")
        bureau.ask(dispute, WorkKind.DISPUTE, reason="not_delivered")
        page = browser.get("/desk").text
        assert page.index(LONG_NAME) < page.index("P. Peeters")
        assert "Did not receive it" in page
        assert "2 days after second reminder by letter, sent 6 Dec 2026" in page
        assert "the plan now asks for a call" in browser.get(url_of(call)).text
        assert case_url(send(browser, "/desk/cases", page="/desk")) == url_of(dispute)

    def test_sorted_filtered_and_searched_by_the_database(self, bureau, browser):
        first, second = bureau.claim(name="Aïcha El Amrani"), bureau.claim(name="Zoë Peeters BV")
        bureau.ask(first)
        bureau.ask(second, WorkKind.DISPUTE)
        by_name = browser.get("/desk?sort=debtor").text
        assert by_name.index("Aïcha") < by_name.index("Zoë")
        only = browser.get("/desk?kind=dispute").text
        assert "Zoë" in only
        assert "Aïcha" not in only
        found = browser.get("/desk?q=aicha+el").text
        assert "Aïcha" in found
        assert "Zoë" not in found
        assert "Nothing matches" in browser.get("/desk?q=nobody").text
        assert browser.get("/desk?sort=password&kind=x&after=rubbish").status_code == 200

    def test_sorted_by_what_is_still_open_not_by_what_was_placed(self, bureau, browser):
        paid, whole = bureau.claim(name="Nearly Paid"), bureau.claim(name="Whole Sum")
        for claim, placed, left in ((paid, 90_000, 1_000), (whole, 40_000, 20_000)):
            bureau.ask(claim)
            open_now = bureau.value(
                "SELECT sum(amount_minor)::int FROM ledger_entry WHERE claim_id = :c"
                " AND account = 'claims.principal'", c=claim[1],
            )  # fmt: skip
            with bureau.office.unit() as unit:
                change = "UPDATE claim SET principal_minor = :p WHERE id = :c"
                unit.session.connection().execute(text(change), {"p": placed, "c": claim[1]})
                paid_now = Money(open_now - left, "EUR")
                post(
                    unit, creditor_id=claim[0], book="claims", kind="payment", source_key=f"t:{claim[1]}",
                    legs=(
                        Leg("claims.control", paid_now),
                        Leg("claims.principal", -paid_now, claim[1]),
                    ),
                    effective_on=unit.today,
                )  # fmt: skip
        page = browser.get("/desk?sort=-principal").text
        assert page.index("Whole Sum") < page.index("Nearly Paid")
        up = browser.get("/desk?sort=principal").text
        assert up.index("Nearly Paid") < up.index("Whole Sum")

    def test_pages_of_the_open_sum_neither_skip_nor_repeat_a_case(self, bureau, browser):
        claims = [bureau.claim(name=f"Debtor {number:03}") for number in range(3)]
        for number in range(120):
            bureau.ask(claims[number % 3], key=f"k{number}")
        seen, url = 0, "/desk?sort=-principal"
        while url:
            page = browser.get(url).text
            seen += len(re.findall(r'<tr role="row">\s*<td role="cell" data-label="Debtor"', page))
            following = re.search(r'rel="next" href="([^"]+)"', page)
            url = following[1].replace("&amp;", "&") if following else None
        assert seen == 120

    def test_pages_neither_skip_nor_repeat_a_case(self, bureau, browser):
        claims = [bureau.claim(name=f"Debtor {number:03}") for number in range(3)]
        for number in range(120):
            bureau.ask(claims[number % 3], key=f"k{number}", due_at=TUESDAY - timedelta(minutes=number % 7))
        seen, url = [], "/desk"
        while url:
            page = browser.get(url).text
            seen += re.findall(r'<tr role="row">\s*<td role="cell" data-label="Debtor"', page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            url = following[1].replace("&amp;", "&") if following else None
        assert len(seen) == 120

    def test_the_figures_count_what_the_list_shows(self, bureau, browser):
        """What still stands on the queue of a claim that is paid asks for nobody."""
        gone = bureau.claim(name="Paid Off")
        bureau.ask(gone)
        bureau.ask(bureau.claim())
        with bureau.office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET state = 'paid' WHERE id = :id"), {"id": gone[1]}
            )
        page = browser.get("/desk").text
        assert "Paid Off" not in page
        assert "Call (1)" in page
        assert "Call (2)" not in page

    def test_a_colleagues_case_says_whose_it_is(self, bureau, browser):
        bureau.ask(bureau.claim())
        colleague = bureau.browser("Pieter Post")
        send(colleague, "/desk/cases", page="/desk")
        assert "with Pieter Post" in browser.get("/desk").text
        assert "Nothing matches" in browser.get("/desk?mine=1").text
        assert "J. van den Berg" in colleague.get("/desk?mine=1").text

    def test_figures_alone(self, bureau, browser):
        bureau.ask(bureau.claim())
        page = browser.get("/desk/figures").text
        assert "<html" not in page
        assert "Waiting" in page


class TestOneKind:
    def test_whoever_calls_gets_calls_until_none_is_left(self, bureau, browser):
        """Disputes come first of all; an evening of calls would never come to its first."""
        calls = [bureau.claim(), bureau.claim()]
        for claim in calls:
            bureau.ask(claim)
        dispute = bureau.claim()
        bureau.ask(dispute, WorkKind.DISPUTE)
        assert 'name="kind" value="call_due"' in browser.get("/desk?kind=call_due").text
        taken = case_url(send(browser, "/desk/cases", page="/desk?kind=call_due", kind="call_due"))
        assert taken == url_of(calls[0])
        action, generation = completion(browser.get(taken).text)
        taken = case_url(send(browser, action, page=taken, generation=generation))
        assert taken == url_of(calls[1])
        action, generation = completion(browser.get(taken).text)
        assert case_url(send(browser, action, page=taken, generation=generation)) == "/desk"
        assert "Nothing of this kind waits any more" in browser.get("/desk").text
        # Whoever takes the next one of all again gets the most urgent.
        assert case_url(send(browser, "/desk/cases", page="/desk")) == url_of(dispute)

    def test_a_kind_that_does_not_exist_is_no_kind(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        assert case_url(send(browser, "/desk/cases", page="/desk", kind="x")) == url_of(claim)


class TestCase:
    def test_take_finish_next(self, bureau, browser):
        first, second = bureau.claim(), bureau.claim()
        bureau.ask(first, WorkKind.DISPUTE)
        bureau.ask(second)
        page = browser.get(case_url(send(browser, "/desk/cases", page="/desk"))).text
        action, generation = completion(page)
        answer = send(browser, action, page=url_of(first), generation=generation)
        assert case_url(answer) == url_of(second)
        action, generation = completion(browser.get(url_of(second)).text)
        answer = send(browser, action, page=url_of(second), generation=generation)
        assert case_url(answer) == "/desk"
        assert bureau.value("SELECT count(*) FROM work_item WHERE done_by = :b", b=bureau.by) == 2

    def test_two_collectors_get_different_cases(self, bureau, browser):
        bureau.ask(bureau.claim())
        bureau.ask(bureau.claim())
        colleague = bureau.browser("Pieter Post")
        mine = case_url(send(browser, "/desk/cases", page="/desk"))
        theirs = case_url(send(colleague, "/desk/cases", page="/desk"))
        assert mine != theirs
        assert "in the hands of Pieter Post" in browser.get(theirs).text

    def test_a_late_finisher_reads_what_happened(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        send(browser, "/desk/cases", page="/desk")
        action, generation = completion(browser.get(url_of(claim)).text)
        bureau.office.move_to(TUESDAY + timedelta(minutes=40))
        colleague = bureau.browser("Pieter Post")
        send(colleague, "/desk/cases", page="/desk")
        answer = send(browser, action, page="/desk", generation=generation)
        assert answer.status_code == 409
        assert "taken this case over" in answer.text

    def test_a_form_that_no_page_of_ours_sends_is_no_failure_of_ours(self, bureau, browser):
        bureau.ask(bureau.claim())
        page = case_url(send(browser, "/desk/cases", page="/desk"))
        action, _ = completion(browser.get(page).text)
        for sent in ({}, {"generation": "=1+1"}, {"generation": "1", "more": "x"}):
            assert send(browser, action, page=page, **sent).status_code == 422, sent
        assert bureau.value("SELECT count(*) FROM work_item WHERE done_at IS NULL") == 1

    def test_a_chosen_case(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        action = re.search(r'action="(/desk/cases/[^"]+)"', browser.get(url_of(claim)).text)[1]
        send(browser, action, page=url_of(claim))
        assert (
            "In your hands until" in browser.get(url_of(claim)).text
            or "in your hands" in browser.get(url_of(claim)).text
        )

    def test_put_back(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        send(browser, "/desk/cases", page="/desk")
        assert send(browser, "/desk/cases/return", page=url_of(claim)).headers["location"] == "/desk"
        assert bureau.value("SELECT leased_by FROM work_item") is None

    def test_let_it_rest(self, bureau, browser):
        claim = bureau.claim()
        bureau.ask(claim)
        send(browser, "/desk/cases", page="/desk")
        item = bureau.value("SELECT id FROM work_item")
        path = f"/desk/cases/{claim[0]}/{item}/{claim[1]}/rest"
        wrong = send(browser, path, page=url_of(claim), generation="1", until="2020-01-01T10:00")
        assert wrong.status_code == 422
        assert "within 90 days" in wrong.text
        send(browser, path, page=url_of(claim), generation="1", until="2026-12-03T10:00")
        assert bureau.value("SELECT due_at FROM work_item") == datetime(2026, 12, 3, 9, tzinfo=UTC)
