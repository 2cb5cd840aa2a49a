"""Collections seen on the bank: each line carries the collection's own end-to-end id."""

from sqlalchemy import text

from agency.arrangements.direct_debits import mark_seen
from agency.events import StatementImported
from agency.kernel.unit import Unit

_LINES = text(
    "SELECT l.end_to_end, l.amount_minor, l.return_reason, l.text FROM bank_line l JOIN direct_debit d"
    " ON d.end_to_end = l.end_to_end WHERE l.statement_id = :statement ORDER BY l.id"
)


def see_collected(unit: Unit, event: StatementImported) -> None:
    """This reaction will recognise the agency's own collections on a new statement, and those given back."""
    for line in unit.session.connection().execute(_LINES, {"statement": event.statement_id}).all():
        why = line.return_reason or line.text
        mark_seen(unit, end_to_end=line.end_to_end, amount_minor=line.amount_minor, why=why)
