"""A debtor's other claims at the same creditor: who sees them, what is asked, and one payment for all."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from agency.arrangements.plans import Wish, agree_plan
from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.kernel.unit import Door
from agency.money import Money
from agency.payments.links import issue_link
from agency.payments.provider_payments import apply_answer, ask
from agency.ports.providers import ProviderPayment
from portal import main
from portal.wiring import Wiring
from tests.arrangements.agreements import Bureau
from tests.communication.correspondence import SETTINGS, a_correspondent
from tests.made import a_claim
from tests.portal.test_debtor import Checkout, come_in, token_of

ZERO = Money(0, "EUR")


@pytest.fixture
def office(units):
    return Bureau(units).open_up()


@pytest.fixture
def claim(office):
    """402.15 is owed on it."""
    creditor_id, claim_id = office.claim()
    with office.unit() as unit:
        return creditor_id, claim_id, issue_link(unit, creditor_id=creditor_id, claim_id=claim_id)


@pytest.fixture
def checkout():
    return Checkout()


@pytest.fixture
def browser(office, checkout, monkeypatch):
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.hooks", "portal.debtor"))
    ports = office.ports
    object.__setattr__(ports, "payments", checkout)
    app = main.create_app(Wiring(settings=SETTINGS, units=office.units, ports=ports))
    with TestClient(app, base_url=SETTINGS.public_url, cookies={"language": "en"}) as client:
        yield client


def another(office, claim, minor, *, of=None):
    """A further claim of the same debtor at the same creditor, or with `of` of the debtor of that claim."""
    with office.unit() as unit:
        other = a_claim(unit, creditor_id=claim[0], invoices=[(minor, date(2026, 9, 1))])
        unit.session.connection().execute(
            text("UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = :own) WHERE id = :id"),
            {"own": of or claim[1], "id": other},
        )
    return other


def held(office, claim, claim_id, ground):
    with office.unit() as unit:
        place_hold(unit, creditor_id=claim[0], claim_id=claim_id, ground=HoldGround(ground))


def numbers(office, *claim_ids):
    return [office.one("SELECT number FROM claim WHERE id = :id", id=one) for one in claim_ids]


def press(browser, **fields):
    page = browser.get("/pay").text
    data = {"csrf": token_of(page), **fields}
    return browser.post("/pay/start", data=data, follow_redirects=False)


def rows(office, sql, **values):
    with office.unit() as unit:
        return [tuple(row) for row in unit.session.connection().execute(text(sql), values)]


def the_provider_says(office, ref, minor, *, kept=None):
    """The provider tells what was paid; of it `kept` is left after chargebacks."""
    back = Money(minor - (minor if kept is None else kept), "EUR")
    with office.unit() as unit:
        question = ask(unit, ref=ref)
        answer = ProviderPayment(
            ref, str(question.intent_id), "paid", Money(minor, "EUR"), "ideal",
            datetime(2026, 11, 20, 12, tzinfo=UTC), ZERO, back,
        )  # fmt: skip
        apply_answer(unit, question=question, answer=answer)
    office.react()


STANDING = (
    "SELECT c.number, p.amount_minor FROM payment p JOIN claim c ON c.creditor_id = p.creditor_id"
    " AND c.id = p.claim_id WHERE p.reversed_at IS NULL ORDER BY p.amount_minor"
)


class TestWhoSeesThem:
    def test_who_gave_the_postal_code_sees_his_other_claims(self, browser, office, claim):
        other = another(office, claim, 20_000)
        page = come_in(browser, claim[2]).text
        assert "Your other invoices from" in page
        assert numbers(office, other)[0] in page
        assert "€200.00" in page

    def test_who_has_one_claim_sees_nothing_of_it(self, browser, office, claim):
        assert "Your other invoices" not in come_in(browser, claim[2]).text

    def test_before_the_second_fact_nothing_is_shown(self, browser, office, claim):
        other = another(office, claim, 20_000)
        assert numbers(office, other)[0] not in browser.get(f"/pay/{claim[2]}").text

    def test_the_number_of_one_claim_proves_that_claim_alone(self, browser, office, claim):
        other = another(office, claim, 20_000)
        with office.unit() as unit:
            unit.session.connection().execute(text("UPDATE debtor SET postal_code = NULL"))
            unit.session.connection().execute(
                text("UPDATE claim SET reference = 'INV 77' WHERE id = :id"), {"id": claim[1]}
            )
        page = come_in(browser, claim[2], "INV 77").text
        assert "Still to pay" in page
        assert numbers(office, other)[0] not in page
        assert "Your other invoices" not in page
        assert press(browser, what="together").status_code == 422
        assert press(browser, what="other", claim=str(other)).status_code == 422

    def test_another_debtor_and_another_creditor_stay_hidden(self, browser, office, claim):
        with office.unit() as unit:
            stranger = a_claim(unit, creditor_id=claim[0], invoices=[(11_100, date(2026, 9, 1))])
            elsewhere = a_correspondent(unit, email="x@example.org", phone=None)
        another(office, claim, 20_000)
        page = come_in(browser, claim[2]).text
        for one in numbers(office, stranger, elsewhere[1]):
            assert one not in page
        assert press(browser, what="other", claim=str(stranger)).status_code == 422
        assert press(browser, what="other", claim=str(elsewhere[1])).status_code == 422

    def test_the_wall_stands_for_every_other_question(self, office, claim):
        """A unit of the debtor's door sees one claim, whatever else is his."""
        another(office, claim, 20_000)
        debtor = office.one("SELECT debtor_id FROM claim WHERE id = :id", id=claim[1])
        with office.units.open(
            Door.DEBTOR, by="x", creditor_id=claim[0], claim_id=claim[1], debtor_id=debtor
        ) as unit:
            connection = unit.session.connection()
            assert connection.execute(text("SELECT count(*) FROM claim")).scalar_one() == 1
            connection.execute(text("SELECT set_config('app.person', 'on', true)"))
            assert connection.execute(text("SELECT count(*) FROM claim")).scalar_one() == 2
            assert connection.execute(text("SELECT count(DISTINCT claim_id) FROM invoice")).scalar_one() == 1
            changed = connection.execute(text("UPDATE claim SET disputed_minor = 1"))
            assert changed.rowcount == 1


