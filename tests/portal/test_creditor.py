"""The creditors' door: from a file to an accepted price, and what each creditor may see of another's."""

import io
import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.kernel.written_files import safe_cell
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from portal import main
from tests.intake.factories import a_file, a_row
from tests.portal.house import House

PARTS = ("portal.shared.sign_in", "portal.creditor", "portal.api", "portal.live")
PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


class Browser:
    """A signed-in user of a creditor, filling in forms as a browser does."""

    def __init__(self, house: House, creditor_id, *roles: Role) -> None:
        self.client = house.signed_in(house.person(*roles, creditor_id=creditor_id))
        self.csrf = re.search(r'name="csrf" value="([^"]+)"', self.get("/creditor/placements/new").text)[1]

    def get(self, path):
        return self.client.get(path)

    def post(self, path, fields=None, files=None):
        return self.client.post(path, data={"csrf": self.csrf, **(fields or {})}, files=files)

    def drop(self, content, name="open.csv"):
        return self.post("/creditor/placements", files={"file": (name, content, "text/csv")})


@pytest.fixture
def creditor_id(house):
    return house.creditor()


@pytest.fixture
def manager(house, creditor_id):
    return Browser(house, creditor_id, Role.CREDITOR_MANAGER)


class TestHandingOver:
    def test_leads_straight_to_the_price_and_from_there_to_collection(self, manager):
        answer = manager.drop(a_file(a_row("F1"), a_row("F2", customer="8", name="Jan")))
        assert answer.status_code == 303
        page = answer.headers["location"]
        assert page.startswith("/creditor/quotes/")
        shown = manager.get(page).text
        for words in (
            "Size of the claim",
            "What would make it cheaper",
            "Accept and start",
            "Bakkerij Jansen B.V.",
        ):
            assert words in shown
        accepted = manager.post(f"{page}/acceptance")
        assert accepted.status_code == 303
        assert "collection has started" in manager.get(page).text
        assert manager.post(f"{page}/acceptance").status_code == 409
        assert "In collection" in manager.get("/creditor/claims").text

    def test_shows_rejects_and_gives_them_as_a_safe_file(self, manager):
        page = manager.drop(a_file(a_row("F1"), a_row("F2", amount="=1+1"))).headers["location"]
        assert "Bedrag" in manager.get(page).text
        found = manager.get(f"{page}/rejects.csv").content.decode("utf-8-sig")
        assert '"3";"Bedrag' in found
        assert '"\'=1+1"' in found

    def test_twice_says_so_and_changes_nothing(self, manager):
        content = a_file(a_row("F1"))
        manager.drop(content)
        again = manager.drop(content)
        assert "before" in manager.get(again.headers["location"]).text
        assert manager.get("/creditor/claims.csv").text.count("F1") == 1

    def test_of_a_broken_file_shows_the_reason(self, manager):
        page = manager.drop(a_file(a_row("F1"), 'F2;"open')).headers["location"]
        assert "refused as a whole" in manager.get(page).text
        assert manager.drop(b"").status_code == 422
        assert manager.post("/creditor/placements").status_code == 422

    def test_asks_what_unclear_columns_mean_and_keeps_the_answer(self, manager):
        page = manager.drop(a_file("X1;Jansen;1.234;31-05-2026", headers="Wat;Wie;Hoeveel;Wanneer")).headers[
            "location"
        ]
        assert "What do the columns mean?" in manager.get(page).text
        answers = {
            "column_0": "invoice_number",
            "column_1": "debtor_name",
            "column_2": "amount",
            "column_3": "due_on",
        }
        assert manager.post(f"{page}/mapping", answers).status_code == 422
        done = manager.post(f"{page}/mapping", answers | {"decimal_sign": ","})
        assert done.headers["location"].startswith("/creditor/quotes/")
        next_file = manager.drop(a_file("X2;Pieters;2.500;31-05-2026", headers="Wat;Wie;Hoeveel;Wanneer"))
        assert next_file.headers["location"].startswith("/creditor/quotes/")
        assert "2500.00" in manager.get("/creditor/claims.csv").text

    def test_asks_whether_rows_of_one_invoice_are_its_lines(self, manager):
        lines = ("Z1;Jansen;35,00;31-05-2026", "Z1;Jansen;12,50;31-05-2026", "Z2;Smit;9,95;31-05-2026",
                 "Z2;Smit;1,05;31-05-2026")  # fmt: skip
        page = manager.drop(a_file(*lines, headers="Factuur;Naam;Openstaand;Vervaldatum")).headers["location"]
        assert "Lines of one invoice" in manager.get(page).text
        answers = {
            "column_0": "invoice_number",
            "column_1": "debtor_name",
            "column_2": "amount",
            "column_3": "due_on",
        }
        refused = manager.post(f"{page}/mapping", answers)
        assert refused.status_code == 422
        assert 'id="error-repeats"' in refused.text
        done = manager.post(f"{page}/mapping", answers | {"repeats": "added"})
        assert done.headers["location"].startswith("/creditor/quotes/")
        told = manager.get("/creditor/claims.csv").text
        assert "47.50" in told
        assert "11.00" in told

    def test_asks_by_what_a_line_without_invoice_number_is_known(self, manager):
        rents = "Huurdernummer;Naam;Huurmaand;Openstaand"
        page = manager.drop(a_file("10234;J. de Wit;2026-03;612,40", headers=rents)).headers["location"]
        assert "Lines without an invoice number" in manager.get(page).text
        answers = {
            "column_0": "debtor_reference",
            "column_1": "debtor_name",
            "column_2": "period",
            "column_3": "amount",
        }
        assert 'id="error-known_by"' in manager.post(f"{page}/mapping", answers).text
        assert "such as 10234/2026-03" in manager.post(f"{page}/mapping/preview", answers).text
        by_month = answers | {"known_by": "month"}
        refused = manager.post(f"{page}/mapping", by_month)
        assert refused.status_code == 422
        assert 'id="error-pay_day"' in refused.text
        done = manager.post(f"{page}/mapping", by_month | {"pay_day": "1"})
        assert done.headers["location"].startswith("/creditor/quotes/")
        again = a_file("10234;J. de Wit;2026-03;612,40", "10234;J. de Wit;2026-04;50,00", headers=rents)
        assert manager.drop(again).headers["location"].startswith("/creditor/quotes/")
        told = manager.get("/creditor/claims.csv").text
        assert told.count("10234/2026-03") == 1
        assert told.count("10234/2026-04") == 1
        other = a_file("F-9;10234;J. de Wit;2026-05;50,00", headers=f"Factuurnummer;{rents}")
        assert "/placements/" in manager.drop(other).headers["location"], (
            "its own numbers are never left unread"
        )


