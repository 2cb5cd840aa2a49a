"""A creditor connects its bookkeeping on the page, chooses invoices, and answers what came in."""

import re
from contextlib import closing
from datetime import date, timedelta

import httpx
import pytest

from agency.kernel.emitting import install_reactions
from agency.kernel.outbox import drain
from agency.kernel.ports import install_ports
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.acceptance import accept_quote
from agency.pricing.rate_cards import publish_first_card
from agency.reactions import REACTIONS
from integrations.bookkeeping.billit import Billit
from integrations.bookkeeping.exact import ExactOnline
from integrations.bookkeeping.quickbooks import QuickBooks
from integrations.bookkeeping.stripe import StripeInvoices
from integrations.bookkeeping.teamleader import Teamleader
from integrations.bookkeeping.yuki import Yuki
from portal import main
from tests.outside import outside_world, simulator  # noqa: F401
from tests.portal.house import House
from tests.portal.test_creditor import Browser

PARTS = ("portal.shared.sign_in", "portal.creditor", "portal.live")
HOME = "/creditor/bookkeeping"
KEY = "rk_test_simulated0001"
BILLIT_KEY = "billit-simulated-0001"
YUKI_KEY = "be000000-0000-4000-8000-000000000001"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch, simulator):  # noqa: F811
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions(REACTIONS)
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    house = House(units, folder=data_folder, redis_url=redis_url)
    url = simulator.url
    with (
        closing(ExactOnline(url=f"{url}/exact", client_id="c", secret="s", production=False)) as exact,
        closing(
            StripeInvoices(url=f"{url}/stripe", files_url=f"{url}/stripe-files", production=False)
        ) as stripe,
        closing(Billit(url=f"{url}/billit", production=False)) as billit,
        closing(
            QuickBooks(
                url=f"{url}/quickbooks",
                consent_at=f"{url}/quickbooks",
                tokens_at=f"{url}/quickbooks",
                client_id="c",
                secret="s",
                production=False,
            )
        ) as quickbooks,
        closing(
            Teamleader(
                url=f"{url}/teamleader",
                door=f"{url}/teamleader",
                files_url=f"{url}/teamleader-files",
                client_id="c",
                secret="s",
                production=False,
            )
        ) as teamleader,
        closing(
            Yuki(urls={land: f"{url}/yuki/{land}/ws" for land in ("nl", "be")}, production=False)
        ) as yuki,
    ):
        house.uses(
            bookkeeping={
                "exact": exact,
                "stripe": stripe,
                "billit": billit,
                "quickbooks": quickbooks,
                "teamleader": teamleader,
                "yuki": yuki,
            }
        )
        install_ports(house.ports)
        simulator.post("/clock", {"now": house.now().isoformat()})
        yield house


@pytest.fixture
def creditor_id(house):
    return house.creditor()


@pytest.fixture
def manager(house, creditor_id):
    return Browser(house, creditor_id, Role.CREDITOR_MANAGER)


@pytest.fixture
def clerk(house, creditor_id):
    return Browser(house, creditor_id, Role.CREDITOR_CLERK)


def day(house, ago: int) -> str:
    return (house.today() - timedelta(days=ago)).isoformat()


def line(house, simulator, number: int, open: str, *, overdue: int = 60, **more) -> None:  # noqa: F811
    """One line in the books, so many days overdue."""
    content = {"number": str(number), "open": open, "due_on": day(house, overdue)}
    simulator.post("/books/lines", {**content, "issued_on": day(house, overdue + 30), **more})


def consent(simulator, browser, *, answer: str = "yes", vendor: str = "exact"):  # noqa: F811
    """Press the button, agree on the vendor's page, and come back."""
    away = browser.post(f"{HOME}/connect/{vendor}")
    assert away.status_code == 303
    asked = httpx.URL(away.headers["location"])
    assert str(asked).startswith(f"{simulator.url}/{vendor}/")
    page = simulator.http.get(str(asked)).text
    sent = dict(re.findall(r'name="(redirect_uri|state)" value="([^"]+)"', page))
    back = simulator.http.post(asked.path, data={**sent, "answer": answer})
    return httpx.URL(back.headers["location"])


