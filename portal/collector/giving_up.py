"""Giving up a part of a claim: by part, within one's limit at once, above it by asking a second person."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.giving_up import ByPart, given_up, owed_by_part
from agency.claims.itemisation import itemise
from agency.claims.models import RequestState, WaiverRequest
from agency.claims.states import ClaimState
from agency.claims.waiver_requests import (
    ask_to_give_up,
    asked_amounts,
    list_given_up,
    owe_again,
    refuse,
)
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Debtor
from agency.rules.authority import Act, Part, limits_of
from portal.collector.doors import claim_of, claim_url, desk_page, routes
from portal.collector.fields import amount_of
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.waivers import ACTS, given_up_rows, part_rows

_ADDRESS = "/claims/{creditor_id:uuid}/{claim_id:uuid}/giving-up"


class GiveUpForm(FormModel):
    """How much of each part, as what, and why."""

    act: Literal["waiver", "write_off"]
    principal: AmountField | None = None
    interest: AmountField | None = None
    costs: AmountField | None = None
    why: str = Field(default="", max_length=500)


class UndoForm(FormModel):
    """Why what was given up is owed again, or a request is withdrawn."""

    why: str = Field(default="", max_length=500)


@routes.get(_ADDRESS)
def giving_up(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, claim_id: UUID
) -> Response:
    """What was given up so far, what waits for a second person, and the form."""
    return _page(request, unit, visitor.roles, creditor_id, claim_id, blank(act="waiver"))


@routes.post(_ADDRESS)
def give(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Give up, or ask somebody of more authority."""
    form = submitted(GiveUpForm, fields)
    done = N_("Given up. It can be undone here.")
    with form.attempt(unit):
        asked = ask_to_give_up(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            act=Act(form.data.act),
            amounts=_amounts(form.data, claim_of(unit, creditor_id, claim_id).currency),
            why=form.data.why,
            roles=visitor.roles,
        )
        if asked.request_id is not None:
            done = N_("This is above your limit. A second person decides on it.")
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, claim_id, form, status=422)
    return leave_for(claim_url(creditor_id, claim_id) + "/giving-up", notice=done)


@routes.post(_ADDRESS + "/{transaction_id:uuid}/undoing")
def undo(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    transaction_id: UUID,
) -> Response:
    """Let what was given up be owed again: a reversal in the ledger, with its reason."""
    form = submitted(UndoForm, fields)
    with form.attempt(unit):
        owe_again(unit, creditor_id=creditor_id, transaction_id=transaction_id, why=form.data.why)
    return _undone(request, unit, visitor.roles, creditor_id, claim_id, form, N_("It is owed again."))


@routes.post(_ADDRESS + "/requests/{request_id:uuid}/withdrawal")
def withdraw(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    request_id: UUID,
) -> Response:
    """Take back a request that waits for a second person."""
    form = submitted(UndoForm, fields)
    with form.attempt(unit):
        refuse(unit, creditor_id=creditor_id, request_id=request_id, why=form.data.why)
    return _undone(request, unit, visitor.roles, creditor_id, claim_id, form, N_("The request has ended."))


def _undone(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    claim_id: UUID,
    form: Form[Any],
    done: str,
) -> Response:
    if form.errors:
        return _page(
            request, unit, roles, creditor_id, claim_id, blank(act="waiver"), undoing=form, status=422
        )
    return leave_for(claim_url(creditor_id, claim_id) + "/giving-up", notice=done)


def _amounts(data: GiveUpForm, currency: str) -> ByPart:
    zero = Money.zero(currency)
    typed = {part: amount_of(getattr(data, part), currency, part) or zero for part in Part}
    return ByPart(**{part.value: amount for part, amount in typed.items()})


def _page(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    claim_id: UUID,
    form: Form[Any],
    *,
    undoing: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    key: dict[str, Any] = {"creditor_id": creditor_id, "claim_id": claim_id}
    claim = claim_of(unit, creditor_id, claim_id)
    owed = owed_by_part(itemise(unit, **key, on=unit.today))
    waiting = unit.session.exec(
        select(WaiverRequest).where(
            WaiverRequest.creditor_id == creditor_id,
            WaiverRequest.claim_id == claim_id,
            WaiverRequest.state == RequestState.WAITING,
        )
    ).one_or_none()
    return desk_page(
        request,
        "giving_up.html",
        status=status,
        url=claim_url(creditor_id, claim_id) + "/giving-up",
        claim_href=claim_url(creditor_id, claim_id),
        number=claim.number,
        debtor=unit.session.get_one(Debtor, (creditor_id, claim.debtor_id)).name,
        open_now=claim.state == ClaimState.ACTIVE and bool(owed.total),
        owed=owed,
        limits=[
            (ACTS[act], Money(limit, claim.currency), [part.value for part in parts])
            for act, limit, parts in limits_of(roles, on=unit.today)
        ],
        before=given_up(unit, **key, currency=claim.currency),
        given=given_up_rows(list_given_up(unit, **key)),
        waiting=waiting,
        waiting_parts=part_rows(asked_amounts(waiting)) if waiting else [],
        waiting_total=asked_amounts(waiting).total if waiting else None,
        form=form,
        undoing=undoing or blank(),
    )
