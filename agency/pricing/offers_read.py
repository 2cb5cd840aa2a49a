"""Reading the bytes of offers that were sent."""

import json
from typing import Any

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.pricing.document import unpack_document
from agency.pricing.models import PriceRequest

_SENT = text(
    "SELECT document FROM price_offer WHERE creditor_id = :c AND request_id = :r AND state = 'open'"
    " ORDER BY place LIMIT 1"
)


def parsed(document: bytes) -> dict[str, Any]:
    """This function will return the head and the lines of an offer's kept bytes."""
    found: dict[str, Any] = json.loads(unpack_document(document))
    return found


def document_of(unit: Unit, request: PriceRequest) -> list[dict[str, Any]] | None:
    """This function will return the claims that the open offers of a request were made on; None without
    any."""
    kept = unit.session.connection().execute(_SENT, {"c": request.creditor_id, "r": request.id})
    document = kept.scalar_one_or_none()
    return None if document is None else list(parsed(bytes(document))["lines"])
