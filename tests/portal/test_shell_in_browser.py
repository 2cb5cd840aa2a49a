"""The shell and the administrators' pages in a real browser: both themes, phone and desk, keys, no script."""

from itertools import count

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route, expect

from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.drafts import start_draft
from agency.pricing.rate_cards import publish_first_card
from tests.barriers import DESK, PHONE, barriers
from tests.portal.house import PASSWORD
from tests.portal.served import Served, serve
from tests.portal.test_live import nudge

pytestmark = pytest.mark.browser


@pytest.fixture
def served(house):
    with serve(house) as running:
        yield running


def opened(browser: Browser, served: Served, *roles: Role, **settings) -> BrowserContext:
    """A browser window, signed in with the roles."""
    context = browser.new_context(base_url=served.url, locale="en-GB", **settings)
    if roles:
        session = served.house.browser(*roles).cookies["session"]
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
    return context


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what its console complains about (a blocked style or script among it)."""
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


class TestEveryPage:
    def test_pages_can_be_read_by_everybody_and_fit(self, browser, served):
        house = served.house
        creditor, person = house.creditor(), house.person(Role.COLLECTOR)
        paths = [
            "/admin", "/admin/users", "/admin/users/new", f"/admin/users/{person.user_id}", "/admin/brands",
            f"/admin/brands/{creditor}", "/sessions", "/password", "/_styleguide", "/_styleguide/debtor",
            "/admin/users/01a200fe-6dae-76ab-9dd5-f982109367e5",
        ]  # fmt: skip
        with opened(browser, served, Role.ADMIN) as context:
            for path in paths:
                self.check(context, path)
        with opened(browser, served) as context:
            self.check(context, "/sign-in")

    def check(self, context: BrowserContext, path: str) -> None:
        page, complaints = watched(context)
        page.goto(path)
        missing = "status of 404" in "".join(complaints) and "01a200fe" in path
        assert complaints == [] or missing, path
        assert barriers(page) == [], path
        page.close()

    def test_the_chosen_theme_beats_the_devices(self, browser, served):
        with opened(browser, served, Role.ADMIN, color_scheme="dark") as context:
            page = context.new_page()
            page.goto("/admin")
            ground = "getComputedStyle(document.body).backgroundColor"
            dark = page.evaluate(ground)
            page.locator(".me summary").click()
            page.get_by_role("button", name="Light").click()
            expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
            page.wait_for_load_state()
            assert page.evaluate(ground) != dark


class TestKeys:
    @pytest.fixture
    def page(self, browser, served):
        served.house.person(Role.COLLECTOR)
        with opened(browser, served, Role.ADMIN, viewport=DESK) as context:
            page, complaints = watched(context)
            page.goto("/admin/users")
            yield page
            assert complaints == []

    def test_the_palette_finds_a_page_by_its_name(self, page):
        page.keyboard.press("Control+k")
        page.keyboard.type("bran")
        expect(page.locator("#palette .palette-list li:visible")).to_have_text(["Brands"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/brands")

    def test_rows_are_walked_and_opened(self, page):
        page.keyboard.press("j")
        first = page.locator("tr.is-current").inner_text()
        page.keyboard.press("j")
        assert page.locator("tr.is-current").inner_text() != first
        page.keyboard.press("k")
        assert page.locator("tr.is-current").inner_text() == first
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/users/*")

    def test_the_search_box_is_one_key_away_and_filters_while_typing(self, page):
        page.keyboard.press("/")
        page.keyboard.type("collector-house")
        page.wait_for_url("**q=collector-house")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("[name=q]")).to_be_focused()

    def test_a_question_mark_shows_the_keys(self, page):
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#keys")).to_be_hidden()

    def test_the_keys_of_the_page_are_told_and_those_of_one_letter_can_be_turned_off(self, page):
        """Whoever speaks to his machine would press a key with every word (WCAG 2.1.4)."""
        page.evaluate(
            "document.querySelector('main').insertAdjacentHTML('beforeend', '<a href=\"#there\""
            ' data-key="t"><span>Over there</span><span class="btn-key">t</span></a>\')'
        )
        page.keyboard.press("?")
        own = page.locator("#keys [data-own-keys]")
        expect(own.locator("dt")).to_have_text(["t"])
        expect(own.locator("dd")).to_have_text(["Over there"])
        page.get_by_role("button", name="Turn off keys of one letter").click()
        page.keyboard.press("Escape")
        for key in ("j", "t", "?"):
            page.keyboard.press(key)
        assert page.locator("tr.is-current").count() == 0
        assert not page.url.endswith("#there")
        assert not page.locator("#keys").is_visible()
        page.locator("details.me summary").click()
        page.get_by_text("Keyboard", exact=True).first.click()
        page.get_by_role("button", name="Turn on keys of one letter").click()
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        assert page.url.endswith("#there")

    def test_a_question_comes_before_what_cannot_be_undone(self, page):
        page.get_by_role("link", name="Marieke van Wijngaarden").first.click()
        page.wait_for_url("**/admin/users/*")
        if not page.get_by_role("button", name="Block").is_visible():  # the administrator's own page
            page.goto("/admin/users")
            page.get_by_role("link", name="Marieke van Wijngaarden").nth(1).click()
        page.get_by_role("button", name="Block").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".chip").first).to_have_text("Active")
        page.get_by_role("button", name="Block").click()
        page.get_by_role("button", name="Yes, go ahead").click()
        page.get_by_text("This user is blocked and signed out.").wait_for()
        expect(page.locator(".chip").first).to_have_text("Blocked")


class TestNudges:
    def test_an_open_page_fetches_again_when_something_changed(self, browser, served):
        with opened(browser, served, Role.COLLECTOR) as context:
            page = context.new_page()
            with page.expect_response(_fetched_again):  # once, when the stream has connected
                page.goto("/_styleguide")
            page.evaluate("document.querySelector('#list').dataset.old = 'yes'")
            with page.expect_response(_fetched_again):
                nudge(served.house, "x", "PaymentReceived")
            page.locator("#list[data-old]").wait_for(state="detached")

    def test_the_last_of_many_nudges_is_not_lost(self, browser, served):
        with opened(browser, served, Role.COLLECTOR) as context:
            page = context.new_page()
            with page.expect_response(_fetched_again):
                page.goto("/_styleguide")
            for number in range(20):
                nudge(served.house, "x", f"Topic{number}")
            with page.expect_response(_fetched_again):
                page.evaluate("document.querySelector('#list').dataset.old = 'yes'")
            page.locator("#list[data-old]").wait_for(state="detached")

    def test_what_changes_while_something_is_fetched_is_fetched_after_it(self, browser, served):
        held: list[Route] = []
        with opened(browser, served, Role.COLLECTOR) as context:
            page = context.new_page()
            with page.expect_response(_fetched_again):
                page.goto("/_styleguide")
            page.route("**/_styleguide", lambda route: route.continue_() if held else held.append(route))
            with page.expect_request("**/_styleguide"):
                nudge(served.house, "x", "First")
            nudge(served.house, "x", "Second")
            # A burst is passed on once a second: now the second one waits, or was lost.
            since = page.evaluate("performance.now()")
            page.wait_for_function("since => performance.now() > since + 1500", arg=since)
            fetched = count(1)
            with page.expect_response(lambda answer: _fetched_again(answer) and next(fetched) == 2):
                held[0].continue_()

    def test_a_list_fetched_anew_keeps_its_reader_on_his_row(self, browser, served):
        with opened(browser, served, Role.COLLECTOR) as context:
            page = context.new_page()
            with page.expect_response(_fetched_again):
                page.goto("/_styleguide")
            page.locator(".htmx-request, .htmx-settling").first.wait_for(state="detached")
            for _ in range(3):
                page.keyboard.press("j")
            row = page.locator("#list tr.is-current")
            name = row.inner_text()
            page.evaluate("document.querySelector('#list').dataset.old = 'yes'")
            nudge(served.house, "x", "First")
            page.locator("#list[data-old]").wait_for(state="detached")
            expect(row).to_have_text(name, use_inner_text=True)
            expect(row).to_be_focused()
            page.evaluate(
                "document.querySelector('#list').dataset.old = 'yes';"
                "document.querySelector('#list tr.is-current a').setAttribute('href', '/gone')"
            )
            nudge(served.house, "x", "Second")
            page.locator("#list[data-old]").wait_for(state="detached")
            expect(row).to_have_count(0)
            page.keyboard.press("j")
            expect(row).to_have_text(name, use_inner_text=True)

    @pytest.mark.parametrize("fail", ["abort", "answer"])
    def test_what_could_not_be_fetched_is_asked_for_again(self, browser, served, fail):
        failed: list[Route] = []

        def fail_once(route: Route) -> None:
            if failed:
                return route.continue_()
            failed.append(route)
            return route.abort() if fail == "abort" else route.fulfill(status=503)

        with opened(browser, served, Role.COLLECTOR) as context:
            page = context.new_page()
            with page.expect_response(_fetched_again):
                page.goto("/_styleguide")
            page.route("**/_styleguide", fail_once)
            with page.expect_response(lambda answer: _fetched_again(answer) and answer.status == 200):
                nudge(served.house, "x", "First")
            assert failed


def _fetched_again(response: Response) -> bool:
    return response.url.endswith("/_styleguide") and response.request.headers.get("hx-request") == "true"


class TestWithoutScript:
    def test_signing_in_and_making_a_user_work(self, browser, served):
        person = served.house.person(Role.ADMIN)
        with opened(browser, served, java_script_enabled=False, viewport=PHONE) as context:
            page = context.new_page()
            page.goto("/admin/users/new")
            page.get_by_label("E-mail address").fill(person.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Continue").click()
            page.get_by_label("Six digits").fill(person.code())
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="New user").wait_for()
            page.get_by_label("Name").fill("Jan de Vries")
            page.get_by_label("E-mail address").fill("admin-house@example.org")
            page.get_by_label("Collector").check()
            page.get_by_role("button", name="Make user").click()
            expect(page.get_by_text("Somebody else signs in with this address").first).to_be_visible()
            page.get_by_label("E-mail address").fill("jan@example.org")
            page.get_by_role("button", name="Make user").click()
            page.get_by_role("heading", name="Jan de Vries").wait_for()
            expect(page.locator(".secret")).to_have_count(2)

    def test_lists_are_filtered_and_menus_opened(self, browser, served):
        served.house.person(Role.COLLECTOR)
        with opened(browser, served, Role.ADMIN, java_script_enabled=False) as context:
            page = context.new_page()
            page.goto("/admin/users")
            page.get_by_role("searchbox").fill("collector")
            page.get_by_role("button", name="Apply").click()
            expect(page.locator("tbody tr")).to_have_count(1)
            page.locator(".me summary").click()
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/sign-in")


class TestLeaving:
    def test_asks_before_what_was_written_is_lost_and_not_after_it_was_sent(self, browser, served):
        with served.house.units.open(Door.STAFF, by="user:writer") as unit:
            publish_first_card(unit, valid_from=unit.today)
            draft_id = start_draft(unit, name="Dearer")
        with opened(browser, served, Role.ADMIN) as context:
            page, asked = context.new_page(), []
            page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
            page.goto(f"/admin/rate-cards/drafts/{draft_id}")
            page.fill("#field-name", "Dearer for small claims")
            page.click("text=Simulate", no_wait_after=True)
            expect(page.locator("#field-name")).to_have_value("Dearer for small claims")
            assert asked == ["beforeunload"]
            page.click("text=Keep draft")
            page.wait_for_load_state()
            page.click("text=Simulate")
            page.wait_for_url("**/simulation")
            assert asked == ["beforeunload"]
