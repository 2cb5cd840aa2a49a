"""The planner: what was sent decides what is next, for all due claims at once.

It runs daily and after events, and any number of times: a step is unique per claim and cycle, so running
it twice plans nothing twice. A step whose message may not leave is dropped and planned anew later, in the
next cycle; one that merely bounced has been tried and the path goes on.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.calendar import at_local
from agency.claims.states import ENDED
from agency.communication.mandatory import MUST_ARRIVE
from agency.communication.planning import WantedByMany, queue_for_many
from agency.events import CallDue, PersonWanted
from agency.kernel.claim_sets import ClaimSet
from agency.kernel.emitting import emit
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.rules.facts import Channel
from agency.rules.path_checks import open_ways
from agency.rules.reanchor import catch_up
from agency.rules.trace import Trace
from agency.rules.trace import as_json as trace_json
from agency.rules.treatment import PlannedStep, TreatmentPath, next_step, path_end
from agency.treatment.alike import Alike, take_alike
from agency.treatment.choosing import OpenWay, choose_ways
from agency.treatment.ending import ask_at_the_end
from agency.treatment.experiments import Turn, join_experiments, texts_tried
from agency.treatment.notices import start_terms
from agency.treatment.path_facts import ClaimKey
from agency.treatment.paths import read_paths
from agency.treatment.standing import claims_facts, moments, reachable, standing

CHUNK = 10_000
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
    " why = CASE WHEN m.state <> 'refused' THEN 'not delivered'"
    "  WHEN m.reasons ? 'notice_first' THEN 'notice first' ELSE 'too late' END"
    " FROM message m JOIN template t ON t.id = m.template_id"
    " WHERE s.state = 'planned' AND m.creditor_id = s.creditor_id AND m.claim_id = s.claim_id"
    " AND m.step = s.step AND m.cycle = s.cycle"
    # The copy of a notice whose term is over never becomes lawful again, so the path goes on without it; a
    # reminder that must wait for the notice would keep the path from ever coming to that.
    " AND (m.state = 'refused' AND m.reasons ?| ARRAY['term_has_passed', 'notice_first']"
    "  OR m.state IN ('bounced', 'failed') AND (t.key <> ALL(:must_arrive) OR m.step LIKE '%\\_copy'))"
)
_DROPPED = text(
    "UPDATE treatment_step s SET state = 'dropped', done_at = :now, why = left(m.reasons::text, 300)"
    " FROM message m WHERE s.state = 'planned' AND m.creditor_id = s.creditor_id AND m.claim_id = s.claim_id"
    " AND m.step = s.step AND m.cycle = s.cycle AND m.state IN ('refused', 'cancelled')"
    " AND NOT EXISTS (SELECT 1 FROM message o WHERE o.creditor_id = m.creditor_id"
    "  AND o.claim_id = m.claim_id AND o.step = m.step AND o.cycle = m.cycle AND o.id <> m.id"
    "  AND o.state NOT IN ('refused', 'cancelled'))"
)
_ONE = text(
    standing("treatment") + " WHERE t.creditor_id = :creditor AND t.claim_id = :claim AND t.ended_at IS NULL"
)
# The claims of each group are unfolded once; those whose step was there already are left out of what follows.
_STEPS = text(
    "WITH w AS MATERIALIZED (SELECT g.n, k.creditor_id, k.claim_id, g.step, g.cycle, g.channel, g.due_at,"
    "  g.state, g.why, g.trace FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS g(n integer,"
    "   creditors uuid[], claims uuid[], step text, cycle integer, channel text, due_at timestamptz,"
    "   state text, why text, trace jsonb)"
    "  CROSS JOIN LATERAL unnest(g.creditors, g.claims) AS k(creditor_id, claim_id)),"
    " fresh AS (INSERT INTO treatment_step (creditor_id, id, claim_id, step, cycle, channel, due_at, state,"
    "   done_at, why, trace) SELECT w.creditor_id, uuidv7(), w.claim_id, w.step, w.cycle, w.channel,"
    "   w.due_at, w.state, CASE WHEN w.state = 'done' THEN :now END, w.why, w.trace FROM w"
    "  ON CONFLICT (creditor_id, claim_id, step, cycle) DO NOTHING RETURNING creditor_id, claim_id)"
    " SELECT w.n, CAST(array_agg(w.creditor_id) AS text) AS creditors,"
    "  CAST(array_agg(w.claim_id) AS text) AS claims FROM w JOIN fresh USING (creditor_id, claim_id)"
    " GROUP BY w.n"
)
_NEXT = text(
    "UPDATE treatment t SET next_on = w.next_on, next_minutes = w.next_minutes,"
    " ended_at = CASE WHEN w.ended IS NOT NULL THEN :now END, end_reason = w.ended"
    " FROM jsonb_to_recordset(CAST(:next AS jsonb)) AS w(creditors uuid[], claims uuid[], next_on date,"
    "  next_minutes integer, ended text)"
    " CROSS JOIN LATERAL unnest(w.creditors, w.claims) AS k(creditor_id, claim_id)"
    " WHERE t.creditor_id = k.creditor_id AND t.claim_id = k.claim_id"
)
# Before its notice leaves, a claim enters the amicable phase: from then on interest is asked too.
_AMICABLE = text(
    "UPDATE claim c SET phase = 'amicable'"
    " FROM jsonb_to_recordset(CAST(:noticed AS jsonb)) AS w(creditors uuid[], claims uuid[])"
    " CROSS JOIN LATERAL unnest(w.creditors, w.claims) AS k(creditor_id, claim_id)"
    " WHERE c.phase = 'reminder' AND c.creditor_id = k.creditor_id AND c.id = k.claim_id"
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What their turn gives claims that stand alike: a step for today, or the day to look again, or the end
    of their treatment. `minutes` are how long after the first messages of the day their step is due."""

    claims: ClaimSet
    row: Row[Any]
    path: TreatmentPath
    step: PlannedStep | None
    next_on: date
    minutes: int = 0
    trace: Trace = ()
    ends: bool = False  # walked to its end: a person is asked what follows
    ended: str | None = None  # nothing is collected any more, and why


