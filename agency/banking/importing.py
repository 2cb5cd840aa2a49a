"""Bank files into the books: each line once, however often and in whatever file it is delivered.

A line is booked bank against suspense the moment it is read, so that the ledger's bank account equals the
bank's before anybody knows whose money it is.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from agency.events import StatementImported
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.locks import single
from agency.kernel.unit import Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, post, reverse
from agency.money import Money
from agency.ports.readers import BankFileReader, Unreadable
from agency.ports.readers import BankStatement as ReadStatement

LINES_PER_INSERT = 5_000
LINE_KIND = "bank_line"
OPENING_KIND = "bank_opening"


class UnableToImport(Invalid):
    """The file is refused as a whole; nothing of it was used."""


@dataclass(frozen=True, slots=True)
class ImportedStatement:
    """What one statement of a file brought."""

    statement_id: UUID
    name: str
    lines: int
    new_lines: int
    opening: Money | None
    closing: Money | None
    warnings: tuple[str, ...]
    known: bool


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file brought; `repeated` when these very bytes were imported before."""

    statements: tuple[ImportedStatement, ...]
    repeated: bool

    @property
    def new_lines(self) -> int:
        """How many lines were not known yet."""
        return sum(statement.new_lines for statement in self.statements)


def import_statements(unit: Unit, *, content: bytes, reader: BankFileReader, iban: str) -> ImportResult:
    """This function will import every statement of a bank file of the trust account.

    :param iban: the trust account; the file is refused when any of its statements is of another one.
    :raises UnableToImport: unreadable, not a final statement, or another account; says never whose.
    :raises AlreadyRunning: another import runs at this moment.
    """
    single(unit, "banking.import", iban)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        read = reader(content)
    except Unreadable as unreadable:
        raise UnableToImport(unreadable.reason, field="file") from unreadable
    _refuse_foreign(read, iban)
    repeated = _imported_before(unit, sha256)
    ordered = sorted(read, key=lambda statement: (statement.closes_on is not None, statement.closes_on or 0))
    statements = tuple(_import_one(unit, statement, iban, sha256) for statement in ordered)
    record(
        unit,
        action="statement.imported",
        subject=f"file:{sha256}",
        facts={"statements": len(statements), "lines": sum(one.new_lines for one in statements)},
    )
    return ImportResult(statements, repeated)


def _refuse_foreign(statements: Sequence[ReadStatement], iban: str) -> None:
    if not statements:
        raise UnableToImport("the file holds no statement", field="file")
    for statement in statements:
        if statement.kind != "statement":
            raise UnableToImport(
                "this is not a final statement; import the day's statement instead", field="file"
            )
        account = "".join((statement.account or "").split()).upper()
        # Some banks write the currency behind the account.
        if account.removesuffix(statement.currency or "EUR") != iban:
            raise UnableToImport("this file is not of the trust account", field="file")


def _imported_before(unit: Unit, sha256: str) -> bool:
    found = unit.session.connection().execute(
        text("SELECT EXISTS (SELECT FROM bank_statement WHERE file_sha256 = :sha)"), {"sha": sha256}
    )
    return bool(found.scalar_one())


def _import_one(unit: Unit, read: ReadStatement, iban: str, sha256: str) -> ImportedStatement:
    statement_id, known = _statement_row(unit, read, iban, sha256)
    new = 0
    for start in range(0, len(read.lines), LINES_PER_INSERT):
        new += _insert_lines(unit, read, start, statement_id, iban)
    if not known:
        _book_opening(unit, iban)
    warnings = _warnings(unit, read, iban, statement_id)
    unit.session.connection().execute(
        text("UPDATE bank_statement SET warnings = CAST(:w AS jsonb) WHERE id = :id"),
        {"w": json.dumps(warnings), "id": statement_id},
    )
    if not known:
        emit(unit, StatementImported(creditor_id=HOUSE, statement_id=statement_id, lines=new))
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


def _statement_row(unit: Unit, read: ReadStatement, iban: str, sha256: str) -> tuple[UUID, bool]:
    inserted = (
        unit.session.connection()
        .execute(
            text(
                "INSERT INTO bank_statement (id, iban, statement_id, name, currency, opening_minor,"
                " closing_minor, opens_on, closes_on, lines, file_sha256, warnings, imported_at, imported_by)"
                " VALUES (:id, :iban, :key, :name, :currency, :opening, :closing, :opens_on, :closes_on,"
                " :lines, :sha, '[]', :now, :by) ON CONFLICT (iban, statement_id) DO NOTHING RETURNING id"
            ),
            {
                "id": new_id(),
                "iban": iban,
                "key": read.key,
                "name": read.number or read.id or "",
                "currency": read.net.currency,
                "opening": read.opening.minor if read.opening is not None else None,
                "closing": read.closing.minor if read.closing is not None else None,
                "opens_on": read.opens_on,
                "closes_on": read.closes_on,
                "lines": len(read.lines),
                "sha": sha256,
                "now": unit.now,
                "by": unit.by,
            },
        )
        .scalar_one_or_none()
    )
    if inserted is not None:
        return inserted, False
    row = unit.session.connection().execute(
        text("SELECT id FROM bank_statement WHERE iban = :iban AND statement_id = :key"),
        {"iban": iban, "key": read.key},
    )
    return row.scalar_one(), True


