"""Where the agency's payouts meet the bank's format: the one place that knows both."""

from agency.calendar import next_business_day
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.ports.invoices import InvoiceParty
from agency.remittance.invoices import Issuer
from agency.remittance.models import RemittanceFile
from agency.remittance.orders import PayoutOrder
from agency.remittance.refund_orders import export_refunds
from agency.remittance.runs import export_runs
from integrations.bankfiles.payment_order import Payer, Transfer, pain001
from integrations.einvoice.written_ubl import write_fee_invoice


def write_payout(order: PayoutOrder) -> bytes:
    """This function will write a payout order as pain.001.001.09; equal orders give equal bytes.

    :raises UnwritableOrder: the bank would refuse it.
    """
    return pain001(
        message_id=order.message_id,
        created_at=order.created_at,
        payer=Payer(order.payer_name, order.payer_iban),
        execute_on=order.execute_on,
        transfers=[
            Transfer(line.end_to_end, line.name, line.iban, line.amount, line.text) for line in order.lines
        ],
    )


def issuer_of(settings: Settings) -> Issuer:
    """This function will return who sends fee invoices: the agency, to its own account."""
    seller = InvoiceParty(
        name=settings.agency_name,
        country="NL",
        legal_id=settings.agency_chamber_number,
        vat_number=settings.agency_vat_number,
        street=settings.agency_street,
        postal_code=settings.agency_postal_code,
        city=settings.agency_city,
        email=settings.agency_email,
        phone=settings.agency_phone,
    )
    return Issuer(seller, settings.agency_iban, write_fee_invoice)


def export_payouts(unit: Unit, *, settings: Settings) -> RemittanceFile | None:
    """This function will export every approved run in one file, to be executed on the next business day.

    :returns: the file; None when nothing was to be paid out and only fees were invoiced.
    :raises NothingToExport, PayoutsBlocked, AlreadyRunning: see `export_runs`.
    """
    return export_runs(
        unit,
        writer=write_payout,
        issuer=issuer_of(settings),
        payer_name=settings.trust_name,
        payer_iban=settings.trust_iban,
        execute_on=next_business_day(country="NL", day=unit.today),
    )


def export_refund_file(unit: Unit, *, settings: Settings) -> RemittanceFile:
    """This function will export approved refunds in one file, to be executed on the next business day.

    :raises NothingToExport, PayoutsBlocked, AlreadyRunning: see `export_refunds`.
    """
    return export_refunds(
        unit,
        writer=write_payout,
        payer_name=settings.trust_name,
        payer_iban=settings.trust_iban,
        execute_on=next_business_day(country="NL", day=unit.today),
    )
