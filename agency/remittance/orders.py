"""What each file of payments out of the trust account has: what it says, that it is kept as it was written,
and that none is made while the proof is red.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from agency.banking.proof import payouts_blocked
from agency.kernel.audit import record
from agency.kernel.errors import Conflict
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.money import Money
from agency.remittance.models import RemittanceFile


class PayoutsBlocked(Conflict):
    """The proof is red: money may come in, none may leave."""


class NothingToExport(Conflict):
    """Nothing that was approved waits."""


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payment of a payout file."""

    end_to_end: str
    name: str
    iban: str
    amount: Money
    text: str


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """What a payout file says, before it is written in the bank's format."""

    message_id: str
    created_at: datetime
    payer_name: str
    payer_iban: str
    execute_on: date
    lines: tuple[PayoutLine, ...]


PayoutWriter = Callable[[PayoutOrder], bytes]
"""Writes a payout order in the bank's format; equal orders give equal bytes."""


def refuse_while_red(unit: Unit) -> None:
    """This function will let nothing leave while the proof is red.

    :raises PayoutsBlocked: it is.
    """
    reason = payouts_blocked(unit)
    if reason:
        raise PayoutsBlocked(f"nothing may be paid out: {reason}")


def keep_file(unit: Unit, *, file_id: UUID, order: PayoutOrder, writer: PayoutWriter) -> RemittanceFile:
    """This function will write an order in the bank's format and keep it as it was written."""
    content = writer(order)
    file = RemittanceFile(
        id=file_id,
        message_id=order.message_id,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        total_minor=sum(line.amount.minor for line in order.lines),
        currency="EUR",
        made_at=unit.now,
        made_by=unit.by,
    )
    unit.session.add(file)
    unit.session.flush()
    record(
        unit,
        action="payout_file.written",
        subject=f"remittance_file:{file_id}",
        creditor_id=HOUSE,
        facts={"sha256": file.sha256, "total_minor": file.total_minor},
    )
    return file
