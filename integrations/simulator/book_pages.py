"""What happens in a creditor's books, on demand: payments, credit notes, access taken back."""

import json
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from agency.money import Money, UnreadableAmount
from integrations.simulator import books
from integrations.simulator.pages import show_page
from integrations.simulator.portfolio import trade_portfolio
from integrations.simulator.same_site import same_site
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/_sim/books", dependencies=[Depends(same_site)])
Vendor = Literal["exact", "stripe", "billit", "quickbooks", "teamleader", "yuki"]


class Happened(BaseModel):
    """Money that came in, or a credit note that was matched, with one invoice."""

    vendor: Vendor
    number: str
    amount: str
    text: str = Field(default="", max_length=140)


class BookSettings(BaseModel):
    """How a vendor behaves from now on; what is not given stays."""

    exact_page: int | None = Field(default=None, ge=1)
    stripe_page: int | None = Field(default=None, ge=1)
    billit_page: int | None = Field(default=None, ge=1)
    billit_companies: str | None = None
    billit_unfiltered: str | None = None
    quickbooks_page: int | None = Field(default=None, ge=1)
    quickbooks_currency: str | None = None
    teamleader_page: int | None = Field(default=None, ge=1)
    teamleader_limit: int | None = Field(default=None, ge=1)
    teamleader_file_url: str | None = None
    yuki_answer: str | None = None
    yuki_session_fault: str | None = None
    yuki_calls_left: int | None = Field(default=None, ge=1)
    minutely: int = 60
    daily: int = 5000
    exact_next: str | None = None
    exact_file_url: str | None = None
    stripe_file_url: str | None = None
    book_document: str | None = None


class Drawn(BaseModel):
    """Books of a size of one's own, instead of what the demo has."""

    vendor: Vendor
    invoices: int = Field(ge=0, le=20_000)
    seed: int = 1


class NewLine(BaseModel):
    """One line as it stands in the books; a credit note is negative."""

    vendor: Vendor = "exact"
    number: str
    open: str
    total: str = ""
    currency: str = "EUR"
    issued_on: str
    due_on: str
    customer: str = "K1"
    name: str = "Bakkerij Jansen B.V."
    country: str = "NL"
    registration_number: str = ""
    email: str = ""
    your_ref: str = ""
    status: str = ""


@routes.get("/")
async def show(world: TheWorld, refused: str = "") -> Response:
    """The books, and forms to let something happen in them."""
    # Some of each vendor: the first ones alone would leave no room for the others.
    lines = world.store.all(
        "SELECT * FROM (SELECT vendor, number, currency, open_minor, due_on, row_number() OVER"
        " (PARTITION BY vendor ORDER BY due_on, id) AS place FROM book_line WHERE open_minor <> 0)"
        " WHERE place <= 50 ORDER BY vendor, place"
    )
    return show_page(world, "books.html", lines=lines, refused=refused)


@routes.post("/")
async def happen(request: Request, world: TheWorld) -> Response:
    """Do what the form says."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        happened = Happened(**{name: value for name, value in form.items() if name != "what"})
        done = _happen(world, form.get("what", "pay"), happened)
    except (ValueError, UnreadableAmount):
        done = False
    refused = "" if done else "?" + urlencode({"refused": "No such invoice has so much open."})
    return RedirectResponse(f"/_sim/books/{refused}", status_code=303)


def _happen(world: World, what: str, happened: Happened) -> bool:
    minor = Money.parse(happened.amount, "EUR").minor
    if what == "credit":
        return books.credit(world, happened.vendor, happened.number, minor)
    return books.receive(world, happened.vendor, happened.number, minor, happened.text)


@routes.post("/{what}/now")
async def happen_now(what: Literal["pay", "credit"], happened: Happened, world: TheWorld) -> dict[str, bool]:
    """The same for programs."""
    if not _happen(world, what, happened):
        raise HTTPException(404, "no such invoice has so much open")
    return {"done": True}


@routes.post("/revoke")
async def revoke(world: TheWorld) -> Response:
    """Take back the access of everybody who was let in by consent."""
    world.store.run("UPDATE book_grant SET revoked = 1")
    return RedirectResponse("/_sim/books/", status_code=303)


@routes.post("/expire")
async def expire(world: TheWorld) -> dict[str, int]:
    """Let every access token be over, as after an hour."""
    return {"expired": world.store.run("DELETE FROM book_grant WHERE kind = 'access'")}


@routes.get("/grants")
async def grants(world: TheWorld) -> dict[str, int]:
    """How many tokens were given out, by kind."""
    rows = world.store.all("SELECT kind, count(*) AS n FROM book_grant GROUP BY kind")
    return {row["kind"]: row["n"] for row in rows}


@routes.post("/keys/{key}/revoke")
async def revoke_key(key: str, world: TheWorld) -> dict[str, str]:
    """Take a key that a creditor made back."""
    world.store.keep_setting(f"book_key:{key}", "revoked")
    return {"key": "revoked"}


@routes.post("/settings")
async def settings(wanted: BookSettings, world: TheWorld) -> dict[str, Any]:
    """Change how a vendor behaves."""
    given = wanted.model_dump(exclude_unset=True)
    limits = {name: given.pop(name) for name in ("minutely", "daily") if name in given}
    if limits:
        world.store.keep_setting("exact_limits", json.dumps({"minutely": 60, "daily": 5000} | limits))
    for name, value in given.items():
        world.store.keep_setting(name, str(value or ""))
    return given | limits


@routes.post("/drawn")
async def drawn(wanted: Drawn, world: TheWorld) -> dict[str, int]:
    """Books of this many invoices; those that stood there are gone."""
    world.store.keep_setting("books", "drawn")
    division = books.FIRST_BOOKS[wanted.vendor]
    with world.store.transaction():
        for table in ("book_line", "book_customer", "book_receipt"):
            world.store.run(f"DELETE FROM {table}")
        if wanted.invoices:
            portfolio = trade_portfolio(seed=wanted.seed, today=world.clock.today(), claims=wanted.invoices)
            for invoice in portfolio:
                books.add_invoice(world, wanted.vendor, division, invoice)
    return {"invoices": world.store.number("SELECT count(*) FROM book_line")}


@routes.post("/lines")
async def add_line(wanted: NewLine, world: TheWorld) -> dict[str, str]:
    """One line more, with its customer."""
    if wanted.status:
        world.store.keep_setting(f"billit_status:{wanted.number}", wanted.status)
    return books.add_line(world, books.FIRST_BOOKS[wanted.vendor], **wanted.model_dump(exclude={"status"}))


@routes.get("/lines")
async def lines(world: TheWorld) -> dict[str, list[dict[str, Any]]]:
    """Everything that is open, as it stands in the books."""
    found = world.store.all("SELECT * FROM book_line WHERE open_minor <> 0 ORDER BY id")
    return {"lines": [dict(row) for row in found]}
