"""QuickBooks Online over HTTP to the simulator: Intuit's sign-in, queries in pages, and what is not said."""

from contextlib import closing
from datetime import UTC, date, datetime

import httpx
import pytest

from agency.money import Money
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import EXPIRED, REVOKED, Tokens
from integrations.bookkeeping.quickbooks import QuickBooks
from tests.bookkeeping.test_adapters import everything

BACK = "http://127.0.0.1:8000/creditor/bookkeeping/callback/quickbooks"
REALM = "9341450000000017"
WHEN = {"vendor": "quickbooks", "issued_on": "2026-08-01", "due_on": "2026-08-31"}


def adapter(simulator, *, secret: str = "s") -> QuickBooks:
    base = f"{simulator.url}/quickbooks"
    return QuickBooks(
        url=base, consent_at=base, tokens_at=base, client_id="c", secret=secret, production=False
    )


@pytest.fixture
def quickbooks(simulator):
    with closing(adapter(simulator)) as made:
        yield made


def came_back(quickbooks, simulator) -> httpx.QueryParams:
    """What the browser brings after the creditor's user has agreed."""
    asked = httpx.URL(quickbooks.consent_url(state="st", redirect_url=BACK))
    assert asked.params["scope"] == "com.intuit.quickbooks.accounting"
    assert "May the agency look into your books?" in simulator.http.get(str(asked)).text
    answer = simulator.http.post(asked.path, data={"redirect_uri": BACK, "state": "st", "answer": "yes"})
    return httpx.URL(answer.headers["location"]).params


@pytest.fixture
def tokens(quickbooks, simulator) -> Tokens:
    query = came_back(quickbooks, simulator)
    assert query["state"] == "st"
    return quickbooks.connect(code=query["code"], redirect_url=BACK, books=query["realmId"])


@pytest.fixture
def empty(simulator):
    simulator.post("/books/drawn", {"vendor": "quickbooks", "invoices": 0})


def told(quickbooks, tokens) -> dict[str, Money]:
    """What is open, by number."""
    return {item.number: item.open for item in everything(quickbooks, tokens, REALM)[1]}


class TestSigningIn:
    def test_brings_the_company_beside_the_code(self, quickbooks, tokens):
        [company] = quickbooks.administrations(tokens)
        assert (company.code, company.name, company.currency) == (REALM, "Van der Velde Export B.V.", "EUR")
        assert 3_500 < tokens.lives_seconds < 3_600

    def test_takes_a_code_once_and_only_with_a_company(self, quickbooks, simulator):
        code = came_back(quickbooks, simulator)["code"]
        for company in ("", "../1", "1" * 21):
            with pytest.raises(ProviderRefused):
                quickbooks.connect(code=code, redirect_url=BACK, books=company)
        quickbooks.connect(code=code, redirect_url=BACK, books=REALM)
        with pytest.raises(ProviderRefused) as refused:
            quickbooks.connect(code=code, redirect_url=BACK, books=REALM)
        assert refused.value.code == "code"

    def test_into_a_company_that_was_not_agreed_to_is_refused(self, quickbooks, simulator):
        query = came_back(quickbooks, simulator)
        tokens = quickbooks.connect(code=query["code"], redirect_url=BACK, books="12345")
        with pytest.raises(ProviderRefused) as refused:
            quickbooks.administrations(tokens)
        assert refused.value.code == "403"

    def test_keeps_the_newest_refresh_token(self, quickbooks, tokens):
        following = quickbooks.refresh(tokens)
        assert following.refresh != tokens.refresh
        with pytest.raises(ProviderRefused) as refused:
            quickbooks.refresh(tokens)
        assert refused.value.code == REVOKED
        assert quickbooks.refresh(following).access

    def test_tells_access_that_is_over_from_access_that_was_taken_back(self, quickbooks, tokens, simulator):
        item = everything(quickbooks, tokens, REALM)[1][0]
        simulator.post("/books/expire")
        wanted = {"administration": REALM, "ref": item.ref, "number": "", "customer_ref": ""}
        for call in (lambda: told(quickbooks, tokens), lambda: quickbooks.document(tokens, **wanted)):
            with pytest.raises(ProviderRefused) as refused:
                call()
            assert refused.value.code == EXPIRED
        following = quickbooks.refresh(tokens)
        assert told(quickbooks, following)
        simulator.http.post("/_sim/books/revoke")
        with pytest.raises(ProviderRefused) as refused:
            quickbooks.refresh(following)
        assert refused.value.code == REVOKED

    def test_without_an_answer_is_ambiguous(self, quickbooks, tokens, simulator):
        simulator.fault("quickbooks", "lost", path="/tokens")
        with pytest.raises(ProviderAmbiguous):
            quickbooks.refresh(tokens)

    def test_blames_our_own_registration_where_that_is_wrong(self, simulator):
        with closing(adapter(simulator, secret="wrong")) as made, pytest.raises(ProviderRefused) as refused:
            made.refresh(Tokens("a", "r"))
        assert refused.value.code == "client"

    def test_with_tokens_of_another_vendor_opens_nothing(self, quickbooks, simulator):
        answer = simulator.http.post(
            "/exact/api/oauth2/auth",
            data={"redirect_uri": BACK.replace("quickbooks", "exact"), "state": "s", "answer": "yes"},
        )
        code = httpx.URL(answer.headers["location"]).params["code"]
        with pytest.raises(ProviderRefused):
            quickbooks.connect(code=code, redirect_url=BACK, books=REALM)


