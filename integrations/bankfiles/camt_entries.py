"""One camt entry: the movement it books, or the movements it collects."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from lxml import etree

from agency.money import Money
from agency.ports.readers import Unreadable
from integrations.amounts import exact_money, iso_date
from integrations.bankfiles.movement import TOLD_IN_WORDS, Movement
from integrations.bankfiles.movements import Draft, said

_DIRECTIONS: Final = frozenset({"CRDT", "DBIT"})
# ISO transaction codes: a credit transfer (RRTN, RPCR) or a direct debit (UPDD, PRDD, RCDD) was taken back.
_RETURNS: Final = frozenset({"RRTN", "RPCR", "UPDD", "PRDD", "RCDD"})


@dataclass(slots=True)
class _Side:
    """Debtor or creditor of one payment."""

    name: str | None = None
    ultimate: str | None = None
    account: str | None = None


@dataclass(slots=True)
class _Detail:
    """What one TxDtls says; the amount as text because details may be in the payer's currency."""

    amount: str | None = None
    currency: str | None = None
    direction: str | None = None
    servicer_ref: str | None = None
    end_to_end: str | None = None
    texts: list[str] = field(default_factory=list)
    structured: list[str] = field(default_factory=list)
    info: str | None = None
    returned: bool = False
    return_reason: str | None = None
    returned_for: str | None = None
    debtor: _Side = field(default_factory=_Side)
    creditor: _Side = field(default_factory=_Side)


@dataclass(slots=True)
class _Entry:
    """What one Ntry says."""

    amount: str | None = None
    currency: str | None = None
    direction: str | None = None
    status: str = "BOOK"
    reversal: bool = False
    booked_on: str = ""
    value_on: str = ""
    servicer_ref: str | None = None
    entry_ref: str | None = None
    info: str | None = None
    returned: bool = False
    details: list[_Detail] = field(default_factory=list)


# Bounded, because a hostile file may name each element differently.
@lru_cache(maxsize=1024)
def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def local(element: etree._Element) -> str:
    """This function will return an element's name without its namespace."""
    return _local_name(element.tag)


def text_at(element: etree._Element, *path: str) -> str | None:
    """This function will return the text at a path of local names, None when absent or empty.

    It walks children instead of searching by path, which costs half on files of many entries.
    """
    for child in element:
        if _local_name(child.tag) == path[0]:
            found = text_at(child, *path[1:]) if len(path) > 1 else _own_text(child)
            if found is not None:
                return found
    return None


def reason_of(element: etree._Element, *names: str) -> str | None:
    """This function will return the code of a reason; it has another name in the first versions."""
    reasons = (text_at(element, name, kind) for name in names for kind in ("Cd", "Prtry"))
    return next(filter(None, reasons), None)


def movements_of(element: etree._Element, draft: Draft) -> list[Movement]:
    """This function will read an entry into its movements; an entry that is not booked has none.

    A collective entry is split when its details add up to it; else it stays whole, with a warning.

    :raises Unreadable: when the amount cannot be read exactly or its direction is open.
    """
    entry = _entry(element)
    draft.currency = draft.currency or entry.currency
    if entry.status != "BOOK":
        draft.pending += 1
        return []
    amount = _signed(entry, draft)
    if len(entry.details) < 2:
        return [_movement(entry, amount, entry.details, draft)]
    parts = _parts(entry, amount)
    if parts is None:
        draft.warnings.append(
            f"the details of entry {entry.servicer_ref or entry.entry_ref or draft.entries} "
            f"do not add up to its {amount.decimal}; it is kept whole"
        )
        return [_movement(entry, amount, entry.details, draft)]
    return [
        _movement(entry, part, [detail], draft, batch=True)
        for part, detail in zip(parts, entry.details, strict=True)
    ]


def _signed(entry: _Entry, draft: Draft) -> Money:
    """The reversal mark never turns an amount: the entry already carries the direction it moved."""
    currency = entry.currency or draft.currency
    if entry.amount is None or currency is None:
        raise Unreadable(f"entry {draft.entries} has no amount or no currency")
    direction = entry.direction or _the_one(detail.direction for detail in entry.details)
    if direction not in _DIRECTIONS:
        raise Unreadable(f"entry {draft.entries} says neither credit nor debit")
    amount = exact_money(entry.amount, currency, at=f"entry {draft.entries}")
    if amount.minor < 0:
        raise Unreadable(f"entry {draft.entries} has a negative amount and a direction besides")
    return amount if direction == "CRDT" else -amount


