"""What changed between a price and the one before it."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.pricing.comparing import SHOWN_MAX, ChangedLine, compare_quote
from portal.creditor.doors import creditor_page, routes
from portal.creditor.quotes import quote_of
from portal.creditor.words import DOCUMENTS, factor_words
from portal.shared.audience import CreditorUnit, TheVisitor, own_creditor
from portal.shared.i18n import gettext


@routes.get("/quotes/{quote_id:uuid}/changes")
def changes(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """The price beside the one in whose place it came."""
    creditor_id = own_creditor(visitor)
    compared = compare_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
    return creditor_page(
        request,
        "quote_changes.html",
        quote=quote_of(unit, creditor_id, quote_id),
        older=quote_of(unit, creditor_id, compared.old_id),
        lines=[_in_words(line) for line in compared.lines],
        cut_off=len(compared.lines) == SHOWN_MAX,
    )


def _in_words(line: ChangedLine) -> dict[str, Any]:
    facts = line.new_facts or line.old_facts or {}
    return {
        "claim_id": line.claim_id,
        "number": line.number,
        "reference": line.reference,
        "debtor": line.debtor,
        "before": line.before_bps,
        "after": line.after_bps,
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
