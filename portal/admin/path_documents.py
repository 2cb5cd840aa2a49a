"""The written process of a version of a path, to be read outside: a PDF in Dutch or English."""

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from agency.treatment.paths import PublishedPath, path_version
from portal.admin.paths import routes
from portal.shared.audience import StaffUnit, TheWiring
from portal.shared.i18n import LANGUAGES, current_language
from portal.treatment_process import process_pdf


@routes.get("/{key}/versions/{version:int}/process.pdf")
def process(request: Request, unit: StaffUnit, wiring: TheWiring, key: str, version: int) -> Response:
    """What happens to a claim, step by step, as a document."""
    asked = request.query_params.get("language", "")
    language = asked if asked in LANGUAGES else current_language()
    found = path_version(unit, key=key, version=version)
    content = process_pdf(
        found,
        responsible=_responsible(unit, found) or wiring.settings.agency_name,
        settings=wiring.settings,
        renderer=wiring.ports.renderer,
        language=language,
    )
    name = f"{key}-{version}-{language}.pdf"
    headers = {"content-disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _responsible(unit: Unit, found: PublishedPath) -> str:
    """Who let the version out, and so answers for it; "" for what set-up laid down."""
    name = unit.session.connection().execute(
        text("SELECT u.name FROM treatment_path p JOIN user_account u ON p.approved_by = 'user:' || u.id"
             " WHERE p.id = :id"),
        {"id": found.id},
    )  # fmt: skip
    return name.scalar_one_or_none() or ""
