"""The bank: accounts, transfers in, payment orders out, and a statement per day in every format."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from typing import Any

from lxml import etree

from agency.money import Money
from agency.ports.readers import Unreadable
from integrations import untrusted_xml
from integrations.bankfiles.camt_writer import StatementLine
from integrations.bankfiles.xsd import schema_errors
from integrations.simulator import magic
from integrations.simulator.statement_formats import (
    DayOnAccount,
    StatementFormat,
    write_pain002,
    write_statement,
)
from integrations.simulator.store import as_json
from integrations.simulator.world import World

_ORDER = "pain.001.001.09"
_ORDER_NAMESPACE = {"p": f"urn:iso:std:iso:20022:tech:xsd:{_ORDER}"}
_ORDER_MAX = 20 * 1024 * 1024
_REFUSE_NEXT = "refuse_next"


class UnknownAccount(LookupError):
    """The bank holds no such account."""


class OrderRefused(ValueError):
    """A payment order is refused as a whole; `code` is ISO 20022's reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def open_account(world: World, *, iban: str, name: str, opening: Money) -> None:
    """This function will open an account, unless it stands already."""
    world.store.run(
        "INSERT OR IGNORE INTO account VALUES (?, ?, ?, ?)", iban, name, opening.currency, opening.minor
    )


def accounts(world: World) -> list[dict[str, Any]]:
    """This function will return every account with its balance now."""
    rows = world.store.all("SELECT * FROM account ORDER BY rowid")
    return [
        {"iban": row["iban"], "name": row["name"], "balance": balance(world, row["iban"])} for row in rows
    ]


def account(world: World, iban: str) -> sqlite3.Row:
    """This function will return one account.

    :raises UnknownAccount: the bank has none of that number.
    """
    row = world.store.one("SELECT * FROM account WHERE iban = ?", iban)
    if row is None:
        raise UnknownAccount(iban)
    return row


def balance(world: World, iban: str, *, before: date | None = None) -> Money:
    """This function will return the balance at the start of a day; by default that of everything booked."""
    row = account(world, iban)
    until = before.isoformat() if before else "9999-12-31"
    booked = world.store.number(
        "SELECT sum(amount_minor) FROM entry WHERE iban = ? AND booked_on < ?", iban, until
    )
    return Money(row["opening_minor"] + booked, row["currency"])


def book(
    world: World,
    *,
    iban: str,
    amount: Money,
    booked_on: date | None = None,
    value_on: date | None = None,
    reversal: bool = False,
    **told: str,
) -> str:
    """This function will book one movement and return the bank's reference of it.

    :param amount: signed; negative leaves the account.
    :param value_on: the day that counts, where it is not the day of booking.
    :param told: text, counterparty, counterparty_iban, end_to_end, structured_reference, return_reason; and
        batch: movements of one batch are one lump on the statement.
    :raises UnknownAccount: the bank has none of that number.
    """
    account(world, iban)
    day = booked_on or world.clock.today()
    with world.store.transaction():
        number = world.store.number("SELECT max(id) FROM entry") + 1
        bank_ref = f"SIM{day:%Y%m%d}{number:010d}"
        world.store.insert(
            "entry",
            iban=iban,
            amount_minor=amount.minor,
            booked_on=day.isoformat(),
            value_on=value_on.isoformat() if value_on else "",
            bank_ref=bank_ref,
            reversal=int(reversal),
            **told,
        )
    return bank_ref


def entries(world: World, iban: str, *, since: str = "", limit: int = 500) -> list[sqlite3.Row]:
    """This function will return movements of an account, the newest first."""
    return world.store.all(
        "SELECT * FROM entry WHERE iban = ? AND booked_on >= ? ORDER BY booked_on DESC, id DESC LIMIT ?",
        iban,
        since,
        limit,
    )


def statement(world: World, *, iban: str, day: date, format: StatementFormat = "camt053") -> bytes:
    """This function will write the statement of one day, as far as the day has come.

    Asked for again after more was booked, it carries another id, as a bank's renewed statement does.

    :raises UnknownAccount: the bank has none of that number.
    """
    row = account(world, iban)
    booked = world.store.all(
        "SELECT * FROM entry WHERE iban = ? AND booked_on = ? ORDER BY id", iban, day.isoformat()
    )
    return write_statement(
        DayOnAccount(
            statement_id=f"{day:%Y%m%d}-{iban[-8:]}-{len(booked)}",
            account=iban,
            holder=row["name"],
            currency=row["currency"],
            created_at=world.clock.now(),
            day=day,
            opening=balance(world, iban, before=day),
            lines=_lines(booked, row["currency"]),
        ),
        format=format,
    )


def accept_order(world: World, content: bytes) -> dict[str, Any]:
    """This function will execute a payment order (pain.001.001.09); the same message id has effect once.

    Single payments are refused by script (`magic`); the others are booked on the day asked for.

    :raises OrderRefused: not valid, a known id with other content, or not covered; nothing is booked.
    """
    order = _read_order(content)
    message_id = _text(order, "p:CstmrCdtTrfInitn/p:GrpHdr/p:MsgId")
    fingerprint = hashlib.sha256(content).hexdigest()
    known = world.store.one("SELECT * FROM answer WHERE vendor = 'bank' AND key = ?", message_id)
    if known is not None:
        if known["fingerprint"] != fingerprint:
            raise OrderRefused("DU01", f"message id {message_id} was used for another order")
        answer: dict[str, Any] = json.loads(known["content"])
        return {**answer, "duplicate": True}
    rejected: list[dict[str, str]] = []
    accepted = 0
    with world.store.transaction():
        for group in order.findall("p:CstmrCdtTrfInitn/p:PmtInf", _ORDER_NAMESPACE):
            accepted += _execute(world, group, message_id, rejected)
        status = "ACCP" if not rejected else "PART" if accepted else "RJCT"
        answer = {"message_id": message_id, "status": status, "accepted": accepted, "rejected": rejected}
        world.store.insert(
            "answer", vendor="bank", key=message_id, fingerprint=fingerprint, content=as_json(answer)
        )
    return {**answer, "duplicate": False}


