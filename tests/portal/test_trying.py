"""A dry run says what would become of every row and what it would cost, and keeps nothing."""

import pytest
from sqlalchemy import text

from agency.kernel.unit import Door
from tests.intake.factories import a_file, a_row
from tests.portal.test_creditor import Browser, creditor_id, house, manager  # noqa: F401

FILE = a_file(a_row("F1"), a_row("F2", amount="abc"), a_row("F3", customer="8", name="Jan", kind="consument"))


def kept(house):  # noqa: F811
    with house.units.open(Door.STAFF, by="system:test") as unit:
        tables = "claim", "debtor", "placement", "quote", "stored_file", "event", "outbox"
        sql = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        return unit.session.connection().execute(text(f"SELECT {sql}")).scalar_one()


class TestPage:
    def test_shows_price_reason_and_what_helps_and_keeps_nothing(self, manager, house):  # noqa: F811
        before = kept(house)
        shown = manager.post("/creditor/placements/try", files={"file": ("open.csv", FILE, "text/csv")})
        assert shown.status_code == 200
        for words in (
            "Would be rejected",
            "Bedrag",
            "is not an amount",
            "abc",
            "F1",
            "Jan",
            "nothing of it was kept",
        ):
            assert words in shown.text
        assert "With " in shown.text
        assert kept(house) == before

    def test_of_a_broken_file_says_why(self, manager, house):  # noqa: F811
        broken = a_file(a_row("F1"), 'F2;"open')
        shown = manager.post("/creditor/placements/try", files={"file": ("open.csv", broken, "text/csv")})
        assert "would be refused as a whole" in shown.text
        assert manager.post("/creditor/placements/try").status_code == 422

    def test_then_the_same_file_can_be_handed_over(self, manager):  # noqa: F811
        manager.post("/creditor/placements/try", files={"file": ("open.csv", FILE, "text/csv")})
        page = manager.drop(FILE).headers["location"]
        assert "New claims" in manager.get(page).text
        again = manager.post("/creditor/placements/try", files={"file": ("open.csv", FILE, "text/csv")})
        assert "handed this file over before" in again.text


class TestInterface:
    @pytest.fixture
    def ask(self, manager):  # noqa: F811
        def ask(*claims):
            return manager.client.post(
                "/api/v1/claims/dry-run",
                json={"claims": list(claims)},
                headers={"x-csrf-token": manager.csrf},
            )

        return ask

    def test_answers_per_claim_and_keeps_nothing(self, ask, house):  # noqa: F811
        good = {
            "invoice_number": "F1",
            "amount": "100.00",
            "due_on": "2026-05-31",
            "debtor_name": "Jansen B.V.",
        }
        before = kept(house)
        answer = ask(good, {**good, "invoice_number": "F2", "email": "nobody"})
        assert answer.status_code == 200, answer.text
        first, second = answer.json()["results"]
        assert (first["claim"], first["eligible"], first["outcome"]) == (0, True, "created")
        assert first["price"]["fee_bps"] > 0
        assert first["cheaper"][0]["fee_bps_after"] < first["price"]["fee_bps"]
        assert (second["claim"], second["eligible"], second["price"]) == (1, False, None)
        assert second["required_actions"] == [{"action": "correct", "field": second["reasons"][0]["field"]}]
        assert kept(house) == before

    def test_answers_for_each_of_many(self, ask):
        one = {"amount": "100.00", "due_on": "2026-05-31", "debtor_name": "Jansen B.V."}
        answer = ask(*({**one, "invoice_number": f"F{number}"} for number in range(1_000)))
        assert [result["claim"] for result in answer.json()["results"]] == list(range(1_000))

    @pytest.mark.parametrize("field", ["debtor_name", "description"])
    def test_names_the_claim_and_the_field_that_holds_no_text(self, ask, field):
        one = {"invoice_number": "F1", "amount": "1.00", "due_on": "2026-05-31", "debtor_name": "Jansen"}
        answer = ask(one, {**one, field: "a\x00"})
        assert (answer.status_code, answer.json()["field"]) == (422, f"claims.1.{field}")

    def test_refuses_none_and_too_many(self, ask):
        assert ask().status_code == 422
