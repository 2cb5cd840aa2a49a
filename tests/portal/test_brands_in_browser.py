"""A brand is made in a browser: every message changes at once, the domain is authenticated at the simulated
provider, a second person publishes."""

from contextlib import closing

import pytest
from playwright.sync_api import expect

from agency.communication.mandatory import KINDS
from agency.parties.models import Role
from integrations.sendgrid.domains import SendGridDomains
from tests.barriers import barriers
from tests.outside import outside_world, simulator
from tests.portal.served import serve
from tests.portal.test_brands import creditor
from tests.portal.test_shell_in_browser import opened, watched

__all__ = ["creditor", "outside_world", "simulator"]

pytestmark = pytest.mark.browser
COLOUR = "#7a1d46"


@pytest.fixture
def served(house, simulator):
    with closing(SendGridDomains(url=f"{simulator.url}/sendgrid", key="k", production=False)) as domains:
        house.uses(domains=domains)
        with serve(house) as running:
            yield running


def addresses(page, part):
    script = "(all, part) => all.map(one => one.src).filter(src => src.includes(part))"
    return page.eval_on_selector_all(".looks iframe, .looks img", script, part)


def pictures(page):
    """The first and the last letter as pictures."""
    found = addresses(page, "/letter-1.jpg")
    assert len(found) == len(KINDS)
    return [page.request.get(src).body() for src in (found[0], found[-1])]


def test_a_brand_is_made_seen_authenticated_and_published(browser, served, simulator, creditor):
    with (
        opened(browser, served, Role.ADMIN) as mine,
        opened(browser, served, Role.ADMIN, Role.COLLECTOR) as theirs,
    ):
        page, complaints = watched(mine)
        page.goto("/admin/brands")
        page.get_by_role("link", name="Enercity").click()
        assert barriers(page) == []
        page.get_by_role("button", name="New draft").click()
        page.wait_for_url("**/drafts/**")
        page.get_by_label("Message", exact=True).select_option("all")
        expect(page.get_by_role("region", name="Final notice")).to_be_visible()
        changes_every_message(page)
        page.get_by_label("Message", exact=True).select_option("reminder_1")
        expect(page.get_by_role("region", name="Final notice")).to_be_hidden()
        assert barriers(page) == []
        hears_another_tone(page)
        authenticates_the_domain(page, mine, simulator)
        studio = page.url.partition("#")[0]
        page.get_by_role("button", name="Submit").click()
        expect(page.get_by_text("You wrote in this brand")).to_be_visible()
        # Nothing typed was lost on the way, although nobody pressed a button to keep it.
        expect(page.get_by_label("Sender's name")).to_have_value("Enercity Klantenservice")
        assert complaints == []
        second = theirs.new_page()
        second.goto(studio)
        second.get_by_role("button", name="Publish").click()
        second.get_by_role("dialog").get_by_role("button", name="Yes, go ahead").click()
        expect(second.get_by_text("Published. Messages look like this from now on.")).to_be_visible()
        assert served.house.one("SELECT colour FROM brand") == COLOUR
        second.get_by_role("link", name="2", exact=True).click()
        expect(second.get_by_role("cell", name=COLOUR).first).to_be_visible()


def changes_every_message(page):
    """A colour is chosen and a name typed: all eight mails, and the payment page, follow at once."""
    letters = pictures(page)
    for label in ("Colour of buttons", "Headings and links"):
        page.get_by_label(label).fill(COLOUR)
    page.get_by_label("Sender's name").fill("Enercity Klantenservice")
    expect(page.get_by_text("Enercity Klantenservice <").first).to_be_visible()
    mails = addresses(page, "/mail?")
    assert len(mails) == 2 * len(KINDS)
    assert all(COLOUR in page.request.get(src).text() for src in mails[::2])
    assert not set(letters) & set(pictures(page))
    place = "iframe[title='Payment page, on a desktop']"
    page.locator(place).scroll_into_view_if_needed()
    frame = page.frame_locator(place)
    expect(frame.get_by_text("Enercity Klantenservice").first).to_be_visible()


def hears_another_tone(page):
    """The message follows at once."""
    page.get_by_label("Tone").select_option("firm")
    expect(page.get_by_text("tone: firm")).to_be_visible()
    mail = page.frame_locator("iframe[title$='e-mail on a desktop']")
    expect(mail.get_by_text("De dag waarop u moest betalen is voorbij.")).to_be_visible()
    assert barriers(page) == []
    page.get_by_label("Tone").select_option("")
    expect(page.get_by_text("tone: friendly")).to_be_visible()


def authenticates_the_domain(page, context, simulator):
    """The records are asked for and shown, set on the simulator's page, and found."""
    page.get_by_label("Sender's address").fill("post@enercity.example")
    expect(page.get_by_text("nobody has asked for the records of enercity.example yet")).to_be_visible()
    page.get_by_role("button", name="Ask for the records of the mail domain").click()
    expect(page.get_by_text("s1._domainkey.enercity.example").first).to_be_visible()
    outside = context.new_page()
    outside.goto(f"{simulator.url}/_sim/domains")
    outside.get_by_role("button", name="Set one of enercity.example wrongly").click()
    page.get_by_role("button", name="Look again at enercity.example").click()
    expect(page.get_by_text("Expected CNAME for").first).to_be_visible()
    outside.get_by_role("button", name="Set the records of enercity.example").click()
    page.get_by_role("button", name="Look again at enercity.example").click()
    expect(page.get_by_text("the records of enercity.example stand")).to_be_visible()
    outside.close()