def follow(browser, url: httpx.URL):
    """The browser comes back from the vendor."""
    answer = browser.get(url.raw_path.decode())
    assert answer.status_code == 303
    return browser.get(answer.headers["location"]).text


def follow_on(browser, answer):
    """The page that an answer leads to."""
    return browser.get(answer.headers["location"]).text


@pytest.fixture
def connected(house, manager, simulator):  # noqa: F811
    """A connection with one administration chosen and its books fetched."""
    simulator.post("/books/drawn", {"vendor": "exact", "invoices": 0})
    line(house, simulator, 20000001, "100.10", name="Bakkerij Jansen B.V.")
    line(house, simulator, 20000002, "50.00", customer="K2", name="<script>alert(1)</script>")
    line(house, simulator, 20000003, "75.00", customer="K3", overdue=5)
    follow(manager, consent(simulator, manager))
    path = re.search(rf'action="({HOME}/[0-9a-f-]+)/administration"', manager.get(HOME).text)[1]
    chosen = manager.post(f"{path}/administration", {"administration": "900101"})
    assert chosen.status_code == 303
    drain(house.units)
    return path


def ids_of(page: str) -> list[str]:
    return re.findall(r'name="invoice" value="([^"]+)"', page)


class TestConnecting:
    def test_goes_over_the_vendors_page_and_back(self, manager, simulator, house):  # noqa: F811
        page = follow(manager, consent(simulator, manager))
        assert "Connected. We only read" in page
        assert "Van der Velde Bouwmaterialen BV" in page
        assert "<small>900102</small>" in page
        assert "Connect Exact Online" not in page

    def test_takes_nothing_back_that_it_did_not_ask_for(self, house, manager, simulator):  # noqa: F811
        back = consent(simulator, manager)
        other = Browser(house, house.creditor("Ander"), Role.CREDITOR_MANAGER)
        assert "Begin again" in follow(other, back)
        wrong = back.copy_set_param("state", "guessed")
        assert "Begin again" in follow(manager, wrong)
        assert "Connect Exact Online" in manager.get(HOME).text
        assert "Connected" in follow(manager, back)
        assert "Begin again" in follow(manager, back)

    def test_that_was_refused_there_says_so(self, manager, simulator):  # noqa: F811
        assert "access was not given" in follow(manager, consent(simulator, manager, answer="no"))

    def test_is_for_managers(self, clerk):
        assert "A manager of your organisation connects" in clerk.get(HOME).text
        for path in (f"{HOME}/connect/exact", f"{HOME}/keys/stripe"):
            assert clerk.post(path).status_code == 403
        assert clerk.get(f"{HOME}/callback/exact?code=a&state=b").status_code == 403

    def test_takes_a_key_and_never_shows_it(self, house, manager, simulator):  # noqa: F811
        assert manager.post(f"{HOME}/keys/stripe", {"key-stripe": "nonsense"}).status_code == 303
        assert "did not let us in" in manager.get(HOME).text
        assert manager.post(f"{HOME}/keys/stripe", {"key-stripe": KEY}).status_code == 303
        drain(house.units)
        page = manager.get(HOME).text
        assert KEY not in page
        assert len(ids_of(page)) > 20

    def test_labels_each_key_apart(self, manager):
        page = manager.get(HOME).text
        assert "use a user with as few rights as you can" in page
        assert "Make a restricted key there" in page
        for vendor in ("stripe", "billit", "yuki"):
            assert page.count(f'id="field-key-{vendor}"') == page.count(f'for="field-key-{vendor}"') == 1
        assert "Paste the key" in follow_on(manager, manager.post(f"{HOME}/keys/billit", {"key-stripe": KEY}))

    def test_by_a_key_of_billits_asks_for_the_company_and_says_when_it_is_lost(
        self, house, manager, simulator,  # noqa: F811
    ):  # fmt: skip
        manager.post(f"{HOME}/keys/billit", {"key-billit": BILLIT_KEY})
        page = manager.get(HOME).text
        assert "Peeters Services BV" in page
        path = re.search(rf'action="({HOME}/[0-9a-f-]+)/administration"', page)[1]
        manager.post(f"{path}/administration", {"administration": "574991"})
        drain(house.units)
        page = manager.get(HOME).text
        assert BILLIT_KEY not in page
        shown = ids_of(page)
        assert len(shown) > 10
        quote = manager.post(f"{path}/handover", {"invoice": shown[:2], "do": "chosen"})
        assert quote.headers["location"].startswith("/creditor/quotes/")
        drain(house.units)
        assert house.one("SELECT count(*) FROM claim WHERE state = 'quoted'") == 2
        assert house.one("SELECT count(*) FROM document") == 2
        simulator.http.post(f"/_sim/books/keys/{BILLIT_KEY}/revoke")
        manager.post(f"{path}/fetch")
        drain(house.units)
        page = manager.get(HOME).text
        assert "no longer lets us in" in page
        assert "use a user with as few rights as you can" in page
        manager.post(f"{HOME}/keys/billit", {"key-billit": f"{BILLIT_KEY}-new"})
        assert len(ids_of(manager.get(HOME).text)) == len(shown) - 2

    def test_by_a_key_of_yukis_reads_its_books_and_papers_and_waits_when_the_calls_are_used_up(
        self, house, manager, simulator,  # noqa: F811
    ):  # fmt: skip
        assert "Settings, Web services" in manager.get(HOME).text
        manager.post(f"{HOME}/keys/yuki", {"key-yuki": f" {YUKI_KEY} "})
        drain(house.units)
        page = manager.get(HOME).text
        assert "Garage Lambrecht BV" in page
        assert YUKI_KEY not in page
        shown = ids_of(page)
        assert len(shown) > 10
        path = re.search(rf'action="({HOME}/[0-9a-f-]+)/fetch"', page)[1]
        quote = manager.post(f"{path}/handover", {"invoice": shown[:2], "do": "chosen"})
        assert quote.headers["location"].startswith("/creditor/quotes/")
        drain(house.units)
        assert house.one("SELECT count(*) FROM claim WHERE state = 'quoted'") == 2
        assert house.one("SELECT count(*) FROM document") == 2
        simulator.post("/books/settings", {"yuki_calls_left": 1})
        manager.post(f"{path}/fetch")
        drain(house.units)
        assert "lets us ask only so often" in manager.get(HOME).text
        assert len(ids_of(manager.get(HOME).text)) == len(shown) - 2
        manager.post(f"{path}/cancel")
        simulator.post("/books/settings", {"yuki_calls_left": 1_000})
        simulator.http.post(f"/_sim/books/keys/{YUKI_KEY}/revoke")
        manager.post(f"{path}/fetch")
        drain(house.units)
        assert "no longer lets us in" in manager.get(HOME).text

    def test_of_quickbooks_reads_on_with_new_tokens_until_it_is_taken_back(
        self, house, manager, simulator,  # noqa: F811
    ):  # fmt: skip
        back = consent(simulator, manager, vendor="quickbooks")
        assert "did not let us in" in follow(manager, back.copy_remove_param("realmId"))
        back = consent(simulator, manager, vendor="quickbooks")
        assert "Connected. We only read" in follow(manager, back)
        drain(house.units)
        page = manager.get(HOME).text
        assert "Van der Velde Export B.V." in page
        assert len(ids_of(page)) > 10
        path = re.search(rf'action="({HOME}/[0-9a-f-]+)/fetch"', page)[1]
        for fetched in (2, 3):
            simulator.post("/books/expire")
            manager.post(f"{path}/fetch")
            drain(house.units)
            assert simulator.get("/books/grants")["refresh"] == fetched
            assert "no longer lets us in" not in manager.get(HOME).text
        simulator.http.post("/_sim/books/revoke")
        manager.post(f"{path}/fetch")
        drain(house.units)
        page = manager.get(HOME).text
        assert "no longer lets us in" in page
        assert f'action="{HOME}/connect/quickbooks"' in page
        assert len(ids_of(page)) > 10

    def test_of_teamleader_reads_a_department_with_its_documents_until_it_is_taken_back(
        self, house, manager, creditor_id, simulator,  # noqa: F811
    ):  # fmt: skip
        assert "Connected. We only read" in follow(manager, consent(simulator, manager, vendor="teamleader"))
        page = manager.get(HOME).text
        assert "Verhaegen Academie VZW" in page
        path = re.search(rf'action="({HOME}/[0-9a-f-]+)/administration"', page)[1]
        studio = "7e1ead00-0000-4000-8000-000000000001"
        assert f"<small>{studio}" not in page  # which tells nobody anything
        assert manager.post(f"{path}/administration", {"administration": studio}).status_code == 303
        drain(house.units)
        shown = ids_of(manager.get(HOME).text)
        assert len(shown) > 10
        simulator.post("/books/expire")
        quote = manager.post(f"{path}/handover", {"invoice": shown[:2], "do": "chosen"})
        with house.units.open(Door.CREDITOR, by="user:a", creditor_id=creditor_id) as unit:
            quote_id = quote.headers["location"].rpartition("/")[2]
            accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id, address="127.0.0.1")
        drain(house.units)
        assert simulator.get("/books/grants")["refresh"] == 2
        assert house.one("SELECT count(*) FROM document") == 2
        number = house.one("SELECT number FROM invoice ORDER BY number LIMIT 1")
        simulator.post("/books/pay/now", {"vendor": "teamleader", "number": number, "amount": "12.34"})
        manager.post(f"{path}/fetch")
        drain(house.units)
        question = re.search(rf'href="({HOME}/questions/[^"]+)"', manager.get(HOME).text)[1]
        assert 'value="12.34"' in manager.get(question).text
        simulator.http.post("/_sim/books/revoke")
        manager.post(f"{path}/fetch")
        drain(house.units)
        page = manager.get(HOME).text
        assert "no longer lets us in" in page
        assert f'action="{HOME}/connect/teamleader"' in page
        assert len(ids_of(page)) == len(shown) - 2

    def test_of_an_unknown_vendor_is_not_found(self, manager):
        assert manager.post(f"{HOME}/connect/xero").status_code == 404
        assert manager.post(f"{HOME}/connect/stripe").status_code == 404

    def test_is_not_offered_where_nothing_is_set_up(self, house, manager):
        house.uses(bookkeeping={})
        assert "No bookkeeping can be connected yet" in manager.get(HOME).text

    def test_is_linked_from_where_claims_are_submitted(self, manager):
        assert f'href="{HOME}"' in manager.get("/creditor/placements/new").text

    def test_that_is_lost_says_what_to_do(self, house, connected, manager, simulator):  # noqa: F811
        simulator.http.post("/_sim/books/revoke")
        manager.post(f"{connected}/fetch")
        drain(house.units)
        page = manager.get(HOME).text
        assert "no longer lets us in" in page
        assert "Connect again" in page
        assert "Connected. We only read" in follow(manager, consent(simulator, manager))
        assert "Bakkerij Jansen" in manager.get(HOME).text


