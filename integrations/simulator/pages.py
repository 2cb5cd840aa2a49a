"""The control plane as pages: the inbox, one message, the checkout, the bank, and the faults."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError

from agency.money import Money, UnreadableAmount
from integrations.simulator import bank, control, dns, payments, post, sendgrid_domains
from integrations.simulator.faults import CALL_KINDS, PRINT_KINDS, WEBHOOK_KINDS, Fault
from integrations.simulator.letter_preview import page_count, page_picture
from integrations.simulator.same_site import same_site
from integrations.simulator.world import TheWorld, World

routes = APIRouter(include_in_schema=False, dependencies=[Depends(same_site)])

_PAGE = 50
_ZONE = ZoneInfo("Europe/Amsterdam")
_CHANNELS = {
    "email": "E-mail",
    "sms": "Text message",
    "whatsapp": "WhatsApp",
    "letter": "Letter",
    "call": "Call",
}
_TARGETS = (
    *("sendgrid", "twilio", "mollie", "letters", "bank", "exact", "stripe", "billit", "quickbooks"),
    *("teamleader", "teamleader-files", "yuki"),
    *("webhooks", "webhooks:sendgrid", "webhooks:twilio", "webhooks:mollie", "webhooks:letters"),
    *("print:taken", "print:printed"),
)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@routes.get("/")
@routes.get("/_sim")
async def front_door() -> Response:
    """Everything starts at the inbox."""
    return RedirectResponse("/_sim/", status_code=307)


@routes.get("/_sim/")
async def inbox(world: TheWorld, q: str = "", channel: str = "", before: int = 0) -> Response:
    """Everything that was sent, the newest first, searchable."""
    rows = post.search(world, words=q, channel=channel, before=before, limit=_PAGE + 1)
    older = ""
    if len(rows) > _PAGE:
        older = "?" + urlencode({"q": q, "channel": channel, "before": rows[_PAGE - 1]["seq"]})
    shown = [post.as_record(row) for row in rows[:_PAGE]]
    return show_page(world, "inbox.html", messages=shown, q=q, channel=channel, older=older)


@routes.get("/_sim/inbox/{provider_id}")
async def show_message(provider_id: str, world: TheWorld) -> Response:
    """One message as its reader gets it."""
    row = _message(world, provider_id)
    record = post.as_record(row)
    attached = post.attachments(world, row["seq"])
    return show_page(
        world,
        "message.html",
        message=record,
        has_html=bool(row["html"]),
        letter_pages=page_count(row["pdf"]) if row["pdf"] is not None else None,
        attached=[dict(item) for item in attached],
        can_open=row["channel"] == "email" and record["facts"]["tracks_opens"],
    )


@routes.get("/_sim/inbox/{provider_id}/html")
async def show_html(provider_id: str, world: TheWorld) -> Response:
    """The mail itself. It runs no script and loads nothing but from this machine."""
    html = _message(world, provider_id)["html"]
    policy = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        f"img-src 'self' data: {world.configuration.agency_url}; frame-ancestors 'self'"
    )
    # Its links open beside the simulator, not inside the small frame.
    return HTMLResponse(html.replace("<head>", '<head><base target="_blank">', 1), headers=_headers(policy))


@routes.get("/_sim/inbox/{provider_id}/letter.pdf")
async def show_pdf(provider_id: str, world: TheWorld) -> Response:
    """The letter itself."""
    row = _message(world, provider_id)
    if row["pdf"] is None:
        raise HTTPException(404, "not a letter")
    # Nothing more: the browser's own PDF viewer runs under this policy and would stay blank.
    headers = _headers("frame-ancestors 'none'")
    return Response(row["pdf"], media_type="application/pdf", headers=headers)


@routes.get("/_sim/inbox/{provider_id}/page-{number}.png")
async def show_letter_page(provider_id: str, number: int, world: TheWorld) -> Response:
    """A picture of one page of the letter."""
    pdf = _message(world, provider_id)["pdf"]
    picture = await asyncio.to_thread(page_picture, pdf, number=number) if pdf else None
    if picture is None:
        raise HTTPException(404, "no such page")
    return Response(picture, media_type="image/png", headers=_headers("default-src 'none'"))


@routes.get("/_sim/inbox/{provider_id}/attachments/{number}")
async def get_attachment(provider_id: str, number: int, world: TheWorld) -> Response:
    """A file that travelled with a mail, to be saved."""
    seq = _message(world, provider_id)["seq"]
    found = [item for item in post.attachments(world, seq) if item["number"] == number]
    if not found:
        raise HTTPException(404, "no such attachment")
    name = urlencode({"": found[0]["name"]})[1:]
    headers = _headers("default-src 'none'") | {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(found[0]["content"], media_type="application/octet-stream", headers=headers)


@routes.post("/_sim/inbox/{provider_id}/events")
async def happen(provider_id: str, request: Request, world: TheWorld) -> Response:
    """Let something become of the message."""
    row = _message(world, provider_id)
    event = (await _form(request)).get("event", "")
    if event not in ("open", "bounce", "returned"):
        raise HTTPException(422, "no such event")
    control.happen_to(world, provider_id, row["channel"], event)
    return RedirectResponse(f"/_sim/inbox/{provider_id}", status_code=303)


@routes.get("/_sim/checkout/{payment_id}")
async def checkout(payment_id: str, world: TheWorld, refused: str = "") -> Response:
    """The payment provider's page, where the payer decides how it goes."""
    row = _payment(world, payment_id)
    methods = payments.METHODS
    return show_page(world, "checkout.html", payment=dict(row), methods=methods, refused=refused)


