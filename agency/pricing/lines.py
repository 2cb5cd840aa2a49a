"""What a line of a quote is made from and how it is kept: the facts of a claim as the price sees them, and
what follows from them as JSON."""

import json
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row

from agency.money import Money
from agency.pricing.scoring import ClaimFacts, PricedClaim, age_in_days
from agency.rules.debt_age import blended_age
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law, Phase
from agency.rules.price import Factor

CLAIM_FACTS: Final = (
    "SELECT c.id, c.number, c.reference, c.principal_minor, c.currency, c.due_on, c.phase, d.kind, d.country,"
    " c.law, c.claim_type,"
    " coalesce((SELECT array_agg(o.kind || ':' || o.sha256 ORDER BY o.kind, o.sha256) FROM document o"
    "  WHERE o.creditor_id = c.creditor_id AND o.claim_id = c.id AND o.counts), '{}') AS evidence,"
    " i.open, i.dues,"
    " coalesce((SELECT v.at_least FROM completeness_override v WHERE v.creditor_id = c.creditor_id"
    "  AND v.claim_id = c.id AND v.withdrawn_at IS NULL), 0) AS at_least,"
    " coalesce((SELECT s.status FROM dispute s WHERE s.creditor_id = c.creditor_id AND s.claim_id = c.id"
    "  ORDER BY s.resolved_at IS NULL DESC, s.raised_at DESC, s.id DESC LIMIT 1), 'none') AS dispute"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    # The age of several invoices is blended; of one it is the claim's own.
    " LEFT JOIN LATERAL (SELECT array_agg(v.open_minor ORDER BY v.id) AS open,"
    "  array_agg(v.due_on ORDER BY v.id) AS dues FROM invoice v WHERE v.creditor_id = c.creditor_id"
    "  AND v.claim_id = c.id AND v.open_minor > 0 HAVING count(*) > 1) i ON true"
)
"""The facts of claims, to be followed by which; `facts_of_row` reads a row of it."""


def facts_of_row(row: Row[Any], *, on: date) -> ClaimFacts:
    """This function will return the facts of one claim as the price sees them, with its age on a day."""
    return ClaimFacts(
        amount=Money(row.principal_minor, row.currency),
        age_days=_age_of_row(row, on),
        debtor=DebtorKind(row.kind),
        country=row.country,
        documents=frozenset(DocumentKind(one.partition(":")[0]) for one in row.evidence),
        dispute=DisputeStatus(row.dispute),
        phase=Phase(row.phase),
        law=Law(row.law),
        claim_type=ClaimType(row.claim_type),
        at_least=row.at_least,
    )


def _age_of_row(row: Row[Any], on: date) -> int:
    if row.open is None:
        return age_in_days(due_on=row.due_on, today=on)
    open_parts = [Money(minor, row.currency) for minor in row.open]
    return blended_age(parts=list(zip(open_parts, row.dues, strict=True)), on=on).days


def line_facts(priced: PricedClaim, facts: dict[str, Any]) -> str:
    """This function will return the facts of a line as JSON: those of the claim, and what pages say beside
    the fee."""
    price = priced.price
    more = {
        "completeness": priced.score.completeness,
        "maximum_minor": price.maximum.minor,
        "cheaper": [[saving.document.value, saving.fee_bps_after] for saving in price.cheaper],
    }
    if price.resolved_bps is not None:
        more["resolved_bps"] = price.resolved_bps
    return json.dumps(facts | more)


def line_factors(priced: PricedClaim) -> str:
    """This function will return the build-up of a fee as JSON."""
    return f"[{','.join(map(_factor, priced.price.factors))}]"


@lru_cache(maxsize=4096)
def _factor(factor: Factor) -> str:
    """One factor as JSON; most claims of a placement share most of theirs."""
    return json.dumps({"key": factor.key, "label": factor.label, "bps": factor.bps, "why": factor.why})
