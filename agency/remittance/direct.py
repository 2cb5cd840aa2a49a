"""Money that a debtor paid to the creditor itself: reported by the creditor, booked on the claim, charged
for.

A report is kept at once and booked by a job, because a creditor's door does not write the books. A line of a
file that cannot be taken is kept too, with its field and reason; the others are taken.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, insert, or_, text
from sqlmodel import col, select

from agency.claims.itemisation import itemise_many
from agency.claims.states import ClaimState
from agency.events import DirectPaymentsReported
from agency.intake.amounts import (
    AMBIGUOUS_AMOUNT,
    NotUnderstood,
    amount_in_cell,
    to_minor,
)
from agency.intake.headers import folded
from agency.intake.reading import Cell, read_table
from agency.intake.values import identifier, parse_date
from agency.intake.writing import Writing, find_writing
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import NOTHING_OWED, Incoming, reverse_payment, settle_many
from agency.ports.readers import Unreadable
from agency.remittance.models import DirectPayment, ReportState
from agency.rules.match_score import TIMES_OPEN_MAX
from agency.rules.tables import read_table as read_rules

FIELDS: Final = ("claim", "amount", "paid_on")
ROWS_MAX: Final = 20_000
NOT_GIVEN: Final = "is missing"
UNKNOWN_CLAIM: Final = "no claim of yours has this number, reference or invoice"
SEVERAL_CLAIMS: Final = "several claims have this invoice or reference; give the claim number"
NOT_COLLECTED: Final = "this claim is not being collected"
NOTHING_LEFT: Final = "nothing is owed on this claim any more; give the money back to the debtor"
NOTHING_LEFT_LATER: Final = (
    "when this was booked, nothing was owed on this claim any more; give the money back to the debtor"
)
ENDED_LATER: Final = "when this was booked, this claim was not being collected any more"
REFUSED_LATER: Final = (NOTHING_LEFT_LATER, ENDED_LATER)
"""Why a payment that was taken at first was refused when it came to the books."""
NOT_POSITIVE: Final = "an amount that was paid is more than zero"
TOO_MUCH: Final = "this is more than twice the whole claim; check the amount, or report each claim by itself"
TWO_WAYS: Final = "could be thousands or decimals; write it with two decimals"
IN_THE_FUTURE: Final = "the day has not come yet"
BEFORE_PLACEMENT: Final = "this day is before the claim was handed over; correct the claim instead"
REPORTED_ALREADY: Final = "a payment of this amount on this day was reported already"


class UnableToReport(Invalid):
    """The report cannot be taken; `field` names what is wrong."""


class UnreadableReport(Invalid):
    """The file is no table, or misses a column."""


class UnableToTakeBack(Conflict):
    """The report was refused or taken back before."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of a file: how many lines were taken and how many refused."""

    report_id: UUID
    taken: int
    refused: int


@dataclass(slots=True)
class _Line:
    """One reported payment while it is being read; `fault` is the field and the reason."""

    number: int
    given: dict[str, str]
    key: str = ""
    amount: Decimal | None = None
    paid_on: date | None = None
    fault: tuple[str, str] | None = None
    claim: Any = None
    minor: int = 0
    occurrence: int = 1


def report_payment(
    unit: Unit, *, creditor_id: UUID, claim: str, amount: Decimal, paid_on: date, another: bool = False
) -> UUID:
    """This function will keep one payment that the creditor received itself.

    :param claim: the number or reference of a claim, or the number of one of its invoices.
    :param amount: in units of the claim's currency.
    :param another: it is a second true payment of the same amount on the same day.
    :returns: the report.
    :raises UnableToReport: naming the field that is wrong.
    """
    line = _Line(0, {"claim": claim, "amount": str(amount), "paid_on": paid_on.isoformat()})
    line.key, line.amount, line.paid_on = claim.strip(), amount, paid_on
    _resolve(unit, creditor_id, [line])
    known = _known(unit, creditor_id, [line])
    if line.fault is None and known[_fact(line)]:
        if another:
            line.occurrence = known[_fact(line)] + 1
        else:
            line.fault = ("another", REPORTED_ALREADY)
    if line.fault is not None:
        raise UnableToReport(line.fault[1], field=line.fault[0])
    return _keep(unit, creditor_id, [line], "").report_id


