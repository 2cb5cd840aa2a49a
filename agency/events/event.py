"""What every event has: whose it is, who sees it, and how it is kept."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a claim (or, with no claim, to a creditor)."""

    creditor_sees: ClassVar[bool] = True
    reacts: ClassVar[bool] = False

    creditor_id: UUID
    claim_id: UUID | None = None

    @property
    def kind(self) -> str:
        """The stable name that stands in the database."""
        return type(self).__name__

    def facts(self) -> dict[str, Any]:
        """This function will return the event's own fields as plain JSON values."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in fields(self)
            if field.name not in ("creditor_id", "claim_id")
        }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)
