"""Writes camt.053.001.08, so that a simulated bank can answer with what a real one sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lxml import etree

from agency.money import Money

_NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"

# A SEPA payment carries no more than this.
_TEXT_MAX: Final = 140


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booked movement to put on a statement; `amount` is signed, positive came in."""

    amount: Money
    booked_on: date
    bank_ref: str
    value_on: date | None = None
    end_to_end: str | None = None
    text: str = ""
    structured_reference: str | None = None
    counterparty: str | None = None
    counterparty_iban: str | None = None
    reversal: bool = False
    return_reason: str | None = None


def write_camt053(
    *,
    statement_id: str,
    account: str,
    currency: str,
    created_at: datetime,
    from_day: date,
    to_day: date,
    opening: Money,
    lines: Sequence[StatementLine],
    sequence_number: int | None = None,
) -> bytes:
    """This function will write one statement of one account; the closing balance follows from the lines.

    :raises CurrencyMismatch: when a line or the opening balance is in another currency.
    :raises ValueError: when a text holds a character XML cannot carry.
    """
    closing = opening + Money.total((line.amount for line in lines), currency)
    created = created_at.replace(microsecond=0).isoformat()
    document = etree.fromstring(f'<Document xmlns="{_NAMESPACE}"/>')
    message = _add(document, "BkToCstmrStmt")
    header = _add(message, "GrpHdr")
    _add(header, "MsgId", statement_id)
    _add(header, "CreDtTm", created)
    statement = _add(message, "Stmt")
    _add(statement, "Id", statement_id)
    if sequence_number is not None:
        _add(statement, "ElctrncSeqNb", str(sequence_number))
    _add(statement, "CreDtTm", created)
    period = _add(statement, "FrToDt")
    _add(period, "FrDtTm", f"{from_day.isoformat()}T00:00:00")
    _add(period, "ToDtTm", f"{to_day.isoformat()}T23:59:59")
    own = _add(statement, "Acct")
    _add(_add(own, "Id"), "IBAN", account)
    _add(own, "Ccy", currency)
    _add_balance(statement, "OPBD", opening, from_day)
    _add_balance(statement, "CLBD", closing, to_day)
    for line in lines:
        _add_entry(statement, line)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    element.text = text
    return element


def _add_amount(parent: etree._Element, amount: Money) -> None:
    """The figure carries no sign; the mark beside it says which way the money went."""
    _add(parent, "Amt", str(abs(amount).decimal)).set("Ccy", amount.currency)
    _add(parent, "CdtDbtInd", "DBIT" if amount.minor < 0 else "CRDT")


def _add_balance(statement: etree._Element, code: str, amount: Money, on: date) -> None:
    balance = _add(statement, "Bal")
    _add(_add(_add(balance, "Tp"), "CdOrPrtry"), "Cd", code)
    _add_amount(balance, amount)
    _add(_add(balance, "Dt"), "Dt", on.isoformat())


def _add_entry(statement: etree._Element, line: StatementLine) -> None:
    entry = _add(statement, "Ntry")
    _add_amount(entry, line.amount)
    if line.reversal:
        _add(entry, "RvslInd", "true")
    _add(_add(entry, "Sts"), "Cd", "BOOK")
    _add(_add(entry, "BookgDt"), "Dt", line.booked_on.isoformat())
    _add(_add(entry, "ValDt"), "Dt", (line.value_on or line.booked_on).isoformat())
    _add(entry, "AcctSvcrRef", line.bank_ref)
    domain = _add(_add(entry, "BkTxCd"), "Domn")
    _add(domain, "Cd", "PMNT")
    family = _add(domain, "Fmly")
    _add(family, "Cd", "ICDT" if line.amount.minor < 0 else "RCDT")
    _add(family, "SubFmlyCd", "ESCT")
    _add_details(_add(_add(entry, "NtryDtls"), "TxDtls"), line)


def _add_details(details: etree._Element, line: StatementLine) -> None:
    _add(_add(details, "Refs"), "EndToEndId", line.end_to_end or "NOTPROVIDED")
    _add_amount(details, line.amount)
    _add_counterparty(details, line)
    if line.text or line.structured_reference:
        remittance = _add(details, "RmtInf")
        if line.text:
            _add(remittance, "Ustrd", line.text[:_TEXT_MAX])
        if line.structured_reference:
            reference = _add(_add(remittance, "Strd"), "CdtrRefInf")
            _add(_add(_add(reference, "Tp"), "CdOrPrtry"), "Cd", "SCOR")
            _add(reference, "Ref", line.structured_reference)
    if line.return_reason:
        _add(_add(_add(details, "RtrInf"), "Rsn"), "Cd", line.return_reason)


def _add_counterparty(details: etree._Element, line: StatementLine) -> None:
    """A returned payment names the parties as the payment it returns did."""
    if not line.counterparty and not line.counterparty_iban:
        return
    role = "Dbtr" if (line.amount.minor >= 0) != line.reversal else "Cdtr"
    parties = _add(details, "RltdPties")
    if line.counterparty:
        _add(_add(_add(parties, role), "Pty"), "Nm", line.counterparty)
    if line.counterparty_iban:
        _add(_add(_add(parties, f"{role}Acct"), "Id"), "IBAN", line.counterparty_iban)
