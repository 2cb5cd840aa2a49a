"""Every address of the whole portal, asked by those who must not get it: another creditor, another role,
another site, and people who write something else where an id stands (G1, G16, G17, G30, H11).

The list of routes is the source: an address that comes later is walked too, and an id that is called by a new
name fails here until it is said which table it is from.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from fastapi.routing import APIRoute
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from agency.kernel.unit import Door
from agency.parties.models import Role
from portal.logs import configure_logs
from portal.proving.sabotage import SUPERUSER
from portal.shared.audience import OWN_GUARD, ROUTERS
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House, token_of
from tests.privacy.canaries import SAID, Planted
from tests.privacy.canaries import WORDS as PERSON

# The table of an id by the address that it stands in; the first that fits counts.
OF_ADDRESS = (
    ("/legal-holds/{hold_id", "hold_id", "legal_hold"),
    ("/debtors/", "request_id", "privacy_request"),
    ("/giving-up/", "request_id", "waiver_request"),
    ("/waivers/", "request_id", "waiver_request"),
    ("/price-requests/", "request_id", "price_request"),
    ("/due-date", "invoice_id", "invoice"),
    ("/invoices/", "invoice_id", "fee_invoice"),
    ("/remittances/files/", "file_id", "remittance_file"),
    ("/collections/", "file_id", "direct_debit_file"),
    ("/drops/", "file_id", "dropped_file"),
    ("/bookkeeping/questions/", "fall_id", "booked_fall"),
    ("/account", "change_id", "creditor_account_change"),
    ("/paths/drafts/", "draft_id", "treatment_path_draft"),
    ("/rate-cards/drafts/", "draft_id", "rate_card_draft"),
    ("/brands/", "draft_id", "brand_version"),
    ("/retention/", "run_id", "erasure_run"),
    ("", "run_id", "remittance_run"),
)
OF_NAME = {
    "aside_id": "proof_aside",
    "batch_id": "print_batch", "call_id": "call", "check_id": "credit_check", "claim_id": "claim",
    "connection_id": "bookkeeping_connection", "debtor_id": "debtor", "dispute_id": "dispute",
    "document_id": "document", "dossier_id": "inspection_export", "drop_id": "intake_drop",
    "duplicate_id": "likely_duplicate", "experiment_id": "experiment", "export_id": "inspection_export",
    "hold_id": "hold", "host_id": "brand_host", "hours_id": "booked_hours", "inbound_id": "inbound",
    "incoming_id": "dropped_file", "item_id": "work_item", "key_id": "api_key", "line_id": "bank_line",
    "mapping_id": "column_mapping", "message_id": "message", "offer_id": "price_offer",
    "origin_id": "payment", "placement_id": "placement", "plan_id": "plan", "point_id": "contact_point",
    "promise_id": "promise", "quote_id": "quote", "refund_id": "refund", "reply_id": "reply",
    "report_id": "direct_payment", "row_id": "direct_payment", "series_id": "kept_record",
    "settlement_id": "settlement", "statement_id": "bank_statement", "transaction_id": "ledger_transaction",
    "user_id": "user_account", "visit_id": "field_visit",
}  # fmt: skip
# Text that would be an element of the page were it not escaped, with the words of a person in it.
MARKUP = f"<i id=canary>{PERSON[0]} {PERSON[1]} {PERSON[2]}"
# What is no id: a kind, a form, a page, a number of a version.
WORDS = {
    "kind": "pdf", "form": "csv", "number": "1", "page": "1", "version": "1", "which": "now",
    "key": "nothing", "account": "trust", "vendor": "exact", "phase": "amicable", "what": "promise",
    "answer": "yes", "token": "x" * 22, "sha256": "0" * 64,
}  # fmt: skip
NUMBERS = ("0", "-1", str(10**18), str(10**30))
TEXTS = (*NUMBERS, "a%00b", "..%2f..%2fetc%2fpasswd", "%E2%80%AExlsx", "%F0%9F%98%80", "x" * 3000)
INSTEAD = {"int": NUMBERS, "uuid": ("0", "a%00b"), "": TEXTS}
PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
# Whose rows change with each request, or in whose name one signs in.
ALWAYS = ("user_session",)
# A creditor's own brand, of which no id stands in the address.
OWN_PREVIEWS = "/creditor/brand/preview/"
# What forgets a row: pressed again it finds none, and leads back to its page as it did the first time.
FORGETS = frozenset({"/admin/brands/{creditor_id}/hosts/{host_id}/removal"})
# What a page of ours shows in a frame of its own: framed by nobody else, without a form or a script.
OWN_FRAMES = re.compile(r".*/preview/\{which\}/(mail|page)")


@dataclass(frozen=True)
class Address:
    """A method and a path of a route, with who may use it."""

    method: str
    path: str
    audience: str
    roles: frozenset[str]

    @property
    def names(self) -> list[str]:
        """What its parameters are called."""
        return [name for name, _ in PARAMETER.findall(self.path)]

    def table(self, name: str) -> str | None:
        """The table that a parameter is an id of."""
        for part, called, table in OF_ADDRESS:
            if called == name and part in self.path:
                return table
        return OF_NAME.get(name)

    def with_values(self, **values: str) -> str:
        """The path with a value in place of each parameter."""
        return PARAMETER.sub(lambda found: values.get(found[1], WORDS.get(found[1], "")), self.path)


def addresses(*, guarded: bool = True) -> Iterator[Address]:
    """Every method and path that signed-in people use, or those with a guard of their own."""
    for declared in ROUTERS:
        if (declared.audience in OWN_GUARD) == guarded:
            continue
        for route in declared.router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield Address(method, route.path, declared.audience, declared.roles)


@pytest.fixture
def house(units, redis_url, data_folder) -> House:
    """Every part of the portal."""
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def superuser(run_servers, fresh_database):
    engine = create_engine(run_servers.postgres.url(SUPERUSER, fresh_database[0].rsplit("/", 1)[1]))
    yield engine
    engine.dispose()


@pytest.fixture
def planted(house, superuser) -> Planted:
    """A creditor with a row in every table that an address names an id of."""
    return plant(house, superuser, SAID)


def plant(house: House, superuser, said: str) -> Planted:
    """Plant a creditor's rows, in which somebody stands who said that."""
    with house.units.open(Door.STAFF, by="system:test") as unit:
        creditor_id, claim_id = a_correspondent(unit)
    debtor_id = house.one("SELECT debtor_id FROM claim WHERE id = :c", c=claim_id)
    made = Planted(superuser, house.ports.files, creditor_id, claim_id, debtor_id, said)
    made.plant()
    wanted = {one.table(name) for one in addresses() for name in one.names} - {None, "user_account"}
    made.also(sorted(str(table) for table in wanted))
    return made


