"""The planner: what was sent decides what is next, for all due claims at once.

It runs daily and after events, and any number of times: a step is unique per claim and cycle, so running
it twice plans nothing twice. A step whose message may not leave is dropped and planned anew later, in the
next cycle; one that merely bounced has been tried and the path goes on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.calendar import at_local
from agency.communication.mandatory import MUST_ARRIVE
from agency.communication.planning import WantedMessage, queue_messages
from agency.events import CallDue, PersonWanted
from agency.kernel.emitting import emit
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.rules.facts import Channel
from agency.rules.reanchor import catch_up, late_from, many_late
from agency.rules.trace import Trace
from agency.rules.trace import as_json as trace_json
from agency.rules.treatment import PathFacts, PlannedStep, TreatmentPath, next_step, path_end
from agency.treatment.choosing import OpenWay, choose_ways
from agency.treatment.ending import ask_at_the_end
from agency.treatment.experiments import Turn, join_experiments
from agency.treatment.notices import start_terms
from agency.treatment.paths import read_paths
from agency.treatment.standing import STANDING, claims_facts, moments, reachable

CHUNK = 5000
_DAY = timedelta(days=1)
# Dropped more often than this within a week, a step waits for a person instead of trying again daily.
_DROPS_A_WEEK_MAX = 2
_MESSAGES_FROM = time(8, 30)

_DONE = text(
    "UPDATE treatment_step s SET state = 'done', done_at = coalesce(m.posted_at, m.sent_at)"
    " FROM message m JOIN template t ON t.id = m.template_id"
    " WHERE s.state = 'planned' AND m.creditor_id = s.creditor_id AND m.claim_id = s.claim_id"
    " AND m.step = s.step AND m.cycle = s.cycle AND m.sent_at IS NOT NULL"
    " AND m.state IN ('sent', 'delivered', 'opened')"
    # The term of a notice by letter counts from the post, so its step is not done before.
    " AND (m.channel <> 'letter' OR t.key NOT LIKE 'notice%' OR m.posted_at IS NOT NULL)"
    " RETURNING s.creditor_id, s.claim_id"
)
_TRIED = text(
    "UPDATE treatment_step s SET state = 'done', done_at = coalesce(m.sent_at, m.reserved_at, m.due_at),"
    " why = 'not delivered'"
    " FROM message m JOIN template t ON t.id = m.template_id"
    " WHERE s.state = 'planned' AND m.creditor_id = s.creditor_id AND m.claim_id = s.claim_id"
    " AND m.step = s.step AND m.cycle = s.cycle AND m.state IN ('bounced', 'failed')"
    " AND (t.key <> ALL(:must_arrive) OR m.step LIKE '%\\_copy')"
)
_DROPPED = text(
    "UPDATE treatment_step s SET state = 'dropped', done_at = :now, why = left(m.reasons::text, 300)"
    " FROM message m WHERE s.state = 'planned' AND m.creditor_id = s.creditor_id AND m.claim_id = s.claim_id"
    " AND m.step = s.step AND m.cycle = s.cycle AND m.state IN ('refused', 'cancelled')"
    " AND NOT EXISTS (SELECT 1 FROM message o WHERE o.creditor_id = m.creditor_id"
    "  AND o.claim_id = m.claim_id AND o.step = m.step AND o.cycle = m.cycle AND o.id <> m.id"
    "  AND o.state NOT IN ('refused', 'cancelled'))"
)
# Who is paid or closed is ended by that event; whatever else ended is found when its turn comes, so that a
# night on which nothing is due reads next to nothing.
_END = text(
    "UPDATE treatment t SET ended_at = :now, end_reason = c.state FROM claim c"
    " WHERE t.ended_at IS NULL AND t.next_on <= :today AND c.creditor_id = t.creditor_id"
    " AND c.id = t.claim_id AND c.state IN ('paid', 'withdrawn', 'closed')"
)
_DUE = text(
    STANDING + " WHERE t.ended_at IS NULL AND t.next_on <= :today AND c.state = 'active'"
    # Until the registers have answered, nobody is contacted for the first time.
    " AND NOT EXISTS (SELECT 1 FROM screening r WHERE r.creditor_id = c.creditor_id"
    "  AND r.debtor_id = c.debtor_id AND r.state IN ('waiting', 'unclear'))"
    " ORDER BY t.next_on, t.creditor_id, t.claim_id LIMIT :limit FOR UPDATE OF t SKIP LOCKED"
)
_LATE = text(
    "SELECT count(*) FROM (SELECT FROM treatment t JOIN claim c ON c.creditor_id = t.creditor_id"
    " AND c.id = t.claim_id WHERE t.ended_at IS NULL AND t.next_on <= :late AND c.state = 'active'"
    " LIMIT :many) late"
)
_ONE = text(STANDING + " WHERE t.creditor_id = :creditor AND t.claim_id = :claim AND t.ended_at IS NULL")
_STEPS = text(
    "INSERT INTO treatment_step (creditor_id, id, claim_id, step, cycle, channel, due_at, state, done_at,"
    " why, trace) SELECT w.creditor_id, uuidv7(), w.claim_id, w.step, w.cycle, w.channel, w.due_at, w.state,"
    " CASE WHEN w.state = 'done' THEN :now END, w.why, w.trace"
    " FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS w(creditor_id uuid, claim_id uuid, step text,"
    "  cycle integer, channel text, due_at timestamptz, state text, why text, trace jsonb)"
    " ON CONFLICT (creditor_id, claim_id, step, cycle) DO NOTHING RETURNING creditor_id, claim_id"
)
_NEXT = text(
    "UPDATE treatment t SET next_on = w.next_on"
    " FROM jsonb_to_recordset(CAST(:next AS jsonb)) AS w(creditor_id uuid, claim_id uuid, next_on date)"
    " WHERE t.creditor_id = w.creditor_id AND t.claim_id = w.claim_id"
)
# Before its notice leaves, a claim enters the amicable phase: from then on interest is asked too.
_AMICABLE = text(
    "UPDATE claim c SET phase = 'amicable'"
    " FROM unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[])) AS k(creditor_id, claim_id)"
    " WHERE c.phase = 'reminder' AND c.creditor_id = k.creditor_id AND c.id = k.claim_id"
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a claim's turn gives: a step for today, some minutes into it, or the day to look again."""

    row: Row[Any]
    path: TreatmentPath
    step: PlannedStep | None
    next_on: date
    minutes: int = 0
    trace: Trace = ()
    ends: bool = False  # walked to its end: a person is asked what follows


