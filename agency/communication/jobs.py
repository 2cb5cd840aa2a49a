"""Jobs of the communication: release what is due, ask after what is unknown, apply what was told."""

from agency.communication.creditor_mail import send_creditor_mails, tell_creditors
from agency.communication.inbound.jobs import read_arrived, take_scans
from agency.communication.offer_mail import tell_of_offers
from agency.communication.price_mail import tell_of_prices
from agency.communication.print_batches.reporting import apply_told_of_batches
from agency.communication.receipts import apply_told
from agency.communication.resolving import resolve_unknown
from agency.communication.sending import send_chunk
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.settings import settings
from agency.kernel.unit import Door, Unit, Units

# Imported here too, so that every process that knows this room's jobs knows it.
__all__ = ["read_arrived", "take_scans"]

# Letters of one run's share: rendered, kept and handed over well within a sender's lease.
PRINTED_AT_ONCE = 500


@actor(queue="sending", own_units=True)
def release(units: Units) -> None:
    """This function will send one chunk of due messages other than letters, which wait for the print run.

    One chunk, because a job that outlives its lease counts as dead and is given up after some attempts. The
    job for the next chunk is called for before this one is sent, so that the two go side by side.
    """
    send_chunk(
        units,
        ports=installed_ports(),
        settings=settings(),
        letters=False,
        call_for_more=lambda unit: enqueue(unit, release),
    )


@actor(queue="sending", own_units=True)
def print_letters(units: Units) -> None:
    """This function will gather due letters into batches and send them to the printer, a run's share at a
    time; what is left is called for at once."""
    send_chunk(
        units,
        ports=installed_ports(),
        settings=settings(),
        limit=PRINTED_AT_ONCE,
        letters=True,
        call_for_more=lambda unit: enqueue(unit, print_letters),
    )


@actor(queue="sending", own_units=True)
def resolve(units: Units) -> None:
    """This function will settle messages whose sender or answer was lost."""
    resolve_unknown(units, ports=installed_ports())


@actor(queue="sending", own_units=True)
def mail_creditors(units: Units) -> None:
    """This function will write to creditors whose claims miss information, whose price would rise or who got
    offers, and send what waits."""
    with units.open(Door.WORKER, by="system:communication.mail_creditors") as unit:
        tell_creditors(unit, settings=settings())
        tell_of_prices(unit, settings=settings())
        tell_of_offers(unit, settings=settings())
    send_creditor_mails(units, ports=installed_ports())


@actor()
def apply_print_reports(unit: Unit, *, inbox_ids: list[str]) -> None:
    """This function will apply what the printer reported of batches."""
    apply_told_of_batches(unit, inbox_ids)


@actor()
def apply_receipts(unit: Unit, *, inbox_ids: list[str]) -> None:
    """This function will apply receipts that the hooks put in the inbox."""
    apply_told(unit, inbox_ids)
