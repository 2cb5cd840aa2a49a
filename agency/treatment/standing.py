"""Where claims stand on their paths: what was sent, what holds them, and what came between."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.rules.facts import Channel
from agency.rules.reanchor import Pause, reanchored
from agency.rules.treatment import PathFacts, SentStep, TreatmentPath, next_step
from agency.treatment.path_facts import asks_more, read_conditions, with_conditions
from agency.treatment.paths import read_paths

_DAY = timedelta(days=1)

_COLUMNS = (
    "SELECT t.creditor_id, t.claim_id, t.path_id, t.walked_at, c.due_on,"
    " steps.sent, steps.dropped, coalesce(steps.waits, false) AS waits, coalesce(steps.drops, 0) AS drops,"
    " t.next_on, coalesce(holds.runs, false) AS held, holds.ended, paid.paid_part_on, "
    # What is contested stands still; a claim of which nothing else is open stands still as a whole.
    " c.disputed_minor > 0 AND c.disputed_minor >= (SELECT coalesce(sum(e.amount_minor), 0)"
    "  FROM ledger_entry e WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id"
    "  AND e.account = 'claims.principal') AS disputed,"
    " coalesce(points.email, false) AS email, coalesce(points.phone, false) AS phone"
)
_JOINS = (
    " LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_array(s.step, s.channel,"
    "   CAST(s.done_at AT TIME ZONE :zone AS date))) FILTER (WHERE s.state = 'done') AS sent,"
    "   array_agg(s.step) FILTER (WHERE s.state = 'dropped') AS dropped,"
    "   bool_or(s.state = 'planned') AS waits,"
    "   count(*) FILTER (WHERE s.state = 'dropped' AND s.done_at > :week_ago"
    "    AND s.why NOT IN ('came back', 'reached again')) AS drops"
    # In the order of their key, so that none of the aggregates has to sort.
    "  FROM (SELECT * FROM treatment_step s WHERE s.creditor_id = t.creditor_id AND s.claim_id = t.claim_id"
    "   ORDER BY s.step, s.cycle) s) steps ON true"
    " LEFT JOIN LATERAL (SELECT bool_or(h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now))"
    "   AS runs, jsonb_agg(jsonb_build_array(CAST(h.starts_at AT TIME ZONE :zone AS date),"
    "   CAST(coalesce(h.lifted_at, h.ends_at) AT TIME ZONE :zone AS date), h.ground) ORDER BY h.id)"
    "   FILTER (WHERE h.lifted_at IS NOT NULL OR h.ends_at <= :now) AS ended"
    "  FROM hold h WHERE h.creditor_id = t.creditor_id AND h.claim_id = t.claim_id) holds ON true"
    " LEFT JOIN LATERAL (SELECT max(p.value_on) AS paid_part_on FROM payment p"
    "  WHERE p.creditor_id = t.creditor_id AND p.claim_id = t.claim_id AND p.reversed_at IS NULL) paid"
    "  ON true"
    " LEFT JOIN LATERAL (SELECT bool_or(p.channel = 'email') AS email, bool_or(p.channel = 'phone') AS phone"
    "  FROM contact_point p WHERE p.creditor_id = c.creditor_id AND p.debtor_id = c.debtor_id"
    "  AND p.state = 'usable') points ON true"
)


_CLAIM = " JOIN claim c ON c.creditor_id = t.creditor_id AND c.id = t.claim_id"


def standing(treatments: str, *, claims: str = _CLAIM, columns: str = "", joins: str = "") -> str:
    """This function will return the SQL that selects where running treatments stand; a WHERE may follow it.

    It asks for what `moments` gives.

    :param treatments: the table, or a part of the statement with the columns of a treatment; it is `t`.
    :param claims: joins the claim of each as `c`.
    :param columns, joins: more of them, over `t` and its claim `c`.
    """
    return f"{_COLUMNS}{columns} FROM {treatments} t{claims}{_JOINS}{joins}"


_MANY = text(
    standing("treatment") + " WHERE t.ended_at IS NULL AND (t.creditor_id, t.claim_id) IN"
    " (SELECT * FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[])))"
)


def moments(unit: Unit) -> dict[str, Any]:
    """This function will return the values that `standing` asks for."""
    return {
        "now": unit.now,
        "today": unit.today,
        "week_ago": unit.now - timedelta(days=7),
        "zone": AGENCY_ZONE.key,
    }


def claims_facts(unit: Unit, walked: Sequence[tuple[Row[Any], TreatmentPath]]) -> list[PathFacts]:
    """This function will return where claims stand, each with what its path asks for."""
    known = read_conditions(
        unit, [(row.creditor_id, row.claim_id) for row, path in walked if asks_more(path)]
    )
    return [
        moved(
            with_conditions(standing_of(row), known.get((row.creditor_id, row.claim_id))),
            row,
            path,
            unit.today,
        )
        for row, path in walked
    ]


def read_standing(unit: Unit, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], PathFacts]:
    """This function will return where claims (creditor, claim) stand on their paths, without conditions."""
    values = {"creditors": [creditor for creditor, _ in keys], "claims": [claim for _, claim in keys]}
    rows = unit.session.connection().execute(_MANY, moments(unit) | values).all()
    paths = read_paths(unit, ids={row.path_id for row in rows})
    return {
        (row.creditor_id, row.claim_id): moved(standing_of(row), row, paths[row.path_id], unit.today)
        for row in rows
    }


def reachable(row: Row[Any]) -> frozenset[Channel]:
    """This function will return the ways that reach a claim's debtor; a letter always does."""
    channels = {Channel.letter}
    if row.email:
        channels.add(Channel.email)
    if row.phone:
        channels |= {Channel.sms, Channel.call}
    return frozenset(channels)


def standing_of(row: Row[Any]) -> PathFacts:
    """This function will return where a claim stands, by a row of `standing`; not its path's conditions."""
    return PathFacts(
        due_date=row.due_on,
        sent=tuple(
            SentStep(step, Channel(channel), date.fromisoformat(at)) for step, channel, at in row.sent or ()
        ),
        channels=reachable(row),
        stopped=bool(row.held or row.disputed),
    )


def moved(facts: PathFacts, row: Row[Any], path: TreatmentPath, today: date) -> PathFacts:
    """This function will tell a path until when it waits because of what came between."""
    if facts.stopped or not (row.ended or row.paid_part_on):
        return facts
    waits_from = max((step.on for step in facts.sent), default=facts.due_date)
    # As it stood on that day, the step's own day is not yet moved to today.
    step = next_step(path=path, facts=facts, today=min(waits_from, today))
    if step is None:
        return facts
    pauses = [
        Pause(date.fromisoformat(first), date.fromisoformat(ended), ground)
        for first, ended, ground in row.ended or ()
    ]
    due_on = reanchored(
        due_on=step.due_on, waits_from=waits_from, pauses=pauses, paid_part_on=row.paid_part_on, on=today
    )
    return replace(facts, paused_until=due_on - _DAY) if due_on > step.due_on else facts
