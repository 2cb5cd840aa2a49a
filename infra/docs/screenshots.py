"""Takes the README's pictures from the running demo: `python -m infra.docs.screenshots [folder] [--all]`.

With --all each page is taken in light and dark, on a desktop and on a phone.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyotp
from playwright.sync_api import Browser, Page, sync_playwright

from portal.local.browser import find_chromium

HERE = Path(__file__).parent
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# (name, audience, address); an address that ends in * follows the first link that begins so.
PAGES = (
    ("collector", "collector", "/desk"),
    ("collector-claims", "collector", "/desk/claims"),
    ("collector-claim", "collector", "/desk/claims/*"),
    ("creditor", "creditor", "/creditor"),
    ("creditor-claims", "creditor", "/creditor/claims"),
    ("creditor-claim", "creditor", "/creditor/claims/*"),
    ("creditor-submit", "creditor", "/creditor/placements/new"),
    ("creditor-quotes", "creditor", "/creditor/quotes"),
    ("quote", "creditor", "/creditor/quotes/*"),
    ("creditor-payouts", "creditor", "/creditor/payouts"),
    ("finance", "finance", "/finance"),
    ("finance-statements", "finance", "/finance/statements"),
    ("finance-suspense", "finance", "/finance/suspense"),
    ("finance-remittances", "finance", "/finance/remittances"),
    ("proof", "finance", "/finance/proof"),
    ("admin", "admin", "/admin"),
    ("admin-users", "admin", "/admin/users"),
    ("admin-brands", "admin", "/admin/brands"),
)
AUDIENCES = ("collector", "creditor", "finance", "admin")
README = ("collector", "creditor", "quote", "finance", "proof")


def main() -> None:
    """Take the pictures of the running demo."""
    everything = "--all" in sys.argv
    folders = [word for word in sys.argv[1:] if not word.startswith("--")]
    folder = Path(folders[0]) if folders else HERE
    folder.mkdir(parents=True, exist_ok=True)
    answer = subprocess.run([sys.executable, "dev", "status", "--json"], capture_output=True, check=True)
    status = json.loads(answer.stdout)
    chromium = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        # Once each: whoever signs in again and again is taken for somebody who guesses.
        sessions = {audience: _session(browser, status, audience) for audience in AUDIENCES}
        for looks in _looks(everything):
            _take_all(browser, status, sessions, folder, looks, everything)
        browser.close()


def _looks(everything: bool) -> Iterator[tuple[str, dict[str, int], str]]:
    yield "", DESKTOP, "light"
    if everything:
        yield "-dark", DESKTOP, "dark"
        yield "-phone", PHONE, "light"
        yield "-phone-dark", PHONE, "dark"


def _take_all(
    browser: Browser,
    status: dict[str, Any],
    sessions: dict[str, Any],
    folder: Path,
    looks: tuple[str, dict[str, int], str],
    everything: bool,
) -> None:
    suffix, size, scheme = looks
    for audience in AUDIENCES:
        with _page(browser, size, scheme, session=sessions[audience]) as page:
            for name, owner, address in PAGES:
                if owner == audience and (everything or name in README):
                    _go(page, status["addresses"]["portal"], address)
                    page.screenshot(path=folder / f"{name}{suffix}.png")
    with _page(browser, PHONE if not suffix else size, scheme) as page:
        page.goto(status["debtor_links"][0])
        page.fill("input[name=answer]", status["debtor_postal_codes"][0])
        with page.expect_navigation():
            page.click("main button[type=submit]")
        page.screenshot(path=folder / f"debtor{suffix}.png")


@contextmanager
def _page(browser: Browser, size: dict[str, int], scheme: str, *, session: Any = None) -> Iterator[Page]:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="en-GB",
        reduced_motion="reduce",
        storage_state=session,
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def _session(browser: Browser, status: dict[str, Any], audience: str) -> Any:
    with _page(browser, DESKTOP, "light") as page:
        _sign_in(page, status, audience)
        return page.context.storage_state()


def _sign_in(page: Page, status: dict[str, Any], audience: str) -> None:
    person = next(one for one in status["sign_ins"] if one["audience"] == audience)
    page.goto(person["url"])
    page.fill("input[name=email]", person["email"])
    page.fill("input[name=password]", person["password"])
    page.click("main button[type=submit]")
    for _ in range(4):  # a code is taken once per half minute
        page.fill("input[name=code]", pyotp.TOTP(person["totp_secret"]).now())
        with page.expect_navigation():
            page.click("main button[type=submit]")
        if "/sign-in" not in page.url:
            return
        page.wait_for_timeout(10_000)
    raise SystemExit(f"could not sign in as {audience}")


def _go(page: Page, portal: str, address: str) -> None:
    if not address.endswith("*"):
        page.goto(portal + address)
        return
    start = address.removesuffix("/*")
    page.goto(portal + start)
    links = page.locator(f"main a[href^='{start}/']")
    target = next(
        (
            href
            for href in (links.nth(index).get_attribute("href") for index in range(links.count()))
            if href and "?" not in href and not href.endswith("/new")
        ),
        None,
    )
    if target:
        page.goto(portal + target)


if __name__ == "__main__":
    main()
