"""Teamleader Focus over HTTP to the simulator: its sign-in, pages by number, documents, its limit."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from agency.money import Money
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import EXPIRED, REVOKED, Tokens
from integrations.bookkeeping.answers import NotInForm
from integrations.bookkeeping.teamleader import Teamleader, _following, _moved, _payments, _Place
from tests.bookkeeping.test_adapters import everything

BACK = "http://127.0.0.1:8000/creditor/bookkeeping/callback/teamleader"
STUDIO = "7e1ead00-0000-4000-8000-000000000001"
ACADEMY = "7e1ead00-0000-4000-8000-000000000002"
WHEN = {"vendor": "teamleader", "issued_on": "2026-08-01", "due_on": "2026-08-31"}


def adapter(simulator, *, secret: str = "s") -> Teamleader:
    base = f"{simulator.url}/teamleader"
    return Teamleader(
        url=base, door=base, files_url=f"{base}-files", client_id="c", secret=secret, production=False
    )


@pytest.fixture
def teamleader(simulator):
    # By day, so that no day ends under a test.
    simulator.post("/clock", {"now": "2026-11-30T09:00:05+00:00"})
    with closing(adapter(simulator)) as made:
        yield made


def came_back(teamleader, simulator) -> httpx.QueryParams:
    """What the browser brings after the creditor's user has agreed."""
    asked = httpx.URL(teamleader.consent_url(state="st", redirect_url=BACK))
    assert asked.params["response_type"] == "code"
    assert "May the agency look into your books?" in simulator.http.get(str(asked)).text
    answer = simulator.http.post(asked.path, data={"redirect_uri": BACK, "state": "st", "answer": "yes"})
    return httpx.URL(answer.headers["location"]).params


@pytest.fixture
def tokens(teamleader, simulator) -> Tokens:
    query = came_back(teamleader, simulator)
    assert query["state"] == "st"
    return teamleader.connect(code=query["code"], redirect_url=BACK)


@pytest.fixture
def empty(simulator):
    simulator.post("/books/drawn", {"vendor": "teamleader", "invoices": 0})


def told(teamleader, tokens) -> dict[str, Money]:
    """What is open, by number."""
    return {item.number: item.open for item in everything(teamleader, tokens, STUDIO)[1]}


def pay(simulator, item) -> None:
    amount = f"{item.open.minor // 100}.{item.open.minor % 100:02d}"
    happened = {"vendor": "teamleader", "number": item.number, "amount": amount}
    simulator.post("/books/pay/now", happened)


def one_day(simulator, count: int) -> None:
    """So many invoices of one day, as a subscription makes them."""
    for number in range(1, count + 1):
        simulator.post("/books/lines", {**WHEN, "number": f"2026 / {number:03d}", "open": "10.00"})


class TestSigningIn:
    def test_brings_the_departments(self, teamleader, tokens):
        found = teamleader.administrations(tokens)
        assert [(one.code, one.currency) for one in found] == [(STUDIO, "EUR"), (ACADEMY, "EUR")]
        assert found[0].name == "Studio Verhaegen BV"
        assert 3_500 < tokens.lives_seconds < 3_600

    def test_takes_a_code_once(self, teamleader, simulator):
        code = came_back(teamleader, simulator)["code"]
        teamleader.connect(code=code, redirect_url=BACK)
        with pytest.raises(ProviderRefused) as refused:
            teamleader.connect(code=code, redirect_url=BACK)
        assert refused.value.code == "code"

    def test_uses_a_refresh_token_once(self, teamleader, tokens):
        following = teamleader.refresh(tokens)
        assert following.refresh != tokens.refresh
        with pytest.raises(ProviderRefused) as refused:
            teamleader.refresh(tokens)
        assert refused.value.code == REVOKED
        assert teamleader.refresh(following).access

    def test_tells_access_that_is_over_from_access_that_was_taken_back(self, teamleader, tokens, simulator):
        item = everything(teamleader, tokens, STUDIO)[1][0]
        simulator.post("/books/expire")
        wanted = {"administration": STUDIO, "ref": item.ref, "number": "", "customer_ref": ""}
        for call in (lambda: told(teamleader, tokens), lambda: teamleader.document(tokens, **wanted)):
            with pytest.raises(ProviderRefused) as refused:
                call()
            assert refused.value.code == EXPIRED
        following = teamleader.refresh(tokens)
        assert told(teamleader, following)
        simulator.http.post("/_sim/books/revoke")
        with pytest.raises(ProviderRefused) as refused:
            teamleader.refresh(following)
        assert refused.value.code == REVOKED

    @pytest.mark.parametrize("kind", ["lost", "cut"])
    def test_without_a_whole_answer_is_ambiguous(self, teamleader, tokens, simulator, kind):
        simulator.fault("teamleader", kind, path="/access_token")
        with pytest.raises(ProviderAmbiguous):
            teamleader.refresh(tokens)

    def test_blames_our_own_registration_where_that_is_wrong(self, simulator):
        with closing(adapter(simulator, secret="wrong")) as made, pytest.raises(ProviderRefused) as refused:
            made.refresh(Tokens("a", "r"))
        assert refused.value.code == "client"

    def test_with_tokens_of_another_vendor_opens_nothing(self, teamleader, simulator):
        answer = simulator.http.post(
            "/exact/api/oauth2/auth",
            data={"redirect_uri": BACK.replace("teamleader", "exact"), "state": "s", "answer": "yes"},
        )
        code = httpx.URL(answer.headers["location"]).params["code"]
        with pytest.raises(ProviderRefused):
            teamleader.connect(code=code, redirect_url=BACK)


