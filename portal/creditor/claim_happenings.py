"""What happened to one claim, with the prices that were made for its whole file: those bear no claim."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.progress.timeline import timeline
from portal.creditor.words import DOCUMENTS, happening
from portal.shared.i18n import N_, format_bps, gettext

SHOWN_MAX = 50
# What a claim's own new prices did is among its events.
_PRICES = text(
    "SELECT q.id, q.number, q.issued_at, q.accepted_at, q.closed_at, q.state, l.outcome, l.fee_bps,"
    " lag(l.fee_bps) OVER w AS before, coalesce(l.facts -> 'documents', '[]') AS documents,"
    " coalesce(lag(l.facts) OVER w -> 'documents', '[]') AS had"
    " FROM quote_line l JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id"
    " WHERE l.creditor_id = :c AND l.claim_id = :claim AND q.claim_id IS NULL"
    " WINDOW w AS (ORDER BY q.issued_at, q.id) ORDER BY q.issued_at DESC, q.id DESC LIMIT :limit"
)


def happened_to(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    """This function will return what happened to a claim for `ui.timeline`, the newest first."""
    events = timeline(unit, creditor_id=creditor_id, claim_id=claim_id, for_creditor=True, limit=SHOWN_MAX)
    prices = unit.session.connection().execute(
        _PRICES, {"c": creditor_id, "claim": claim_id, "limit": SHOWN_MAX}
    )
    told = [*map(happening, events), *(line for price in prices for line in _told(price))]
    return sorted(told, key=lambda line: line["at"], reverse=True)[:SHOWN_MAX]


def _told(price: Row[Any]) -> Iterator[dict[str, Any]]:
    """A price that was offered, or is another than before with what was added; and its answer."""
    if price.accepted_at is not None and price.outcome is None:
        yield _line(price, price.accepted_at, gettext("Price accepted, collection starts"), "good")
    if price.before is None:
        title = gettext("Price offered: %(fee)s") % {"fee": format_bps(price.fee_bps)}
        yield _line(price, price.issued_at, title, "info")
    elif price.before != price.fee_bps:
        fees = {"before": format_bps(price.before), "fee": format_bps(price.fee_bps)}
        tone = "good" if price.fee_bps < price.before else "warning"
        yield _line(price, price.issued_at, gettext(CHANGED) % fees, tone, _why(price))


CHANGED = N_("Price changed: %(before)s → %(fee)s")


def _why(price: Row[Any]) -> str:
    """The documents that count since, or no longer do."""
    parts = []
    for words, kinds in (
        (N_("added: %(documents)s"), [one for one in price.documents if one not in price.had]),
        (N_("no longer counts: %(documents)s"), [one for one in price.had if one not in price.documents]),
    ):
        if kinds:
            parts.append(gettext(words) % {"documents": ", ".join(gettext(DOCUMENTS[one]) for one in kinds)})
    return "; ".join(parts)


def _line(price: Row[Any], at: Any, title: str, tone: str, why: str = "") -> dict[str, Any]:
    return {
        "at": at,
        "title": title,
        "text": " · ".join(part for part in (price.number, why) if part),
        "icon": "quote",
        "tone": tone,
        "by": "",
        "href": f"/creditor/quotes/{price.id}",
    }