_LINES = text(
    "INSERT INTO bank_line (id, statement_id, iban, line_key, booked_on, value_on, amount_minor, currency,"
    " counterparty, counterparty_iban, text, structured_reference, end_to_end, bank_ref, state, match_trace,"
    " bookings)"
    " SELECT uuidv7(), :statement, :iban, l.line_key, l.booked_on, l.value_on, l.amount_minor, l.currency,"
    " l.counterparty, l.counterparty_iban, l.text, l.structured_reference, l.end_to_end, l.bank_ref,"
    " 'suspense', '[]', 0 FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l(line_key text, booked_on date,"
    " value_on date, amount_minor bigint, currency text, counterparty text, counterparty_iban text,"
    " text text, structured_reference text, end_to_end text, bank_ref text)"
    " ON CONFLICT (iban, line_key) DO NOTHING RETURNING id"
)
# Lines of nothing (a bank's information entry) need no booking. The hash is that of `Posting`.
_BOOKINGS = text(
    "WITH fresh AS (INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256,"
    " booked_on, effective_on, at, by, memo)"
    " SELECT :house, uuidv7(), 'trust', CAST(:kind AS text), id::text, encode(sha256(convert_to("
    "  'trust|' || CAST(:kind AS text) || '|' || value_on || '||trust.bank:' || amount_minor || ':'"
    "  || currency || ':;trust.suspense:' || -amount_minor || ':' || currency || ':', 'UTF8')), 'hex'),"
    " :today, value_on, :now, :by, '' FROM bank_line WHERE id = ANY(:ids) AND amount_minor <> 0 ORDER BY id"
    " RETURNING id, source_key)"
    " INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency)"
    " SELECT :house, f.id, s.line, s.account, s.sign * l.amount_minor, l.currency"
    " FROM fresh f JOIN bank_line l ON l.id = f.source_key::uuid,"
    " (VALUES (1, 'trust.bank', 1), (2, 'trust.suspense', -1)) AS s(line, account, sign)"
)


def _insert_lines(unit: Unit, read: ReadStatement, start: int, statement_id: UUID, iban: str) -> int:
    rows = [
        {
            "line_key": line.key,
            "booked_on": line.booked_on.isoformat(),
            "value_on": line.value_on.isoformat(),
            "amount_minor": line.amount.minor,
            "currency": line.amount.currency,
            "counterparty": line.counterparty or "",
            "counterparty_iban": "".join((line.counterparty_iban or "").split()).upper(),
            "text": line.text,
            "structured_reference": " ".join(line.structured_references),
            "end_to_end": line.end_to_end or "",
            "bank_ref": line.bank_ref or "",
        }
        for line in read.lines[start : start + LINES_PER_INSERT]
    ]
    connection = unit.session.connection()
    inserted = connection.execute(
        _LINES, {"statement": statement_id, "iban": iban, "lines": json.dumps(rows)}
    ).scalars()
    ids = list(inserted)
    if ids:
        connection.execute(
            text(
                "INSERT INTO ledger_account (creditor_id, code, book) VALUES (:house, 'trust.bank', 'trust'),"
                " (:house, 'trust.suspense', 'trust') ON CONFLICT DO NOTHING"
            ),
            {"house": HOUSE},
        )
        connection.execute(
            _BOOKINGS,
            {
                "house": HOUSE,
                "kind": LINE_KIND,
                "today": unit.today,
                "now": unit.now,
                "by": unit.by,
                "ids": ids,
            },
        )
    return len(ids)


def _book_opening(unit: Unit, iban: str) -> None:
    """Book what stood on the account before the earliest statement we have; it waits in suspense too."""
    earliest = unit.session.connection().execute(
        text(
            "SELECT id, opening_minor, currency,"
            " coalesce(opens_on, closes_on, CAST(imported_at AS date)) AS on_"
            " FROM bank_statement WHERE iban = :iban AND opening_minor IS NOT NULL"
            " ORDER BY coalesce(closes_on, CAST(imported_at AS date)), imported_at, id LIMIT 1"
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


def _warnings(unit: Unit, read: ReadStatement, iban: str, statement_id: UUID) -> list[str]:
    warnings = list(read.warnings)
    if read.balances is False:
        warnings.append("opening balance plus entries is not the closing balance")
    before = unit.session.connection().execute(
        text(
            "SELECT closing_minor, currency FROM bank_statement WHERE iban = :iban AND id <> :id"
            " AND closing_minor IS NOT NULL AND closes_on < CAST(:closes AS date)"
            " ORDER BY closes_on DESC, imported_at DESC LIMIT 1"
        ),
        {"iban": iban, "id": statement_id, "closes": read.closes_on},
    )
    previous = before.one_or_none()
    if previous and read.opening is not None and previous.closing_minor != read.opening.minor:
        closing = Money(previous.closing_minor, previous.currency)
        warnings.append(f"the statement before it closed at {closing}, this one opens at {read.opening}")
    return warnings
