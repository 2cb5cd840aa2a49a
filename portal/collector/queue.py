"""The work queue: figures, the list with why each case waits, sorted, filtered and paged by the database."""

from typing import Any

from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.desk.models import WorkItem
from agency.kernel.unit import Unit
from agency.money import Money
from agency.progress.worklist import WORK_ORDERS, desk_figures, open_work, waiting_by_kind
from agency.rules.facts import DebtorKind
from agency.rules.holds import stops_contact
from portal.collector.doors import claim_url, desk_page, routes
from portal.collector.words import CONTACTS, HOLDS, ON_HOLD, PHASES, WHY, WORK, days_between, why_work
from portal.shared.audience import StaffUnit, TheVisitor
from portal.shared.i18n import N_, format_money, format_number, format_percent, gettext, inside
from portal.shared.listing import Chip, Column, Cut, Listing

COLUMNS = (
    Column("debtor", N_("Debtor"), "link", sub="number", sort=True),
    Column("why", N_("Why"), "html"),
    Column("creditor", N_("Creditor"), phone=False),
    Column("principal", N_("Principal open"), "money", sort=True),
    Column("due_on", N_("Days overdue"), "number", sort=True, phone=False),
    Column("urgency", N_("Since"), "html", sort=True),
)


@routes.get("")
def queue(request: Request, unit: StaffUnit, visitor: TheVisitor) -> Response:
    """What waits for a person, the most urgent first."""
    listing = Listing.read(
        "/desk",
        request.query_params,
        sorts=tuple(WORK_ORDERS),
        default="urgency",
        filters=("q", "kind", "mine"),
    )
    waiting = waiting_by_kind(unit)
    return desk_page(
        request,
        "queue.html",
        columns=COLUMNS,
        listing=listing,
        cut=_cut(unit, listing, visitor, waiting),
        kinds=[(kind, _kind_label(kind, waiting.get(kind, 0))) for kind in WORK],
        now=unit.now,
        leads="admin" in visitor.roles,
        **_figures(unit, waiting),
    )


@routes.get("/figures")
def figures(request: Request, unit: StaffUnit) -> Response:
    """The figures alone, for pages that heard that something changed."""
    return desk_page(request, "figures.html", **_figures(unit, waiting_by_kind(unit)))


def _figures(unit: Unit, waiting: dict[str, int]) -> dict[str, Any]:
    found = desk_figures(unit)
    before, now = Money(found.last_week_minor, "EUR"), Money(found.this_week_minor, "EUR")
    return {
        "found": found,
        "waiting": sum(waiting.values()),
        "kept": format_percent(100 * found.kept // found.judged) if found.judged else "–",
        "this_week": format_money(now),
        "last_week": gettext("last week %(amount)s") % {"amount": format_money(before)},
        "kinds_waiting": [
            {
                "label": gettext(chip.label),
                "value": waiting[kind],
                "text": format_number(waiting[kind]),
                "tone": chip.tone,
            }
            for kind, chip in WORK.items()
            if waiting.get(kind)
        ],
        "judged": gettext("of %(n)s in 30 days") % {"n": format_number(found.judged)},
    }


def _cut(unit: Unit, listing: Listing, visitor: TheVisitor, waiting: dict[str, int]) -> Cut[dict[str, Any]]:
    kind, words = listing.filters.get("kind", ""), listing.filters.get("q", "")
    mine = visitor.user_id if listing.filters.get("mine") else None
    statement = open_work(unit, kind=kind if kind in WORK else "", words=words, mine=mine)
    statement = listing.apply(statement, columns=WORK_ORDERS, tie=col(WorkItem.id))
    rows = unit.session.connection().execute(statement).all()
    total = None if words or mine else (waiting.get(kind, 0) if kind in WORK else sum(waiting.values()))
    cut = listing.cut(rows, position=lambda row: (_position(row, listing.sort), row.item_id), total=total)
    shown = [work_row(row, unit) for row in cut.rows]
    return Cut(shown, cut.next_url, cut.previous_url, cut.total)


def _position(row: Row[Any], sort: str) -> Any:
    fields = {"debtor": "name_key", "principal": "open_minor"}
    return getattr(row, fields.get(sort, sort))


def work_row(row: Row[Any], unit: Unit) -> dict[str, Any]:
    """This function will describe one case of `open_work` for a list."""
    chip, why = _asks(row, unit)
    return {
        "id": row.item_id,
        "href": claim_url(row.creditor_id, row.claim_id),
        "debtor": row.debtor,
        "number": row.number,
        "creditor": row.creditor,
        "chip": chip,
        "why": why,
        "phase": PHASES[row.phase],
        "principal": Money(int(row.open_minor), row.currency),
        "due_on": days_between(row.due_on, unit.today),
        "urgency": row.due_at,
        "holder": row.holder or "",
        "given": row.given_name or "",
    }


def _asks(row: Row[Any], unit: Unit) -> tuple[Chip, str]:
    """What a case asks for and why; one that asks to call somebody who is to be left in peace says that."""
    debtor = DebtorKind(row.debtor_kind)
    silent = [
        ground
        for ground in row.grounds or ()
        if stops_contact(ground=ground, country=row.country, debtor=debtor, on=unit.today)
    ]
    if row.kind in CONTACTS and silent:
        grounds = ", ".join(inside(HOLDS.get(ground, ground)) for ground in sorted(silent))
        return ON_HOLD[row.kind], gettext("Collection is paused: %(why)s") % {"why": grounds}
    general, special = why_work(row.kind, row.reason)
    return WORK[row.kind], special or general


def _kind_label(kind: str, waiting: int) -> str:
    assert kind in WHY, "every kind of work says why"
    return f"{gettext(WORK[kind].label)} ({format_number(waiting)})"