class TestTheBooks:
    def test_are_told_whole_in_pages_with_all_customers(self, teamleader, tokens, simulator):
        """Also those that were set aside, whom a list leaves out by itself."""
        simulator.post("/books/drawn", {"vendor": "teamleader", "invoices": 130})
        simulator.post("/books/settings", {"teamleader_page": 7, "teamleader_limit": 10_000})
        customers, items, pages = everything(teamleader, tokens, STUDIO)
        assert pages > 18
        assert len({item.line for item in items}) == 130
        assert {item.customer_ref for item in items} == {one.ref for one in customers}
        assert {one.country for one in customers} == {"NL"}
        assert all(item.number.startswith("202") and item.due_on and item.total for item in items)

    def test_of_one_department_hold_nothing_of_another(self, teamleader, tokens):
        ours, theirs = (everything(teamleader, tokens, code)[1] for code in (STUDIO, ACADEMY))
        assert len(ours) > len(theirs) > 5
        assert not {item.ref for item in ours} & {item.ref for item in theirs}

    @pytest.mark.parametrize("count", [3, 4, 11])
    def test_are_told_once_where_one_day_has_more_than_a_page(
        self, teamleader, tokens, simulator, empty, count
    ):
        simulator.post("/books/settings", {"teamleader_page": 4})
        one_day(simulator, count)
        simulator.post(
            "/books/lines", {**WHEN, "number": "2026 / 900", "open": "9.00", "issued_on": "2026-08-02"}
        )
        simulator.post(
            "/books/lines", {**WHEN, "number": "2025 / 1", "open": "8.00", "issued_on": "2026-07-31"}
        )
        assert len(told(teamleader, tokens)) == count + 2

    @pytest.mark.parametrize("paid", [1, 3, 6])
    def test_miss_nothing_when_invoices_of_one_day_are_paid_between_two_pages(
        self, teamleader, tokens, simulator, empty, paid
    ):
        """A page by its number would leave out as many as were paid; more than a page of them, too."""
        simulator.post("/books/settings", {"teamleader_page": 4})
        one_day(simulator, 15)
        where = {"administration": STUDIO, "customers_since": None}
        items, cursor = [], ""
        while cursor is not None:
            page = teamleader.page(tokens, cursor=cursor, **where)
            items, cursor = items + list(page.items), page.cursor
            if len({item.line for item in items}) >= 8 and paid:
                for one in list({item.number: item for item in items}.values())[:paid]:
                    pay(simulator, one)
                paid = 0
        assert len({item.line for item in items}) == 15

    def test_miss_nothing_when_the_last_one_told_is_paid(self, teamleader, tokens, simulator, empty):
        simulator.post("/books/settings", {"teamleader_page": 4})
        one_day(simulator, 9)
        where = {"administration": STUDIO, "customers_since": None}
        items, cursor = [], ""
        for _ in range(2):
            page = teamleader.page(tokens, cursor=cursor, **where)
            items, cursor = items + list(page.items), page.cursor
        pay(simulator, items[-1])
        page = teamleader.page(tokens, cursor=cursor, **where)
        assert page.cursor.startswith("invoices|2026-08-01|1|")
        while "invoices" in page.cursor:
            page = teamleader.page(tokens, cursor=page.cursor, **where)
            items += page.items
        assert len({item.line for item in items}) == 9

    def test_are_in_the_currency_of_each_invoice(self, teamleader, tokens, simulator, empty):
        simulator.post("/books/lines", {**WHEN, "number": "2026 / 1", "open": "100.10"})
        simulator.post("/books/lines", {**WHEN, "number": "2026 / 2", "open": "7.00", "currency": "USD"})
        assert told(teamleader, tokens) == {"2026 / 1": Money(10_010, "EUR"), "2026 / 2": Money(700, "USD")}

    def test_hold_a_credit_note_in_its_invoice_or_else_in_the_customers_favour(
        self, teamleader, tokens, simulator, empty
    ):
        simulator.post("/books/lines", {**WHEN, "number": "2026 / 1", "open": "100.00"})
        named = {**WHEN, "number": "2026/1", "open": "-30.00", "your_ref": "2026 / 1"}
        simulator.post("/books/lines", named)
        simulator.post("/books/lines", {**WHEN, "number": "2026/2", "open": "-5.00", "customer": "K2"})
        assert told(teamleader, tokens) == {"2026 / 1": Money(7_000, "EUR"), "2026/2": Money(-500, "EUR")}
        customers = everything(teamleader, tokens, STUDIO)[0]
        assert len({one.ref for one in customers}) == 2

    def test_tell_the_number_of_a_company_and_not_that_of_a_person(
        self, teamleader, tokens, simulator, empty
    ):
        number = "0476.038.151"
        company = {
            "customer": "K1",
            "name": "Bakkerij Jansen BV",
            "country": "BE",
            "registration_number": number,
        }
        simulator.post("/books/lines", {**WHEN, "number": "2026 / 1", "open": "1.00", **company})
        person = {"customer": "K2", "name": "Jan Voorbeeld", "country": "BE", "email": "jan@poste.example"}
        simulator.post("/books/lines", {**WHEN, "number": "2026 / 2", "open": "2.00", **person})
        customers = {one.name: one for one in everything(teamleader, tokens, STUDIO)[0]}
        jansen, jan = customers["Bakkerij Jansen BV"], customers["Jan Voorbeeld"]
        assert (jansen.registration_number, jansen.vat_number) == (number, "BE0476038151")
        assert (jan.registration_number, jan.vat_number, jan.phone) == ("", "", "")
        assert (jan.email, jan.country, jan.city) == ("jan@poste.example", "BE", "Utrecht")
        assert jansen.ref.startswith("company:")
        assert jan.ref.startswith("contact:")

    def test_tell_what_came_in_from_a_customer(self, teamleader, tokens, simulator):
        item = next(one for one in everything(teamleader, tokens, STUDIO)[1] if one.open.minor > 5_000)
        for amount in ("12.34", "12.34", "1.00"):
            happened = {"vendor": "teamleader", "number": item.number, "amount": amount}
            simulator.post("/books/pay/now", happened)
        simulator.post("/books/credit/now", {"vendor": "teamleader", "number": item.number, "amount": "2.00"})
        today = date(2026, 11, 30)
        asked = {"administration": STUDIO, "currency": "EUR", "customer_ref": item.customer_ref}
        payments = teamleader.payments(tokens, since=date(2026, 1, 1), **asked)
        assert [one.amount.minor for one in payments] == [1_234, 1_234, 100]
        assert {one.description for one in payments} == {item.number}
        assert {one.paid_on for one in payments} == {today}
        assert len({one.ref for one in payments}) == 3
        assert [one.ref for one in teamleader.payments(tokens, since=date(2026, 1, 1), **asked)] == [
            one.ref for one in payments
        ]
        assert told(teamleader, tokens)[item.number] == item.open - Money(2_768, "EUR")
        assert not teamleader.payments(tokens, since=today + timedelta(days=9), **asked)
        for nobody in ("", "company:1", "user:" + STUDIO, item.customer_ref + "x"):
            assert teamleader.payments(tokens, since=today, **{**asked, "customer_ref": nobody}) == ()

    def test_give_the_document_of_an_invoice_without_our_token(self, teamleader, tokens, simulator):
        item = everything(teamleader, tokens, STUDIO)[1][0]
        wanted = {"administration": STUDIO, "number": item.number, "customer_ref": ""}
        file = teamleader.document(tokens, ref=item.ref, **wanted)
        assert file.name == f"{item.number.replace(' / ', '-')}.pdf"
        assert file.content.startswith(b"%PDF-")
        assert teamleader.document(tokens, ref="credit-1", **wanted) is None

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/teamleader-files/a/b.pdf",
            "http://127.0.0.1:1/teamleader-files/a/b.pdf",
            "//evil.example/teamleader-files/a.pdf",
            "file:///etc/passwd",
            "nonsense",
        ],
    )
    def test_do_not_follow_a_link_to_anywhere_else(self, teamleader, tokens, simulator, elsewhere):
        item = everything(teamleader, tokens, STUDIO)[1][0]
        simulator.post("/books/settings", {"teamleader_file_url": elsewhere})
        with pytest.raises(ProviderRefused) as refused:
            teamleader.document(
                tokens, administration=STUDIO, ref=item.ref, number=item.number, customer_ref=""
            )
        assert refused.value.code == "address"

    def test_stand_on_the_simulators_page_with_those_of_all_vendors(self, teamleader, tokens, simulator):
        item = everything(teamleader, tokens, STUDIO)[1][0]
        page = simulator.http.get("/_sim/books/").text
        for vendor in ("billit", "exact", "quickbooks", "stripe", "teamleader"):
            assert f'<span class="code">{vendor} ' in page
        assert f"teamleader {item.number}</span>" in page
        sent = {"vendor": "teamleader", "number": item.number, "amount": "1.00", "text": "", "what": "pay"}
        assert simulator.http.post("/_sim/books/", data=sent).headers["location"] == "/_sim/books/"
        assert told(teamleader, tokens)[item.number] == item.open - Money(100, "EUR")

    def test_say_to_wait_before_and_when_the_minute_is_used_up(self, teamleader, tokens, simulator, empty):
        where = {"administration": STUDIO, "customers_since": None, "cursor": ""}
        assert teamleader.page(tokens, **where).pause_seconds == 0
        simulator.post("/books/settings", {"teamleader_limit": 3})
        assert teamleader.page(tokens, **where).pause_seconds == 60
        with pytest.raises(ProviderTransient) as waiting:
            for _ in range(3):
                teamleader.page(tokens, **where)
        assert waiting.value.retry_after == 60
        simulator.post("/clock", {"now": "2026-11-30T09:01:06+00:00"})
        assert teamleader.page(tokens, **where).pause_seconds == 60

    @pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "cut"}, {"kind": "reset"}])
    @pytest.mark.parametrize("path", ["/invoices.list", "/creditNotes.list", "/companies.list"])
    def test_fail_for_a_while(self, teamleader, tokens, simulator, fault, path):
        before = told(teamleader, tokens)
        simulator.fault("teamleader", path=path, **fault)
        with pytest.raises(ProviderTransient):
            told(teamleader, tokens)
        assert told(teamleader, tokens) == before

    @pytest.mark.parametrize("department", ["", "../1", "abc", STUDIO + "0"])
    def test_are_asked_by_an_id_only(self, teamleader, tokens, department):
        with pytest.raises(ProviderRefused):
            teamleader.page(tokens, administration=department, cursor="", customers_since=None)

    @pytest.mark.parametrize("cursor", ["invoices", "users|||1|", "invoices|x|1||0", "invoices||many||0"])
    def test_go_on_from_a_place_of_ours_only(self, teamleader, tokens, cursor):
        with pytest.raises(ProviderTransient):
            teamleader.page(tokens, administration=STUDIO, cursor=cursor, customers_since=None)


