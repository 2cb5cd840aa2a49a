"""Who wants no more messages by a channel gets none, for whichever creditor."""

from typing import Final

from sqlalchemy import text

from agency.events import DebtorOptedOut
from agency.kernel.emitting import emit
from agency.kernel.unit import Unit

_POINT: Final = {"email": "email", "sms": "phone"}
# Each debtor of the address, once for each of its claims that are worked and once, without one, for none.
_OPT_OUT = text(
    "WITH silent AS (UPDATE contact_point p SET state = 'opted_out' WHERE p.channel = :channel"
    "  AND lower(p.value) = :value AND p.state IN ('usable', 'bounced') RETURNING p.creditor_id, p.debtor_id)"
    " SELECT DISTINCT s.creditor_id, s.debtor_id, c.id AS claim_id FROM silent s"
    " LEFT JOIN claim c ON c.creditor_id = s.creditor_id AND c.debtor_id = s.debtor_id AND c.state = 'active'"
    " ORDER BY s.creditor_id, s.debtor_id, c.id"
)


def opt_out(unit: Unit, *, channel: str, value: str) -> int:
    """This function will stop using an address or a number and return how many debtors had it.

    :param channel: email or sms; a wish about SMS takes calls to that number with it.
    """
    if not value or channel not in _POINT:
        return 0
    found = (
        unit.session.connection()
        .execute(_OPT_OUT, {"channel": _POINT[channel], "value": value.lower()})
        .all()
    )
    told = (
        DebtorOptedOut(creditor_id=row.creditor_id, claim_id=row.claim_id, channel=channel)
        for row in found
        if row.claim_id
    )
    emit(unit, *told)
    return len({(row.creditor_id, row.debtor_id) for row in found})
