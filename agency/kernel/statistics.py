"""What the database believes of its tables, renewed after much was written at once."""

from typing import Final

from sqlalchemy import text

from agency.kernel.unit import Unit

MANY: Final = 1_000


def refresh_statistics(unit: Unit, *, written: int, many: int = MANY) -> None:
    """This function will have the database count its large tables anew when many rows were just written.

    PostgreSQL counts by itself within a minute or two. Until then the statements that follow a creditor's
    first large file are planned as if it had one claim, and take time by the square of its rows.
    """
    if written >= many:
        unit.session.connection().execute(text("SELECT app.refresh_statistics()"))


def refresh_ledger_statistics(unit: Unit, *, written: int, many: int = MANY) -> None:
    """This function will do the same for the bank's lines, payments and the ledger."""
    if written >= many:
        unit.session.connection().execute(text("SELECT app.refresh_ledger_statistics()"))
