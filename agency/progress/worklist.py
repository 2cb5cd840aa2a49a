"""The collectors' lists, read as rows: waiting work, claims, promises, disputes; and the desk's figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, text
from sqlalchemy.orm import aliased
from sqlmodel import col

from agency.arrangements.models import Promise
from agency.claims.finding import matches
from agency.claims.models import Claim, Hold
from agency.claims.states import ENDED
from agency.desk.models import WorkItem
from agency.disputes.models import Dispute
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.ledger.models import LedgerEntry
from agency.parties.models import Creditor, Debtor, UserAccount

Orders = Mapping[str, Any]
"""What a list may be sorted by; the last word is always the row's id."""

CLAIM_ORDERS: Final[Orders] = {
    "number": col(Claim.number),
    "debtor": col(Debtor.name_key),
    "due_on": col(Claim.due_on),
    "principal": col(Claim.principal_minor),
}
PROMISE_ORDERS: Final[Orders] = {
    "due_on": col(Promise.due_on),
    "debtor": col(Debtor.name_key),
    "amount": col(Promise.amount_minor),
}
DISPUTE_ORDERS: Final[Orders] = {
    "raised_at": col(Dispute.raised_at),
    "debtor": col(Debtor.name_key),
    "disputed": col(Dispute.disputed_minor),
}

# The ledger says what is open of the principal; what interest and costs come to today stands on the page.
_OPEN_PRINCIPAL: Final = (
    select(func.coalesce(func.sum(col(LedgerEntry.amount_minor)), 0))
    .where(
        col(LedgerEntry.creditor_id) == col(Claim.creditor_id),
        col(LedgerEntry.claim_id) == col(Claim.id),
        col(LedgerEntry.account) == "claims.principal",
    )
    .correlate(Claim)
    .scalar_subquery()
)
_OPEN_MINOR: Final = _OPEN_PRINCIPAL.label("open_minor")

WORK_ORDERS: Final[Orders] = {
    "urgency": col(WorkItem.urgency),
    "debtor": col(Debtor.name_key),
    "due_on": col(Claim.due_on),
    # What is still open, as the list shows it: what was placed says nothing of what is to be got.
    "principal": _OPEN_PRINCIPAL,
}
_GIVEN: Final = aliased(UserAccount)
_CLAIM: Final[tuple[Any, ...]] = (
    col(Claim.creditor_id), col(Claim.number), col(Claim.state), col(Claim.phase), col(Claim.due_on),
    col(Claim.currency), col(Claim.principal_minor), col(Debtor.name).label("debtor"), col(Debtor.city),
    col(Creditor.name).label("creditor"),
)  # fmt: skip

_FIGURES = text(
    "SELECT (SELECT count(*) FROM work_item w WHERE w.done_by = :by AND w.done_at >= :midnight) AS finished,"
    " (SELECT count(*) FROM promise WHERE state = 'open' AND due_on <= :today) AS due_promises,"
    " (SELECT count(*) FILTER (WHERE state = 'kept') FROM promise WHERE settled_at > :month_ago) AS kept,"
    " (SELECT count(*) FROM promise WHERE state IN ('kept', 'broken') AND settled_at > :month_ago) AS judged,"
    " (SELECT coalesce(sum(amount_minor - over_minor), 0)::bigint FROM payment WHERE reversed_at IS NULL"
    "  AND currency = 'EUR' AND value_on >= :monday) AS this_week,"
    " (SELECT coalesce(sum(amount_minor - over_minor), 0)::bigint FROM payment WHERE reversed_at IS NULL"
    "  AND currency = 'EUR' AND value_on >= :monday_before AND value_on < :monday) AS last_week,"
    " (SELECT count(*) FROM dispute d JOIN claim c ON c.creditor_id = d.creditor_id AND c.id = d.claim_id"
    "  AND c.state <> ALL(:ended) WHERE d.resolved_at IS NULL) AS open_disputes"
)
_WAITING = text(
    # The database's own clock, asked row by row, would take most of the time of a long list.
    "SELECT w.kind, count(*) AS waiting FROM work_item w JOIN claim c ON c.creditor_id = w.creditor_id"
    " AND c.id = w.claim_id AND c.state = 'active' WHERE w.done_at IS NULL AND w.due_at <= :now"
    " GROUP BY w.kind"
)


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """What a collector sees on top: `kept` of `judged` promises in thirty days, euros in minor units."""

    finished: int
    due_promises: int
    kept: int
    judged: int
    this_week_minor: int
    last_week_minor: int
    open_disputes: int


def desk_figures(unit: Unit) -> DeskFigures:
    """This function will count what stands on the desk, as seen by whoever acts in this unit."""
    monday = unit.today - timedelta(days=unit.today.weekday())
    local = unit.now.astimezone(AGENCY_ZONE)
    row = unit.session.connection().execute(
        _FIGURES,
        {
            "by": unit.by,
            "today": unit.today,
            "midnight": local.replace(hour=0, minute=0, second=0, microsecond=0),
            "monday": monday,
            "monday_before": monday - timedelta(days=7),
            "month_ago": unit.now - timedelta(days=30),
            "ended": sorted(ENDED),
        },
    )
    return DeskFigures(*row.one())


def waiting_by_kind(unit: Unit) -> dict[str, int]:
    """This function will count the work that waits on running claims, per kind, as the list shows it."""
    return {row.kind: row.waiting for row in unit.session.connection().execute(_WAITING, {"now": unit.now})}


