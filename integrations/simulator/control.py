"""The control plane as JSON: what came in, what happens next, and what time it is out there."""

from datetime import UTC, date
from typing import Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import AwareDatetime, BaseModel, Field

from agency.money import Money, UnknownCurrency, UnreadableAmount
from integrations.simulator import bank, letters, payments, post, sendgrid
from integrations.simulator.faults import Fault
from integrations.simulator.keys import SENDGRID_PUBLIC_KEY
from integrations.simulator.same_site import same_site
from integrations.simulator.store import moment_text
from integrations.simulator.world import Delays, TheWorld, World

routes = APIRouter(prefix="/_sim", dependencies=[Depends(same_site)])


class Moment(BaseModel):
    """The present moment of the outside world; a zone is obligatory."""

    now: AwareDatetime


class Happening(BaseModel):
    """What becomes of a message, beyond what its address scripts."""

    event: Literal["open", "click", "bounce", "returned"]


class PaymentStep(BaseModel):
    """What somebody does at the checkout; the amount is for part payments and reversals."""

    amount: str = ""
    method: str = "ideal"


class NextSettlement(BaseModel):
    """How the provider's next day of payment differs from others."""

    late_days: int = Field(default=0, ge=0, le=30)
    lumps: int = Field(default=1, ge=1, le=10)


class Refusals(BaseModel):
    """How many of the next payments the bank refuses."""

    times: int = Field(ge=0, le=1_000)


class NewAccount(BaseModel):
    """A bank account to open; the opening balance in euro."""

    iban: str
    name: str
    opening: str = "0.00"


class IncomingTransfer(BaseModel):
    """Somebody pays by bank: into `to_iban`, which is an account of this bank."""

    to_iban: str
    amount: str
    from_name: str = ""
    from_iban: str = ""
    text: str = Field(default="", max_length=280)
    structured_reference: str = ""
    end_to_end: str = ""
    on: date | None = None
    value_on: date | None = None
    reversal: bool = False
    return_reason: str = Field(default="", max_length=4)


@routes.get("/health")
async def health(world: TheWorld) -> dict[str, str]:
    """Answers when the simulator is ready."""
    return {"now": moment_text(world.clock.now())}


@routes.get("/clock")
async def get_clock(world: TheWorld) -> dict[str, str]:
    """The present moment of the outside world."""
    return {"now": moment_text(world.clock.now())}


@routes.post("/clock")
async def set_clock(moment: Moment, world: TheWorld) -> dict[str, Any]:
    """Make it another moment; what falls due by it happens now."""
    world.clock.set(moment.now.astimezone(UTC))
    happened = pass_time(world)
    world.reports.nudge()
    return {"now": moment_text(world.clock.now()), **happened}


@routes.post("/drain")
async def drain(world: TheWorld) -> dict[str, Any]:
    """Tell every report that is due now, and return when no more of them is taken."""
    happened = pass_time(world)
    told = await world.reports.tell_all()
    return {"told": told.told, "failed": told.failed, **happened}


@routes.get("/keys")
async def keys(world: TheWorld) -> dict[str, str]:
    """What verifies SendGrid's webhooks; Twilio and the print shop sign with the key they are called by."""
    return {"sendgrid_public_key": SENDGRID_PUBLIC_KEY, "sendgrid_hook": world.configuration.sendgrid_hook}


@routes.get("/messages")
async def list_messages(
    world: TheWorld,
    to: str = "",
    q: str = "",
    channel: str = "",
    reference: str = "",
    since: AwareDatetime | None = None,
    after: int | None = None,
    before: int = 0,
    limit: int = 100,
) -> dict[str, Any]:
    """Messages, the newest first; with `after`, those after that number in the order of arrival."""
    rows = post.search(
        world,
        to=to,
        words=q,
        channel=channel,
        reference=reference,
        since=moment_text(since) if since else "",
        after=after or 0,
        before=before,
        limit=min(limit, 5000),
        newest_first=after is None,
    )
    return {"messages": [post.as_record(row) for row in rows]}


