"""Giving cases to a colleague, and taking back what a colleague who is away has."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.audit import record
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit

GIVEN_MAX: Final = 200

# Who may take cases at all: a collector of the agency whose account is open.
_COLLECTOR = text(
    "SELECT 1 FROM user_account WHERE id = :user AND audience = 'staff' AND 'collector' = ANY(roles)"
    " AND disabled_at IS NULL"
)
# What somebody works on at this moment stays with him.
_GIVE = text(
    "UPDATE work_item w SET given_to = :user, leased_by = NULL, leased_until = NULL FROM unnest("
    "  CAST(:creditors AS uuid[]), CAST(:ids AS uuid[])) AS asked(creditor_id, id)"
    " WHERE w.creditor_id = asked.creditor_id AND w.id = asked.id AND w.done_at IS NULL"
    " AND (w.leased_until IS NULL OR w.leased_until < app.now()) RETURNING w.creditor_id, w.id, w.claim_id"
)
_TAKE_BACK = text(
    "UPDATE work_item SET given_to = NULL,"
    " leased_by = CASE WHEN leased_by = :user THEN NULL ELSE leased_by END,"
    " leased_until = CASE WHEN leased_by = :user THEN NULL ELSE leased_until END"
    " WHERE done_at IS NULL AND (given_to = :user OR leased_by = :user)"
    " RETURNING creditor_id, id, claim_id"
)


def give_cases(unit: Unit, *, cases: Sequence[tuple[UUID, UUID]], to: UUID) -> int:
    """This function will give cases to one collector: he gets them before anything else, and nobody gets them
    who takes the next case. Whoever opens the claim by hand may still take it: the debtor may call him.

    :param cases: creditor and work item of each.
    :returns: how many were given; what is done, or in somebody's hands, was not.
    :raises Invalid: nothing or too much was chosen, or that user is no collector who can sign in.
    """
    if not cases:
        raise Invalid("choose at least one case", field="cases")
    if len(cases) > GIVEN_MAX:
        raise Invalid(f"choose at most {GIVEN_MAX} cases at once", field="cases")
    if unit.session.connection().execute(_COLLECTOR, {"user": to}).first() is None:
        raise Invalid("choose a colleague who works on cases", field="to")
    values = {
        "user": to,
        "creditors": [str(creditor_id) for creditor_id, _ in sorted(cases)],
        "ids": [str(item_id) for _, item_id in sorted(cases)],
    }
    given = unit.session.connection().execute(_GIVE, values).all()
    for row in sorted(given, key=lambda one: (one.creditor_id, one.id)):
        record(
            unit,
            action="case.given",
            subject=f"work_item:{row.id}",
            creditor_id=row.creditor_id,
            facts={"claim": str(row.claim_id), "to": str(to)},
        )
    return len(given)


def take_back(unit: Unit, *, user_id: UUID) -> int:
    """This function will put back on the queue whatever was given to a collector or is in his hands: he is
    away. What he types meanwhile is refused as with any lease that was lost.

    :returns: how many cases.
    """
    freed = unit.session.connection().execute(_TAKE_BACK, {"user": user_id}).all()
    for row in sorted(freed, key=lambda one: (one.creditor_id, one.id)):
        record(
            unit,
            action="case.taken_back",
            subject=f"work_item:{row.id}",
            creditor_id=row.creditor_id,
            facts={"claim": str(row.claim_id), "from": str(user_id)},
        )
    return len(freed)
