"""Whose money a bank line is: settled by one valid reference, else proposed, and taken back when wrong."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, text

from agency.banking.jobs import explain_settlements
from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.provider_settlements import match_settlements
from agency.banking.suspense import UnableToSettleLine, settle_line, suspense_items, undo_line
from agency.claims.itemisation import open_total
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.kernel import ports
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.unit import Door, Unit
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.payments.models import IntentState, PaymentIntent, PaymentSource
from agency.payments.settlement import settle
from agency.ports.providers import ProviderPayment, Settlement, SettlementLine
from agency.remittance.line_stories import lump_parts, lump_sums
from agency.rules.reference import printed_forms, references_in, structured_ogm
from tests.banking.test_importing import a_line, a_statement, import_
from tests.made import a_claim, a_creditor


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def staff(units):
    with units.open(Door.STAFF, by="user:test") as unit:
        yield unit


def a_debt(unit: Unit, minor: int = 10_000, **facts):
    creditor = a_creditor(unit)
    claim = a_claim(unit, creditor_id=creditor, invoices=[(minor, unit.today)], **facts)
    return creditor, claim, unit.session.get_one(Claim, (creditor, claim))


def line_comes_in(unit: Unit, minor: int, **said) -> str:
    line = a_line("k1", minor, on=unit.today, **said)
    import_(unit, a_statement("s1", (line,), opening=0, on=unit.today))
    match_lines(unit)
    row = unit.session.connection().execute(text("SELECT id, state FROM bank_line")).one()
    return row.id, row.state


class TestExact:
    @pytest.mark.parametrize("form", [0, 1])
    def test_reference_in_any_written_form_settles_by_itself(self, staff, form):
        creditor, claim, row = a_debt(staff)
        written = printed_forms(row.payment_reference)[form]
        _, state = line_comes_in(staff, 10_000, text=f"betaling {written} dank u")
        assert state == "matched"
        assert open_total(staff, creditor_id=creditor, claim_id=claim, on=staff.today) == eur(0)
        assert account_balance(staff, account="trust.suspense", currency="EUR") == eur(0)

    def test_belgian_structured_communication_settles_by_itself(self, staff):
        _, _, row = a_debt(staff)
        row.payment_reference = structured_ogm(4711)
        staff.session.add(row)
        staff.session.flush()
        _, state = line_comes_in(staff, 10_000, structured_references=references_in(structured_ogm(4711)))
        assert state == "matched"


class TestNotCertain:
    def test_two_references_are_never_booked_to_the_first(self, staff):
        """B6."""
        _, _, first = a_debt(staff)
        _, _, second = a_debt(staff)
        _, state = line_comes_in(staff, 20_000, text=f"{first.payment_reference} {second.payment_reference}")
        assert state == "suspense"
        [item] = suspense_items(staff)
        assert len(item.proposals) == 2
        assert account_balance(staff, account="trust.creditor", currency="EUR") == eur(0)

    def test_a_reference_with_a_wrong_digit_is_not_booked(self, staff):
        """B7."""
        _, _, row = a_debt(staff)
        reference = row.payment_reference
        wrong = reference[:-1] + str((int(reference[-1]) + 1) % 10)
        _, state = line_comes_in(staff, 10_000, text=wrong)
        assert state == "suspense"

    def test_an_invoice_number_is_proposed(self, staff):
        _, claim, _ = a_debt(staff)
        number = staff.session.connection().execute(text("SELECT number FROM invoice")).scalar_one()
        _, state = line_comes_in(staff, 10_000, text=f"factuur {number}")
        assert state == "suspense"
        [item] = suspense_items(staff)
        assert [proposal.claim_id for proposal in item.proposals] == [claim]
        assert "short_invoice_number" in item.reasons

    def test_a_withdrawn_claim_leaves_the_money_in_suspense_with_the_reason(self, staff):
        """A11."""
        _, _, row = a_debt(staff, state=ClaimState.WITHDRAWN)
        _, state = line_comes_in(staff, 10_000, text=row.payment_reference)
        assert state == "suspense"
        assert "claim_withdrawn" in suspense_items(staff)[0].reasons


class TestByAPerson:
    def test_settles_undoes_and_settles_on_another_claim(self, staff):
        creditor, claim, _ = a_debt(staff)
        other_creditor, other, _ = a_debt(staff)
        line, _ = line_comes_in(staff, 10_000, text="?")
        settle_line(staff, line_id=line, creditor_id=creditor, claim_id=claim)
        with pytest.raises(UnableToSettleLine):
            settle_line(staff, line_id=line, creditor_id=other_creditor, claim_id=other)
        undo_line(staff, line_id=line, why="another debtor")
        assert open_total(staff, creditor_id=creditor, claim_id=claim, on=staff.today) == eur(10_000)
        settle_line(staff, line_id=line, creditor_id=other_creditor, claim_id=other)
        balance = account_balance(staff, account="trust.creditor", currency="EUR", creditor_id=other_creditor)
        assert balance == eur(-10_000)
        assert prove(staff, on=staff.today).green


class TestSettlementsOfTheProvider:
    def paid_online(self, unit: Unit, ref: str, minor: int):
        creditor, claim, _ = a_debt(unit, minor)
        unit.session.add(
            PaymentIntent(
                creditor_id=creditor,
                created_at=unit.now,
                claim_id=claim,
                amount_minor=minor,
                currency="EUR",
                provider_ref=ref,
            )
        )
        settle(
            unit,
            creditor_id=creditor,
            claim_id=claim,
            source=PaymentSource.PSP,
            source_key=f"{ref}#1",
            amount=eur(minor),
            value_on=unit.today,
            trust_account="trust.psp",
        )
        return creditor

    def a_settlement(self, *lines: tuple[str, int], costs: int, amount: int | None = None) -> Settlement:
        return Settlement(
            ref="stl_1",
            reference="1182161.2611.02",
            settled_on=date(2026, 11, 20),
            amount=eur(sum(minor for _, minor in lines) - costs if amount is None else amount),
            costs=eur(costs),
            lines=tuple(SettlementLine(ref, "payment", eur(minor)) for ref, minor in lines),
        )

    def test_empty_the_clearing_account_and_charge_the_agency(self, staff):
        """A20."""
        self.paid_online(staff, "tr_1", 10_000)
        self.paid_online(staff, "tr_2", 5_000)
        line_comes_in(staff, 14_942, text="Mollie 1182161.2611.02")
        settlement = self.a_settlement(("tr_1", 10_000), ("tr_2", 5_000), costs=58)
        assert match_settlements(staff, settlements=[settlement]) == 1
        assert match_settlements(staff, settlements=[settlement]) == 0
        balances = {
            account: account_balance(staff, account=account, currency="EUR").minor
            for account in ("trust.psp", "trust.suspense", "trust.bank", "trust.creditor", "trust.agency")
        }
        assert balances == {
            "trust.psp": 0,
            "trust.suspense": 0,
            "trust.bank": 14_942,
            "trust.creditor": -15_000,
            "trust.agency": 58,
        }
        house = account_balance(staff, account="trust.agency", currency="EUR", creditor_id=HOUSE)
        assert house == eur(58)
        assert prove(staff, on=staff.today).green

    def test_say_part_by_part_how_the_lump_is_made_up(self, staff):
        self.paid_online(staff, "tr_1", 10_000)
        self.paid_online(staff, "tr_2", 5_000)
        line_id, _ = line_comes_in(staff, 14_442, text="Mollie 1182161.2611.02")
        refunded = SettlementLine("tr_1", "refund", eur(-500))
        settlement = self.a_settlement(("tr_1", 10_000), ("tr_2", 5_000), costs=58, amount=14_442)
        settlement = replace(settlement, lines=(*settlement.lines, refunded))
        assert match_settlements(staff, settlements=[settlement]) == 1
        sums = {one.kind: (one.parts, one.amount.minor) for one in lump_sums(staff, line_id=line_id)}
        assert sums == {"payment": (2, 15_000), "refund": (1, -500), "costs": (1, -58)}
        parts = lump_parts(staff, line_id=line_id)
        assert sum(part.amount.minor for part in parts) == 14_442
        assert [(part.kind, part.provider_ref) for part in parts] == [
            ("payment", "tr_1"), ("payment", "tr_2"), ("refund", "tr_1"), ("costs", ""),
        ]  # fmt: skip
        assert parts[0].claim_number
        assert parts[0].debtor

    def test_of_a_lump_whose_parts_were_not_kept_the_ledger_tells_the_shares(self, units, owner_url):
        with units.open(Door.STAFF, by="user:test") as unit:
            self.paid_online(unit, "tr_1", 10_000)
            self.paid_online(unit, "tr_2", 5_000)
            line_id, _ = line_comes_in(unit, 14_942, text="Mollie 1182161.2611.02")
            settlement = self.a_settlement(("tr_1", 10_000), ("tr_2", 5_000), costs=58)
            assert match_settlements(unit, settlements=[settlement]) == 1
        engine = create_engine(owner_url)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE settlement_part NO FORCE ROW LEVEL SECURITY"))
            connection.execute(text("DELETE FROM settlement_part"))
            connection.execute(text("ALTER TABLE settlement_part FORCE ROW LEVEL SECURITY"))
        engine.dispose()
        with units.open(Door.STAFF, by="user:test") as unit:
            shares = lump_parts(unit, line_id=line_id)
        found = sorted((part.kind, part.amount.minor) for part in shares)
        assert found == [("costs", -58), ("payment", 5_000), ("payment", 10_000)]

    @pytest.mark.parametrize(
        ("lines", "amount"),
        [((("tr_1", 10_000), ("tr_404", 4_942)), None), ((("tr_1", 10_000),), 14_942)],
    )
    def test_stay_open_while_a_cent_is_unexplained(self, staff, lines, amount):
        self.paid_online(staff, "tr_1", 10_000)
        _, _ = line_comes_in(staff, 14_942, text="Mollie 1182161.2611.02")
        assert match_settlements(staff, settlements=[self.a_settlement(*lines, costs=0, amount=amount)]) == 0
        assert account_balance(staff, account="trust.psp", currency="EUR") == eur(10_000)

    def test_name_a_payment_of_which_nothing_was_ever_told(self, units, monkeypatch):
        """A6 and A7 together: neither its creation was answered nor its notice delivered."""
        with units.open(Door.STAFF, by="user:test") as unit:
            creditor, claim, _ = a_debt(unit, 5_000)
            intent = PaymentIntent(
                creditor_id=creditor,
                id=new_id(),
                created_at=unit.now,
                claim_id=claim,
                amount_minor=5_000,
                currency="EUR",
                state=IntentState.EXPIRED,
            )
            unit.session.add(intent)
            line_comes_in(unit, 4_961, text="Mollie 1182161.2611.02")
            paid = ProviderPayment(
                "tr_1", str(intent.id), "paid", eur(5_000), "ideal", unit.now, eur(0), eur(0)
            )
        settlement = self.a_settlement(("tr_1", 5_000), costs=39)
        provider = SimpleNamespace(settlements=lambda **_: [settlement], fetch={"tr_1": paid}.__getitem__)
        monkeypatch.setattr(ports, "_installed", [SimpleNamespace(payments=provider)])
        explain_settlements(units)
        with units.open(Door.STAFF, by="user:test") as unit:
            assert unit.session.get_one(Claim, (creditor, claim)).state == ClaimState.PAID
            assert suspense_items(unit) == []
            assert account_balance(unit, account="trust.psp", currency="EUR") == eur(0)

    def test_are_asked_for_only_while_something_waits(self, units, monkeypatch):
        asked = []
        provider = SimpleNamespace(
            settlements=lambda *, since, amounts: asked.append((since, set(amounts))) or []
        )
        monkeypatch.setattr(ports, "_installed", [SimpleNamespace(payments=provider)])
        explain_settlements(units)
        assert asked == []
        with units.open(Door.STAFF, by="user:test") as unit:
            line_comes_in(unit, 14_942, text="Mollie 1182161.2611.02")
            today = unit.today
        explain_settlements(units)
        assert asked == [(today - timedelta(days=4), {eur(14_942)})]
