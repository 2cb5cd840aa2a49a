"""What a draft of a rate card would cost the creditors, on the portfolio as it stands."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.errors import AgencyError, NotFound
from agency.kernel.tryouts import content_sha256
from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.drafts import RATE_CARD_DRAFTS
from agency.pricing.models import RateCardDraft
from agency.pricing.simulating import RATE_CARD_TRYOUTS, ask_simulation, changes
from agency.pricing.simulation_sums import STEP_BPS, Changed, Effect, Simulation
from portal.admin.drafting import attempt
from portal.admin.rate_cards import routes
from portal.shared.audience import StaffUnit, leave_for, show
from portal.shared.charts import Point, chart
from portal.shared.i18n import N_, format_number, gettext
from portal.shared.listing import Column, Cut
from portal.shared.spreadsheets import long_csv

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
def simulation(request: Request, unit: StaffUnit, draft_id: UUID) -> HTMLResponse:
    """The last simulation of a draft: how far it is, or old against new."""
    return _page(request, unit, RATE_CARD_DRAFTS.find(unit, draft_id=draft_id))


@routes.post("/drafts/{draft_id:uuid}/simulation")
def start(request: Request, unit: StaffUnit, draft_id: UUID) -> Response:
    """Have the whole portfolio priced under the draft."""

    def refused(refusal: AgencyError) -> Response:
        draft = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id)
        return _page(request, unit, draft, error=refusal, status=refusal.status)

    return attempt(
        unit, lambda: ask_simulation(unit, draft_id=draft_id), refused=refused,
        then=f"/admin/rate-cards/drafts/{draft_id}/simulation",
    )  # fmt: skip


@routes.post("/drafts/{draft_id:uuid}/simulation/cancellation")
def cancel(unit: StaffUnit, draft_id: UUID) -> Response:
    """End a simulation that still runs."""
    RATE_CARD_TRYOUTS.cancel(unit, draft_id=draft_id)
    notice = N_("The try-out was cancelled.")
    return leave_for(f"/admin/rate-cards/drafts/{draft_id}/simulation", notice=notice)


@routes.get("/drafts/{draft_id:uuid}/simulation.csv")
def simulation_file(unit: StaffUnit, draft_id: UUID) -> Response:
    """Every claim that the last try-out priced under both cards, as a file."""
    trial = RATE_CARD_TRYOUTS.latest(unit, draft_id=draft_id)
    if trial is None:
        raise NotFound("this draft was not tried yet")
    rows = (
        (
            one.creditor, one.number, one.amount, f"{one.old_bps / 100:.2f}%", f"{one.new_bps / 100:.2f}%",
            Money(one.old_minor, one.amount.currency), Money(one.new_minor, one.amount.currency),
            one.difference,
        )
        for one in changes(unit, trial=trial)
    )  # fmt: skip
    return long_csv(name="simulation", headers=HEADERS, rows=rows)


def _page(
    request: Request,
    unit: Unit,
    draft: RateCardDraft,
    *,
    error: AgencyError | None = None,
    status: int = 200,
) -> HTMLResponse:
    last = RATE_CARD_TRYOUTS.latest(unit, draft_id=draft.id)
    values: dict[str, Any] = {
        "draft": draft,
        "trial": last,
        "found": None,
        "outdated": last is not None and last.content_sha256 != content_sha256(draft),
        "error": error.message if error else "",
    }
    if last is not None and last.state == "done":
        values |= _in_words(Simulation.from_json(last.result))
    return show(request, "admin/rate_card_simulation.html", values, status=status)


def _in_words(found: Simulation) -> dict[str, Any]:
    currency = found.currency
    creditors = sorted(found.creditors.values(), key=lambda one: -abs(one.new - one.old))
    return {
        "found": found,
        "total": _effect(found.total, currency),
        "creditors": CREDITORS,
        "creditors_cut": Cut([_effect(one, currency) for one in creditors[:CREDITORS_MAX]]),
        "changed": CHANGED,
        "changed_cut": Cut([_shown(one) for one in found.biggest()]),
        "chart": _distribution(found),
    }


def _shown(changed: Changed) -> dict[str, Any]:
    fields = ("number", "creditor", "amount", "old_bps", "new_bps", "difference")
    return {name: getattr(changed, name) for name in fields}


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
        write=format_number,
    )
