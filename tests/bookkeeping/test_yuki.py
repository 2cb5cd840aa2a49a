"""Yuki over HTTP to the simulator: its keys and sessions, its countries, what is owed, and what is not
believed."""

from contextlib import closing
from datetime import date

import pytest

from agency.money import Money
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import REVOKED, Tokens
from integrations.bookkeeping.yuki import Yuki
from tests.bookkeeping.test_adapters import everything

KEY = Tokens("a0000000-0000-4000-8000-000000000001", books="nl")
BELGIAN = Tokens("be000000-0000-4000-8000-000000000001", books="be")
BOOKS = "nl/d0000001-0000-4000-8000-000000000000/ad000001-0000-4000-8000-000000000000"
OTHER_BOOKS = "nl/d0000002-0000-4000-8000-000000000000/ad000002-0000-4000-8000-000000000000"
WHEN = {"vendor": "yuki", "issued_on": "2026-08-01", "due_on": "2026-08-31"}


def urls(simulator) -> dict[str, str]:
    """Where the web services of each country are."""
    return {country: f"{simulator.url}/yuki/{country}/ws" for country in ("nl", "be")}


@pytest.fixture
def yuki(simulator):
    with closing(Yuki(urls=urls(simulator), production=False)) as adapter:
        yield adapter


@pytest.fixture
def empty(simulator):
    simulator.post("/books/drawn", {"vendor": "yuki", "invoices": 0})


def told(yuki) -> dict[str, Money]:
    """What is open, by number."""
    return {item.number: item.open for item in everything(yuki, KEY, BOOKS)[1]}


def sessions(simulator) -> int:
    """How often a key was shown."""
    return simulator.get("/books/grants").get("access", 0)


class TestTheKey:
    @pytest.mark.parametrize(
        ("tokens", "names"),
        [
            (KEY, ["Drukkerij Hoekstra B.V.", "Hoekstra Verpakkingen B.V."]),
            (BELGIAN, ["Garage Lambrecht BV"]),
        ],
    )
    def test_opens_the_administrations_of_the_country_that_knows_it(self, yuki, tokens, names):
        assert yuki.connect(code=tokens.access, redirect_url="") == tokens
        assert [one.name for one in yuki.administrations(tokens)] == names

    @pytest.mark.parametrize(
        "wrong", ["", "short", f"{KEY.access}0", f"{KEY.access[:-1]}g", f"{KEY.access}\n", "<" * 36]
    )
    def test_that_is_none_is_not_tried(self, yuki, simulator, wrong):
        with pytest.raises(ProviderRefused) as refused:
            yuki.connect(code=wrong, redirect_url="")
        assert refused.value.code == "code"
        assert not sessions(simulator)

    def test_that_no_country_knows_is_refused(self, yuki):
        with pytest.raises(ProviderRefused) as refused:
            yuki.connect(code="00000000-0000-0000-0000-000000000000", redirect_url="")
        assert refused.value.code == "code"

    def test_is_not_called_wrong_because_a_country_is_silent(self, yuki, simulator):
        simulator.fault("yuki", "status", status=503, path="/nl/")
        with pytest.raises(ProviderTransient):
            yuki.connect(code=BELGIAN.access, redirect_url="")
        assert yuki.connect(code=BELGIAN.access, redirect_url="") == BELGIAN

    def test_is_shown_once_for_as_long_as_the_session_lasts(self, yuki, simulator):
        for _ in range(3):
            assert told(yuki)
        assert sessions(simulator) == 1

    def test_is_shown_again_when_the_session_is_over(self, yuki, simulator):
        assert told(yuki)
        simulator.post("/books/expire")
        assert told(yuki)
        assert sessions(simulator) == 1

    def test_is_shown_again_after_a_while_whatever_the_fault_says(self, simulator):
        simulator.post("/books/settings", {"yuki_session_fault": "Object reference not set"})
        with closing(Yuki(urls=urls(simulator), production=False, idle_seconds=0)) as yuki:
            assert told(yuki)
            simulator.post("/books/expire")
            assert told(yuki)

    def test_that_was_taken_back_is_told_as_such(self, yuki, simulator):
        assert told(yuki)
        simulator.http.post(f"/_sim/books/keys/{KEY.access}/revoke")
        for call in (yuki.administrations, yuki.refresh, lambda _: told(yuki)):
            with pytest.raises(ProviderRefused) as refused:
                call(KEY)
            assert refused.value.code == REVOKED

    def test_of_two_domains_opens_the_books_of_both_in_turn(self, yuki):
        first, second = told(yuki), everything(yuki, KEY, OTHER_BOOKS)[1]
        assert len(first) > len(second) > 0
        assert told(yuki) == first

    @pytest.mark.parametrize(
        "books",
        ["", "nl", "de/" + BOOKS[3:], BOOKS.replace("ad", "AD</a>"), BOOKS + "\n", BOOKS.replace("d0", "..")],
    )
    def test_is_shown_for_books_of_yukis_only(self, yuki, books):
        with pytest.raises(ProviderRefused) as refused:
            yuki.page(KEY, administration=books, cursor="", customers_since=None)
        assert refused.value.code == "administration"

    def test_that_may_not_see_these_books_still_works(self, yuki):
        unseen = f"{OTHER_BOOKS[:40]}{BOOKS[40:]}"
        with pytest.raises(ProviderRefused) as refused:
            yuki.page(KEY, administration=unseen, cursor="", customers_since=None)
        assert refused.value.code == "fault"
        assert told(yuki)


