"""The stories' town with every door open, and people who sit at a real browser in it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pyotp
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from agency.kernel.unit import Door
from agency.parties.models import Audience, Role
from agency.parties.users import create_user
from portal import main
from tests.barriers import DESK, barriers
from tests.flows.conftest import Town, debtor, town

__all__ = ["debtor", "town"]

PASSWORD = "correct horse battery staple"


@pytest.fixture
def doors() -> tuple[str, ...]:
    """All of them."""
    return main.PARTS


@dataclass
class Visitor:
    """Somebody at a browser."""

    page: Page
    portal: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._hears(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hears(self, complaint: str) -> None:
        if "status of 422" not in complaint:  # a form that was refused, as it should be
            self.complaints.append(complaint)

    def goes_home(self) -> None:
        """Leave, but stay signed in."""
        self.page.goto("about:blank")

    def goes_to(self, path: str) -> None:
        """Open a page of the portal."""
        self.page.goto(self.portal + path)

    def presses(self, name: str) -> None:
        """Press a button of the open dialog, or else of the page."""
        dialog = self.page.locator("dialog[open]")
        within = dialog if dialog.count() else self.page.get_by_role("main")
        within.get_by_role("button", name=name, exact=True).first.click()

    def strikes(self, key: str) -> None:
        """Strike a key of the page, which hears keys when it has loaded."""
        self.page.wait_for_load_state("load")
        self.page.keyboard.press(key)

    def follows(self, name: str) -> None:
        """Follow a link of the page."""
        self.page.get_by_role("main").get_by_role("link", name=name).first.click()

    def sees(self, words: str) -> None:
        """Wait until words stand on the page."""
        expect(self.page.get_by_role("main")).to_contain_text(words)

    def can_use_this_page(self) -> None:
        """Nothing hinders anybody in either theme, on a desk and on a phone, and nothing sticks out."""
        assert barriers(self.page) == [], self.page.url


@dataclass
class Person:
    """A user with what only the user knows."""

    email: str
    totp_secret: str
    password: str = PASSWORD
    codes: int = 0

    def next_code(self) -> str:
        """A code that was not used before; the telephone's clock may be half a minute ahead."""
        code = pyotp.TOTP(self.totp_secret).at(int(time.time()) + 30 * self.codes)
        self.codes += 1
        return code


@pytest.fixture
def at_a_browser(town: Town, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Somebody sits down; at the end no page has complained in its console."""
    sitting = []

    def sit_down(size: ViewportSize = DESK) -> Visitor:
        context = browser.new_context(viewport=size, locale="en-GB")
        # A debtor's page goes on in the language of the message; these read English.
        context.add_cookies([{"name": "language", "value": "en", "url": town.work.settings.public_url}])
        visitor = Visitor(context.new_page(), town.work.settings.public_url)
        sitting.append(visitor)
        return visitor

    yield sit_down
    for visitor in sitting:
        visitor.page.context.close()
    assert [complaint for visitor in sitting for complaint in visitor.complaints] == []


@pytest.fixture
def hired(town: Town) -> Callable[..., Person]:
    """Somebody gets a user: of the agency, or of a creditor."""

    def hire(name: str, *roles: Role, creditor_id: UUID | None = None) -> Person:
        email = f"{name.split()[0].lower()}@example.org"
        with town.work.units.open(Door.STAFF, by="system:test") as unit:
            made = create_user(
                unit,
                email=email,
                name=name,
                audience=Audience.CREDITOR if creditor_id else Audience.STAFF,
                roles=roles,
                password=PASSWORD,
                sealing_secret=town.work.settings.secret.get_secret_value(),
                creditor_id=creditor_id,
                language="en",
            )
        return Person(email, made.totp_secret)

    return hire


@pytest.fixture
def signed_in(at_a_browser) -> Callable[..., Visitor]:
    """A person sits down, or stays, and signs in."""

    def sign_in(person: Person, visitor: Visitor | None = None) -> Visitor:
        visitor = visitor or at_a_browser()
        visitor.goes_to("/sign-in")
        visitor.page.get_by_label("E-mail address").fill(person.email)
        visitor.page.get_by_label("Password").fill(person.password)
        visitor.presses("Continue")
        visitor.page.get_by_label("Six digits").fill(person.next_code())
        visitor.presses("Sign in")
        expect(visitor.page.locator("header.side")).to_be_visible()
        return visitor

    return sign_in
