"""A creditor's prices as rows of SQL, for its pages and its programs."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit

HELD: Final = (
    "EXISTS (SELECT 1 FROM hold h WHERE h.creditor_id = q.creditor_id AND h.claim_id = q.claim_id"
    " AND h.ground = 'price_to_agree' AND h.lifted_at IS NULL)"
)
"""Whether the claim of a quote `q` waits as a whole for the answer to its price."""


def quote_rows(unit: Unit, *, creditor_id: UUID, only_open: bool = False) -> Sequence[Row[Any]]:
    """This function will return the creditor's quotes, the newest first; an expired open one says so.

    :param only_open: those of placements that can be accepted now.
    """
    alive = " AND q.state = 'open' AND q.expires_at > app.now() AND q.claim_id IS NULL" if only_open else ""
    return (
        unit.session.connection()
        .execute(
            text(
                "SELECT q.id, q.number, q.claims, q.principal_minor, q.currency, q.fee_bps_average,"
                " q.issued_at,"
                " q.expires_at, q.accepted_at, q.placement_id,"
                " coalesce(p.name, c.number || ' · ' || c.reference) AS placement,"
                " CASE WHEN q.state = 'open' AND c.state <> 'active' THEN 'replaced'"
                " WHEN q.state = 'open' AND q.expires_at <= app.now() THEN 'expired' ELSE q.state END"
                " AS state FROM quote q LEFT JOIN placement p ON p.creditor_id = q.creditor_id"
                " AND p.id = q.placement_id LEFT JOIN claim c ON c.creditor_id = q.creditor_id"
                f" AND c.id = q.claim_id WHERE q.creditor_id = :c{alive}"
                " ORDER BY q.issued_at DESC, q.id DESC LIMIT 200"
            ),
            {"c": creditor_id},
        )
        .all()
    )


def quote_of(unit: Unit, creditor_id: UUID, quote_id: UUID) -> Row[Any]:
    """This function will return a price with its sums, its card and what came before and after it.

    :raises NotFound: this creditor has no such quote.
    """
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT q.id, q.number, q.placement_id, q.claim_id, q.claims, q.principal_minor, q.currency,"
                " q.fee_bps_average, q.issued_at, q.expires_at, q.accepted_at, r.version AS card,"
                " q.rate_card_id, q.sha256, q.follows_id, q.closed_at, q.closed_from, q.closed_why,"
                " f.state AS followed, coalesce(u.name, k.name, q.closed_by) AS closed_by,"
                " (SELECT count(*) FROM quote_line l WHERE l.creditor_id = q.creditor_id"
                "  AND l.quote_id = q.id AND l.outcome = 'left') AS left_lines,"
                " coalesce(p.name, c.number || ' · ' || c.reference) AS placement, p.rejected, CASE"
                " WHEN q.state = 'open' AND c.state <> 'active' THEN 'replaced'"
                " WHEN q.state = 'open' AND q.expires_at <= app.now() THEN 'expired'"
                " ELSE q.state END AS state, (SELECT coalesce(sum("
                "  CAST(l.facts ->> 'maximum_minor' AS bigint)), 0)::bigint FROM quote_line l"
                "  WHERE l.creditor_id = q.creditor_id AND l.quote_id = q.id) AS fee_at_most,"
                " (SELECT n.id FROM quote n WHERE n.creditor_id = q.creditor_id"
                "  AND (n.placement_id = q.placement_id OR n.claim_id = q.claim_id)"
                f"  AND n.state = 'open' AND n.id <> q.id LIMIT 1) AS newer, {HELD} AS held"
                " FROM quote q JOIN rate_card r ON r.id = q.rate_card_id LEFT JOIN placement p"
                " ON p.creditor_id = q.creditor_id AND p.id = q.placement_id"
                " LEFT JOIN claim c ON c.creditor_id = q.creditor_id AND c.id = q.claim_id"
                " LEFT JOIN quote f ON f.creditor_id = q.creditor_id AND f.id = q.follows_id"
                " LEFT JOIN user_account u ON q.closed_by = 'user:' || u.id"
                " LEFT JOIN api_key k ON k.creditor_id = q.creditor_id AND q.closed_by = 'key:' || k.id"
                " WHERE q.creditor_id = :c AND q.id = :q"
            ),
            {"c": creditor_id, "q": quote_id},
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("no such quote")
    return row
