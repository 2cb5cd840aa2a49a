"""Deciding a line by its proposals: confirm one, refuse them all, undo what was decided last."""

from contextlib import suppress
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.banking.queries import read_line
from agency.banking.suspense import (
    Part,
    refuse_proposals,
    settle_line,
    split_line,
    take_back_refusal,
    undo_line,
)
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from portal.finance.doors import routes
from portal.finance.suspense import line_page, on_to_the_next
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, FormModel, blank, submitted
from portal.shared.i18n import N_

UNDONE_AT_ONCE = "undone right after it was booked"


class NoChoice(Invalid):
    """Nothing was chosen, or what was chosen is no proposal."""


class ChoiceForm(FormModel):
    """What was chosen: each claim with its part in cents."""

    choice: str = ""


@routes.post("/suspense/{line_id:uuid}/decision")
def decide(request: Request, unit: StaffUnit, line_id: UUID, fields: Fields) -> Response:
    """Book the line as it was proposed, on one claim or split over several, and go on to the next one."""
    line = read_line(unit, line_id=line_id)
    form = submitted(ChoiceForm, fields)
    with form.attempt(unit):
        _book(unit, line_id, _parts(form.data.choice, line.amount))
    if form.errors:
        return line_page(request, unit, line_id, form, status=409)
    return on_to_the_next(unit, line_id, N_("Booked."))


@routes.post("/suspense/{line_id:uuid}/refusal")
def refuse(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """Keep that none of the proposals is right, and go on to the next line."""
    form = blank()
    with form.attempt(unit):
        refuse_proposals(unit, line_id=line_id)
    if form.errors:
        return line_page(request, unit, line_id, form, status=409)
    return on_to_the_next(unit, line_id, N_("Kept: none of them."))


@routes.post("/suspense/{line_id:uuid}/undo")
def undo(request: Request, unit: StaffUnit, line_id: UUID) -> Response:
    """Take back what was decided last about the line, and show it again."""
    waits = read_line(unit, line_id=line_id).state == "suspense"
    form = blank()
    with form.attempt(unit):
        if waits:
            take_back_refusal(unit, line_id=line_id)
        else:
            undo_line(unit, line_id=line_id, why=UNDONE_AT_ONCE)
    if form.errors:
        return line_page(request, unit, line_id, form, status=409)
    return leave_for(f"/finance/suspense/{line_id}", notice=N_("Taken back. The line waits again."))


def _book(unit: Unit, line_id: UUID, parts: list[Part]) -> None:
    if len(parts) == 1:
        settle_line(unit, line_id=line_id, creditor_id=parts[0].creditor_id, claim_id=parts[0].claim_id)
    else:
        split_line(unit, line_id=line_id, parts=parts)


def _parts(written: str, paid: Money) -> list[Part]:
    """Read a choice back.

    :raises NoChoice: there is none, it cannot be read, or it is not for the whole line.
    """
    parts = []
    with suppress(ValueError, OverflowError):
        for one in filter(None, written.split(";")):
            creditor_id, claim_id, minor = one.split(".")
            parts.append(Part(UUID(creditor_id), UUID(claim_id), Money(int(minor), paid.currency)))
    if not parts or sum(part.amount.minor for part in parts) != paid.minor:
        raise NoChoice("choose one of the proposals", field="choice")
    return parts
