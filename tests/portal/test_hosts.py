"""G28: doors are shown at the agency's own names, a pay host the debtor's pages only, others nothing."""

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.testclient import TestClient

from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from portal import main
from portal.shared import hosts
from portal.shared.audience import ROUTERS
from portal.shared.hosts import FOR_DEBTORS_TOO, PROBES, PayHosts, host_of, own_hosts
from portal.wiring import Wiring
from tests.architecture.test_routes import filled
from tests.communication.correspondence import a_correspondent

PAY_HOST = "betalen.enercity.example"
ASKED_AT = {"own": "127.0.0.1:8000", "pay": PAY_HOST, "stranger": "evil.example"}


@pytest.fixture(scope="module")
def client():
    """The portal without a database: what a host does not show is refused before one is asked."""
    wiring = Wiring(settings=Settings(mode="development"), units=None, ports=None)  # type: ignore[arg-type]
    patch = pytest.MonkeyPatch()
    patch.setattr(main, "PayHosts", lambda units: PAY_HOST.__eq__)
    with TestClient(
        main.create_app(wiring), base_url="http://127.0.0.1:8000", follow_redirects=False,
        raise_server_exceptions=False,
    ) as opened:  # fmt: skip
        yield opened
    patch.undo()


def ask(client, path, host, method="GET"):
    return client.request(method, path, headers={"host": host, "accept": "application/json"})


def address(path):
    return filled(path.removesuffix(".css")) + (".css" if path.endswith(".css") else "")


def routes():
    for declared in ROUTERS:
        for route in declared.router.routes:
            if isinstance(route, APIRoute) and route.path not in PROBES:
                yield declared.audience, sorted(route.methods)[0], route.path


def test_every_audience_is_shown_where_it_belongs(client):
    wrong = []
    for audience, method, path in routes():
        for_debtors = audience == "debtor" or path in FOR_DEBTORS_TOO
        at_pay_host = ask(client, address(path), PAY_HOST, method)
        turned_away = (at_pay_host.status_code, at_pay_host.text) == (404, "Not found.")
        if turned_away == for_debtors:
            wrong.append((audience, path, at_pay_host.status_code))
        if ask(client, address(path), "evil.example", method).status_code != 421:
            wrong.append((audience, path, "answered a stranger"))
    assert wrong == []


def test_the_look_is_shown_at_a_pay_host_and_the_doors_stay_at_home(client):
    assert ask(client, "/static/app.css", PAY_HOST).status_code == 200
    doors = ("/", "/sign-in", "/desk", "/creditor", "/finance", "/admin", "/api/v1/openapi.json", "/static")
    for door in doors:
        assert ask(client, door, PAY_HOST).status_code == 404, door
        assert ask(client, door, "127.0.0.1").status_code in (200, 303, 307, 401, 404, 405), door
    assert ask(client, "/sign-in", "127.0.0.1").status_code == 200


@pytest.mark.parametrize(
    "host", ["", " ", "a b", "evil.example/", "user@evil.example", "[::1", "x" * 300, "é.nl"]
)
def test_what_is_no_name_is_refused(client, host):
    answer = client.get("/sign-in", headers={"host": host.encode("latin-1")})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")


def test_a_probe_is_answered_at_any_address(client):
    assert ask(client, "/healthz", "10.0.0.7:8000").status_code == 200


def test_a_refusal_is_locked_down_like_every_answer(client):
    headers = ask(client, "/sign-in", "evil.example").headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("given", "host"),
    [("Agency.Example:443", "agency.example"), ("agency.example.", "agency.example"), ("[::1]:8000", "::1")],
)
def test_names_are_compared_without_port_case_and_last_dot(given, host):
    assert host_of({"headers": [(b"host", given.encode())]}) == host
    assert host_of({"headers": [(b"host", b"a.example"), (b"host", b"b.example")]}) is None


def test_the_agencys_names_are_its_public_address_and_the_settings():
    config = Settings(mode="development", public_url="https://agency.example", hosts={"Desk.Agency.example"})
    assert own_hosts(config) >= {"agency.example", "desk.agency.example", "localhost"}
    assert "localhost" not in own_hosts(config.model_copy(update={"mode": "production"}))


def test_pay_hosts_are_those_of_the_brands_in_use(units, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(hosts.time, "monotonic", lambda: moment[0])
    pay_hosts = PayHosts(units)
    assert not pay_hosts(PAY_HOST)
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor_id, _ = a_correspondent(unit)
        named = {"h": PAY_HOST, "c": creditor_id}
        changed = unit.session.connection().execute(
            text("UPDATE brand SET pay_host = :h WHERE creditor_id = :c"), named
        )
        assert changed.rowcount == 1
    assert not pay_hosts(PAY_HOST)  # a stranger's guesses do not reach the database each time
    moment[0] += 6
    assert pay_hosts(PAY_HOST)
