"""The debtor's door over HTTP: link, second fact, the claim, and every answer, without JavaScript."""

import re
from datetime import time, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from agency.claims.holds import running_holds
from agency.desk.visits import announce_visit
from agency.kernel.unit import Door
from agency.payments.links import issue_link, revoke_links
from agency.ports.providers import CreatedPayment
from agency.rules.brand import BrandDesign, contrast
from portal import main
from portal.shared.brand_colours import style_of
from portal.wiring import Wiring
from tests.communication.correspondence import SETTINGS, TUESDAY, Office, a_correspondent


class Checkout:
    """A payment provider that opens a page for everything."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.locales: list[str] = []

    def create(self, *, intent_id, amount, description, redirect_url, webhook_url, locale):
        self.asked.append(amount.minor)
        self.locales.append(locale)
        return CreatedPayment(f"tr_{len(self.asked)}", f"{SETTINGS.simulator_url}/checkout/{intent_id}")


@pytest.fixture
def office(units):
    return Office(units).open_up()


@pytest.fixture
def checkout():
    return Checkout()


@pytest.fixture
def claim(office):
    with office.unit() as unit:
        creditor_id, claim_id = a_correspondent(unit)
        return creditor_id, claim_id, issue_link(unit, creditor_id=creditor_id, claim_id=claim_id)


@pytest.fixture
def browser(office, checkout, monkeypatch):
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.hooks", "portal.debtor"))
    ports = office.ports
    object.__setattr__(ports, "payments", checkout)
    app = main.create_app(Wiring(settings=SETTINGS, units=office.units, ports=ports))
    with TestClient(app, base_url=SETTINGS.public_url, cookies={"language": "en"}) as client:
        yield client


def token_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]


def come_in(browser, token, answer="3511 ab"):
    page = browser.get(f"/pay/{token}").text
    return browser.post("/pay/identify", data={"csrf": token_of(page), "answer": answer})


def send(browser, path, **fields):
    page = browser.get(path).text
    return browser.post(path, data={"csrf": token_of(page), **fields})


def take_back(office, claim):
    with office.unit() as unit:
        assert revoke_links(unit, creditor_id=claim[0], claim_id=claim[1], why="test") == 1


class TestDoor:
    def test_link_is_swapped_for_a_cookie_and_shows_nothing_personal(self, browser, claim):
        answer = browser.get(f"/pay/{claim[2]}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/pay")
        page = browser.get("/pay").text
        assert "Enercity" in page
        assert "van den Berg" not in page
        assert "402.15" not in page

    def test_second_fact_opens_the_claim(self, browser, claim):
        page = come_in(browser, claim[2]).text
        assert "van den Berg" in page
        assert "€402.15" in page
        assert "Stichting Derdengelden" in page

    @pytest.mark.parametrize(("country", "register"), [("NL", "Wki"), ("BE", "FPS Economy, ")])
    def test_the_register_is_that_of_the_debtors_country(self, browser, office, claim, country, register):
        with office.unit() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET country = :c"), {"c": country})
        assert register in come_in(browser, claim[2]).text

    def test_five_wrong_answers_lock_the_link(self, browser, claim):
        for _ in range(4):
            assert come_in(browser, claim[2], "9999 ZZ").status_code == 422
        assert come_in(browser, claim[2], "9999 ZZ").status_code == 404
        assert browser.get(f"/pay/{claim[2]}").status_code == 404

    def test_without_a_visit_there_is_nothing(self, browser):
        assert browser.get("/pay").status_code == 404
        assert browser.get("/pay/promise").status_code == 404

    def test_the_second_fact_cannot_be_skipped(self, browser, claim):
        browser.get(f"/pay/{claim[2]}")
        for path in ("/pay/promise", "/pay/dispute", "/pay/receipt", "/pay/code.svg"):
            answer = browser.get(path, follow_redirects=False)
            assert answer.status_code in (303, 401)
            assert "van den Berg" not in answer.text

    def test_a_form_without_its_token_is_refused(self, browser, claim):
        come_in(browser, claim[2])
        assert browser.post("/pay/not-me", data={"words": ""}).status_code == 403

    def test_a_forged_cookie_is_nobody(self, browser, claim):
        come_in(browser, claim[2])
        value = browser.cookies["debtor"]
        browser.cookies.clear()
        browser.cookies.set("debtor", value[:-1] + ("0" if value[-1] != "0" else "1"))
        assert browser.get("/pay").status_code == 404

    @pytest.mark.parametrize(
        "path", ["", "/promise", "/dispute", "/not-me", "/receipt", "/return", "/code.svg"]
    )
    def test_a_link_taken_back_shows_nothing_more(self, browser, office, claim, path):
        come_in(browser, claim[2])
        take_back(office, claim)
        answer = browser.get(f"/pay{path}")
        assert answer.status_code == 404
        assert "van den Berg" not in answer.text

    @pytest.mark.parametrize(
        ("path", "fields"),
        [
            ("/start", {"what": "all"}),
            ("/start", {"what": "part", "amount": "100,00"}),
            ("/promise", {"due_on": "2026-11-12"}),
            ("/dispute", {"reason": "not_delivered"}),
            ("/already-paid", {"paid_on": "2026-11-02"}),
            ("/not-me", {"words": ""}),
            ("/debt-help", {"words": ""}),
            ("/identify", {"answer": "3511 ab"}),
        ],
    )
    def test_a_link_taken_back_takes_no_answer_more(self, browser, office, claim, checkout, path, fields):
        token = token_of(come_in(browser, claim[2]).text)
        take_back(office, claim)
        assert browser.post(f"/pay{path}", data={"csrf": token, **fields}).status_code == 404
        assert checkout.asked == []
        with office.unit() as unit:
            assert running_holds(unit, creditor_id=claim[0], claim_id=claim[1]) == []


class TestPaying:
    def test_everything(self, browser, claim, checkout):
        page = come_in(browser, claim[2]).text
        answer = browser.post(
            "/pay/start", data={"csrf": token_of(page), "what": "all"}, follow_redirects=False
        )
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{SETTINGS.simulator_url}/checkout/")
        assert checkout.asked == [40215]
        assert "being checked" in browser.get("/pay/return").text

    def test_a_part(self, browser, claim, checkout):
        page = come_in(browser, claim[2]).text
        data = {"csrf": token_of(page), "what": "part", "amount": "100,00"}
        assert browser.post("/pay/start", data=data, follow_redirects=False).status_code == 303
        assert checkout.asked == [10000]

    def test_more_than_is_owed_is_refused_on_the_page(self, browser, claim, checkout):
        page = come_in(browser, claim[2]).text
        data = {"csrf": token_of(page), "what": "part", "amount": "9000"}
        assert browser.post("/pay/start", data=data).status_code == 422
        assert checkout.asked == []

    @pytest.mark.parametrize("amount", ["0", "-5", "1000000000000000", "0.1+0.2", "12,3456", "1e2", ""])
    @pytest.mark.parametrize("path", ["/pay/start", "/pay/promise"])
    def test_an_amount_that_is_none_is_refused_beside_its_field(self, browser, claim, checkout, path, amount):
        """A23."""
        if path == "/pay/promise" and not amount:
            pytest.skip("a promise without an amount is of everything")
        page = come_in(browser, claim[2]).text
        fields = {"what": "part"} if path == "/pay/start" else {"due_on": "2026-12-10"}
        answer = browser.post(path, data={"csrf": token_of(page), "amount": amount, **fields})
        assert answer.status_code == 422
        assert "is-invalid" in answer.text
        assert checkout.asked == []


class TestAnswers:
    def test_an_error_of_a_choice_is_told_with_its_group(self, browser, claim):
        come_in(browser, claim[2])
        refused = send(browser, "/pay/dispute", words="")
        assert refused.status_code == 422
        assert 'id="field-reason" aria-describedby="error-reason"' in refused.text

    @pytest.mark.parametrize(
        ("path", "fields", "ground"),
        [
            ("/pay/dispute", {"reason": "not_delivered", "words": "never came"}, "dispute"),
            ("/pay/dispute", {"reason": "not_delivered", "words": "never\0came"}, "dispute"),
            ("/pay/already-paid", {"paid_on": "2026-11-20"}, "says_paid"),
            ("/pay/not-me", {"words": "other person"}, "not_me"),
            ("/pay/debt-help", {"words": "the municipality"}, "debt_help"),
            ("/pay/promise", {"due_on": "2026-12-10"}, "promise"),
        ],
    )
    def test_each_holds_the_claim(self, browser, office, claim, path, fields, ground):
        creditor_id, claim_id, token = claim
        come_in(browser, token)
        answer = send(browser, path, **fields)
        assert answer.status_code == 200
        assert answer.url.path.startswith("/pay/thanks/")
        with office.unit() as unit:
            holds = running_holds(unit, creditor_id=creditor_id, claim_id=claim_id)
        assert [hold.ground for hold in holds] == [ground]

    def test_a_promise_too_far_away_stays_on_the_form(self, browser, office, claim):
        come_in(browser, claim[2])
        answer = send(browser, "/pay/promise", due_on="2027-12-10")
        assert answer.status_code == 422
        with office.unit() as unit:
            count = unit.session.connection().execute(text("SELECT count(*) FROM promise")).scalar_one()
        assert count == 0


class TestWalls:
    def test_the_door_sees_one_claim_only(self, office, claim):
        with office.unit() as unit:
            other = a_correspondent(unit, creditor_id=claim[0])
        with office.units.open(
            Door.DEBTOR, by="debtor:test", creditor_id=claim[0], claim_id=claim[1]
        ) as unit:
            seen = unit.session.connection().execute(text("SELECT id FROM claim")).scalars().all()
        assert seen == [claim[1]]
        assert other[1] not in seen


class TestBrand:
    @pytest.mark.parametrize("colour", ["#ffee00", "#000000", "#ffffff", "#0b5cad", "not a colour"])
    @pytest.mark.parametrize("ink", ["#ffffff", "#000000"])
    def test_every_colour_becomes_readable(self, colour, ink):
        design = BrandDesign(colour=colour, ink=ink, accent=colour)
        shades = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", style_of(design)))
        assert contrast(shades["brand"], shades["brand-ink"]) >= 4.5
        assert contrast(shades["brand-deep"], shades["brand-ink"]) >= 4.5
        assert contrast(shades["brand-on-light"], "#ffffff") >= 4.5
        assert contrast(shades["brand-on-dark"], "#282e36") >= 4.5


class TestLanguage:
    """The page goes on in the language of the message, until the debtor chooses another."""

    @pytest.mark.parametrize(
        ("language", "says"),
        [
            ("de", "Zuerst eine Frage"),
            ("fr", "Une question d’abord"),
            ("nl", "Eerst één vraag"),
            ("en", "One question first"),
        ],
    )
    def test_a_debtor_reads_the_page_in_his_own_language(self, browser, office, claim, language, says):
        speak(office, claim, language)
        browser.cookies.delete("language")
        page = browser.get(f"/pay/{claim[2]}").text
        assert f'<html lang="{language}"' in page
        assert says in page

    def test_german_from_the_amount_to_the_refusal(self, browser, office, claim):
        speak(office, claim, "de")
        browser.cookies.delete("language")
        page = come_in(browser, claim[2]).text
        assert "402,15\u00a0€" in page
        assert "Noch zu zahlen" in page
        refused = send(browser, "/pay/promise", due_on="2036-01-01")
        assert "Wählen Sie einen Tag in den nächsten" in refused.text

    def test_what_is_chosen_on_the_page_counts_before_it(self, browser, office, claim):
        speak(office, claim, "de")
        page = browser.get(f"/pay/{claim[2]}").text
        assert "One question first" in page  # the cookie says English
        browser.post("/preferences", data={"language": "fr", "back": "/pay"})
        assert "Une question d’abord" in browser.get("/pay").text

    @pytest.mark.parametrize("language", ["nl", "fr", "en", "de"])
    def test_every_page_speaks_what_was_chosen(self, browser, language):
        browser.post("/preferences", data={"language": language, "back": "/sign-in"})
        page = browser.get("/sign-in", headers={"accept-language": "xx"}).text
        assert f'<html lang="{language}"' in page
        assert {"nl": "Wachtwoord", "fr": "Mot de passe", "en": "Password", "de": "Passwort"}[
            language
        ] in page

    def test_a_checkout_speaks_it_too(self, browser, office, claim, checkout):
        speak(office, claim, "de")
        browser.cookies.delete("language")
        come_in(browser, claim[2])
        send_from = browser.get("/pay").text
        browser.post("/pay/start", data={"csrf": token_of(send_from), "what": "all"}, follow_redirects=False)
        assert checkout.locales == ["de_DE"]


def speak(office, claim, language):
    with office.unit() as unit:
        unit.session.connection().execute(
            text("UPDATE debtor SET language = :language WHERE creditor_id = :c"),
            {"language": language, "c": claim[0]},
        )


class TestVisit:
    DAY = TUESDAY.date() + timedelta(days=9)

    @pytest.fixture(autouse=True)
    def announced(self, office, claim, browser):
        with office.unit() as unit:
            unit.session.connection().execute(text("UPDATE claim SET phase = 'amicable'"))
            announce_visit(
                unit, creditor_id=claim[0], claim_id=claim[1], day=self.DAY, first=time(10), last=time(12),
                visitor="Anna de Wit",
            )  # fmt: skip
        come_in(browser, claim[2])

    def refuse(self, browser, page):
        return browser.post("/pay/visit/refusal", data={"csrf": token_of(page)}, follow_redirects=False)

    def test_who_reads_of_a_visit_says_no_by_one_press(self, browser):
        assert (
            "Anna de Wit comes on Thursday 10 December, between 10:00 and 12:00." in browser.get("/pay").text
        )
        page = browser.get("/pay/visit").text
        assert "You do not have to receive us." in page
        assert self.refuse(browser, page).headers["location"] == "/pay/visit/refused"
        assert "We will not come to your home" in browser.get("/pay/visit/refused").text
        assert "Anna de Wit" not in browser.get("/pay").text
        assert "No visit is planned" in browser.get("/pay/visit").text

    def test_said_twice_it_says_that_none_is_planned(self, browser):
        page = browser.get("/pay/visit").text
        self.refuse(browser, page)
        again = self.refuse(browser, page)
        assert again.status_code == 409
        assert "No visit is announced any more." in again.text
