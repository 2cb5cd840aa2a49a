"""Many claims that travel between two statements as they came: the database's text of two arrays.

Nothing in between looks at each of them, so that a hundred thousand claims cost what one string costs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ClaimSet:
    """Claims as two PostgreSQL arrays of uuid in text form: their creditors, and their ids beside them."""

    creditors: str
    claims: str

    @classmethod
    def of(cls, keys: Iterable[tuple[UUID, UUID]]) -> "ClaimSet":
        """Return the set of these claims (creditor, claim)."""
        pairs = [(str(creditor), str(claim)) for creditor, claim in keys]
        return cls(_array(creditor for creditor, _ in pairs), _array(claim for _, claim in pairs))

    def each(self) -> list[tuple[UUID, UUID]]:
        """Return each claim (creditor, claim) by itself."""
        return [
            (UUID(creditor), UUID(claim))
            for creditor, claim in zip(_members(self.creditors), _members(self.claims), strict=True)
        ]


def _array(members: Iterable[str]) -> str:
    return "{" + ",".join(members) + "}"


def _members(array: str) -> list[str]:
    return [member for member in array[1:-1].split(",") if member]
