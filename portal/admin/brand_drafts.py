"""The studio: a draft of a brand, kept with every change, beside all that it makes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.communication.brand_cases import creditor_facts
from agency.communication.brand_checklist import NotReady, checklist, publish, submit
from agency.kernel.drafts import ChangedMeanwhile, edition_of
from agency.kernel.errors import AgencyError, Invalid
from agency.kernel.files import store
from agency.kernel.unit import Unit
from agency.parties.branding import BRAND_DRAFTS, change_draft
from agency.parties.logos import drawing_of
from agency.parties.models import BrandVersion
from agency.rules.brand import LANGUAGES, BrandDesign, brand_faults, fonts
from portal.admin.brands import host_values, view_values
from portal.admin.drafting import attempt, draft_values, edition_read, remark_of
from portal.shared.audience import StaffUnit, TheWiring, leave_for, router, show
from portal.shared.brand_previews import NOW, View, figures, look_at
from portal.shared.brand_words import FIELDS, FONTS, fault_words, point_words
from portal.shared.filled_in import sentence
from portal.shared.forms import Fields
from portal.shared.i18n import N_
from portal.shared.logos import LOGO_BYTES_READ, clean_logo, logo_address
from portal.wiring import Wiring

routes = router(audience="admin", roles={"admin"}, prefix="/admin/brands/{creditor_id}/drafts")
CreditorId = Annotated[UUID, Path()]

_TYPED = (
    "name", "colour", "ink", "accent", "font", "letterhead", "sender_name", "sender_email", "reply_to",
    "sms_sender", "phone", "caller_id", "pay_host", "footer",
)  # fmt: skip
# Kept whole however long, so that nothing typed is lost; the checklist says what is too long.
_TYPED_MAX = 5_000


@routes.get("/{draft_id}")
def draft(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, draft_id: UUID
) -> HTMLResponse:
    """The studio of a draft."""
    kept = BRAND_DRAFTS.find(unit, creditor_id=creditor_id, draft_id=draft_id)
    return _page(request, unit, wiring, kept, View.asked(request.query_params))


@routes.post("/{draft_id}")
def keep(
    request: Request,
    unit: StaffUnit,
    wiring: TheWiring,
    creditor_id: CreditorId,
    draft_id: UUID,
    fields: Fields,
) -> Response:
    """Keep what was typed, whatever rules it breaks."""
    edition, view = edition_read(fields), View.asked(fields)

    def effect() -> None:
        change_draft(
            unit, creditor_id=creditor_id, draft_id=draft_id, content=_typed(fields), edition=edition
        )

    notice = N_("The draft is kept.")
    return _done(request, unit, wiring, creditor_id, draft_id, effect, notice, view=view)


@routes.post("/{draft_id}/now")
def keep_now(
    request: Request,
    unit: StaffUnit,
    wiring: TheWiring,
    creditor_id: CreditorId,
    draft_id: UUID,
    fields: Fields,
) -> HTMLResponse:
    """Keep what stands in the form at this moment, and show what it makes."""
    edition, changed = edition_read(fields), False
    try:
        change_draft(
            unit, creditor_id=creditor_id, draft_id=draft_id, content=_typed(fields), edition=edition
        )
    except ChangedMeanwhile:
        changed = True
    kept = BRAND_DRAFTS.find(unit, creditor_id=creditor_id, draft_id=draft_id)
    values = _live(unit, wiring, kept, View.asked(fields))
    if changed:  # what was typed over another edition stays with that one, so that it replaces no other
        values |= {"changed": True, "edition": edition}
    return show(request, "admin/brand_live.html", values, status=422 if changed else 200)


@routes.post("/{draft_id}/logo")
def keep_logo(
    request: Request,
    unit: StaffUnit,
    wiring: TheWiring,
    creditor_id: CreditorId,
    draft_id: UUID,
    fields: Fields,
) -> Response:
    """Take a logo, drawn anew."""
    logo = fields.get("logo")

    def effect() -> None:
        if not isinstance(logo, UploadFile):
            raise Invalid(N_("Choose a PNG or JPEG file."), field="logo")
        content = clean_logo(logo.file.read(LOGO_BYTES_READ), on=unit.today)
        sha256 = store(
            unit, wiring.ports.files, creditor_id=creditor_id, content=content, media_type="image/png"
        )
        change_draft(unit, creditor_id=creditor_id, draft_id=draft_id, content={"logo_sha256": sha256})

    return _done(request, unit, wiring, creditor_id, draft_id, effect, N_("The logo is kept."))


@routes.post("/{draft_id}/logo/removal")
def remove_logo(unit: StaffUnit, creditor_id: CreditorId, draft_id: UUID) -> Response:
    """Show the name instead of a logo."""
    change_draft(unit, creditor_id=creditor_id, draft_id=draft_id, content={"logo_sha256": ""})
    return leave_for(f"/admin/brands/{creditor_id}/drafts/{draft_id}", notice=N_("The logo is removed."))


@routes.post("/{draft_id}/submission")
def hand_over(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, draft_id: UUID
) -> Response:
    """Hand a draft to a second person, when the checklist is green."""
    drawing = _drawing(unit, wiring, creditor_id, draft_id)

    def effect() -> None:
        submit(
            unit, creditor_id=creditor_id, draft_id=draft_id, settings=wiring.settings,
            renderer=wiring.ports.renderer, drawing=drawing,
        )  # fmt: skip

    notice = N_("Submitted. A second person publishes it.")
    return _done(request, unit, wiring, creditor_id, draft_id, effect, notice)


@routes.post("/{draft_id}/publication")
def let_out(
    request: Request,
    unit: StaffUnit,
    wiring: TheWiring,
    creditor_id: CreditorId,
    draft_id: UUID,
    fields: Fields,
) -> Response:
    """Publish a submitted draft, as the second person."""
    edition = edition_read(fields)

    def effect() -> None:
        publish(unit, creditor_id=creditor_id, draft_id=draft_id, settings=wiring.settings, edition=edition)

    notice = N_("Published. Messages look like this from now on.")
    return _done(request, unit, wiring, creditor_id, draft_id, effect, notice, leave=True)


@routes.post("/{draft_id}/return")
def give_back(
    request: Request,
    unit: StaffUnit,
    wiring: TheWiring,
    creditor_id: CreditorId,
    draft_id: UUID,
    fields: Fields,
) -> Response:
    """Give a submitted draft back to its writer."""
    remark = remark_of(fields)

    def effect() -> None:
        BRAND_DRAFTS.give_back(unit, creditor_id=creditor_id, draft_id=draft_id, remark=remark)

    notice = N_("Given back to its writer.")
    return _done(request, unit, wiring, creditor_id, draft_id, effect, notice)


@routes.post("/{draft_id}/withdrawal")
def withdraw(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: CreditorId, draft_id: UUID
) -> Response:
    """End a draft."""

    def effect() -> None:
        BRAND_DRAFTS.withdraw(unit, creditor_id=creditor_id, draft_id=draft_id)

    notice = N_("The draft is withdrawn.")
    return _done(request, unit, wiring, creditor_id, draft_id, effect, notice, leave=True)


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of the form as a design has them; line ends as they are kept everywhere."""
    content: dict[str, Any] = {}
    for name in _TYPED:
        if isinstance(value := fields.get(name), str):
            content[name] = value[:_TYPED_MAX].replace("\r\n", "\n").strip()
    for name in ("colour", "ink", "accent", "pay_host"):
        if name in content:
            content[name] = content[name].lower()
    texts = {
        language: str(fields[f"pay_text_{language}"])[:_TYPED_MAX].strip()
        for language in LANGUAGES
        if isinstance(fields.get(f"pay_text_{language}"), str)
    }
    return content | ({"pay_text": texts} if texts else {})


