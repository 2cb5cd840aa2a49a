"""Money that the creditor received itself, as its books show it: asked about, never booked by itself.

An amount that is open no more may be a payment, a credit note, a correction, or our own payout. What is
surely ours (the bank line carries the reference of our payout) is not asked about; everything else is.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.bookkeeping.access import BY, SILENT_SECONDS, Books, NotConnected, note_busy
from agency.bookkeeping.connecting import connection_of
from agency.bookkeeping.handing_over import BOOKS, write_rows
from agency.bookkeeping.models import BookedFall, BookedInvoice, FallKind, FallState
from agency.claims.models import Claim
from agency.intake.receive import read_placement, receive
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.outbox import renew_lease
from agency.kernel.ports import Ports
from agency.kernel.unit import Door, Unit, Units, agency_day
from agency.money import Money
from agency.parties.models import Debtor
from agency.ports.providers import FileStore, ProviderRefused, ProviderTransient
from agency.ports.providers.bookkeeping import BookedPayment
from agency.ports.readers import EInvoiceReader
from agency.pricing.quoting import quote_placement
from agency.remittance.direct import report_payment

ANSWERED: Final = "this question was answered already"
LEASE_SECONDS: Final = 120

_FALLEN: Final = text(
    "SELECT b.id FROM booked_invoice b JOIN claim c ON c.creditor_id = b.creditor_id AND c.id = b.claim_id"
    " WHERE b.creditor_id = :c AND b.connection_id = :connection AND b.open_minor < b.told_minor"
    " AND c.state IN ('active', 'paid') AND c.erased_at IS NULL AND b.id > :after ORDER BY b.id LIMIT 1"
)
# What rose again was not paid after all, or was booked anew: from there on falls count.
_RISEN: Final = text(
    "UPDATE booked_invoice SET told_minor = open_minor WHERE creditor_id = :c AND connection_id = :connection"
    " AND claim_id IS NOT NULL AND open_minor > told_minor RETURNING id"
)
_OVER: Final = text(
    "UPDATE booked_fall SET state = 'nothing', answered_at = :now, answered_by = :by WHERE creditor_id = :c"
    " AND invoice_id = ANY(:ids) AND state = 'open'"
)
_PAYOUTS: Final = text(
    "SELECT end_to_end, cutoff_on FROM remittance_run WHERE creditor_id = :c AND end_to_end IS NOT NULL"
    " AND state <> 'cancelled'"
)
_COLLECTED: Final = text(
    "SELECT coalesce(sum(amount_minor), 0)::bigint FROM payment WHERE creditor_id = :c AND claim_id = :claim"
    " AND source <> 'direct' AND reversed_at IS NULL"
)
_REPORTED: Final = text(
    "SELECT d.report_id FROM direct_payment d WHERE d.creditor_id = :c AND d.claim_id = :claim"
    " AND d.amount_minor = :minor AND d.state IN ('reported', 'booked') AND d.reported_at > :since"
    " AND NOT EXISTS (SELECT FROM booked_fall f WHERE f.creditor_id = d.creditor_id"
    "  AND f.report_id = d.report_id) ORDER BY d.reported_at LIMIT 1"
)
_USED: Final = text(
    "SELECT f.payment_ref FROM booked_fall f JOIN booked_invoice b ON b.creditor_id = f.creditor_id"
    " AND b.id = f.invoice_id WHERE f.creditor_id = :c AND b.customer_ref = :customer AND f.payment_ref <> ''"
)


def look_at_falls(units: Units, ports: Ports, *, creditor_id: UUID, connection_id: UUID) -> None:
    """This function will ask the creditor about each invoice in collection of which less is open than before.

    A vendor that wants to be left alone is, and so noted.
    """
    with units.open(Door.WORKER, by=BY) as unit:
        try:
            connection = connection_of(unit, creditor_id=creditor_id, connection_id=connection_id)
        except NotFound:
            return
        vendor, administration = connection.vendor, connection.administration
        values = {"c": creditor_id, "connection": connection_id}
        risen = list(unit.session.connection().execute(_RISEN, values).scalars())
        unit.session.connection().execute(_OVER, {"c": creditor_id, "ids": risen, "now": unit.now, "by": BY})
    port = ports.bookkeeping.get(vendor)
    if port is None:
        return
    books = Books(units, port, creditor_id=creditor_id, connection_id=connection_id)
    after = UUID(int=0)
    while (found := _next(units, creditor_id, connection_id, after)) is not None:
        invoice, since = found
        after = invoice.id
        try:
            payments = books.ask(
                lambda tokens, wanted=invoice, day=since: port.payments(  # type: ignore[misc]
                    tokens,
                    administration=administration,
                    customer_ref=wanted.customer_ref,
                    since=day,
                    currency=wanted.currency,
                )
            )
        except NotConnected:
            return
        except ProviderRefused:
            payments = ()  # what the bank says may not be read; the question is asked without it
        except ProviderTransient as silent:
            with units.open(Door.WORKER, by=BY) as unit:
                seconds = silent.retry_after or SILENT_SECONDS
                note_busy(unit, creditor_id=creditor_id, connection_id=connection_id, seconds=seconds)
            return
        _note_fall(units, invoice, payments)


def _next(
    units: Units, creditor_id: UUID, connection_id: UUID, after: UUID
) -> tuple[BookedInvoice, date] | None:
    with units.open(Door.WORKER, by=BY) as unit:
        renew_lease(unit, seconds=LEASE_SECONDS)
        values = {"c": creditor_id, "connection": connection_id, "after": after}
        found = unit.session.connection().execute(_FALLEN, values).scalar_one_or_none()
        if found is None:
            return None
        invoice = unit.session.get_one(BookedInvoice, (creditor_id, found))
        claim = unit.session.get_one(Claim, (creditor_id, invoice.claim_id))
        return invoice, agency_day(claim.created_at)


def _note_fall(units: Units, seen: BookedInvoice, payments: Sequence[BookedPayment]) -> None:
    """One question per fall; what was asked down to is kept in the same transaction, so never twice."""
    with units.open(Door.WORKER, by=BY) as unit:
        invoice = unit.session.get_one(
            BookedInvoice, (seen.creditor_id, seen.id), with_for_update=True, populate_existing=True
        )
        if invoice.told_minor is None or invoice.open_minor >= invoice.told_minor:
            return
        fall = invoice.told_minor - invoice.open_minor
        credit = min(fall, max(0, (invoice.credited_minor or 0) - (invoice.told_credited_minor or 0)))
        invoice.told_minor, invoice.told_credited_minor = invoice.open_minor, invoice.credited_minor
        if credit:
            unit.session.add(_fall(unit, invoice, FallKind.CREDIT, credit))
        if fall > credit:
            for one in _explained(unit, invoice, fall - credit, payments):
                unit.session.add(one)
        unit.session.flush()


def _explained(
    unit: Unit, invoice: BookedInvoice, fall: int, payments: Sequence[BookedPayment]
) -> list[BookedFall]:
    """The bank lines that make up the fall, where they do to the cent; else one question without them."""
    connection = unit.session.connection()
    named = {"c": invoice.creditor_id, "customer": invoice.customer_ref}
    used = set(connection.execute(_USED, named).scalars())
    free = [one for one in payments if one.ref not in used]
    alone = [one for one in free if one.amount.minor == fall]
    lines = alone[:1] or (free if sum(one.amount.minor for one in free) == fall else [])
    if lines:
        ours = _payout_marks(unit, invoice.creditor_id)
        return [_of_line(unit, invoice, line, ours) for line in lines]
    return [_settled(unit, invoice, _fall(unit, invoice, FallKind.UNKNOWN, fall))]


def _of_line(unit: Unit, invoice: BookedInvoice, line: BookedPayment, ours: Sequence[str]) -> BookedFall:
    row = _fall(unit, invoice, FallKind.PAYMENT, line.amount.minor)
    row.paid_on, row.payment_ref, row.description = line.paid_on, line.ref, line.description
    words = _squeezed(line.description)
    if any(mark in words for mark in ours):
        row.state, row.answered_at, row.answered_by = FallState.OURS, unit.now, BY
        return row
    return _settled(unit, invoice, row)


def _settled(unit: Unit, invoice: BookedInvoice, row: BookedFall) -> BookedFall:
    """A payment that the creditor reported by itself is the same payment."""
    named = {"c": invoice.creditor_id, "claim": invoice.claim_id, "minor": row.minor}
    reported = unit.session.connection().execute(_REPORTED, {**named, "since": invoice.first_seen_at})
    found = reported.scalar_one_or_none()
    if found is not None:
        row.state, row.report_id = FallState.REPORTED, found
        row.answered_at, row.answered_by = unit.now, BY
    return row


def _fall(unit: Unit, invoice: BookedInvoice, kind: FallKind, minor: int) -> BookedFall:
    assert invoice.claim_id is not None, "only claims are looked at"
    collected = unit.session.connection().execute(
        _COLLECTED, {"c": invoice.creditor_id, "claim": invoice.claim_id}
    )
    return BookedFall(
        creditor_id=invoice.creditor_id, id=new_id(), invoice_id=invoice.id, claim_id=invoice.claim_id,
        kind=kind, minor=minor, currency=invoice.currency, collected_minor=collected.scalar_one(),
        seen_at=unit.now,
    )  # fmt: skip


def _payout_marks(unit: Unit, creditor_id: UUID) -> list[str]:
    """By what a bank line of ours is known: the payment's id, and the words that every payout carries."""
    rows = unit.session.connection().execute(_PAYOUTS, {"c": creditor_id}).all()
    ids = [_squeezed(row.end_to_end) for row in rows]
    return [mark for mark in ids if len(mark) > 5] + [
        _squeezed(f"Afdracht {row.cutoff_on:%d-%m-%Y}") for row in rows
    ]


