"""What arrangements tell: promises, plans, settlements and mandates."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class PromiseMade(Event):
    """The debtor promised to pay on a date; the path pauses."""

    reacts: ClassVar[bool] = True
    promise_id: UUID
    amount_minor: int
    currency: str
    due_on: str


@dataclass(frozen=True, kw_only=True)
class PromiseKept(Event):
    """The promised amount arrived in time."""

    promise_id: UUID


@dataclass(frozen=True, kw_only=True)
class PromiseBroken(Event):
    """The promised amount did not arrive in time."""

    reacts: ClassVar[bool] = True
    promise_id: UUID


@dataclass(frozen=True, kw_only=True)
class PromiseWithdrawn(Event):
    """An open promise was taken back: by the debtor, who may have promised something else instead
    (`replaced`), or by a person of the agency, who says `why`."""

    reacts: ClassVar[bool] = True
    promise_id: UUID
    replaced: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanProposed(Event):
    """The debtor asked for a payment plan outside the creditor's bands.

    `lead` marks the first claim of a plan over several: what is done once for a plan is done there.
    """

    reacts: ClassVar[bool] = True
    plan_id: UUID
    reasons: list[str]
    lead: bool


@dataclass(frozen=True, kw_only=True)
class PlanOffered(Event):
    """A collector offered the debtor a payment plan."""

    plan_id: UUID
    lead: bool


@dataclass(frozen=True, kw_only=True)
class PlanAgreed(Event):
    """A payment plan was agreed: the first instalment is `amount_minor` on `due_on`."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    amount_minor: int
    currency: str
    due_on: str
    total_minor: int
    lead: bool


@dataclass(frozen=True, kw_only=True)
class PlanRefused(Event):
    """A payment plan did not come about: refused, declined, or not answered in time (`outcome`)."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    outcome: str
    lead: bool


@dataclass(frozen=True, kw_only=True)
class InstalmentMissed(Event):
    """An instalment did not arrive within its days of grace; the plan goes on."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    number: int
    due_on: str
    amount_minor: int
    currency: str
    lead: bool


@dataclass(frozen=True, kw_only=True)
class InstalmentGivenBack(Event):
    """The bank refused to collect an instalment, or gave it back; `mandate_ended` where no other can be
    collected either. Why is between the debtor and his bank: the creditor is not told."""

    reacts: ClassVar[bool] = True
    creditor_sees: ClassVar[bool] = False
    plan_id: UUID
    number: int
    due_on: str
    amount_minor: int
    currency: str
    mandate_ended: bool


@dataclass(frozen=True, kw_only=True)
class PlanEnded(Event):
    """A payment plan ended: completed, broken or cancelled (`outcome`), on a day (`ended_on`)."""

    reacts: ClassVar[bool] = True
    plan_id: UUID
    outcome: str
    lead: bool
    ended_on: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanRunsOn(Event):
    """A payment plan that was paid off runs on: a payment of it was taken back."""

    plan_id: UUID


@dataclass(frozen=True, kw_only=True)
class SettlementOffered(Event):
    """A smaller sum was offered for full discharge; `waiting` when the creditor decides first."""

    settlement_id: UUID
    amount_minor: int
    currency: str
    due_on: str
    waiting: bool


@dataclass(frozen=True, kw_only=True)
class SettlementKept(Event):
    """The settlement was paid in time and the rest was waived."""

    settlement_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class SettlementEnded(Event):
    """A settlement came to nothing (lapsed, refused, cancelled): the full amount stands again."""

    reacts: ClassVar[bool] = True
    settlement_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class MandateSigned(Event):
    """The debtor lets the instalments of a plan be collected from an account."""

    creditor_sees: ClassVar[bool] = False
    mandate_id: UUID
    plan_id: UUID


@dataclass(frozen=True, kw_only=True)
class MandateRevoked(Event):
    """A mandate was taken back; nothing is collected any more."""

    creditor_sees: ClassVar[bool] = False
    mandate_id: UUID
    plan_id: UUID
