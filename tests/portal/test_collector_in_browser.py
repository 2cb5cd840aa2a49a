"""A collector's morning in a real browser: sign in, take the next case, call, note, promise, finish."""

import socket
import threading
import time
from types import SimpleNamespace
from uuid import UUID

import pyotp
import pytest
import uvicorn
from playwright.sync_api import Response, expect
from redis import Redis
from sqlalchemy import text

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.desk.models import WorkKind
from agency.kernel.outbox import drain
from agency.kernel.ports import install_ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.parties.models import Audience, Role
from agency.parties.users import create_user
from portal import main
from portal.wiring import Wiring, choose_ports
from tests.barriers import barriers
from tests.communication.correspondence import Office
from tests.desk.desks import NUMBER, OWN_NUMBER, Desk
from tests.outside import running_simulator, wait_until
from tests.portal.bureau import PARTS
from tests.portal.test_live import is_listened_to, lose_the_connection

pytestmark = pytest.mark.browser

PASSWORD = "vijf paarden in de sloot"
EMAIL = "marieke@agency.example"
LONG_NAME = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"


@pytest.fixture
def outside():
    """The portal's own address, and an outside world that reports to it."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with running_simulator(SimpleNamespace(url=url)) as world:
        world.post("/delays", {"call_ring": 0})
        yield listener, url, world


@pytest.fixture
def portal(units, outside, redis_url, data_folder, monkeypatch):
    """The portal on its real adapters, served to browsers."""
    monkeypatch.setattr(main, "PARTS", (*PARTS, "portal.hooks"))
    listener, url, world = outside
    settings = Settings(
        database_url=units.engine.url.render_as_string(hide_password=False), redis_url=redis_url,
        public_url=url, simulator_url=world.url, files_folder=data_folder / "files",
    )  # fmt: skip
    Redis.from_url(redis_url).flushdb()
    ports = choose_ports(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            main.create_app(Wiring(settings=settings, units=units, ports=ports)),
            log_level="error",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    wait_until(lambda: server.started)
    yield SimpleNamespace(url=url, units=units, settings=settings, ports=ports, world=world)
    server.should_exit = True
    thread.join()
    ports.calls.close()


@pytest.fixture
def desk(portal):
    """Two cases on a Tuesday morning, and a collector with a password and a second factor."""
    desk = Desk(Office(portal.units).open_up())
    call, dispute = desk.claim(name=LONG_NAME), desk.claim(name="Aïcha El Amrani")
    desk.ask(call, WorkKind.PROMISE_BROKEN)
    desk.ask(dispute, WorkKind.CALL_DUE)
    with portal.units.open(Door.STAFF, by="system:test") as unit:
        made = create_user(
            unit, email=EMAIL, name="Marieke van Wijngaarden", audience=Audience.STAFF,
            roles=[Role.COLLECTOR], password=PASSWORD, language="en",
            sealing_secret=portal.settings.secret.get_secret_value(),
        )  # fmt: skip
    install_ports(portal.ports)
    return SimpleNamespace(desk=desk, totp=pyotp.TOTP(made.totp_secret))


@pytest.fixture
def page(portal, browser):
    context = browser.new_context(base_url=portal.url, reduced_motion="reduce")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def sign_in(page, totp) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button[type=submit]").click()
    page.get_by_label("Six digits").fill(totp.at(int(time.time())))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")


def test_a_morning(portal, desk, page):
    page.context.set_extra_http_headers({"accept-language": "en"})
    sign_in(page, desk.totp)
    expect(page.get_by_role("heading", name="Work queue")).to_be_visible()
    assert barriers(page) == [], page.url

    page.keyboard.press("n")  # one keystroke, and the case is there
    page.wait_for_url("**/desk/claims/*/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Scheepsbouw")
    expect(page.get_by_text("promised to pay and did not")).to_be_visible()
    page.get_by_text("Owed today").click()
    expect(page.get_by_role("rowheader", name="Invoice")).to_be_visible()
    assert barriers(page) == [], page.url

    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your own number").fill("+31 20 111 22 22")
    assert barriers(page) == [], page.url
    dialog.get_by_role("button", name="Ring").click()
    expect(page.get_by_text("How did it end?")).to_be_visible()
    (rung,) = portal.world.messages(channel="call")
    assert (rung["sender"], rung["recipient"]) == (OWN_NUMBER, NUMBER)
    # The telephone provider reports; the page hears of it and shows it without being loaded again.
    wait_until(lambda: _reported(portal.units))
    drain(portal.units)
    expect(page.locator("#call-state")).to_contain_text("Picked up")
    assert barriers(page) == [], page.url

    ending = page.locator("#open-call")
    ending.get_by_text("Promises a payment", exact=True).click()
    ending.get_by_label("Pays on").fill("2026-12-10")
    ending.get_by_label("Note").fill("Salary comes on the ninth.")
    assert barriers(page) == [], page.url
    ending.get_by_role("button", name="Close the call").click()
    expect(page.get_by_text("The call is on file.")).to_be_visible()
    expect(page.get_by_text("Collection is paused: promise to pay")).to_be_visible()
    expect(page.get_by_text("Salary comes on the ninth.").first).to_be_visible()
    expect(page.get_by_text("A promise is open already.").first).to_be_visible()

    page.keyboard.press("w")
    dialog.get_by_label("Note").fill("Wants letters by e-mail only.")
    dialog.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Wants letters by e-mail only.").first).to_be_visible()
    assert barriers(page) == [], page.url

    page.keyboard.press("f")  # the case is done, the next one opens
    expect(page.get_by_role("heading", level=1)).to_contain_text("Aïcha El Amrani")
    page.wait_for_load_state("load")  # a page hears keys when it has loaded
    page.keyboard.press("f")
    page.wait_for_url("**/desk")
    expect(page.get_by_text("Nothing waits any more")).to_be_visible()
    assert barriers(page) == [], page.url


def _reported(units) -> bool:
    with units.open(Door.STAFF, by="system:test") as unit:
        told = unit.session.connection().execute(
            text(
                "SELECT count(*) FROM inbox WHERE body ->> 'leg' = 'debtor' AND body ->> 'state' = 'answered'"
            )
        )
        return told.scalar_one() >= 1


def test_rows_are_walked_with_keys_and_found_with_the_palette(portal, desk, page):
    page.context.set_extra_http_headers({"accept-language": "en"})
    sign_in(page, desk.totp)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Aïcha El Amrani")
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("searchbox").fill("scheepsbouw")
    page.get_by_role("dialog").get_by_role("link", name="Koninklijke").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Scheepsbouw")


def test_a_new_case_appears_by_itself(portal, desk, page):
    page.context.set_extra_http_headers({"accept-language": "en"})
    claim = desk.desk.claim(name="Zoë Peeters")
    # Whatever happened before the page's stream stood is fetched when it stands.
    with page.expect_response(_fetched_the_queue):
        sign_in(page, desk.totp)
    expect(page.get_by_role("row")).to_have_count(3)
    # The page looks again before the desk has heard of the hold, as it does where the worker is busy.
    with (
        page.expect_response(_fetched_the_queue),
        portal.units.open(Door.WORKER, by=f"debtor:{claim[1]}") as unit,
    ):
        place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.SAYS_PAID)
    drain(portal.units)
    expect(page.get_by_role("row")).to_have_count(4)
    expect(page.get_by_text("Says it is paid")).to_be_visible()


def _fetched_the_queue(answer: Response) -> bool:
    return answer.url.endswith("/desk") and answer.request.headers.get("hx-request") == "true"


def test_what_a_live_update_offers_can_be_done(portal, desk, page):
    """The dialog of a hold that a colleague placed came with no part of the page that was fetched anew."""
    page.context.set_extra_http_headers({"accept-language": "en"})
    sign_in(page, desk.totp)
    page.goto(page.locator("tbody a[href*='/desk/claims/']").first.get_attribute("href"))
    claim = page.url
    wait_until(lambda: is_listened_to(portal.units))
    creditor_id, claim_id = (UUID(part) for part in claim.rsplit("/", 2)[1:])
    with portal.units.open(Door.STAFF, by="system:test") as unit:
        place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.COMPLAINT, note="Rude")
    drain(portal.units)
    page.get_by_role("link", name="Lift").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(claim)
    dialog.get_by_role("textbox").fill("We said sorry.")
    dialog.get_by_role("button", name="Lift the hold").click()
    expect(page.get_by_text("The hold is lifted.")).to_be_visible()
    expect(page.locator("#claim").get_by_text("We said sorry.")).to_be_visible()


def test_a_claims_page_fetches_again_when_it_may_have_missed_something(portal, desk, page):
    """It hears of its own claim only; what happened while nobody listened has no name."""
    page.context.set_extra_http_headers({"accept-language": "en"})
    sign_in(page, desk.totp)
    page.goto(page.locator("tbody a[href*='/desk/claims/']").first.get_attribute("href"))
    claim = page.url
    wait_until(lambda: is_listened_to(portal.units))
    with page.expect_response(
        lambda answer: answer.url == claim and answer.request.headers.get("hx-request") == "true"
    ):
        lose_the_connection(portal.units)