def _squeezed(words: str) -> str:
    """Banks and bookkeeping break lines and drop signs; letters and digits stay."""
    return "".join(sign for sign in words.casefold() if sign.isalnum())


def answer_paid(
    unit: Unit, *, creditor_id: UUID, fall_id: UUID, amount: Money, paid_on: date, another: bool = False
) -> None:
    """This function will report what fell as a payment that the creditor received, as its own page does.

    :param amount: at most what fell.
    :param another: it is a second true payment of the same amount on the same day.
    :raises NotFound, Conflict: no such question, or it was answered already.
    :raises Invalid: naming the field that is wrong; also what `report_payment` refuses.
    """
    fall = _open_fall(unit, creditor_id, fall_id)
    if amount.minor > fall.minor or amount.currency != fall.currency:
        raise Invalid("this is more than what is open no more", field="amount")
    claim = unit.session.get_one(Claim, (creditor_id, fall.claim_id))
    fall.report_id = report_payment(
        unit, creditor_id=creditor_id, claim=claim.number, amount=amount.decimal, paid_on=paid_on,
        another=another,
    )  # fmt: skip
    _close(unit, fall, FallState.REPORTED)


def answer_nothing(unit: Unit, *, creditor_id: UUID, fall_id: UUID) -> None:
    """This function will note that what fell was no payment to the creditor.

    :raises NotFound, Conflict: no such question, or it was answered already.
    """
    _close(unit, _open_fall(unit, creditor_id, fall_id), FallState.NOTHING)