@routes.post("/messages/{provider_id}/events", status_code=202)
async def happen(provider_id: str, happening: Happening, world: TheWorld) -> dict[str, bool]:
    """Let something become of one message now: opened, bounced late, returned by the post."""
    row = post.message(world, provider_id)
    if row is None:
        raise HTTPException(404, "no such message")
    return {"told": happen_to(world, row["id"], row["channel"], happening.event)}


@routes.get("/payments")
async def list_payments(world: TheWorld, status: str = "open", limit: int = 100) -> dict[str, Any]:
    """Payments in one status, the newest first."""
    rows = world.store.all(
        "SELECT * FROM payment WHERE status = ? ORDER BY created_at DESC LIMIT ?", status, min(limit, 5000)
    )
    return {"payments": [dict(row) for row in rows]}


@routes.post("/payments/{payment_id}/{step}")
async def step_payment(
    payment_id: str,
    step: Literal["pay", "fail", "expire", "cancel", "refund", "chargeback", "win"],
    details: PaymentStep,
    world: TheWorld,
) -> dict[str, Any]:
    """Do at the checkout what a person does, or send paid money back."""
    amount = _money(details.amount) if details.amount else None
    try:
        return dict(take_step(world, payment_id, step=step, method=details.method, amount=amount))
    except payments.UnableToChange as error:
        raise HTTPException(409, str(error)) from error


@routes.get("/settlements")
async def list_settlements(world: TheWorld, since: date | None = None) -> dict[str, Any]:
    """What the provider paid out, also what its reports do not show yet."""
    rows = world.store.all(
        "SELECT reference, settled_on, listed_on, scripted, amount_minor FROM settlement"
        " WHERE settled_on >= ? ORDER BY rowid",
        since.isoformat() if since else "",
    )
    return {"settlements": [dict(row) for row in rows]}


@routes.post("/settlements/next")
async def script_settlement(wanted: NextSettlement, world: TheWorld) -> NextSettlement:
    """Script the next day of payment of the provider: reported late, or in several lumps."""
    payments.script_next(world, late_days=wanted.late_days, lumps=wanted.lumps)
    return wanted


@routes.post("/bank/refusals")
async def refuse_next(wanted: Refusals, world: TheWorld) -> Refusals:
    """Let the bank refuse some of the next payments that it is ordered to make."""
    bank.refuse_next(world, times=wanted.times)
    return wanted


@routes.get("/bank/accounts")
async def list_accounts(world: TheWorld) -> dict[str, Any]:
    """Every account with its balance."""
    payments.settle(world)
    found = bank.accounts(world)
    return {"accounts": [{**account, "balance": str(account["balance"].decimal)} for account in found]}


@routes.post("/bank/accounts", status_code=201)
async def open_account(wanted: NewAccount, world: TheWorld) -> dict[str, str]:
    """Open an account; one that stands already is left as it is."""
    bank.open_account(world, iban=wanted.iban, name=wanted.name, opening=_money(wanted.opening))
    return {"iban": wanted.iban}


@routes.post("/bank/transfer", status_code=201)
async def transfer(wanted: IncomingTransfer, world: TheWorld) -> dict[str, str]:
    """Book a payment by bank; an amount below zero is taken back."""
    try:
        bank_ref = bank.book(
            world,
            iban=wanted.to_iban,
            amount=_money(wanted.amount),
            booked_on=wanted.on,
            text=wanted.text,
            counterparty=wanted.from_name,
            counterparty_iban=wanted.from_iban,
            end_to_end=wanted.end_to_end,
            structured_reference=wanted.structured_reference,
            reversal=wanted.reversal,
            value_on=wanted.value_on,
            return_reason=wanted.return_reason,
        )
    except bank.UnknownAccount as error:
        raise HTTPException(404, "no such account") from error
    return {"bank_ref": bank_ref}


@routes.get("/bank/entries/{iban}")
async def list_entries(
    iban: str, world: TheWorld, since: date | None = None, limit: int = 500
) -> dict[str, Any]:
    """Movements of an account, the newest first."""
    payments.settle(world)
    rows = bank.entries(world, iban, since=since.isoformat() if since else "", limit=min(limit, 5000))
    return {"entries": [dict(row) for row in rows]}


