"""Whose mail comes back or is called spam, whose is therefore held back, and letting it go on."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import Field
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.communication.sender_health.pausing import let_mail_go_on, mails_waiting, senders
from agency.kernel.unit import Unit
from agency.rules.sender_health import health_window
from portal.shared.audience import StaffUnit, leave_for, router, show
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, format_number, ngettext
from portal.shared.listing import Chip, Column, Cut

BASE = "/admin/senders"
routes = router(audience="admin", roles={"admin"}, prefix=BASE)
CreditorId = Annotated[UUID, Path()]

SENDS, HELD = Chip(N_("Sends"), "good"), Chip(N_("Held back"), "bad")
_SHOWN_MAX = 200
COLUMNS = (
    Column("creditor", N_("Brand")),
    Column("state", N_("State"), "chip"),
    Column("sent", N_("Mails sent"), "number"),
    Column("bounced", N_("Came back"), "number"),
    Column("bounced_share", N_("Share"), "percent"),
    Column("unwanted", N_("Called spam"), "number"),
    Column("unwanted_share", N_("Share"), "percent"),
)


class GoOnForm(FormModel):
    """What was found out about mail that was held back."""

    remark: str = Field(min_length=3, max_length=500)


@routes.get("")
def mail_senders(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Brands that sent mail lately with what became of it, the worst first."""
    return _page(request, unit)


@routes.post("/{creditor_id}/going-on")
def go_on(request: Request, unit: StaffUnit, creditor_id: CreditorId, fields: Fields) -> Response:
    """Let a brand's mail go on; what waited is spread."""
    form = submitted(GoOnForm, fields)
    waited = 0
    with form.attempt(unit):
        waited = let_mail_go_on(unit, creditor_id=creditor_id, remark=form.data.remark)
    if form.errors:
        return _page(request, unit, going_on=(creditor_id, form))
    notice = ngettext("Mail goes on; %(num)s mail waited.", "Mail goes on; %(num)s mails waited.", waited)
    return leave_for(BASE, notice=notice % {"num": format_number(waited)})


def _page(request: Request, unit: Unit, *, going_on: tuple[UUID, Form[Any]] | None = None) -> HTMLResponse:
    found = senders(unit, most=_SHOWN_MAX)
    held = [
        {
            "id": row.creditor_id,
            "name": row.name,
            "since": row.began_at,
            "sent": row.then_sent,
            "bounced": row.then_bounced,
            "unwanted": row.then_unwanted,
            "waiting": mails_waiting(unit, creditor_id=row.creditor_id),
            "form": going_on[1] if going_on and going_on[0] == row.creditor_id else blank(),
        }
        for row in found
        if row.pause_id is not None
    ]
    values = {
        "columns": COLUMNS,
        "cut": Cut([_row(row) for row in found]),
        "more": len(found) == _SHOWN_MAX,
        "held": held,
        # What was decided by somebody else meanwhile has no form of its own any more.
        "late": going_on[1] if going_on and all(one["id"] != going_on[0] for one in held) else None,
        "days": health_window(on=unit.today).days,
    }
    return show(request, "admin/senders.html", values, status=422 if going_on else 200)


def _row(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.creditor_id,
        "creditor": row.name,
        "state": HELD if row.pause_id else SENDS,
        "sent": row.sent,
        "bounced": row.bounced,
        "bounced_share": _share(row.bounced, row.sent),
        "unwanted": row.unwanted,
        "unwanted_share": _share(row.unwanted, row.sent),
    }


def _share(part: int, whole: int) -> Decimal | None:
    return round(Decimal(100 * part) / whole, 1) if whole else None
