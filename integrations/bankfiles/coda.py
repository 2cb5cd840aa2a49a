"""CODA, the coded statement of Belgian banks (Febelfin, versions 1 and 2): records of 128 characters.

A file states its own count of records and its turnover, so a file that was cut off or changed on the way
is told from a true one; a statement whose balances do not tie is read with a warning, as in other formats.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agency.money import Money
from agency.ports.readers import Unreadable
from integrations.amounts import exact_money
from integrations.bankfiles.coda_communication import Communication, read_communication
from integrations.bankfiles.movement import Movement
from integrations.bankfiles.movements import Draft, said

CODA_BYTES_MAX: Final = 200_000_000

_WIDTH: Final = 128
_HEADER = re.compile(r"\s*0[0 ]{4}\d{6}.{3}[0 ][0-9 ].{111}[012 ]\s*(?:[\r\n]+1|$)", re.DOTALL | re.ASCII)
_COUNTED: Final = frozenset("1238")
# The first digit of a transaction's code. A total that the customer (1) or the bank (2) made of several
# payments is followed by those payments (5; 6 and 7; 0 at some banks); the other details (8 of a payment by
# itself, 9 of one in a total) part a payment into its amount and its costs.
_TOTALS: Final = frozenset("12")
_AMOUNT_AND_COSTS: Final = frozenset("89")
# What the structured information records that matter begin with.
_COUNTERPARTY: Final = "001"
_WORDS_OF_THE_BANK: Final = "002"


@dataclass(slots=True)
class _Record:
    """One line of the file; `at` cuts by the positions of the standard, both inclusive and from 1."""

    text: str
    number: int

    def at(self, start: int, end: int) -> str:
        return self.text[start - 1 : end]


@dataclass(slots=True)
class _Told:
    """A movement record with the records that go on with it.

    :param information: what the bank says of it in words.
    :param name: of the counterparty, where only an information record tells it.
    :param in_words: whether the information record that is being read holds words.
    """

    head: _Record
    more: dict[str, _Record] = field(default_factory=dict)
    information: list[str] = field(default_factory=list)
    name: str | None = None
    in_words: bool = True


@dataclass(slots=True)
class _Statement:
    """The records between a header and its trailer."""

    header: _Record
    draft: Draft | None = None
    counted: int = 0
    told: list[_Told] = field(default_factory=list)
    trailer: _Record | None = None


def looks_like_coda(content: bytes) -> bool:
    """This function will tell whether a file begins with the header record of CODA."""
    # Positions are counted in characters, and a name in the header may hold some that are two bytes wide.
    heads = (content[:300].decode(encoding, errors="replace") for encoding in ("utf-8-sig", "latin-1"))
    return any(_HEADER.match(head) for head in heads)


def read_coda(content: bytes) -> list[Draft]:
    """This function will read every statement of a CODA file.

    :raises Unreadable: when the file is cut off, its count of records or its turnover is not what its
        trailer states, or an amount or date in it is unclear.
    """
    if len(content) > CODA_BYTES_MAX:
        raise Unreadable(f"larger than the {CODA_BYTES_MAX // 1_000_000} MB that is read")
    found: list[_Statement] = []
    for record in _records(content):
        _take(record, found)
    if not found or found[-1].trailer is None:
        raise Unreadable("the file is cut off: its last statement has no trailer record")
    drafts = [_checked(statement) for statement in found]
    if found[-1].trailer.at(128, 128) == "1":
        # Some banks write so on every file, hence no refusal: a statement that is lost leaves a gap.
        drafts[-1].warnings.append("the trailer says that another statement follows, and the file ends")
    return drafts


def _records(content: bytes) -> list[_Record]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    text = text.rstrip("\x1a\x00")
    if "\x00" in text:
        raise Unreadable("not a text file: it holds NUL bytes")
    records = []
    # Not splitlines: a form feed or a next-line character may stand inside a text.
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if len(line) > _WIDTH and line[_WIDTH:].strip():
            raise Unreadable(f"record {number}: longer than {_WIDTH} characters")
        if line.strip():
            # Some systems take the blanks off the end; a record whose last position matters is not short.
            records.append(_Record(line.ljust(_WIDTH), number))
    return records


def _take(record: _Record, found: list[_Statement]) -> None:
    kind = record.at(1, 1)
    if kind == "0":
        if found and found[-1].trailer is None:
            raise Unreadable(f"record {record.number}: a statement begins before the one before it ends")
        found.append(_Statement(record))
        return
    if not found or found[-1].trailer is not None:
        raise Unreadable(f"record {record.number}: stands outside a statement")
    statement = found[-1]
    statement.counted += kind in _COUNTED
    match kind:
        case "1":
            statement.draft = _opened(record, statement.header)
        case "2" | "3":
            _take_movement(record, statement)
        case "4":
            pass  # a message from the bank to its customer
        case "8":
            draft = _draft_of(statement)
            draft.closing = _signed(record, 42, 43, draft.currency)
            draft.closes_on = _day(record, 58)
        case "9":
            statement.trailer = record
        case _:
            raise Unreadable(f"record {record.number}: unknown record type {kind!r}")


def _draft_of(statement: _Statement) -> Draft:
    if statement.draft is None:
        raise Unreadable(f"record {statement.header.number}: no old balance after this header")
    return statement.draft


def _opened(record: _Record, header: _Record) -> Draft:
    """Structure 0 is a Belgian account number, 2 a Belgian IBAN, 1 and 3 the same of other countries."""
    structure = record.at(2, 2)
    belgian_number = structure in {"0", " "}
    account = record.at(6, 17) if belgian_number else record.at(6, 36 if structure == "2" else 39)
    currency = record.at(19, 21) if belgian_number else record.at(40, 42)
    created_on = _day(header, 6)
    draft = Draft(
        kind="statement",
        format=f"CODA {header.at(128, 128)}".strip(),
        id=header.at(25, 34).strip() or None,
        number=record.at(126, 128).strip() or record.at(3, 5).strip() or None,
        account="".join(account.split()) or None,
        currency=currency.strip() or None,
        opens_on=_day(record, 59),
        dated_on=created_on,
    )
    draft.opening = _signed(record, 43, 44, draft.currency)
    return draft


def _take_movement(record: _Record, statement: _Statement) -> None:
    _draft_of(statement)
    article, place = record.at(2, 2), record.at(3, 10)
    if record.at(1, 2) == "21":
        statement.told.append(_Told(record))
        return
    if not statement.told or statement.told[-1].head.at(3, 6) != place[:4]:
        raise Unreadable(f"record {record.number}: goes on with a movement that is not there")
    told = statement.told[-1]
    if record.at(1, 1) == "3":
        _take_information(record, told)
    else:
        told.more[article] = record


def _take_information(record: _Record, told: _Told) -> None:
    """Articles 2 and 3 go on with article 1, which says whether they are words or parts of a structure."""
    article, words = record.at(2, 2), record.at(11, 100)
    if article == "1":
        kind = record.at(41, 43) if record.at(40, 40) == "1" else None
        told.in_words = kind in {None, _WORDS_OF_THE_BANK}
        if kind == _COUNTERPARTY:
            told.name = record.at(44, 113).strip() or told.name
        words = record.at(44 if kind else 41, 113)
    elif article == "2":
        words = record.at(11, 115)
    if told.in_words:
        told.information.append(words)


def _checked(statement: _Statement) -> Draft:
    """Hold a statement against its trailer: the count of its records, and what went out and came in."""
    draft, trailer = _draft_of(statement), statement.trailer
    assert trailer is not None, "only whole statements are checked"
    if trailer.at(128, 128) not in {"1", "2"}:
        raise Unreadable("the file is cut off in its trailer record")
    stated = trailer.at(17, 22)
    if not stated.isdigit() or int(stated) != statement.counted:
        raise Unreadable(
            f"record {trailer.number}: the trailer counts {stated.strip()} records,"
            f" the statement holds {statement.counted}"
        )
    if draft.closing is None and statement.told:
        raise Unreadable(f"record {trailer.number}: the statement has movements and no new balance")
    _add_movements(statement, draft)
    _compare_turnover(statement, draft, trailer)
    return draft


def _compare_turnover(statement: _Statement, draft: Draft, trailer: _Record) -> None:
    top = [_amount_of(told, draft) for told in statement.told if told.head.at(7, 10) == "0000"]
    sums = {
        "debit": (sum(-each.minor for each in top if each.minor < 0), trailer.at(23, 37)),
        "credit": (sum(each.minor for each in top if each.minor > 0), trailer.at(38, 52)),
    }
    for word, (found, stated) in sums.items():
        claimed = _plain(stated, draft.currency, trailer)
        if claimed.minor != found:
            raise Unreadable(
                f"record {trailer.number}: the trailer says {claimed.decimal} {word},"
                f" the movements make {Money(found, claimed.currency).decimal}"
            )


def _add_movements(statement: _Statement, draft: Draft) -> None:
    position = 0
    while position < len(statement.told):
        top = statement.told[position]
        if top.head.at(7, 10) != "0000":
            raise Unreadable(f"record {top.head.number}: a detail without the movement it is part of")
        end = position + 1
        while end < len(statement.told) and statement.told[end].head.at(3, 6) == top.head.at(3, 6):
            end += 1
        draft.entries += 1
        draft.movements.extend(_movements(top, statement.told[position + 1 : end], draft))
        position = end


def _movements(top: _Told, details: list[_Told], draft: Draft) -> list[Movement]:
    whole, parts = _amount_of(top, draft), _parts(top, details)
    if parts:
        if Money.total([_amount_of(each, draft) for each in parts], whole.currency) == whole:
            return [_movement(each, draft, top=top, batch=len(parts) > 1) for each in parts]
        draft.warnings.append(
            f"the details of movement {top.head.at(3, 6)} do not add up to its {whole.decimal};"
            " it is kept whole"
        )
    return [_movement(top, draft, top=top, details=details)]


def _parts(top: _Told, details: list[_Told]) -> list[_Told]:
    """The payments that a total is made of, none where it is one payment."""
    if top.head.at(54, 54) not in _TOTALS:
        return []
    return [each for each in details if each.head.at(54, 54) not in _AMOUNT_AND_COSTS]


def _movement(
    told: _Told, draft: Draft, *, top: _Told, details: list[_Told] | None = None, batch: bool = False
) -> Movement:
    said_about = _communication(told)
    if not said_about.reference:
        # The structured reference of a payment with costs stands with the detail that is the payment.
        said_about = next((each for each in map(_communication, details or []) if each.reference), said_about)
    third = told.more.get("3") or top.more.get("3")
    second = told.more.get("2")
    bank_ref = said(told.head.at(11, 31).strip())
    return Movement(
        amount=_amount_of(told, draft),
        booked_on=_day(told.head, 116) or _day(top.head, 116),
        value_on=_day(told.head, 48) or _day(top.head, 48),
        servicer_ref=bank_ref,
        bank_ref=bank_ref,
        end_to_end=_stated(second.at(64, 98)) if second else None,
        text=said_about.text or _communication(told).text,
        structured_references=(said_about.reference,) if said_about.reference else (),
        counterparty=(third.at(48, 82).strip() if third else "") or told.name or top.name,
        counterparty_iban=_stated(third.at(11, 44).partition("  ")[0].replace(" ", "")) if third else None,
        reversal=said_about.return_reason is not None,
        return_reason=said_about.return_reason,
        batch=batch,
        entry=draft.entries,
    )


def _stated(text: str) -> str | None:
    """Zeros fill a field that is not used."""
    return said(text.strip()) if text.strip("0 ") else None


def _communication(told: _Told) -> Communication:
    second, third = told.more.get("2"), told.more.get("3")
    text = told.head.at(63, 115)
    text += second.at(11, 63) if second else ""
    text += third.at(83, 125) if third else ""
    reason = second.at(113, 117) if second else ""
    return read_communication(
        text, structured=told.head.at(62, 62) == "1", information=told.information, reason=reason
    )


def _amount_of(told: _Told, draft: Draft) -> Money:
    return _signed(told.head, 32, 33, draft.currency)


def _signed(record: _Record, sign_at: int, amount_at: int, currency: str | None) -> Money:
    """Twelve digits and three decimals behind a sign of 0 (credit) or 1 (debit)."""
    sign = record.at(sign_at, sign_at)
    amount = _plain(record.at(amount_at, amount_at + 14), currency, record)
    if sign not in {"0", "1"}:
        raise Unreadable(f"record {record.number}: neither credit nor debit")
    return -amount if sign == "1" else amount


def _plain(digits: str, currency: str | None, record: _Record) -> Money:
    if not (digits.isascii() and digits.isdigit()):
        raise Unreadable(f"record {record.number}: the amount {digits.strip()!r} cannot be read")
    if currency is None:
        raise Unreadable(f"record {record.number}: the account has no currency")
    return exact_money(f"{digits[:12]}.{digits[12:]}", currency, at=f"record {record.number}")


def _day(record: _Record, at: int) -> date | None:
    """Six digits, day first; zeros or blanks where the bank does not know it."""
    stated = record.at(at, at + 5)
    if not stated.strip("0 "):
        return None
    if not (stated.isascii() and stated.isdigit()):
        raise Unreadable(f"record {record.number}: {stated!r} is not a date")
    day, month, year = int(stated[:2]), int(stated[2:4]), int(stated[4:])
    try:
        return date(year + (2000 if year < 80 else 1900), month, day)
    except ValueError:
        raise Unreadable(f"record {record.number}: {stated} is not a date") from None