def a_manager(house: House, creditor_id: UUID) -> tuple[TestClient, str]:
    """A browser of somebody who may do everything of a creditor, and the token of its forms."""
    client = house.browser(Role.CREDITOR_CLERK, Role.CREDITOR_MANAGER, creditor_id=creditor_id)
    return client, token_of(client.get("/creditor").text)


def all_staff(house: House) -> tuple[TestClient, str]:
    """A browser of somebody with every role of the agency, and the token of its forms."""
    client = house.browser(Role.COLLECTOR, Role.FINANCE, Role.ADMIN)
    return client, token_of(client.get("/desk").text)


def ask(client: TestClient, one: Address, path: str, token: str) -> Any:
    """Ask for a page, or send a form that carries nothing but its token."""
    if one.method == "GET":
        return client.get(path)
    return client.post(path, data={"csrf": token})


def contents(engine) -> dict[str, tuple[int, int]]:
    """How many rows every table has, and a sum over what they say."""
    with engine.connect() as connection:
        names = connection.execute(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        ).scalars()
        return {
            name: tuple(
                connection.execute(
                    text(f'SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM "{name}" t')
                ).one()
            )
            for name in names.all()
            if name not in ALWAYS
        }


@pytest.mark.pure
def test_every_parameter_of_an_address_is_known():
    unknown = {
        (one.path, name)
        for guarded in (True, False)
        for one in addresses(guarded=guarded)
        for name in one.names
        if name not in WORDS and name != "creditor_id" and one.table(name) is None
    }
    assert unknown == set(), "say in OF_NAME of which table this is an id"