class TestTheList:
    def test_shows_what_is_overdue_with_its_fee_and_escapes_names(self, connected, manager):
        page = manager.get(HOME).text
        assert len(ids_of(page)) == 2
        assert "20000003" not in page
        assert "<script>alert(1)</script>" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert re.search(r"\d+[.,]\d+\s*%", page)

    @pytest.mark.parametrize("sort", ["due_on", "-due_on", "number", "customer", "-open"])
    def test_is_sorted_by_every_column(self, connected, manager, sort):
        assert manager.get(f"{HOME}?sort={sort}").status_code == 200

    def test_is_searched_by_signs_as_they_stand(self, connected, manager):
        assert len(ids_of(manager.get(f"{HOME}?q=20000001").text)) == 1
        assert len(ids_of(manager.get(f"{HOME}?q=%25").text)) == 0
        assert len(ids_of(manager.get(f"{HOME}?q=jansen").text)) == 1

    def test_of_thousands_is_paged(self, house, manager, simulator):  # noqa: F811
        simulator.post("/books/drawn", {"vendor": "exact", "invoices": 2_500})
        simulator.post("/books/settings", {"exact_page": 1_000})
        follow(manager, consent(simulator, manager))
        path = re.search(rf'action="({HOME}/[0-9a-f-]+)/administration"', manager.get(HOME).text)[1]
        manager.post(f"{path}/administration", {"administration": "900101"})
        drain(house.units)
        first = manager.get(HOME).text
        assert len(ids_of(first)) == 50
        following = re.search(r'href="([^"]+after=[^"]+)"', first)[1].replace("&amp;", "&")
        assert not set(ids_of(manager.get(following).text)) & set(ids_of(first))

    def test_shows_from_as_many_days_as_the_creditor_wants(self, connected, manager):
        assert manager.post(f"{connected}/days", {"overdue_days": "3"}).status_code == 303
        assert "20000003" in manager.get(HOME).text
        wrong = manager.post(f"{connected}/days", {"overdue_days": "-3"})
        assert wrong.status_code == 422
        assert 'value="-3"' in wrong.text
        assert manager.post(f"{connected}/days", {"overdue_days": "x"}).status_code == 422