@routes.post("/_sim/checkout/{payment_id}")
async def decide(payment_id: str, request: Request, world: TheWorld) -> Response:
    """Pay, pay a part, fail, expire or cancel; then back to the agency, as the provider sends payers back."""
    row = _payment(world, payment_id)
    form = await _form(request)
    step, amount = form.get("step", ""), None
    try:
        if step == "partial":
            step, amount = "pay", Money.parse(form.get("amount", "").replace(",", "."), "EUR")
        elif step not in ("pay", "fail", "expire", "cancel"):
            raise payments.UnableToChange("no such step")
        control.take_step(world, payment_id, step=step, method=form.get("method", "ideal"), amount=amount)
    except (payments.UnableToChange, UnreadableAmount) as error:
        back = f"/_sim/checkout/{payment_id}?{urlencode({'refused': str(error)})}"
        return RedirectResponse(back, status_code=303)
    return RedirectResponse(row["redirect_url"], status_code=303)


@routes.get("/_sim/bank")
async def show_bank(world: TheWorld, refused: str = "") -> Response:
    """The accounts, and a form to pay by transfer."""
    payments.settle(world)
    return show_page(world, "bank.html", accounts=bank.accounts(world), refused=refused)


@routes.post("/_sim/bank/transfers")
async def pay_by_transfer(request: Request, world: TheWorld) -> Response:
    """Pay into an account as a debtor does."""
    form = await _form(request)
    try:
        amount = Money.parse(form.get("amount", "").replace(",", "."), "EUR")
        bank.book(
            world,
            iban=form.get("to_iban", ""),
            amount=amount,
            text=form.get("text", ""),
            counterparty=form.get("from_name", ""),
            counterparty_iban=form.get("from_iban", "").replace(" ", "").upper(),
        )
    except (UnreadableAmount, bank.UnknownAccount) as error:
        return RedirectResponse(f"/_sim/bank?{urlencode({'refused': str(error)})}", status_code=303)
    return RedirectResponse(f"/_sim/bank/{form['to_iban']}", status_code=303)


@routes.get("/_sim/bank/{iban}")
async def show_account(iban: str, world: TheWorld) -> Response:
    """One account: its movements by day, with the statement of each."""
    payments.settle(world)
    try:
        account = bank.account(world, iban)
    except bank.UnknownAccount as error:
        raise HTTPException(404, "no such account") from error
    days: dict[str, list[sqlite3.Row]] = {}
    for entry in bank.entries(world, iban):
        days.setdefault(entry["booked_on"], []).append(entry)
    return show_page(
        world, "account.html", account=dict(account), balance=bank.balance(world, iban), days=days
    )