class TestAnotherCreditor:
    def test_g1_finds_no_row_of_this_one_behind_any_address(self, house, planted, superuser):
        owner, own_token = a_manager(house, planted.creditor_id)
        other, token = a_manager(house, house.creditor("Kantoor"))
        seen: Counter[str] = Counter()
        found, told = [], []
        before = contents(superuser)
        for one in addresses():
            names = [name for name in one.names if one.table(name)]
            if one.audience != "creditor" or not names or one.path.startswith(OWN_PREVIEWS):
                continue
            ids = {name: str(planted.ids[str(one.table(name))]) for name in names}
            nobody = {name: str(uuid4()) for name in names}
            answer = ask(other, one, one.with_values(**ids), token)
            unknown = ask(other, one, one.with_values(**nobody), token)
            if answer.status_code not in (404, 409, 422):
                found.append((one.method, one.path, answer.status_code))
            if answer.status_code != unknown.status_code:
                told.append((one.method, one.path, answer.status_code, unknown.status_code))
            if one.method == "GET" and owner.get(one.with_values(**ids)).status_code != 404:
                seen[one.path] += 1
        assert found == []
        assert told == [], "another creditor's id must be as unknown as one that nobody has"
        assert len(seen) > 8, "its owner finds them, so the ids are of rows that are there"
        assert {name for name, rows in contents(superuser).items() if rows != before[name]} <= {"audit_entry"}
        assert own_token != token

    def test_g1_of_the_address_does_not_fit_the_row_for_staff(self, house, planted, superuser):
        client, token = all_staff(house)
        elsewhere = str(house.creditor("Kantoor"))
        before = contents(superuser)
        found = []
        for one in addresses():
            names = [name for name in one.names if one.table(name)]
            if one.audience == "creditor" or not names or "creditor_id" not in one.names:
                continue
            ids = {name: str(planted.ids[str(one.table(name))]) for name in names}
            answer = ask(client, one, one.with_values(**ids, creditor_id=elsewhere), token)
            if answer.status_code not in (404, 409, 422, *([303] if one.path in FORGETS else [])):
                found.append((one.method, one.path, answer.status_code))
        assert found == []
        assert {name for name, rows in contents(superuser).items() if rows != before[name]} == set()


class TestAnotherRole:
    def test_h11_opens_no_address_that_is_not_for_it(self, house):
        creditor_id = house.creditor()
        browsers = {
            role: house.browser(role, creditor_id=creditor_id if role.value.startswith("creditor") else None)
            for role in Role
        }
        asked, let_in = 0, []
        for one in addresses():
            for role, client in browsers.items():
                if role.value in one.roles:
                    continue
                path = one.with_values(**dict.fromkeys(one.names, str(uuid4())) | WORDS)
                answer = client.get(path) if one.method == "GET" else client.post(path)
                asked += 1
                if answer.status_code != 403:
                    let_in.append((role.value, one.method, one.path, answer.status_code))
        assert let_in == []
        assert asked > 1000


class TestAnotherSite:
    def test_g16_sends_no_form_without_its_token_or_from_elsewhere(self, house):
        creditor_id = house.creditor()
        creditors, _ = a_manager(house, creditor_id)
        staff, token = all_staff(house)
        taken = []
        for one in addresses():
            if one.method != "POST":
                continue
            client = creditors if one.audience == "creditor" else staff
            path = one.with_values(**dict.fromkeys(one.names, str(uuid4())) | WORDS)
            answers = [
                client.post(path, data={}),
                client.post(path, data={"csrf": "guessed"}),
                client.post(path, data={"csrf": token}, headers={"sec-fetch-site": "cross-site"}),
                client.post(path, data={"csrf": token}, headers={"origin": "https://evil.example"}),
            ]
            if {answer.status_code for answer in answers} != {403}:
                taken.append((one.path, [answer.status_code for answer in answers]))
        assert taken == []

    def test_g16_nor_to_the_doors_that_guard_themselves(self, house):
        taken = []
        for one in addresses(guarded=False):
            if one.method in ("GET", "HEAD") or one.audience == "hooks":
                continue
            path = one.with_values(**dict.fromkeys(one.names, str(uuid4())) | WORDS)
            answer = house.client().request(one.method, path, headers={"sec-fetch-site": "cross-site"})
            if answer.status_code != 403:
                taken.append((one.method, one.path, answer.status_code))
        assert taken == []


