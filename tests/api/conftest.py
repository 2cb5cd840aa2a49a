"""The interface on real servers, with two creditors and programs of theirs."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.parties.api_keys import MadeKey, make_key
from agency.parties.models import Role, Scope
from agency.pricing.rate_cards import publish_first_card
from portal import main
from tests.portal.house import House

PARTS = ("portal.shared.sign_in", "portal.creditor", "portal.api", "portal.live")
CLAIM = {
    "invoice_number": "F1",
    "amount": "1250.50",
    "due_on": "2026-05-01",
    "debtor_name": "Bakkerij Jansen B.V.",
    "debtor_kind": "company",
    "country": "NL",
}


class Program:
    """A program with a key, and nothing else."""

    def __init__(self, house: House, creditor_id: UUID, made: MadeKey) -> None:
        self.house, self.creditor_id, self.made = house, creditor_id, made
        self.client = TestClient(
            house.app, base_url=house.settings.public_url, follow_redirects=False,
            raise_server_exceptions=False, headers={"authorization": f"Bearer {made.secret}"},
        )  # fmt: skip

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any):
        headers = {"idempotency-key": key} if key else {}
        return self.client.request(
            method, f"/api/v1{path}", json=body, headers=headers | more.pop("headers", {}), **more
        )

    def place(self, number: str = "F1", *, key: str | None = None, **fields: str):
        body = CLAIM | {"invoice_number": number} | fields
        return self.ask("POST", "/claims", body, key=key or f"place-{number}")


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def creditor_id(house) -> UUID:
    return house.creditor()


@pytest.fixture
def manager(house, creditor_id):
    return house.person(Role.CREDITOR_MANAGER, creditor_id=creditor_id)


def key_for(
    house: House, creditor_id: UUID, scopes: Iterable[Scope] = tuple(Scope), *, by: str = "user:test", **more
) -> MadeKey:
    """A key of a creditor that has a manager."""
    with house.units.open(Door.CREDITOR, by=by, creditor_id=creditor_id) as unit:
        return make_key(
            unit, creditor_id=creditor_id, name=more.pop("name", "ERP"), scopes=tuple(scopes),
            expires_on=more.pop("expires_on", None),
        )  # fmt: skip


@pytest.fixture
def program(house, creditor_id, manager) -> Program:
    """A program whose key opens everything."""
    return Program(house, creditor_id, key_for(house, creditor_id))


@pytest.fixture
def stranger(house) -> Program:
    """A program of another creditor, whose key opens everything there."""
    other = house.creditor("Other")
    house.person(Role.CREDITOR_MANAGER, creditor_id=other)
    return Program(house, other, key_for(house, other))