def _drawing(unit: Unit, wiring: Wiring, creditor_id: UUID, draft_id: UUID) -> str:
    kept = BRAND_DRAFTS.find(unit, creditor_id=creditor_id, draft_id=draft_id)
    sha256 = BrandDesign.from_fields(kept.content).logo_sha256
    return drawing_of(wiring.ports.files, sha256) if sha256 else ""


def _done(
    request: Request,
    unit: Unit,
    wiring: Wiring,
    creditor_id: UUID,
    draft_id: UUID,
    effect: Callable[[], object],
    notice: str,
    *,
    leave: bool = False,
    view: View | None = None,
) -> Response:
    def refused(refusal: AgencyError) -> Response:
        kept = BRAND_DRAFTS.find(unit, creditor_id=creditor_id, draft_id=draft_id)
        seen = view or View.asked(request.query_params)
        return _page(request, unit, wiring, kept, seen, error=refusal)

    where = f"/admin/brands/{creditor_id}"
    then = where if leave else f"{where}/drafts/{draft_id}" + (f"?{view.query()}" if view else "")
    return attempt(unit, effect, refused=refused, then=then, notice=notice)


def _page(
    request: Request,
    unit: Unit,
    wiring: Wiring,
    kept: BrandVersion,
    view: View,
    *,
    error: AgencyError | None = None,
) -> HTMLResponse:
    unready = error.points if isinstance(error, NotReady) else ()
    values = {
        "creditor": creditor_facts(unit, creditor_id=kept.creditor_id)["creditor_name"],
        **draft_values(unit, kept),
        "error": sentence(error.message) if error else "",
        "unready": [point_words(point) for point in unready],
        "labels": FIELDS,
        "font_options": [(key, FONTS[key]) for key in fonts()],
        **host_values(unit, kept.creditor_id),
        **_live(unit, wiring, kept, view),
    }
    return show(request, "admin/brand_draft.html", values, status=error.status if error else 200)


def _live(unit: Unit, wiring: Wiring, kept: BrandVersion, view: View) -> dict[str, Any]:
    """What changes with every key: the checklist, what is wrong in each field, and the previews."""
    creditor_id = kept.creditor_id
    design = BrandDesign.from_fields(kept.content)
    prefix = f"/admin/brands/{creditor_id}"
    shown, missing_claim = view, False
    looks = []
    for which in (str(kept.id), *((NOW,) if view.compare else ())):
        look = look_at(unit, creditor_id=creditor_id, which=which, prefix=prefix)
        try:
            found = figures(unit, wiring, creditor_id=creditor_id, look=look, view=shown)
        except AgencyError:
            shown, missing_claim = replace(view, number=""), True
            found = figures(unit, wiring, creditor_id=creditor_id, look=look, view=shown)
        looks.append((which if view.compare else None, found))
    points = checklist(unit, creditor_id=creditor_id, design=design, settings=wiring.settings)
    return {
        "creditor_id": str(creditor_id),
        "draft_id": str(kept.id),
        "edition": edition_of(kept),
        "changed": False,
        "design": design,
        "logo": logo_address(creditor_id, design.logo_sha256),
        "faults": {one.field: fault_words(one)["words"] for one in brand_faults(design, on=unit.today)},
        "points": [point_words(point) for point in points],
        "green": all(point.passes for point in points),
        "looks": looks,
        "missing_claim": missing_claim,
        **view_values(view),
    }