class TestWhatIsAsked:
    def test_all_is_one_payment_of_what_each_asks(self, browser, office, claim, checkout):
        other = another(office, claim, 20_000)
        page = come_in(browser, claim[2]).text
        assert "Pay all: €602.15" in page
        assert press(browser, what="together").status_code == 303
        assert press(browser, what="together").status_code == 303  # pressed twice: one payment
        assert checkout.asked == [60_215]
        assert rows(office, "SELECT claim_id, amount_minor FROM payment_intent_part ORDER BY place") == [
            (claim[1], 40_215), (other, 20_000),
        ]  # fmt: skip

    def test_one_other_is_paid_by_itself(self, browser, office, claim, checkout):
        other = another(office, claim, 20_000)
        come_in(browser, claim[2])
        assert press(browser, what="other", claim=str(other)).status_code == 303
        assert checkout.asked == [20_000]
        the_provider_says(office, "tr_1", 20_000)
        assert rows(office, STANDING) == [(numbers(office, other)[0], 20_000)]

    @pytest.mark.parametrize(
        ("ground", "says"),
        [
            ("dispute", "You told us that you do not agree."),
            ("says_paid", "We are looking for your payment."),
            ("creditor_asked", "We ask nothing for this now."), ("deceased", "somebody has died"),
        ],
    )  # fmt: skip
    def test_what_is_disputed_or_rests_is_shown_and_not_asked(self, browser, office, claim, ground, says):
        rests, other = another(office, claim, 20_000), another(office, claim, 5_000)
        held(office, claim, rests, ground)
        page = come_in(browser, claim[2]).text
        assert numbers(office, rests)[0] in page
        assert says in page
        assert "Pay all: €452.15" in page
        assert press(browser, what="other", claim=str(rests)).status_code == 422
        press(browser, what="together")
        assert rows(office, "SELECT claim_id FROM payment_intent_part ORDER BY place") == [
            (claim[1],), (other,),
        ]  # fmt: skip

    def test_what_was_promised_may_be_paid_now(self, browser, office, claim):
        other = another(office, claim, 20_000)
        held(office, claim, other, "promise")
        assert "Pay all: €602.15" in come_in(browser, claim[2]).text

    def test_another_currency_is_paid_by_itself(self, browser, office, claim):
        other = another(office, claim, 20_000)
        with office.unit() as unit:
            for table, key in (("claim", "id"), ("invoice", "claim_id")):
                unit.session.connection().execute(
                    text(f"UPDATE {table} SET currency = 'GBP' WHERE {key} = :id"), {"id": other}
                )
        page = come_in(browser, claim[2]).text
        assert "Pay all" not in page

    def test_the_page_names_the_invoices_after_the_payment(self, browser, office, claim):
        other = another(office, claim, 20_000)
        come_in(browser, claim[2])
        press(browser, what="together")
        the_provider_says(office, "tr_1", 60_215)
        page = browser.get("/pay/return").text
        for number in numbers(office, claim[1], other):
            assert number in page
        assert "€402.15" in page
        assert "€200.00" in page
        assert office.one("SELECT count(*) FROM message WHERE step LIKE 'payment_receipt%'") == 2

    def test_a_refused_form_keeps_the_list(self, browser, office, claim):
        other = another(office, claim, 20_000)
        come_in(browser, claim[2])
        answer = press(browser, what="part", amount="x")
        assert answer.status_code == 422
        assert numbers(office, other)[0] in answer.text


