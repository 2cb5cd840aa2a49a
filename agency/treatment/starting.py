"""Starting treatment: a claim is pinned to the path of its law and kind of debtor, in one statement."""

import json
from collections.abc import Sequence
from datetime import time
from uuid import UUID

from sqlalchemy import text

from agency.calendar import at_local
from agency.claims.earlier_steps import credited, earlier_steps
from agency.claims.models import EarlierStep
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.rules.facts import DebtorKind, Law
from agency.rules.goals import Emphasis, propose_path
from agency.rules.products import HandOver, managed_path
from agency.rules.treatment_path import Signature

_NOON = time(12)  # a day of the creditor's own is told without its hour

# What is the same for many claims is worked out once: a creditor's goal and name, and the paths in force.
_START = text(
    "WITH asked AS MATERIALIZED (SELECT c.creditor_id, c.id, c.law, d.kind, c.placement_id,"
    # Whom the creditor wants to keep is treated gently, whatever its goal is for the others.
    "  coalesce((SELECT r.important FROM debtor_relation r WHERE r.creditor_id = c.creditor_id"
    "   AND r.debtor_id = c.debtor_id ORDER BY r.marked_at DESC, r.id DESC LIMIT 1), false) AS gentle"
    "  FROM claim c JOIN debtor d"
    "  ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    "  WHERE c.state = 'active' AND (c.id = ANY(:claims) OR c.placement_id = :placement)),"
    # What was handed over: the newest choice for the placement, else the standing one.
    " handed AS MATERIALIZED (SELECT o.*, coalesce((SELECT CASE x.product WHEN 'management' THEN"
    " x.hand_over END"
    "   FROM product_choice x WHERE x.creditor_id = o.creditor_id"
    "   AND (x.placement_id IS NULL OR x.placement_id = o.placement_id)"
    "   ORDER BY x.placement_id IS NULL, x.chosen_at DESC, x.id DESC LIMIT 1), '') AS hand_over"
    "  FROM (SELECT DISTINCT creditor_id, placement_id FROM asked) o),"
    " whose AS MATERIALIZED (SELECT o.*, CASE WHEN o.gentle THEN 'relation' ELSE"
    "  coalesce((SELECT g.emphasis FROM creditor_goals g"
    "   WHERE g.creditor_id = o.creditor_id ORDER BY g.created_at DESC, g.id DESC LIMIT 1), 'balanced') END"
    "  AS emphasis, CASE WHEN coalesce((SELECT x.reminder_in_creditors_name FROM creditor_terms x"
    "   WHERE x.creditor_id = o.creditor_id AND x.valid_from <= :today ORDER BY x.valid_from DESC LIMIT 1),"
    "   true) THEN 'creditor' ELSE 'agency' END AS name"
    "  FROM (SELECT DISTINCT a.creditor_id, a.law, a.kind, a.gentle, h.hand_over FROM asked a JOIN handed h"
    "   ON h.creditor_id = a.creditor_id AND h.placement_id IS NOT DISTINCT FROM a.placement_id) o),"
    " in_force AS MATERIALIZED (SELECT DISTINCT ON (key) key, id, version, definition FROM treatment_path"
    "  WHERE valid_from <= :today ORDER BY key, version DESC),"
    " chosen AS MATERIALIZED (SELECT o.creditor_id, o.law, o.kind, o.gentle, o.hand_over, p.id AS path_id"
    "  FROM whose o"
    "  JOIN jsonb_to_recordset(CAST(:choices AS jsonb)) AS w(law text, debtor text, emphasis text,"
    "   name text, hand_over text, path text) ON w.law = o.law AND w.debtor = o.kind AND w.emphasis"
    " = o.emphasis"
    "   AND w.name = o.name AND w.hand_over = o.hand_over"
    # A path that was drawn for the creditor goes before the default one, where it is for such a claim; what
    # is looked after from the due date on has a path of its own.
    "  LEFT JOIN LATERAL (SELECT y.path_key FROM creditor_path y JOIN in_force v ON v.key = y.path_key"
    "   WHERE y.creditor_id = o.creditor_id AND y.valid_from <= :today AND y.ended_on IS NULL"
    "   AND o.hand_over = ''"
    "   AND v.definition->>'law' = o.law AND v.definition->'debtors' ? o.kind"
    "   AND coalesce(v.definition->>'signature', 'either') IN ('either', o.name)"
    "   ORDER BY y.valid_from DESC, y.id DESC LIMIT 1) own ON true"
    "  JOIN in_force p ON p.key = coalesce(own.path_key, w.path)),"
    " pinned AS (INSERT INTO treatment (creditor_id, id, claim_id, path_id, started_at, next_on,"
    "   next_minutes)"
    "  SELECT asked.creditor_id, uuidv7(), asked.id, chosen.path_id, :now, :today, 0 FROM asked"
    "  JOIN handed ON handed.creditor_id = asked.creditor_id"
    "   AND handed.placement_id IS NOT DISTINCT FROM asked.placement_id"
    "  JOIN chosen ON chosen.creditor_id = asked.creditor_id AND chosen.law = asked.law"
    "   AND chosen.kind = asked.kind AND chosen.gentle = asked.gentle AND chosen.hand_over = handed.hand_over"
    "  ON CONFLICT (creditor_id, claim_id) DO NOTHING RETURNING creditor_id, claim_id, path_id),"
    " told AS (INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)"
    "  SELECT pinned.creditor_id, uuidv7(), 'TreatmentStarted', :now, :by, pinned.claim_id, true,"
    "   jsonb_build_object('path', p.key, 'version', p.version)"
    "  FROM pinned JOIN in_force p ON p.id = pinned.path_id)"
    " SELECT s.creditor_id, count(*) AS claims, array_agg(s.claim_id) FILTER (WHERE EXISTS (SELECT"
    "  FROM earlier_step e WHERE e.creditor_id = s.creditor_id AND e.claim_id = s.claim_id)) AS with_steps"
    " FROM pinned s GROUP BY s.creditor_id"
)
_TAKEN = text(
    "INSERT INTO treatment_step (creditor_id, id, claim_id, step, cycle, channel, due_at, state,"
    " done_at, why,"
    " trace) SELECT w.creditor_id, uuidv7(), w.claim_id, w.step, 1, w.channel, w.at, 'done', w.at,"
    " 'taken by the creditor', '[]' FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS w(creditor_id uuid,"
    "  claim_id uuid, step text, channel text, at timestamptz)"
    " ON CONFLICT (creditor_id, claim_id, step, cycle) DO NOTHING"
)
_OWN_NOTICE = text(
    "UPDATE claim SET phase = 'amicable', costs_from = :costs_from, costs_minor = :costs,"
    " costs_vat_minor = :vat WHERE creditor_id = :creditor AND id = :claim AND costs_from IS NULL"
)


