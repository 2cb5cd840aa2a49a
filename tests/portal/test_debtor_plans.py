"""The debtor's plan over HTTP: seen first, agreed or asked for, kept; what can be paid; and the mandate."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from agency.arrangements.deciding import counter_proposal, refuse_proposal
from agency.arrangements.models import DebitState, DirectDebit, DirectDebitFile, SepaMandate
from agency.arrangements.plans import Wish, agree_plan
from agency.arrangements.settlements import offer_settlement
from agency.communication.values import in_fours
from agency.kernel.ids import new_id
from agency.payments.links import issue_link
from portal import main
from portal.wiring import Wiring
from tests.arrangements.agreements import Bureau, date, euro
from tests.communication.correspondence import SETTINGS
from tests.made import a_claim
from tests.portal.test_debtor import Checkout, come_in, token_of

AMOUNT = {"how": "amount", "amount": "100,50", "rhythm": "monthly", "first_on": "2026-12-15"}
LOW = {**AMOUNT, "amount": "20"}
BUDGET = {"household": "single", "children": "0", "income": "2500", "fixed_costs": "1000"}
IBAN = "NL91 ABNA 0417 1643 00"


@pytest.fixture
def office(units):
    return Bureau(units).open_up()


@pytest.fixture
def claim(office):
    return office.claim()


@pytest.fixture
def browser(office, claim, monkeypatch):
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.hooks", "portal.debtor"))
    ports = office.ports
    object.__setattr__(ports, "payments", Checkout())
    app = main.create_app(Wiring(settings=SETTINGS, units=office.units, ports=ports))
    with office.unit() as unit:
        token = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
    with TestClient(app, base_url=SETTINGS.public_url, cookies={"language": "en"}) as client:
        come_in(client, token)
        yield client


def send(browser, path, *, page="/pay/plan/affordability", **fields):
    return browser.post(path, data={"csrf": token_of(browser.get(page).text), **fields})


def state(office) -> str:
    return office.one("SELECT state FROM plan ORDER BY made_at DESC, id DESC LIMIT 1")


class TestPlan:
    def test_is_seen_before_anything_is_agreed(self, browser, office):
        page = browser.get("/pay/plan", params=AMOUNT).text
        assert "This plan is accepted at once" in page
        assert (page.count("€100.50"), page.count("€100.65")) == (3, 1)
        assert office.one("SELECT count(*) FROM plan") == 0

    def test_within_the_bands_it_begins_when_confirmed(self, browser, office, claim):
        page = send(browser, "/pay/plan", **AMOUNT).text
        office.react()
        assert "Your plan is running" in page
        assert (state(office), office.grounds(claim)) == ("active", ["plan_kept"])
        assert "Your plan is running" in browser.get("/pay/plan").text

    def test_outside_them_somebody_looks_first(self, browser, office, claim):
        assert "Somebody looks at this plan first" in browser.get("/pay/plan", params=LOW).text
        page = send(browser, "/pay/plan", **LOW).text
        assert "We look at your plan" in page
        assert "6 December 2026" in page
        assert (state(office), office.grounds(claim)) == ("proposed", ["plan_requested"])

    def test_an_offer_is_taken_on_the_page(self, browser, office, claim):
        send(browser, "/pay/plan", **LOW)
        office.react()
        plan_id = office.one("SELECT id FROM plan")
        with office.unit() as unit:
            counter_proposal(
                unit, creditor_id=claim[0], plan_id=plan_id, wish=Wish(first_on=date(2026, 12, 15), count=8),
                why="eight is the most",
            )  # fmt: skip
        office.react()
        page = browser.get("/pay/plan").text
        assert "We offer you this plan" in page
        offer = office.one("SELECT id FROM plan WHERE state = 'offered'")
        answer = browser.post("/pay/plan/acceptance", data={"csrf": token_of(page), "plan": str(offer)})
        assert "Your plan is running" in answer.text
        again = browser.post("/pay/plan/refusal", data={"csrf": token_of(answer.text), "plan": str(offer)})
        assert again.status_code == 409
        assert state(office) == "active"

    def test_a_plan_over_several_claims_is_paid_on_after_this_one_is_paid_off(self, browser, office, claim):
        with office.unit() as unit:
            other = a_claim(unit, creditor_id=claim[0], invoices=[(20_000, date(2026, 9, 1))])
            unit.session.connection().exec_driver_sql(
                "UPDATE claim SET debtor_id = (SELECT debtor_id FROM claim WHERE id = %s) WHERE id = %s",
                (claim[1], other),
            )
            both, wish = [claim[1], other], Wish(first_on=date(2026, 12, 15), count=2)
            agree_plan(unit, creditor_id=claim[0], claim_ids=both, wish=wish)
        office.react()
        office.pay(claim, 40_215)
        assert 'href="/pay/plan"' in browser.get("/pay").text
        page = browser.get("/pay/plan").text
        assert "Next payment" in page
        assert "€200.00" in page  # what the second instalment, 301.08, is short of
        reference = office.one("SELECT payment_reference FROM claim WHERE id = :id", id=claim[1])
        assert reference in page
        assert in_fours(SETTINGS.trust_iban) in page

    def test_a_refusal_is_read_and_another_plan_asked_for(self, browser, office, claim):
        send(browser, "/pay/plan", **LOW)
        with office.unit() as unit:
            plan_id = unit.session.connection().exec_driver_sql("SELECT id FROM plan").scalar_one()
            refuse_proposal(unit, creditor_id=claim[0], plan_id=plan_id, why="Twenty months is too long.")
        office.react()
        page = browser.get("/pay/plan").text
        assert "Twenty months is too long." in page
        assert "/pay/plan?another=1" in page
        assert "How do you want to pay in parts?" in browser.get("/pay/plan?another=1").text

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"amount": ""}, "Fill in how much you want to pay each time."),
            ({"amount": "abc"}, "Give an amount, like 12.50."),
            ({"amount": "1"}, "This amount is too small for an instalment"),
            ({"amount": "5000"}, "This is more than what is owed"),
            ({"how": "count", "amount": ""}, "Fill in how many times you want to pay."),
            ({"how": "count", "count": "9999999999999"}, "That gives too many or too small instalments"),
            ({"first_on": "2026-11-30"}, "Choose a day within 92 days"),
            ({"first_on": "9999-12-31"}, "Choose a day within 92 days"),
            ({"first_on": "31 February"}, "Give a date"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(self, browser, office, change, says):
        wished = {name: value for name, value in {**AMOUNT, **change}.items() if value}
        answer = browser.get("/pay/plan", params=wished)
        assert answer.status_code == 422
        assert says in answer.text
        answer = send(browser, "/pay/plan", **wished)
        assert answer.status_code == 422
        assert office.one("SELECT count(*) FROM plan") == 0

    def test_its_statement_shows_what_was_paid(self, browser, office, claim):
        send(browser, "/pay/plan", **AMOUNT)
        office.react()
        office.pay(claim, 10_050)
        page = browser.get("/pay/plan").text
        assert "€301.65" in page
        assert page.count(">Paid<") >= 1

    def test_the_invoice_asks_the_next_part_first_and_everything_only_if_wished(self, browser, office, claim):
        send(browser, "/pay/plan", **AMOUNT)
        office.react()
        page = browser.get("/pay").text
        assert "This part of your plan: €100.50" in page
        assert re.search(r'value="instalment"\s+checked', page)
        assert re.search(r"Amount</dt>\s*<dd[^>]*>€100.50", page)  # of the transfer
        for path, amount in (("/pay", 10_050), ("/pay/plan", 4_050)):
            page = browser.get(path).text
            data = {"csrf": token_of(page), "what": "instalment"}
            assert browser.post("/pay/start", data=data, follow_redirects=False).status_code == 303
            newest = "SELECT amount_minor FROM payment_intent ORDER BY created_at DESC, id DESC LIMIT 1"
            assert office.one(newest) == amount
            office.pay(claim, 6_000)

    def test_a_part_that_is_asked_no_more_is_refused_with_the_reason(self, browser, office):
        page = browser.get("/pay").text
        answer = browser.post("/pay/start", data={"csrf": token_of(page), "what": "instalment"})
        assert answer.status_code == 422
        assert "our plan does not ask this part any more" in answer.text


class TestSettlement:
    @pytest.fixture
    def settled(self, office, claim):
        """370.00 for full discharge of 402.15, to be paid by 10 December."""
        with office.unit() as unit:
            offer_settlement(
                unit, creditor_id=claim[0], claim_id=claim[1], amount=euro(37_000),
                pay_by=date(2026, 12, 10), why="pays at once", is_admin=True,
            )  # fmt: skip
        office.react()

    def test_the_page_asks_what_was_agreed_and_says_that_the_rest_is_cancelled(
        self, browser, office, settled
    ):
        page = browser.get("/pay").text
        assert "If you pay €370.00 by 10 December 2026, the rest is cancelled." in page
        assert re.search(r'value="settled"\s+checked', page)
        answer = browser.post(
            "/pay/start", data={"csrf": token_of(page), "what": "settled"}, follow_redirects=False
        )
        assert answer.status_code == 303
        assert office.one("SELECT amount_minor FROM payment_intent") == 37_000

    def test_what_was_paid_of_it_since_is_not_asked_again(self, browser, office, claim, settled):
        office.pay(claim, 10_000)
        assert "If you pay €270.00 by 10 December 2026" in browser.get("/pay").text
        office.pay(claim, 27_000)
        page = browser.get("/pay").text
        assert "the rest is cancelled" not in page
        assert "Nothing to pay now" in page

    def test_it_lapses_from_the_page_with_its_last_day_of_grace(self, browser, office, claim, settled):
        office.move_to(datetime(2026, 12, 31, 9, 0, tzinfo=UTC))
        with office.unit() as unit:
            token = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
        come_in(browser, token)
        page = browser.get("/pay").text
        assert "Still to pay" in page
        assert "the rest is cancelled" not in page
        late = browser.post("/pay/start", data={"csrf": token_of(page), "what": "settled"})
        assert late.status_code == 422
        assert office.one("SELECT count(*) FROM payment_intent") == 0


class TestAffordability:
    def test_is_worked_out_and_kept_nowhere(self, browser, office):
        page = send(browser, "/pay/plan/affordability", **BUDGET).text
        assert "You can pay about €340.00 a month" in page
        assert "/pay/plan?how=amount&amp;amount=340.00" in page
        assert office.one("SELECT count(*) FROM event WHERE facts::text LIKE '%2500%'") == 0

    def test_who_can_pay_nothing_is_shown_help_and_a_pause(self, browser, office, claim):
        page = send(browser, "/pay/plan/affordability", **{**BUDGET, "income": "1500"}).text
        assert "schuldhulpverlening" in page
        assert "You can pay about" not in page
        send(browser, "/pay/plan/pause")
        assert office.grounds(claim) == ["debt_help"]
        ends = office.one("SELECT ends_at - starts_at FROM hold")
        assert ends.days == 30

    @pytest.mark.parametrize(
        "change",
        [{"income": "-1"}, {"income": "1e9"}, {"income": "12.345,678"}, {"children": "99"},
         {"household": "castle"},
         {"other_debts": "x"}],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, browser, change):
        answer = send(browser, "/pay/plan/affordability", **{**BUDGET, **change})
        assert answer.status_code == 422
        assert "You can pay about" not in answer.text


class TestMandate:
    def sign(self, browser, **change):
        fields = {"iban": IBAN, "holder": "J. van den Berg", "agree": "true", **change}
        return send(browser, "/pay/plan/mandate", page="/pay/plan/mandate", **fields)

    def test_is_signed_and_taken_back_on_the_page(self, browser, office):
        send(browser, "/pay/plan", **AMOUNT)
        page = self.sign(browser).text
        assert "NL91\u00a0ABNA\u00a00417\u00a01643\u00a000" in page
        mandate = office.one("SELECT id FROM sepa_mandate WHERE revoked_at IS NULL")
        browser.post("/pay/plan/mandate/revocation", data={"csrf": token_of(page), "mandate": str(mandate)})
        assert office.one("SELECT count(*) FROM sepa_mandate WHERE revoked_at IS NULL") == 0
        assert self.sign(browser).status_code == 200
        assert office.one("SELECT count(*) FROM sepa_mandate") == 2

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"iban": "NL92 ABNA 0417 1643 00"}, "This is not an IBAN"),
            ({"iban": "x"}, "This is not an IBAN"),
            (
                {"iban": "SA03 8000 0000 6080 1016 7519"},
                "Money cannot be collected from an account in this country",
            ),
            ({"agree": ""}, "Tick the box to sign."),
            ({"holder": "x" * 71}, "Fill in the name on the account"),
        ],
    )
    def test_a_wrong_account_or_no_yes_is_refused(self, browser, office, change, says):
        send(browser, "/pay/plan", **AMOUNT)
        answer = self.sign(browser, **change)
        assert answer.status_code == 422
        assert says in answer.text
        assert office.one("SELECT count(*) FROM sepa_mandate") == 0

    def test_an_instalment_that_was_not_collected_can_be_paid(self, browser, office, claim):
        """What the bank gave back is not collected again by itself."""
        send(browser, "/pay/plan", **AMOUNT)
        assert "We collect it from your account." in self.sign(browser).text
        office.react()
        office.on(date(2026, 12, 24))
        with office.unit() as unit:
            token = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
        come_in(browser, token)
        page = browser.get("/pay/plan").text
        assert "One payment did not reach us" in page
        assert "We collect it from your account." not in page
        assert 'action="/pay/start"' in page

    def test_what_cannot_be_announced_in_time_the_debtor_pays_himself(self, browser, office):
        """Signed a week before the first instalment: that one may not be collected on its day."""
        with office.unit() as unit:
            soon = unit.today + timedelta(days=7)
        send(browser, "/pay/plan", **AMOUNT | {"first_on": soon.isoformat()})
        page = self.sign(browser).text
        assert "This payment we cannot collect in time. Please pay it yourself." in page
        assert "We collect it from your account." not in page
        assert 'action="/pay/start"' in page

    def test_what_the_bank_gave_back_is_not_said_to_be_collected(self, browser, office, claim):
        send(browser, "/pay/plan", **AMOUNT)
        self.sign(browser)
        with office.unit() as unit:
            file = DirectDebitFile(
                id=new_id(), message_id="DD-1", collect_on=unit.today, total_minor=10_050, currency="EUR",
                drafted_at=unit.now, drafted_by="user:ann",
            )  # fmt: skip
            [mandate] = unit.session.exec(select(SepaMandate)).all()
            unit.session.add(file)
            unit.session.flush()
            unit.session.add(
                DirectDebit(
                    creditor_id=claim[0], id=new_id(), mandate_id=mandate.id, plan_id=mandate.plan_id,
                    number=1, claim_id=claim[1], file_id=file.id, amount_minor=10_050, currency="EUR",
                    sequence="FRST", end_to_end="DD-1", state=DebitState.RETURNED, return_reason="MD06",
                )
            )  # fmt: skip
        page = browser.get("/pay/plan").text
        assert "We collect it from your account." not in page
        assert 'action="/pay/start"' in page

    def test_without_a_plan_there_is_nothing_to_sign(self, browser, office):
        self.sign(browser)
        assert office.one("SELECT count(*) FROM sepa_mandate") == 0