@routes.get("/faults")
async def list_faults(world: TheWorld) -> dict[str, Any]:
    """The rules in force."""
    return {
        "faults": [{"number": number, **rule.model_dump()} for number, rule in world.faults.rules.items()]
    }


@routes.post("/faults", status_code=201)
async def add_fault(fault: Fault, world: TheWorld) -> dict[str, int]:
    """Make something go wrong with the next calls or webhooks."""
    return {"number": world.faults.add(fault)}


@routes.delete("/faults")
async def clear_faults(world: TheWorld) -> dict[str, int]:
    """Lift every rule."""
    world.faults.clear()
    return {"faults": 0}


@routes.get("/delays")
async def get_delays(world: TheWorld) -> Delays:
    """How long things take outside."""
    return world.delays


@routes.post("/delays")
async def set_delays(delays: Delays, world: TheWorld) -> Delays:
    """Change how long things take; what is not named goes back to its default."""
    world.delays = delays
    return delays


@routes.post("/reset")
async def reset(world: TheWorld) -> dict[str, str]:
    """Forget everything, and open the agency's accounts anew; no report of before comes after the answer."""
    async with world.reports.silence():
        world.store.forget()
    world.faults.clear()
    world.delays = Delays()
    world.clock.forget()
    open_the_agencys_accounts(world)
    return {"now": moment_text(world.clock.now())}


def open_the_agencys_accounts(world: World) -> None:
    """This function will open the accounts that the agency has from the start, both empty."""
    of = world.configuration
    nothing = Money.zero("EUR")
    bank.open_account(world, iban=of.trust_iban, name=of.trust_name, opening=nothing)
    bank.open_account(world, iban=of.agency_iban, name=of.agency_name, opening=nothing)


def pass_time(world: World) -> dict[str, int]:
    """This function will let happen what only time brings: payments expire, settlements are paid out."""
    return {"expired": payments.expire_overdue(world), "settled": payments.settle(world)}


def happen_to(world: World, provider_id: str, channel: str, event: str) -> bool:
    """This function will report an event on a message now; False when its provider would not notice it."""
    row = post.message(world, provider_id)
    assert row is not None
    now = world.clock.now()
    if channel == "letter" and event == "returned":
        why = {"reason": "unknown at this address"}
        letters.report_event(
            world, provider_id=provider_id, event=event, at=now, secret=row["account"], **why
        )
        return True
    if channel != "email" or event == "returned":
        return False
    told: dict[str, Any] = {}
    if event == "bounce":
        told = {"reason": "550 5.1.1 No such user", "status": "5.1.1", "type": "bounce"}
    elif not post.as_record(row)["facts"]["tracks_opens"]:
        return False
    state = {"open": "opened", "click": "opened", "bounce": "bounced"}[event]
    sendgrid.report_event(world, provider_id=provider_id, event=event, at=now, state=state, **told)
    return True


def take_step(world: World, payment_id: str, *, step: str, method: str, amount: Money | None) -> Any:
    """This function will do one step with a payment and return it.

    :raises UnableToChange: the payment is not in a state in which this can happen.
    """
    endings: dict[str, payments.Ending] = {
        "pay": "paid",
        "fail": "failed",
        "expire": "expired",
        "cancel": "canceled",
    }
    if step in endings:
        return payments.end(world, payment_id, ending=endings[step], method=method, amount=amount)
    row = payments.payment(world, payment_id)
    if row is None:
        raise payments.UnableToChange("no such payment")
    if step == "win":
        payments.win_chargebacks(world, payment_id)
        return payments.payment(world, payment_id)
    whole = Money(row["amount_minor"], row["currency"])
    kind: Literal["refund", "chargeback"] = "refund" if step == "refund" else "chargeback"
    payments.reverse(world, payment_id, kind=kind, amount=whole if amount is None else amount)
    return payments.payment(world, payment_id)


def _money(text: str) -> Money:
    try:
        return Money.parse(text, "EUR")
    except (UnreadableAmount, UnknownCurrency) as error:
        raise HTTPException(422, str(error)) from error
