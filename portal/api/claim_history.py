"""What a program tells of a claim beside the debt: the creditor's own steps, and its credit insurance."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field, WithJsonSchema

from agency.claims.earlier_steps import NoticeWords, TakenStep, earlier_steps, record_earlier_steps
from agency.claims.insurance import Policy, insure_claim, standing_of
from agency.claims.models import EarlierKind
from agency.parties.models import Scope
from agency.rules.facts import Channel
from agency.rules.fourteen_days import CountedFrom
from portal.api.access import ApiUnit, Body, TheCaller, opened_by

routes = opened_by(Scope.PLACE)

# A decimal's own schema lets any text through.
PERCENT: Final = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 100},
        {"type": "string", "pattern": r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"},
    ]
}
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2), WithJsonSchema(PERCENT)]


class Notice(Body):
    """What a formal notice says; costs without VAT, in minor units."""

    days: Annotated[int, Field(ge=1, le=365)] | None = None
    counted_from: CountedFrom = CountedFrom.day_after_delivery
    costs_minor: Annotated[int, Field(ge=0, le=10**12)] | None = None
    vat_minor: Annotated[int, Field(ge=0, le=10**12)] | None = None
    vat_declared: bool = False
    consequences_stated: bool = False


class Step(Body):
    """One step that the creditor took itself."""

    kind: EarlierKind
    channel: Channel
    sent_on: date
    notice: Notice = Notice()


class Steps(Body):
    """Steps of one claim; known ones stay as they are, so sending them again changes nothing."""

    steps: Annotated[list[Step], Field(min_length=1, max_length=50)]


class Cover(Body):
    """The credit insurance of a claim; percentages as decimals."""

    insurer: Annotated[str, Field(min_length=1, max_length=200)]
    policy_number: Annotated[str, Field(min_length=1, max_length=80)]
    covered_percent: Percent
    indemnity_percent: Percent = Decimal(0)
    notify_by: date | None = None
    notified_on: date | None = None


class KnownStep(BaseModel):
    """A step as it counts; `faults` names what the law misses in a notice."""

    kind: str
    channel: str
    sent_on: date
    faults: list[str]


class KnownSteps(BaseModel):
    """How many steps were new, and all that are known of the claim."""

    new: int
    steps: list[KnownStep]


class CoverNow(BaseModel):
    """The insurance as it stands, shares in basis points, and how far telling the insurer is."""

    insurer: str
    policy_number: str
    covered_bps: int
    indemnity_bps: int
    notify_by: date | None
    notified_on: date | None
    notification: str


@routes.post("/claims/{claim_id:uuid}/earlier-steps")
def tell_steps(unit: ApiUnit, caller: TheCaller, claim_id: UUID, told: Steps) -> KnownSteps:
    """Record the creditor's own reminders and notices, each judged by the law where it is a notice."""
    creditor_id = caller.creditor_id
    steps = [
        TakenStep(
            claim_id=claim_id,
            kind=step.kind,
            channel=step.channel,
            sent_on=step.sent_on,
            notice=NoticeWords(**step.notice.model_dump()),
        )
        for step in told.steps
    ]
    new = record_earlier_steps(unit, creditor_id=creditor_id, steps=steps)
    known = earlier_steps(unit, creditor_id=creditor_id, claim_ids=[claim_id])
    return KnownSteps(
        new=new,
        steps=[
            KnownStep(kind=step.kind, channel=step.channel, sent_on=step.sent_on, faults=step.faults)
            for step in known
        ],
    )


@routes.put("/claims/{claim_id:uuid}/insurance")
def tell_cover(unit: ApiUnit, caller: TheCaller, claim_id: UUID, told: Cover) -> CoverNow:
    """Record or replace the credit insurance; the answer says where the notification stands."""
    cover = insure_claim(
        unit,
        creditor_id=caller.creditor_id,
        claim_id=claim_id,
        policy=Policy(**told.model_dump()),
    )
    return CoverNow(
        insurer=cover.insurer,
        policy_number=cover.policy_number,
        covered_bps=cover.covered_bps,
        indemnity_bps=cover.indemnity_bps,
        notify_by=cover.notify_by,
        notified_on=cover.notified_on,
        notification=standing_of(cover, today=unit.today).value,
    )
