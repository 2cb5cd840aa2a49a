"""What banking tells."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class StatementImported(Event):
    """A bank statement was booked."""

    creditor_sees: ClassVar[bool] = False
    reacts: ClassVar[bool] = True
    statement_id: UUID
    lines: int
