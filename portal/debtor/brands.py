"""A creditor's colours as a style sheet, made readable: every shade keeps the contrast of WCAG 2.2 AA."""

import re
from uuid import UUID

from sqlalchemy import text
from starlette.responses import Response

from agency.kernel.unit import Door
from portal.shared.audience import TheWiring, router

brands = router(audience="debtor")

FALLBACK = "#0b5cad"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_WHITE, _LIGHT_WASH, _DARK_GROUND = (255, 255, 255), (226, 234, 243), (40, 46, 54)
_CONTRAST_MIN = 4.6
Rgb = tuple[int, int, int]


@brands.get("/brand/{creditor_id}.css")
def style_sheet(creditor_id: UUID, wiring: TheWiring) -> Response:
    """The custom properties that the debtor's pages are coloured by."""
    with wiring.units.open(Door.GATE, by="system:brand") as unit:
        colour = (
            unit.session.connection()
            .execute(
                text("SELECT colour FROM brand WHERE creditor_id = :c ORDER BY id LIMIT 1"),
                {"c": creditor_id},
            )
            .scalar_one_or_none()
        )
    return Response(
        style_of(colour or FALLBACK), media_type="text/css", headers={"cache-control": "public, max-age=300"}
    )


def style_of(colour: str) -> str:
    """This function will return the properties of a colour; one that is not #rrggbb becomes the agency's."""
    base = _rgb(colour if _HEX.fullmatch(colour) else FALLBACK)
    solid = _until(base, _WHITE, (0, 0, 0))
    shades = {
        "brand": solid,
        "brand-deep": _mix(solid, (0, 0, 0), 0.15),
        "brand-on-light": _until(base, _LIGHT_WASH, (0, 0, 0)),
        "brand-on-dark": _until(base, _DARK_GROUND, (255, 255, 255)),
    }
    properties = "".join(
        f"--{name}:#{''.join(f'{part:02x}' for part in rgb)};" for name, rgb in shades.items()
    )
    return f":root{{{properties}}}\n"


def contrast(one: Rgb, other: Rgb) -> float:
    """This function will return the contrast ratio of two colours (WCAG 2.2, 1 to 21)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _until(colour: Rgb, against: Rgb, towards: Rgb) -> Rgb:
    """Mix a colour towards black or white until it can be read on (or under) another."""
    share = 0.0
    while contrast(mixed := _mix(colour, towards, share), against) < _CONTRAST_MIN and share < 1:
        share += 0.05
    return mixed


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def _rgb(colour: str) -> Rgb:
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))


def _luminance(colour: Rgb) -> float:
    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
