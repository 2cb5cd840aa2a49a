"""Starting treatment: a claim is pinned to the path of its law and kind of debtor, in one statement."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.rules.facts import DebtorKind, Law
from agency.rules.treatment import default_path

_START = text(
    "WITH pinned AS ("
    " INSERT INTO treatment (creditor_id, id, claim_id, path_id, started_at, next_on)"
    " SELECT c.creditor_id, uuidv7(), c.id, p.id, :now, :today FROM claim c"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN jsonb_to_recordset(CAST(:choices AS jsonb)) AS w(law text, debtor text, path text)"
    "  ON w.law = c.law AND w.debtor = d.kind"
    " JOIN LATERAL (SELECT id FROM treatment_path t WHERE t.key = w.path ORDER BY t.version DESC LIMIT 1) p"
    "  ON true"
    " WHERE c.state = 'active' AND (c.id = ANY(:claims) OR c.placement_id = :placement)"
    " ON CONFLICT (creditor_id, claim_id) DO NOTHING RETURNING creditor_id, claim_id, path_id)"
    " INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)"
    " SELECT pinned.creditor_id, uuidv7(), 'TreatmentStarted', :now, :by, pinned.claim_id, true,"
    "  jsonb_build_object('path', p.key, 'version', p.version)"
    " FROM pinned JOIN treatment_path p ON p.id = pinned.path_id"
)


def start_treatment(unit: Unit, *, placement_id: UUID | None = None, claim_ids: Sequence[UUID] = ()) -> int:
    """This function will start treatment of active claims and return how many it started.

    Claims that are treated already are left alone.
    """
    choices = [
        {"law": law, "debtor": debtor, "path": default_path(law=law, debtor=debtor).key}
        for law in Law
        for debtor in DebtorKind
    ]
    started = unit.session.connection().execute(
        _START,
        {
            "now": unit.now,
            "today": unit.today,
            "by": unit.by,
            "choices": json.dumps(choices),
            "claims": list(claim_ids),
            "placement": placement_id,
        },
    )
    return started.rowcount
