"""The pages of print batches and the card of what came in, in both themes, on a desk and on a phone."""

import pytest

from agency.parties.models import Role
from tests.barriers import DESK, barriers
from tests.communication.test_print_batches import batches, of_one_creditor
from tests.inbound.letterbox import Letterbox
from tests.portal.bureau import bureau
from tests.portal.bureau import url_of as claim_url
from tests.portal.served import serve
from tests.portal.test_inbound import LONG, a_reply
from tests.portal.test_print_batches import BASE, house, url_of
from tests.portal.test_shell_in_browser import watched

__all__ = ["bureau", "house"]
pytestmark = pytest.mark.browser


def test_no_page_has_a_barrier(browser, house):
    office = house.office
    of_one_creditor(office)
    office.letters.miscount = {"letters": -1, "amount_minor": 12_345_678}
    office.send()
    box = Letterbox(office.units)
    box.files = office.files
    claim, reply = a_reply(box, "Ik heb al betaald. " + "Lang-woord" * 30, name=LONG)
    client = house.browser("Beheer", Role.ADMIN)
    collector = house.browser()
    with serve(house) as served:
        for person, path in (
            (client, BASE),
            (client, url_of(batches(office)[0])),
            (collector, claim_url(claim)),
        ):
            with browser.new_context(base_url=served.url, locale="en-GB", viewport=DESK) as context:
                context.add_cookies(
                    [{"name": n, "value": v, "url": served.url} for n, v in person.cookies.items()]
                )
                page, complaints = watched(context)
                page.goto(path)
                assert barriers(page) == [], path
                if person is collector:
                    page.keyboard.press("r")
                    page.wait_for_url(f"**{reply}")
                assert complaints == []