class TestChoosing:
    def test_leads_straight_to_the_price(self, connected, manager, house):
        chosen = ids_of(manager.get(HOME).text)
        answer = manager.post(f"{connected}/handover", {"invoice": chosen, "do": "chosen"})
        assert answer.headers["location"].startswith("/creditor/quotes/")
        assert "Bakkerij Jansen" in manager.get(answer.headers["location"]).text
        assert not ids_of(manager.get(HOME).text)
        again = manager.post(f"{connected}/handover", {"invoice": chosen, "do": "chosen"})
        assert again.status_code == 422
        assert "handed over already" in again.text
        assert house.one("SELECT count(*) FROM claim") == 2

    def test_of_all_takes_all(self, connected, manager, house):
        manager.post(f"{connected}/handover", {"do": "all"})
        assert house.one("SELECT count(*) FROM claim") == 2

    def test_of_nothing_or_nonsense_is_refused(self, connected, manager):
        for sent in ({"do": "chosen"}, {"do": "chosen", "invoice": "x"}):
            assert manager.post(f"{connected}/handover", sent).status_code == 422

    def test_by_a_clerk_is_allowed_and_the_rule_is_not(self, connected, clerk):
        chosen = ids_of(clerk.get(HOME).text)
        assert clerk.post(f"{connected}/handover", {"invoice": chosen[:1]}).status_code == 303
        assert clerk.get(connected).status_code == 403
        assert clerk.post(f"{connected}/rule", {"rule_days": "1"}).status_code == 403
        assert clerk.post(f"{connected}/end").status_code == 403

    def test_of_another_creditors_books_finds_nothing(self, house, connected, manager):
        other = Browser(house, house.creditor("Ander"), Role.CREDITOR_MANAGER)
        chosen = ids_of(manager.get(HOME).text)
        assert other.post(f"{connected}/handover", {"invoice": chosen}).status_code == 422
        for path in (connected, f"{connected}/fetch", f"{connected}/end"):
            assert other.get(path).status_code in (303, 404, 405)
        assert "Bakkerij" not in other.get(HOME).text
        assert house.one("SELECT count(*) FROM claim") == 0


