"""Giving up parts of a claim by authority: at once within one's own, else by a second person who has more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agency.claims.giving_up import (
    ByPart,
    give_up,
    given_up,
    owed_by_part,
    refuse_more_than_open,
    refuse_without_reason,
    take_back,
)
from agency.claims.itemisation import itemise
from agency.claims.lifecycle import claim_to_change
from agency.claims.models import RequestState, WaiverRequest
from agency.claims.states import ClaimState
from agency.events import GivingUpAsked
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Forbidden, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.authority import Act, authority

_DECISION = "decision:"
"""How the keys begin of what people decided; what an agreement waived comes back with its payment."""


class UnableToGiveUp(Conflict):
    """The claim is not being collected, or a request on it waits already."""


class UnableToDecide(Conflict):
    """The request was decided on already."""


class NoAuthority(Forbidden):
    """The person may not give up so much, or not of this part."""


class NotTheSecondPerson(Forbidden):
    """Who asked may not grant it."""


class NotByAPerson(Conflict):
    """It follows from an agreement or from house policy, and comes back with the payment that it rests on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of giving up: the ledger's transaction, or the request that waits for a second person."""

    transaction_id: UUID | None
    request_id: UUID | None


def ask_to_give_up(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    act: Act,
    amounts: ByPart,
    why: str,
    roles: Collection[str],
) -> Asked:
    """This function will give up parts of a claim at once where a role may, else ask somebody who may.

    :raises NotFound: the creditor has no such claim.
    :raises UnableToGiveUp: see the exception.
    :raises NoReason, MoreThanOpen: see `give_up`.
    """
    refuse_without_reason(why)
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    if claim.state != ClaimState.ACTIVE:
        raise UnableToGiveUp("this claim is not being collected")
    owed = itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
    refuse_more_than_open(amounts, owed_by_part(owed))
    whose: dict[str, Any] = {"creditor_id": creditor_id, "claim_id": claim_id}
    if _may(unit, **whose, act=act, amounts=amounts, roles=roles):
        key = f"{_DECISION}{new_id()}"
        return Asked(give_up(unit, **whose, act=act, amounts=amounts, why=why, key=key), None)
    request = WaiverRequest(
        **whose,
        id=new_id(),
        act=act,
        principal_minor=amounts.principal.minor,
        interest_minor=amounts.interest.minor,
        costs_minor=amounts.costs.minor,
        currency=claim.currency,
        why=why.strip(),
        asked_at=unit.now,
        asked_by=unit.by,
    )
    _keep_waiting(unit, request)
    total = amounts.total
    emit(
        unit,
        GivingUpAsked(**whose, request_id=request.id, amount_minor=total.minor, currency=total.currency),
    )
    _audit(unit, request, "asked")
    return Asked(None, request.id)


def grant(unit: Unit, *, creditor_id: UUID, request_id: UUID, roles: Collection[str]) -> UUID:
    """This function will give up what was asked, as the second person, and return the ledger's transaction.

    :raises NotFound: the creditor has no such request.
    :raises UnableToDecide: it was decided on already, or the claim is not collected any more.
    :raises NotTheSecondPerson, NoAuthority: see the exceptions.
    :raises MoreThanOpen: meanwhile less is owed than was to be given up.
    """
    request = _waiting(unit, creditor_id, request_id)
    if request.asked_by == unit.by:
        raise NotTheSecondPerson("another person grants this")
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=request.claim_id)
    if claim.state != ClaimState.ACTIVE:
        raise UnableToDecide("this claim is not being collected any more")
    amounts, act = asked_amounts(request), Act(request.act)
    whose: dict[str, Any] = {"creditor_id": creditor_id, "claim_id": request.claim_id}
    if not _may(unit, **whose, act=act, amounts=amounts, roles=roles):
        raise NoAuthority("this is above your own limit")
    request.transaction_id = give_up(
        unit, **whose, act=act, amounts=amounts, why=request.why, key=f"{_DECISION}{request.id}"
    )
    _decide(unit, request, RequestState.GRANTED, "")
    return request.transaction_id


def refuse(unit: Unit, *, creditor_id: UUID, request_id: UUID, why: str) -> None:
    """This function will end a request without giving anything up; who asked withdraws it by that.

    :raises NotFound: the creditor has no such request.
    :raises UnableToDecide: it was decided on already.
    :raises NoReason: `why` is empty.
    """
    refuse_without_reason(why)
    request = _waiting(unit, creditor_id, request_id)
    own = request.asked_by == unit.by
    _decide(unit, request, RequestState.WITHDRAWN if own else RequestState.REFUSED, why.strip())


