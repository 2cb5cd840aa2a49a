"""Trying ways of contact against each other: a fixed holdout, groups that follow from ids, intervals."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.rules.experiment import HOLDOUT, Share, group_of, share_of
from agency.rules.facts import Channel
from agency.treatment.models import Experiment

# Texts that exist for each of these ways, so that an arm can always be written.
TEXTS = ("reminder_1", "reminder_2", "final_notice")
WAYS = (Channel.email, Channel.sms, Channel.letter)

_RUNNING = text(
    "SELECT id, template, arms, holdout_percent FROM experiment WHERE stopped_at IS NULL"
    " AND template = ANY(:templates)"
)
_JOIN = text(
    'INSERT INTO experiment_claim (creditor_id, id, claim_id, experiment_id, "group", at)'
    ' SELECT w.creditor_id, uuidv7(), w.claim_id, w.experiment_id, w."group", :now'
    " FROM jsonb_to_recordset(CAST(:joined AS jsonb)) AS w(creditor_id uuid, claim_id uuid,"
    '  experiment_id uuid, "group" text) ON CONFLICT (creditor_id, claim_id, experiment_id) DO NOTHING'
)
_RESULTS = text(
    'SELECT e."group", count(*) AS claims,'
    " count(*) FILTER (WHERE e.at <= :now - make_interval(days => x.answer_days)) AS judged,"
    " count(*) FILTER (WHERE e.at <= :now - make_interval(days => x.answer_days) AND EXISTS (SELECT"
    "  FROM payment p WHERE p.creditor_id = e.creditor_id AND p.claim_id = e.claim_id"
    "  AND p.reversed_at IS NULL AND p.created_at >= e.at"
    "  AND p.created_at < e.at + make_interval(days => x.answer_days))) AS answered"
    " FROM experiment_claim e JOIN experiment x ON x.id = e.experiment_id"
    ' WHERE x.id = :experiment GROUP BY e."group"'
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A step whose turn has come: its claim, its text, and the ways by which the debtor is reached."""

    creditor_id: UUID
    claim_id: UUID
    template: str
    reachable: frozenset[Channel]


@dataclass(frozen=True, slots=True)
class GroupResult:
    """What came of a group: claims, those whose days are over, and how many of those paid something."""

    group: str
    claims: int
    judged: int
    answered: int
    share: Share | None


def start_experiment(
    unit: Unit, *, name: str, template: str, arms: Sequence[Channel], holdout_percent: int, answer_days: int
) -> UUID:
    """This function will start an experiment and return its id.

    :raises Invalid: no two different ways, or a text that is not written for them.
    :raises Conflict: the name was used, or another experiment with this text runs.
    """
    if template not in TEXTS:
        raise Invalid("choose a text that is written for every way", field="template")
    if len(set(arms)) != len(arms) or len(arms) < 2 or not set(arms) <= set(WAYS):
        raise Invalid("choose two or more different ways", field="arms")
    if unit.session.exec(select(Experiment).where(Experiment.name == name)).first():
        raise Conflict("an experiment of this name exists")
    running = select(Experiment).where(Experiment.template == template, Experiment.stopped_at == None)  # noqa: E711
    if unit.session.exec(running).first():
        raise Conflict("another experiment with this text runs")
    experiment = Experiment(
        created_at=unit.now,
        name=name,
        template=template,
        arms=[arm.value for arm in arms],
        holdout_percent=holdout_percent,
        answer_days=answer_days,
        created_by=unit.by,
    )
    unit.session.add(experiment)
    unit.session.flush()
    record(unit, action="experiment.started", subject=f"experiment:{experiment.id}", facts={"name": name})
    return experiment.id


def stop_experiment(unit: Unit, *, experiment_id: UUID, why: str) -> None:
    """This function will stop an experiment: from now on every claim is treated as ever. Twice is once.

    :raises NotFound: no such experiment.
    """
    experiment = unit.session.get(Experiment, experiment_id, with_for_update=True)
    if experiment is None:
        raise NotFound("no such experiment")
    if experiment.stopped_at is not None:
        return
    experiment.stopped_at, experiment.stopped_by, experiment.stopped_why = unit.now, unit.by, why
    unit.session.flush()
    record(unit, action="experiment.stopped", subject=f"experiment:{experiment_id}", facts={"why": why})


def texts_tried(unit: Unit, templates: Collection[str]) -> frozenset[str]:
    """This function will return those of some texts with which an experiment runs."""
    rows = unit.session.connection().execute(_RUNNING, {"templates": sorted(templates)})
    return frozenset(row.template for row in rows)


def join_experiments(unit: Unit, turns: Sequence[Turn]) -> dict[UUID, Channel]:
    """This function will put claims into the groups of running experiments and return the ways that those
    ask for, by claim; a claim whose debtor is not reached that way stays in its group and goes as ever.
    """
    templates = sorted({turn.template for turn in turns})
    if not templates:
        return {}
    found = unit.session.connection().execute(_RUNNING, {"templates": templates}).all()
    running = {row.template: row for row in found}
    joined: list[Mapping[str, str]] = []
    ways: dict[UUID, Channel] = {}
    for turn in turns:
        row = running.get(turn.template)
        if row is None:
            continue
        group = group_of(
            claim_id=turn.claim_id, experiment_id=row.id, arms=row.arms, holdout_percent=row.holdout_percent
        )
        joined.append(
            {
                "creditor_id": str(turn.creditor_id),
                "claim_id": str(turn.claim_id),
                "experiment_id": str(row.id),
                "group": group,
            }
        )
        if group != HOLDOUT and Channel(group) in turn.reachable:
            ways[turn.claim_id] = Channel(group)
    if joined:
        unit.session.connection().execute(_JOIN, {"joined": json.dumps(joined), "now": unit.now})
    return ways


def results_of(unit: Unit, experiment: Experiment) -> list[GroupResult]:
    """This function will count what came of each group, the holdout last."""
    rows = unit.session.connection().execute(_RESULTS, {"experiment": experiment.id, "now": unit.now})
    by_group = {row.group: row for row in rows}
    return [_result(group, by_group.get(group)) for group in (*experiment.arms, HOLDOUT)]


def _result(group: str, row: object) -> GroupResult:
    claims, judged, answered = (int(getattr(row, name, 0)) for name in ("claims", "judged", "answered"))
    return GroupResult(group, claims, judged, answered, share_of(successes=answered, trials=judged))
