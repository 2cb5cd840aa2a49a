"""The card of what came in on a claim's page: newest first, what is unread, many rows and none."""

import pytest

from tests.communication.correspondence import a_correspondent
from tests.inbound.letterbox import Letterbox, a_mail
from tests.portal.bureau import Bureau, bureau, send, url_of
from tests.portal.test_inbound import LONG, a_reply

__all__ = ["bureau"]


@pytest.fixture
def browser(bureau):
    return bureau.browser()


@pytest.fixture
def box(bureau: Bureau):
    found = Letterbox(bureau.office.units)
    found.files = bureau.office.files
    return found


def card(browser, claim) -> str:
    page = browser.get(url_of(claim)).text
    return page[page.index('id="came-in"') :].partition("</section>")[0]


def test_nothing_came_in(box, browser):
    with box.unit() as unit:
        claim = a_correspondent(unit)
    assert "Nothing came in" in card(browser, claim)


def test_unread_ones_are_marked_and_lead_to_the_page_where_they_are_read(box, browser):
    claim, url = a_reply(box, "<b>Ik heb al betaald</b>", name=LONG)
    shown = card(browser, claim)
    assert f'href="{url}" data-key="r"' in shown
    assert "Read 1 message" in shown
    assert "Paid already" in shown
    assert "&lt;b&gt;Ik heb al betaald" in shown
    send(browser, f"{url}/close", page=url, topic="other")
    read = card(browser, claim)
    assert "data-key" not in read
    assert "Something else" in read


def test_the_newest_comes_first_and_the_older_ones_fold_away(box, browser):
    claim, _ = a_reply(box, "Bericht nul")
    for number in range(1, 60):
        box.take_mail(a_mail(f"Bericht {number}", sender="d0@example.org"))
    box.take_mail(a_mail("Ik ben met vakantie", sender="d0@example.org", Auto_Submitted="auto-replied"))
    shown = card(browser, claim)
    assert shown.index("Bericht 59") < shown.index("Bericht 58") < shown.index("45 older")
    assert "Bericht nul" not in shown
    assert "11 more stand in what happened." in shown
    assert "Automatic answer" in shown
