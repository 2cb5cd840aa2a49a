"""Who wants no more messages by a channel gets none, for whichever creditor."""

from typing import Any, Final

from sqlalchemy import text

from agency.events import DebtorOptedOut
from agency.kernel.emitting import emit
from agency.kernel.unit import Unit

_POINT: Final = {"email": "email", "sms": "phone"}
_OPT_OUT = text(
    "UPDATE contact_point p SET state = 'opted_out' WHERE p.channel = :channel AND lower(p.value) = :value"
    " AND p.state IN ('usable', 'bounced') RETURNING p.creditor_id, p.debtor_id"
)
_CLAIMS = text(
    "SELECT c.creditor_id, c.id FROM claim c WHERE c.creditor_id = :creditor AND c.debtor_id = :debtor"
    " AND c.state = 'active' ORDER BY c.id"
)


def opt_out(unit: Unit, *, channel: str, value: str) -> int:
    """This function will stop using an address or a number and return how many debtors had it.

    :param channel: email or sms; a wish about SMS takes calls to that number with it.
    """
    if not value or channel not in _POINT:
        return 0
    connection = unit.session.connection()
    rows = connection.execute(_OPT_OUT, {"channel": _POINT[channel], "value": value.lower()}).all()
    events: list[Any] = []
    for row in rows:
        claims = connection.execute(_CLAIMS, {"creditor": row.creditor_id, "debtor": row.debtor_id})
        events += [
            DebtorOptedOut(creditor_id=claim.creditor_id, claim_id=claim.id, channel=channel)
            for claim in claims
        ]
    emit(unit, *events)
    return len(rows)