def open_work(unit: Unit, *, kind: str = "", words: str = "", mine: UUID | None = None) -> Select[Any]:
    """This function will return the statement for work that waits; sort it by one of `WORK_ORDERS`.

    :param words: see `agency.claims.finding.matches`.
    :param mine: only what this user holds, or what was given to him.
    """
    grounds = (
        select(func.array_agg(col(Hold.ground).distinct()))
        .where(
            col(Hold.creditor_id) == col(WorkItem.creditor_id),
            col(Hold.claim_id) == col(WorkItem.claim_id),
            col(Hold.lifted_at).is_(None),
            or_(col(Hold.ends_at).is_(None), col(Hold.ends_at) > unit.now),
        )
        .correlate(WorkItem)
        .scalar_subquery()
    )
    statement = (
        _joined(
            select(
                *_CLAIM, col(WorkItem.id).label("item_id"), col(Claim.id).label("claim_id"),
                col(WorkItem.kind), col(WorkItem.reason), col(WorkItem.urgency), col(WorkItem.due_at),
                col(WorkItem.leased_by), col(WorkItem.leased_until), col(UserAccount.name).label("holder"),
                col(WorkItem.given_to), col(_GIVEN.name).label("given_name"), grounds.label("grounds"),
                col(Debtor.kind).label("debtor_kind"), col(Debtor.country), col(Debtor.name_key), _OPEN_MINOR,
            ).select_from(WorkItem),
            col(WorkItem.creditor_id), col(WorkItem.claim_id),
        )
        .outerjoin(
            UserAccount,
            and_(
                col(UserAccount.id) == col(WorkItem.leased_by), col(WorkItem.leased_until) >= unit.now
            ),
        )
        .outerjoin(_GIVEN, col(_GIVEN.id) == col(WorkItem.given_to))
        .where(
            col(WorkItem.done_at).is_(None),
            col(WorkItem.due_at) <= unit.now,
            col(Claim.state) == "active",
        )
    )  # fmt: skip
    if kind:
        statement = statement.where(col(WorkItem.kind) == kind)
    if mine:
        statement = statement.where(or_(col(UserAccount.id) == mine, col(WorkItem.given_to) == mine))
    return statement.where(matches(words)) if words else statement


def all_claims(*, state: str = "", phase: str = "", creditor: str = "", words: str = "") -> Select[Any]:
    """This function will return the statement for all claims; sort it by one of `CLAIM_ORDERS`.

    :param words: see `agency.claims.finding.matches`.
    """
    statement = _joined(
        select(
            *_CLAIM, col(Claim.id).label("claim_id"), col(Claim.reference), col(Debtor.name_key),
            col(Claim.disputed_minor), _OPEN_MINOR,
        ).select_from(Claim)
    )  # fmt: skip
    for column, value in (
        (col(Claim.state), state), (col(Claim.phase), phase), (col(Creditor.reference), creditor),
    ):  # fmt: skip
        if value:
            statement = statement.where(column == value)
    return statement.where(matches(words)) if words else statement


def all_promises(*, state: str = "", words: str = "") -> Select[Any]:
    """This function will return the statement for promises; sort it by one of `PROMISE_ORDERS`."""
    statement = _joined(
        select(
            *_CLAIM, col(Claim.id).label("claim_id"), col(Promise.id), col(Promise.amount_minor),
            col(Promise.due_on).label("promised_on"), col(Promise.state).label("promise_state"),
            col(Promise.made_at), col(Promise.made_by), col(Debtor.name_key),
        ).select_from(Promise),
        col(Promise.creditor_id), col(Promise.claim_id),
    )  # fmt: skip
    if state:
        statement = statement.where(col(Promise.state) == state)
    return statement.where(matches(words)) if words else statement


DisputesAsked = Literal["open", "ended", "settled"]


def all_disputes(*, asked: DisputesAsked = "open", words: str = "") -> Select[Any]:
    """This function will return the statement for disputes; sort it by one of `DISPUTE_ORDERS`.

    :param asked: those without an outcome, of claims in collection or of claims that ended meanwhile; or
        those with one.
    """
    resolved = col(Dispute.resolved_at)
    ended = col(Claim.state).in_(ENDED)
    statement = _joined(
        select(
            *_CLAIM, col(Claim.id).label("claim_id"), col(Dispute.id), col(Dispute.status),
            col(Dispute.reason), col(Dispute.text), col(Dispute.disputed_minor), col(Dispute.raised_at),
            col(Dispute.raised_by), resolved, col(Debtor.name_key),
        ).select_from(Dispute),
        col(Dispute.creditor_id), col(Dispute.claim_id),
    )  # fmt: skip
    if asked == "settled":
        statement = statement.where(resolved.is_not(None))
    else:
        statement = statement.where(resolved.is_(None), ended if asked == "ended" else ~ended)
    return statement.where(matches(words)) if words else statement


def _joined(statement: Select[Any], creditor_id: Any = None, claim_id: Any = None) -> Select[Any]:
    """The claim of each row, its debtor and its creditor."""
    if creditor_id is not None and claim_id is not None:
        of_row = and_(col(Claim.creditor_id) == creditor_id, col(Claim.id) == claim_id)
        statement = statement.join(Claim, of_row)
    debtor = and_(col(Debtor.creditor_id) == col(Claim.creditor_id), col(Debtor.id) == col(Claim.debtor_id))
    return statement.join(Debtor, debtor).join(Creditor, col(Creditor.id) == col(Claim.creditor_id))