class TestTheBooks:
    def test_are_told_whole_in_pages_with_all_customers(self, quickbooks, tokens, simulator):
        """Also those that were set aside, whom a query leaves out by itself; many were made at one moment."""
        simulator.post("/books/drawn", {"vendor": "quickbooks", "invoices": 130})
        simulator.post("/books/settings", {"quickbooks_page": 7})
        customers, items, pages = everything(quickbooks, tokens, REALM)
        assert pages > 30
        assert len(items) == len({item.line for item in items}) == 130
        assert len(customers) == len({one.ref for one in customers})
        assert {item.customer_ref for item in items} <= {one.ref for one in customers}
        assert {one.country for one in customers} == {"NL"}

    def test_are_told_once_where_more_were_made_at_one_moment_than_a_page_holds(
        self, quickbooks, tokens, simulator
    ):
        simulator.post("/books/drawn", {"vendor": "quickbooks", "invoices": 12})
        simulator.post("/books/settings", {"quickbooks_page": 2})
        lines, cursor = [], ""
        for _ in range(9):
            page = quickbooks.page(tokens, administration=REALM, cursor=cursor, customers_since=None)
            lines, cursor = lines + [item.line for item in page.items], page.cursor
        assert len(lines) == len(set(lines)) == 12

    def test_miss_nothing_when_invoices_are_paid_between_two_pages(self, quickbooks, tokens, simulator):
        simulator.post("/books/drawn", {"vendor": "quickbooks", "invoices": 20})
        simulator.post("/books/settings", {"quickbooks_page": 9})
        where = {"administration": REALM, "customers_since": None}
        first = quickbooks.page(tokens, cursor="", **where)
        for paid in first.items[:3]:
            amount = f"{paid.open.minor // 100}.{paid.open.minor % 100:02d}"
            simulator.post(
                "/books/pay/now", {"vendor": "quickbooks", "number": paid.number, "amount": amount}
            )
        items, cursor = list(first.items), first.cursor
        while "|invoices|" in cursor:
            page = quickbooks.page(tokens, cursor=cursor, **where)
            items, cursor = items + list(page.items), page.cursor
        assert len({item.line for item in items}) == 20

    def test_are_in_the_companys_own_currency_where_none_is_named(self, quickbooks, tokens, simulator, empty):
        simulator.post("/books/settings", {"quickbooks_currency": "GBP"})
        simulator.post("/books/lines", {**WHEN, "number": "1", "open": "100.10"})
        simulator.post("/books/lines", {**WHEN, "number": "2", "open": "7.00", "currency": "USD"})
        assert told(quickbooks, tokens) == {"1": Money(10_010, "GBP"), "2": Money(700, "USD")}

    def test_hold_credit_memos_in_the_customers_favour(self, quickbooks, tokens, simulator, empty):
        simulator.post("/books/lines", {**WHEN, "number": "1", "open": "100.00"})
        simulator.post("/books/lines", {**WHEN, "number": "C1", "open": "-30.00"})
        assert told(quickbooks, tokens) == {"1": Money(10_000, "EUR"), "C1": Money(-3_000, "EUR")}

    def test_leave_out_customers_that_did_not_change(self, quickbooks, tokens, simulator):
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        customers, items, _ = everything(quickbooks, tokens, REALM, since=now)
        assert items
        assert not customers
        assert everything(quickbooks, tokens, REALM, since=datetime(2020, 1, 1, tzinfo=UTC))[0]

    def test_tell_what_came_in_from_a_customer(self, quickbooks, tokens, simulator):
        item = next(one for one in everything(quickbooks, tokens, REALM)[1] if one.open.minor > 5_000)
        happened = {"vendor": "quickbooks", "number": item.number, "amount": "12.34", "text": "Betaling 1"}
        simulator.post("/books/pay/now", happened)
        simulator.post("/books/credit/now", {"vendor": "quickbooks", "number": item.number, "amount": "1.00"})
        asked = {"administration": REALM, "since": date(2026, 1, 1), "currency": "EUR"}
        [payment] = quickbooks.payments(tokens, customer_ref=item.customer_ref, **asked)
        assert (payment.amount, payment.description) == (Money(1_234, "EUR"), "Betaling 1")
        assert told(quickbooks, tokens)[item.number] == item.open - Money(1_334, "EUR")
        assert quickbooks.payments(tokens, customer_ref="1' or '1' = '1", **asked) == ()

    def test_give_the_document_of_an_invoice(self, quickbooks, tokens):
        item = everything(quickbooks, tokens, REALM)[1][0]
        wanted = {"administration": REALM, "number": item.number, "customer_ref": ""}
        file = quickbooks.document(tokens, ref=item.ref, **wanted)
        assert file.name == f"{item.number}.pdf"
        assert file.content.startswith(b"%PDF-")
        assert quickbooks.document(tokens, ref="credit-1", **wanted) is None

    def test_wait_as_long_as_they_are_asked_to(self, quickbooks, tokens, simulator):
        simulator.fault("quickbooks", "status", status=429, retry_after=7)
        with pytest.raises(ProviderTransient) as waiting:
            told(quickbooks, tokens)
        assert waiting.value.retry_after == 7

    def test_fail_for_a_while_with_500(self, quickbooks, tokens, simulator):
        simulator.fault("quickbooks", "status", status=500, path="/query")
        with pytest.raises(ProviderTransient):
            told(quickbooks, tokens)
        assert told(quickbooks, tokens)

    @pytest.mark.parametrize("company", ["", "1/../2", "abc", "9" * 21])
    def test_are_asked_by_a_number_only(self, quickbooks, tokens, company):
        with pytest.raises(ProviderRefused):
            quickbooks.page(tokens, administration=company, cursor="", customers_since=None)
