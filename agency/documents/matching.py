"""Finding the claims that documents may belong to: many documents against a creditor's whole book at once.

Numbers, references and names find candidates through indexes; amounts, postcodes and the like only weigh
among those, because alone they tell nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from agency.documents.signs import Signs
from agency.kernel.unit import Unit
from agency.rules.documents_match import Found, Matched, Sign, match_document

# A name that many claims share tells nothing between them.
CLAIMS_PER_NAME_MAX: Final = 40

_BY_NUMBER = text(
    "WITH t AS MATERIALIZED (SELECT * FROM unnest(CAST(:docs AS integer[]), CAST(:tokens AS text[]))"
    "  AS t(doc, token))"
    " SELECT t.doc, i.claim_id, 'invoice_number' AS sign, t.token FROM t JOIN invoice i"
    "  ON i.creditor_id = :c AND i.number = t.token"
    " UNION ALL SELECT t.doc, c.id, 'reference', t.token FROM t JOIN claim c"
    "  ON c.creditor_id = :c AND c.reference = t.token"
    " UNION ALL SELECT t.doc, c.id, 'claim_number', t.token FROM t JOIN claim c"
    "  ON c.creditor_id = :c AND c.number = t.token"
    " UNION ALL SELECT t.doc, c.id, 'customer_number', t.token FROM t JOIN debtor d"
    "  ON d.creditor_id = :c AND d.reference = t.token JOIN claim c"
    "  ON c.creditor_id = d.creditor_id AND c.debtor_id = d.id"
)
_BY_REFERENCE = text(
    "SELECT t.doc, c.id, 'payment_reference' AS sign, t.token"
    " FROM unnest(CAST(:docs AS integer[]), CAST(:tokens AS text[])) AS t(doc, token)"
    " JOIN claim c ON c.creditor_id = :c AND c.payment_reference = t.token"
)
_BY_NAME = text(
    "SELECT t.doc, x.id, 'name' AS sign, t.token"
    " FROM unnest(CAST(:docs AS integer[]), CAST(:tokens AS text[])) AS t(doc, token)"
    " JOIN debtor d ON d.creditor_id = :c AND d.name_key = t.token"
    " CROSS JOIN LATERAL (SELECT c.id FROM claim c WHERE c.creditor_id = d.creditor_id"
    "  AND c.debtor_id = d.id ORDER BY c.id LIMIT :most) x"
)
_FACTS = text(
    "SELECT c.id, c.principal_minor, d.name_key, d.reference AS customer, d.postal_code,"
    " d.registration_number, d.vat_number, d.iban,"
    " array(SELECT unnest(ARRAY[i.open_minor, i.total_minor]) FROM invoice i"
    "  WHERE i.creditor_id = c.creditor_id AND i.claim_id = c.id) AS invoiced"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = ANY(:ids) AND c.state <> 'withdrawn'"
)


def match_documents(unit: Unit, *, creditor_id: UUID, documents: Sequence[Signs]) -> list[Matched]:
    """This function will weigh every claim that each document may belong to; answers in the same order.

    Four statements, however many documents there are.
    """
    seeds = _seeds(unit, creditor_id, documents)
    facts = _facts(unit, creditor_id, {claim_id for found in seeds for claim_id in found})
    return [
        match_document(_all_found(signs, found, facts)) for signs, found in zip(documents, seeds, strict=True)
    ]


def _seeds(unit: Unit, creditor_id: UUID, documents: Sequence[Signs]) -> list[dict[UUID, list[Found]]]:
    found: list[dict[UUID, list[Found]]] = [{} for _ in documents]
    asked: tuple[tuple[TextClause, list[frozenset[str]], dict[str, Any]], ...] = (
        (_BY_NUMBER, [signs.tokens for signs in documents], {}),
        (_BY_REFERENCE, [signs.references for signs in documents], {}),
        (_BY_NAME, [signs.names for signs in documents], {"most": CLAIMS_PER_NAME_MAX}),
    )
    for statement, words, more in asked:
        pairs = [(doc, token) for doc, tokens in enumerate(words) for token in sorted(tokens)]
        if not pairs:
            continue
        values = {"c": creditor_id, "docs": [doc for doc, _ in pairs], "tokens": [word for _, word in pairs]}
        for doc, claim_id, sign, token in unit.session.connection().execute(statement, {**values, **more}):
            found[doc].setdefault(claim_id, []).append(Found(claim_id, Sign(sign), token))
    return found


def _facts(unit: Unit, creditor_id: UUID, claim_ids: set[UUID]) -> dict[UUID, Row[Any]]:
    if not claim_ids:
        return {}
    rows = unit.session.connection().execute(_FACTS, {"c": creditor_id, "ids": sorted(claim_ids)})
    return {row.id: row for row in rows}


def _all_found(
    signs: Signs, seeds: Mapping[UUID, Sequence[Found]], facts: Mapping[UUID, Row[Any]]
) -> Iterator[Found]:
    for claim_id, found in seeds.items():
        if claim_id in facts:
            yield from found
            yield from _also(signs, facts[claim_id])


def _also(signs: Signs, row: Row[Any]) -> Iterator[Found]:
    """Signs that only weigh among candidates."""
    if row.name_key in signs.names:
        yield Found(row.id, Sign.name, row.name_key)
    for minor in (row.principal_minor, *row.invoiced):
        if abs(minor) in signs.amounts:
            yield Found(row.id, Sign.amount, f"{abs(minor) // 100},{abs(minor) % 100:02d}")
            break
    if row.postal_code and row.postal_code.upper() in signs.postal_codes:
        yield Found(row.id, Sign.postal_code, row.postal_code)
    if row.iban and row.iban in signs.ibans:
        yield Found(row.id, Sign.iban, row.iban)
    for number in (row.registration_number, row.vat_number):
        if number and number in signs.tokens:
            yield Found(row.id, Sign.registration, number)
            break