def row(number: int, day: str | None) -> dict[str, object]:
    return {"id": f"00000001-0000-4000-8000-{number:012d}", "invoice_date": day}


class TestWhereToGoOn:
    """Pure: a place, a page, and what moved to the page before it."""

    def test_is_the_day_of_the_last_one_told(self):
        place = _following(_Place(), [row(1, "2026-08-01"), row(2, "2026-08-03")], [])
        assert (place.since, place.number) == ("2026-08-03", 1)
        assert _following(place, [row(2, "2026-08-03")], []).number == 2

    @pytest.mark.parametrize("days", [["2026-08-02", "2026-08-01"], ["2026-07-01"], [None], ["2026-13-01"]])
    def test_is_nowhere_where_the_days_are_in_no_order(self, days):
        with pytest.raises(ValueError, match=r"order|day|month"):
            _following(_Place(since="2026-08-01"), [row(1, day) for day in days], [])

    def test_takes_along_what_moved_behind_the_last_one_told(self):
        rows = [row(number, "2026-08-01") for number in (3, 4, 5)]
        place = _Place(since="2026-08-01", number=2, last=rows[0]["id"])
        assert _moved(place, rows) == rows[1:]
        assert _moved(place, rows[1:]) is None
        assert not _moved(_Place(), rows)

    def test_begins_a_day_again_only_so_often(self):
        place = _Place(since="2026-08-01", number=2, last="gone")
        for _ in range(5):
            again = _following(place, [], None)
            assert (again.since, again.number) == ("2026-08-01", 1)
            place = _Place(since=again.since, number=2, last="gone", restarts=again.restarts)
        with pytest.raises(NotInForm):
            _following(place, [], None)


def test_a_payment_is_of_its_day_in_belgium():
    payment = {"paid_at": "2026-03-02T23:00:00+00:00", "payment": {"amount": 5, "currency": "EUR"}}
    nothing = {"paid_at": None, "payment": {"amount": 5, "currency": "EUR"}}
    refund = {"paid_at": "2026-03-02T23:00:00+00:00", "payment": {"amount": -5, "currency": "EUR"}}
    [told] = _payments({**row(1, None), "invoice_number": "2026 / 5", "payments": [payment, nothing, refund]})
    assert (told.paid_on, told.amount) == (date(2026, 3, 3), Money(500, "EUR"))
    assert datetime(2026, 3, 2, 23, tzinfo=UTC).isoformat() in told.ref
