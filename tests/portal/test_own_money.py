"""The bank's charges over HTTP: one of finance says what a line is, another agrees, and it can be undone."""

import pytest

from tests.portal.test_finance import app, colleagues, post, token_of
from tests.portal.test_suspense_choices import arrive, lines

__all__ = ["app", "colleagues"]


@pytest.fixture
def line(units, colleagues) -> str:
    arrive(units, colleagues[0], ("B1", -1_250, "KOSTEN"))
    [found] = lines(units)
    return found


def test_two_people_book_it_and_one_takes_it_back(units, colleagues, line):
    ann, bob = colleagues
    page = f"/finance/suspense/{line}"
    assert "Another person agrees" in post(ann, f"{page}/own", kind="charges").text
    assert "To agree" in bob.get("/finance/suspense").text
    assert f"{page}/own/approval" not in ann.get(page).text
    assert post(ann, f"{page}/own/approval").status_code == 409
    assert f"{page}/own/approval" in bob.get(page).text
    assert "Booked as our own." in post(bob, f"{page}/own/approval").text
    assert lines(units, "own") == [line]
    assert "Our own" in ann.get(f"/finance/lines/{line}").text
    back = post(ann, f"/finance/lines/{line}/reversal", why="it was interest")
    assert "The line waits again" in back.text
    assert lines(units) == [line]


def test_what_left_is_no_deposit(colleagues, line):
    ann, _ = colleagues
    page = f"/finance/suspense/{line}"
    assert "Paid in by us" not in ann.get(page).text
    refused = post(ann, f"{page}/own", kind="deposit")
    assert refused.status_code == 409
    assert "oney that left the account was not paid in" in refused.text


def test_a_kind_that_is_none_is_named(colleagues, line):
    ann, _ = colleagues
    refused = post(ann, f"/finance/suspense/{line}/own", kind="treasure")
    assert refused.status_code in (409, 422)
    assert "own_asked" not in refused.text
    assert "Agree: it is ours" not in ann.get(f"/finance/suspense/{line}").text


def test_the_wish_is_let_go(units, colleagues, line):
    ann, bob = colleagues
    page = f"/finance/suspense/{line}"
    post(ann, f"{page}/own", kind="charges")
    assert "It waits again." in post(ann, f"{page}/own/end").text
    assert post(bob, f"{page}/own/approval").status_code == 409
    assert lines(units) == [line]


def test_a_part_that_fetches_itself_again_leaves_the_notice_to_the_page(colleagues, line):
    ann, _ = colleagues
    page = f"/finance/suspense/{line}"
    data = {"csrf": token_of(ann), "kind": "charges"}
    ann.post(f"{page}/own", data=data, follow_redirects=False)
    assert "Asked for." not in ann.get("/finance/suspense", headers={"hx-request": "true"}).text
    assert "Asked for." in ann.get(page).text
    assert "Asked for." not in ann.get(page).text
