"""Billit over HTTP to the simulator: its key, its companies, what is owed, and what is not believed."""

from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from agency.money import Money
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import REVOKED, Tokens
from integrations.bookkeeping.billit import Billit
from tests.bookkeeping.test_adapters import everything

KEY = Tokens("billit-simulated-0001")
COMPANY = "574991"
WHEN = {"vendor": "billit", "issued_on": "2026-08-01", "due_on": "2026-08-31"}


@pytest.fixture
def billit(simulator):
    with closing(Billit(url=f"{simulator.url}/billit", production=False)) as adapter:
        yield adapter


@pytest.fixture
def empty(simulator):
    simulator.post("/books/drawn", {"vendor": "billit", "invoices": 0})


def told(billit) -> dict[str, Money]:
    """What is open, by number."""
    return {item.number: item.open for item in everything(billit, KEY, COMPANY)[1]}


class TestTheKey:
    def test_opens_the_companies_of_its_user(self, billit):
        assert billit.connect(code=KEY.access, redirect_url="") == KEY
        assert [one.code for one in billit.administrations(KEY)] == ["574991", "588708"]

    @pytest.mark.parametrize(
        "wrong", ["", "short", "with a space in it 1234", "a" * 16 + "\r\nX: 1", "ë" * 20]
    )
    def test_that_no_header_can_carry_is_not_tried(self, billit, wrong):
        with pytest.raises(ProviderRefused) as refused:
            billit.connect(code=wrong, redirect_url="")
        assert refused.value.code == "code"

    def test_that_was_taken_back_is_told_as_such(self, billit, simulator):
        simulator.http.post(f"/_sim/books/keys/{KEY.access}/revoke")
        for call in (billit.administrations, billit.refresh, lambda _: told(billit)):
            with pytest.raises(ProviderRefused) as refused:
                call(KEY)
            assert refused.value.code == REVOKED

    def test_whose_user_no_longer_sees_the_company_is_as_good_as_taken_back(self, billit, simulator):
        simulator.post("/books/settings", {"billit_companies": "588708"})
        with pytest.raises(ProviderRefused) as refused:
            told(billit)
        assert refused.value.code == REVOKED

    def test_that_may_not_see_one_order_still_works(self, billit):
        """Billit answers 401 to that as well; the connection must not be ended by it."""
        with pytest.raises(ProviderRefused) as refused:
            billit.document(KEY, administration=COMPANY, ref="123456", number="A", customer_ref="")
        assert refused.value.code == "401"
        assert told(billit)

    @pytest.mark.parametrize("company", ["", "1\r\nX: 1", "abc", "9" * 13])
    def test_is_shown_for_a_number_of_a_company_only(self, billit, company):
        with pytest.raises(ProviderRefused):
            billit.page(KEY, administration=company, cursor="", customers_since=None)