class TestTheRule:
    def test_needs_confirming_and_can_be_stopped(self, house, connected, manager):
        asked = {"rule_days": "45", "rule_amount": "60,00"}
        unconfirmed = manager.post(f"{connected}/rule", asked)
        assert unconfirmed.status_code == 422
        assert 'value="60,00"' in unconfirmed.text
        assert manager.post(f"{connected}/rule", {**asked, "confirmed": "true"}).status_code == 303
        assert "on: from 45 days overdue" in manager.get(HOME).text
        manager.post(f"{connected}/fetch")
        drain(house.units)
        assert house.one("SELECT count(*) FROM claim WHERE state = 'quoted'") == 1
        assert manager.post(f"{connected}/rule/stop").status_code == 303
        assert "on: from 45" not in manager.get(HOME).text


class TestEnding:
    def test_erases_access_and_invoices_and_twice_does_no_harm(self, house, connected, manager):
        assert manager.post(f"{connected}/end").status_code == 303
        assert "Connect Exact Online" in manager.get(HOME).text
        # The creditor's own door, because no other may look.
        page = manager.get(HOME).text
        assert "Bakkerij" not in page
        assert manager.post(f"{connected}/end").status_code == 303
        assert manager.get(connected).status_code == 404


class TestQuestions:
    @pytest.fixture
    def asked(self, house, connected, manager, simulator, creditor_id):  # noqa: F811
        """40.00 of a claim in collection came in at the creditor."""
        chosen = ids_of(manager.get(HOME).text)
        quote = manager.post(f"{connected}/handover", {"invoice": chosen}).headers["location"]
        with house.units.open(Door.CREDITOR, by="user:a", creditor_id=creditor_id) as unit:
            accept_quote(
                unit, creditor_id=creditor_id, quote_id=quote.rpartition("/")[2], address="127.0.0.1"
            )
        drain(house.units)
        happened = {"vendor": "exact", "number": "20000001", "amount": "40.00", "text": "Betaling"}
        simulator.post("/books/pay/now", happened)
        manager.post(f"{connected}/fetch")
        drain(house.units)
        return re.search(rf'href="({HOME}/questions/[^"]+)"', manager.get(HOME).text)[1]

    def test_are_asked_and_answered_once(self, house, asked, manager):
        page = manager.get(asked).text
        assert "Did you receive this?" in page
        assert 'value="40.00"' in page
        sent = {"amount": "40,00", "paid_on": house.today().isoformat()}
        too_much = manager.post(f"{asked}/paid", {**sent, "amount": "40,01"})
        assert too_much.status_code == 422
        assert 'value="40,01"' in too_much.text
        assert manager.post(f"{asked}/paid", {"amount": "x", "paid_on": ""}).status_code == 422
        assert manager.post(f"{asked}/paid", sent).status_code == 303
        assert manager.post(f"{asked}/paid", sent).status_code == 303
        drain(house.units)
        assert house.one("SELECT sum(amount_minor) FROM payment WHERE source = 'direct'") == 4_000
        assert "Did you receive this?" not in manager.get(HOME).text
        assert manager.get(asked).status_code == 303

    def test_are_closed_by_a_credit_note_or_by_nothing(self, house, asked, manager):
        assert manager.post(f"{asked}/credited", {"number": "", "issued_on": ""}).status_code == 422
        sent = {"number": "C-77", "issued_on": house.today().isoformat()}
        assert manager.post(f"{asked}/credited", sent).status_code == 303
        assert manager.post(f"{asked}/nothing").status_code == 303
        drain(house.units)
        assert house.one("SELECT count(*) FROM payment") == 0
        assert house.one("SELECT count(*) FROM invoice WHERE kind = 'credit_note'") == 1

    def test_are_nobody_elses(self, house, asked):
        other = Browser(house, house.creditor("Ander"), Role.CREDITOR_MANAGER)
        assert other.get(asked).status_code == 404
        assert other.post(f"{asked}/nothing").status_code == 404
