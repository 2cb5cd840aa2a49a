"""What can happen to a payment at the payment provider, and what it pays out the next banking day."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from agency.money import Money, Rounding, round_minor
from integrations.simulator import bank, magic
from integrations.simulator.clock import bank_day
from integrations.simulator.post import new_id
from integrations.simulator.store import as_json, marks, moment_text
from integrations.simulator.world import World

Ending = Literal["paid", "failed", "expired", "canceled"]

METHODS = {"ideal": "iDEAL | Wero", "bancontact": "Bancontact", "creditcard": "Card"}
# What the provider withholds per payment, in cents, before 21 % VAT.
_FEE_MINOR = {"ideal": 32, "bancontact": 39, "creditcard": 25}
_VAT = Decimal("0.21")
_PROVIDER_NAME, _PROVIDER_IBAN = "Stichting Simulated Payments", "NL80SIMU0000000001"
_PROFILE = 1234567
_LATE_DAYS, _LUMPS = "settlement_late_days", "settlement_lumps"
_PAID_UP_TO = "settlement_paid_up_to"


class UnableToChange(ValueError):
    """The payment is not in a state in which this can happen."""


def payment(world: World, payment_id: str) -> sqlite3.Row | None:
    """This function will return one payment."""
    return world.store.one("SELECT * FROM payment WHERE id = ?", payment_id)


def end(
    world: World, payment_id: str, *, ending: Ending, method: str = "ideal", amount: Money | None = None
) -> sqlite3.Row:
    """This function will end an open payment and tell its webhook.

    :param amount: what is really paid, when that is less than asked.
    :raises UnableToChange: it is not open, or the amount makes no sense.
    """
    row = _known(world, payment_id)
    if row["status"] != "open":
        raise UnableToChange(f"the payment is {row['status']}")
    asked = Money(row["amount_minor"], row["currency"])
    paid = asked if amount is None else amount
    if method not in METHODS or not Money.zero(asked.currency) < paid <= asked:
        raise UnableToChange("no such method or amount")
    if ending == "paid" and asked == magic.PAYMENT_FAILS:
        ending = "failed"
    now = world.clock.now()
    with world.store.transaction():
        world.store.run(
            "UPDATE payment SET status = ?, method = ?, ended_at = ?, amount_minor = ?, settle_on = ?"
            " WHERE id = ?",
            ending,
            method if ending == "paid" else row["method"],
            moment_text(now),
            paid.minor,
            _banking_day_after(bank_day(now)) if ending == "paid" else row["settle_on"],
            payment_id,
        )
        _tell(world, row, now)
    return _known(world, payment_id)


def reverse(
    world: World,
    payment_id: str,
    *,
    kind: Literal["refund", "chargeback"],
    amount: Money,
    description: str = "",
    metadata: Any = None,
) -> str:
    """This function will send (part of) a paid payment back and tell its webhook; returns the reversal's id.

    :param metadata: what the merchant sent along; it comes back as it went in.

    :raises UnableToChange: it was not paid, or less is left of it.
    """
    row = _known(world, payment_id)
    left = row["amount_minor"] - sum(reversed_minor(world, payment_id).values())
    if row["status"] != "paid" or not 0 < amount.minor <= left or amount.currency != row["currency"]:
        raise UnableToChange("nothing of that size can be sent back")
    now, reversal_id = world.clock.now(), new_id("re_" if kind == "refund" else "chb_", size=6)
    with world.store.transaction():
        world.store.insert(
            "reversal",
            id=reversal_id,
            kind=kind,
            payment_id=payment_id,
            amount_minor=amount.minor,
            description=description,
            metadata=as_json(metadata),
            created_at=moment_text(now),
            settle_on=_banking_day_after(bank_day(now)),
        )
        _tell(world, row, now)
    return reversal_id


def win_chargebacks(world: World, payment_id: str) -> None:
    """This function will give charged back money to the merchant again, because he won the dispute.

    :raises UnableToChange: nothing of the payment is charged back.
    """
    row = _known(world, payment_id)
    lost = reversed_minor(world, payment_id).get("chargeback", 0)
    if lost <= 0:
        raise UnableToChange("nothing of it is charged back")
    now = world.clock.now()
    with world.store.transaction():
        world.store.insert(
            "reversal",
            id=new_id("chb_", size=6),
            kind="chargeback",
            payment_id=payment_id,
            amount_minor=-lost,
            description="won",
            created_at=moment_text(now),
            settle_on=_banking_day_after(bank_day(now)),
        )
        _tell(world, row, now)


def reversed_minor(world: World, payment_id: str) -> dict[str, int]:
    """This function will return what was refunded and what was charged back of a payment, in cents."""
    rows = world.store.all(
        "SELECT kind, sum(amount_minor) AS minor FROM reversal WHERE payment_id = ? GROUP BY kind", payment_id
    )
    return {row["kind"]: row["minor"] for row in rows}


def expire_overdue(world: World) -> int:
    """This function will expire open payments whose time is over, and return how many."""
    now = world.clock.now()
    overdue = world.store.all(
        "SELECT id FROM payment WHERE status = 'open' AND expires_at <= ?", moment_text(now)
    )
    for row in overdue:
        end(world, row["id"], ending="expired")
    return len(overdue)


def settle(world: World) -> int:
    """This function will pay out every banking day that has come; one lump each. Returns how many lumps.

    A day is paid out once, because its statement may have been read: what was nothing or less on it waits for
    the next.
    """
    today = world.clock.today().isoformat()
    waiting = world.store.all(
        "SELECT settle_on FROM payment WHERE settlement_id = '' AND settle_on <= ?"
        " UNION SELECT settle_on FROM reversal WHERE settlement_id = '' AND settle_on <= ?",
        today,
        today,
    )
    paid_up_to = world.store.setting(_PAID_UP_TO)
    first = _banking_day_after(date.fromisoformat(paid_up_to)) if paid_up_to else ""
    days = sorted({max(first, row["settle_on"]) for row in waiting})
    lumps = 0
    for day in days:
        if day <= today:
            lumps += _settle_day(world, day)
            world.store.keep_setting(_PAID_UP_TO, day)
    return lumps


def script_next(world: World, *, late_days: int, lumps: int) -> None:
    """This function will let the next day of payment be reported late, or come in several lumps."""
    world.store.keep_setting(_LATE_DAYS, str(late_days))
    world.store.keep_setting(_LUMPS, str(lumps))


def _settle_day(world: World, day: str) -> int:
    """Pay out what waits up to a day, as scripted. What would be nothing or less waits for a better day."""
    late, lumps = (int(world.store.setting(name) or 0) for name in (_LATE_DAYS, _LUMPS))
    waiting = world.store.all(
        "SELECT id FROM payment WHERE settlement_id = '' AND settle_on <= ? ORDER BY ended_at, id", day
    )
    in_parts = 1 < lumps <= len(waiting)
    scripted = "lump" if in_parts else "late" if late else ""
    paid = 0
    with world.store.transaction():
        # All but the last lump are of payments only; the last one takes what is left and what went back.
        for number in range(lumps - 1 if in_parts else 0):
            share = [row["id"] for row in waiting[number::lumps]]
            paid += _settle_lump(world, day, scripted, late, share)
        paid += _settle_lump(world, day, scripted, late, None)
        if paid and scripted:
            script_next(world, late_days=0, lumps=1)
    return paid


def _settle_lump(world: World, day: str, scripted: str, late: int, only: Sequence[str] | None) -> bool:
    """Pay out one lump: of some payments, or of all that is left."""
    store = world.store
    chosen = "" if only is None else f" AND id IN ({marks(only)})"
    paid, back = _amounts_waiting(world, day, chosen, only)
    costs = _costs(Counter(row["method"] for row in paid))
    gross_costs = sum((Decimal(cost["gross"]) for cost in costs), Decimal(0))
    withheld = round_minor(gross_costs.scaleb(2), Rounding.HALF_UP)
    net = Money(sum(row["amount_minor"] for row in paid) - back - withheld, "EUR")
    if net <= Money.zero("EUR"):
        return False
    settlement_id = new_id("stl_", size=6)
    with store.transaction():
        reference = _book_lump(world, date.fromisoformat(day), net)
        store.insert(
            "settlement",
            id=settlement_id,
            reference=reference,
            settled_on=day,
            settled_at=moment_text(datetime.combine(date.fromisoformat(day), time(7), UTC)),
            amount_minor=net.minor,
            costs=as_json(costs),
            listed_on=(date.fromisoformat(day) + timedelta(days=late)).isoformat(),
            scripted=scripted,
        )
        for table in ("payment",) if only is not None else ("payment", "reversal"):
            store.run(
                f"UPDATE {table} SET settlement_id = ? WHERE settlement_id = '' AND settle_on <= ?{chosen}",
                settlement_id,
                day,
                *(only or ()),
            )
    return True


def _book_lump(world: World, settled_on: date, net: Money) -> str:
    """Let the lump arrive at the merchant's account and return what it is known by there."""
    reference = _next_reference(world, settled_on)
    bank.book(
        world,
        iban=world.configuration.trust_iban,
        amount=net,
        booked_on=settled_on,
        text=f"REF {reference}",
        counterparty=_PROVIDER_NAME,
        counterparty_iban=_PROVIDER_IBAN,
        end_to_end=reference,
    )
    return reference


