"""Logos of creditors: checked by their first bytes, drawn anew, served by their content's hash."""

import struct
from datetime import date
from uuid import UUID

from sqlalchemy import text
from starlette.responses import Response

from agency.kernel.errors import Invalid, NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import Door
from agency.parties.logos import logo_path
from agency.rules.brand import brand_limits
from integrations.rendering.logo_image import NoLogo, redrawn
from portal.shared.audience import TheWiring, router
from portal.shared.i18n import N_

routes = router(audience="public")

# More than any limit of the table allows: what is larger is not even read.
LOGO_BYTES_READ = 4_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # markers that carry the size


class LogoRefused(Invalid):
    """The file is not a logo that every browser and mail program shows safely."""


def clean_logo(content: bytes, *, on: date) -> bytes:
    """This function will return a PNG or JPEG file as a fresh PNG, no larger than logos are shown.

    The size stands in the header, so a file that would unpack into gigabytes is refused unopened.

    :raises LogoRefused: another kind of file, broken, too many bytes, or too many pixels.
    """
    limits = brand_limits(on=on)
    if len(content) > limits["logo_bytes_max"]:
        raise LogoRefused(N_("This logo is larger than 1 MB."), field="logo")
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) > 33:
        width, height = struct.unpack(">II", content[16:24])
    elif content.startswith(b"\xff\xd8\xff"):
        width, height = _jpeg_size(content)
    else:
        raise LogoRefused(N_("Choose a PNG or JPEG file."), field="logo")
    if not 0 < width * height <= limits["logo_pixels_max"]:
        raise LogoRefused(N_("This logo has too many pixels."), field="logo")
    try:
        return redrawn(content, width=limits["logo_kept_width"], height=limits["logo_kept_height"])
    except NoLogo as error:
        raise LogoRefused(N_("This picture is broken. Choose another file."), field="logo") from error


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height from the first frame header (ITU-T T.81, B.2.2); 0 by 0 where there is none."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return 0, 0


def logo_address(creditor_id: UUID, sha256: str | None) -> str:
    """This function will return the address of a creditor's logo, empty where it has none."""
    return logo_path(creditor_id, sha256)


@routes.get("/logo/{creditor_id}/{sha256}")
def logo(creditor_id: UUID, sha256: str, wiring: TheWiring) -> Response:
    """A logo of any version, because mails that were sent show it; any other file stays out of reach."""
    with wiring.units.open(Door.GATE, by="system:logo") as unit:
        used = unit.session.connection().execute(
            text(
                "SELECT 1 FROM brand WHERE creditor_id = :c AND logo_sha256 = :sha UNION ALL"
                " SELECT 1 FROM brand_version WHERE creditor_id = :c AND content->>'logo_sha256' = :sha"
            ),
            {"c": creditor_id, "sha": sha256},
        )
        if used.first() is None:
            raise NotFound("this page does not exist")
        content, media_type = fetch(unit, wiring.ports.files, creditor_id=creditor_id, sha256=sha256)
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=media_type, headers=headers)
