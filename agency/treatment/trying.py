"""Trying a draft on the live portfolio: asked for by a person, made by a worker, cancelled at any moment."""

import hashlib
import json
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlmodel import col, select

from agency.events import PathTried
from agency.kernel.actor import actor
from agency.kernel.emitting import nudge
from agency.kernel.errors import NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.outbox import enqueue, renew_lease
from agency.kernel.unit import Door, Unit, Units
from agency.rules.treatment_path import TreatmentPath
from agency.treatment.drafting import PATH_DRAFTS, sound_path, template_facts
from agency.treatment.models import PathTrial, TreatmentPathDraft, TrialState
from agency.treatment.paths import path_in_force
from agency.treatment.portfolio import claims_to_try
from agency.treatment.trial_rates import response_rates
from agency.treatment.trial_sums import TrialSums

log = structlog.get_logger()

CLAIMS_MAX: Final = 20_000
CHUNK: Final = 500
_SECONDS: Final = 300
_BY: Final = "system:treatment"

_LIVE = (
    " FROM treatment t JOIN treatment_path p ON p.id = t.path_id"
    " JOIN claim c ON c.creditor_id = t.creditor_id AND c.id = t.claim_id"
    " WHERE p.key = :key AND t.ended_at IS NULL AND c.state = 'active'"
)
_COUNT = text(f"SELECT count(*){_LIVE}")
# Every k-th claim by number, so that a large portfolio is answered in a minute; the page says which share.
_KEYS = text(
    f"SELECT t.creditor_id, t.claim_id{_LIVE}"
    " AND mod(hashtext(c.number)::bigint + 2147483648, :every) = 0"
    " AND (t.creditor_id, t.claim_id) > (:creditor, :claim) ORDER BY t.creditor_id, t.claim_id LIMIT :limit"
)
_TAKE = text(
    "UPDATE path_trial SET state = 'running', claims = :claims, tried = 0 WHERE id = :id"
    " AND state IN ('waiting', 'running') RETURNING draft_id"
)
_NOTE = text("UPDATE path_trial SET tried = :tried WHERE id = :id AND state = 'running' RETURNING tried")
_END = text(
    "UPDATE path_trial SET state = :state, ended_at = :now, error = :error, tried = :tried,"
    " result = CAST(:result AS jsonb) WHERE id = :id AND state IN ('waiting', 'running')"
)
_NOBODY: Final = UUID(int=0)


class _Cancelled(Exception):
    """Somebody did not want to wait for it."""


def ask_trial(unit: Unit, *, draft_id: UUID) -> UUID:
    """This function will have a draft tried on the live portfolio; an earlier try that still runs ends.

    :raises UnfitPath: something in the draft is forbidden.
    :raises NotFound: there is no such draft.
    """
    draft = PATH_DRAFTS.find(unit, draft_id=draft_id, to_change=True)
    sound_path(unit, draft)
    _cancel(unit, draft_id)
    trial = PathTrial(
        created_at=unit.now,
        id=new_id(),
        draft_id=draft_id,
        content_sha256=content_sha(draft),
        asked_by=unit.by,
    )
    unit.session.add(trial)
    unit.session.flush()
    enqueue(unit, run_trial, key=f"path_trial:{trial.id}", trial_id=str(trial.id))
    return trial.id


def cancel_trial(unit: Unit, *, draft_id: UUID) -> None:
    """This function will end the try-out of a draft that still runs, if there is one."""
    _cancel(unit, draft_id)
    nudge(unit, [PathTried(creditor_id=HOUSE, draft_id=draft_id)])


