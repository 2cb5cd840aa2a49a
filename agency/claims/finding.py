"""Finding claims by what people have at hand: a name, a number of ours, an invoice, a payment reference."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, or_, select, tuple_
from sqlmodel import col

from agency.claims.models import Claim, Invoice
from agency.kernel.unit import Unit
from agency.parties.models import Creditor, Debtor
from agency.parties.names import name_key
from agency.rules.reference import printed_forms, references_in

_FOUND: Final[tuple[Any, ...]] = (
    col(Claim.creditor_id), col(Claim.id), col(Claim.number), col(Claim.reference),
    col(Debtor.name).label("debtor"), col(Creditor.name).label("creditor"),
)  # fmt: skip


def matches(words: str) -> ColumnElement[bool]:
    """This function will return the condition that a claim is meant by some words, for a statement that
    names `claim` and `debtor`.

    :param words: part of the debtor's name, the start of the claim's or an invoice's number or of the
        creditor's own reference, or the payment reference as people write it.
    """
    plain = " ".join(words.split())
    start = f"{_literal(plain)}%"
    # Not a look-up for each claim: one over all invoices that the door shows.
    invoiced = select(col(Invoice.creditor_id), col(Invoice.claim_id)).where(col(Invoice.number).ilike(start))
    printed = [form for reference in references_in(plain) for form in printed_forms(reference)]
    return or_(
        col(Debtor.name_key).like(f"%{_literal(name_key(plain) or plain)}%"),
        col(Claim.number).ilike(start),
        col(Claim.reference).ilike(start),
        col(Claim.payment_reference).in_(printed),
        tuple_(col(Claim.creditor_id), col(Claim.id)).in_(invoiced),
    )


def find_claims(unit: Unit, *, words: str, limit: int = 8) -> list[Row[Any]]:
    """This function will return the claims that a few letters or digits may mean, running ones first, each
    with creditor_id, id, number, reference, debtor and creditor; nothing for less than two signs."""
    if len(words.strip()) < 2:
        return []
    of_claim = and_(col(Debtor.creditor_id) == col(Claim.creditor_id), col(Debtor.id) == col(Claim.debtor_id))
    statement = (
        select(*_FOUND)
        .select_from(Claim)
        .join(Debtor, of_claim)
        .join(Creditor, col(Creditor.id) == col(Claim.creditor_id))
        .where(matches(words))
        .order_by((col(Claim.state) == "active").desc(), col(Debtor.name_key), col(Claim.number))
        .limit(limit)
    )
    return list(unit.session.connection().execute(statement))


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