def plan_due(unit: Unit, *, limit: int = CHUNK, goes_on: bool = False, apart: bool = False) -> int:
    """This function will plan the next step of every claim whose turn has come.

    Claims that stand alike are decided on together: how many there are costs the database's time alone.

    :param goes_on: what became of messages was carried over a moment ago, by the call before this one.
    :param apart: decide on each claim by itself; what is planned is the same.
    :returns: how many claims it looked at; `limit` means that there may be more.
    """
    if not goes_on:
        follow_messages(unit)
    found = take_alike(unit, limit=limit, apart=apart)
    if not found:
        return 0
    plans = _as_tried(unit, _by_the_best_way(unit, [_plan(one, unit.today) for one in found]))
    _write(unit, [plan for plan in plans if plan.step is not None])
    ask_at_the_end(unit, [(*key, plan.path) for plan in plans if plan.ends for key in plan.claims.each()])
    _look_again(unit, plans)
    return sum(one.many for one in found)


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


def _plan(one: Alike, today: date) -> _Plan:
    tomorrow = today + _DAY
    row, path, facts = one.row, one.path, one.facts

    def plan(on: date, step: PlannedStep | None = None, **more: Any) -> _Plan:
        return _Plan(one.claims, row, path, step, on, **more)

    if row.state in ENDED:
        return plan(row.next_on, ended=row.state)
    minutes = row.next_minutes
    if row.alone is not None:
        turn = catch_up(claim_id=row.alone, was_due=row.next_on, late_claims=one.late, today=today)
        if turn.on > today:
            return plan(turn.on, minutes=turn.minutes)
        minutes = turn.minutes
    if row.waits or row.drops >= _DROPS_A_WEEK_MAX:
        return plan(tomorrow)
    step = next_step(path=path, facts=facts, today=today)
    if step is None:
        # Held claims are looked at daily; walked ones wait for an event, and for a new step in their path.
        end = None if row.walked else path_end(path=path, facts=facts)
        later = end if end and end > today else today + 30 * _DAY
        ends = end is not None and end <= today
        return plan(tomorrow if facts.stopped else later, ends=ends)
    if step.due_on > today:
        return plan(step.due_on)
    return plan(tomorrow, step, minutes=minutes)


def _by_the_best_way(unit: Unit, plans: Sequence[_Plan]) -> list[_Plan]:
    """Where a step goes by the best of its ways, take the one that suits each debtor, with the reasons."""
    opened = [(plan, plan.claims.each()) for plan in plans if _is_open(plan)]
    chosen = choose_ways(
        unit,
        [OpenWay(*key, _ways(plan)) for plan, keys in opened for key in keys],
    )
    alike: defaultdict[tuple[int, str], list[ClaimKey]] = defaultdict(list)
    for index, (_, keys) in enumerate(opened):
        for key in keys:
            alike[index, json.dumps(trace_json(chosen[key[1]].trace))].append(key)
    return [plan for plan in plans if not _is_open(plan)] + [
        _going(opened[index][0], keys, chosen[keys[0][1]].channel, chosen[keys[0][1]].trace)
        for (index, _), keys in alike.items()
    ]


