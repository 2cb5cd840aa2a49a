"""Brands: how each creditor looks and signs, its versions, its names on the internet, and who signs where."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.communication.brand_cases import creditor_facts
from agency.communication.brand_checklist import identities
from agency.communication.mandatory import KINDS
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.parties.branding import (
    brand_of,
    design_of,
    open_draft,
    start_draft,
    version_numbered,
    versions_of,
)
from agency.parties.hosts import hosts_of
from agency.rules.brand import BrandDesign, changes
from portal.admin.drafting import names_of
from portal.shared.audience import StaffUnit, TheWiring, leave_for, router, show
from portal.shared.brand_previews import NOW, View, figures, look_at
from portal.shared.brand_words import (
    COUNTRIES,
    HOST_STATES,
    LANGUAGE_NAMES,
    MESSAGES,
    TONES,
    USES,
    change_words,
)
from portal.shared.filled_in import sentence
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut
from portal.shared.logos import logo_address
from portal.shared.words import DEBTOR_KINDS, DRAFT_STATES

routes = router(audience="admin", roles={"admin"}, prefix="/admin/brands")
CreditorId = Annotated[UUID, Path()]

COLUMNS = (
    Column("creditor", N_("Creditor"), "link", sub="reference"),
    Column("colour", N_("Colour"), "html"),
    Column("sender", N_("Sender"), sub="sender_email"),
    Column("version", N_("Version"), "number", phone=False),
    Column("state", N_("Draft"), "chip"),
    Column("names", N_("Names on the internet"), "chip"),
)
VERSIONS = (
    Column("version", N_("Version"), "link"),
    Column("decided_at", N_("Published"), "moment"),
    Column("author", N_("Written by"), phone=False),
    Column("approver", N_("Published by"), phone=False),
)
_LIST = text(
    "SELECT c.id, c.name AS creditor, c.reference, b.colour, b.sender_name, b.sender_email, v.version,"
    " EXISTS (SELECT FROM brand_host h WHERE h.creditor_id = c.id AND h.state = 'broken') AS broken,"
    " d.state FROM creditor c"
    " LEFT JOIN LATERAL (SELECT * FROM brand b WHERE b.creditor_id = c.id ORDER BY b.id LIMIT 1) b ON true"
    " LEFT JOIN brand_version v ON v.creditor_id = b.creditor_id AND v.id = b.version_id"
    " LEFT JOIN brand_version d ON d.creditor_id = c.id AND d.state IN ('draft', 'submitted')"
    " WHERE c.id <> :house ORDER BY broken DESC, d.state IS NULL, lower(c.name) LIMIT 1000"
)


@routes.get("")
def brands(request: Request, unit: StaffUnit) -> HTMLResponse:
    """Every creditor with its brand; those whose records are gone first, then those with an open draft."""
    found = unit.session.connection().execute(_LIST, {"house": HOUSE})
    rows = [
        row._asdict()
        | {
            "href": f"/admin/brands/{row.id}",
            "sender": row.sender_name,
            "state": DRAFT_STATES[row.state] if row.state else None,
            "names": HOST_STATES["broken"] if row.broken else None,
        }
        for row in found
    ]
    return show(request, "admin/brands.html", {"columns": COLUMNS, "cut": Cut(rows)})


@routes.get("/{creditor_id}")
def brand(request: Request, unit: StaffUnit, creditor_id: CreditorId) -> HTMLResponse:
    """What counts now, versions, names with their records, and who signs towards whom."""
    kept = brand_of(unit, creditor_id=creditor_id)
    creditor = creditor_facts(unit, creditor_id=creditor_id)
    versions = versions_of(unit, creditor_id=creditor_id)
    people = names_of(unit, [who for one in versions for who in (*one.writers, one.decided_by)])
    rows = [
        {
            "version": one.version, "decided_at": one.decided_at,
            "href": f"/admin/brands/{creditor_id}/versions/{one.version}",
            "author": ", ".join(people.get(who, who) for who in one.writers) or None,
            "approver": people.get(one.decided_by or "", one.decided_by),
        }
        for one in versions
    ]  # fmt: skip
    values = {
        "creditor": creditor["creditor_name"],
        "creditor_id": str(creditor_id),
        "design": design_of(kept),
        "logo": logo_address(creditor_id, kept.logo_sha256),
        "draft": open_draft(unit, creditor_id=creditor_id),
        "columns": VERSIONS,
        "cut": Cut(rows),
        **host_values(unit, creditor_id),
        "shown": identity_rows(unit, in_creditors_name=creditor["in_creditors_name"]),
    }
    return show(request, "admin/brand.html", values)


@routes.post("/{creditor_id}/drafts")
def begin(unit: StaffUnit, creditor_id: CreditorId) -> Response:
    """A draft that begins as what counts now; the open one when there is one."""
    draft = start_draft(unit, creditor_id=creditor_id)
    return leave_for(f"/admin/brands/{creditor_id}/drafts/{draft.id}")


@routes.get("/{creditor_id}/versions/{number:int}")
def version(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, number: int
) -> HTMLResponse:
    """One published version, what it changed, and what it makes."""
    found = version_numbered(unit, creditor_id=creditor_id, version=number)
    earlier = [one for one in versions_of(unit, creditor_id=creditor_id) if (one.version or 0) < number]
    before = BrandDesign.from_fields(earlier[0].content) if earlier else None
    view = View.asked(request.query_params)
    prefix = f"/admin/brands/{creditor_id}"
    look = look_at(unit, creditor_id=creditor_id, which=str(found.id), prefix=prefix)
    values = {
        "creditor": creditor_facts(unit, creditor_id=creditor_id)["creditor_name"],
        "creditor_id": str(creditor_id),
        "version": number,
        "counts": brand_of(unit, creditor_id=creditor_id).version_id == found.id,
        "changes_rows": _changed(before, look.design) if before else None,
        "looks": [(None, figures(unit, wiring, creditor_id=creditor_id, look=look, view=view))],
        **view_values(view),
    }
    return show(request, "admin/brand_version.html", values)


@routes.post("/{creditor_id}/versions/{number:int}/return")
def go_back(unit: StaffUnit, creditor_id: CreditorId, number: int) -> Response:
    """A draft that says what an earlier version said; a second person publishes it as any other."""
    draft = start_draft(unit, creditor_id=creditor_id, from_version=number)
    notice = N_("This draft says what that version said. A second person publishes it.")
    return leave_for(f"/admin/brands/{creditor_id}/drafts/{draft.id}", notice=notice)


def _changed(before: BrandDesign, after: BrandDesign) -> list[tuple[str, str, str]]:
    told = [change_words(one) for one in changes(before, after)]
    return [(one["name"], one["before"] or "–", one["after"] or "–") for one in told]


def host_values(unit: Unit, creditor_id: UUID) -> dict[str, Any]:
    """This function will return what a page shows of a creditor's names and the records they need."""
    hosts = [
        {
            "id": str(one.id), "name": one.name, "use": USES[one.use], "chip": HOST_STATES[one.state],
            "records": [{**record, "reason": sentence(record["reason"])} for record in one.records],
            "checked_at": one.checked_at, "since": one.valid_since, "why": sentence(one.why),
        }
        for one in hosts_of(unit, creditor_id=creditor_id)
    ]  # fmt: skip
    return {"hosts": hosts}


def view_values(view: View) -> dict[str, Any]:
    """This function will return what the choice of a preview needs."""
    return {
        "view": view,
        "messages": {key: MESSAGES.get(key, key) for key in KINDS},
        "languages_of_mail": LANGUAGE_NAMES,
        "tone_names": TONES,
        "now_look": NOW,
    }


def identity_rows(unit: Unit, *, in_creditors_name: bool) -> list[dict[str, Any]]:
    """This function will return who signs towards each kind of debtor, a row each, with the reasons."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in identities(in_creditors_name=in_creditors_name, on=unit.today):
        row = rows.setdefault(
            (one.country, one.debtor),
            {
                "country": COUNTRIES[one.country], "debtor": DEBTOR_KINDS[one.debtor],
                "register": one.identity.register, "trace": one.identity.trace, "phases": [],
            },
        )  # fmt: skip
        row["phases"].append(one.identity.sender)
    return list(rows.values())
