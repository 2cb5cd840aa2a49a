"""Bank files into the books: each line once, however often and in whatever file it is delivered.

A line is booked bank against suspense the moment it is read, so that the ledger's bank account equals the
bank's before anybody knows whose money it is. It is booked today, in the open month, with the bank's value
date kept.

Only statements book. An intraday report (camt.052, MT942) tells of the same movements before the day's
statement does, with shorter texts and sometimes numbers of its own, and may take an entry back; so it is
kept to be looked at and books nothing: the statement that follows cannot double it. A notification
(camt.054) is kept likewise, and where it details a collective entry that a statement booked as one sum, the
details take that sum's place.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from agency.banking.collective import explain_from_notices, split_line
from agency.banking.known_lines import Sorted, sort_statement
from agency.banking.line_booking import insert_lines
from agency.banking.notices import keep_notice
from agency.events import StatementImported
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import single
from agency.kernel.statistics import refresh_ledger_statistics
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, post, reverse
from agency.money import Money
from agency.ports.readers import BankFileReader, Unreadable
from agency.ports.readers import BankStatement as ReadStatement

OPENING_KIND = "bank_opening"
LOCAL_NUMBER_MIN = 7
_EARLIEST = date(1990, 1, 1)
_AHEAD_MAX = timedelta(days=366)

# MT940 may put the bank before the number: its code in Germany, its BIC or name elsewhere.
_GERMAN = re.compile(r"(?P<bank>\d{8})/(?P<number>\d{1,10})(?:EUR)?", re.ASCII)
_BANK_BEFORE = re.compile(r"^(?:[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?|[A-Z]+)/", re.ASCII)


class UnableToImport(Invalid):
    """The file is refused as a whole; nothing of it was used."""


@dataclass(frozen=True, slots=True)
class ImportedStatement:
    """What one statement of a file brought; a report or notification (`kind`) never brings lines."""

    statement_id: UUID
    name: str
    lines: int
    new_lines: int
    opening: Money | None
    closing: Money | None
    warnings: tuple[str, ...]
    known: bool
    kind: str = "statement"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file brought; `repeated` when these very bytes were imported before, `left_out` the accounts in
    it that are not the trust account, of which nothing was taken in."""

    statements: tuple[ImportedStatement, ...]
    repeated: bool
    left_out: tuple[str, ...] = ()

    @property
    def new_lines(self) -> int:
        """How many lines were not known yet."""
        return sum(statement.new_lines for statement in self.statements)


@dataclass(slots=True)
class _File:
    """What an import knows while it runs: within one file, no line stands twice for the same movement."""

    iban: str
    sha256: str
    used: set[UUID] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def import_statements(unit: Unit, *, content: bytes, reader: BankFileReader, iban: str) -> ImportResult:
    """This function will import every statement of the trust account that a bank file holds. Those of other
    accounts, which a bank may write into the same file, are left out as a whole and named.

    :param iban: the trust account; the file is refused when none of its statements is of it.
    :raises UnableToImport: unreadable, or only of other accounts; says never whose.
    :raises AlreadyRunning: another import runs at this moment.
    """
    unit.allow_long_statements()
    single(unit, "banking.import", iban)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        read = reader(content)
    except Unreadable as unreadable:
        raise UnableToImport(unreadable.reason, field="file") from unreadable
    del content  # a large file is let go before its lines are written
    _refuse_hollow(read)
    ours, left_out = _of_ours(read, iban)
    _refuse_other_times(ours, unit.today)
    repeated = _imported_before(unit, sha256)
    ordered = sorted(ours, key=lambda statement: (statement.closes_on is not None, statement.closes_on or 0))
    file = _File(iban, sha256)
    statements = tuple(_import_one(unit, statement, file) for statement in ordered)
    refresh_ledger_statistics(unit, written=sum(one.new_lines for one in statements))
    record(
        unit,
        action="statement.imported",
        subject=f"file:{sha256}",
        facts={"statements": len(statements), "lines": sum(one.new_lines for one in statements)}
        | ({"left_out": len(read) - len(ours)} if left_out else {}),
    )
    return ImportResult(statements, repeated, left_out)


def _of_ours(statements: Sequence[ReadStatement], iban: str) -> tuple[list[ReadStatement], tuple[str, ...]]:
    """The statements of the trust account, and the other accounts in the file by their numbers.

    One that names no account may be of any, so then nothing of the file is believed.
    """
    if not all(statement.account for statement in statements):
        raise UnableToImport("a statement in this file does not say of which account it is", field="file")
    ours = [statement for statement in statements if _is_of(statement, iban)]
    if not ours:
        raise UnableToImport("this file is not of the trust account", field="file")
    others = (statement.account or "" for statement in statements if not _is_of(statement, iban))
    return ours, tuple(dict.fromkeys(others))


