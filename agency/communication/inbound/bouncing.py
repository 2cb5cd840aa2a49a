"""Reports about our own mail that came as mail: what bounced, and what its reader called spam."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from agency.communication.inbound.opting_out import opt_out
from agency.communication.receipts import apply_receipt
from agency.kernel.unit import Unit
from agency.ports.providers import Receipt
from agency.rules.inbound.bounce import Bounce
from agency.rules.inbound.kind import complained_about, is_complaint
from agency.rules.inbound.mail import Mail

# Only what was really handed over by mail can bounce.
_MESSAGE = text(
    "SELECT m.creditor_id, m.claim_id, m.id, lower(m.to_value) AS reader FROM message m"
    " WHERE m.id = ANY(:ids) AND m.channel = 'email' AND m.reserved_at IS NOT NULL"
    " ORDER BY array_position(CAST(:ids AS uuid[]), m.id) LIMIT 1"
)
Claim = tuple[UUID, UUID]


def apply_bounces(
    unit: Unit, bounces: Sequence[Bounce], *, message_ids: Sequence[UUID], key: str
) -> Claim | None:
    """This function will note that a message of ours did not arrive and return its claim (creditor, claim).

    An address is given up only where the report is about the address that we wrote to. A report that the
    server still tries changes nothing.

    :param message_ids: our messages that the report names.
    :returns: None when it names none: then nothing is believed of it.
    """
    row = unit.session.connection().execute(_MESSAGE, {"ids": list(message_ids)}).first()
    if row is None:
        return None
    about = [one for one in bounces if one.is_about(row.reader)] or list(bounces[:1])
    if about and about[0].final:
        apply_receipt(unit, receipt=_receipt(about[0], row.id, row.reader, unit.now, key), message_id=row.id)
    return row.creditor_id, row.claim_id


def apply_complaint(unit: Unit, mail: Mail, *, message_ids: Sequence[UUID]) -> Claim | None:
    """This function will stop mailing a reader who called a message of ours spam, and return its claim."""
    row = unit.session.connection().execute(_MESSAGE, {"ids": list(message_ids)}).first()
    if row is None:
        return None
    if is_complaint(mail) and complained_about(mail) in ("", row.reader):
        opt_out(unit, channel="email", value=row.reader)
    return row.creditor_id, row.claim_id


def _receipt(bounce: Bounce, message_id: UUID, reader: str, at: datetime, key: str) -> Receipt:
    return Receipt(
        message_id=str(message_id),
        provider_ref="",
        kind="bounced",
        at=at,
        event_key=f"mail:{key}",
        detail=f"{bounce.status} {bounce.reason}: {bounce.diagnosis}",
        permanent=bounce.hard and bounce.is_about(reader),
    )
