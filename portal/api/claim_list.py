"""A creditor's claims as programs read them: listed, one with what is owed on it, what changed, what
happened."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Row
from sqlmodel import col, select

from agency.claims.erased import refuse_erased
from agency.claims.itemisation import itemise
from agency.claims.models import Claim, Invoice
from agency.claims.states import ClaimState
from agency.kernel.errors import NotFound
from agency.money import Money
from agency.parties.models import Scope
from agency.progress.changes import START, Place, changes_since
from agency.progress.timeline import Happening, planned_actions, timeline
from portal.api.access import ApiUnit, TheCaller, opened_by
from portal.claim_rows import CLAIM, claims_statement

routes = opened_by(Scope.READ)

# What `next` tells of a place among the changes: a position that the database can hold, and a claim.
PLACE: Final = r"^([0-9]{1,18}-[0-9a-f]{32})?$"
Limit = Annotated[int, Query(ge=1, le=500)]
OPENED: Final = frozenset({"active", "paid", "closed", "withdrawn"})
# Facts of events that the creditor's own pages show; what people wrote and how a debtor is stays with us.
TOLD: Final = frozenset(
    {"act", "after", "amount_minor", "answer", "before", "before_bps", "channel", "close_code", "currency",
     "day", "document_id", "document_kind", "due_on", "fee_bps", "from_state", "ground", "insurer", "name",
     "number", "payment_id", "quote_id", "sent_on", "source", "standing", "step", "step_kind", "to_state"}
)  # fmt: skip


class ClaimRow(BaseModel):
    """A claim in a list; amounts as decimals with a point. `owed` is empty until collection has begun."""

    id: UUID
    number: str
    reference: str
    state: ClaimState
    debtor: str
    due_on: date
    currency: str
    principal: str
    disputed: str
    owed: str | None


class Claims(BaseModel):
    """A page of claims in the order in which they were placed; `next` is the `after` of the next page."""

    claims: list[ClaimRow]
    next: str | None


class Changed(BaseModel):
    """Claims that changed, as they stand now; ask again with `next`, at once where there is `more`."""

    claims: list[ClaimRow]
    next: str
    more: bool


class InvoiceRow(BaseModel):
    """An invoice of a claim; a credit note has a negative amount."""

    number: str
    kind: str
    issued_on: date
    due_on: date
    open: str


class Owed(BaseModel):
    """What is asked on a claim today; costs with their VAT."""

    on: date
    principal: str
    interest: str
    costs: str
    total: str


class ClaimNow(BaseModel):
    """One claim as it stands."""

    id: UUID
    number: str
    reference: str
    payment_reference: str
    state: ClaimState
    phase: str
    close_code: str | None
    due_on: date
    currency: str
    principal: str
    disputed: str
    owed: Owed | None
    invoices: list[InvoiceRow]


class Happened(BaseModel):
    """One event of a claim; `position` is what `before` goes back from."""

    position: int
    at: datetime
    kind: str
    facts: dict[str, Any]


class Planned(BaseModel):
    """A step that waits for its day."""

    due_at: datetime
    step: str
    channel: str


class History(BaseModel):
    """What happened to a claim, the newest first, and what comes next."""

    events: list[Happened]
    planned: list[Planned]
    next: int | None


@routes.get("/claims")
def list_claims(
    unit: ApiUnit,
    caller: TheCaller,
    after: UUID | None = None,
    limit: Limit = 100,
    state: ClaimState | None = None,
    reference: Annotated[str | None, Query(max_length=200)] = None,
    placement: UUID | None = None,
) -> Claims:
    """Every claim in the order in which they were placed; later pages are the same whatever changes."""
    filters = {"state": state.value if state else "", "placement": str(placement or "")}
    statement = claims_statement(filters, creditor_id=caller.creditor_id)
    if after is not None:
        statement = statement.where(CLAIM.c.id > after)
    if reference is not None:
        statement = statement.where(CLAIM.c.reference == reference.replace("\0", ""))
    rows = unit.session.connection().execute(statement.order_by(CLAIM.c.id).limit(limit + 1)).all()
    shown = rows[:limit]
    return Claims(claims=[_row(row) for row in shown], next=str(shown[-1].id) if len(rows) > limit else None)


@routes.get("/claims/changes")
def list_changes(
    unit: ApiUnit,
    caller: TheCaller,
    since: Annotated[str, Query(pattern=PLACE)] = "",
    limit: Limit = 100,
) -> Changed:
    """Claims that changed since the `next` of an earlier answer, and all from the first without one.

    None is skipped, however many change at once; one that changes meanwhile may come twice.
    """
    found = changes_since(unit, creditor_id=caller.creditor_id, since=_place(since), limit=limit)
    statement = claims_statement({}, creditor_id=caller.creditor_id).where(CLAIM.c.id.in_(found.claim_ids))
    rows = {row.id: row for row in unit.session.connection().execute(statement)}
    return Changed(
        claims=[_row(rows[claim_id]) for claim_id in found.claim_ids if claim_id in rows],
        next=f"{found.upto.position}-{found.upto.claim_id.hex}",
        more=found.more,
    )


@routes.get("/claims/{claim_id:uuid}")
def read_claim(unit: ApiUnit, caller: TheCaller, claim_id: UUID) -> ClaimNow:
    """One claim with its invoices, and what is owed on it today where it is being collected."""
    claim = unit.session.get(Claim, (caller.creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    refuse_erased(claim)
    invoices = unit.session.exec(
        select(Invoice)
        .where(Invoice.creditor_id == caller.creditor_id, Invoice.claim_id == claim_id)
        .order_by(col(Invoice.due_on), col(Invoice.number))
    )
    return ClaimNow(
        id=claim.id,
        number=claim.number,
        reference=claim.reference,
        payment_reference=claim.payment_reference,
        state=claim.state,
        phase=claim.phase.value,
        close_code=claim.close_code,
        due_on=claim.due_on,
        currency=claim.currency,
        principal=_decimal(claim.principal_minor, claim.currency),
        disputed=_decimal(claim.disputed_minor, claim.currency),
        owed=_owed(unit, claim) if claim.state == ClaimState.ACTIVE else None,
        invoices=[
            InvoiceRow(
                number=one.number,
                kind=one.kind,
                issued_on=one.issued_on,
                due_on=one.due_on,
                open=_decimal(one.open_minor, one.currency),
            )
            for one in invoices
        ],
    )


@routes.get("/claims/{claim_id:uuid}/history")
def read_history(
    unit: ApiUnit, caller: TheCaller, claim_id: UUID, before: int | None = None, limit: Limit = 50
) -> History:
    """What happened to one claim, the newest first, and the steps that are planned."""
    claim = unit.session.get(Claim, (caller.creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    refuse_erased(claim)
    whose = {"creditor_id": caller.creditor_id, "claim_id": claim_id}
    found = timeline(unit, **whose, for_creditor=True, limit=limit + 1, before=_position(before))
    shown = found[:limit]
    return History(
        events=[_happened(event) for event in shown],
        planned=[
            Planned(due_at=step.due_at, step=step.step, channel=step.channel)
            for step in planned_actions(unit, **whose)
        ],
        next=shown[-1].position if len(found) > limit else None,
    )


def _row(row: Row[Any]) -> ClaimRow:
    return ClaimRow(
        id=row.id,
        number=row.number,
        reference=row.reference,
        state=row.state,
        debtor=row.debtor,
        due_on=row.due_on,
        currency=row.currency,
        principal=_decimal(row.principal_minor, row.currency),
        disputed=_decimal(row.disputed_minor, row.currency),
        owed=_decimal(int(row.owed), row.currency) if row.state in OPENED else None,
    )


def _owed(unit: ApiUnit, claim: Claim) -> Owed:
    found = itemise(unit, creditor_id=claim.creditor_id, claim_id=claim.id, on=unit.today)
    return Owed(
        on=found.on,
        principal=str(found.principal.decimal),
        interest=str(found.interest.decimal),
        costs=str((found.costs + found.costs_vat).decimal),
        total=str(found.total.decimal),
    )


def _happened(event: Happening) -> Happened:
    facts = {name: value for name, value in event.facts.items() if name in TOLD}
    return Happened(position=event.position, at=event.at, kind=event.kind, facts=facts)


def _decimal(minor: int, currency: str) -> str:
    return str(Money(minor, currency).decimal)


def _position(before: int | None) -> int | None:
    """A position as the database can hold it."""
    return None if before is None else max(0, min(before, 2**63 - 1))


def _place(since: str) -> Place:
    if not since:
        return START
    position, _, claim_id = since.partition("-")
    return Place(int(position), UUID(hex=claim_id))
