"""Each adapter over HTTP to the simulator: signing in, pages, limits, documents, and what is not believed."""

import json
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from agency.money import Money
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import EXPIRED, REVOKED, Tokens
from integrations.bookkeeping.answers import good_json, money_of, own_address, text_of
from integrations.bookkeeping.exact import ExactOnline
from integrations.bookkeeping.stripe import StripeInvoices

BACK = "http://127.0.0.1:8000/creditor/bookkeeping/callback/exact"
DIVISION = "900101"
KEY = "rk_test_simulated0001"


@pytest.fixture
def exact(simulator):
    # Early in a minute and in a day, so that no window of the limits ends under a test.
    simulator.post("/clock", {"now": "2026-11-30T09:00:05+00:00"})
    with closing(
        ExactOnline(url=f"{simulator.url}/exact", client_id="c", secret="s", production=False)
    ) as adapter:
        yield adapter


@pytest.fixture
def stripe(simulator):
    with closing(
        StripeInvoices(
            url=f"{simulator.url}/stripe", files_url=f"{simulator.url}/stripe-files", production=False
        )
    ) as adapter:
        yield adapter


def agreed_code(simulator, *, state: str = "st", back: str = BACK) -> str:
    """What the browser comes back with after the creditor's user has agreed."""
    answer = simulator.http.post(
        "/exact/api/oauth2/auth", data={"redirect_uri": back, "state": state, "answer": "yes"}
    )
    assert answer.status_code == 303
    query = httpx.URL(answer.headers["location"]).params
    assert query["state"] == state
    return query["code"]


@pytest.fixture
def tokens(exact, simulator):
    return exact.connect(code=agreed_code(simulator), redirect_url=BACK)


def everything(adapter, tokens, administration, *, since=None):
    """All pages: customers and items."""
    customers, items, cursor, pages = [], [], "", 0
    while cursor is not None:
        page = adapter.page(tokens, administration=administration, cursor=cursor, customers_since=since)
        customers += page.customers
        items += page.items
        cursor, pages = page.cursor, pages + 1
    return customers, items, pages


class TestExactSigningIn:
    def test_goes_over_the_vendors_page_with_state_and_fixed_address(self, exact, simulator):
        url = httpx.URL(exact.consent_url(state="abc", redirect_url=BACK))
        assert url.params["response_type"] == "code"
        assert url.params["state"] == "abc"
        assert url.params["redirect_uri"] == BACK
        assert "s" not in url.params.values()
        page = simulator.http.get(str(url))
        assert page.status_code == 200
        assert "May the agency look into your books?" in page.text
        other = exact.consent_url(state="abc", redirect_url="https://evil.example/callback")
        assert simulator.http.get(other).status_code == 400

    def test_takes_a_code_once(self, exact, simulator):
        code = agreed_code(simulator)
        tokens = exact.connect(code=code, redirect_url=BACK)
        assert 500 < tokens.lives_seconds < 600
        with pytest.raises(ProviderRefused) as refused:
            exact.connect(code=code, redirect_url=BACK)
        assert refused.value.code == "code"

    def test_gives_a_new_refresh_token_each_time_and_refuses_the_old_one(self, exact, tokens):
        following = exact.refresh(tokens)
        assert following.refresh != tokens.refresh
        assert following.access != tokens.access
        with pytest.raises(ProviderRefused) as refused:
            exact.refresh(tokens)
        assert refused.value.code == REVOKED
        assert exact.refresh(following).access

    def test_tells_access_that_is_over_from_access_that_was_taken_back(self, exact, tokens, simulator):
        simulator.post("/books/expire")
        with pytest.raises(ProviderRefused) as refused:
            exact.administrations(tokens)
        assert refused.value.code == EXPIRED
        tokens = exact.refresh(tokens)
        simulator.http.post("/_sim/books/revoke")
        with pytest.raises(ProviderRefused) as refused:
            exact.refresh(tokens)
        assert refused.value.code == REVOKED

    def test_of_a_refresh_without_an_answer_is_ambiguous(self, exact, tokens, simulator):
        simulator.fault("exact", "lost", path="/token")
        with pytest.raises(ProviderAmbiguous):
            exact.refresh(tokens)

    def test_blames_our_own_registration_where_that_is_wrong(self, simulator):
        with (
            closing(
                ExactOnline(url=f"{simulator.url}/exact", client_id="c", secret="wrong", production=False)
            ) as adapter,
            pytest.raises(ProviderRefused) as refused,
        ):
            adapter.refresh(Tokens("a", "r"))
        assert refused.value.code == "client"

    def test_never_shows_a_token(self, tokens):
        assert tokens.access not in repr(tokens)
        assert tokens.refresh not in str(tokens)