def _refuse_hollow(statements: Sequence[ReadStatement]) -> None:
    """Only a file that was cut off behind a statement's heading tells nothing at all of its day."""
    if not statements:
        raise UnableToImport("the file holds no statement", field="file")
    for read in statements:
        if read.kind == "statement" and read.opening is None and read.closing is None and not read.lines:
            raise UnableToImport(
                "the file is cut off: a statement in it has neither balances nor entries", field="file"
            )


def _refuse_other_times(statements: Sequence[ReadStatement], today: date) -> None:
    """What is booked stays in the books, so a slip in a year would set every balance of its day wrong."""
    latest = today + _AHEAD_MAX
    for statement in statements:
        days = statement.booked_days | statement.value_days
        for day in sorted(days | ({statement.closes_on} if statement.closes_on else set())):
            if not _EARLIEST <= day <= latest:
                raise UnableToImport(f"the day {day} cannot be that of a bank's movement", field="file")


def _is_of(statement: ReadStatement, iban: str) -> bool:
    stated = (statement.account or "").upper()
    german = _GERMAN.fullmatch(stated)
    if german and iban == f"{iban[:4]}{german['bank']}{german['number']:0>10}":
        return True
    account = "".join(filter(str.isalnum, _BANK_BEFORE.sub("", stated)))
    # Some banks write the currency behind the account.
    account = account.removesuffix(statement.currency or "EUR")
    if account == iban:
        return True
    # Older formats give the national number alone; the IBAN ends in it.
    national = account.lstrip("0")
    return (
        national.isdigit()
        and len(national) >= LOCAL_NUMBER_MIN
        and iban[4:].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ0") == national
    )


def _imported_before(unit: Unit, sha256: str) -> bool:
    found = unit.session.connection().execute(
        text(
            "SELECT EXISTS (SELECT FROM bank_statement WHERE file_sha256 = :sha)"
            " OR EXISTS (SELECT FROM bank_notice WHERE file_sha256 = :sha)"
        ),
        {"sha": sha256},
    )
    return bool(found.scalar_one())


def _import_one(unit: Unit, read: ReadStatement, file: _File) -> ImportedStatement:
    if read.kind != "statement":
        return _import_notice(unit, read, file)
    known_as = _known_statement(unit, read, file.iban)
    if known_as is not None:
        return _imported(read, known_as, 0, _chain_warnings(unit, read, file.iban, known_as), known=True)
    sorted_out = sort_statement(unit, read, iban=file.iban, used=file.used)
    if sorted_out.same_as is not None:
        warnings = _chain_warnings(unit, read, file.iban, sorted_out.same_as)
        return _imported(read, sorted_out.same_as, 0, warnings, known=True)
    statement_id = _statement_row(unit, read, file)
    new = _book(unit, read, sorted_out, statement_id, file)
    _book_opening(unit, file.iban)
    warnings = _chain_warnings(unit, read, file.iban, statement_id)
    unit.session.connection().execute(
        text("UPDATE bank_statement SET warnings = CAST(:w AS jsonb) WHERE id = :id"),
        {"w": json.dumps(warnings), "id": statement_id},
    )
    emit(unit, StatementImported(creditor_id=HOUSE, statement_id=statement_id, lines=new))
    return _imported(read, statement_id, new, warnings, known=False)


def _book(unit: Unit, read: ReadStatement, sorted_out: Sorted, statement_id: UUID, file: _File) -> int:
    new = insert_lines(
        unit,
        read,
        positions=sorted_out.new,
        statement_id=statement_id,
        iban=file.iban,
        taken=file.keys | sorted_out.taken,
    )
    file.keys |= new.keys
    for line_id, positions in sorted_out.parts.items():
        split_line(unit, line_id=line_id, parts=[read.lines[at] for at in positions], why="statement")
    explain_from_notices(unit, iban=file.iban, days=read.booked_days)
    return new.lines


def _import_notice(unit: Unit, read: ReadStatement, file: _File) -> ImportedStatement:
    notice_id, known = keep_notice(unit, read, iban=file.iban, sha256=file.sha256)
    explained = explain_from_notices(unit, iban=file.iban, days=read.booked_days)
    what = "a notification" if read.kind == "notification" else "an intraday report"
    warnings = [*read.warnings, f"{what}: it books nothing, the day's statement does"]
    if explained:
        warnings.append(f"it explained {explained} collective entries that were booked as one sum")
    return ImportedStatement(
        notice_id,
        read.number or read.id or read.key[:12],
        len(read.lines),
        0,
        read.opening,
        read.closing,
        tuple(warnings),
        known,
        read.kind,
    )


def _imported(
    read: ReadStatement, statement_id: UUID, new: int, warnings: Sequence[str], *, known: bool
) -> ImportedStatement:
    return ImportedStatement(
        statement_id,
        read.number or read.id or read.key[:12],
        len(read.lines),
        new,
        read.opening,
        read.closing,
        tuple(warnings),
        known,
    )


