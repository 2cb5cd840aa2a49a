"""A creditor's colours as a style sheet for the debtor's pages."""

from uuid import UUID

from starlette.responses import Response

from agency.kernel.errors import NotFound
from agency.kernel.unit import Door
from agency.parties.branding import brand_of, design_of
from agency.rules.brand import BrandDesign
from portal.shared.audience import TheWiring, router
from portal.shared.brand_colours import style_of

brands = router(audience="debtor")


@brands.get("/brand/{creditor_id}.css")
def style_sheet(creditor_id: UUID, wiring: TheWiring) -> Response:
    """The custom properties that the debtor's pages are coloured by."""
    with wiring.units.open(Door.GATE, by="system:brand") as unit:
        try:
            design = design_of(brand_of(unit, creditor_id=creditor_id))
        except NotFound:
            design = BrandDesign()
    return Response(style_of(design), media_type="text/css", headers={"cache-control": "public, max-age=300"})
