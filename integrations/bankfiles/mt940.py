"""SWIFT MT940 (statement) and MT942 (interim report) as Dutch, Belgian and German banks send them."""

import re
from calendar import monthrange
from datetime import date
from typing import Final

from agency.money import Money
from agency.ports.readers import NO_CURRENCY, Unreadable
from integrations.amounts import exact_money
from integrations.bankfiles.movement import TOLD_IN_WORDS, Movement
from integrations.bankfiles.movements import Draft, said
from integrations.bankfiles.mt940_details import read_details
from integrations.bankfiles.mt940_fields import Field, Message, looks_like_mt940, messages

__all__ = ["MT940_BYTES_MAX", "looks_like_mt940", "read_mt940"]

MT940_BYTES_MAX: Final = 50_000_000

_OPENING: Final = ("60F", "60M")
_CLOSING: Final = ("62F", "62M")
_INTERIM: Final = ("13D", "34F", "90C", "90D")

# Some banks leave out the nought before the comma.
_FIGURE: Final = r"(?:\d[\d,]*|,\d+)"
_BALANCE = re.compile(
    rf"(?P<mark>[CD])(?P<day>\d{{6}})(?P<currency>[A-Z]{{3}})?(?P<amount>{_FIGURE})", re.ASCII
)
_FLOOR_OR_SUM = re.compile(rf"\d{{0,5}}(?P<currency>[A-Z]{{3}})[CD]? ?{_FIGURE}", re.ASCII)
# Value date, entry date or blanks, mark, third letter of the currency, amount, transaction type, references.
# RC and RD come before C and D: "RCR100," is a reversal of a credit in euro, "CR100," a credit in euro.
# An amount that goes on behind what could be read of it, as in "1.000,00", is not read at all.
_TRANSACTION = re.compile(
    rf"(?P<value>\d{{6}})(?P<entry>\d{{4}}|\s{{4}})?\s*(?P<mark>RC|RD|EC|ED|C|D)[A-Z]?\s*(?P<amount>{_FIGURE})"
    r"(?!\s*[\d.,;'])\s*(?P<kind>[A-Z][A-Z0-9 ]{3})?(?P<references>.*)",
    re.ASCII,
)
_AMOUNT = re.compile(r"(\d{0,18})(?:,(\d{0,5}))?", re.ASCII)

_RETURNED_ITEM: Final = "RTI"

# A reversed credit takes money out, a reversed debit brings it back.
_SIGNS: Final = {"C": 1, "D": -1, "RC": -1, "RD": 1}


def read_mt940(content: bytes) -> list[Draft]:
    """This function will read every statement of an MT940 or MT942 file.

    :raises Unreadable: when the file is cut off, or an amount, date or direction in it is unclear.
    """
    if len(content) > MT940_BYTES_MAX:
        raise Unreadable(f"larger than the {MT940_BYTES_MAX // 1_000_000} MB that is read")
    found = messages(content)
    if not found:
        raise Unreadable("no statement in it")
    drafts = [_statement(message) for message in found]
    _refuse_if_cut_off(content, found, drafts)
    return drafts


def _refuse_if_cut_off(content: bytes, found: list[Message], drafts: list[Draft]) -> None:
    """MT940 has no closing bracket: a file that stops early still looks like MT940.

    What gives it away is a statement that was opened and not closed, the last one or one that another file
    was put behind, or a last line without an end whose closing balance does not follow from the entries.
    """
    for message in found:
        opening = message.first(*_OPENING)
        if opening and message.first("20", "25", "25P") and not message.complete:
            if message is found[-1]:
                raise Unreadable("the file is cut off: its last statement has no closing balance")
            raise Unreadable(f"line {opening.number}: this statement is cut off: it has no closing balance")
    last, draft = found[-1].fields[-1], drafts[-1]
    if last.tag in _CLOSING and not content.endswith((b"\n", b"\r", b"-", b"}")):
        net = Money.total((m.amount for m in draft.movements), draft.currency or NO_CURRENCY)
        if draft.opening is not None and draft.closing is not None and draft.opening + net != draft.closing:
            follows, stated = (draft.opening + net).decimal, draft.closing.decimal
            raise Unreadable(
                f"line {last.number}: the file ends within its closing balance, or with one that is not"
                f" true: {follows} follows from the entries, {stated} is stated"
            )


def _statement(message: Message) -> Draft:
    opening, closing = message.last(*_OPENING), message.last(*_CLOSING)
    reference, account = message.first("20"), message.first("25", "25P")
    interim = any(message.first(tag) for tag in _INTERIM) and opening is None
    number = message.first("28C", "28")
    draft = Draft(
        kind="report" if interim else "statement",
        format="MT942" if interim else "MT940",
        id=_stated(reference),
        number=_stated(number),
        account=_stated(account),
        currency=_currency(message),
    )
    if opening:
        draft.opening, draft.opens_on = _balance(opening, draft)
    if closing:
        draft.closing, draft.closes_on = _balance(closing, draft)
    _add_transactions(message, draft)
    if draft.pending:
        draft.warnings.append(f"{draft.pending} entries are not booked and are left out")
    draft.doubt_missing_balances()
    return draft


