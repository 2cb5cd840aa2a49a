"""An agency with people who sign in, and browsers for them that speak plain HTTP."""

import re
import time
from dataclasses import dataclass, replace
from uuid import UUID

import pyotp
from redis import Redis
from sqlalchemy import text
from starlette.testclient import TestClient

from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units, agency_day
from agency.parties.models import Audience, Creditor, Role
from agency.parties.registration import Sender, register_creditor
from agency.parties.users import create_user
from integrations.einvoice import read_einvoice
from integrations.rendering import TemplateRenderer
from integrations.storage.content_store import open_file_store
from portal import main
from portal.shared.sessions import cookie_name, start_session
from portal.wiring import Wiring

PASSWORD = "vijf paarden in de sloot"
SENDER = Sender(
    name="Enercity",
    email="post@enercity.example",
    reply_to="klant@enercity.example",
    sms="Enercity",
    phone="+31 20 123 45 67",
)


@dataclass
class Person:
    """A user with what only the user knows."""

    user_id: UUID
    email: str
    totp_secret: str

    def code(self, *, ahead: int = 0) -> str:
        """The code of this moment, or of a step of 30 seconds from now."""
        return pyotp.TOTP(self.totp_secret).at(int(time.time()) + 30 * ahead)


class House:
    """The portal on a database of this test's own."""

    def __init__(self, units: Units, *, folder, redis_url: str, **settings) -> None:
        self.units = units
        url = units.engine.url.render_as_string(hide_password=False)
        self.settings = Settings(
            database_url=url, redis_url=redis_url, files_folder=folder / "files", **settings
        )
        files = open_file_store(folder=self.settings.files_folder, s3_url=None, production=False)
        # No page under test sends anything: a provider that is asked for fails by its name.
        self.ports = Ports(
            email=None, sms=None, letters=None, calls=None, payments=None,
            renderer=TemplateRenderer(), files=files, read_einvoice=read_einvoice,
        )  # fmt: skip
        self.app = main.create_app(Wiring(settings=self.settings, units=units, ports=self.ports))
        Redis.from_url(redis_url).flushdb()

    def uses(self, **adapters) -> None:
        """Give the pages other adapters."""
        self.ports = replace(self.ports, **adapters)
        self.app.state.wiring = Wiring(settings=self.settings, units=self.units, ports=self.ports)

    def client(self) -> TestClient:
        """A browser that nobody is signed in with."""
        return TestClient(
            self.app, base_url=self.settings.public_url, cookies={"language": "en"},
            follow_redirects=False, raise_server_exceptions=False,
        )  # fmt: skip

    def creditor(self, name: str = "Enercity") -> UUID:
        """A creditor with a brand."""
        with self.units.open(Door.STAFF, by="system:test") as unit:
            made = Creditor(created_at=unit.now, reference=name.upper(), name=name, country="NL")
            return register_creditor(unit, creditor=made, sender=SENDER)

    def person(self, *roles: Role, creditor_id: UUID | None = None) -> Person:
        """Somebody with these roles."""
        email = f"{'-'.join(roles)}-{creditor_id or 'house'}@example.org"
        with self.units.open(Door.STAFF, by="system:test") as unit:
            made = create_user(
                unit, email=email, name="Marieke van Wijngaarden", roles=roles, password=PASSWORD,
                audience=Audience.CREDITOR if creditor_id else Audience.STAFF, creditor_id=creditor_id,
                sealing_secret=self.settings.secret.get_secret_value(), language="en",
            )  # fmt: skip
        return Person(made.user_id, email, made.totp_secret)

    def browser(self, *roles: Role, creditor_id: UUID | None = None) -> TestClient:
        """A browser that somebody with these roles is signed in with."""
        return self.signed_in(self.person(*roles, creditor_id=creditor_id))

    def signed_in(self, person: Person, *, user_agent: str = "") -> TestClient:
        """Another browser of a person, past the sign-in pages."""
        with self.units.open(Door.GATE, by="system:test") as unit:
            session_id = start_session(unit, user_id=person.user_id, hours=12, user_agent=user_agent)
        client = self.client()
        client.cookies.set(cookie_name(self.settings), session_id)
        return client

    def one(self, sql: str, **values):
        """The first column of the first row, as staff sees it."""
        with self.units.open(Door.STAFF, by="system:test") as unit:
            return unit.session.connection().execute(text(sql), values).scalar_one()

    def change(self, sql: str, **values) -> None:
        """Change rows behind the product's back."""
        with self.units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(text(sql), values)

    def now(self):
        """The product's present moment."""
        return self.one("SELECT app.now()")

    def today(self):
        """The agency's calendar day, which between midnight in Amsterdam and midnight UTC is not UTC's."""
        return agency_day(self.now())


def token_of(page: str) -> str:
    """The CSRF token that a page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page has no form with a token"
    return found[1]


def read_of(page: str, *, csrf: bool = True) -> dict[str, str]:
    """What the forms of a draft carry: the token, and the edition that was read."""
    found = re.search(r'name="edition" value="([^"]+)"', page)
    return ({"csrf": token_of(page)} if csrf else {}) | ({"edition": found[1]} if found else {})


def send(client: TestClient, path: str, *, page: str, **fields):
    """Fill in the form of a page and send it."""
    return client.post(path, data={**read_of(client.get(page).text), **fields})