def _amounts_waiting(
    world: World, day: str, chosen: str, only: Sequence[str] | None
) -> tuple[list[sqlite3.Row], int]:
    """The payments that a lump is of, and what went back and is kept from it, in cents."""
    paid = world.store.all(
        f"SELECT method, amount_minor FROM payment WHERE settlement_id = '' AND settle_on <= ?{chosen}",
        day,
        *(only or ()),
    )
    if only is not None:
        return paid, 0
    return paid, world.store.number(
        "SELECT sum(amount_minor) FROM reversal WHERE settlement_id = '' AND settle_on <= ?", day
    )


def _costs(counts: Counter[str]) -> list[dict[str, Any]]:
    """What is withheld per method; VAT has four decimals, as on the provider's own reports."""
    costs: list[dict[str, Any]] = []
    for method, count in sorted(counts.items()):
        rate = Decimal(_FEE_MINOR[method]).scaleb(-2)
        net = rate * count
        vat = (net * _VAT).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        costs.append(
            {
                "method": method,
                "count": count,
                "rate": str(rate),
                "net": str(net),
                "vat": str(vat),
                "gross": str(net + vat),
            }
        )
    return costs


def _next_reference(world: World, settled_on: date) -> str:
    """As on the bank statement: the profile, year and month, and a number within the month."""
    month = f"{settled_on:%y%m}"
    count = world.store.number(
        "SELECT count(*) FROM settlement WHERE reference LIKE ?", f"{_PROFILE}.{month}.%"
    )
    return f"{_PROFILE}.{month}.{count + 1:02d}"


def _banking_day_after(day: date) -> str:
    """Saturday's and Sunday's money comes on Monday."""
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day.isoformat()


def _known(world: World, payment_id: str) -> sqlite3.Row:
    row = payment(world, payment_id)
    if row is None:
        raise UnableToChange("no such payment")
    return row


def _tell(world: World, row: sqlite3.Row, now: datetime) -> None:
    if row["webhook_url"]:
        world.reports.add(
            vendor="mollie", subject_id=row["id"], url=row["webhook_url"], content={"id": row["id"]}, due=now
        )
