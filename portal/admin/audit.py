"""The audit trail: who did what, when and to which thing; by person, thing and day, and as a file."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.kernel.audit import record
from agency.progress.audit_trail import (
    TRAIL_ORDERS,
    TRAIL_TIE,
    Narrowed,
    called,
    facts_told,
    people,
    trail,
    trail_rows,
)
from portal.admin.audit_facts import facts_words
from portal.admin.audit_words import THINGS, done_words, thing_words, who_words
from portal.shared.audience import StaffUnit, router, show
from portal.shared.forms import Form, blank
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut, Listing
from portal.shared.spreadsheets import Cell, long_csv

routes = router(audience="admin", roles={"admin"}, prefix="/admin/audit")
BASE: Final = "/admin/audit"
_NARROWED: Final = ("q", "who", "thing", "first", "last")
COLUMNS: Final = (
    Column("at", N_("When"), "moment", sort=True),
    Column("who", N_("Who")),
    Column("what", N_("What"), "html", sub="action"),
    Column("creditor", N_("Creditor"), phone=False),
    Column("facts", N_("Besides"), "words", phone=False),
)
HEADERS: Final = (
    N_("When"), N_("Who"), N_("Known as"), N_("What"), N_("Action"), N_("Thing"), N_("Id"), N_("Besides"),
    N_("Creditor"), N_("Chain"), N_("Link"),
)  # fmt: skip
# Where an administrator may look at a thing itself.
_PAGES: Final = {
    "user": "/admin/users/{}", "creditor": "/admin/creditors/{}",
    "treatment_path_draft": "/admin/paths/drafts/{}", "rate_card_draft": "/admin/rate-cards/drafts/{}",
    "inspection_export": "/admin/inspection/exports/{}",
}  # fmt: skip


@routes.get("")
def audit_trail(request: Request, unit: StaffUnit) -> HTMLResponse:
    """What was done, the newest first."""
    listing = _listing(request)
    form, narrowed = _read(listing.filters)
    statement = listing.apply(trail(unit, narrowed), columns=TRAIL_ORDERS, tie=TRAIL_TIE)
    # After a day that could not be read no rows are shown: those of another period would look right.
    found = [] if form.errors else unit.session.connection().execute(statement).all()
    cut = listing.cut(found, position=lambda row: (row.at, row.link))
    names = called(unit, [row.subject for row in cut.rows])
    who = [("system", N_("The product itself")), *people(unit)]
    chosen = listing.filters.get("who", "")
    if chosen and chosen not in dict(who):
        who.append((chosen, _name_of(cut.rows, chosen)))
    values = {
        "columns": COLUMNS,
        "listing": listing,
        "cut": Cut([_row(row, names) for row in cut.rows], cut.next_url, cut.previous_url),
        "who": who,
        "things": sorted(((key, gettext(words)) for key, words in THINGS.items()), key=lambda one: one[1]),
        "form": form,
        "file": f"{BASE}/trail.csv?{urlencode(listing.filters)}",
    }
    return show(request, "admin/audit.html", values, status=422 if form.errors else 200)


@routes.get("/trail.csv")
def audit_file(request: Request, unit: StaffUnit) -> Response:
    """What the filters leave of the trail, as a file; that it was taken is itself in the trail."""
    form, narrowed = _read(_listing(request).filters)
    if form.errors:
        return audit_trail(request, unit)
    unit.allow_long_statements()
    asked = list(_listing(request).filters)
    record(unit, action="audit.exported", subject="audit:csv", facts={"narrowed_by": asked})
    rows = (_cells(row) for row in trail_rows(unit, narrowed))
    return long_csv(name=f"audit-{unit.today.isoformat()}", headers=HEADERS, rows=rows)


def _listing(request: Request) -> Listing:
    return Listing.read(BASE, request.query_params, sorts=["at"], default="-at", filters=_NARROWED)


def _read(filters: Mapping[str, str]) -> tuple[Form[Any], Narrowed]:
    """Read what is asked for; a day that cannot be read is named, for another period than was meant looks
    right."""
    form = blank(first=filters.get("first", ""), last=filters.get("last", ""))
    days: dict[str, date | None] = {}
    for name in ("first", "last"):
        days[name] = _day(filters.get(name, ""))
        if filters.get(name) and days[name] is None:
            form.refuse(N_("Give a date, like 2026-11-30."), name)
    first, last = days["first"], days["last"]
    if first and last and last < first:
        form.refuse(N_("The period ends before it begins."), "last")
    narrowed = Narrowed(
        who=filters.get("who", ""), thing=filters.get("thing", ""), words=filters.get("q", ""),
        first=first, last=last,
    )  # fmt: skip
    return form, narrowed


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _name_of(rows: Any, by: str) -> str:
    return next((who_words(row.by, row.person) for row in rows if row.by == by), by)


def _row(row: Row[Any], names: Mapping[str, str]) -> dict[str, Any]:
    kind, _, which = row.subject.partition(":")
    thing = f"{thing_words(row.subject)} {names.get(row.subject, '')}".strip()
    return {
        "at": row.at,
        "who": who_words(row.by, row.person),
        "creditor": row.creditor or "",
        "what": f"{thing}: {done_words(row.action)}",
        "action": row.action,
        "facts": _besides_words(row),
        "href": _PAGES[kind].format(which) if kind in _PAGES else None,
    }


def _besides(row: Row[Any]) -> str:
    told, left_out = facts_told(row.facts)
    said = [f"{name.replace('_', ' ')}: {value}" for name, value in told]
    if left_out:
        said.append(gettext("words of a person, kept with the thing itself"))
    return "; ".join(said)


def _besides_words(row: Row[Any]) -> str:
    """What it says besides as a reader understands it; the file has it as the trail does."""
    told, left_out = facts_told(row.facts)
    said = facts_words(told)
    if left_out:
        said.append(gettext("words of a person, kept with the thing itself"))
    return "; ".join(said)


def _cells(row: Row[Any]) -> list[Cell]:
    _, _, which = row.subject.partition(":")
    return [
        row.at.isoformat(), who_words(row.by, row.person), row.by, done_words(row.action), row.action,
        thing_words(row.subject), which, _besides(row), row.creditor or "", str(row.creditor_id),
        str(row.seq),
    ]  # fmt: skip
