"""Calls: reserved under the rules, then dialled with no transaction open."""

import re
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.claims.itemisation import open_total
from agency.desk.calling import call_facts, decide
from agency.desk.models import Call
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.ids import new_id
from agency.kernel.locks import take_turns
from agency.kernel.unit import Door, Unit, Units
from agency.ports.providers import ProviderAmbiguous, ProviderError, VoiceCaller
from agency.rules.facts import DebtorKind, Phase
from agency.rules.identity import identity_shown
from agency.rules.send import SendDecision

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

# Where a call can stand, in the order in which it climbs; "unknown": the answer to our request got lost.
STATES: Final = (
    "ARRAY['dialling', 'unknown', 'ringing', 'answered', 'busy', 'no_answer', 'completed', 'failed']"
)
_DIALLED = text(
    f"UPDATE call SET provider_ref = coalesce(provider_ref, :ref), state = CASE WHEN"
    f" array_position({STATES}, :state) > array_position({STATES}, state) THEN :state ELSE state END"
    " WHERE creditor_id = :creditor AND id = :id AND disposition IS NULL"
)

_OWN_NUMBER = text(
    "SELECT b.caller_id, coalesce((SELECT t.reminder_in_creditors_name FROM creditor_terms t"
    "  WHERE t.creditor_id = b.creditor_id AND t.valid_from <= :today ORDER BY t.valid_from DESC LIMIT 1),"
    "  true) AS in_creditors_name FROM brand b WHERE b.creditor_id = :creditor ORDER BY b.id LIMIT 1"
)


class UnableToCall(Conflict):
    """The law, a hold or the state of the claim forbids a call now; `decision` says why."""

    def __init__(self, decision: SendDecision) -> None:
        super().__init__(f"a call is not allowed now: {', '.join(decision.reasons)}")
        self.decision = decision


def place_call(
    units: Units,
    caller: VoiceCaller,
    *,
    by: str,
    creditor_id: UUID,
    claim_id: UUID,
    number: str,
    collector: str,
    caller_id: str,
) -> UUID:
    """This function will ring the collector and then the debtor, and return the call's id.

    The call stands as a row before anybody is rung: whatever happens next, the contact counts.

    :param number, collector: in E.164.
    :param caller_id: what the debtor sees, unless the creditor has a number of its own and may sign.
    :raises UnableToCall: the rules forbid it now; the reasons say why.
    :raises Invalid: the collector's own number is not one.
    """
    if not _E164.fullmatch(collector):
        raise Invalid("give your own number with its country, like +31201234567", field="collector")
    with units.open(Door.STAFF, by=by) as unit:
        call_id = _reserve(unit, creditor_id=creditor_id, claim_id=claim_id, number=number)
        shown = _creditors_number(unit, creditor_id=creditor_id, claim_id=claim_id) or caller_id
    state, reference = _dial(caller, call_id=call_id, number=number, collector=collector, caller_id=shown)
    with units.open(Door.STAFF, by=by) as unit:
        unit.session.connection().execute(
            _DIALLED, {"state": state, "ref": reference, "creditor": creditor_id, "id": call_id}
        )
    return call_id


def _reserve(unit: Unit, *, creditor_id: UUID, claim_id: UUID, number: str) -> UUID:
    row = call_facts(unit, creditor_id=creditor_id, claim_id=claim_id)
    # Two collectors with claims of the same person: the second waits, and then finds the first one's call.
    take_turns(unit, "call", row.person)
    row = call_facts(unit, creditor_id=creditor_id, claim_id=claim_id)
    owed = open_total(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today, undisputed=True)
    decision = decide(unit, row, number=number, balance=owed)
    if decision.verdict != "send":
        raise UnableToCall(decision)
    call = Call(
        creditor_id=creditor_id,
        id=new_id(),
        claim_id=claim_id,
        number=number,
        by=unit.by,
        started_at=unit.now,
    )
    unit.session.add(call)
    unit.session.flush()
    record(
        unit,
        action="call.placed",
        subject=f"call:{call.id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim_id), "rules": [line.rule for line in decision.trace]},
    )
    return call.id


def _creditors_number(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> str:
    """The number of the creditor's brand where a call may go out in its name; empty elsewhere."""
    found = unit.session.connection().execute(_OWN_NUMBER, {"creditor": creditor_id, "today": unit.today})
    brand = found.one_or_none()
    if brand is None or not brand.caller_id:
        return ""
    row = call_facts(unit, creditor_id=creditor_id, claim_id=claim_id)
    identity = identity_shown(
        country=row.country,
        debtor=DebtorKind(row.kind),
        phase=Phase(row.phase),
        in_creditors_name=brand.in_creditors_name,
        on=unit.today,
    )
    return str(brand.caller_id) if identity.sender == "creditor" else ""


def _dial(
    caller: VoiceCaller, *, call_id: UUID, number: str, collector: str, caller_id: str
) -> tuple[str, str | None]:
    try:
        reference = caller.call(call_id=str(call_id), collector=collector, debtor=number, caller_id=caller_id)
    except ProviderAmbiguous:
        return "unknown", None
    except ProviderError:
        return "failed", None
    return "ringing", reference