class TestTheBooks:
    def test_are_told_whole_with_their_customers(self, yuki, simulator):
        simulator.post("/books/drawn", {"vendor": "yuki", "invoices": 150})
        customers, items, pages = everything(yuki, KEY, BOOKS)
        assert pages == 2
        assert len(items) == len({item.line for item in items}) == 150
        assert {item.customer_ref for item in items} == {customer.ref for customer in customers}
        assert all(item.due_on and item.issued_on and item.total == item.open for item in items)
        assert all(one.street and one.city and one.number and len(one.country) == 2 for one in customers)

    def test_tell_to_the_cent_what_is_left_after_part_was_paid(self, yuki, simulator, empty):
        simulator.post("/books/lines", {**WHEN, "number": "2026-1", "open": "1234567.89"})
        simulator.post("/books/pay/now", {"vendor": "yuki", "number": "2026-1", "amount": "0.10"})
        [item] = everything(yuki, KEY, BOOKS)[1]
        assert (item.open, item.total) == (Money(123_456_779, "EUR"), Money(123_456_789, "EUR"))
        assert item.due_on == date(2026, 8, 31)

    def test_without_anything_open_are_empty(self, yuki, empty):
        assert everything(yuki, KEY, BOOKS)[:2] == ([], [])

    def test_tell_what_is_in_a_customers_favour_and_never_what_went_back_to_him(self, yuki, simulator, empty):
        for number, open in (
            ("2026-1", "100.00"),
            ("C-1", "-30.00"),
            ("BANK1", "-25.00"),
            ("BANK2", "12.00"),
        ):
            simulator.post("/books/lines", {**WHEN, "number": number, "open": open})
        _, items, _ = everything(yuki, KEY, BOOKS)
        assert sorted({(item.number, item.open.minor) for item in items}) == [
            ("2026-1", 10_000),
            ("BANK1", -2_500),
            ("C-1", -3_000),
        ]
        assert all(item.total is None for item in items if item.open.minor < 0)

    def test_leave_out_what_nobody_owes(self, yuki, simulator, empty):
        simulator.post("/books/lines", {**WHEN, "number": "2026-1", "open": "100.10", "name": ""})
        simulator.post("/books/lines", {**WHEN, "number": "2026-2", "open": "7.00", "customer": "K2"})
        assert told(yuki) == {"2026-2": Money(700, "EUR")}

    def test_spell_names_as_they_are(self, yuki, simulator, empty):
        name = '<b>Bakker & Zn.</b> "De Krült" ]]>'
        simulator.post("/books/lines", {**WHEN, "number": "2026-1 & 2", "open": "7.00", "name": name})
        [customer], [item], _ = everything(yuki, KEY, BOOKS)
        assert customer.name == item.customer_name == name
        assert item.number == "2026-1 & 2"

    @pytest.mark.parametrize("answer", ["cut", "page", "nothing"])
    def test_that_are_not_told_as_documented_say_nothing_of_what_was_paid(self, yuki, simulator, answer):
        simulator.post("/books/settings", {"yuki_answer": answer})
        with pytest.raises(ProviderTransient):
            told(yuki)
        simulator.post("/books/settings", {"yuki_answer": ""})
        assert told(yuki)

    def test_wait_as_long_as_they_are_asked_to(self, yuki, simulator):
        simulator.fault("yuki", "status", status=429, retry_after=7)
        with pytest.raises(ProviderTransient) as waiting:
            told(yuki)
        assert waiting.value.retry_after == 7

    def test_wait_when_the_calls_of_the_day_are_used_up(self, yuki, simulator):
        assert told(yuki)
        simulator.post("/books/settings", {"yuki_calls_left": 1})
        with pytest.raises(ProviderTransient) as waiting:
            told(yuki)
        assert waiting.value.retry_after

    @pytest.mark.parametrize("kind", ["status", "reset", "lost"])
    def test_fail_for_a_while_without_an_answer(self, yuki, simulator, kind):
        simulator.fault("yuki", kind)
        with pytest.raises(ProviderTransient):
            told(yuki)
        assert told(yuki)