def _parts(entry: _Entry, whole: Money) -> list[Money] | None:
    """The details' signed amounts, None unless they add up to the entry."""
    parts = []
    for detail in entry.details:
        if detail.amount is None or (detail.currency or whole.currency) != whole.currency:
            return None
        try:
            part = exact_money(detail.amount, whole.currency)
        except Unreadable:
            return None
        came_in = whole.minor >= 0 if detail.direction is None else detail.direction == "CRDT"
        parts.append(part if came_in else -part)
    return parts if Money.total(parts, whole.currency) == whole else None


def _movement(
    entry: _Entry, amount: Money, details: list[_Detail], draft: Draft, *, batch: bool = False
) -> Movement:
    own_ref = next((d.servicer_ref for d in details if d.servicer_ref), None) if len(details) == 1 else None
    reason = _the_one(detail.return_reason for detail in details)
    if reason is None and (entry.returned or any(detail.returned for detail in details)):
        reason = TOLD_IN_WORDS
    returned = entry.reversal or reason is not None
    name, account = _counterparty(details, amount, draft.account, returned=returned)
    return Movement(
        amount=amount,
        booked_on=_day(entry.booked_on, draft),
        value_on=_day(entry.value_on, draft),
        servicer_ref=entry.servicer_ref or own_ref,
        bank_ref=entry.servicer_ref or own_ref or entry.entry_ref,
        end_to_end=_the_one(said(detail.end_to_end) for detail in details),
        text=_text(entry, details),
        structured_references=tuple(ref for detail in details for ref in detail.structured),
        counterparty=name,
        counterparty_iban=account,
        reversal=entry.reversal,
        return_reason=reason,
        batch=batch,
        entry=draft.entries,
    )


def _day(stated: str, draft: Draft) -> date | None:
    day = iso_date(stated)
    if stated and day is None:
        raise Unreadable(f"entry {draft.entries}: {stated[:40]!r} is not a date")
    return day


def _text(entry: _Entry, details: list[_Detail]) -> str:
    stated = [text for detail in details for text in detail.texts if text != "NOTPROVIDED"]
    text = " ".join(" ".join(stated).split())
    if text:
        return text
    words = [told for detail in details for told in (detail.info, detail.returned_for) if told] or [
        entry.info or ""
    ]
    return " ".join(" ".join(words).split())


def _counterparty(
    details: list[_Detail], amount: Money, own_account: str | None, *, returned: bool
) -> tuple[str | None, str | None]:
    """Who paid us or was paid; a returned payment names the parties of the payment it returns."""
    if len(details) != 1:
        return None, None
    others = (details[0].debtor, details[0].creditor)
    if (amount.minor < 0) != returned:
        others = others[::-1]
    known = [side for side in others if side.name or side.account or side.ultimate]
    theirs = [side for side in known if not side.account or side.account != own_account]
    side = next(iter(theirs or known), _Side())
    return side.name or side.ultimate, side.account


def _the_one(values: Iterable[str | None]) -> str | None:
    found = {value for value in values if value}
    return found.pop() if len(found) == 1 else None


def _entry(element: etree._Element) -> _Entry:
    entry = _Entry()
    for child in element:
        match _local_name(child.tag):
            case "Amt":
                entry.amount, entry.currency = (child.text or "").strip(), child.get("Ccy")
            case "CdtDbtInd":
                entry.direction = _own_text(child)
            case "RvslInd":
                entry.reversal = _own_text(child) in {"true", "1"}
            case "Sts":
                entry.status = _status(child)
            case "BookgDt":
                entry.booked_on = _day_of(child)
            case "ValDt":
                entry.value_on = _day_of(child)
            case "AcctSvcrRef":
                entry.servicer_ref = said(_own_text(child))
            case "NtryRef":
                entry.entry_ref = said(_own_text(child))
            case "NtryDtls":
                entry.details.extend(_detail(each) for each in child if local(each) == "TxDtls")
            case "BkTxCd":
                entry.returned = _is_return(child)
            case "AddtlNtryInf":
                entry.info = _own_text(child)
    return entry


def _is_return(code: etree._Element) -> bool:
    return text_at(code, "Domn", "Fmly", "SubFmlyCd") in _RETURNS


