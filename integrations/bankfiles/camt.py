"""ISO 20022 account reports: camt.052, camt.053 and camt.054, any version.

Read leniently: banks send files that their own schema refuses, and a movement on the account is a fact
all the same. Only what would make an amount or its direction a guess is refused.
"""

import re
from datetime import date
from typing import Final, Literal

from lxml import etree

from agency.money import Money
from agency.ports.readers import Unreadable
from integrations import untrusted_xml
from integrations.amounts import exact_money, iso_date
from integrations.bankfiles.camt_entries import local, movements_of, text_at
from integrations.bankfiles.movements import Draft

CAMT_BYTES_MAX: Final = 1_000_000_000

_Kind = Literal["statement", "report", "notification"]

_REPORTS: Final[dict[str, tuple[_Kind, str]]] = {
    "Stmt": ("statement", "camt.053"),
    "Rpt": ("report", "camt.052"),
    "Ntfctn": ("notification", "camt.054"),
}
# The first version of a message has its number in its name.
_MESSAGES: Final = frozenset(
    name + version
    for name in ("BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn")
    for version in ("", "V01")
)
_ISO_MESSAGE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}\.\d{3}\.\d{2})")


def read_camt(content: bytes) -> list[Draft]:
    """This function will read every statement, report and notification of a camt file.

    :raises Unreadable: when the file is cut off, holds no report, or leaves an amount or its direction open.
    """
    drafts: list[Draft] = []
    current: Draft | None = None
    dated_on: date | None = None
    tags = [f"{{*}}{name}" for name in ("GrpHdr", "Ntry", *_REPORTS)]
    for element in untrusted_xml.stream(content, tags=tags, max_bytes=CAMT_BYTES_MAX):
        name, parent = local(element), element.getparent()
        if parent is None:
            continue
        if name == "Ntry" and local(parent) in _REPORTS:
            current = current or _opened(parent)
            _add_entry(element, current)
            _forget(element, parent)
        elif name in _REPORTS and local(parent) in _MESSAGES:
            drafts.append(_closed(element, current or _opened(element), dated_on))
            current = None
            del element[:]
        elif name == "GrpHdr" and local(parent) in _MESSAGES:
            dated_on = iso_date(text_at(element, "CreDtTm") or "")
            current = None
    if not drafts:
        raise Unreadable(_what_it_is(content))
    return drafts


def _what_it_is(content: bytes) -> str:
    root = untrusted_xml.root_name(content, max_bytes=CAMT_BYTES_MAX)
    message = _ISO_MESSAGE.fullmatch(root.namespace)
    if message and message[1].startswith(("camt.052", "camt.053", "camt.054")):
        return f"the {message[1]} holds no statement, report or notification"
    name = message[1] if message else " ".join(filter(None, (root.local, root.namespace[:80])))
    return f"neither e-invoice nor bank statement: the document is a {name}"


def _forget(entry: etree._Element, parent: etree._Element) -> None:
    """Keeps memory flat. The entry itself may not be removed while the parser still stands behind it."""
    del entry[:]
    previous = entry.getprevious()
    if previous is not None and local(previous) == "Ntry":
        parent.remove(previous)


def _opened(report: etree._Element) -> Draft:
    kind, message = _REPORTS[local(report)]
    namespace = untrusted_xml.name_of(report).namespace
    version = _ISO_MESSAGE.fullmatch(namespace)
    if namespace and not (version and version[1].startswith("camt.05")):
        raise Unreadable(f"not a known bank file: its namespace is {namespace[:80]}")
    account = text_at(report, "Acct", "Id", "IBAN") or text_at(report, "Acct", "Id", "Othr", "Id")
    return Draft(
        kind=kind,
        format=version[1] if version else message,
        account="".join(account.split()) if account else None,
        currency=text_at(report, "Acct", "Ccy"),
    )


def _add_entry(entry: etree._Element, draft: Draft) -> None:
    draft.entries += 1
    draft.movements.extend(movements_of(entry, draft))


def _closed(report: etree._Element, draft: Draft, dated_on: date | None) -> Draft:
    draft.id = text_at(report, "Id")
    draft.number = text_at(report, "LglSeqNb") or text_at(report, "ElctrncSeqNb")
    draft.dated_on = iso_date(text_at(report, "CreDtTm") or "") or dated_on
    _add_balances(report, draft)
    if draft.closes_on is None:
        draft.closes_on = iso_date(text_at(report, "FrToDt", "ToDtTm") or "")
    if draft.pending:
        draft.warnings.append(f"{draft.pending} entries are not booked and are left out")
    _compare_with_summary(report, draft)
    draft.doubt_missing_balances()
    return draft


def _add_balances(report: etree._Element, draft: Draft) -> None:
    """Opening is OPBD or, where a bank gives only that, yesterday's close; interim balances close nothing.

    A statement of several days may open and close each of them.
    """
    found: dict[str, list[tuple[Money, date | None]]] = {}
    for balance in report:
        if local(balance) == "Bal":
            code, stated, on = _balance(balance, draft)
            if code and stated is not None:
                found.setdefault(code, []).append((stated, on))
    opening = found.get("OPBD") or found.get("PRCD")
    closing = found.get("CLBD")
    if opening:
        draft.opening, draft.opens_on = min(opening, key=lambda each: each[1] or date.max)
    if closing:
        draft.closing, draft.closes_on = max(closing, key=lambda each: each[1] or date.min)


def _balance(balance: etree._Element, draft: Draft) -> tuple[str | None, Money | None, date | None]:
    code = text_at(balance, "Tp", "CdOrPrtry", "Cd")
    if code not in {"OPBD", "PRCD", "CLBD"}:
        return None, None, None
    amount = next((child for child in balance if local(child) == "Amt"), None)
    currency = draft.currency or (None if amount is None else amount.get("Ccy"))
    if amount is None or currency is None:
        draft.warnings.append(f"balance {code} has no amount or no currency")
        return None, None, None
    if amount.get("Ccy", currency) != currency:
        # A balance is kept in the account's currency by definition: the label is wrong, the figure stands.
        draft.warnings.append(f"balance {code} is marked {amount.get('Ccy')}, the account is in {currency}")
    draft.currency = currency
    stated = exact_money((amount.text or "").strip(), currency, at=f"balance {code}")
    direction = text_at(balance, "CdtDbtInd")
    if direction is None:
        draft.warnings.append(f"balance {code} says neither credit nor debit; read as it stands")
    on = text_at(balance, "Dt", "Dt") or text_at(balance, "Dt", "DtTm") or ""
    return code, -abs(stated) if direction == "DBIT" else stated, iso_date(on)


def _compare_with_summary(report: etree._Element, draft: Draft) -> None:
    stated = text_at(report, "TxsSummry", "TtlNtries", "NbOfNtries")
    if stated and stated.isdigit() and int(stated) != draft.entries:
        draft.warnings.append(f"the summary counts {stated} entries, the file holds {draft.entries}")
