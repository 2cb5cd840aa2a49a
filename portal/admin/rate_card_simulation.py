"""What a draft of a rate card would cost the creditors, on the portfolio as it stands."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.money import Money
from agency.pricing.drafts import UnfitCard
from agency.pricing.simulating import BIGGEST, STEP_BPS, Effect, Simulation, changes, simulate
from portal.admin.rate_cards import current_and_draft, routes
from portal.shared.audience import StaffUnit, leave_for, show
from portal.shared.charts import Point, chart
from portal.shared.i18n import N_, format_number, gettext
from portal.shared.listing import Column, Cut
from portal.shared.spreadsheets import list_file

CREDITORS = (
    Column("name", N_("Creditor")),
    Column("claims", N_("Claims"), "number"),
    Column("principal", N_("Together"), "money", phone=False),
    Column("old", N_("Fee now"), "money"),
    Column("new", N_("Fee then"), "money"),
    Column("difference", N_("Difference"), "money"),
)
CHANGED = (
    Column("number", N_("Claim"), sub="creditor"),
    Column("amount", N_("Amount"), "money"),
    Column("old_bps", N_("Fee now"), "bps"),
    Column("new_bps", N_("Fee then"), "bps"),
    Column("difference", N_("Difference"), "money"),
)
HEADERS = (
    N_("Creditor"), N_("Claim"), N_("Amount"), N_("Fee now"), N_("Fee then"), N_("At most now"),
    N_("At most then"), N_("Difference"),
)  # fmt: skip
_SHIFT_MAX = 8
CREDITORS_MAX = 500


@routes.get("/drafts/{draft_id:uuid}/simulation")
def simulation(request: Request, unit: StaffUnit, draft_id: UUID) -> Response:
    """Old against new: in all, per creditor, how far fees move, and the biggest changes."""
    try:
        old, new, kept = current_and_draft(unit, draft_id)
    except UnfitCard as refusal:
        return leave_for(f"/admin/rate-cards/drafts/{draft_id}", notice=refusal.message, tone="warning")
    found = simulate(unit, old=old, new=new)
    return show(request, "admin/rate_card_simulation.html", {"draft": kept, **_in_words(found)})


@routes.get("/drafts/{draft_id:uuid}/simulation.csv")
def simulation_file(unit: StaffUnit, draft_id: UUID) -> Response:
    """Every claim under both cards, as a file."""
    old, new, _ = current_and_draft(unit, draft_id)
    rows = (
        (
            one.creditor, one.number, one.amount, f"{one.old_bps / 100:.2f}%", f"{one.new_bps / 100:.2f}%",
            Money(one.old_minor, one.amount.currency), Money(one.new_minor, one.amount.currency),
            Money(one.new_minor - one.old_minor, one.amount.currency),
        )
        for one in changes(unit, old=old, new=new, every=1)
    )  # fmt: skip
    return list_file(name="simulation", headers=HEADERS, rows=rows, kind="csv")


def _in_words(found: Simulation) -> dict[str, Any]:
    currency = found.currency
    creditors = sorted(found.creditors.values(), key=lambda one: -abs(one.new - one.old))
    return {
        "found": found,
        "total": _effect(found.total, currency),
        "creditors": CREDITORS,
        "creditors_cut": Cut([_effect(one, currency) for one in creditors[:CREDITORS_MAX]]),
        "changed": CHANGED,
        "changed_cut": Cut(
            [
                {
                    "number": one.number,
                    "creditor": one.creditor,
                    "amount": one.amount,
                    "old_bps": one.old_bps,
                    "new_bps": one.new_bps,
                    "difference": Money(one.new_minor - one.old_minor, currency),
                }
                for one in found.biggest[:BIGGEST]
            ]
        ),
        "chart": _distribution(found),
    }


def _effect(effect: Effect, currency: str) -> dict[str, Any]:
    return {
        "name": effect.name,
        "claims": effect.claims,
        "principal": Money(effect.principal, currency),
        "old": Money(effect.old, currency),
        "new": Money(effect.new, currency),
        "difference": Money(effect.new - effect.old, currency),
    }


def _distribution(found: Simulation) -> Any:
    """Claims by how many points their fee moves; what moves further stands in the outermost bars."""
    counted = dict.fromkeys(range(-_SHIFT_MAX, _SHIFT_MAX + 1), 0)
    for shift, claims in found.shifts.items():
        counted[max(-_SHIFT_MAX, min(_SHIFT_MAX, shift))] += claims
    points = STEP_BPS // 100
    return chart(
        title=gettext("Claims by how many points their fee moves"),
        points=[
            Point(f"{shift * points:+d}" if shift else "0", claims, format_number(claims))
            for shift, claims in counted.items()
        ],
    )
