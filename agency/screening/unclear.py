"""Entries of a register that nobody understood: until a person looked into them, nobody is contacted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.audit import record
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Unit

WHY_MAX: Final = 500

_UNCLEAR = text(
    "SELECT s.creditor_id, s.debtor_id, s.answered_at, s.found, r.name AS creditor, d.name AS debtor,"
    " (SELECT jsonb_agg(jsonb_build_array(c.id, c.number) ORDER BY c.number) FROM claim c"
    "  WHERE c.creditor_id = s.creditor_id AND c.debtor_id = s.debtor_id"
    "  AND c.state IN ('new', 'quoted', 'active')) AS claims"
    " FROM screening s JOIN creditor r ON r.id = s.creditor_id"
    " JOIN debtor d ON d.creditor_id = s.creditor_id AND d.id = s.debtor_id"
    " WHERE s.state = 'unclear' ORDER BY s.answered_at, s.id LIMIT :limit"
)


@dataclass(frozen=True)
class Unclear:
    """A debtor of whom a register says something that is not understood.

    :param entries: what the registers say, each as `RegisterEntry.as_json`.
    :param claims: id and number of the claims that wait.
    """

    creditor_id: UUID
    creditor: str
    debtor_id: UUID
    debtor: str
    answered_at: datetime
    entries: tuple[dict[str, Any], ...]
    claims: tuple[tuple[UUID, str], ...]


def unclear_debtors(unit: Unit, *, limit: int) -> Sequence[Unclear]:
    """This function will return the debtors who wait for a person, those who waited longest first."""
    return [
        Unclear(
            creditor_id=row.creditor_id,
            creditor=row.creditor,
            debtor_id=row.debtor_id,
            debtor=row.debtor,
            answered_at=row.answered_at,
            entries=tuple(row.found),
            claims=tuple((UUID(claim_id), number) for claim_id, number in row.claims or ()),
        )
        for row in unit.session.connection().execute(_UNCLEAR, {"limit": limit})
    ]


def settle_unclear(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, why: str) -> UUID:
    """This function will take a person's word that an unclear entry does not stop collection.

    :param why: the person's reason; it is kept with the name.
    :return: the screening.
    :raises Invalid: no reason was given, or one that is too long.
    :raises NotFound: nothing unclear is known of this debtor.
    """
    reason = " ".join(why.split())
    if not reason or len(reason) > WHY_MAX:
        raise Invalid("say in at most 500 characters why this does not stop collection", field="why")
    settled = unit.session.connection().execute(
        text(
            "UPDATE screening SET state = 'clear', failure = '' WHERE creditor_id = :c AND debtor_id = :d"
            " AND state = 'unclear' RETURNING id"
        ),
        {"c": creditor_id, "d": debtor_id},
    )
    screening_id: UUID | None = settled.scalar_one_or_none()
    if screening_id is None:
        raise NotFound("nothing unclear is known of this debtor")
    record(
        unit,
        action="screening.settled",
        subject=f"screening:{screening_id}",
        creditor_id=creditor_id,
        facts={"debtor": str(debtor_id), "why": reason},
    )
    return screening_id
