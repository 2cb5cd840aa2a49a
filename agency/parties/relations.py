"""Debtors whom a creditor wants to keep as customers: each mark is a row, the newest counts."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.events import PersonWanted, RelationMarked
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.models import DebtorRelation

WHY_MAX: Final = 200
_CLAIM: Final = text("SELECT debtor_id, state FROM claim WHERE creditor_id = :c AND id = :claim")


def relation_of(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> DebtorRelation | None:
    """This function will return a debtor's newest mark, where it says that the relation is important."""
    newest = unit.session.exec(
        select(DebtorRelation)
        .where(DebtorRelation.creditor_id == creditor_id, DebtorRelation.debtor_id == debtor_id)
        .order_by(col(DebtorRelation.marked_at).desc(), col(DebtorRelation.id).desc())
        .limit(1)
    ).first()
    return newest if newest is not None and newest.important else None


def mark_relation(unit: Unit, *, creditor_id: UUID, claim_id: UUID, important: bool, why: str = "") -> None:
    """This function will keep whether the debtor of a claim is an important relation, and if he newly is and
    the claim is in collection, ask a collector to call him first.

    New claims on him begin on the gentle path; a claim that is worked stays on the path that it began with.

    :raises NotFound: this creditor has no such claim.
    :raises Invalid: the reason is too long.
    """
    why = " ".join(why.split())
    if len(why) > WHY_MAX:
        raise Invalid("write at most 200 characters", field="why")
    claim = unit.session.connection().execute(_CLAIM, {"c": creditor_id, "claim": claim_id}).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    before = relation_of(unit, creditor_id=creditor_id, debtor_id=claim.debtor_id)
    mark = DebtorRelation(
        creditor_id=creditor_id, id=new_id(), debtor_id=claim.debtor_id, important=important, why=why,
        marked_at=unit.now, marked_by=unit.by,
    )  # fmt: skip
    unit.session.add(mark)
    unit.session.flush()
    record(
        unit,
        action="relation.marked",
        subject=f"debtor:{claim.debtor_id}",
        creditor_id=creditor_id,
        facts={"important": important},
    )
    if (before is not None) != important:
        emit(unit, RelationMarked(creditor_id=creditor_id, claim_id=claim_id, important=important))
    if important and before is None and claim.state == "active":
        emit(
            unit,
            PersonWanted(
                creditor_id=creditor_id,
                claim_id=claim_id,
                work_kind="call_due",
                key=f"relation:{mark.id}",
                reason="important_relation",
            ),
        )
