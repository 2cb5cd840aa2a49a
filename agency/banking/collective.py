"""A collective entry that was booked as one sum, replaced by the details that explain it.

The sum's booking is reversed and each detail booked in its place, so that every line that is not split
stands in the ledger once. A sum that somebody settled or matched already stays as it is.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.banking.known_lines import booked_line, booked_lines, told_line
from agency.banking.line_booking import LINE_KIND, entry_key, insert_parts
from agency.banking.models import BankLine as KeptLine
from agency.banking.models import LineState
from agency.banking.notices import notices_of
from agency.kernel.audit import record
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.ledger.posting import reverse
from agency.ports.readers import BankLine
from agency.rules.same_line import Period, sort_out


def split_line(unit: Unit, *, line_id: UUID, parts: Sequence[BankLine], why: str) -> bool:
    """This function will put the details of a sum in its place.

    :param parts: details that add up to the line's amount.
    :param why: what brought them, for the audit.
    :returns: False when the sum is not in suspense any more, so that it stays.
    """
    line = unit.session.get(KeptLine, line_id, with_for_update=True, populate_existing=True)
    if line is None or line.state != LineState.SUSPENSE:
        return False
    if sum(part.amount.minor for part in parts) != line.amount_minor:
        return False
    booking = unit.session.connection().execute(
        text(
            "SELECT id FROM ledger_transaction WHERE creditor_id = :house AND kind = :kind"
            " AND source_key = :line"
        ),
        {"house": HOUSE, "kind": LINE_KIND, "line": str(line_id)},
    )
    reverse(
        unit,
        creditor_id=HOUSE,
        transaction_id=booking.scalar_one(),
        source_key=str(line_id),
        why="booked by its details instead",
        effective_on=line.value_on,
    )
    line.state = LineState.SPLIT
    line.settled_at, line.settled_by = unit.now, unit.by
    unit.session.add(line)
    unit.session.flush()
    insert_parts(unit, parts, whole=line_id, statement_id=line.statement_id, iban=line.iban)
    record(
        unit,
        action="bank_line.split",
        subject=f"bank_line:{line_id}",
        facts={"parts": len(parts), "by": why},
    )
    return True


def explain_from_notices(unit: Unit, *, iban: str, days: Iterable[date]) -> int:
    """This function will explain the sums of some days by notifications that detail them.

    :returns: how many sums were explained.
    """
    wanted = set(days)
    explained = 0
    for notice in notices_of(unit, iban=iban, days=wanted):
        rows = booked_lines(unit, iban=iban, days={line.booked_on for line in notice.lines})
        found = sort_out(
            told=[
                told_line(line, format=notice.format, entry=entry_key(notice.key, line))
                for line in notice.lines
            ],
            booked=[booked_line(row) for row in rows],
            period=Period(),
            periods={},
        )
        for at, positions in found.parts.items():
            parts = [notice.lines[position] for position in positions]
            explained += split_line(unit, line_id=rows[at].id, parts=parts, why=f"notice:{notice.notice_id}")
    return explained
