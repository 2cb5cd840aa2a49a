"""What creditors abroad account for themselves: reverse-charged fees per VAT number and quarter.

It is what the recapitulative statement asks (Directive 2006/112/EC art. 262 and 264; in the Netherlands the
opgaaf ICP, whose sum is that of box 3b), read from the invoices as they were issued.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.money import Money

_REVERSE_CHARGE: Final = "AE"
"""The category of UNCL 5305."""

_ROWS = text(
    "SELECT extract(year FROM i.issued_on)::int AS year, extract(quarter FROM i.issued_on)::int AS quarter,"
    " i.facts->'buyer'->>'country' AS country, i.facts->'buyer'->>'vat_number' AS vat_number, i.currency,"
    " (array_agg(i.facts->'buyer'->>'name' ORDER BY i.issued_at DESC))[1] AS name, count(*) AS invoices,"
    " sum(CASE i.kind WHEN 'invoice' THEN t.net_minor ELSE -t.net_minor END)::bigint AS net_minor,"
    " coalesce(sum(e.net_minor), 0)::bigint AS earlier_minor"
    " FROM fee_invoice i CROSS JOIN LATERAL (SELECT sum((v->>2)::bigint)::bigint AS net_minor"
    "  FROM jsonb_array_elements(i.facts->'vat_totals') v WHERE v->>0 = :category) t"
    # A fee is done on the day of its payment, whatever else on the day when it fell due.
    " LEFT JOIN LATERAL (SELECT sum(f.net_minor)::bigint AS net_minor FROM success_fee f"
    "  LEFT JOIN payment p ON p.creditor_id = f.creditor_id AND p.id = f.payment_id"
    "  WHERE f.creditor_id = i.creditor_id AND f.invoice_id = i.id AND f.vat_category = :category"
    "  AND coalesce(p.value_on, (f.earned_at AT TIME ZONE 'Europe/Amsterdam')::date)"
    "   < date_trunc('quarter', i.issued_on)::date) e ON true"
    " WHERE t.net_minor IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1 DESC, 2 DESC, 3, 4, 5"
)


class Quarter(NamedTuple):
    """A quarter of a year, written as 2026-Q4."""

    year: int
    quarter: int

    def __str__(self) -> str:
        return f"{self.year}-Q{self.quarter}"


@dataclass(frozen=True, slots=True)
class ReverseCharged:
    """What was invoiced without VAT to one VAT number in a quarter, less what was credited; of it `earlier`
    is for what was done in an earlier quarter. `name` is the latest on an invoice."""

    quarter: Quarter
    country: str
    vat_number: str
    name: str
    invoices: int
    net: Money
    earlier: Money

    @property
    def prefix(self) -> str:
        """The letters of the VAT number, which are not always those of the country: Greece has EL."""
        return self.vat_number[:2] if self.vat_number[:2].isalpha() else self.country

    @property
    def number(self) -> str:
        """The VAT number without these letters, as the statement asks it."""
        return self.vat_number.removeprefix(self.prefix)


def reverse_charged(unit: Unit) -> list[ReverseCharged]:
    """This function will return what creditors abroad account for themselves, the latest quarter first; a
    quarter is that of the date of the invoice."""
    rows = unit.session.connection().execute(_ROWS, {"category": _REVERSE_CHARGE})
    return [
        ReverseCharged(
            Quarter(row.year, row.quarter), row.country, row.vat_number, row.name, row.invoices,
            Money(row.net_minor, row.currency), Money(row.earlier_minor, row.currency),
        )
        for row in rows
    ]  # fmt: skip