FIELDS = {
    "invoice_number": "F1",
    "amount": "1250,50",
    "due_on": "2026-05-01",
    "debtor_name": "Jansen",
    "debtor_kind": "company",
    "country": "NL",
}


class TestSingleClaim:
    def test_shows_the_price_while_typing_and_stores_nothing(self, manager, house, creditor_id):
        empty = manager.post("/creditor/claims/price", {"amount": "12"})
        assert "Fill in the amount" in empty.text
        bare = manager.post("/creditor/claims/price", FIELDS).text
        proved = manager.post("/creditor/claims/price", FIELDS | {"has": ["invoice", "delivery_note"]}).text
        fee = re.compile(r"price-now\"><strong>([\d.]+)")
        assert float(fee.search(proved)[1]) < float(fee.search(bare)[1])
        with house.units.open(Door.STAFF, by="system:test") as unit:
            assert unit.session.connection().execute(text("SELECT count(*) FROM placement")).scalar_one() == 0

    def test_takes_the_way_of_a_file_with_its_documents(self, manager):
        answer = manager.post(
            "/creditor/claims", FIELDS, files={"file_invoice": ("f.pdf", PDF, "application/pdf")}
        )
        page = manager.get(answer.headers["location"]).text
        assert "complete" in page
        assert "Accept and start" in page

    def test_of_a_day_typed_as_text_is_taken_as_it_was_checked(self, manager):
        answer = manager.post("/creditor/claims", FIELDS | {"due_on": "05/06/2026"})
        assert answer.headers["location"].startswith("/creditor/quotes/")

    def test_shows_what_is_wrong_beside_the_field(self, manager):
        answer = manager.post("/creditor/claims", FIELDS | {"amount": "1.234", "email": "geen"})
        assert answer.status_code == 422
        assert "error-amount" in answer.text
        assert "error-email" in answer.text


