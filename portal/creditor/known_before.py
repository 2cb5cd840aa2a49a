"""What the page of a claim shows of the time before it was placed: own reminders and the credit insurance."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.claims.earlier_steps import earlier_steps
from agency.claims.insurance import cover_of, shares_of, standing_of
from agency.claims.models import EarlierKind, EarlierStep
from agency.kernel.unit import Unit
from agency.money import Money
from portal.creditor.words import LETTER_FAULTS, NOTIFICATIONS
from portal.shared.forms import Form, blank
from portal.shared.i18n import gettext, typed_number
from portal.shared.words import CHANNELS, EARLIER_KINDS


def history_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> dict[str, Any]:
    """This function will return what the claim's page shows of reminders, notices and insurance."""
    steps = earlier_steps(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    return {
        "earlier": [_step(step) for step in steps],
        "earlier_kinds": list(EARLIER_KINDS.items()),
        "earlier_channels": [(channel, CHANNELS[channel]) for channel in ("email", "letter", "sms", "call")],
        "cover": _cover(unit, creditor_id, claim_id),
        "today": unit.today.isoformat(),
    }


def policy_form(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Form[Any]:
    """This function will return the form of a claim's insurance, filled with what is known."""
    cover = cover_of(unit, creditor_id=creditor_id, claim_id=claim_id)
    if cover is None:
        return blank()
    return blank(
        insurer=cover.insurer,
        policy_number=cover.policy_number,
        covered_percent=_percent(cover.covered_bps),
        indemnity_percent=_percent(cover.indemnity_bps) if cover.indemnity_bps else "",
        notify_by=str(cover.notify_by or ""),
        notified_on=str(cover.notified_on or ""),
    )


def _percent(bps: int) -> str:
    return typed_number((Decimal(bps) / 100).normalize() + 0)


def _step(step: EarlierStep) -> dict[str, Any]:
    faults = [gettext(LETTER_FAULTS[fault]) for fault in step.faults if fault in LETTER_FAULTS]
    return {
        "on": step.sent_on,
        "kind": EARLIER_KINDS[step.kind],
        "channel": CHANNELS[step.channel],
        "lawful": step.kind == EarlierKind.NOTICE and not step.faults,
        "faults": faults,
        "document_id": step.document_id,
    }


def _cover(unit: Unit, creditor_id: UUID, claim_id: UUID) -> dict[str, Any] | None:
    cover = cover_of(unit, creditor_id=creditor_id, claim_id=claim_id)
    if cover is None:
        return None
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT c.currency, coalesce((SELECT sum(p.amount_minor - p.over_minor) FROM payment p"
                " WHERE p.creditor_id = c.creditor_id AND p.claim_id = c.id AND p.reversed_at IS"
                " NULL), 0)::bigint"
                " AS recovered, coalesce((SELECT sum(f.net_minor) FROM success_fee f"
                "  WHERE f.creditor_id = c.creditor_id AND f.claim_id = c.id), 0)::bigint AS fee"
                " FROM claim c WHERE c.creditor_id = :c AND c.id = :claim"
            ),
            {"c": creditor_id, "claim": claim_id},
        )
        .one()
    )
    recovered, fee = Money(max(row.recovered, 0), row.currency), Money(max(row.fee, 0), row.currency)
    return {
        "row": cover,
        "chip": NOTIFICATIONS[standing_of(cover, today=unit.today).value],
        "recovered": recovered if recovered else None,
        "shares": shares_of(cover, recovered=recovered, fee=fee),
    }
