"""New prices of claims in collection as the creditor meets them: shown with what changed, accepted, declined,
renewed, listed, and nobody else's."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.disputes.raising import raise_dispute
from agency.disputes.resolving import resolve_dispute
from agency.events import DisputeRaised, DisputeResolved, QuoteAccepted
from agency.kernel.emitting import install_reactions
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from agency.pricing.reacting import open_books, price_again
from portal import main
from tests.barriers import barriers
from tests.intake.factories import a_file, a_row
from tests.portal.house import House
from tests.portal.served import serve
from tests.portal.test_creditor import PARTS, Browser

LONG_NAME = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"
WAITING = "/creditor/quotes/waiting"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    again = (price_again,)
    install_reactions({QuoteAccepted: (open_books,), DisputeRaised: again, DisputeResolved: again})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


class Client:
    """A creditor with one claim in collection, of which a part is disputed now."""

    def __init__(self, house, name="Enercity", beside=()):
        self.house, self.creditor_id = house, house.creditor(name)
        self.manager = Browser(house, self.creditor_id, Role.CREDITOR_MANAGER)
        row = a_row("F1", amount="1.000,00", name=LONG_NAME)
        self.placed = self.manager.drop(a_file(row, *beside)).headers["location"]
        self.manager.post(f"{self.placed}/acceptance")
        drain(house.units)
        whose = {"c": self.creditor_id}
        self.claim_id = house.one(
            "SELECT c.id FROM claim c JOIN invoice i ON i.creditor_id = c.creditor_id AND i.claim_id = c.id"
            " WHERE c.creditor_id = :c AND i.number = 'F1'",
            **whose,
        )
        self.claim = f"/creditor/claims/{self.claim_id}"
        self.dispute_id = self.disputes()

    def disputes(self):
        with self.house.units.open(Door.STAFF, by="user:collector") as unit:
            dispute_id = raise_dispute(
                unit, creditor_id=self.creditor_id, claim_id=self.claim_id, reason="price",
                disputed=Money(20_000, "EUR"),
            )  # fmt: skip
        drain(self.house.units)
        return dispute_id

    def resolves(self):
        with self.house.units.open(Door.STAFF, by="user:collector") as unit:
            resolve_dispute(
                unit, creditor_id=self.creditor_id, dispute_id=self.dispute_id, outcome="resolved_creditor",
                why="seen",
            )  # fmt: skip
        drain(self.house.units)

    def quote(self, state="open"):
        found = self.house.one(
            "SELECT id FROM quote WHERE creditor_id = :c AND claim_id IS NOT NULL AND state = :s"
            " ORDER BY issued_at DESC LIMIT 1",
            c=self.creditor_id, s=state,
        )  # fmt: skip
        return f"/creditor/quotes/{found}"


@pytest.fixture
def client(house):
    return Client(house)


class TestANewPrice:
    def test_is_shown_with_what_changed_wherever_the_creditor_looks(self, client):
        get, page = client.manager.get, client.quote()
        assert "1 claim waits for your answer on a new price" in get("/creditor").text
        assert "1 price waits for your answer" in get("/creditor/quotes").text
        waiting = get(WAITING).text
        assert page in waiting
        assert LONG_NAME in waiting
        clerk = Browser(client.house, client.creditor_id, Role.CREDITOR_CLERK)
        for path in (client.claim, page):
            shown = get(path).text
            assert "disputed without grounds so far" in shown
            assert "→" in shown
            assert "Accept the new price" in shown
            # A price binds the creditor: a manager answers.
            seen_by_clerk = clerk.get(path).text
            assert "A manager of your organisation accepts prices" in seen_by_clerk
            assert "Accept the new price" not in seen_by_clerk
        assert clerk.post(f"{page}/acceptance").status_code == 403
        assert clerk.post(WAITING, {"do": "accept"}).status_code == 403
        claim = get(client.claim).text
        assert "A new price waits for your answer" in claim
        assert "Only what the debtor contests waits" in claim
        assert "Collection is paused" not in claim
        assert "the contested part" in waiting
        assert "A higher fee waits for your answer" in claim
        assert get(f"{page}.pdf").content.startswith(b"%PDF")
        assert "Dispute" in get(f"{page}/changes").text

    def test_of_one_claim_among_many_of_its_file_is_compared_with_its_own_old_price(self, house):
        several = Client(house, "Kantoor", beside=[a_row("F2", name="Bakker"), a_row("F3", name="Slager")])
        for path in (several.claim, several.quote(), f"{several.quote()}/changes"):
            answer = several.manager.get(path)
            assert answer.status_code == 200
            assert "Bakker" not in answer.text, path
            assert "Slager" not in answer.text, path

    def test_is_renewed_accepted_and_falls_again_by_itself(self, client):
        post, get, page = client.manager.post, client.manager.get, client.quote()
        with client.house.units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE quote SET expires_at = app.now() WHERE state = 'open'")
            )
        assert "Make a new price" in get(client.claim).text
        assert page in get(WAITING).text
        assert post(f"{page}/acceptance").status_code == 409
        newer = post(f"{page}/renewal").headers["location"]
        assert newer == client.quote() != page
        assert newer in get(page).text
        assert post(f"{newer}/acceptance").headers["location"] == newer
        shown = get(newer).text
        assert "collection goes on" in shown
        assert "Accept the new price" not in shown
        assert post(f"{newer}/acceptance").status_code == 409
        claim = get(client.claim).text
        assert "Agreed so far" in claim
        assert "Collection is paused" not in claim
        assert "Higher fee accepted" in claim
        client.resolves()
        assert "This price went down by itself" in get(client.quote("accepted")).text
        assert "Fee lowered by itself" in get(client.claim).text

    def test_is_answered_together_with_others_and_a_stale_one_keeps_none_of_them(self, client):
        post, page = client.manager.post, client.quote()
        answer = {"quote": [page.rpartition("/")[2]], "do": "decline"}
        assert post(WAITING, {"do": "accept"}).status_code == 422
        assert post(WAITING, answer).status_code == 422
        assert post(WAITING, answer | {"quote": ["x"], "do": "accept"}).status_code == 422
        stale = {"quote": [*answer["quote"], client.placed.rpartition("/")[2]], "do": "accept"}
        assert post(WAITING, stale).headers["location"] == WAITING
        assert client.house.one("SELECT count(*) FROM quote WHERE state = 'accepted'") == 2
        assert "they are left as they are" in client.manager.get(WAITING).text

    def test_is_declined_or_no_longer_asked_and_nobody_else_s(self, client, house):
        other, get, page = Client(house, "Andermans"), client.manager.get, client.quote()
        for path in (page, f"{page}/changes", f"{page}/refusal", client.claim):
            assert other.manager.get(path).status_code == 404
        for path in ("acceptance", "renewal"):
            assert other.manager.post(f"{page}/{path}").status_code == 404
        assert page not in other.manager.get(WAITING).text
        assert client.quote() == page

        assert "at no cost" in get(f"{page}/refusal").text
        assert client.manager.post(f"{page}/refusal").status_code == 422
        assert client.manager.post(f"{page}/refusal", {"why": "price", "words": "Te duur"}).status_code == 303
        state = "SELECT state FROM claim WHERE creditor_id = :c"
        assert client.house.one(state, c=client.creditor_id) == "withdrawn"
        assert "The price: Te duur" in get(page).text
        assert page not in get(WAITING).text

        page = other.quote()
        other.resolves()
        assert "no longer asked" in other.manager.get(page).text
        assert other.manager.post(f"{page}/acceptance").status_code == 409
        assert "No price waits" in other.manager.get(WAITING).text


class TestADueDate:
    def path(self, client):
        invoice = client.house.one("SELECT id FROM invoice WHERE creditor_id = :c", c=client.creditor_id)
        return f"{client.claim}/invoices/{invoice}/due-date"

    def test_is_corrected_on_its_own_page_with_a_reason(self, client):
        path, post = self.path(client), client.manager.post
        assert path in client.manager.get(client.claim).text
        assert "31 May 2026" in client.manager.get(path).text
        assert post(path, {"due_on": "2026-05-20"}).status_code == 422
        assert "before the invoice date" in post(path, {"due_on": "2026-04-20", "why": "x"}).text
        answer = post(path, {"due_on": "2026-05-20", "why": "the contract says so"})
        assert answer.headers["location"] == client.claim
        shown = client.manager.get(client.claim).text
        assert "31 May 2026 → 20 May 2026" in shown
        assert client.house.one("SELECT due_on FROM claim") == date(2026, 5, 20)

    def test_is_nobody_else_s(self, client, house):
        other = Client(house, "Andermans")
        path, answer = self.path(client), {"due_on": "2026-05-20", "why": "x"}
        assert other.manager.get(path).status_code == 404
        assert other.manager.post(path, answer).status_code == 404
        strange = path.replace(str(client.claim_id), str(other.claim_id))
        assert other.manager.post(strange, answer).status_code == 404


@pytest.mark.browser
def test_new_prices_can_be_read_by_everybody_and_fit(client, browser):
    with serve(client.house) as served:
        context = browser.new_context(base_url=served.url, locale="en-GB")
        session = client.manager.client.cookies["session"]
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        page = context.new_page()
        for path in (client.claim, client.quote(), TestADueDate().path(client), WAITING):
            page.goto(path)
            assert barriers(page) == [], path
        page.get_by_role("checkbox", name="Select this row").check()
        page.get_by_role("button", name="Accept the chosen claims").click()
        page.get_by_text("Collection of these claims goes on").wait_for()
        context.close()