class TestClaimPage:
    def test_shows_the_fee_falling_when_proof_is_added(self, manager):
        manager.drop(a_file(a_row("F1", amount="2500,00")))
        page = re.search(r'href="(/creditor/claims/[0-9a-f-]{36})"', manager.get("/creditor/claims").text)[1]
        added = manager.post(
            f"{page}/documents",
            {"kind": "delivery_note"},
            files={"file": ("bon.pdf", PDF, "application/pdf")},
        )
        shown = manager.get(page).text
        assert added.status_code == 303
        assert "Your fee went from" in shown
        assert "bon.pdf" in shown
        document = re.search(r'href="(/creditor/documents/[0-9a-f-]{36})"', shown)[1]
        got = manager.get(document)
        assert got.content == PDF
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["x-content-type-options"] == "nosniff"
        refused = manager.post(f"{page}/documents", files={"file": ("x.pdf", b"<html>", "application/pdf")})
        assert refused.status_code == 422

    def test_names_are_escaped_and_never_a_formula(self, manager):
        manager.drop(
            a_file(a_row("F1", name="<img src=x onerror=alert(1)>"), a_row("F2", customer="9", name="=cmd|x"))
        )
        assert "<img src=x" not in manager.get("/creditor/claims").text
        assert '"\'=cmd|x"' in manager.get("/creditor/claims.csv").text
        book = CalamineWorkbook.from_filelike(io.BytesIO(manager.get("/creditor/claims.xlsx").content))
        assert "=cmd|x" in {row[2] for row in book.get_sheet_by_index(0).to_python()}


class TestWall:
    def test_another_creditors_things_do_not_exist(self, house, manager):
        quote = manager.drop(a_file(a_row("F1"))).headers["location"]
        claim = re.search(r'href="(/creditor/claims/[0-9a-f-]{36})"', manager.get("/creditor/claims").text)[1]
        other = Browser(house, house.creditor("Ander"), Role.CREDITOR_MANAGER)
        unknown = other.get("/creditor/claims/00000000-0000-7000-8000-000000000000")
        for path in (quote, claim):
            answer = other.get(path)
            assert answer.status_code == unknown.status_code == 404
        assert other.post(f"{quote}/acceptance").status_code == 404
        assert other.post(f"{claim}/documents", files={"file": ("b.pdf", PDF, "x")}).status_code in (404, 422)
        assert "F1" not in other.get("/creditor/claims.csv").text
        assert "Jansen" not in other.get("/creditor/search?q=Jansen").text
        assert "Jansen" in manager.get("/creditor/search?q=Jansen").text

    def test_a_clerk_sees_the_price_but_only_a_manager_accepts(self, house, creditor_id, manager):
        quote = manager.drop(a_file(a_row("F1"))).headers["location"]
        clerk = Browser(house, creditor_id, Role.CREDITOR_CLERK)
        assert "Accept and start" not in clerk.get(quote).text
        assert clerk.post(f"{quote}/acceptance").status_code == 403
        assert manager.post(f"{quote}/acceptance").status_code == 303

    def test_a_price_that_was_accepted_in_another_tab_says_so_in_the_reader_s_language(self, manager):
        quote = manager.drop(a_file(a_row("F1"))).headers["location"]
        assert manager.post(f"{quote}/acceptance").status_code == 303
        manager.post("/preferences", {"language": "nl"})
        again = manager.post(f"{quote}/acceptance")
        assert again.status_code == 409
        assert "this quote was" not in again.text

    def test_a_form_without_its_token_is_refused(self, manager):
        assert manager.client.post("/creditor/placements", data={}).status_code == 403


ASK = {"amount": "1250.50", "due_on": "2026-05-01", "debtor_kind": "company", "country": "NL"}


class TestInterface:
    def call(self, manager, path, body, **headers):
        return manager.client.post(path, json=body, headers={"x-csrf-token": manager.csrf, **headers})

    def test_prices_a_claim_without_storing_it(self, manager):
        answer = self.call(manager, "/api/v1/quotes", ASK)
        found = answer.json()
        assert answer.status_code == 200
        assert found["fee_bps"] == sum(factor["bps"] for factor in found["factors"])
        assert found["cheaper"]
        assert "No claims yet" in manager.get("/creditor").text

    @pytest.mark.parametrize(
        "change", [{"amount": "0"}, {"amount": "x"}, {"status": "paid"}, {"country": "Nederland"}]
    )
    def test_refuses_with_a_problem_document(self, manager, change):
        answer = self.call(manager, "/api/v1/quotes", ASK | change)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"

    def test_places_a_claim_once_per_key(self, manager):
        body = {"invoice_number": "F1", "amount": "99.50", "due_on": "2026-05-01", "debtor_name": "Jansen"}
        assert self.call(manager, "/api/v1/claims", body).status_code == 400
        first = self.call(manager, "/api/v1/claims", body, **{"idempotency-key": "k1"})
        again = self.call(manager, "/api/v1/claims", body, **{"idempotency-key": "k1"})
        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        other = self.call(manager, "/api/v1/claims", body | {"amount": "1.00"}, **{"idempotency-key": "k1"})
        assert other.status_code == 422
        assert json.loads(other.content)["code"] == "idempotency_key_reused"

    @pytest.mark.parametrize("day", ["01/02/2026", "31-05-2026", "2026-02-31", "31-12-9999", "soon"])
    @pytest.mark.parametrize("field", ["due_on", "issued_on", "contract_on"])
    def test_places_no_claim_of_a_day_that_is_not_plain_and_names_the_field(self, manager, field, day):
        body = {"invoice_number": "F1", "amount": "99.50", "due_on": "2026-05-01", "debtor_name": "Jansen"}
        answer = self.call(manager, "/api/v1/claims", body | {field: day}, **{"idempotency-key": "k1"})
        assert answer.status_code == 422
        assert field in json.loads(answer.content)["field"]

    @pytest.mark.parametrize(
        ("path", "body", "field"),
        [
            ("/api/v1/claims", {"debtor_name": "a\0"}, "debtor_name"),
            ("/api/v1/quotes/Q-2026-00001/refusal", {"reason": "a\0"}, "reason"),
            ("/api/v1/credit-checks", {"name": "a\0"}, "name"),
        ],
    )
    def test_takes_no_text_that_no_text_is(self, manager, path, body, field):
        given = {"invoice_number": "F1", "amount": "1.00", "due_on": "2026-05-01"} if "claims" in path else {}
        answer = self.call(manager, path, given | body, **{"idempotency-key": "k1"})
        assert (answer.status_code, json.loads(answer.content)["field"]) == (422, field)

    def test_is_closed_to_strangers(self, house):
        answer = house.client().post("/api/v1/quotes", json=ASK)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.pure
