"""A creditor's claims as rows of SQL, for its pages, its exports and its programs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, select

from agency.claims.finding import matches
from agency.tables import metadata

CLAIM, DEBTOR, ENTRY = (metadata.tables[name] for name in ("claim", "debtor", "ledger_entry"))


def claims_statement(filters: Mapping[str, str], *, creditor_id: UUID) -> Select[Any]:
    """This function will return the statement that reads claims, each with what is still owed, in minor
    units.

    :param filters: `state`, `placement` and `q` (words to search for); others are not looked at.
    """
    owed = (
        select(func.coalesce(func.sum(ENTRY.c.amount_minor), 0))
        .where(
            ENTRY.c.creditor_id == CLAIM.c.creditor_id,
            ENTRY.c.claim_id == CLAIM.c.id,
            ENTRY.c.account.in_(("claims.principal", "claims.interest", "claims.costs")),
        )
        .scalar_subquery()
    )
    statement = select(
        CLAIM.c.id, CLAIM.c.number, CLAIM.c.reference, CLAIM.c.state, CLAIM.c.due_on,
        CLAIM.c.principal_minor, CLAIM.c.currency, CLAIM.c.disputed_minor,
        DEBTOR.c.name.label("debtor"), DEBTOR.c.city, owed.label("owed"),
    )  # fmt: skip
    return statement.join(DEBTOR, _OF_CLAIM).where(*_conditions(filters, creditor_id))


_OF_CLAIM = (DEBTOR.c.creditor_id == CLAIM.c.creditor_id) & (DEBTOR.c.id == CLAIM.c.debtor_id)


def claims_count(filters: Mapping[str, str], *, creditor_id: UUID) -> Select[Any]:
    """This function will return the statement that counts the claims of the same filters.

    Every claim has its debtor, so only a search by name has to look at debtors to count.
    """
    statement = select(func.count()).select_from(CLAIM).where(*_conditions(filters, creditor_id))
    return statement.join(DEBTOR, _OF_CLAIM) if filters.get("q") else statement


def _conditions(filters: Mapping[str, str], creditor_id: UUID) -> list[ColumnElement[bool]]:
    conditions = [CLAIM.c.creditor_id == creditor_id]
    if state := filters.get("state"):
        conditions.append(CLAIM.c.state == state)
    if placement := filters.get("placement"):
        conditions.append(cast(CLAIM.c.placement_id, Text) == placement)
    if wish := filters.get("q"):
        conditions.append(matches(wish))
    return conditions