def latest_trial(unit: Unit, *, draft_id: UUID) -> PathTrial | None:
    """This function will return the last try-out of a draft; None where it was never tried."""
    return unit.session.exec(
        select(PathTrial)
        .where(PathTrial.draft_id == draft_id)
        .order_by(col(PathTrial.created_at).desc(), col(PathTrial.id).desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()


def content_sha(draft: TreatmentPathDraft) -> str:
    """Return what tells whether a draft still says what it said."""
    return hashlib.sha256(json.dumps(draft.content, sort_keys=True).encode()).hexdigest()


def _cancel(unit: Unit, draft_id: UUID) -> None:
    unit.session.connection().execute(
        text(
            "UPDATE path_trial SET state = 'cancelled', ended_at = :now"
            " WHERE draft_id = :draft AND state IN ('waiting', 'running')"
        ),
        {"draft": draft_id, "now": unit.now},
    )


@actor(attempts_max=2, lease_seconds=_SECONDS, own_units=True)
def run_trial(units: Units, *, trial_id: str) -> None:
    """This function will walk every claim of a draft's path ahead, under it and the version in force."""
    try:
        _run(units, UUID(trial_id))
    except _Cancelled:
        log.info("path_trial.cancelled", trial_id=trial_id)


def _run(units: Units, trial_id: UUID) -> None:
    with units.open(Door.WORKER, by=_BY) as unit:
        old, new, sums, every = _prepare(unit, trial_id)
        draft_id = _draft_id(unit, trial_id)
        threatening = frozenset(key for key, facts in template_facts(unit).items() if facts.threatens_court)
    last, tried = (_NOBODY, _NOBODY), 0
    while True:
        with units.open(Door.WORKER, by=_BY) as unit:
            renew_lease(unit, seconds=_SECONDS)
            keys = _keys(unit, old.key, last, every)
            for claim in claims_to_try(unit, keys, threatening=threatening):
                sums.add(claim, old=old, new=new, today=unit.today)
            tried += len(keys)
            _note(unit, trial_id, draft_id, tried)
        if len(keys) < CHUNK:
            break
        last = keys[-1]
    with units.open(Door.WORKER, by=_BY) as unit:
        _end(unit, trial_id, draft_id, tried, sums.as_json(every=every))


def _prepare(unit: Unit, trial_id: UUID) -> tuple[TreatmentPath, TreatmentPath, TrialSums, int]:
    trial = unit.session.get(PathTrial, trial_id)
    if trial is None:
        raise NotFound("no such try-out")
    draft = PATH_DRAFTS.find(unit, draft_id=trial.draft_id)
    if content_sha(draft) != trial.content_sha256:
        _end(unit, trial_id, draft.id, 0, {}, error="the draft was changed meanwhile")
        raise _Cancelled
    old = path_in_force(unit, key=draft.key).path
    claims = unit.session.connection().execute(_COUNT, {"key": draft.key}).scalar_one()
    every = max(1, -(-claims // CLAIMS_MAX))
    taken = unit.session.connection().execute(_TAKE, {"id": trial_id, "claims": -(-claims // every)})
    if taken.first() is None:
        raise _Cancelled
    sums = TrialSums(today=unit.today, rates=response_rates(unit))
    return old, TreatmentPath.from_fields(draft.content), sums, every


def _draft_id(unit: Unit, trial_id: UUID) -> UUID:
    found: UUID = (
        unit.session.connection()
        .execute(text("SELECT draft_id FROM path_trial WHERE id = :id"), {"id": trial_id})
        .scalar_one()
    )
    return found


def _keys(unit: Unit, key: str, last: tuple[UUID, UUID], every: int) -> list[tuple[UUID, UUID]]:
    rows = unit.session.connection().execute(
        _KEYS, {"key": key, "every": every, "creditor": last[0], "claim": last[1], "limit": CHUNK}
    )
    return [(row.creditor_id, row.claim_id) for row in rows]


def _note(unit: Unit, trial_id: UUID, draft_id: UUID, tried: int) -> None:
    if unit.session.connection().execute(_NOTE, {"id": trial_id, "tried": tried}).first() is None:
        raise _Cancelled
    nudge(unit, [PathTried(creditor_id=HOUSE, draft_id=draft_id)])


def _end(
    unit: Unit, trial_id: UUID, draft_id: UUID, tried: int, result: dict[str, Any], *, error: str = ""
) -> None:
    state = TrialState.FAILED if error else TrialState.DONE
    values = {
        "id": trial_id, "state": state.value, "now": unit.now, "tried": tried, "error": error,
        "result": json.dumps(result),
    }  # fmt: skip
    unit.session.connection().execute(_END, values)
    nudge(unit, [PathTried(creditor_id=HOUSE, draft_id=draft_id)])
