"""Trying a draft of a path on the live portfolio: every claim walked ahead, under it and the one in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.events import PathTried
from agency.kernel.actor import actor
from agency.kernel.tryouts import LEASE_SECONDS, Tryouts
from agency.kernel.unit import Unit, Units
from agency.rules.treatment_path import TreatmentPath
from agency.treatment.drafting import PATH_DRAFTS, sound_path, template_facts
from agency.treatment.models import PathTrial, TreatmentPathDraft
from agency.treatment.paths import newest_path, path_in_sight
from agency.treatment.portfolio import claims_to_try
from agency.treatment.trial_rates import response_rates
from agency.treatment.trial_sums import TrialSums

CLAIMS_MAX: Final = 20_000
CHUNK: Final = 500

PATH_TRYOUTS: Final = Tryouts(PathTrial, PATH_DRAFTS, tells=PathTried)

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
_NOBODY: Final = UUID(int=0)


def ask_trial(unit: Unit, *, draft_id: UUID) -> UUID:
    """This function will have a draft tried on the live portfolio; an earlier try that still runs ends.

    :raises UnfitPath: something in the draft is forbidden.
    :raises NotFound: there is no such draft.
    """
    draft = PATH_DRAFTS.find(unit, draft_id=draft_id, to_change=True)
    sound_path(unit, draft)
    return PATH_TRYOUTS.ask(unit, draft, job=run_trial)


@actor(attempts_max=2, lease_seconds=LEASE_SECONDS, own_units=True)
def run_trial(units: Units, *, trial_id: str) -> None:
    """This function will walk every claim of a draft's path ahead, under it and the version in force."""
    PATH_TRYOUTS.run(units, trial_id=UUID(trial_id), by="system:treatment", begin=_begin)


@dataclass
class _PathWalk:
    """The claims of a path in the order of their keys; how often each debtor was met is counted in memory,
    so another worker begins again."""

    old: TreatmentPath
    new: TreatmentPath
    sums: TrialSums
    every: int
    claims: int
    threatening: frozenset[str]
    tried: int = 0
    last: tuple[UUID, UUID] = (_NOBODY, _NOBODY)

    def further(self, unit: Unit) -> bool:
        rows = unit.session.connection().execute(
            _KEYS,
            {"key": self.old.key, "every": self.every, "creditor": self.last[0], "claim": self.last[1],
             "limit": CHUNK},
        )  # fmt: skip
        keys = [(row.creditor_id, row.claim_id) for row in rows]
        for claim in claims_to_try(unit, keys, threatening=self.threatening):
            self.sums.add(claim, old=self.old, new=self.new, today=unit.today)
        self.tried += len(keys)
        self.last = keys[-1] if keys else self.last
        return len(keys) == CHUNK

    def standing(self) -> dict[str, Any]:
        return {}

    def result(self) -> dict[str, Any]:
        return self.sums.as_json(every=self.every)


def _begin(unit: Unit, draft: TreatmentPathDraft, standing: Mapping[str, Any]) -> _PathWalk:
    claims = unit.session.connection().execute(_COUNT, {"key": draft.key}).scalar_one()
    every = max(1, -(-claims // CLAIMS_MAX))
    facts = template_facts(unit)
    new = TreatmentPath.from_fields(draft.content)
    # Nobody is on a path of which no version was published yet: there is nothing to compare.
    known = newest_path(unit, key=draft.key) is not None
    return _PathWalk(
        old=path_in_sight(unit, key=draft.key).path if known else new,
        new=new,
        sums=TrialSums(today=unit.today, rates=response_rates(unit)),
        every=every,
        claims=-(-claims // every),
        threatening=frozenset(key for key, template in facts.items() if template.threatens_court),
    )
