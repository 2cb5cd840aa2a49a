"""Names of a creditor on the internet: ask for their records, and look whether they are set."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from starlette.responses import Response

from agency.kernel.errors import AgencyError, NotFound
from agency.kernel.unit import Door
from agency.parties.branding import BRAND_DRAFTS
from agency.parties.hosts import add_host, check_host, drop_host
from agency.parties.models import HostState, HostUse
from agency.rules.brand import BrandDesign, brand_faults
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for, router
from portal.shared.filled_in import sentence
from portal.shared.forms import Fields
from portal.shared.i18n import N_

routes = router(audience="admin", roles={"admin"}, prefix="/admin/brands/{creditor_id}/hosts")
CreditorId = Annotated[UUID, Path()]

_NOTICES = {
    HostState.ASKED: (N_("The provider did not answer. Look again in a moment."), "warning"),
    HostState.PENDING: (
        N_("Not every record is set yet. It can take some hours until they are seen."), "info",
    ),
    HostState.VALID: (N_("Every record stands."), "good"),
    HostState.BROKEN: (N_("Records are gone. Until they are back, the agency's own name is used."), "bad"),
    HostState.REFUSED: (N_("The provider refused this name."), "bad"),
}  # fmt: skip


@routes.post("")
def ask(wiring: TheWiring, visitor: TheVisitor, creditor_id: CreditorId, fields: Fields) -> Response:
    """Ask for the records of the name that a draft has."""
    use, draft_id = fields.get("use"), str(fields.get("draft") or "")
    back = f"/admin/brands/{creditor_id}"
    try:
        with wiring.units.open(Door.STAFF, by=visitor.by) as unit:
            kept = BRAND_DRAFTS.find(unit, creditor_id=creditor_id, draft_id=UUID(draft_id))
            design, today = BrandDesign.from_fields(kept.content), unit.today
    except ValueError:
        return leave_for(back, notice=N_("Give the name in a draft first."), tone="bad")
    back = f"{back}/drafts/{draft_id}#hosts"
    use = HostUse(use) if use in list(HostUse) else HostUse.PAY
    name, field = {
        HostUse.PAY: (design.pay_host, "pay_host"),
        HostUse.MAIL: (design.mail_domain, "sender_email"),
        HostUse.INBOUND: (design.inbound_domain(on=today), "sender_email"),
    }[use]
    wrong = [fault for fault in brand_faults(design, on=today) if fault.field == field]
    if not name or wrong:
        return leave_for(back, notice=N_("Give the name in a draft first."), tone="bad")
    return _answer(
        back,
        lambda: add_host(
            wiring.units, ports=wiring.ports, by=visitor.by, creditor_id=creditor_id,
            use=use, name=name, public_url=wiring.settings.public_url,
        ),
    )  # fmt: skip


@routes.post("/{host_id}/check")
def look_again(
    wiring: TheWiring, visitor: TheVisitor, creditor_id: CreditorId, host_id: UUID, fields: Fields
) -> Response:
    """Look whether the records of a name are set."""
    return _answer(
        _back(creditor_id, fields),
        lambda: check_host(
            wiring.units, ports=wiring.ports, by=visitor.by, creditor_id=creditor_id, host_id=host_id,
            public_url=wiring.settings.public_url,
        ),
    )  # fmt: skip


@routes.post("/{host_id}/removal")
def remove(unit: StaffUnit, creditor_id: CreditorId, host_id: UUID, fields: Fields) -> Response:
    """Forget a name that nothing leads through."""
    back = _back(creditor_id, fields)
    try:
        drop_host(unit, creditor_id=creditor_id, host_id=host_id)
    except AgencyError as refusal:
        return leave_for(back, notice=sentence(refusal.message), tone="bad")
    return leave_for(back, notice=N_("The name is removed."))


def _back(creditor_id: UUID, fields: dict[str, Any]) -> str:
    """The page that showed the names: a draft's, or the brand's own."""
    draft, brand = str(fields.get("draft") or ""), f"/admin/brands/{creditor_id}"
    try:
        return f"{brand}/drafts/{UUID(draft)}#hosts" if draft else f"{brand}#hosts"
    except ValueError:
        return f"{brand}#hosts"


def _answer(back: str, effect: Any) -> Response:
    try:
        notice, tone = _NOTICES[effect()]
    except NotFound:
        raise
    except AgencyError as refusal:
        notice, tone = sentence(refusal.message), "bad"
    return leave_for(back, notice=notice, tone=tone)