class TestSafeCell:
    @given(st.text(max_size=40))
    def test_no_line_starts_a_formula(self, value):
        written = safe_cell(value)
        assert written in (value, f"'{value}")
        if re.search(r"(?m)^[\s\u00a0]*[=+\-@]", value):
            assert written.startswith("'")


UNCLEAR = {"headers": "Wat;Wie;Hoeveel;Wanneer"}
ANSWERS = {
    "column_0": "invoice_number",
    "column_1": "debtor_name",
    "column_2": "amount",
    "column_3": "due_on",
    "decimal_sign": ",",
}


class TestProfiles:
    def explained(self, manager, name="Twinfield"):
        page = manager.drop(a_file("X1;Jansen;1.234;31-05-2026", **UNCLEAR)).headers["location"]
        manager.post(f"{page}/mapping", ANSWERS | {"profile": name})
        return page

    def test_the_first_rows_follow_what_is_chosen_and_nothing_is_kept(self, manager):
        page = manager.drop(a_file("X1;Jansen;1.234;31-05-2026", **UNCLEAR)).headers["location"]
        doubtful = manager.post(f"{page}/mapping/preview", {**ANSWERS, "decimal_sign": ""}).text
        assert "1.234 can be read in two ways" in doubtful
        read = manager.post(f"{page}/mapping/preview", ANSWERS).text
        assert "€1,234.00" in read
        assert "Jansen" in read
        assert "Still needed" in manager.post(f"{page}/mapping/preview", {"column_0": "amount"}).text
        assert manager.get("/creditor/mappings").text.count("/retirement") == 0

    def test_read_the_next_file_by_themselves_and_say_so(self, manager):
        self.explained(manager)
        after = manager.drop(a_file("X2;Pieters;2.500;31-05-2026", "X3;;1,00;31-05-2026", **UNCLEAR))
        assert "Read by your profile Twinfield (version 1)" in manager.get(after.headers["location"]).text

    def test_are_renamed_and_retired_and_used_again(self, manager):
        self.explained(manager)
        listed = manager.get("/creditor/mappings").text
        address = re.search(r'action="(/creditor/mappings/[^"]+)/retirement"', listed)[1]
        assert manager.post(f"{address}/name", {"profile": " "}).status_code == 422
        manager.post(f"{address}/name", {"profile": "Exact"})
        assert 'value="Exact"' in manager.get("/creditor/mappings").text
        manager.post(f"{address}/retirement")
        asked = manager.drop(a_file("X4;Pieters;2.500;31-05-2026", **UNCLEAR)).headers["location"]
        assert "What do the columns mean?" in manager.get(asked).text
        manager.post(f"{address}/retirement", {"again": "true"})
        read = manager.drop(a_file("X5;Pieters;2.500;31-05-2026", **UNCLEAR)).headers["location"]
        assert read.startswith("/creditor/quotes/")

    def test_of_another_creditor_do_not_exist(self, manager, house):
        self.explained(manager)
        listed = manager.get("/creditor/mappings").text
        address = re.search(r'action="(/creditor/mappings/[^"]+)/retirement"', listed)[1]
        stranger = Browser(house, house.creditor("Vreemd"), Role.CREDITOR_MANAGER)
        assert stranger.post(f"{address}/retirement").status_code == 404
        assert "Twinfield" not in stranger.get("/creditor/mappings").text