def _stated(found: Field | None) -> str | None:
    return (found.first_line or None) if found else None


def _currency(message: Message) -> str | None:
    """The currency of the balances; a report without balances names it in its floor limit or sums."""
    shapes = ((_OPENING + _CLOSING, _BALANCE), (("34F", "90C", "90D"), _FLOOR_OR_SUM))
    for tags, shape in shapes:
        for field in message.fields:
            stated = shape.fullmatch(field.first_line) if field.tag in tags else None
            if stated and stated["currency"]:
                return stated["currency"]
    return None


def _balance(field: Field, draft: Draft) -> tuple[Money, date]:
    stated = _BALANCE.fullmatch(field.first_line)
    if stated is None:
        raise Unreadable(f"line {field.number}: the balance :{field.tag}: cannot be read")
    currency = stated["currency"] or draft.currency or NO_CURRENCY
    if draft.currency and currency != draft.currency:
        raise Unreadable(f"line {field.number}: a balance in {currency} on a statement in {draft.currency}")
    amount = _amount(stated["amount"], currency, field)
    return amount if stated["mark"] == "C" else -amount, _day(stated["day"], field)


def _add_transactions(message: Message, draft: Draft) -> None:
    """Details follow their transaction, in one :86: or several; after a closing balance they are about it.

    Words outside the standard (:NS:) count where there are no others.
    """
    details: list[str] = []
    notes: list[str] = []
    current: Field | None = None
    for field in [*message.fields, Field("end", [], 0)]:
        if field.tag in {"86", "NS"} and current:
            (details if field.tag == "86" else notes).append(field.text)
        elif field.tag not in {"86", "NS", "NSF"}:
            if current:
                _add_transaction(current, details or notes, draft)
            current, details, notes = (field if field.tag == "61" else None), [], []


def _add_transaction(field: Field, details: list[str], draft: Draft) -> None:
    stated, supplementary = _read_transaction(field)
    draft.entries += 1
    mark = stated["mark"]
    if mark not in _SIGNS:
        draft.pending += 1
        return
    amount = _amount(stated["amount"], draft.currency or NO_CURRENCY, field)
    value_on = _day(stated["value"], field)
    own_ref, _, bank_ref = stated["references"].strip().partition("//")
    said_about = read_details("\n".join(details), "\n".join(supplementary), own_ref)
    draft.movements.append(
        Movement(
            amount=amount if _SIGNS[mark] > 0 else -amount,
            booked_on=_entry_day(stated["entry"], value_on, field),
            value_on=value_on,
            servicer_ref=said(bank_ref.strip()),
            bank_ref=said(bank_ref.strip()),
            end_to_end=said(said_about.end_to_end),
            text=said_about.text,
            structured_references=said_about.structured_references,
            counterparty=said_about.counterparty,
            counterparty_iban=said_about.counterparty_iban,
            reversal=mark in {"RC", "RD"},
            return_reason=said_about.return_reason or _return_reason(stated["kind"]),
            entry=draft.entries,
        )
    )


def _read_transaction(field: Field) -> tuple[re.Match[str], list[str]]:
    """The transaction and the lines behind it; some banks begin a line within it."""
    for lines in range(1, min(2, len(field.lines)) + 1):
        stated = _TRANSACTION.fullmatch("".join(field.lines[:lines]).strip())
        if stated:
            return stated, field.lines[lines:]
    raise Unreadable(f"line {field.number}: the transaction :61: cannot be read")


def _return_reason(kind: str | None) -> str | None:
    return TOLD_IN_WORDS if kind and kind[1:] == _RETURNED_ITEM else None


def _amount(stated: str, currency: str, field: Field) -> Money:
    found = _AMOUNT.fullmatch(stated)
    if found is None:
        raise Unreadable(f"line {field.number}: the amount {stated[:40]!r} cannot be read")
    return exact_money(f"{found[1] or '0'}.{found[2] or '0'}", currency, at=f"line {field.number}")


def _day(stated: str, field: Field) -> date:
    """A two-digit year is of this century up to 79. Interest is valued on 30 February: its last day."""
    year, month, day = int(stated[:2]), int(stated[2:4]), int(stated[4:6])
    year += 2000 if year < 80 else 1900
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise Unreadable(f"line {field.number}: {stated} is not a date")
    return date(year, month, min(day, monthrange(year, month)[1]))


def _entry_day(stated: str | None, value_on: date, field: Field) -> date:
    """The booking day has no year: it is the one nearest to the value date."""
    if not stated or not stated.strip():
        return value_on
    month, day = int(stated[:2]), int(stated[2:4])
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise Unreadable(f"line {field.number}: {stated} is not a day of the year")
    nearby = [
        date(year, month, min(day, monthrange(year, month)[1]))
        for year in (value_on.year - 1, value_on.year, value_on.year + 1)
    ]
    return min(nearby, key=lambda each: abs(each - value_on))