def _as_tried(unit: Unit, plans: Sequence[_Plan]) -> list[_Plan]:
    """Let the ways that running experiments ask for take the place of the usual ones."""
    tried = texts_tried(unit, {plan.step.template for plan in plans if plan.step is not None})
    turning = [
        (plan, plan.step, plan.claims.each()) for plan in plans if plan.step and plan.step.template in tried
    ]
    # A way that the law closes to this step would be refused each time, and the claim would never go on.
    turns = [
        Turn(*key, step.template, reachable(plan.row) & open_ways(plan.path, key=step.key, on=unit.today))
        for plan, step, keys in turning
        for key in keys
    ]
    asked = join_experiments(unit, turns)
    alike: defaultdict[tuple[int, Channel | None], list[ClaimKey]] = defaultdict(list)
    for index, (_, _, keys) in enumerate(turning):
        for key in keys:
            alike[index, asked.get(key[1])].append(key)
    return [plan for plan in plans if not (plan.step and plan.step.template in tried)] + [
        _going(turning[index][0], keys, channel, (), "experiment")
        if channel
        else replace(turning[index][0], claims=ClaimSet.of(keys))
        for (index, channel), keys in alike.items()
    ]


def _going(
    plan: _Plan, keys: Sequence[ClaimKey], channel: Channel, trace: Trace, why: str | None = None
) -> _Plan:
    assert plan.step is not None
    step = replace(plan.step, channel=channel, why=plan.step.why if why is None else why)
    return replace(plan, claims=ClaimSet.of(keys), step=step, trace=trace)


def _is_open(plan: _Plan) -> bool:
    return any(step.best and plan.step and step.key == plan.step.key for step in plan.path.steps)


def _ways(plan: _Plan) -> tuple[Channel, ...]:
    ways = reachable(plan.row)
    named = next(step.channels for step in plan.path.steps if plan.step and step.key == plan.step.key)
    return tuple(way for way in named if way in ways) or (Channel.letter,)


def _write(unit: Unit, plans: Sequence[_Plan]) -> None:
    if not plans:
        return
    steps = [{"n": n} | _step_row(plan, _due_at(unit, plan)) for n, plan in enumerate(plans)]
    inserted = unit.session.connection().execute(_STEPS, {"steps": json.dumps(steps), "now": unit.now})
    new = [replace(plans[row.n], claims=ClaimSet(row.creditors, row.claims)) for row in inserted]
    if noticed := [asdict(plan.claims) for plan in new if _is_notice(plan)]:
        unit.session.connection().execute(_AMICABLE, {"noticed": json.dumps(noticed)})
    queue_for_many(unit, [_message(plan, _due_at(unit, plan)) for plan in new if not _is_call(plan)])
    emit(
        unit,
        *[_person_due(plan, key) for plan in new if _is_call(plan) for key in plan.claims.each()],
    )


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
        "creditors": plan.claims.creditors,
        "claims": plan.claims.claims,
        "step": plan.step.key,
        "cycle": _cycle(plan),
        "channel": plan.step.channel.value,
        "due_at": due_at.isoformat(),
        # The desk takes a call over; whether it is made stands there.
        "state": "done" if _is_call(plan) else "planned",
        "why": plan.step.why,
        "trace": trace_json(plan.trace),
    }


def _message(plan: _Plan, due_at: datetime) -> WantedByMany:
    assert plan.step is not None
    return WantedByMany(
        claims=plan.claims,
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


def _person_due(plan: _Plan, key: ClaimKey) -> CallDue | PersonWanted:
    step, (creditor_id, claim_id), cycle = plan.step, key, _cycle(plan)
    assert step is not None
    if step.channel is Channel.visit:
        return PersonWanted(
            creditor_id=creditor_id, claim_id=claim_id, work_kind="visit_due",
            key=f"visit:{claim_id}:{step.key}:{cycle}", reason=step.why,
        )  # fmt: skip
    return CallDue(creditor_id=creditor_id, claim_id=claim_id, step=step.key, cycle=cycle, why=step.why)


def _look_again(unit: Unit, plans: Sequence[_Plan]) -> None:
    rows = [
        {
            "creditors": plan.claims.creditors,
            "claims": plan.claims.claims,
            "next_on": plan.next_on.isoformat(),
            # Its step was planned for them: the next one is due like any other.
            "next_minutes": 0 if plan.step else plan.minutes,
            "ended": plan.ended,
        }
        for plan in plans
    ]
    unit.session.connection().execute(_NEXT, {"next": json.dumps(rows), "now": unit.now})