class TestPlan:
    def test_a_part_of_a_plan_is_paid_over_all_its_claims(self, browser, office, claim, checkout):
        other = another(office, claim, 20_000)
        with office.unit() as unit:
            wish = Wish(first_on=date(2026, 12, 15), count=2)
            agree_plan(unit, creditor_id=claim[0], claim_ids=[claim[1], other], wish=wish)
        office.react()
        office.pay(claim[:2], 30_000)
        come_in(browser, claim[2])
        assert "This is in a payment plan." in browser.get("/pay").text
        office.pay(claim[:2], 5_000)
        due = office.one("SELECT sum(amount_minor) - 35000 FROM plan_instalment WHERE due_on <= '2027-01-20'")
        page = browser.get("/pay/plan").text
        data = {"csrf": token_of(page), "what": "instalment"}
        assert browser.post("/pay/start", data=data, follow_redirects=False).status_code == 303
        assert checkout.asked == [due]
        the_provider_says(office, "tr_1", int(due))
        assert office.one("SELECT state FROM plan") == "completed"
        assert rows(office, "SELECT DISTINCT state FROM claim") == [("paid",)]

    def test_it_is_paid_also_after_this_claim_is_paid_off(self, browser, office, claim, checkout):
        other = another(office, claim, 20_000)
        with office.unit() as unit:
            wish = Wish(first_on=date(2026, 12, 15), count=2)
            agree_plan(unit, creditor_id=claim[0], claim_ids=[claim[1], other], wish=wish)
        office.react()
        office.pay(claim[:2], 40_215)
        come_in(browser, claim[2])
        page = browser.get("/pay/plan").text
        data = {"csrf": token_of(page), "what": "instalment"}
        assert browser.post("/pay/start", data=data, follow_redirects=False).status_code == 303
        assert checkout.asked == [20_000]
        assert rows(office, "SELECT claim_id, amount_minor FROM payment_intent_part") == [(other, 20_000)]


class TestGoingBack:
    def test_a_chargeback_takes_from_the_last_first_and_all_comes_back(self, browser, office, claim):
        other = another(office, claim, 20_000)
        own_number, other_number = numbers(office, claim[1], other)
        come_in(browser, claim[2])
        press(browser, what="together")
        the_provider_says(office, "tr_1", 60_215)
        assert rows(office, STANDING) == [(other_number, 20_000), (own_number, 40_215)]
        the_provider_says(office, "tr_1", 60_215, kept=45_000)
        assert rows(office, STANDING) == [(other_number, 4_785), (own_number, 40_215)]
        assert office.one("SELECT state FROM claim WHERE id = :id", id=other) == "active"
        assert office.one("SELECT state FROM claim WHERE id = :id", id=claim[1]) == "paid"
        the_provider_says(office, "tr_1", 60_215, kept=0)
        assert rows(office, STANDING) == []
        the_provider_says(office, "tr_1", 60_215)
        assert rows(office, STANDING) == [(other_number, 20_000), (own_number, 40_215)]

    def test_what_was_paid_meanwhile_is_owed_back_where_it_was_meant_for(self, browser, office, claim):
        another(office, claim, 20_000)
        come_in(browser, claim[2])
        press(browser, what="together")
        office.pay(claim[:2], 40_215)
        the_provider_says(office, "tr_1", 60_215)
        over = "SELECT claim_id, over_minor FROM payment WHERE over_minor > 0"
        assert rows(office, over) == [(claim[1], 40_215)]

    def test_a_claim_that_takes_none_holds_its_part_alone(self, browser, office, claim):
        other = another(office, claim, 20_000)
        come_in(browser, claim[2])
        press(browser, what="together")
        with office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE claim SET state = 'withdrawn' WHERE id = :id"), {"id": other}
            )
        the_provider_says(office, "tr_1", 60_215)
        assert rows(office, "SELECT claim_id, amount_minor FROM held_payment") == [(other, 20_000)]
        assert [one[1] for one in rows(office, STANDING)] == [40_215]
        assert re.search("paid", office.one("SELECT state FROM claim WHERE id = :id", id=claim[1]))
