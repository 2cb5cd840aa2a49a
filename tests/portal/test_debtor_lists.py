"""Open items that say numbers of debtors only: the creditor hands over the list of its debtors beside it."""

import pytest

from tests.portal.test_creditor import creditor_id, house, manager  # noqa: F401 - fixtures
from tests.portal.test_rejects import claims

ITEMS = (
    b"Customer;Document Number;Document Type;Document Date;Net Due Date;Amount in Local Currency"
    b";Local Currency\r\n"
    b"0000100234;90000112;RV;02.03.2026;01.04.2026;1.210,00;EUR\r\n"
    b"0000100235;90000113;RV;05.03.2026;04.04.2026;605,00;EUR\r\n"
)
DEBTORS = (
    b"Customer;Name 1;Street;Postal Code;City\r\n"
    b"100234;Bakkerij De Vries;Dorpsstraat 1;3511 AA;Utrecht\r\n"
    b"100235;Jansen Bouw;Kade 5;3011 AB;Rotterdam\r\n"
)
ASKS = "No names in this list?"
SAID = {
    "column_0": "debtor_reference", "column_1": "invoice_number", "column_2": "document_kind",
    "column_3": "issued_on", "column_4": "due_on", "column_5": "amount", "column_6": "currency",
    "column_7": "debtor_name", "column_8": "street", "column_9": "postal_code", "column_10": "city",
    "profile": "SAP",
}  # fmt: skip


@pytest.fixture
def page(manager):  # noqa: F811
    return manager.drop(ITEMS, name="fbl5n.csv").headers["location"]


def hand_over(manager, page, content, name="debtors.csv"):  # noqa: F811
    return manager.post(f"{page}/debtors", files={"debtors": (name, content, "text/csv")})


class TestAListWithoutNames:
    def test_asks_for_the_list_of_debtors(self, manager, page):  # noqa: F811
        assert ASKS in manager.get(page).text

    def test_a_list_with_names_does_not_ask(self, manager):  # noqa: F811
        other = manager.drop(b"Nota;Klantnaam;Te betalen op;Som\r\nR1;Jansen;31.08.2026;10,00\r\n")
        shown = manager.get(other.headers["location"]).text
        assert "What do the columns mean?" in shown
        assert ASKS not in shown

    def test_with_names_beside_the_numbers_it_is_read(self, manager, page, house, creditor_id):  # noqa: F811
        assert hand_over(manager, page, DEBTORS).headers["location"] == page
        shown = manager.get(page).text
        assert ASKS not in shown
        assert "Bakkerij De Vries" in shown
        assert manager.post(f"{page}/mapping", SAID).status_code == 303
        assert claims(house, creditor_id) == [("90000112", 121_000), ("90000113", 60_500)]
        assert house.one("SELECT count(*) FROM placement") == 1

    def test_the_next_month_both_are_read_without_a_question(self, manager, page, house, creditor_id):  # noqa: F811
        hand_over(manager, page, DEBTORS)
        manager.post(f"{page}/mapping", SAID)
        later = manager.drop(ITEMS.replace(b"9000011", b"9000021"), name="fbl5n 2.csv").headers["location"]
        assert ASKS in manager.get(later).text
        hand_over(manager, later, DEBTORS)
        assert {number for number, _ in claims(house, creditor_id)} >= {"90000212", "90000213"}

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"Customer;Name 1\r\n7;Maas\r\n8;Peters\r\n", "do not stand in the list of debtors"),
            (b"Customer;City\r\n100234;Utrecht\r\n100235;Breda\r\n", "no column of names"),
            (b"%PDF-1.4 nothing", "only one column"),
            (b"", "empty"),
        ],
    )
    def test_a_list_that_does_not_fit_changes_nothing(self, manager, page, house, content, reason):  # noqa: F811
        refused = hand_over(manager, page, content)
        assert refused.status_code == 422
        assert reason in refused.text
        assert house.one("SELECT state FROM placement") == "mapping"
        assert house.one("SELECT count(*) FROM claim") == 0

    def test_without_a_file_it_is_asked_again(self, manager, page):  # noqa: F811
        asked = manager.post(f"{page}/debtors", {"sheet": ""})
        assert asked.status_code == 422
        assert "choose a file first" in asked.text.lower()

    def test_the_same_two_lists_again_change_nothing(self, manager, page, house):  # noqa: F811
        hand_over(manager, page, DEBTORS)
        manager.post(f"{page}/mapping", SAID)
        again = manager.drop(ITEMS, name="fbl5n.csv").headers["location"]
        assert again != page
        refused = hand_over(manager, again, DEBTORS)
        assert refused.status_code == 422
        assert "handed over together before" in refused.text
        assert house.one("SELECT count(*) FROM claim") == 2

    def test_pressed_again_after_it_was_read_nothing_happens(self, manager, page, house):  # noqa: F811
        hand_over(manager, page, DEBTORS)
        manager.post(f"{page}/mapping", SAID)
        assert hand_over(manager, page, DEBTORS).status_code == 303
        assert house.one("SELECT count(*) FROM claim") == 2
