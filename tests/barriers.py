"""What keeps somebody out of a page: what axe finds on it, and what sticks out sideways, in both themes on a
desk and on a telephone."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize

from portal.local import frontend

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A theme changes colours and nothing else: what was tried in light needs no second try in dark.
_COLOURS = ["color-contrast", "link-in-text-block"]
# A window on its way to its size, what still moves, a font that arrives: a page is judged when all is over.
_AT_REST = """([width, height]) => innerWidth === width && innerHeight === height
    && document.fonts.status === "loaded"
    && document.getAnimations().every(one => one.playState !== "running")"""
# What a page does when sizes change, it does with the next frame.
_DRAWN = "() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
_FIND = """async only => {
    const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"], preload: false});
    return found.violations.map(
        one => one.id + ": " + one.nodes.map(node => node.html.slice(0, 160)).join(", "));
}"""
_HEIGHT_MAX = 8_000
_HEIGHT = "document.documentElement.scrollHeight"
_TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - innerWidth)"
# What of a table must be scrolled to sideways, which nobody expects where the page itself fits.
_TABLES_TOO_WIDE = """() => [...document.querySelectorAll(".table-wrap")].map(
    wrap => [wrap.scrollWidth - wrap.clientWidth, wrap.querySelector("caption")?.textContent || ""]
).filter(([pixels]) => pixels > 0)"""


@cache
def _axe() -> str:
    return frontend.AXE.read_text()


def barriers(page: Page) -> list[str]:
    """What is wrong with the page as it stands, one line each; it keeps its size.

    With SCREENSHOTS set to a folder, what the page looks like is kept there.
    """
    own = page.viewport_size
    assert own is not None
    page.wait_for_load_state("load")
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_axe())
    found = []
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        # What a bar that stays at the edge of the window hides can be scrolled to: the window shows it all.
        height = min(max(size["height"], page.evaluate(_HEIGHT)), _HEIGHT_MAX)
        page.set_viewport_size({"width": size["width"], "height": height})
        for theme in THEMES:
            # Without the fading of one theme into the other, of which each frame is drawn on the whole page.
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.wait_for_function(_AT_REST, arg=[size["width"], height])
            page.evaluate(_DRAWN)
            _keep_picture(page, size, theme)
            found += [f"{size['width']} wide, {theme}: {one}" for one in _barriers_here(page, theme)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(own)
    return found


def _barriers_here(page: Page, theme: str) -> list[str]:
    rules = {"type": "tag", "values": _RULES}
    colours = {"type": "rule", "values": _COLOURS}
    found: list[str] = page.evaluate(_FIND, colours if theme == "dark" else rules)
    if too_wide := page.evaluate(_TOO_WIDE):
        found.append(f"{too_wide} pixels too wide")
    for pixels, caption in page.evaluate(_TABLES_TOO_WIDE):
        found.append(f"{pixels} pixels too wide: the table {caption}")
    return found


def _keep_picture(page: Page, size: ViewportSize, theme: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        name = re.sub(r"[0-9a-f-]{36}|[^a-z0-9]+", "-", page.url.partition("//")[2].partition("/")[2])
        page.screenshot(path=Path(folder) / f"{name[:80]}-{size['width']}-{theme}.png", full_page=True)
