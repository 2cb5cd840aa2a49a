"""New prices of claims in collection, and what changed between two prices, in the words of the creditors'
pages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.comparing import ChangedLine, compare_quote
from portal.creditor.words import DOCUMENTS, factor_words
from portal.quote_rows import HELD
from portal.shared.i18n import gettext

# A higher price waits as long as its claim is in collection, also after its last day. The claim is held, or
# only what its debtor contests.
_WAITING = (
    " FROM quote q JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id AND c.state = 'active'"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN quote f ON f.creditor_id = q.creditor_id AND f.id = q.follows_id"
    " JOIN quote_line l ON l.creditor_id = f.creditor_id AND l.quote_id = f.id AND l.claim_id = c.id"
    " WHERE q.creditor_id = :c AND q.state = 'open' AND (CAST(:claim AS uuid) IS NULL OR c.id = :claim)"
)
_LIST = text(
    "SELECT q.id, q.number, q.claim_id, c.number AS claim, c.reference, d.name AS debtor, q.currency,"
    " q.principal_minor, q.issued_at, q.expires_at, q.expires_at <= app.now() AS expired,"
    f" l.fee_bps AS before, q.fee_bps_average AS after, {HELD} AS held{_WAITING}"
    " ORDER BY q.expires_at, q.id LIMIT :limit"
)
_COUNT = text(f"SELECT count(*) AS claims, min(q.expires_at) AS first{_WAITING}")
_AGREED = text(
    "SELECT q.id, q.number, q.accepted_at, l.fee_bps,"
    " q.closed_at IS NULL AND q.claim_id IS NOT NULL AS by_itself"
    " FROM quote_line l JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id"
    " WHERE l.creditor_id = :c AND l.claim_id = :claim AND q.state = 'accepted' AND l.outcome IS NULL"
    " ORDER BY q.accepted_at DESC, q.id DESC LIMIT 20"
)


def waiting_prices(unit: Unit, *, creditor_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """This function will return the higher prices that wait for the creditor's answer, the first to end
    first."""
    values = {"c": creditor_id, "claim": None, "limit": limit}
    return unit.session.connection().execute(_LIST, values).all()


def count_waiting(unit: Unit, *, creditor_id: UUID) -> Row[Any]:
    """This function will count the claims whose higher price waits, with the end of the first."""
    return unit.session.connection().execute(_COUNT, {"c": creditor_id, "claim": None}).one()


def waiting_price(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> dict[str, Any] | None:
    """This function will return the higher price that waits for one claim, with what changed."""
    values = {"c": creditor_id, "claim": claim_id, "limit": 1}
    row = unit.session.connection().execute(_LIST, values).one_or_none()
    if row is None:
        return None
    return {"row": row, "change": price_change(unit, creditor_id=creditor_id, quote_id=row.id)}


def price_change(unit: Unit, *, creditor_id: UUID, quote_id: UUID) -> dict[str, Any]:
    """This function will return what changed in the new price of one claim.

    :raises NotFound: this creditor has no such quote, or it follows none.
    """
    [line] = compare_quote(unit, creditor_id=creditor_id, quote_id=quote_id).lines
    return change_words(line)


def agreed_prices(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[Row[Any]]:
    """This function will return every price that was in force for a claim, the newest first."""
    return unit.session.connection().execute(_AGREED, {"c": creditor_id, "claim": claim_id}).all()


def change_words(line: ChangedLine) -> dict[str, Any]:
    """This function will say what differs between two prices of one claim."""
    facts = line.new_facts or line.old_facts or {}
    return {
        "claim_id": line.claim_id,
        "number": line.number,
        "reference": line.reference,
        "debtor": line.debtor,
        "before": line.before_bps,
        "after": line.after_bps,
        "most_before": _most(line.old_facts),
        "most_after": _most(line.new_facts),
        "factors": [
            {
                "words": factor_words([{"key": factor.key, "label": factor.key, "bps": 0}], facts)[0],
                "before": factor.before_bps,
                "after": factor.after_bps,
            }
            for factor in line.factors
        ],
        "added": [gettext(DOCUMENTS[kind]) for kind in line.added],
        "removed": [gettext(DOCUMENTS[kind]) for kind in line.removed],
    }


def _most(facts: Any) -> Money | None:
    """The fee when everything is collected."""
    return Money(facts["maximum_minor"], facts["currency"]) if facts else None