def _status(element: etree._Element) -> str:
    """Up to version 07 a plain text, since then a code; banks mix the two."""
    return _own_text(element) or text_at(element, "Cd") or text_at(element, "Prtry") or "BOOK"


def _detail(element: etree._Element) -> _Detail:
    detail = _Detail()
    for child in element:
        match _local_name(child.tag):
            case "Refs":
                _read_refs(child, detail)
            case "Amt":
                detail.amount, detail.currency = (child.text or "").strip(), child.get("Ccy")
            case "AmtDtls":
                _read_amount(child, detail)
            case "CdtDbtInd":
                detail.direction = _own_text(child)
            case "RltdPties":
                _read_parties(child, detail)
            case "RmtInf":
                _read_remittance(child, detail)
            case "AddtlTxInf":
                detail.info = _own_text(child)
            case "BkTxCd":
                detail.returned = detail.returned or _is_return(child)
            case "RtrInf":
                _read_return(child, detail)
    return detail


def _read_return(element: etree._Element, detail: _Detail) -> None:
    """Some banks tell only in words why a payment came back, and it came back all the same."""
    detail.return_reason = reason_of(element, "Rsn", "RtrRsn")
    words = (_own_text(child) for child in element if local(child) in {"AddtlInf", "AddtlRtrRsnInf"})
    detail.returned_for = " ".join(filter(None, words)) or None
    detail.returned = detail.returned or detail.returned_for is not None


def _read_refs(element: etree._Element, detail: _Detail) -> None:
    for child in element:
        match _local_name(child.tag):
            case "AcctSvcrRef":
                detail.servicer_ref = said(_own_text(child))
            case "EndToEndId":
                detail.end_to_end = _own_text(child)


def _read_amount(element: etree._Element, detail: _Detail) -> None:
    """Old versions state a detail's amount only here; the instructed amount is the payer's.

    That is the only one in some files. Details count only when they add up, so it may stand in.
    """
    for wanted in ("TxAmt", "InstdAmt"):
        for kind in element:
            if local(kind) == wanted and detail.amount is None:
                for amount in kind:
                    if local(amount) == "Amt":
                        detail.amount, detail.currency = (amount.text or "").strip(), amount.get("Ccy")


def _read_parties(element: etree._Element, detail: _Detail) -> None:
    for child in element:
        match _local_name(child.tag):
            case "Dbtr":
                detail.debtor.name = _name(child)
            case "UltmtDbtr":
                detail.debtor.ultimate = _name(child)
            case "DbtrAcct":
                detail.debtor.account = _account(child)
            case "Cdtr":
                detail.creditor.name = _name(child)
            case "UltmtCdtr":
                detail.creditor.ultimate = _name(child)
            case "CdtrAcct":
                detail.creditor.account = _account(child)


def _name(party: etree._Element) -> str | None:
    """Since version 08 the party stands one level deeper, as person or as bank."""
    for child in party:
        match _local_name(child.tag):
            case "Nm":
                return _own_text(child)
            case "Pty" | "Agt" | "FinInstnId":
                return _name(child)
    return None


def _account(account: etree._Element) -> str | None:
    found = text_at(account, "Id", "IBAN") or text_at(account, "Id", "Othr", "Id")
    return "".join(found.split()) if found else None


def _read_remittance(element: etree._Element, detail: _Detail) -> None:
    for child in element:
        match _local_name(child.tag):
            case "Ustrd":
                detail.texts.append(_own_text(child) or "")
            case "Strd":
                detail.structured.extend(_references(child))
                detail.texts.extend(_remarks(child))


def _references(structured: etree._Element) -> Iterator[str]:
    for child in structured:
        reference = text_at(child, "Ref") or text_at(child, "CdtrRef")
        if local(child) == "CdtrRefInf" and reference and said(reference):
            yield reference


def _remarks(structured: etree._Element) -> Iterator[str]:
    """The invoice numbers and remarks that payers put beside a structured reference."""
    for child in structured:
        match _local_name(child.tag):
            case "RfrdDocInf":
                yield text_at(child, "Nb") or ""
            case "AddtlRmtInf":
                yield _own_text(child) or ""


def _day_of(element: etree._Element) -> str:
    """A day or a moment; either way the day stands first in the text."""
    return (_own_text(element[0]) or "") if len(element) else ""


def _own_text(element: etree._Element) -> str | None:
    text = element.text
    return (text.strip() or None) if text else None
