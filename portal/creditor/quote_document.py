"""A price as PDF, in the language of the creditor; the same price gives the same bytes."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.money import Money
from agency.ports.providers import Value
from agency.pricing.outlooks import quote_outlook
from agency.pricing.rate_cards import card_of
from agency.pricing.wording import factor_sentences, fee_sentence
from agency.rules.explain import explain, written_day, written_money, written_percent
from agency.rules.offer import Offer
from agency.rules.words import LANGUAGES, term_of
from portal.creditor.doors import routes
from portal.creditor.own_prices import offer_head
from portal.price_requests import offer_words
from portal.quote_rows import quote_of
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, own_creditor
from portal.shared.i18n import gettext, speaking

SOURCE = Path(__file__).with_suffix(".typ")
CLAIMS_MAX = 100
_WORDS = (
    "quote_title", "quote_for", "quote_made", "quote_valid", "quote_card", "quote_version", "quote_claims",
    "quote_principal", "quote_fee", "quote_most", "quote_costs", "quote_interest", "quote_expected",
    "quote_net", "quote_nothing", "quote_more", "quote_code",
)  # fmt: skip
_LINES = text(
    "SELECT l.fee_bps, l.facts, l.factors, c.number, c.reference, d.name AS debtor FROM quote_line l"
    " JOIN claim c ON c.creditor_id = l.creditor_id AND c.id = l.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE l.creditor_id = :c AND l.quote_id = :q ORDER BY c.principal_minor DESC, c.id LIMIT :limit"
)


@routes.get("/quotes/{quote_id:uuid}.pdf")
def quote_pdf(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, quote_id: UUID
) -> Response:
    """One price as PDF; `?lang=` asks for another language than the reader's."""
    found = quote_of(unit, own_creditor(visitor), quote_id)
    asked = request.query_params.get("lang", "")
    language = asked if asked in LANGUAGES else visitor.language
    values = document_values(
        unit, creditor_id=own_creditor(visitor), found=found, language=language,
        agency=wiring.settings.agency_name,
    )  # fmt: skip
    pdf = wiring.ports.renderer.letter(
        source=SOURCE.read_text(encoding="utf-8"), values=values,
        dated=agency_day(found.issued_at),
    )  # fmt: skip
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"content-disposition": f'attachment; filename="{found.number}.pdf"'},
    )


def document_values(
    unit: Unit, *, creditor_id: UUID, found: Any, language: str, agency: str
) -> Mapping[str, Value]:
    """This function will gather what the document says, written out in a language."""
    words = {name: term_of(name, language) or name for name in _WORDS}
    rows = (
        unit.session.connection()
        .execute(_LINES, {"c": creditor_id, "q": found.id, "limit": CLAIMS_MAX})
        .all()
    )
    name = unit.session.connection().execute(
        text("SELECT name FROM creditor WHERE id = :c"), {"c": creditor_id}
    )
    valid = found.expires_at.astimezone(AGENCY_ZONE)
    return {
        "language": language,
        "title": words["quote_title"],
        "number": found.number,
        "agency": agency,
        "creditor": name.scalar_one(),
        "made": written_day(agency_day(found.issued_at), language),
        "valid": f"{written_day(valid.date(), language)}, {valid:%H:%M}",
        "card": f"{words['quote_version']} {found.card}",
        "sha256": found.sha256,
        "words": words,
        "totals": _totals(unit, creditor_id, found, words, language),
        "claims": [_claim(row, language) for row in rows],
        "more": found.claims > len(rows),
    }


def _totals(
    unit: Unit, creditor_id: UUID, found: Any, words: Mapping[str, str], language: str
) -> list[Value]:
    def money(amount: Money) -> str:
        return written_money(amount, language)

    rows: list[tuple[str, str]] = [
        (words["quote_claims"], str(found.claims)),
        (words["quote_principal"], money(Money(found.principal_minor, found.currency))),
        (words["quote_fee"], _percent(found.fee_bps_average, language)),
        (words["quote_most"], money(Money(found.fee_at_most, found.currency))),
    ]
    head = offer_head(unit, creditor_id, found.id)
    if head is not None:
        return [{"name": label, "value": value} for label, value in _of_offer(rows, head, language)]
    card = card_of(unit, rate_card_id=found.rate_card_id).card
    made_on = agency_day(found.issued_at)
    expected = quote_outlook(unit, creditor_id=creditor_id, quote_id=found.id, card=card, on=made_on)
    if expected and expected[2] == found.claims:
        outlook = expected[0]
        low, high = money(outlook.expected.low), money(outlook.expected.high)
        rows += [
            (words["quote_costs"], money(outlook.costs)),
            (words["quote_interest"], money(outlook.interest)),
            (words["quote_expected"], f"{money(outlook.expected.middle)} ({low} – {high})"),
            *(((line.words, ""),) if (line := _origin(outlook.expected.trace, language)) else ()),
            (words["quote_net"], money(outlook.net)),
        ]
    return [{"name": label, "value": value} for label, value in rows]


def _of_offer(rows: list[tuple[str, str]], head: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Put what an offer asks, part by part, in the place of what the card says."""
    offer = Offer.from_json(head["offer"])
    most = written_money(Money(head["fee_at_most_minor"], head["currency"]), language)
    with speaking(language):
        said = offer_words(offer)
        parts = [(part["title"], " + ".join(part["words"])) for part in said["parts"]]
        who = f"{offer.name} ({said['supplier']})" if offer.name else said["supplier"]
        more = [(gettext("Who does the work"), who)]
        if offer.minimum:
            least = written_money(Money(offer.minimum, offer.currency), language)
            more.append((gettext("At least, once anything is collected"), least))
        if head["conditions"]:
            more.append((f"{gettext('Conditions')}: {head['conditions']}", ""))
    return [*rows[:2], *parts, (rows[3][0], most), *more]


def _origin(trace: Any, language: str) -> Any:
    return next(iter(explain(trace, language)), None)


def _claim(row: Any, language: str) -> Value:
    facts = row.facts
    factors = [(factor["key"], factor["bps"]) for factor in row.factors]
    return {
        "debtor": row.debtor,
        "number": row.number,
        "reference": row.reference,
        "amount": written_money(Money(facts["amount_minor"], facts["currency"]), language),
        "factors": [
            {"words": words, "value": _percent(bps, language)}
            for words, bps in factor_sentences(factors, facts, lang=language)
        ],
        "fee_words": fee_sentence(facts, lang=language),
        "fee": _percent(row.fee_bps, language),
    }


def _percent(bps: int, language: str) -> str:
    return written_percent(Decimal(bps) / 100, language)