def _execute(world: World, group: etree._Element, message_id: str, rejected: list[dict[str, str]]) -> int:
    """Book one group of payments, as one lump when the order says so; returns how many were accepted."""
    iban = _text(group, "p:DbtrAcct/p:Id/p:IBAN")
    day = max(world.clock.today(), date.fromisoformat(_text(group, "p:ReqdExctnDt/p:Dt")[:10]))
    lump = _text(group, "p:BtchBookg") == "true"
    group_id = _text(group, "p:PmtInfId")
    accepted = []
    for transfer in group.findall("p:CdtTrfTxInf", _ORDER_NAMESPACE):
        payment = _read_transfer(transfer)
        if refusal := _refusal(world, payment["amount"], payment["counterparty_iban"]):
            rejected.append({"end_to_end": payment["end_to_end"], "code": refusal[0], "reason": refusal[1]})
        else:
            accepted.append(payment)
    total = Money.total((payment["amount"] for payment in accepted), "EUR")
    try:
        covered = total <= balance(world, iban)
    except UnknownAccount as error:
        raise OrderRefused("AC02", f"no account {iban} of yours at this bank") from error
    if not covered:
        raise OrderRefused("AM04", f"{total} is more than the account holds")
    batch = f"{message_id}/{group_id}" if lump else ""
    for payment in accepted:
        book(world, iban=iban, booked_on=day, batch=batch, **{**payment, "amount": -payment["amount"]})
    return len(accepted)


def _read_order(content: bytes) -> etree._Element:
    schema = (files("sepaxml") / "schemas" / f"{_ORDER}.xsd").read_bytes()
    try:
        errors = schema_errors(content, schema=schema)
        order = untrusted_xml.parse(content, max_bytes=_ORDER_MAX)
    except Unreadable as error:
        raise OrderRefused("FF01", error.reason) from error
    if errors:
        raise OrderRefused("FF01", errors[0])
    return order


def _read_transfer(transfer: etree._Element) -> dict[str, Any]:
    amount = transfer.find("p:Amt/p:InstdAmt", _ORDER_NAMESPACE)
    assert amount is not None
    return {
        "amount": Money.parse(str(amount.text), str(amount.get("Ccy"))),
        "end_to_end": _text(transfer, "p:PmtId/p:EndToEndId"),
        "counterparty": _text(transfer, "p:Cdtr/p:Nm"),
        "counterparty_iban": _text(transfer, "p:CdtrAcct/p:Id/p:IBAN"),
        "text": _text(transfer, "p:RmtInf/p:Ustrd"),
        "structured_reference": _text(transfer, "p:RmtInf/p:Strd/p:CdtrRefInf/p:Ref"),
    }


def refuse_next(world: World, *, times: int) -> None:
    """This function will have the bank refuse that many of the next payments that it is ordered to make."""
    world.store.keep_setting(_REFUSE_NEXT, str(times))


def order_status(world: World, message_id: str) -> bytes | None:
    """This function will say of an executed order which payments were refused (pain.002); None of no order
    of that id."""
    known = world.store.one("SELECT * FROM answer WHERE vendor = 'bank' AND key = ?", message_id)
    if known is None:
        return None
    return write_pain002(json.loads(known["content"]), created_at=world.clock.now())


def _refusal(world: World, amount: Money, iban: str) -> tuple[str, str] | None:
    if amount.currency != "EUR":
        return "AM03", "only euro can be sent"
    if amount == magic.TRANSFER_REJECTED:
        return "AM04", "refused by script"
    if iban.endswith(magic.IBAN_CLOSED):
        return "AC04", "the account is closed"
    to_refuse = int(world.store.setting(_REFUSE_NEXT) or 0)
    if to_refuse:
        world.store.keep_setting(_REFUSE_NEXT, str(to_refuse - 1))
        return "AC04", "refused by script"
    return None


def _lines(booked: Sequence[sqlite3.Row], currency: str) -> list[StatementLine]:
    """Entries as lines; those of one batch together as one."""
    lines: list[StatementLine] = []
    batches: dict[str, list[sqlite3.Row]] = {}
    for row in booked:
        if row["batch"]:
            batches.setdefault(row["batch"], []).append(row)
        else:
            lines.append(_line(row, currency))
    for batch, rows in batches.items():
        message_id, _, group_id = batch.partition("/")
        lines.append(
            StatementLine(
                amount=Money(sum(row["amount_minor"] for row in rows), currency),
                booked_on=date.fromisoformat(rows[0]["booked_on"]),
                bank_ref=rows[0]["bank_ref"],
                end_to_end=group_id,
                text=f"{message_id} {len(rows)} payments",
            )
        )
    return lines


def _line(row: sqlite3.Row, currency: str) -> StatementLine:
    return StatementLine(
        amount=Money(row["amount_minor"], currency),
        booked_on=date.fromisoformat(row["booked_on"]),
        bank_ref=row["bank_ref"],
        end_to_end=row["end_to_end"] or None,
        text=row["text"],
        structured_reference=row["structured_reference"] or None,
        counterparty=row["counterparty"] or None,
        counterparty_iban=row["counterparty_iban"] or None,
        reversal=bool(row["reversal"]),
        value_on=date.fromisoformat(row["value_on"]) if row["value_on"] else None,
        return_reason=row["return_reason"] or None,
    )


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path, namespaces=_ORDER_NAMESPACE) or "").strip()