def plan_due(unit: Unit, *, limit: int = CHUNK) -> int:
    """This function will plan the next step of every claim whose turn has come.

    :returns: how many claims it looked at; `limit` means that there may be more.
    """
    follow_messages(unit)
    unit.session.connection().execute(_END, {"now": unit.now, "today": unit.today})
    rows = unit.session.connection().execute(_DUE, moments(unit) | {"limit": limit}).all()
    plans = _as_tried(unit, _by_the_best_way(unit, _plans(unit, rows)))
    _write(unit, [plan for plan in plans if plan.step is not None])
    ask_at_the_end(
        unit, [(plan.row.creditor_id, plan.row.claim_id, plan.path) for plan in plans if plan.ends]
    )
    _look_again(unit, plans)
    return len(rows)


def follow_messages(unit: Unit) -> None:
    """This function will carry over what became of messages: steps done, tried or dropped, terms started."""
    connection = unit.session.connection()
    done = [(row.creditor_id, row.claim_id) for row in connection.execute(_DONE)]
    connection.execute(_TRIED, {"must_arrive": sorted(MUST_ARRIVE)})
    connection.execute(_DROPPED, {"now": unit.now})
    start_terms(unit, done)


def upcoming(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> PlannedStep | None:
    """This function will return the next step of a claim as it stands now, for its page; None at its end."""
    row = (
        unit.session.connection()
        .execute(_ONE, moments(unit) | {"creditor": creditor_id, "claim": claim_id})
        .one_or_none()
    )
    if row is None:
        return None
    path = read_paths(unit, ids={row.path_id})[row.path_id]
    return next_step(path=path, facts=claims_facts(unit, [(row, path)])[0], today=unit.today)


def _plans(unit: Unit, rows: Sequence[Row[Any]]) -> list[_Plan]:
    paths = read_paths(unit, ids={row.path_id for row in rows})
    counted = {"late": late_from(unit.today), "many": many_late(unit.today)}
    late = unit.session.connection().execute(_LATE, counted).scalar_one()
    walked = [(row, paths[row.path_id]) for row in rows]
    known = claims_facts(unit, walked)
    return [
        _plan(row, path, facts, unit.today, late) for (row, path), facts in zip(walked, known, strict=True)
    ]


def _plan(row: Row[Any], path: TreatmentPath, facts: PathFacts, today: date, late: int) -> _Plan:
    tomorrow = today + _DAY
    turn = catch_up(claim_id=row.claim_id, was_due=row.next_on, late_claims=late, today=today)
    if turn.on > today:
        return _Plan(row, path, None, turn.on)
    if row.waits or row.drops >= _DROPS_A_WEEK_MAX:
        return _Plan(row, path, None, tomorrow)
    step = next_step(path=path, facts=facts, today=today)
    if step is None:
        # Held claims are looked at daily; walked ones wait for an event, and for a new step in their path.
        end = None if row.walked_at else path_end(path=path, facts=facts)
        later = end if end and end > today else today + 30 * _DAY
        ends = end is not None and end <= today
        return _Plan(row, path, None, tomorrow if facts.stopped else later, ends=ends)
    if step.due_on > today:
        return _Plan(row, path, None, step.due_on)
    return _Plan(row, path, step, tomorrow, turn.minutes)


def _by_the_best_way(unit: Unit, plans: Sequence[_Plan]) -> list[_Plan]:
    """Where a step goes by the best of its ways, take the one that suits its debtor, with the reasons."""
    opened = {plan.row.claim_id: plan for plan in plans if _is_open(plan)}
    chosen = choose_ways(
        unit,
        [OpenWay(plan.row.creditor_id, plan.row.claim_id, _ways(plan)) for plan in opened.values()],
    )
    return [
        replace(plan, step=replace(plan.step, channel=choice.channel), trace=choice.trace)
        if plan.step is not None and (choice := chosen.get(plan.row.claim_id))
        else plan
        for plan in plans
    ]


def _as_tried(unit: Unit, plans: Sequence[_Plan]) -> list[_Plan]:
    """Let the ways that running experiments ask for take the place of the usual ones."""
    turns = [
        Turn(plan.row.creditor_id, plan.row.claim_id, plan.step.template, reachable(plan.row))
        for plan in plans
        if plan.step is not None
    ]
    asked = join_experiments(unit, turns)
    return [
        replace(plan, step=replace(plan.step, channel=asked[plan.row.claim_id], why="experiment"), trace=())
        if plan.step is not None and plan.row.claim_id in asked
        else plan
        for plan in plans
    ]


def _is_open(plan: _Plan) -> bool:
    return any(step.best and plan.step and step.key == plan.step.key for step in plan.path.steps)


def _ways(plan: _Plan) -> tuple[Channel, ...]:
    ways = reachable(plan.row)
    named = next(step.channels for step in plan.path.steps if plan.step and step.key == plan.step.key)
    return tuple(way for way in named if way in ways) or (Channel.letter,)


def _write(unit: Unit, plans: Sequence[_Plan]) -> None:
    if not plans:
        return
    inserted = unit.session.connection().execute(
        _STEPS,
        {"steps": json.dumps([_step_row(plan, _due_at(unit, plan)) for plan in plans]), "now": unit.now},
    )
    fresh = {(row.creditor_id, row.claim_id) for row in inserted}
    new = [plan for plan in plans if (plan.row.creditor_id, plan.row.claim_id) in fresh]
    notices = [plan for plan in new if _is_notice(plan)]
    if notices:
        unit.session.connection().execute(
            _AMICABLE,
            {
                "creditors": [plan.row.creditor_id for plan in notices],
                "claims": [plan.row.claim_id for plan in notices],
            },
        )
    queue_messages(unit, [_message(plan, _due_at(unit, plan)) for plan in new if not _is_call(plan)])
    emit(unit, *[_person_due(plan) for plan in new if _is_call(plan)])


def _due_at(unit: Unit, plan: _Plan) -> datetime:
    assert plan.step is not None
    clock = _MESSAGES_FROM if plan.step.hour is None else time(plan.step.hour)
    first = max(unit.now, at_local(day=unit.today, clock=clock, zone=AGENCY_ZONE))
    return first + timedelta(minutes=plan.minutes)


def _is_call(plan: _Plan) -> bool:
    return plan.step is not None and plan.step.channel in (Channel.call, Channel.visit)


def _is_notice(plan: _Plan) -> bool:
    return any(step.is_notice and plan.step and step.key == plan.step.key for step in plan.path.steps)


def _cycle(plan: _Plan) -> int:
    assert plan.step is not None
    # A step that was dropped comes back in its next cycle.
    return 1 + list(plan.row.dropped or ()).count(plan.step.key)


def _step_row(plan: _Plan, due_at: datetime) -> dict[str, Any]:
    assert plan.step is not None
    return {
        "creditor_id": str(plan.row.creditor_id),
        "claim_id": str(plan.row.claim_id),
        "step": plan.step.key,
        "cycle": _cycle(plan),
        "channel": plan.step.channel.value,
        "due_at": due_at.isoformat(),
        # The desk takes a call over; whether it is made stands there.
        "state": "done" if _is_call(plan) else "planned",
        "why": plan.step.why,
        "trace": trace_json(plan.trace),
    }


def _message(plan: _Plan, due_at: datetime) -> WantedMessage:
    assert plan.step is not None
    return WantedMessage(
        creditor_id=plan.row.creditor_id,
        claim_id=plan.row.claim_id,
        channel=plan.step.channel,
        step=plan.step.key,
        cycle=_cycle(plan),
        template=plan.step.template,
        due_at=due_at,
        facts=_asked_of_text(plan.step),
    )


def _asked_of_text(step: PlannedStep) -> dict[str, Any]:
    """What the step asks of its text, kept with the message: its tone, and copies of the invoices."""
    tone = {"tone": step.tone.value} if step.tone else {}
    return tone | ({"copies": True} if step.copies else {})


def _person_due(plan: _Plan) -> CallDue | PersonWanted:
    step, row, cycle = plan.step, plan.row, _cycle(plan)
    assert step is not None
    if step.channel is Channel.visit:
        return PersonWanted(
            creditor_id=row.creditor_id, claim_id=row.claim_id, work_kind="visit_due",
            key=f"visit:{row.claim_id}:{step.key}:{cycle}", reason=step.why,
        )  # fmt: skip
    return CallDue(
        creditor_id=row.creditor_id, claim_id=row.claim_id, step=step.key, cycle=cycle, why=step.why
    )


def _look_again(unit: Unit, plans: Sequence[_Plan]) -> None:
    if plans:
        rows = [
            {
                "creditor_id": str(plan.row.creditor_id),
                "claim_id": str(plan.row.claim_id),
                "next_on": plan.next_on.isoformat(),
            }
            for plan in plans
        ]
        unit.session.connection().execute(_NEXT, {"next": json.dumps(rows)})
