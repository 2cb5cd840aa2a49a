"""The early warning as lists and one debtor's page; a creditor's door shows his own debtors only."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlmodel import col

from agency.claims.models import Claim
from agency.early_warning.models import DebtorWarning
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.parties.models import Creditor, Debtor
from agency.parties.names import name_key
from agency.progress.worklist import Orders
from agency.rules.early_warning import Level

WARNING_ORDERS: Final[Orders] = {
    "points": col(DebtorWarning.points),
    "debtor": col(Debtor.name_key),
    "since": col(DebtorWarning.since),
    "claims": col(DebtorWarning.open_claims),
}
_COLUMNS: Final[tuple[Any, ...]] = (
    col(DebtorWarning.creditor_id), col(DebtorWarning.id), col(DebtorWarning.debtor_id),
    col(DebtorWarning.level), col(DebtorWarning.points), col(DebtorWarning.careful),
    col(DebtorWarning.signs), col(DebtorWarning.actions), col(DebtorWarning.facts), col(DebtorWarning.owed),
    col(DebtorWarning.open_claims), col(DebtorWarning.since), col(DebtorWarning.assessed_at),
    col(DebtorWarning.rule_version), col(Debtor.name).label("debtor"), col(Debtor.name_key),
    col(Debtor.kind), col(Debtor.city), col(Creditor.name).label("creditor"),
)  # fmt: skip

_CLAIM_COLUMNS: Final[tuple[Any, ...]] = (
    col(Claim.id), col(Claim.number), col(Claim.reference), col(Claim.state), col(Claim.due_on),
    col(Claim.principal_minor), col(Claim.currency),
)  # fmt: skip


def all_warnings(*, level: str = "", words: str = "") -> Select[Any]:
    """This function will select the warnings that the door shows, found by a debtor's name or number.

    :param level: one of `Level`; anything else is every level.
    """
    chosen = (
        select(*_COLUMNS)
        .select_from(DebtorWarning)
        .join(
            Debtor,
            and_(
                col(Debtor.creditor_id) == col(DebtorWarning.creditor_id),
                col(Debtor.id) == col(DebtorWarning.debtor_id),
            ),
        )
        .join(Creditor, col(Creditor.id) == col(DebtorWarning.creditor_id))
    )
    if level in set(Level):
        chosen = chosen.where(col(DebtorWarning.level) == level)
    if words:
        plain = " ".join(words.split())
        chosen = chosen.where(
            or_(
                col(Debtor.name_key).contains(name_key(plain) or plain, autoescape=True),
                col(Debtor.reference).istartswith(plain, autoescape=True),
                col(Debtor.registration_number) == plain,
            )
        )
    return chosen


def warning_counts(unit: Unit) -> dict[str, int]:
    """This function will count the warnings that the door shows, by level."""
    rows = unit.session.connection().execute(
        select(col(DebtorWarning.level), func.count()).group_by(col(DebtorWarning.level))
    )
    return {Level(level).value: count for level, count in rows}


def warning_of(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> Row[Any]:
    """This function will return the warning about one debtor.

    :raises NotFound: this creditor has no such debtor, or nothing is to be said of him.
    """
    found = unit.session.connection().execute(
        all_warnings().where(
            col(DebtorWarning.creditor_id) == creditor_id, col(DebtorWarning.debtor_id) == debtor_id
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("no warning about this debtor")
    return row


def open_claims_of(unit: Unit, *, creditor_id: UUID, debtor_id: UUID, limit: int = 200) -> Sequence[Row[Any]]:
    """This function will return a debtor's open claims with one creditor, the oldest first: id, number,
    reference, state, due_on, principal_minor and currency."""
    chosen = (
        select(*_CLAIM_COLUMNS)
        .where(
            col(Claim.creditor_id) == creditor_id,
            col(Claim.debtor_id) == debtor_id,
            col(Claim.state).in_(("new", "quoted", "active")),
        )
        .order_by(col(Claim.due_on), col(Claim.id))
        .limit(limit)
    )
    return unit.session.connection().execute(chosen).all()
