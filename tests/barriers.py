"""What keeps somebody out of a page: what axe finds on it, and what sticks out sideways."""

from functools import cache

from playwright.sync_api import Page

from portal.local import frontend

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A theme changes colours and nothing else: what every page is tried for in light needs no second try in dark.
COLOURS = ["color-contrast", "link-in-text-block"]
# A theme fades in and a font arrives: a page is judged when both have ended.
AT_REST = """() => document.fonts.status === "loaded"
    && document.getAnimations().every(one => one.playState !== "running")"""
_FIND = """async ([rules, colours]) => {
    const dark = (document.documentElement.dataset.bsTheme
        || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const found = await axe.run(document, {
        runOnly: dark ? {type: "rule", values: colours} : {type: "tag", values: rules},
        resultTypes: ["violations"],
    });
    return found.violations.map(
        one => one.id + ": " + one.nodes.map(node => node.html.slice(0, 160)).join(", "));
}"""
_TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - innerWidth)"


@cache
def _axe() -> str:
    return frontend.AXE.read_text()


def violations(page: Page) -> list[str]:
    """What axe finds once nothing moves on the page any more, as one line each; in dark only its colours."""
    page.wait_for_function(AT_REST)
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_axe())
    found: list[str] = page.evaluate(_FIND, [RULES, COLOURS])
    return found


def barriers(page: Page) -> list[str]:
    """What axe finds, and by how many pixels the page is too wide."""
    too_wide = page.evaluate(_TOO_WIDE)
    return violations(page) + ([f"{too_wide} pixels too wide"] if too_wide else [])
