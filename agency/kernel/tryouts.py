"""Trying a draft on the live portfolio: asked for by a person, walked by a worker, cancelled at any moment.

A room makes its table from `Tryout` and the life of its rows from `Tryouts`; what is counted stays in the
room. A walk is kept part by part, each with how far it came, so that a worker that takes over goes on there.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Update, update
from sqlmodel import Field, col, select

from agency.events import Event
from agency.kernel.actor import JobFunction
from agency.kernel.columns import Timestamped, choice, json_field, moment_field
from agency.kernel.drafts import AnyDraft, Draft, Drafts
from agency.kernel.emitting import nudge
from agency.kernel.errors import NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.outbox import enqueue, renew_lease
from agency.kernel.unit import Door, Unit, Units

log = structlog.get_logger()

LEASE_SECONDS: Final = 300


class TryoutState(StrEnum):
    """waiting -> running -> done; cancelled or failed from either of the first two."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


_OPEN: Final = (TryoutState.WAITING, TryoutState.RUNNING)


class Tryout(Timestamped):
    """Base of a table of try-outs: how many of how many claims were tried, and what was found.

    `content_sha256` tells whether the draft has changed since. While it runs `result` is where the walk
    stands, when it is done what it found.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    draft_id: UUID
    state: TryoutState = Field(default=TryoutState.WAITING, sa_type=choice(TryoutState, "state"))
    content_sha256: str
    asked_by: str
    claims: int = 0
    tried: int = 0
    ended_at: datetime | None = moment_field(default=None)
    error: str = ""
    result: dict[str, Any] = json_field(default_factory=dict)


class Walk(Protocol):
    """A way through the portfolio that is gone part by part; `tried` of `claims` claims are behind it."""

    @property
    def claims(self) -> int:
        """How many claims it will try in all."""
        ...

    @property
    def tried(self) -> int:
        """How many it has tried."""
        ...

    def further(self, unit: Unit) -> bool:
        """Try the next claims; False when there are no more."""
        ...

    def standing(self) -> dict[str, Any]:
        """Return plain values from which another worker can go on; empty where it has to begin again."""
        ...

    def result(self) -> dict[str, Any]:
        """Return what was found, as plain values."""
        ...


class _Ended(Exception):
    """It was cancelled, or its draft was changed: there is nothing to go on with."""


AnyTryout = TypeVar("AnyTryout", bound=Tryout)


@dataclass(frozen=True)
class Tryouts(Generic[AnyDraft, AnyTryout]):
    """The life of the try-outs of one kind of draft; `tells` is the event that nudges pages showing one."""

    table: type[AnyTryout]
    drafts: Drafts[AnyDraft]
    tells: Callable[..., Event]

    def ask(self, unit: Unit, draft: Draft, *, job: JobFunction) -> UUID:
        """This function will have a draft tried by a job; an earlier try-out that still runs ends."""
        self._end_open(unit, draft.id)
        tryout = self.table(
            created_at=unit.now, draft_id=draft.id, content_sha256=content_sha256(draft), asked_by=unit.by
        )
        unit.session.add(tryout)
        unit.session.flush()
        enqueue(unit, job, key=f"{self.table.__tablename__}:{tryout.id}", trial_id=str(tryout.id))
        return tryout.id

    def cancel(self, unit: Unit, *, draft_id: UUID) -> None:
        """This function will end the try-out of a draft that still runs, if there is one."""
        self._end_open(unit, draft_id)
        self._nudge(unit, draft_id)

    def latest(self, unit: Unit, *, draft_id: UUID) -> AnyTryout | None:
        """This function will return the last try-out of a draft; None where it was never tried."""
        return unit.session.exec(
            select(self.table)
            .where(col(self.table.draft_id) == draft_id)
            .order_by(col(self.table.created_at).desc(), col(self.table.id).desc())
            .limit(1)
            .execution_options(populate_existing=True)
        ).first()

    def run(
        self,
        units: Units,
        *,
        trial_id: UUID,
        by: str,
        begin: Callable[[Unit, AnyDraft, Mapping[str, Any]], Walk],
    ) -> None:
        """This function will walk a try-out to its end, or until somebody cancels it.

        :param begin: makes the walk from the draft and from where an earlier worker left it (empty: nowhere).
        :raises NotFound: there is no such try-out.
        """
        try:
            with units.open(Door.WORKER, by=by) as unit:
                draft_id, walk = self._take(unit, trial_id, begin)
            going_on = walk is not None
            while walk is not None and going_on:
                with units.open(Door.WORKER, by=by) as unit:
                    renew_lease(unit, seconds=LEASE_SECONDS)
                    going_on = walk.further(unit)
                    self._note(unit, trial_id, draft_id, walk, ended=not going_on)
        except _Ended:
            log.info("tryout.ended", table=self.table.__tablename__, trial_id=str(trial_id))

    def _take(
        self,
        unit: Unit,
        trial_id: UUID,
        begin: Callable[[Unit, AnyDraft, Mapping[str, Any]], Walk],
    ) -> tuple[UUID, Walk | None]:
        tryout = unit.session.get(self.table, trial_id)
        if tryout is None:
            raise NotFound("no such try-out")
        draft = self.drafts.find(unit, draft_id=tryout.draft_id)
        if content_sha256(draft) != tryout.content_sha256:
            self._change(
                unit, trial_id, state=TryoutState.FAILED, ended_at=unit.now, result={},
                error="the draft was changed meanwhile",
            )  # fmt: skip
            self._nudge(unit, draft.id)
            return draft.id, None
        walk = begin(unit, draft, tryout.result)
        self._change(unit, trial_id, state=TryoutState.RUNNING, claims=walk.claims, tried=walk.tried)
        return draft.id, walk

    def _note(self, unit: Unit, trial_id: UUID, draft_id: UUID, walk: Walk, *, ended: bool) -> None:
        if ended:
            self._change(
                unit, trial_id, state=TryoutState.DONE, ended_at=unit.now, tried=walk.tried,
                result=walk.result(),
            )  # fmt: skip
        else:
            self._change(unit, trial_id, tried=walk.tried, result=walk.standing())
        self._nudge(unit, draft_id)

    def _change(self, unit: Unit, trial_id: UUID, **values: Any) -> None:
        changed = unit.session.connection().execute(
            self._those_open().where(col(self.table.id) == trial_id).values(**values)
        )
        if changed.rowcount != 1:
            raise _Ended

    def _end_open(self, unit: Unit, draft_id: UUID) -> None:
        unit.session.connection().execute(
            self._those_open()
            .where(col(self.table.draft_id) == draft_id)
            .values(state=TryoutState.CANCELLED, ended_at=unit.now, result={})
        )

    def _those_open(self) -> Update:
        return update(self.table).where(col(self.table.state).in_(_OPEN))

    def _nudge(self, unit: Unit, draft_id: UUID) -> None:
        nudge(unit, [self.tells(creditor_id=HOUSE, draft_id=draft_id)])


def content_sha256(draft: Draft) -> str:
    """This function will return what tells whether a draft still says what it said."""
    return hashlib.sha256(json.dumps(draft.content, sort_keys=True).encode()).hexdigest()
