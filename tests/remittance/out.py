"""A creditor with terms, paid claims, and the steps of a payout, for the tests of what leaves."""

from uuid import UUID

from sqlmodel import select

from agency.banking.importing import import_statements
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.parties.models import CreditorTerms
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.remittance.models import RemittanceRun
from agency.remittance.runs import approve_run, draft_runs
from portal.payouts import export_payouts
from tests.banking.test_importing import IBAN, a_line, a_statement
from tests.made import a_claim, a_creditor, an_accepted_price

DRAFTER, APPROVER = "user:ann", "user:bob"
SETTINGS = Settings(trust_iban=IBAN)


def rows_of(unit: Unit, model, **facts) -> list:
    """The rows of a table with these values, in order of id."""
    return list(unit.session.exec(select(model).filter_by(**facts).order_by(model.id)))


def waiting_for_payout(unit: Unit, creditor: UUID) -> Money:
    """What the ledger owes a creditor, before the fee; it may be negative."""
    return -account_balance(unit, account="trust.creditor", currency="EUR", creditor_id=creditor)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def agreed(units: Units, *, invoices=(100_000,), terms=(), **creditor) -> tuple[UUID, UUID]:
    """A creditor with these terms and one accepted claim at 10 %."""
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor_id = a_creditor(unit, **creditor)
        for name, value in dict(terms).items():
            [row] = rows_of(unit, CreditorTerms, creditor_id=creditor_id)
            setattr(row, name, value)
        return creditor_id, another_claim(unit, creditor_id, invoices)


def another_claim(unit: Unit, creditor_id: UUID, invoices=(100_000,)) -> UUID:
    """One more accepted claim of a creditor."""
    claim = a_claim(unit, creditor_id=creditor_id, invoices=[(minor, unit.today) for minor in invoices])
    an_accepted_price(unit, creditor_id=creditor_id, claim_id=claim)
    return claim


def paid(units: Units, creditor_id: UUID, claim_id: UUID, minor: int, *, key: str, direct=False) -> UUID:
    """Money on a claim, through the provider or straight to the creditor."""
    with units.open(Door.STAFF, by="system:test") as unit:
        settled = settle(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            source=PaymentSource.DIRECT if direct else PaymentSource.PSP,
            source_key=key,
            amount=eur(minor),
            value_on=unit.today,
            trust_account=None if direct else "trust.psp",
        )
    return settled.payment_id


def draft(units: Units, *, later: int = 0, by: str = DRAFTER) -> list[UUID]:
    """Draft what is due, `later` days from now."""
    with units.open(Door.STAFF, by=by) as unit:
        cutoff = unit.today.fromordinal(unit.today.toordinal() + later)
        return [run for _, run in draft_runs(unit, cutoff_on=cutoff)]


def approve_all(units: Units, by: str = APPROVER) -> None:
    """Approve every draft, as another person."""
    with units.open(Door.STAFF, by=by) as unit:
        for run in rows_of(unit, RemittanceRun, state="draft"):
            approve_run(unit, creditor_id=run.creditor_id, run_id=run.id)


def export(units: Units):
    """Make the payout file."""
    with units.open(Door.STAFF, by=APPROVER) as unit:
        return export_payouts(unit, settings=SETTINGS)


def pay_out(units: Units, *, later: int = 0):
    """From drafts to the file."""
    draft(units, later=later)
    approve_all(units)
    return export(units)


def run_of(units: Units, creditor_id: UUID) -> RemittanceRun:
    """A creditor's latest run."""
    with units.open(Door.STAFF, by="x") as unit:
        return rows_of(unit, RemittanceRun, creditor_id=creditor_id)[-1]


def bank_says(units: Units, key: str, *lines, opening: int = 0) -> None:
    """A statement of the trust account with lines of (minor, end-to-end id)."""
    with units.open(Door.STAFF, by="system:bank") as unit:
        made = a_statement(
            key,
            tuple(
                a_line(f"{key}-{n}", minor, on=unit.today, end_to_end=end_to_end)
                for n, (minor, end_to_end) in enumerate(lines)
            ),
            opening=opening,
            on=unit.today,
        )
        import_statements(unit, content=key.encode(), reader=lambda _: [made], iban=IBAN)