def report_file(unit: Unit, *, creditor_id: UUID, content: bytes, name: str) -> Reported:
    """This function will keep every payment of a CSV or workbook: columns for claim, amount and day.

    The same file again changes nothing: its lines were reported already. Two equal lines are two payments.

    :raises UnreadableReport: it is no table, has too many rows, or a column cannot be told.
    """
    lines = _read(content)
    _resolve(unit, creditor_id, lines)
    known, seen = _known(unit, creditor_id, lines), Counter[tuple[Any, ...]]()
    for line in lines:
        if line.fault is None:
            seen[_fact(line)] += 1
            line.occurrence = seen[_fact(line)]
            if line.occurrence <= known[_fact(line)]:
                line.fault = ("claim", REPORTED_ALREADY)
    return _keep(unit, creditor_id, lines, name)


def _read(content: bytes) -> list[_Line]:
    try:
        table = read_table(content)
        places = _columns(table.headers)
        # As of claims: one value that can be read in one way only says it for all.
        columns = {"amount": table.headers[places["amount"]], "issued_on": table.headers[places["paid_on"]]}
        writing = find_writing(columns, table.headers, table.sample)
        lines = []
        for number, cells in table.rows:
            if any(cell not in (None, "") for cell in cells):
                lines.append(_line(number, {name: cells[at] for name, at in places.items()}, writing))
            if len(lines) > ROWS_MAX:
                raise UnreadableReport("a file holds at most 20,000 payments")
    except Unreadable as error:
        raise UnreadableReport("this file is not a table that can be read", field="file") from error
    if not lines:
        raise UnreadableReport("the file names no payments", field="file")
    return lines


def _columns(headers: Sequence[str]) -> dict[str, int]:
    names = {
        folded(name): row["field"] for row in read_rules("payout")["direct_column"] for name in row["names"]
    }
    places: dict[str, int] = {}
    for at, header in enumerate(headers):
        wanted = names.get(folded(header))
        if wanted and wanted not in places:
            places[wanted] = at
    if set(places) != set(FIELDS):
        raise UnreadableReport(
            "the first row must name a column for the claim, the amount and the day", field="file"
        )
    return places


def _line(number: int, cells: dict[str, Cell], writing: Writing) -> _Line:
    line = _Line(number, {name: "" if cell is None else str(cell) for name, cell in cells.items()})
    claim = cells["claim"]
    line.key = identifier(claim) if isinstance(claim, Decimal) else line.given["claim"].strip()
    for name in FIELDS:
        if not line.given[name].strip():
            line.fault = (name, NOT_GIVEN)
            return line
    try:
        amount = cells["amount"]
        written = amount if isinstance(amount, Decimal) else str(amount)
        line.amount = amount_in_cell(written, decimal_sign=writing.decimal_sign)
    except NotUnderstood as error:
        line.fault = ("amount", TWO_WAYS if error.reason == AMBIGUOUS_AMOUNT else error.reason)
        return line
    try:
        day = cells["paid_on"]
        line.paid_on = (
            day if isinstance(day, date) else parse_date(str(day), order=writing.date_order or "day")
        )
    except NotUnderstood as error:
        line.fault = ("paid_on", error.reason)
    return line


_CLAIMS = text(
    "SELECT k.key, c.id, c.currency, c.state, c.created_at, c.principal_minor FROM claim c"
    " JOIN LATERAL (SELECT c.number AS key UNION SELECT c.reference UNION SELECT c.payment_reference) k"
    "  ON k.key = ANY(:keys) WHERE c.creditor_id = :c"
    " AND (c.number = ANY(:keys) OR c.reference = ANY(:keys) OR c.payment_reference = ANY(:keys))"
    " UNION SELECT i.number, c.id, c.currency, c.state, c.created_at, c.principal_minor FROM invoice i"
    " JOIN claim c ON c.creditor_id = i.creditor_id AND c.id = i.claim_id"
    " WHERE i.creditor_id = :c AND i.number = ANY(:keys)"
)