def answer_credited(
    unit: Unit,
    files: FileStore,
    reader: EInvoiceReader,
    *,
    creditor_id: UUID,
    fall_id: UUID,
    number: str,
    issued_on: date,
) -> None:
    """This function will take the credit note in that lowered the invoice, as every other comes in.

    :param number: the credit note's own.
    :raises NotFound, Conflict: no such question, or it was answered already.
    :raises Invalid: the credit note is refused; `field` says why.
    """
    fall = _open_fall(unit, creditor_id, fall_id)
    invoice = unit.session.get_one(BookedInvoice, (creditor_id, fall.invoice_id))
    claim = unit.session.get_one(Claim, (creditor_id, fall.claim_id))
    debtor = unit.session.get_one(Debtor, (creditor_id, claim.debtor_id))
    row = {
        "invoice_number": number.strip(), "document_kind": "credit_note", "billing_reference": invoice.number,
        "amount": str(Money(-fall.minor, fall.currency).decimal), "currency": fall.currency,
        "issued_on": issued_on.isoformat(), "debtor_name": debtor.name,
        "debtor_reference": debtor.reference or "", "country": debtor.country,
    }  # fmt: skip
    received = receive(
        unit, files, creditor_id=creditor_id, name=f"{number.strip()}.csv", content=write_rows([row]),
        bytes_max=1_000_000, source="bookkeeping",
    )  # fmt: skip
    if received.again:
        raise Invalid("this credit note was taken in before", field="number")
    opened = read_placement(
        unit, files, reader, creditor_id=creditor_id, placement_id=received.placement_id, mapped=BOOKS
    )
    refused = unit.session.connection().execute(
        text(
            "SELECT reason FROM placement_reject WHERE creditor_id = :c AND placement_id = :p"
            " ORDER BY field LIMIT 1"
        ),
        {"c": creditor_id, "p": received.placement_id},
    )
    reason = refused.scalar_one_or_none()
    if reason is not None:
        raise Invalid(reason, field="number")
    for touched in opened.requote:
        quote_placement(unit, creditor_id=creditor_id, placement_id=touched)
    _close(unit, fall, FallState.CREDITED)


def open_falls(unit: Unit, *, creditor_id: UUID) -> Sequence[BookedFall]:
    """This function will return the questions that wait for the creditor, the oldest first."""
    return unit.session.exec(
        select(BookedFall)
        .where(BookedFall.creditor_id == creditor_id, BookedFall.state == FallState.OPEN)
        .order_by(col(BookedFall.seen_at), col(BookedFall.id))
        .limit(200)
    ).all()


def _open_fall(unit: Unit, creditor_id: UUID, fall_id: UUID) -> BookedFall:
    fall = unit.session.get(BookedFall, (creditor_id, fall_id), with_for_update=True, populate_existing=True)
    if fall is None:
        raise NotFound("no such question")
    if fall.state != FallState.OPEN:
        raise Conflict(ANSWERED)
    return fall


def _close(unit: Unit, fall: BookedFall, state: FallState) -> None:
    fall.state, fall.answered_at, fall.answered_by = state, unit.now, unit.by
    unit.session.flush()
    record(
        unit,
        action=f"booked_fall.{state.value}",
        subject=f"booked_fall:{fall.id}",
        creditor_id=fall.creditor_id,
        facts={"claim": str(fall.claim_id), "minor": fall.minor},
    )