class TestTheBooks:
    def test_are_told_whole_in_pages_with_their_customers(self, billit, simulator):
        simulator.post("/books/drawn", {"vendor": "billit", "invoices": 150})
        simulator.post("/books/settings", {"billit_page": 20})
        customers, items, pages = everything(billit, KEY, COMPANY)
        assert pages > 15
        assert len(items) == len({item.line for item in items}) == 150
        assert {item.customer_ref for item in items} <= {customer.ref for customer in customers}
        assert all(item.due_on and item.total == item.open for item in items)
        assert all(one.street and one.city and len(one.country) == 2 for one in customers)

    def test_miss_nothing_when_an_invoice_is_paid_between_two_pages(self, billit, simulator):
        simulator.post("/books/drawn", {"vendor": "billit", "invoices": 12})
        simulator.post("/books/settings", {"billit_page": 5})
        where = {"administration": COMPANY, "customers_since": None}
        first = billit.page(KEY, cursor="", **where)
        paid = first.items[0]
        amount = f"{paid.open.minor // 100}.{paid.open.minor % 100:02d}"
        simulator.post("/books/pay/now", {"vendor": "billit", "number": paid.number, "amount": amount})
        items, cursor = list(first.items), first.cursor
        while cursor.startswith("orders"):
            page = billit.page(KEY, cursor=cursor, **where)
            items, cursor = items + list(page.items), page.cursor
        assert len({item.line for item in items}) == 12
        assert paid.number not in told(billit)

    def test_tell_what_is_left_after_part_was_paid(self, billit, simulator, empty):
        simulator.post("/books/lines", {**WHEN, "number": "2026-1", "open": "100.10"})
        simulator.post("/books/pay/now", {"vendor": "billit", "number": "2026-1", "amount": "40.00"})
        assert told(billit) == {"2026-1": Money(6_010, "EUR")}

    @pytest.mark.parametrize("status", ["Draft", "ToSend", "ApprovalNeeded", "Canceled", "Credited"])
    def test_leave_out_what_nobody_owes(self, billit, simulator, empty, status):
        simulator.post("/books/lines", {**WHEN, "number": "2026-1", "open": "100.10", "status": status})
        simulator.post("/books/lines", {**WHEN, "number": "2026-2", "open": "7.00", "status": "Sent"})
        assert told(billit) == {"2026-2": Money(700, "EUR")}

    def test_leave_out_what_suppliers_ask_even_where_the_filter_is_not_heeded(self, billit, simulator, empty):
        simulator.post("/books/lines", {**WHEN, "number": "2026-1", "open": "100.10"})
        simulator.post("/books/settings", {"billit_unfiltered": "kinds"})
        assert told(billit) == {"2026-1": Money(10_010, "EUR")}

    def test_that_give_the_same_page_for_ever_are_not_read_for_ever(self, billit, simulator):
        simulator.post("/books/settings", {"billit_unfiltered": "all", "billit_page": 5})
        with pytest.raises(ProviderTransient):
            told(billit)

    def test_hold_credit_notes_in_the_customers_favour(self, billit, simulator, empty):
        simulator.post("/books/lines", {**WHEN, "number": "2026-1", "open": "100.00", "customer": "K1"})
        simulator.post("/books/lines", {**WHEN, "number": "C-1", "open": "-30.00", "your_ref": "2026-1"})
        _, items, _ = everything(billit, KEY, COMPANY)
        assert [(one.number, one.open.minor, one.credits) for one in items] == [
            ("2026-1", 10_000, ""),
            ("C-1", -3_000, "2026-1"),
        ]
        assert items[0].due_on == date(2026, 8, 31)

    def test_leave_out_customers_that_did_not_change(self, billit, simulator):
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        customers, items, _ = everything(billit, KEY, COMPANY, since=now)
        assert items
        assert not customers
        assert everything(billit, KEY, COMPANY, since=datetime(2020, 1, 1, tzinfo=UTC))[0]

    def test_wait_as_long_as_they_are_asked_to(self, billit, simulator):
        simulator.fault("billit", "status", status=429, retry_after=7)
        with pytest.raises(ProviderTransient) as waiting:
            told(billit)
        assert waiting.value.retry_after == 7

    def test_fail_for_a_while_with_500(self, billit, simulator):
        simulator.fault("billit", "status", status=500, path="parties")
        with pytest.raises(ProviderTransient):
            told(billit)
        assert told(billit)

    def test_give_the_document_of_an_invoice(self, billit, simulator):
        item = everything(billit, KEY, COMPANY)[1][0]
        wanted = {"administration": COMPANY, "number": item.number, "customer_ref": item.customer_ref}
        file = billit.document(KEY, ref=item.ref, **wanted)
        assert file.name == f"Factuur {item.number}.pdf"
        assert file.content.startswith(b"%PDF-")
        assert billit.document(KEY, ref="../account", **wanted) is None
        simulator.post("/books/settings", {"book_document": "broken"})
        with pytest.raises(ProviderRefused) as refused:
            billit.document(KEY, ref=item.ref, **wanted)
        assert refused.value.code == "file"

    def test_do_not_tell_payments(self, billit):
        asked = {"customer_ref": "1", "since": date(2026, 1, 1), "currency": "EUR"}
        assert billit.payments(KEY, administration=COMPANY, **asked) == ()
