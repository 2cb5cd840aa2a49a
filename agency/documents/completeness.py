"""How complete a claim's evidence is, from the documents that are there and count."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law
from agency.rules.score import Score, score

# What the score of a claim rests on, as one row: a page that reads much at once puts it among the rest.
SCORE_FACTS: Final = (
    "SELECT c.principal_minor, c.currency, c.law, c.claim_type, d.kind,"
    " coalesce((SELECT array_agg(DISTINCT o.kind) FROM document o"
    "  WHERE o.creditor_id = c.creditor_id AND o.claim_id = c.id AND o.counts), '{}') AS documents,"
    " coalesce((SELECT s.status FROM dispute s WHERE s.creditor_id = c.creditor_id AND s.claim_id = c.id"
    "  ORDER BY s.resolved_at IS NULL DESC, s.raised_at DESC, s.id DESC LIMIT 1), 'none') AS dispute,"
    " coalesce((SELECT v.at_least FROM completeness_override v WHERE v.creditor_id = c.creditor_id"
    "  AND v.claim_id = c.id AND v.withdrawn_at IS NULL), 0) AS at_least,"
    " (SELECT v.reason FROM completeness_override v WHERE v.creditor_id = c.creditor_id"
    "  AND v.claim_id = c.id AND v.withdrawn_at IS NULL) AS reason"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :creditor AND c.id = :claim"
)


def assess_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Score:
    """This function will score the evidence of one claim as it is now, from what is stored.

    :raises NotFound: this creditor has no such claim.
    """
    key = {"creditor": creditor_id, "claim": claim_id}
    row = unit.session.connection().execute(text(SCORE_FACTS), key).mappings().one_or_none()
    if row is None:
        raise NotFound("no such claim")
    return score_of(dict(row), on=unit.today)


def score_of(facts: Mapping[str, Any], *, on: date) -> Score:
    """This function will score the evidence of a claim from a row of `SCORE_FACTS`."""
    return score(
        debtor=DebtorKind(facts["kind"]),
        amount=Money(facts["principal_minor"], facts["currency"]),
        documents=frozenset(DocumentKind(kind) for kind in facts["documents"]),
        dispute=DisputeStatus(facts["dispute"]),
        law=Law(facts["law"]),
        claim_type=ClaimType(facts["claim_type"]),
        at_least=facts["at_least"],
        on=on,
    )


def record_score(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Score:
    """This function will score the evidence of one claim and keep the result with its rule's version and
    facts.
    """
    found = assess_claim(unit, creditor_id=creditor_id, claim_id=claim_id)
    line = found.trace[0]
    unit.session.connection().execute(
        text(
            "INSERT INTO score_run"
            " (creditor_id, id, claim_id, completeness, dispute, rule_version, facts, at)"
            " VALUES (:c, uuidv7(), :claim, :completeness, :dispute, :version, CAST(:facts AS jsonb), :now)"
        ),
        {
            "c": creditor_id,
            "claim": claim_id,
            "completeness": found.completeness,
            "dispute": line.inputs["dispute"],
            "version": line.version,
            "facts": json.dumps(line.inputs),
            "now": unit.now,
        },
    )
    return found
