"""What a new creditor signs, as PDF: the text, by whom, when and from where; and as it is read later."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from starlette.responses import Response

from agency.kernel.errors import NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.parties.models import Creditor
from agency.parties.onboarding import tasks_of
from agency.ports.providers import FileStore, Renderer, Value
from agency.rules.explain import written_day
from agency.rules.onboarding import AgreementText
from portal.shared.i18n import gettext, speaking

SOURCE: Final = Path(__file__).with_suffix(".typ")


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, for whom, when, and the network address that it came from."""

    name: str
    email: str
    at: datetime
    address: str


def agreement_pdf(
    said: AgreementText,
    *,
    creditor: Creditor,
    signed: Signature,
    agency: str,
    language: str,
    renderer: Renderer,
) -> bytes:
    """This function will return the signed document as PDF, the same bytes each time."""
    moment = signed.at.astimezone(AGENCY_ZONE)
    with speaking(language):
        facts = [
            (gettext("Signed for"), creditor.name),
            (gettext("Number in the trade register"), creditor.registration_number or ""),
            (gettext("By"), f"{signed.name} ({signed.email})"),
            (gettext("At"), f"{written_day(moment.date(), language)}, {moment:%H:%M:%S}"),
            (gettext("From the network address"), signed.address),
            (gettext("Version of the text"), said.version),
        ]
    values: dict[str, Value] = {
        "language": language,
        "title": said.title,
        "agency": agency,
        "creditor": creditor.name,
        "paragraphs": [*said.paragraphs],
        "facts": [{"name": name, "value": value} for name, value in facts if value],
    }
    return renderer.letter(
        source=SOURCE.read_text(encoding="utf-8"), values=values, dated=agency_day(signed.at)
    )


def signed_document(unit: Unit, files: FileStore, *, creditor_id: UUID, kind: str) -> Response:
    """This function will answer with a document as a creditor signed it.

    :raises NotFound: nothing of this kind was signed.
    """
    tasks = tasks_of(unit, creditor_id=creditor_id)
    sha256 = next((task.sha256 for task in tasks if task.kind == kind), None)
    if sha256 is None:
        raise NotFound("no such file")
    content, media_type = fetch(unit, files, creditor_id=creditor_id, sha256=sha256)
    shown = {"content-disposition": f'attachment; filename="{kind}.pdf"'}
    return Response(content, media_type=media_type, headers=shown)
