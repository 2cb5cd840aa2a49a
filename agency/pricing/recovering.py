"""What closed claims brought in, counted once a day over all creditors, for the quotes of the next."""

from datetime import date
from typing import Final

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.rules.recovery import Kind, OwnBooks
from agency.rules.tables import read_table

KEPT_DAYS: Final = 400

# The age at which a claim was priced and accepted is the one that its outcome counts for.
_MEASURE = text(
    "INSERT INTO recovery_outcome"
    " (as_of, debtor, age_band, amount_band, claims, creditors, share_sum, share_squares)"
    " SELECT :today, o.debtor, o.age_band, o.amount_band, count(*), count(DISTINCT o.creditor_id),"
    " sum(o.share), sum(o.share * o.share) FROM (SELECT c.creditor_id, l.facts ->> 'debtor' AS debtor,"
    "  width_bucket(CAST(l.facts ->> 'age_days' AS integer), CAST(:ages AS integer[])) AS age_band,"
    "  width_bucket(c.principal_minor, CAST(:amounts AS bigint[])) AS amount_band,"
    "  least(10000, coalesce((SELECT sum(p.principal_minor) FROM payment p"
    "   WHERE p.creditor_id = c.creditor_id AND p.claim_id = c.id AND p.reversed_at IS NULL), 0)"
    "   * 10000 / c.principal_minor)::bigint AS share"
    "  FROM claim c JOIN LATERAL (SELECT m.facts FROM quote_line m JOIN quote q"
    "   ON q.creditor_id = m.creditor_id AND q.id = m.quote_id AND q.state = 'accepted'"
    "   WHERE m.creditor_id = c.creditor_id AND m.claim_id = c.id AND m.outcome IS NULL"
    "   ORDER BY q.accepted_at DESC LIMIT 1) l ON true"
    "  WHERE c.state IN ('paid', 'closed')) o GROUP BY o.debtor, o.age_band, o.amount_band"
    " ON CONFLICT (as_of, debtor, age_band, amount_band) DO UPDATE SET claims = excluded.claims,"
    " creditors = excluded.creditors, share_sum = excluded.share_sum, share_squares = excluded.share_squares"
)
_LATEST = text(
    "SELECT debtor, age_band, amount_band, claims, creditors, share_sum, share_squares FROM recovery_outcome"
    " WHERE as_of = (SELECT max(as_of) FROM recovery_outcome WHERE as_of <= :today)"
)


def measure_outcomes(unit: Unit) -> int:
    """This function will count what closed claims brought in, as of today, and forget figures of long ago.

    :returns: how many kinds of claim were counted.
    """
    table = read_table("recovery")
    connection = unit.session.connection()
    counted = connection.execute(
        _MEASURE, {"today": unit.today, "ages": table["age_bands"], "amounts": table["amount_bands"]}
    ).rowcount
    connection.execute(
        text("DELETE FROM recovery_outcome WHERE as_of < CAST(:today AS date) - CAST(:kept AS integer)"),
        {"today": unit.today, "kept": KEPT_DAYS},
    )
    return counted


def own_books(unit: Unit, *, on: date) -> dict[Kind, OwnBooks]:
    """This function will return what was counted last by a day, by kind of claim; empty before the first."""
    rows = unit.session.connection().execute(_LATEST, {"today": on})
    return {
        Kind(row.debtor, row.age_band, row.amount_band): OwnBooks(
            row.claims, row.creditors, row.share_sum, row.share_squares
        )
        for row in rows
    }
