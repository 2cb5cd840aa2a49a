"""A creditor's colours as a style sheet, made readable: every shade keeps the contrast of WCAG 2.2 AA."""

from decimal import Decimal
from typing import Final

from agency.rules.brand import BrandDesign, contrast, fonts

FALLBACK: Final = "#0b5cad"
_LIGHT_WASH, _DARK_GROUND, _WHITE, _BLACK = "#e2eaf3", "#282e36", "#ffffff", "#000000"
# A little over what the guideline asks: a browser rounds.
_CONTRAST_MIN: Final = Decimal("4.6")


def style_of(design: BrandDesign) -> str:
    """This function will return the properties of a design; what is no colour becomes the agency's, and what
    would be hard to read (an old brand, a draft) is darkened or lightened until it is not.
    """
    base = _colour(design.colour, FALLBACK)
    ink = _colour(design.ink, _WHITE)
    solid = base
    if contrast(base, ink) < _CONTRAST_MIN:
        solid, ink = _until(base, _WHITE, _BLACK), _WHITE
    accent = _colour(design.accent, base)
    shades = {
        "brand": solid,
        "brand-ink": ink,
        "brand-deep": _deeper(solid, ink),
        "brand-on-light": _until(accent, _LIGHT_WASH, _BLACK),
        "brand-on-dark": _until(accent, _DARK_GROUND, _WHITE),
        "brand-font": fonts().get(design.font, fonts()["plain"]).page,
    }
    return f":root{{{''.join(f'--{name}:{value};' for name, value in shades.items())}}}\n"


def _deeper(solid: str, ink: str) -> str:
    """A shade for a button that is pointed at; away from its text, so that it stays readable."""
    away = _BLACK if contrast(ink, _BLACK) > contrast(ink, _WHITE) else _WHITE
    return _mix(solid, away, 15)


def _until(colour: str, against: str, towards: str) -> str:
    """Mix a colour towards black or white until it can be read on (or under) another."""
    share = 0
    while contrast(mixed := _mix(colour, towards, share), against) < _CONTRAST_MIN and share < 100:
        share += 5
    return mixed


def _mix(one: str, other: str, percent: int) -> str:
    parts = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{(a * (100 - percent) + b * percent + 50) // 100:02x}" for a, b in parts)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _colour(value: str, otherwise: str) -> str:
    try:
        contrast(value, _WHITE)
    except ValueError:
        return otherwise
    return value