class TestTheDocument:
    @pytest.fixture
    def wanted(self, yuki):
        item = everything(yuki, KEY, BOOKS)[1][0]
        return {
            "administration": BOOKS, "ref": item.ref, "number": item.number,
            "customer_ref": item.customer_ref,
        }  # fmt: skip

    def test_of_an_invoice_is_given(self, yuki, wanted):
        file = yuki.document(KEY, **wanted)
        assert file.name == f"Invoice {wanted['number']}.pdf"
        assert file.content.startswith(b"%PDF-")
        assert file.content.rstrip().endswith(b"%%EOF")

    def test_that_the_books_do_not_hold_is_none(self, yuki, simulator, wanted):
        assert yuki.document(KEY, **{**wanted, "ref": wanted["ref"].partition("/")[0]}) is None
        assert yuki.document(KEY, **{**wanted, "ref": "a/../b"}) is None
        simulator.post("/books/settings", {"book_document": "none"})
        assert yuki.document(KEY, **wanted) is None

    def test_that_cannot_be_had_or_unpacked_is_refused(self, yuki, simulator, wanted):
        unknown = f"{wanted['ref'][:36]}/{KEY.access}"
        simulator.post("/books/settings", {"book_document": "broken"})
        for ref, code in ((wanted["ref"], "file"), (unknown, "fault")):
            with pytest.raises(ProviderRefused) as refused:
                yuki.document(KEY, **{**wanted, "ref": ref})
            assert refused.value.code == code

    def test_that_is_refused_costs_one_call_not_a_session(self, yuki, simulator, wanted):
        for place in range(5):
            with pytest.raises(ProviderRefused):
                yuki.document(KEY, **{**wanted, "ref": f"{wanted['ref'][:36]}/{KEY.access[:-1]}{place}"})
        assert sessions(simulator) == 1

    def test_of_other_books_stays_closed(self, yuki, wanted):
        with pytest.raises(ProviderRefused):
            yuki.document(KEY, **{**wanted, "administration": OTHER_BOOKS})

    def test_and_payments_are_not_told_together(self, yuki):
        asked = {"customer_ref": "1", "since": date(2026, 1, 1), "currency": "EUR"}
        assert yuki.payments(KEY, administration=BOOKS, **asked) == ()