class TestExactBooks:
    def test_offer_their_divisions(self, exact, tokens):
        found = exact.administrations(tokens)
        assert [one.code for one in found] == ["900101", "900102"]
        assert found[0].currency == "EUR"

    def test_are_told_whole_in_pages(self, exact, tokens, simulator):
        simulator.post("/books/drawn", {"vendor": "exact", "invoices": 150})
        customers, items, pages = everything(exact, tokens, DIVISION)
        assert pages > 4
        assert len(items) == 150
        assert len({item.line for item in items}) == 150
        known = {customer.ref for customer in customers}
        assert {item.customer_ref for item in items} <= known
        assert all(item.open.minor > 0 and item.due_on and item.number.isdecimal() for item in items)
        assert all(len(customer.country) == 2 for customer in customers)

    def test_leave_out_customers_that_did_not_change(self, exact, tokens, simulator):
        simulator.post("/books/drawn", {"vendor": "exact", "invoices": 5})
        since = datetime(2026, 1, 1, tzinfo=UTC)
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        customers, items, _ = everything(exact, tokens, DIVISION, since=now)
        assert not customers
        assert len(items) == 5
        assert since < now

    def test_hold_credit_notes_and_other_currencies(self, exact, tokens, simulator):
        simulator.post("/books/drawn", {"vendor": "exact", "invoices": 0})
        when = {"issued_on": "2026-08-01", "due_on": "2026-08-31"}
        simulator.post("/books/lines", {"number": "20000001", "open": "100.10", **when})
        simulator.post(
            "/books/lines", {"number": "20000002", "open": "-30.00", "your_ref": "20000001", **when}
        )
        simulator.post("/books/lines", {"number": "20000003", "open": "7.00", "currency": "USD", **when})
        _, items, _ = everything(exact, tokens, DIVISION)
        assert [item.open for item in items] == [
            Money(10_010, "EUR"),
            Money(-3_000, "EUR"),
            Money(700, "USD"),
        ]
        assert [item.credits for item in items] == ["", "20000001", ""]
        assert items[0].due_on == date(2026, 8, 31)

    def test_say_how_long_to_wait_when_the_minute_is_used_up(self, exact, tokens, simulator):
        simulator.post("/books/settings", {"minutely": 2})
        first = exact.page(tokens, administration=DIVISION, cursor="", customers_since=None)
        assert first.pause_seconds == 0
        second = exact.page(tokens, administration=DIVISION, cursor=first.cursor, customers_since=None)
        assert 1 <= second.pause_seconds <= 61
        with pytest.raises(ProviderTransient) as waiting:
            exact.page(tokens, administration=DIVISION, cursor=second.cursor, customers_since=None)
        assert 1 <= waiting.value.retry_after <= 61

    def test_say_to_wait_until_tomorrow_when_the_day_is_used_up(self, exact, tokens, simulator):
        simulator.post("/books/settings", {"daily": 1})
        exact.page(tokens, administration=DIVISION, cursor="", customers_since=None)
        with pytest.raises(ProviderTransient) as waiting:
            exact.page(tokens, administration=DIVISION, cursor="", customers_since=None)
        assert waiting.value.retry_after <= 86_400

    def test_fail_for_a_while_with_500(self, exact, tokens, simulator):
        simulator.fault("exact", "status", status=500, path="ReceivablesList")
        with pytest.raises(ProviderTransient):
            everything(exact, tokens, DIVISION)
        assert everything(exact, tokens, DIVISION)[1]

    @pytest.mark.parametrize(
        "elsewhere",
        ["https://evil.example/api/v1/1/x?a=1", "http://127.0.0.1:1/exact/x", "//evil.example/exact/x"],
    )
    def test_that_send_our_key_elsewhere_are_not_followed(self, exact, tokens, simulator, elsewhere):
        simulator.post("/books/settings", {"exact_next": elsewhere})
        with pytest.raises(ProviderRefused) as refused:
            everything(exact, tokens, DIVISION)
        assert refused.value.code == "address"

    def test_give_the_document_of_an_invoice(self, exact, tokens, simulator):
        _, items, _ = everything(exact, tokens, DIVISION)
        wanted = {"administration": DIVISION, "ref": items[0].ref, "customer_ref": items[0].customer_ref}
        file = exact.document(tokens, number=items[0].number, **wanted)
        assert file.name == f"Factuur {items[0].number}.pdf"
        assert file.content.startswith(b"%PDF-")
        assert exact.document(tokens, number="1", **wanted) is None
        assert exact.document(tokens, number="F1' or 1 eq 1", **wanted) is None
        simulator.post("/books/settings", {"exact_file_url": "https://evil.example/x?ID=1"})
        with pytest.raises(ProviderRefused) as refused:
            exact.document(tokens, number=items[0].number, **wanted)
        assert refused.value.code == "address"

    def test_tell_what_came_in_from_a_customer(self, exact, tokens, simulator):
        _, items, _ = everything(exact, tokens, DIVISION)
        item = next(item for item in items if item.open.minor > 5_000 and item.open.currency == "EUR")
        simulator.post(
            "/books/pay/now",
            {"vendor": "exact", "number": item.number, "amount": "12.34", "text": "Betaling 1"},
        )
        [payment] = exact.payments(
            tokens, administration=DIVISION, customer_ref=item.customer_ref, since=date(2026, 1, 1),
            currency="EUR",
        )  # fmt: skip
        assert payment.amount == Money(1_234, "EUR")
        assert payment.description == "Betaling 1"
        later = everything(exact, tokens, DIVISION)[1]
        left = next(one for one in later if one.line == item.line)
        assert left.open == item.open - Money(1_234, "EUR")

    @pytest.mark.parametrize("division", ["", "1/../2", "abc", "9" * 13])
    def test_are_asked_by_a_number_only(self, exact, tokens, division):
        with pytest.raises(ProviderRefused):
            exact.page(tokens, administration=division, cursor="", customers_since=None)