def owe_again(unit: Unit, *, creditor_id: UUID, transaction_id: UUID, why: str) -> UUID:
    """This function will take back what a person gave up, and return the reversal.

    :raises NotFound: it is no waiver or write-off of this creditor.
    :raises NotByAPerson: see the exception.
    :raises NoReason, AlreadyReversed: see `take_back`.
    """
    row = unit.session.connection().execute(
        text("SELECT source_key FROM ledger_transaction WHERE creditor_id = :c AND id = :id"),
        {"c": creditor_id, "id": transaction_id},
    )
    if not (row.scalar_one_or_none() or _DECISION).startswith(_DECISION):
        raise NotByAPerson("this follows from an agreement; it comes back with the payment it rests on")
    return take_back(unit, creditor_id=creditor_id, transaction_id=transaction_id, why=why)


@dataclass(frozen=True, slots=True)
class GivenUpPart:
    """One decision in the ledger: how much of each part, why, by whom, and when it was taken back."""

    transaction_id: UUID
    act: str
    amounts: ByPart
    why: str
    at: datetime
    by: str
    by_person: bool
    taken_back_at: datetime | None


_GIVEN_UP = text(
    "SELECT t.id, t.kind, t.memo, t.at, t.by, starts_with(t.source_key, :decision) AS by_person,"
    " r.at AS back, max(e.currency) AS currency,"
    " -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.principal'), 0)::bigint AS principal,"
    " -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.interest'), 0)::bigint AS interest,"
    " -coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'claims.costs'), 0)::bigint AS costs"
    " FROM ledger_entry e JOIN ledger_transaction t ON t.creditor_id = e.creditor_id"
    "  AND t.id = e.transaction_id AND t.kind IN ('waiver', 'write_off')"
    " LEFT JOIN ledger_transaction r ON r.creditor_id = t.creditor_id AND r.reverses_id = t.id"
    " WHERE e.creditor_id = :c AND e.claim_id = :claim GROUP BY t.creditor_id, t.id, r.at ORDER BY t.at, t.id"
)


def list_given_up(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> list[GivenUpPart]:
    """This function will return what was given up of a claim, the oldest first."""
    rows = unit.session.connection().execute(
        _GIVEN_UP, {"c": creditor_id, "claim": claim_id, "decision": _DECISION}
    )
    return [
        GivenUpPart(
            row.id,
            row.kind,
            ByPart(
                principal=Money(row.principal, row.currency),
                interest=Money(row.interest, row.currency),
                costs=Money(row.costs, row.currency),
            ),
            row.memo,
            row.at,
            row.by,
            row.by_person,
            row.back,
        )
        for row in rows
    ]


def asked_amounts(request: WaiverRequest) -> ByPart:
    """This function will return what a request wants to give up, by part."""
    return ByPart(
        principal=Money(request.principal_minor, request.currency),
        interest=Money(request.interest_minor, request.currency),
        costs=Money(request.costs_minor, request.currency),
    )


def _may(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, act: Act, amounts: ByPart, roles: Collection[str]
) -> bool:
    total = amounts.total
    before = given_up(unit, creditor_id=creditor_id, claim_id=claim_id, currency=total.currency)
    return authority(
        act=act, parts=amounts.parts, amount=total, given_up_before=before, roles=roles, on=unit.today
    ).allowed


def _keep_waiting(unit: Unit, request: WaiverRequest) -> None:
    try:
        with unit.session.begin_nested():
            unit.session.add(request)
    except IntegrityError as error:
        raise UnableToGiveUp("a request to give up a part of this claim waits already") from error


def _waiting(unit: Unit, creditor_id: UUID, request_id: UUID) -> WaiverRequest:
    request = unit.session.get(
        WaiverRequest, (creditor_id, request_id), with_for_update=True, populate_existing=True
    )
    if request is None:
        raise NotFound("no such request")
    if request.state != RequestState.WAITING:
        raise UnableToDecide("this request was decided on already")
    return request


def _decide(unit: Unit, request: WaiverRequest, state: RequestState, decision: str) -> None:
    request.state, request.decision = state, decision
    request.decided_at, request.decided_by = unit.now, unit.by
    unit.session.add(request)
    unit.session.flush()
    _audit(unit, request, state.value)


def _audit(unit: Unit, request: WaiverRequest, what: str) -> None:
    amounts = asked_amounts(request)
    record(
        unit,
        action=f"waiver_request.{what}",
        subject=f"waiver_request:{request.id}",
        creditor_id=request.creditor_id,
        facts={"claim": str(request.claim_id), "act": str(request.act), "minor": amounts.total.minor},
    )