def start_treatment(unit: Unit, *, placement_id: UUID | None = None, claim_ids: Sequence[UUID] = ()) -> int:
    """This function will start treatment of active claims and return how many it started.

    Claims that are treated already are left alone.
    """
    choices = [
        {
            "law": law,
            "debtor": debtor,
            "emphasis": emphasis,
            "name": name,
            "hand_over": hand_over,
            "path": _path(law, debtor, emphasis, name, hand_over),
        }
        for law in Law
        for debtor in DebtorKind
        for emphasis in Emphasis
        for name in (Signature.creditor, Signature.agency)
        for hand_over in ("", *HandOver)
    ]
    rows = unit.session.connection().execute(
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
    started = rows.all()
    for row in started:
        if row.with_steps:
            _spare_taken_steps(unit, row.creditor_id, row.with_steps)
    return sum(row.claims for row in started)


def _path(law: Law, debtor: DebtorKind, emphasis: Emphasis, name: Signature, hand_over: str) -> str:
    """The key of the path for such claims. What is looked after begins in the creditor's name, or not at all:
    where the agreement has changed to the agency's name meanwhile, the usual path is walked."""
    if hand_over and name is Signature.creditor:
        return managed_path(law=law, debtor=debtor, hand_over=HandOver(hand_over)).key
    return propose_path(law=law, debtor=debtor, emphasis=emphasis, signature=name).path.key


def _spare_taken_steps(unit: Unit, creditor_id: UUID, claim_ids: Sequence[UUID]) -> None:
    """Let a path begin behind what the creditor did itself, and a lawful notice of its own count."""
    by_claim: dict[UUID, list[EarlierStep]] = {}
    for step in earlier_steps(unit, creditor_id=creditor_id, claim_ids=claim_ids):
        by_claim.setdefault(step.claim_id, []).append(step)
    rows, notices = [], []
    for claim_id, steps in by_claim.items():
        spared = credited(steps)
        whose = {"creditor_id": str(creditor_id), "claim_id": str(claim_id)}
        rows += [
            whose
            | {
                "step": step,
                "channel": channel,
                "at": at_local(day=on, clock=_NOON, zone=AGENCY_ZONE).isoformat(),
            }
            for step, channel, on in spared.steps
        ]
        if spared.costs_from is not None:
            notices.append(
                {
                    "creditor": creditor_id, "claim": claim_id, "costs_from": spared.costs_from,
                    "costs": spared.costs_minor, "vat": spared.vat_minor,
                }
            )  # fmt: skip
    connection = unit.session.connection()
    if rows:
        connection.execute(_TAKEN, {"steps": json.dumps(rows)})
    if notices:
        connection.execute(_OWN_NOTICE, notices)