class TestWhatIsNoId:
    def test_is_not_found_and_never_an_error_of_ours(self, house):
        creditors, theirs = a_manager(house, house.creditor())
        staff, ours = all_staff(house)
        strange = []
        for one in addresses():
            client, token = (creditors, theirs) if one.audience == "creditor" else (staff, ours)
            usual = dict.fromkeys(one.names, str(uuid4())) | WORDS
            for name, kind in PARAMETER.findall(one.path):
                for value in INSTEAD[kind]:
                    answer = ask(client, one, one.with_values(**{**usual, name: value}), token)
                    if answer.status_code >= 500:
                        strange.append((one.method, one.path, name, value[:20], answer.status_code))
        assert strange == []

    def test_nor_at_the_doors_that_guard_themselves(self, house):
        strange = []
        for one in addresses(guarded=False):
            usual = dict.fromkeys(one.names, str(uuid4())) | WORDS
            for name, kind in PARAMETER.findall(one.path):
                for value in INSTEAD[kind]:
                    path = one.with_values(**{**usual, name: value})
                    answer = house.client().request(one.method, path)
                    if answer.status_code >= 500:
                        strange.append((one.method, one.path, name, value[:20], answer.status_code))
        assert strange == []


class TestPages:
    def test_g17_g30_none_is_framed_guessed_at_or_kept(self, house):
        creditors, _ = a_manager(house, house.creditor())
        staff, _ = all_staff(house)
        loose = []
        for one in addresses():
            if one.method != "GET" or one.audience == "live":
                continue
            client = creditors if one.audience == "creditor" else staff
            headers = client.get(one.with_values(**dict.fromkeys(one.names, str(uuid4())) | WORDS)).headers
            policy = headers["content-security-policy"]
            tight = "frame-ancestors 'none'" in policy and "unsafe" not in policy
            if OWN_FRAMES.fullmatch(one.path) and "frame-ancestors 'self'" in policy:
                tight = "sandbox" in policy or ("form-action 'none'" in policy and "unsafe" not in policy)
            kept = headers["cache-control"] != "no-store"
            if kept or not tight or headers["x-content-type-options"] != "nosniff":
                loose.append((one.path, dict(headers)))
        assert loose == []

    def test_g18_i16_what_people_wrote_is_text_on_every_page_and_in_no_log(self, house, superuser, capfd):
        as_before = structlog.get_config()
        configure_logs(production=True)
        planted = plant(house, superuser, MARKUP)
        creditors, _ = a_manager(house, planted.creditor_id)
        staff, _ = all_staff(house)
        shown, as_markup = set(), []
        for one in addresses():
            if one.method != "GET" or one.audience == "live":
                continue
            ids = {name: str(planted.ids[str(one.table(name))]) for name in one.names if has_row(one, name)}
            path = one.with_values(**ids, creditor_id=str(planted.creditor_id))
            answer = (creditors if one.audience == "creditor" else staff).get(path)
            if answer.headers.get("content-type", "").startswith("text/html"):
                shown |= {one.path} if "&lt;i id=canary&gt;" in answer.text else set()
                as_markup += [one.path] if "<i id=canary" in answer.text else []
        structlog.configure(**as_before)
        out, errors = capfd.readouterr()
        assert [line for line in (out + errors).splitlines() if any(word in line for word in PERSON)] == []
        assert as_markup == []
        assert len(shown) > 15, "pages do show what was written"


def has_row(one: Address, name: str) -> bool:
    """Whether a parameter is the id of a row that is planted."""
    return one.table(name) not in (None, "user_account")