@routes.get("/_sim/domains")
async def show_domains(world: TheWorld, refused: str = "") -> Response:
    """What owners of domains set in their DNS, and what SendGrid makes of it."""
    records = world.store.all("SELECT * FROM dns_record ORDER BY host")
    return show_page(
        world, "domains.html", domains=sendgrid_domains.domains(world), records=records, refused=refused
    )


@routes.post("/_sim/domains")
async def set_record(request: Request, world: TheWorld) -> Response:
    """Set or take away one alias, as the owner of a domain does."""
    form = await _form(request)
    try:
        wanted = dns.NewRecord(host=form.get("host", ""), value=form.get("value", ""))
    except ValidationError as error:
        refused = urlencode({"refused": str(error.errors()[0]["msg"])})
        return RedirectResponse(f"/_sim/domains?{refused}", status_code=303)
    dns.keep(world, wanted.host, wanted.kind, wanted.value)
    return RedirectResponse("/_sim/domains", status_code=303)


@routes.post("/_sim/domains/{number}")
async def set_records(number: int, request: Request, world: TheWorld) -> Response:
    """Set the records that SendGrid asked for, or one of them wrongly."""
    right = (await _form(request)).get("right") == "yes"
    if not sendgrid_domains.set_records(world, number, right=right):
        raise HTTPException(404, "no such domain")
    return RedirectResponse("/_sim/domains", status_code=303)


@routes.get("/_sim/faults/")
async def show_faults(world: TheWorld, refused: str = "") -> Response:
    """What goes wrong, and a form to let more go wrong."""
    return show_page(
        world,
        "faults.html",
        rules=world.faults.rules,
        targets=_TARGETS,
        call_kinds=sorted(CALL_KINDS),
        webhook_kinds=sorted(WEBHOOK_KINDS),
        print_kinds=sorted(PRINT_KINDS),
        waiting=world.store.number("SELECT count(*) FROM report WHERE status = 'waiting'"),
        refused=refused,
    )


@routes.post("/_sim/faults/")
async def add_fault(request: Request, world: TheWorld) -> Response:
    """Put a rule in force, or lift them all."""
    form = await _form(request)
    if form.get("clear"):
        world.faults.clear()
        return RedirectResponse("/_sim/faults/", status_code=303)
    try:
        world.faults.add(Fault.model_validate({name: value for name, value in form.items() if value}))
    except ValidationError as error:
        refused = urlencode({"refused": str(error.errors()[0]["msg"])})
        return RedirectResponse(f"/_sim/faults/?{refused}", status_code=303)
    return RedirectResponse("/_sim/faults/", status_code=303)


def show_page(world: World, template: str, **values: Any) -> Response:
    """This function will answer with one of the simulator's own pages."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {world.configuration.agency_url}"
    )
    html = _templates.get_template(template).render(
        now=world.clock.now(), channels=_CHANNELS, agency_url=world.configuration.agency_url, **values
    )
    return HTMLResponse(html, headers=_headers(policy))


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


async def _form(request: Request) -> Mapping[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _message(world: World, provider_id: str) -> sqlite3.Row:
    row = post.message(world, provider_id)
    if row is None:
        raise HTTPException(404, "no such message")
    return row


def _payment(world: World, payment_id: str) -> sqlite3.Row:
    payments.expire_overdue(world)
    row = payments.payment(world, payment_id)
    if row is None:
        raise HTTPException(404, "no such payment")
    return row


def _moment(value: datetime | str) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment.astimezone(_ZONE):%a %d %b %Y, %H:%M}"


def _brief(value: str) -> str:
    return f"{datetime.fromisoformat(value).astimezone(_ZONE):%d %b, %H:%M}"


def _day(value: str) -> str:
    return f"{date.fromisoformat(value):%A %d %B %Y}"


def _euro(value: Money | int) -> str:
    minor = value.minor if isinstance(value, Money) else value
    return f"{'−' if minor < 0 else ''}€\u00a0{abs(minor) // 100:,}.{abs(minor) % 100:02d}"


_templates.filters.update(moment=_moment, brief=_brief, day=_day, euro=_euro, json=json.dumps)
