"""Every address of the whole portal, asked by those who must not get it: another role, another site,
and people who write something else where an id stands (G16, H11).

The list of routes is the source: an address that comes later is walked too, and an id that is called by a new
name fails here until it is said which table it is from.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from agency.parties.models import Role
from portal.shared.audience import OWN_GUARD, ROUTERS
from tests.portal.house import House, token_of

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
    "batch_id": "print_batch", "call_id": "call", "check_id": "credit_check", "claim_id": "claim",
    "connection_id": "bookkeeping_connection", "debtor_id": "debtor", "dispute_id": "dispute",
    "document_id": "document", "dossier_id": "inspection_export", "drop_id": "intake_drop",
    "duplicate_id": "likely_duplicate", "experiment_id": "experiment", "export_id": "inspection_export",
    "hold_id": "hold", "host_id": "brand_host", "hours_id": "booked_hours", "inbound_id": "inbound",
    "incoming_id": "dropped_file", "item_id": "work_item", "key_id": "api_key", "line_id": "bank_line",
    "mapping_id": "column_mapping", "message_id": "message", "offer_id": "price_offer",
    "origin_id": "payment", "placement_id": "placement", "plan_id": "plan", "point_id": "contact_point",
    "promise_id": "promise",
    "quote_id": "quote", "refund_id": "refund", "reply_id": "reply", "report_id": "direct_payment",
    "row_id": "direct_payment", "series_id": "kept_record", "settlement_id": "settlement",
    "statement_id": "bank_statement", "transaction_id": "ledger_transaction", "user_id": "user_account",
    "visit_id": "field_visit",
}  # fmt: skip
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


def a_manager(house: House, creditor_id: UUID) -> tuple[TestClient, str]:
    """A browser of somebody who may do everything of a creditor, and the token of its forms."""
    client = house.browser(Role.CREDITOR_CLERK, Role.CREDITOR_MANAGER, creditor_id=creditor_id)
    return client, token_of(client.get("/creditor").text)


def all_staff(house: House) -> tuple[TestClient, str]:
    """A browser of somebody with every role of the agency, and the token of its forms."""
    client = house.browser(Role.COLLECTOR, Role.FINANCE, Role.ADMIN)
    return client, token_of(client.get("/desk").text)


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
    def test_is_never_an_error_of_ours_at_the_doors_that_guard_themselves(self, house):
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
