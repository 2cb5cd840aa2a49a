"""What happens when a path was walked to its end: a person is asked, once, what follows."""

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.events import PersonWanted
from agency.kernel.emitting import emit
from agency.kernel.unit import Unit
from agency.rules.treatment_path import AfterPath, TreatmentPath

_WALKED = text(
    "UPDATE treatment t SET walked_at = :now"
    " FROM jsonb_to_recordset(CAST(:ended AS jsonb)) AS w(creditor_id uuid, claim_id uuid)"
    " WHERE t.creditor_id = w.creditor_id AND t.claim_id = w.claim_id AND t.walked_at IS NULL"
    " RETURNING t.creditor_id, t.claim_id"
)
_REASONS: Final = {
    AfterPath.person: "the path was walked to its end",
    AfterPath.legal: "the path was walked to its end: is this claim for the court?",
    AfterPath.close: "the path was walked to its end: is this claim to be closed?",
}


def ask_at_the_end(unit: Unit, ended: Sequence[tuple[UUID, UUID, TreatmentPath]]) -> None:
    """This function will ask for a person for each claim (creditor, claim, path) whose path is walked."""
    if not ended:
        return
    rows = [{"creditor_id": str(creditor), "claim_id": str(claim)} for creditor, claim, _ in ended]
    walked = unit.session.connection().execute(_WALKED, {"ended": json.dumps(rows), "now": unit.now})
    fresh = {(row.creditor_id, row.claim_id) for row in walked}
    emit(
        unit,
        *[
            PersonWanted(
                creditor_id=creditor,
                claim_id=claim,
                work_kind="path_ended",
                key=f"path_ended:{claim}:{path.key}:{path.version}",
                reason=_REASONS[path.end.to if path.end else AfterPath.person],
            )
            for creditor, claim, path in ended
            if (creditor, claim) in fresh
        ],
    )