def _resolve(unit: Unit, creditor_id: UUID, lines: Sequence[_Line]) -> None:
    """Find each line's claim and say what is wrong with it."""
    keys = sorted({line.key for line in lines if line.fault is None})
    found: dict[str, dict[UUID, Any]] = {}
    for row in unit.session.connection().execute(_CLAIMS, {"c": creditor_id, "keys": keys}):
        found.setdefault(row.key, {})[row.id] = row
    for line in lines:
        if line.fault is None:
            line.fault = _fault(line, list(found.get(line.key, {}).values()), unit.today)
    # What is owed is worked out only where it may matter.
    asked = [line for line in lines if line.fault is None and (_is_paid(line) or _is_large(line))]
    claims = sorted({(creditor_id, line.claim.id) for line in asked})
    owed = itemise_many(unit, keys=claims, on=unit.today) if claims else {}
    for line in asked:
        left = owed[creditor_id, line.claim.id].total.minor
        if _is_paid(line) and not left:
            line.fault = ("claim", NOTHING_LEFT)
        elif _is_large(line) and line.minor > TIMES_OPEN_MAX * left:
            line.fault = ("amount", TOO_MUCH)


def _is_paid(line: _Line) -> bool:
    return bool(line.claim.state == ClaimState.PAID)


def _is_large(line: _Line) -> bool:
    """Whether it is more than the whole claim paid twice; of an old one, interest may be as much."""
    return bool(line.minor > TIMES_OPEN_MAX * line.claim.principal_minor)


def _fault(line: _Line, claims: Sequence[Any], today: date) -> tuple[str, str] | None:
    assert line.amount is not None, "read before"
    assert line.paid_on is not None, "read before"
    if len(claims) != 1:
        return "claim", SEVERAL_CLAIMS if claims else UNKNOWN_CLAIM
    line.claim = claims[0]
    if line.claim.state not in (ClaimState.ACTIVE, ClaimState.PAID):
        return "claim", NOT_COLLECTED
    try:
        line.minor = to_minor(line.amount, line.claim.currency)
    except NotUnderstood as error:
        return "amount", error.reason
    if line.minor <= 0:
        return "amount", NOT_POSITIVE
    if line.paid_on > today:
        return "paid_on", IN_THE_FUTURE
    if line.paid_on < agency_day(line.claim.created_at):
        return "paid_on", BEFORE_PLACEMENT
    return None


def _fact(line: _Line) -> tuple[Any, ...]:
    return (line.claim.id if line.claim else None, line.paid_on, line.minor)


def _known(unit: Unit, creditor_id: UUID, lines: Iterable[_Line]) -> Counter[tuple[Any, ...]]:
    """Count the standing reports of the same facts."""
    ids = sorted({line.claim.id for line in lines if line.claim})
    rows = unit.session.connection().execute(
        text(
            "SELECT claim_id, paid_on, amount_minor, max(occurrence) AS n FROM direct_payment"
            " WHERE creditor_id = :c AND claim_id = ANY(:ids) AND state IN ('reported', 'booked')"
            " GROUP BY 1, 2, 3"
        ),
        {"c": creditor_id, "ids": ids},
    )
    return Counter({(row.claim_id, row.paid_on, row.amount_minor): row.n for row in rows})


def _keep(unit: Unit, creditor_id: UUID, lines: Sequence[_Line], name: str) -> Reported:
    report_id = new_id()
    rows = [_row(unit, creditor_id, report_id, line, name) for line in lines]
    unit.session.connection().execute(insert(DirectPayment), rows)
    refused = sum(line.fault is not None for line in lines)
    reported = Reported(report_id, len(lines) - refused, refused)
    if reported.taken:
        emit(
            unit,
            DirectPaymentsReported(creditor_id=creditor_id, report_id=report_id, payments=reported.taken),
        )
    record(
        unit,
        action="direct_payments.reported",
        subject=f"direct_payment_report:{report_id}",
        creditor_id=creditor_id,
        facts={"taken": reported.taken, "refused": refused, "file": name},
    )
    return reported


