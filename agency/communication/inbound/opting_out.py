"""Who wants no more messages by a channel gets none, for whichever creditor, also one that comes later."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from agency.events import DebtorOptedIn, DebtorOptedOut, InformationSolved, PlacementRead
from agency.kernel.emitting import emit
from agency.kernel.unit import Unit

_POINT: Final = {"email": "email", "sms": "phone"}
_CHANNEL: Final = {point: channel for channel, point in _POINT.items()}


def _silencing(points: str, *, state: str = "opted_out") -> TextClause:
    """The statement that silences points and returns the debtors of each, once for each claim that is worked
    or may come to be, and once, without one, for none."""
    return text(
        f"WITH silent AS (UPDATE contact_point p SET state = '{state}' WHERE {points}"
        "  RETURNING p.creditor_id, p.debtor_id, p.channel)"
        " SELECT DISTINCT s.creditor_id, s.debtor_id, s.channel, c.id AS claim_id FROM silent s"
        " LEFT JOIN claim c ON c.creditor_id = s.creditor_id AND c.debtor_id = s.debtor_id"
        "  AND c.state IN ('new', 'quoted', 'active')"
        " ORDER BY s.creditor_id, s.debtor_id, c.id"
    )


# Who writes from an address that his claim does not know means the addresses that it is written to.
_OPT_OUT: Final = _silencing(
    "p.channel = :channel AND p.state IN ('usable', 'bounced')"
    " AND lower(p.value) IN (SELECT CAST(:value AS text) UNION SELECT lower(k.value) FROM claim c"
    "  JOIN contact_point k ON k.creditor_id = c.creditor_id AND k.debtor_id = c.debtor_id"
    "   AND k.channel = :channel WHERE c.creditor_id = :creditor AND c.id = :claim"
    "  AND NOT EXISTS (SELECT FROM contact_point o WHERE o.creditor_id = k.creditor_id"
    "   AND o.debtor_id = k.debtor_id AND o.channel = :channel AND lower(o.value) = :value))"
)
_OPT_IN: Final = _silencing(
    "p.channel = :channel AND p.state = 'opted_out' AND lower(p.value) = :value", state="usable"
)
_UNWANTED: Final = "(SELECT k.channel, lower(k.value) FROM contact_point k WHERE k.state = 'opted_out')"
_SILENCED_OF_DEBTOR: Final = _silencing(
    "p.creditor_id = :creditor AND p.state = 'usable' AND p.debtor_id = (SELECT c.debtor_id FROM claim c"
    f"  WHERE c.creditor_id = :creditor AND c.id = :claim) AND (p.channel, lower(p.value)) IN {_UNWANTED}"
)
# "IS TRUE" has what is unwanted read once and hashed: of a first large file there are no statistics yet, and
# by what the planner believes without them it would look through all points for each point.
_SILENCED_OF_FILE: Final = _silencing(
    "p.creditor_id = :creditor AND p.state = 'usable'"
    f" AND ((p.channel, lower(p.value)) IN {_UNWANTED}) IS TRUE"
)


def opt_out(unit: Unit, *, channel: str, value: str, claim: tuple[UUID, UUID] | None = None) -> int:
    """This function will stop using an address or a number and return how many debtors had it.

    :param channel: email or sms; a wish about SMS takes calls to that number with it.
    :param claim: creditor and id of the claim that the wish is surely about; where its debtor is not known by
        the address, those that he is known by are not used any more.
    """
    if not value or channel not in _POINT:
        return 0
    creditor_id, claim_id = claim or (None, None)
    values = {"channel": _POINT[channel], "value": value.lower(), "creditor": creditor_id, "claim": claim_id}
    found = unit.session.connection().execute(_OPT_OUT, values).all()
    _tell(unit, found)
    return len({(row.creditor_id, row.debtor_id) for row in found})


def opt_in(unit: Unit, *, channel: str, value: str) -> int:
    """This function will use an address or a number again that its owner had not wanted to be written at and
    now does, and return how many debtors have it. One that bounced or is wrong stays so.

    :param channel: email or sms.
    """
    if not value or channel not in _POINT:
        return 0
    values = {"channel": _POINT[channel], "value": value.lower()}
    found = unit.session.connection().execute(_OPT_IN, values).all()
    told = (
        DebtorOptedIn(creditor_id=row.creditor_id, claim_id=row.claim_id, channel=_CHANNEL[row.channel])
        for row in found
        if row.claim_id
    )
    emit(unit, *told)
    return len({(row.creditor_id, row.debtor_id) for row in found})


def silence_read(unit: Unit, event: PlacementRead) -> None:
    """This reaction will not use what a file tells anew of somebody who wanted no more messages there."""
    silenced = unit.session.connection().execute(_SILENCED_OF_FILE, {"creditor": event.creditor_id})
    _tell(unit, silenced.all())


def silence_told(unit: Unit, event: InformationSolved) -> None:
    """This reaction will not use what a creditor tells anew of somebody who wanted no more messages there."""
    values = {"creditor": event.creditor_id, "claim": event.claim_id}
    _tell(unit, unit.session.connection().execute(_SILENCED_OF_DEBTOR, values).all())


def _tell(unit: Unit, silenced: Iterable[Row[Any]]) -> None:
    told = (
        DebtorOptedOut(creditor_id=row.creditor_id, claim_id=row.claim_id, channel=_CHANNEL[row.channel])
        for row in silenced
        if row.claim_id
    )
    emit(unit, *told)
