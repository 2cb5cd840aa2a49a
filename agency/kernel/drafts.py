"""A draft that a second person publishes: written by some, handed over, given back, withdrawn or let out.

A room makes its table from `Draft` and the life of its rows from `Drafts`; what a draft may say, and what
publishing does, stays in the room.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlmodel import Field

from agency.kernel.audit import record
from agency.kernel.columns import Timestamped, choice, json_field, moment_field
from agency.kernel.errors import Conflict, Forbidden, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.unit import Unit


class DraftState(StrEnum):
    """draft <-> submitted -> published; withdrawn from either of the first two."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


OPEN: Final = (DraftState.DRAFT, DraftState.SUBMITTED)


class NotYourOwn(Forbidden):
    """Whoever wrote in a draft does not publish it."""


class ChangedMeanwhile(Conflict):
    """The draft says something else by now than what the person read."""


class Draft(Timestamped):
    """Base of a table of drafts: `content` are plain fields, which may still break every rule.

    `writers` are all who ever changed it: none of them may publish it. `version` is what it was published as.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    state: DraftState = Field(default=DraftState.DRAFT, sa_type=choice(DraftState, "state"))
    content: dict[str, Any] = json_field()
    based_on: int | None = None
    writers: list[Any] = json_field()
    changed_at: datetime = moment_field()
    decided_at: datetime | None = moment_field(default=None)
    decided_by: str | None = None
    remark: str = ""
    version: int | None = None


_LIFE: Final = frozenset(Draft.model_fields) - {"content"}

AnyDraft = TypeVar("AnyDraft", bound=Draft)


def edition_of(draft: Draft) -> str:
    """This function will return what tells whether a draft still says what somebody read in it."""
    says = {name: getattr(draft, name) for name in type(draft).model_fields if name not in _LIFE}
    return hashlib.sha256(json.dumps(says, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Drafts(Generic[AnyDraft]):
    """The life of one kind of draft; `tells` begins the action in the audit log, as in `brand.submitted`.

    Where the table belongs to creditors, every function that takes a `draft_id` takes the `creditor_id` too.
    """

    table: type[AnyDraft]
    tells: str

    def begin(self, unit: Unit, draft: AnyDraft) -> AnyDraft:
        """This function will keep a new draft."""
        _keep(unit, draft)
        self._tell(unit, draft, "drafted")
        return draft

    def find(
        self, unit: Unit, *, draft_id: UUID, creditor_id: UUID | None = None, to_change: bool = False
    ) -> AnyDraft:
        """This function will return a draft, its row locked when it is to be changed.

        :raises NotFound: there is none.
        """
        key = {"id": draft_id} if creditor_id is None else {"creditor_id": creditor_id, "id": draft_id}
        draft = unit.session.get(
            self.table, key, populate_existing=to_change, with_for_update=to_change or None
        )
        if draft is None:
            raise NotFound("no such draft")
        return draft

    def to_write(self, unit: Unit, *, draft_id: UUID, creditor_id: UUID | None = None) -> AnyDraft:
        """This function will return a draft that can be written in or submitted, its row locked.

        :raises Conflict: it was submitted or ended before.
        """
        return self._standing(unit, draft_id, creditor_id, DraftState.DRAFT)

    def write(self, unit: Unit, draft: AnyDraft, content: Mapping[str, Any] | None = None) -> AnyDraft:
        """This function will keep what was changed in a draft, whatever rules it breaks, and who did."""
        if content is not None:
            draft.content = dict(content)
        draft.changed_at = unit.now
        draft.writers = sorted({*draft.writers, unit.by})
        return _keep(unit, draft)

    def submit(self, unit: Unit, draft: AnyDraft) -> AnyDraft:
        """This function will hand a draft of `to_write`, found fit by its room, to a second person."""
        draft.state, draft.remark = DraftState.SUBMITTED, ""
        self._tell(unit, draft, "submitted")
        return _keep(unit, draft)

    def give_back(
        self, unit: Unit, *, draft_id: UUID, creditor_id: UUID | None = None, remark: str
    ) -> AnyDraft:
        """This function will give a submitted draft back to its writers, with the reason.

        :raises Conflict: it was not submitted.
        """
        draft = self._standing(unit, draft_id, creditor_id, DraftState.SUBMITTED)
        draft.remark = remark
        return self._decide(unit, draft, DraftState.DRAFT, "returned")

    def withdraw(self, unit: Unit, *, draft_id: UUID, creditor_id: UUID | None = None) -> AnyDraft:
        """This function will end a draft that is not going to be published.

        :raises Conflict: it was published or withdrawn before.
        """
        draft = self._standing(unit, draft_id, creditor_id, *OPEN)
        return self._decide(unit, draft, DraftState.WITHDRAWN, "withdrawn")

    def to_publish(
        self, unit: Unit, *, draft_id: UUID, creditor_id: UUID | None = None, edition: str | None = None
    ) -> AnyDraft:
        """This function will return a submitted draft of which this person wrote nothing, its row locked.

        :param edition: `edition_of` what the person read: it may have been given back, changed and submitted
            again since.
        :raises NotYourOwn: the person wrote in it.
        :raises ChangedMeanwhile: it says something else by now.
        :raises Conflict: it was not submitted.
        """
        draft = self._standing(unit, draft_id, creditor_id, DraftState.SUBMITTED)
        if unit.by in draft.writers:
            raise NotYourOwn("a second person publishes a draft; you wrote in this one")
        refuse_other(draft, edition)
        return draft

    def publish(self, unit: Unit, draft: AnyDraft, *, version: int) -> AnyDraft:
        """This function will close a draft of `to_publish` that its room has just published as a version."""
        draft.version = version
        return self._decide(unit, draft, DraftState.PUBLISHED, "published")

    def _standing(
        self, unit: Unit, draft_id: UUID, creditor_id: UUID | None, *states: DraftState
    ) -> AnyDraft:
        draft = self.find(unit, draft_id=draft_id, creditor_id=creditor_id, to_change=True)
        if draft.state not in states:
            raise Conflict("this draft cannot be changed any more")
        return draft

    def _decide(self, unit: Unit, draft: AnyDraft, state: DraftState, what: str) -> AnyDraft:
        draft.state, draft.decided_at, draft.decided_by = state, unit.now, unit.by
        self._tell(unit, draft, what)
        return _keep(unit, draft)

    def _tell(self, unit: Unit, draft: AnyDraft, what: str) -> None:
        whose: UUID = getattr(draft, "creditor_id", HOUSE)
        subject = f"{self.table.__tablename__}:{draft.id}"
        record(unit, action=f"{self.tells}.{what}", subject=subject, creditor_id=whose)


def refuse_other(draft: Draft, edition: str | None) -> None:
    """This function will refuse what is done with a draft by somebody who read another edition of it.

    :param edition: `edition_of` what was read; None where nobody read it first.
    :raises ChangedMeanwhile: the draft says something else by now.
    """
    if edition is not None and edition != edition_of(draft):
        raise ChangedMeanwhile("this draft was changed after you opened it; read it again")


def _keep(unit: Unit, draft: AnyDraft) -> AnyDraft:
    unit.session.add(draft)
    unit.session.flush()
    return draft