def _row(unit: Unit, creditor_id: UUID, report_id: UUID, line: _Line, name: str) -> dict[str, Any]:
    fault = line.fault
    return {
        "creditor_id": creditor_id,
        "id": new_id(),
        "report_id": report_id,
        "row_number": line.number,
        "claim_id": line.claim.id if line.claim else None,
        "amount_minor": line.minor if line.minor > 0 else None,
        "currency": line.claim.currency if line.claim else "EUR",
        "paid_on": line.paid_on,
        "occurrence": line.occurrence,
        "state": ReportState.REFUSED if fault else ReportState.REPORTED,
        "field": fault[0] if fault else "",
        "why": fault[1] if fault else "",
        "given": line.given,
        "file_name": name,
        "reported_at": unit.now,
        "reported_by": unit.by,
    }


def book_reports(unit: Unit, event: DirectPaymentsReported) -> None:
    """This reaction will book what a creditor reported, and take back what it said was wrong."""
    rows = unit.session.exec(
        select(DirectPayment)
        .where(
            DirectPayment.creditor_id == event.creditor_id,
            or_(
                col(DirectPayment.state) == ReportState.REPORTED,
                and_(
                    col(DirectPayment.state) == ReportState.BOOKED,
                    col(DirectPayment.take_back_asked_at).is_not(None),
                ),
            ),
        )
        .order_by(col(DirectPayment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    _book(unit, [row for row in rows if row.take_back_asked_at is None])
    for row in rows:
        if row.take_back_asked_at is None:
            continue
        if row.payment_id is not None:
            reverse_payment(
                unit,
                creditor_id=row.creditor_id,
                payment_id=row.payment_id,
                why="the creditor took its report back",
            )
        row.state = ReportState.TAKEN_BACK
        unit.session.add(row)
    unit.session.flush()


def _book(unit: Unit, rows: Sequence[DirectPayment]) -> None:
    incoming = [_incoming(row) for row in rows]
    for row, settled in zip(rows, settle_many(unit, incoming) if incoming else (), strict=True):
        if settled.payment_id is None:
            why = NOTHING_LEFT_LATER if settled.reason == NOTHING_OWED else ENDED_LATER
            row.state, row.field, row.why = ReportState.REFUSED, "claim", why
        else:
            row.state, row.payment_id = ReportState.BOOKED, settled.payment_id
        unit.session.add(row)


def _incoming(row: DirectPayment) -> Incoming:
    assert row.claim_id is not None, "a report that stands has its claim (checked by the database)"
    assert row.amount_minor is not None, "and its amount"
    assert row.paid_on is not None, "and its day"
    return Incoming(
        creditor_id=row.creditor_id,
        claim_id=row.claim_id,
        source=PaymentSource.DIRECT,
        source_key=str(row.id),
        amount=Money(row.amount_minor, row.currency),
        value_on=row.paid_on,
        trust_account=None,
    )


def take_back_report(unit: Unit, *, creditor_id: UUID, report_row_id: UUID) -> None:
    """This function will take a report back: the payment is reversed, and its fee given back with the next
    payout.

    :raises NotFound: the creditor has no such report.
    :raises UnableToTakeBack: it was refused, or taken back before.
    """
    row = unit.session.connection().execute(
        text(
            "UPDATE direct_payment SET take_back_asked_at = :now WHERE creditor_id = :c AND id = :id"
            " AND state IN ('reported', 'booked') AND take_back_asked_at IS NULL RETURNING report_id"
        ),
        {"now": unit.now, "c": creditor_id, "id": report_row_id},
    )
    report_id = row.scalar_one_or_none()
    if report_id is None:
        if unit.session.get(DirectPayment, (creditor_id, report_row_id)) is None:
            raise NotFound("no such report")
        raise UnableToTakeBack("this report was refused or taken back before")
    emit(unit, DirectPaymentsReported(creditor_id=creditor_id, report_id=report_id, payments=1))
    record(
        unit,
        action="direct_payments.taken_back",
        subject=f"direct_payment:{report_row_id}",
        creditor_id=creditor_id,
        facts={},
    )
