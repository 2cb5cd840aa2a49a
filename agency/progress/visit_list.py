"""The list of visits over all claims, for whoever makes them."""

from typing import Any, Final

from sqlalchemy import Select, and_, select
from sqlmodel import col

from agency.claims.finding import matches
from agency.claims.models import Claim
from agency.desk.models import FieldVisit, VisitState
from agency.parties.models import Creditor, Debtor
from agency.progress.worklist import Orders

VISIT_ORDERS: Final[Orders] = {
    "day": col(FieldVisit.day),
    "debtor": col(Debtor.name_key),
    "visitor": col(FieldVisit.visitor),
}
_COLUMNS: Final[tuple[Any, ...]] = (
    col(FieldVisit.creditor_id), col(FieldVisit.id), col(FieldVisit.claim_id), col(FieldVisit.day),
    col(FieldVisit.first), col(FieldVisit.last), col(FieldVisit.visitor),
    col(FieldVisit.state).label("visit_state"), col(FieldVisit.outcome), col(Claim.number),
    col(Debtor.name).label("debtor"), col(Debtor.name_key), col(Debtor.street), col(Debtor.postal_code),
    col(Debtor.city), col(Creditor.name).label("creditor"),
)  # fmt: skip


def all_visits(*, state: str, words: str) -> Select[Any]:
    """This function will select visits over all creditors, found by words.

    :param state: one of `VisitState`; empty for those that are still to be made.
    """
    chosen = (
        select(*_COLUMNS)
        .select_from(FieldVisit)
        .join(
            Claim,
            and_(
                col(Claim.creditor_id) == col(FieldVisit.creditor_id),
                col(Claim.id) == col(FieldVisit.claim_id),
            ),
        )
        .join(
            Debtor,
            and_(col(Debtor.creditor_id) == col(Claim.creditor_id), col(Debtor.id) == col(Claim.debtor_id)),
        )
        .join(Creditor, col(Creditor.id) == col(FieldVisit.creditor_id))
        .where(
            col(FieldVisit.state) == state
            if state
            else col(FieldVisit.state).in_((VisitState.ANNOUNCED, VisitState.UNDER_WAY))
        )
    )
    return chosen.where(matches(words)) if words else chosen
