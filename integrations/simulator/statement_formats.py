"""A day on an account as banks tell it: CAMT.053 and 052, MT940, CODA, ING's CSV; pain.002 of an order."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from lxml import etree

from agency.money import Money
from integrations.bankfiles.camt_writer import StatementLine, write_camt053
from integrations.bankfiles.mt940_writer import write_mt940

StatementFormat = Literal["camt053", "camt052", "mt940", "coda", "csv"]
MEDIA_TYPES: Final[Mapping[StatementFormat, tuple[str, str]]] = {
    "camt053": ("application/xml", "xml"),
    "camt052": ("application/xml", "xml"),
    "mt940": ("text/plain", "sta"),
    "coda": ("text/plain", "cod"),
    "csv": ("text/csv", "csv"),
}
_CSV_HEAD: Final = (
    "Datum", "Naam / Omschrijving", "Rekening", "Tegenrekening", "Code", "Af Bij", "Bedrag (EUR)",
    "Mutatiesoort", "Mededelingen", "Saldo na mutatie", "Tag",
)  # fmt: skip
# How much text each of a movement's three CODA records takes.
_CODA_TEXT: Final = (53, 53, 43)
_STATUS_NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"


@dataclass(frozen=True, slots=True)
class DayOnAccount:
    """What a statement of one day says, before it is written in a format."""

    statement_id: str
    account: str
    holder: str
    currency: str
    created_at: datetime
    day: date
    opening: Money
    lines: Sequence[StatementLine]


def write_statement(on: DayOnAccount, *, format: StatementFormat) -> bytes:
    """This function will write a day in a format; what a format cannot carry is left out, as banks do.

    :raises CurrencyMismatch: a line or the opening balance is in another currency.
    """
    match format:
        case "camt053":
            return _camt053(on)
        case "camt052":
            return _camt052(on)
        case "mt940":
            return _mt940(on)
        case "coda":
            return _coda(on)
        case "csv":
            return _csv(on)


def write_pain002(answer: Mapping[str, Any], *, created_at: datetime) -> bytes:
    """This function will write what became of an order: its status, and each payment that was refused.

    :param answer: `message_id`, `status` and `rejected` (each with end_to_end, code and reason).
    """
    document = etree.fromstring(f'<Document xmlns="{_STATUS_NAMESPACE}"/>')
    report = _add(document, "CstmrPmtStsRpt")
    header = _add(report, "GrpHdr")
    _add(header, "MsgId", f"STATUS-{answer['message_id']}"[:35])
    _add(header, "CreDtTm", created_at.replace(microsecond=0).isoformat())
    group = _add(report, "OrgnlGrpInfAndSts")
    _add(group, "OrgnlMsgId", answer["message_id"])
    _add(group, "OrgnlMsgNmId", "pain.001.001.09")
    _add(group, "GrpSts", answer["status"])
    batch = _add(report, "OrgnlPmtInfAndSts")
    _add(batch, "OrgnlPmtInfId", answer["message_id"])
    for refused in answer["rejected"]:
        payment = _add(batch, "TxInfAndSts")
        _add(payment, "OrgnlEndToEndId", refused["end_to_end"])
        _add(payment, "TxSts", "RJCT")
        reason = _add(payment, "StsRsnInf")
        _add(_add(reason, "Rsn"), "Cd", refused["code"])
        _add(reason, "AddtlInf", refused["reason"])
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_STATUS_NAMESPACE}}}{name}")
    element.text = text
    return element


def _camt053(on: DayOnAccount) -> bytes:
    return write_camt053(
        statement_id=on.statement_id,
        account=on.account,
        currency=on.currency,
        created_at=on.created_at,
        from_day=on.day,
        to_day=on.day,
        opening=on.opening,
        lines=on.lines,
        sequence_number=on.day.toordinal(),
    )


def _camt052(on: DayOnAccount) -> bytes:
    """The same movements as a report during the day: other names around them, and a closing for now."""
    content = _camt053(on)
    for statement_word, report_word in (
        (b"camt.053.001.08", b"camt.052.001.08"),
        (b"BkToCstmrStmt", b"BkToCstmrAcctRpt"),
        (b"Stmt>", b"Rpt>"),
        (b"<Cd>CLBD</Cd>", b"<Cd>ITBD</Cd>"),
    ):
        content = content.replace(statement_word, report_word)
    return content


def _mt940(on: DayOnAccount) -> bytes:
    return write_mt940(
        reference=on.statement_id,
        account=on.account,
        currency=on.currency,
        on=on.day,
        opening=on.opening,
        lines=[_worded(line) for line in on.lines],
        sequence_number=on.day.timetuple().tm_yday,
    )


def _worded(line: StatementLine) -> StatementLine:
    """A format without a place for a structured reference carries it as text."""
    return StatementLine(
        amount=line.amount,
        booked_on=line.booked_on,
        bank_ref=line.bank_ref,
        value_on=line.value_on,
        end_to_end=line.end_to_end,
        text=_text(line),
        counterparty=line.counterparty,
        counterparty_iban=line.counterparty_iban,
    )


def _text(line: StatementLine) -> str:
    return " ".join(filter(None, (line.structured_reference, line.text)))


def _csv(on: DayOnAccount) -> bytes:
    rows, balance = [], on.opening
    for line in on.lines:
        balance += line.amount
        who, iban = line.counterparty or "", line.counterparty_iban or ""
        told = f"Naam: {who} Omschrijving: {_text(line)} IBAN: {iban}"
        if line.end_to_end:
            told += f" Kenmerk: {line.end_to_end}"
        rows.append(
            (
                f"{line.booked_on:%Y%m%d}",
                line.counterparty or "",
                on.account,
                line.counterparty_iban or "",
                "OV",
                "Bij" if line.amount.minor >= 0 else "Af",
                _comma(abs(line.amount)),
                "Overschrijving",
                f"{told} Valutadatum: {line.value_on or line.booked_on:%d-%m-%Y}",
                _comma(balance),
                "",
            )
        )
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_CSV_HEAD)
    writer.writerows(reversed(rows))  # the latest first
    return out.getvalue().encode("cp1252", "replace")


def _comma(amount: Money) -> str:
    return str(amount.decimal).replace(".", ",")


def _coda(on: DayOnAccount) -> bytes:
    """CODA 2: a header, the old balance, three records per movement, the new balance and a trailer."""
    account = f"{on.account:<34}{on.currency}"
    closing = on.opening + Money.total((line.amount for line in on.lines), on.currency)
    holder = _ascii(on.holder)[:26]
    records = [
        f"0{'':4}{on.day:%d%m%y}30005{'':8}{'STATEMENT':<10}{holder:<26}{'SIMUNL2A':<11}{'':11} {'':5}".ljust(
            127
        )
        + "2",
        f"13{on.day.timetuple().tm_yday:03d}{account}{_signed(on.opening)}{on.day:%d%m%y}{holder:<26}"
        f"{'TRUST ACCOUNT':<35}001",
    ]
    for number, line in enumerate(on.lines, start=1):
        records += _coda_movement(f"{number:04d}0000", line, on.day)
    records.append(
        f"8{on.day.timetuple().tm_yday:03d}{account}{_signed(closing)}{on.day:%d%m%y}".ljust(127) + "0"
    )
    sums = [
        sum(abs(line.amount.minor) for line in on.lines if (line.amount.minor < 0) is out)
        for out in (True, False)
    ]
    records.append(f"9{'':15}{len(records) - 1:06d}{sums[0] * 10:015d}{sums[1] * 10:015d}".ljust(127) + "2")
    return ("\r\n".join(records) + "\r\n").encode("latin-1")


def _coda_movement(place: str, line: StatementLine, day: date) -> list[str]:
    text, cuts = _ascii(_text(line)).upper().ljust(sum(_CODA_TEXT)), []
    for width in _CODA_TEXT:
        cuts.append(text[:width])
        text = text[width:]
    value = line.value_on or line.booked_on
    name = _ascii(line.counterparty or "")[:35]
    return [
        f"21{place}{line.bank_ref:<21.21}{_signed(line.amount)}{value:%d%m%y}001500000{cuts[0]}{day:%d%m%y}0010".ljust(
            125
        )
        + "1 0",
        f"22{place}{cuts[1]}{line.end_to_end or '':<35.35}".ljust(125) + "1 0",
        f"23{place}{line.counterparty_iban or '':<34}EUR{name:<35}{cuts[2]}".ljust(125) + "0 0",
    ]


def _signed(amount: Money) -> str:
    return f"{'0' if amount.minor >= 0 else '1'}{abs(amount.minor) * 10:015d}"


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace("?", " ")