class TestStripe:
    def test_takes_a_key_that_works(self, stripe, simulator):
        assert stripe.connect(code=KEY, redirect_url="").access == KEY
        for wrong in ("nonsense", "pk_test_1234567", "rk_test_wrong", "sk_test_simulated0001"):
            with pytest.raises(ProviderRefused):
                stripe.connect(code=wrong, redirect_url="")

    def test_tells_every_open_invoice_once(self, stripe, simulator):
        simulator.post("/books/settings", {"stripe_page": 7})
        [account] = stripe.administrations(Tokens(KEY))
        customers, items, pages = everything(stripe, Tokens(KEY), account.code)
        assert pages > 10
        assert len(items) == len({item.ref for item in items}) == 90
        assert {item.customer_ref for item in items} == {customer.ref for customer in customers}

    def test_counts_credit_notes_apart_from_payments(self, stripe, simulator):
        _, items, _ = everything(stripe, Tokens(KEY), "acct")
        number = items[0].number
        simulator.post("/books/credit/now", {"vendor": "stripe", "number": number, "amount": "1.00"})
        again = everything(stripe, Tokens(KEY), "acct")[1][0]
        assert again.credited == Money(100, "EUR")
        assert again.open == items[0].open - Money(100, "EUR")

    def test_gives_the_pdf_from_its_own_host_without_the_key(self, stripe, simulator):
        _, items, _ = everything(stripe, Tokens(KEY), "acct")
        wanted = {"administration": "acct", "number": "A", "customer_ref": ""}
        assert stripe.document(Tokens(KEY), ref=items[0].ref, **wanted).content.startswith(b"%PDF-")
        assert stripe.document(Tokens(KEY), ref="../account", **wanted) is None
        simulator.post("/books/settings", {"stripe_file_url": "https://evil.example/a.pdf"})
        with pytest.raises(ProviderRefused):
            stripe.document(Tokens(KEY), ref=items[0].ref, **wanted)

    def test_tells_a_key_that_was_taken_back(self, stripe, simulator):
        simulator.http.post(f"/_sim/books/keys/{KEY}/revoke")
        for call in (stripe.administrations, stripe.refresh):
            with pytest.raises(ProviderRefused) as refused:
                call(Tokens(KEY))
            assert refused.value.code == REVOKED

    def test_waits_as_long_as_it_is_asked_to(self, stripe, simulator):
        simulator.fault("stripe", "status", status=429, retry_after=7)
        with pytest.raises(ProviderTransient) as waiting:
            stripe.page(Tokens(KEY), administration="acct", cursor="", customers_since=None)
        assert waiting.value.retry_after == 7


class TestAnswers:
    """Pure: what is read from a vendor's JSON."""

    @pytest.mark.parametrize(
        ("value", "minor"),
        [(Decimal("121.0"), 12_100), (Decimal("0.30000000000000004"), 30), (5, 500), (Decimal("-1.5"), -150)],
    )
    def test_amounts_are_exact_minor_units(self, value, minor):
        assert money_of(value, "EUR") == Money(minor, "EUR")

    @pytest.mark.parametrize("value", [Decimal("0.005"), "5", True, None, Decimal("1e20")])
    def test_amounts_that_are_none_are_refused(self, value):
        with pytest.raises(ValueError, match="amount"):
            money_of(value, "EUR")

    def test_texts_lose_signs_that_nobody_sees(self):
        assert text_of({"a": "Jan\x00sen\u202e \n B.V."}, "a") == "Jan sen B.V."
        assert text_of({"a": None}, "a") == ""
        assert text_of({"a": "x" * 900}, "a", 10) == "x" * 10

    @pytest.mark.parametrize(
        "url",
        [
            "https://start.exactonline.nl.evil.example/api",
            "https://user@start.exactonline.nl/api",
            "http://start.exactonline.nl/api",
            "https://start.exactonline.nl:444/api",
            "https://start.exactonline.nl\\@evil.example/api",
        ],
    )
    def test_addresses_of_others_are_refused(self, url):
        with pytest.raises(ProviderRefused):
            own_address(url, base="https://start.exactonline.nl")

    def test_own_addresses_are_followed(self):
        found = own_address(
            "https://start.exactonline.nl/api/v1/1/x?$skiptoken=a", base="https://start.exactonline.nl"
        )
        assert found == "/api/v1/1/x?$skiptoken=a"

    @pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"a": NaN}', b"[" * 100_000])
    def test_what_is_no_object_is_no_answer(self, body):
        with pytest.raises(ProviderTransient):
            good_json(httpx.Response(200, content=body), effect=False)
        assert json.loads(good_json(httpx.Response(200, content=b'{"a": "1"}'), effect=False)["a"]) == 1
