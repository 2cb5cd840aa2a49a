"""Collectors at their desks: an office with a telephone, and browsers that they are signed in with."""

import re
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.parties.models import Role
from portal import main
from portal.shared.sessions import cookie_name, start_session
from portal.wiring import Wiring
from tests.communication.correspondence import Office
from tests.desk.desks import Desk

LONG_NAME = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"
PARTS = ("portal.shared.sign_in", "portal.shared.account", "portal.collector", "portal.live")


class Bureau(Desk):
    """A desk with its portal."""

    def open_portal(self, **settings) -> "Bureau":
        # The clock of a test jumps further than people stay away.
        self.settings = Settings(mode="development", session_idle_minutes=60 * 24 * 60, **settings)
        ports = self.office.ports
        object.__setattr__(ports, "calls", self.telephone)
        self.app = main.create_app(Wiring(settings=self.settings, units=self.office.units, ports=ports))
        return self

    def browser(self, name: str = "Marieke van Wijngaarden", role: Role = Role.COLLECTOR) -> TestClient:
        """A browser that a new colleague is signed in with; the first one is the desk's own collector."""
        user_id = self.hire(name, roles=(role,))
        if not hasattr(self, "first"):
            self.first = self.user_id = user_id
        with self.office.units.open(Door.GATE, by="system:test") as unit:
            session_id = start_session(unit, user_id=user_id, hours=24 * 60)
        client = TestClient(self.app, base_url=self.settings.public_url, follow_redirects=False)
        client.cookies.set(cookie_name(self.settings), session_id)
        return client

    def value(self, sql: str, **values):
        """The first column of the first row, as staff sees it."""
        with self.unit() as unit:
            return unit.session.connection().execute(text(sql), values).scalar_one_or_none()


def url_of(claim: tuple[UUID, UUID]) -> str:
    return f"/desk/claims/{claim[0]}/{claim[1]}"


def case_url(answer) -> str:
    """Where a form leads: the page of a case."""
    assert answer.status_code == 303, answer.text[:800]
    return answer.headers["location"]


def send(client: TestClient, path: str, *, page: str, **fields):
    """Fill in a form of a page and send it."""
    shown = client.get(page)
    assert shown.status_code == 200, shown.text[:500]
    found = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    assert found, "the page has no form"
    return client.post(path, data={"csrf": found[1], **fields})


@pytest.fixture
def bureau(units, monkeypatch) -> Bureau:
    """An office on a Tuesday morning."""
    monkeypatch.setattr(main, "PARTS", PARTS)
    return Bureau(Office(units).open_up()).open_portal()


@pytest.fixture
def browser(bureau) -> TestClient:
    """A browser that the desk's own collector is signed in with."""
    return bureau.browser()