def _known_statement(unit: Unit, read: ReadStatement, iban: str) -> UUID | None:
    found = unit.session.connection().execute(
        text("SELECT id FROM bank_statement WHERE iban = :iban AND statement_id = :key"),
        {"iban": iban, "key": read.key},
    )
    return found.scalar_one_or_none()


def _statement_row(unit: Unit, read: ReadStatement, file: _File) -> UUID:
    statement_id = new_id()
    unit.session.connection().execute(
        text(
            "INSERT INTO bank_statement (id, iban, statement_id, name, format, currency, opening_minor,"
            " closing_minor, opens_on, closes_on, lines, file_sha256, warnings, imported_at, imported_by)"
            " VALUES (:id, :iban, :key, :name, :format, :currency, :opening, :closing, :opens_on, :closes_on,"
            " :lines, :sha, '[]', :now, :by)"
        ),
        {
            "id": statement_id,
            "iban": file.iban,
            "key": read.key,
            "name": read.number or read.id or "",
            "format": read.format,
            "currency": read.net.currency,
            "opening": read.opening.minor if read.opening is not None else None,
            "closing": read.closing.minor if read.closing is not None else None,
            "opens_on": read.opens_on,
            "closes_on": read.closes_on,
            "lines": len(read.lines),
            "sha": file.sha256,
            "now": unit.now,
            "by": unit.by,
        },
    )
    return statement_id


def _book_opening(unit: Unit, iban: str) -> None:
    """Book what stood on the account before the earliest statement we have; it waits in suspense too.

    A day's pages come in any order: the one that no other of that day leads to is the first of them.
    """
    earliest = unit.session.connection().execute(
        text(
            "WITH dated AS (SELECT *, coalesce(closes_on, CAST(imported_at AS date)) AS day"
            "  FROM bank_statement WHERE iban = :iban AND opening_minor IS NOT NULL),"
            " first_day AS (SELECT * FROM dated WHERE day = (SELECT min(day) FROM dated))"
            " SELECT s.id, s.opening_minor, s.currency, coalesce(s.opens_on, s.day) AS on_ FROM first_day s"
            " ORDER BY EXISTS (SELECT FROM first_day p WHERE p.id <> s.id AND p.currency = s.currency"
            "  AND p.closing_minor = s.opening_minor AND p.closing_minor <> p.opening_minor),"
            " s.imported_at, s.id LIMIT 1"
        ),
        {"iban": iban},
    )
    first = earliest.one_or_none()
    if first is None:
        return
    standing = unit.session.connection().execute(
        text(
            "SELECT t.id, t.source_key FROM ledger_transaction t WHERE t.creditor_id = :house"
            " AND t.kind = :kind AND NOT EXISTS (SELECT FROM ledger_transaction r"
            "  WHERE r.creditor_id = t.creditor_id AND r.reverses_id = t.id)"
        ),
        {"house": HOUSE, "kind": OPENING_KIND},
    )
    for transaction in standing.all():
        if transaction.source_key == str(first.id):
            return
        reverse(
            unit,
            creditor_id=HOUSE,
            transaction_id=transaction.id,
            source_key=transaction.source_key,
            why="an earlier statement was imported",
        )
    if first.opening_minor:
        amount = Money(first.opening_minor, first.currency)
        post(
            unit,
            creditor_id=HOUSE,
            book=Book.TRUST,
            kind=OPENING_KIND,
            source_key=str(first.id),
            legs=[Leg("trust.bank", amount), Leg("trust.suspense", -amount)],
            effective_on=first.on_,
            memo="balance before the first statement",
        )


def _chain_warnings(unit: Unit, read: ReadStatement, iban: str, statement_id: UUID) -> list[str]:
    """What does not tie: within the statement, with the one before it and with the one behind it."""
    warnings = list(read.warnings)
    if read.balances is False:
        warnings.append("opening balance plus entries is not the closing balance")
    if read.closes_on is None or read.opening is None:
        return warnings
    begins = min(read.booked_days, default=read.closes_on)
    values = {"iban": iban, "id": statement_id, "currency": read.opening.currency}
    before = unit.session.connection().execute(
        text(
            "SELECT closing_minor FROM bank_statement WHERE iban = :iban AND id <> :id"
            " AND currency = :currency AND closing_minor IS NOT NULL"
            " AND (closes_on < :begins OR (closes_on <= :closes AND closing_minor = :opening))"
            " ORDER BY closing_minor = :opening AND closes_on >= :begins DESC, closes_on DESC,"
            " closing_minor = :opening DESC, imported_at DESC LIMIT 1"
        ),
        values | {"begins": begins, "closes": read.closes_on, "opening": read.opening.minor},
    )
    closed = before.scalar_one_or_none()
    if closed is not None and closed != read.opening.minor:
        closing = Money(closed, read.opening.currency)
        warnings.append(f"the statement before it closed at {closing}, this one opens at {read.opening}")
    return warnings
