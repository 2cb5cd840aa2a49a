"""Collections: due instalments drafted into one file, approved by another person, and seen on the bank.

What the bank gives back is not collected again by itself: a person looks first.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select

from agency.arrangements.given_back import tell_given_back
from agency.arrangements.models import DebitState, DirectDebit, DirectDebitFile, FileState
from agency.claims.itemisation import itemise_many
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Forbidden, Gone, NotFound
from agency.kernel.ids import new_id
from agency.kernel.locks import single
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.rules.mandates import Sequence as SequenceType
from agency.rules.mandates import (
    first_collection_day,
    first_sending_day,
    may_collect,
    prenotification_days,
    sequence_of,
)


class NothingToCollect(Conflict):
    """No instalment is due under a mandate that may be used."""


class UnableToApproveCollection(Conflict):
    """The file is no draft any more, or its day can no longer be kept."""


class NotAnotherPerson(Forbidden):
    """Who drafted a collection may not approve it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionLine:
    """One collection of a file."""

    end_to_end: str
    name: str
    iban: str
    amount: Money
    sequence: SequenceType
    mandate: str
    signed_on: date
    text: str


@dataclass(frozen=True, slots=True)
class CollectionOrder:
    """What a collection file says, before it is written in the bank's format."""

    message_id: str
    created_at: datetime
    collect_on: date
    lines: tuple[CollectionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingCollection:
    """The next instalment that a plan's mandate will be used for; `draft_from` is the first day on which
    a file can have it, today where that can be done now."""

    creditor_id: UUID
    creditor: str
    claim_id: UUID
    claim: str
    number: int
    due_on: date
    amount: Money
    draft_from: date


CollectionWriter = Callable[[CollectionOrder], bytes]
"""Writes a collection order in the bank's format; equal orders give equal bytes."""

# When a mandate was last used.
_USED = (
    " LEFT JOIN LATERAL (SELECT max(f.collect_on) AS last_on FROM direct_debit d"
    "  JOIN direct_debit_file f ON f.id = d.file_id WHERE d.creditor_id = m.creditor_id"
    "  AND d.mandate_id = m.id AND d.state IN ('sent', 'collected')) AS used ON true"
)
# One instalment of a plan at a time, the oldest; none that was given back before.
_DUE = text(
    "SELECT DISTINCT ON (i.creditor_id, i.plan_id) i.creditor_id, i.plan_id, i.number, i.due_on,"
    " i.amount_minor - i.paid_minor AS open_minor, p.currency, m.id AS mandate_id, m.signed_at,"
    " i.number = (SELECT max(number) FROM plan_instalment l WHERE l.creditor_id = i.creditor_id"
    "  AND l.plan_id = i.plan_id AND l.paid_minor < l.amount_minor) AS is_last,"
    " used.last_on"
    " FROM plan_instalment i JOIN plan p ON p.creditor_id = i.creditor_id AND p.id = i.plan_id"
    " JOIN sepa_mandate m ON m.creditor_id = p.creditor_id AND m.plan_id = p.id AND m.revoked_at IS NULL"
    + _USED
    + " WHERE p.state = 'active' AND i.due_on <= :collect_on AND i.paid_minor < i.amount_minor"
    " AND NOT EXISTS (SELECT FROM direct_debit d WHERE d.creditor_id = i.creditor_id"
    "  AND d.plan_id = i.plan_id AND d.number = i.number AND d.state <> 'cancelled')"
    " ORDER BY i.creditor_id, i.plan_id, i.number"
)
_COMING = text(
    "SELECT DISTINCT ON (i.creditor_id, i.plan_id) i.creditor_id, i.plan_id, i.number, i.due_on,"
    " i.amount_minor - i.paid_minor AS open_minor, p.currency, m.signed_at, n.name AS creditor,"
    " c.id AS claim_id, c.number AS claim, used.last_on"
    " FROM plan_instalment i JOIN plan p ON p.creditor_id = i.creditor_id AND p.id = i.plan_id"
    " JOIN sepa_mandate m ON m.creditor_id = p.creditor_id AND m.plan_id = p.id AND m.revoked_at IS NULL"
    + _USED
    + " JOIN creditor n ON n.id = p.creditor_id"
    " JOIN plan_claim pc ON pc.creditor_id = p.creditor_id AND pc.plan_id = p.id AND pc.live"
    " JOIN claim c ON c.creditor_id = pc.creditor_id AND c.id = pc.claim_id AND c.state = 'active'"
    " WHERE p.state = 'active' AND p.currency = 'EUR' AND i.paid_minor < i.amount_minor"
    " AND NOT EXISTS (SELECT FROM direct_debit d WHERE d.creditor_id = i.creditor_id"
    "  AND d.plan_id = i.plan_id AND d.number = i.number AND d.state <> 'cancelled')"
    " ORDER BY i.creditor_id, i.plan_id, i.number, c.due_on, c.id"
)
_CLAIMS = text(
    "SELECT pc.creditor_id, pc.plan_id, pc.claim_id FROM plan_claim pc"
    " JOIN claim c ON c.creditor_id = pc.creditor_id AND c.id = pc.claim_id AND c.state = 'active'"
    " WHERE pc.live AND pc.plan_id = ANY(:plans) ORDER BY c.due_on, c.id"
)
_LINES = text(
    "SELECT d.end_to_end, m.holder, m.iban, d.amount_minor, d.currency, d.sequence, m.reference, m.signed_at,"
    " c.payment_reference, c.number, d.number AS instalment, d.creditor_id, d.id, d.state, d.plan_id,"
    " d.claim_id, m.revoked_at IS NULL AND p.state = 'active'"
    "  AND d.amount_minor <= i.amount_minor - i.paid_minor AS may_be_used"
    " FROM direct_debit d JOIN sepa_mandate m ON m.creditor_id = d.creditor_id AND m.id = d.mandate_id"
    " JOIN plan p ON p.creditor_id = d.creditor_id AND p.id = d.plan_id"
    " JOIN plan_instalment i ON i.creditor_id = d.creditor_id AND i.plan_id = d.plan_id"
    "  AND i.number = d.number"
    " JOIN claim c ON c.creditor_id = d.creditor_id AND c.id = d.claim_id"
    " WHERE d.file_id = :file ORDER BY d.end_to_end"
)


def draft_collection(unit: Unit) -> DirectDebitFile:
    """This function will draft a file of every instalment that can be collected on the next possible day.

    :raises NothingToCollect: see the exception.
    :raises AlreadyRunning: somebody else drafts at this moment.
    """
    single(unit, "direct_debit.draft")
    collect_on = first_collection_day(today=unit.today)
    rows = [
        row
        for row in unit.session.connection().execute(_DUE, {"collect_on": collect_on})
        if row.currency == "EUR"
        and may_collect(signed_on=agency_day(row.signed_at), used_on=row.last_on, due_on=collect_on)
    ]
    file_id = new_id()
    debits = [debit for debit in _debits(unit, rows, file_id) if debit.amount_minor > 0]
    if not debits:
        raise NothingToCollect("no instalment can be collected now")
    file = DirectDebitFile(
        id=file_id,
        message_id=f"DD-{unit.today:%Y%m%d}-{file_id.hex[-12:]}",
        collect_on=collect_on,
        total_minor=sum(debit.amount_minor for debit in debits),
        currency="EUR",
        drafted_at=unit.now,
        drafted_by=unit.by,
    )
    unit.session.add(file)
    unit.session.flush()
    unit.session.add_all(debits)
    unit.session.flush()
    _audit(unit, file, "direct_debit.drafted", debits=len(debits))
    return file


def approve_collection(unit: Unit, *, file_id: UUID, writer: CollectionWriter) -> DirectDebitFile:
    """This function will approve a draft by another person than its drafter and write it for the bank.

    Left out is what may not be collected any more: the mandate was taken back, the plan has ended, the
    instalment was paid, or its claim is paid, taken back or disputed. What is left of it is drafted anew.

    :raises NotFound: no such file.
    :raises NotAnotherPerson, UnableToApproveCollection: see the exceptions.
    """
    file = _locked(unit, file_id)
    if file.state != FileState.DRAFT:
        raise UnableToApproveCollection("this collection was decided on already")
    if file.drafted_by == unit.by:
        raise NotAnotherPerson("another person must approve what you drafted")
    if file.collect_on < first_collection_day(today=unit.today):
        raise UnableToApproveCollection("its day can no longer be kept; cancel it and draft another")
    lines = unit.session.connection().execute(_LINES, {"file": file_id}).all()
    kept = _still_asked(unit, lines)
    left_out = {row.id for row in lines} - {row.id for row in kept}
    _move(unit, [row for row in lines if row.id in left_out], DebitState.CANCELLED)
    if not kept:
        raise UnableToApproveCollection("nothing of it is to be collected any more; cancel it")
    order = CollectionOrder(file.message_id, unit.now, file.collect_on, tuple(map(_line, kept)))
    content = writer(order)
    file.state, file.approved_at, file.approved_by = FileState.APPROVED, unit.now, unit.by
    file.content, file.sha256 = content, hashlib.sha256(content).hexdigest()
    file.total_minor = sum(row.amount_minor for row in kept)
    unit.session.add(file)
    unit.session.flush()
    _move(unit, kept, DebitState.SENT)
    _audit(unit, file, "direct_debit.approved", debits=len(kept))
    return file


def cancel_collection(unit: Unit, *, file_id: UUID) -> None:
    """This function will throw a draft away; its instalments can be drafted again.

    :raises NotFound, UnableToApproveCollection: see `approve_collection`.
    """
    file = _locked(unit, file_id)
    if file.state != FileState.DRAFT:
        raise UnableToApproveCollection("this collection was decided on already")
    file.state = FileState.CANCELLED
    unit.session.add(file)
    unit.session.flush()
    lines = unit.session.connection().execute(_LINES, {"file": file_id}).all()
    _move(unit, lines, DebitState.CANCELLED)
    _audit(unit, file, "direct_debit.cancelled", debits=len(lines))


def download_collection(unit: Unit, *, file_id: UUID) -> tuple[str, bytes, int]:
    """This function will return a file's name and bytes as they were written, and count the download.

    :returns: name, content, how often it was downloaded including now.
    :raises NotFound: no such file, or it is not approved.
    """
    file = _locked(unit, file_id)
    if file.content is None:
        raise (
            Gone("this was erased when its time was over")
            if file.sha256
            else NotFound("no such collection file")
        )
    file.downloads += 1
    unit.session.add(file)
    unit.session.flush()
    _audit(unit, file, "direct_debit.downloaded", download=file.downloads)
    return f"{file.message_id}.xml", bytes(file.content), file.downloads


def mark_seen(unit: Unit, *, end_to_end: str, amount_minor: int, why: str = "") -> bool:
    """This function will note that a collection of ours was seen on the bank: in (positive) or given back.

    :returns: whether it was one of ours.
    """
    debit = unit.session.exec(
        select(DirectDebit)
        .where(DirectDebit.end_to_end == end_to_end, DirectDebit.amount_minor == abs(amount_minor))
        .with_for_update()
    ).one_or_none()
    if debit is None or debit.state not in (DebitState.SENT, DebitState.COLLECTED):
        return False
    if amount_minor > 0:
        debit.state = DebitState.COLLECTED
    else:
        debit.state, debit.return_reason = DebitState.RETURNED, why[:200]
    debit.seen_at = unit.now
    unit.session.add(debit)
    unit.session.flush()
    if debit.state == DebitState.RETURNED:
        tell_given_back(unit, debit)
    return True


def collections(unit: Unit, *, limit: int, before: UUID | None = None) -> Sequence[Row[Any]]:
    """This function will return collection files with how many collections each has, the newest first;
    `left_out` are those that were not to be collected any more when it was approved.

    :param before: begin behind this file, to read on where a list ended.
    """
    return (
        unit.session.connection()
        .execute(
            text(
                "SELECT f.id, f.message_id, f.collect_on, f.state, f.total_minor, f.currency, f.drafted_at,"
                " f.drafted_by, f.approved_by, f.downloads,"
                " count(d.id) FILTER (WHERE d.state <> 'cancelled' OR f.state = 'cancelled') AS debits,"
                " count(d.id) FILTER (WHERE d.state = 'cancelled' AND f.state = 'approved') AS left_out,"
                " count(d.id) FILTER (WHERE d.state = 'collected') AS collected,"
                " count(d.id) FILTER (WHERE d.state = 'returned') AS returned"
                " FROM direct_debit_file f LEFT JOIN direct_debit d ON d.file_id = f.id"
                " WHERE CAST(:before AS uuid) IS NULL OR (f.drafted_at, f.id) <"
                "  (SELECT drafted_at, id FROM direct_debit_file WHERE id = :before)"
                " GROUP BY f.id ORDER BY f.drafted_at DESC, f.id DESC LIMIT :limit"
            ),
            {"limit": limit, "before": before},
        )
        .all()
    )


def coming_collections(unit: Unit) -> list[ComingCollection]:
    """This function will return the next instalment of every plan with a mandate, the first to draft."""
    found = []
    for row in unit.session.connection().execute(_COMING):
        announced = agency_day(row.signed_at) + timedelta(days=prenotification_days(unit.today))
        collect_on = max(row.due_on, announced, first_collection_day(today=unit.today))
        if not may_collect(signed_on=agency_day(row.signed_at), used_on=row.last_on, due_on=collect_on):
            continue  # the mandate has lapsed, or will have
        draft_from = first_sending_day(due_on=max(row.due_on, announced))
        found.append(
            ComingCollection(
                creditor_id=row.creditor_id,
                creditor=row.creditor,
                claim_id=row.claim_id,
                claim=row.claim,
                number=row.number,
                due_on=row.due_on,
                amount=Money(row.open_minor, row.currency),
                draft_from=max(draft_from, unit.today),
            )
        )
    return sorted(found, key=lambda one: (one.draft_from, one.due_on, one.creditor, one.claim))


def _debits(unit: Unit, rows: Sequence[Row[Any]], file_id: UUID) -> list[DirectDebit]:
    """One collection per instalment, by the reference of the oldest claim of its plan on which something is
    asked: what that one does not take pays off the others."""
    asked = _asked_by_plan(unit, [row.plan_id for row in rows])
    made = []
    for row in rows:
        open_claims = asked.get(row.plan_id)
        if not open_claims:
            continue
        debit_id = new_id()
        made.append(
            DirectDebit(
                creditor_id=row.creditor_id,
                id=debit_id,
                mandate_id=row.mandate_id,
                plan_id=row.plan_id,
                number=row.number,
                claim_id=next(iter(open_claims)),
                file_id=file_id,
                amount_minor=min(row.open_minor, sum(open_claims.values())),
                currency=row.currency,
                sequence=sequence_of(used_before=row.last_on is not None, is_last=row.is_last),
                end_to_end=f"D{debit_id.hex[:30]}".upper(),
            )
        )
    return made


def _asked_by_plan(unit: Unit, plans: Sequence[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Return, by plan, the claims on which something is asked now, the oldest first, and how much."""
    claims = unit.session.connection().execute(_CLAIMS, {"plans": list(plans)}).all()
    keys = [(row.creditor_id, row.claim_id) for row in claims]
    owed = itemise_many(unit, keys=keys, on=unit.today, undisputed=True) if keys else {}
    asked: dict[UUID, dict[UUID, int]] = {}
    for row in claims:
        minor = owed[row.creditor_id, row.claim_id].total.minor
        if minor > 0:
            asked.setdefault(row.plan_id, {})[row.claim_id] = minor
    return asked


def _still_asked(unit: Unit, lines: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Return those that may be collected as they were drafted: a debit of what is not owed is money that
    has to go back."""
    asked = _asked_by_plan(unit, [row.plan_id for row in lines])
    return [
        row
        for row in lines
        if row.may_be_used
        and row.claim_id in asked.get(row.plan_id, {})
        and row.amount_minor <= sum(asked[row.plan_id].values())
    ]


def _line(row: Row[Any]) -> CollectionLine:
    return CollectionLine(
        end_to_end=row.end_to_end,
        name=row.holder,
        iban=row.iban,
        amount=Money(row.amount_minor, row.currency),
        sequence=row.sequence,
        mandate=row.reference,
        signed_on=agency_day(row.signed_at),
        # The claim's own reference stands first, so that the incoming line settles it by itself.
        text=f"{row.payment_reference} {row.number} {row.instalment}",
    )


def _move(unit: Unit, rows: Sequence[Row[Any]], state: DebitState) -> None:
    for row in unit.session.exec(
        select(DirectDebit).where(col(DirectDebit.id).in_([one.id for one in rows])).with_for_update()
    ):
        row.state = state
        unit.session.add(row)
    unit.session.flush()


def _locked(unit: Unit, file_id: UUID) -> DirectDebitFile:
    file = unit.session.get(DirectDebitFile, file_id, with_for_update=True, populate_existing=True)
    if file is None:
        raise NotFound("no such collection file")
    return file


def _audit(unit: Unit, file: DirectDebitFile, action: str, **facts: int) -> None:
    record(
        unit,
        action=action,
        subject=f"direct_debit_file:{file.id}",
        facts={"total_minor": file.total_minor, "collect_on": file.collect_on.isoformat(), **facts},
    )
