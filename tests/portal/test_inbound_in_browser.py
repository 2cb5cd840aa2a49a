"""The queue of messages with the keyboard alone, and its pages in both themes, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.barriers import DESK, barriers
from tests.inbound.letterbox import a_mail
from tests.portal.bureau import bureau
from tests.portal.served import serve
from tests.portal.test_inbound import LONG, a_reply, box
from tests.portal.test_shell_in_browser import watched

__all__ = ["box", "bureau"]
pytestmark = pytest.mark.browser


def test_the_keyboard_alone_reads_answers_and_settles(browser, bureau, box, redis_url):
    # The live stream listens on the database of this test.
    database_url = bureau.office.units.engine.url.render_as_string(hide_password=False)
    bureau.open_portal(database_url=database_url, redis_url=redis_url)
    _, first = a_reply(box, "Ik heb al betaald, zie mijn bank.\n\n" + "Lang-woord" * 30, name=LONG)
    a_reply(box, "Ik betwist dit")
    box.take_mail(a_mail("Wie bent u?", sender="unknown@example.net", subject="Een vraag over " + "x" * 80))
    client = bureau.browser()
    with (
        serve(bureau) as served,
        browser.new_context(base_url=served.url, locale="en-GB", viewport=DESK) as context,
    ):
        cookies = [
            {"name": name, "value": value, "url": served.url} for name, value in client.cookies.items()
        ]
        context.add_cookies(cookies)
        page, complaints = watched(context)
        page.goto("/desk/inbound")
        expect(page.locator("table.rows tbody tr")).to_have_count(2)
        assert barriers(page) == []
        for key in ("j", "j", "k", "Enter"):
            page.keyboard.press(key)
        page.wait_for_url(f"**{first}")
        assert barriers(page) == []
        page.keyboard.press("2")
        page.wait_for_url("**topic=dispute**")
        expect(page.locator("#field-words")).to_have_value(re.compile("^U bent het niet eens"))
        page.keyboard.press("a")
        page.wait_for_url(lambda url: not url.split("?")[0].endswith(first))
        page.goto("/desk/inbound/unmatched/next")
        assert barriers(page) == []
        page.locator("#field-reason").select_option("advertising")
        page.locator("h1").click()
        page.keyboard.press("x")
        page.wait_for_url("**/desk/inbound/unmatched")
        assert complaints == []
    assert [one.decided_topic for one in box.replies()] == ["dispute", None]
    assert [one.state for one in box.inbound()] == ["threaded", "threaded", "discarded"]
