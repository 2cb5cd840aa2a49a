"""Calls: allowed by the law at that moment, reserved, dialled, and closed with a disposition."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.arrangements.promises import make_promise
from agency.claims.holds import place_hold, running_holds
from agency.claims.itemisation import open_total
from agency.claims.models import Claim
from agency.claims.states import ClaimState, HoldGround
from agency.desk.models import Call, Disposition
from agency.desk.notes import add_note
from agency.desk.queue import ask_for_person
from agency.disputes.raising import raise_dispute
from agency.events import CallMade
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.ports import installed_ports
from agency.kernel.settings import settings
from agency.kernel.unit import Door, Unit, Units
from agency.money import Money
from agency.parties.models import ContactChannel, ContactPoint, ContactState, Debtor
from agency.ports.providers import ProviderAmbiguous, ProviderError
from agency.rules.facts import Channel
from agency.rules.send import SendDecision, SendFacts, may_send

# A dispute or promise does not forbid talking: the debtor may want to. These grounds do.
_SILENT_GROUNDS = frozenset(
    {HoldGround.DEBT_HELP, HoldGround.INSOLVENCY, HoldGround.DECEASED, HoldGround.NOT_ME}
)


class UnableToCall(Conflict):
    """The law, a hold or the state of the claim forbids a call now."""


def may_call(unit: Unit, *, creditor_id: UUID, claim_id: UUID, number: str = "") -> SendDecision:
    """This function will ask the contact rules whether a call may be made at this moment, with the trace.

    :raises NotFound: no such claim.
    """
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    debtor = unit.session.get_one(Debtor, (creditor_id, claim.debtor_id))
    grounds = {hold.ground for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id)}
    last_called_at, calls_last_week = _calls(unit, creditor_id=creditor_id, debtor_id=claim.debtor_id)
    facts = SendFacts(
        country=debtor.country,
        region=debtor.region,
        channel=Channel.CALL,
        debtor=debtor.kind,
        phase=claim.phase,
        balance=open_total(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today),
        holds=tuple(sorted(ground.value for ground in grounds & _SILENT_GROUNDS)),
        claim_closed=claim.state is not ClaimState.ACTIVE,
        contact_point_ok=_usable(unit, creditor_id=creditor_id, debtor_id=claim.debtor_id, number=number),
        last_contact_at=last_called_at,
        contacts_last_7_days=calls_last_week,
    )
    return may_send(facts=facts, at=unit.now)


def place_call(
    units: Units, *, by: str, creditor_id: UUID, claim_id: UUID, number: str, collector: str
) -> UUID:
    """This function will ring the collector and then the debtor, and return the call's id.

    The call stands as a row before anybody is rung; `collector` and `number` are in E.164.

    :raises UnableToCall: the rules forbid it now; the reasons say why.
    """
    with units.open(Door.STAFF, by=by) as unit:
        decision = may_call(unit, creditor_id=creditor_id, claim_id=claim_id, number=number)
        if decision.verdict != "send":
            raise UnableToCall("; ".join(decision.reasons))
        call = Call(
            creditor_id=creditor_id, id=new_id(), claim_id=claim_id, number=number, by=by, started_at=unit.now
        )
        unit.session.add(call)
    state, reference = _dial(call.id, number=number, collector=collector, caller_id=_caller_id())
    with units.open(Door.STAFF, by=by) as unit:
        unit.session.connection().execute(
            text(
                "UPDATE call SET state = :state, provider_ref = :ref"
                " WHERE creditor_id = :creditor AND id = :id AND state = 'dialling'"
            ),
            {"state": state, "ref": reference, "creditor": creditor_id, "id": call.id},
        )
    return call.id


def close_call(
    unit: Unit,
    *,
    creditor_id: UUID,
    call_id: UUID,
    disposition: Disposition,
    note: str = "",
    promised: Money | None = None,
    promised_on: date | None = None,
) -> None:
    """This function will record how a call ended and do what follows from it.

    A promise makes a promise, a dispute stops collection, hardship holds the claim, a wrong number is
    never dialled again.

    :raises NotFound: no such call.
    :raises Conflict: the call has a disposition already.
    :raises Invalid: a promise lacks its amount or date.
    """
    call = unit.session.exec(
        select(Call).where(Call.creditor_id == creditor_id, Call.id == call_id).with_for_update()
    ).one_or_none()
    if call is None:
        raise NotFound("no such call")
    if call.disposition is not None:
        raise Conflict("this call was closed already")
    call.disposition, call.state, call.ended_at = disposition, "ended", unit.now
    unit.session.flush()
    if note.strip():
        add_note(unit, creditor_id=creditor_id, claim_id=call.claim_id, text=note)
    _follow_up(unit, call, disposition, note, promised, promised_on)
    emit(
        unit,
        CallMade(
            creditor_id=creditor_id, claim_id=call.claim_id, call_id=call.id, disposition=disposition.value
        ),
    )


def _follow_up(
    unit: Unit,
    call: Call,
    disposition: Disposition,
    note: str,
    promised: Money | None,
    promised_on: date | None,
) -> None:
    claim = {"creditor_id": call.creditor_id, "claim_id": call.claim_id}
    match disposition:
        case Disposition.PROMISE:
            if promised is None or promised_on is None:
                raise Invalid("a promise needs an amount and a date", field="promised")
            make_promise(unit, **claim, amount=promised, due_on=promised_on)
        case Disposition.DISPUTE:
            raise_dispute(unit, **claim, reason="other", text=note)
        case Disposition.HARDSHIP:
            place_hold(unit, **claim, ground=HoldGround.DEBT_HELP, note=note)
            ask_for_person(
                unit, **claim, kind="hardship", key=f"hardship:{call.id}", reason="The debtor cannot pay"
            )
        case Disposition.WRONG_NUMBER:
            unit.session.connection().execute(
                text(
                    "UPDATE contact_point SET state = 'wrong'"
                    " WHERE creditor_id = :creditor AND channel = 'phone' AND value = :number"
                    " AND debtor_id = (SELECT debtor_id FROM claim"
                    " WHERE creditor_id = :creditor AND id = :claim)"
                ),
                {"creditor": call.creditor_id, "claim": call.claim_id, "number": call.number},
            )
        case _:
            pass


def _dial(call_id: UUID, *, number: str, collector: str, caller_id: str) -> tuple[str, str | None]:
    try:
        reference = installed_ports().calls.call(
            call_id=str(call_id), collector=collector, debtor=number, caller_id=caller_id
        )
    except ProviderAmbiguous:
        return "unknown", None
    except ProviderError:
        return "failed", None
    return "ringing", reference


def _caller_id() -> str:
    return settings().twilio_caller_id


def _usable(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, number: str) -> bool:
    points = unit.session.exec(
        select(ContactPoint).where(
            ContactPoint.creditor_id == creditor_id,
            ContactPoint.debtor_id == debtor_id,
            ContactPoint.channel == ContactChannel.PHONE,
            ContactPoint.state == ContactState.USABLE,
        )
    ).all()
    return any(not number or point.value == number for point in points)


def _calls(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> tuple[datetime | None, int]:
    """When this debtor was last called, and how often in the last seven days."""
    row = unit.session.connection().execute(
        text(
            "SELECT max(call.started_at),"
            " count(*) FILTER (WHERE call.started_at > app.now() - interval '7 days')"
            " FROM call JOIN claim ON claim.creditor_id = call.creditor_id AND claim.id = call.claim_id"
            " WHERE claim.creditor_id = :creditor AND claim.debtor_id = :debtor"
        ),
        {"creditor": creditor_id, "debtor": debtor_id},
    )
    last, count = row.one()
    return last, count
