"""Finding claims by what people have at hand: a name, a number of ours, an invoice, a payment reference."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlmodel import col

from agency.claims.models import Claim, Invoice
from agency.kernel.unit import Unit
from agency.parties.models import Creditor, Debtor
from agency.parties.names import name_key

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
    invoices = select(col(Invoice.claim_id)).where(
        col(Invoice.creditor_id) == col(Claim.creditor_id),
        col(Invoice.claim_id) == col(Claim.id),
        col(Invoice.number).ilike(start),
    )
    return or_(
        col(Debtor.name_key).like(f"%{_literal(name_key(plain) or plain)}%"),
        col(Claim.number).ilike(start),
        col(Claim.reference).ilike(start),
        func.regexp_replace(col(Claim.payment_reference), "[^A-Z0-9]", "", "g") == _bare(plain),
        invoices.exists(),
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


def _bare(reference: str) -> str:
    """A payment reference without the blanks, pluses and slashes that it is written with."""
    return "".join(sign for sign in reference.upper() if sign.isalnum())


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
