"""The creditor's list of claims and the page of one claim."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.build_up import ItemisedClaim
from agency.claims.erased import told_reference
from agency.claims.itemisation import itemise
from agency.claims.models import Claim
from agency.claims.states import ENDED
from agency.claims.waiver_requests import list_given_up
from agency.documents.asking import requests_of
from agency.documents.completeness import assess_claim
from agency.documents.overriding import open_override
from agency.documents.upload import documents_of
from agency.intake.duplicates import open_questions
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.matching import given_reference
from agency.parties.models import Debtor
from agency.parties.relations import relation_of
from agency.pricing.outlooks import claim_outlook
from agency.progress.timeline import planned_actions
from portal.creditor.claim_happenings import happened_to
from portal.creditor.doors import creditor_page, routes
from portal.creditor.figures import CLAIM_FILTERS, CLAIM_SORTS, claim_list
from portal.creditor.known_before import history_of, policy_form
from portal.creditor.price_changes import agreed_prices, waiting_price
from portal.creditor.words import HOLDS, factor_words, planned, step_words
from portal.disputes import disputes_of
from portal.dossiers import bundles_of, dossier_words
from portal.price_requests import latest_about
from portal.products import product_of_claim
from portal.requests import request_words
from portal.shared.audience import CreditorUnit, TheVisitor, own_creditor
from portal.shared.evidence import CLAIM_TYPES, document_chip, evidence_items
from portal.shared.forms import Form, blank
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip, Column, Cut, Listing
from portal.shared.words import CHANNELS, CLAIM_STATES, DEBTOR_KINDS, DOCUMENTS, MESSAGE_STATES
from portal.waivers import given_up_rows

COLUMNS = (
    Column("number", N_("Claim"), "link", sub="reference", sort=True),
    Column("debtor", N_("Debtor"), "text", sub="city", sort=True),
    Column("state", N_("Status"), "chip"),
    Column("due_on", N_("Due"), "day", sort=True, phone=False),
    Column("principal", N_("Placed"), "money", sort=True, phone=False),
    Column("owed", N_("Still owed"), "money"),
)


@routes.get("/claims")
def claims(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every claim, sorted, filtered and paged; refreshes itself when one changes."""
    listing = Listing.read(
        "/creditor/claims", request.query_params, sorts=CLAIM_SORTS, default="-placed", filters=CLAIM_FILTERS
    )
    found = claim_list(unit, listing, creditor_id=own_creditor(visitor))
    cut = Cut([claim_row(row) for row in found.rows], found.next_url, found.previous_url, found.total)
    return creditor_page(
        request,
        "claims.html",
        columns=COLUMNS,
        cut=cut,
        listing=listing,
        states=[(state, chip.label) for state, chip in CLAIM_STATES.items()],
        query=request.url.query,
    )


def claim_row(row: Row[Any]) -> dict[str, Any]:
    """This function will turn a row of the list into what the table shows."""
    opened = row.state in ("active", "paid", "closed", "withdrawn")
    chip = CLAIM_STATES[row.state]
    if row.state == "active" and row.disputed_minor:
        chip = Chip(N_("Disputed"), "bad")
    return {
        "id": row.id,
        "href": f"/creditor/claims/{row.id}",
        "number": row.number,
        "reference": told_reference(row.reference),
        "debtor": row.debtor,
        "city": row.city,
        "state": chip,
        "due_on": row.due_on,
        "principal": Money(row.principal_minor, row.currency),
        "owed": Money(int(row.owed), row.currency) if opened else None,
    }


def show_claim(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID,
    *,
    error: str = "",
    status: int = 200,
    answers: Mapping[UUID, Form[Any]] | None = None,
    refused: Mapping[str, Form[Any]] | None = None,
) -> Response:
    """This function will answer with the page of one claim.

    :param answers: a refused answer to a dispute, by the dispute's id.
    :param refused: forms of the page that were refused, by name: `relation`, `step`, `policy`, `contract`.
    :raises NotFound: this creditor has no such claim.
    """
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    if claim.erased_at is not None:
        return _erased(request, unit, claim)
    debtor = unit.session.get_one(Debtor, (creditor_id, claim.debtor_id))
    line = _agreement(unit, creditor_id, claim_id)
    owed = (
        itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today)
        if claim.state == "active"
        else None
    )
    return creditor_page(
        request,
        "claim.html",
        status=status,
        claim=claim,
        chip=CLAIM_STATES[claim.state],
        principal=Money(claim.principal_minor, claim.currency),
        disputed=Money(claim.disputed_minor, claim.currency) if claim.disputed_minor else None,
        debtor=debtor,
        debtor_kind=DEBTOR_KINDS[debtor.kind],
        customer_number=given_reference(debtor.reference),
        owed=owed,
        line=line,
        new_price=waiting_price(unit, creditor_id=creditor_id, claim_id=claim_id),
        agreed=agreed_prices(unit, creditor_id=creditor_id, claim_id=claim_id),
        own_price=latest_about(unit, creditor_id=creditor_id, claim_id=claim_id),
        given_up=given_up_rows(list_given_up(unit, creditor_id=creditor_id, claim_id=claim_id)),
        disputes=disputes_of(unit, creditor_id=creditor_id, claim_id=claim_id, currency=claim.currency),
        answers=answers or {},
        dossier=dossier_words(
            bundles_of(unit, creditor_id=creditor_id, claim_id=claim_id), base=f"/creditor/claims/{claim_id}"
        ),
        **_lists(unit, claim),
        **_ahead(unit, claim, owed),
        **_forms(unit, claim, refused or {}),
        looks_alike=len(open_questions(unit, creditor_id=creditor_id, claim_id=claim_id)),
        **history_of(unit, creditor_id=creditor_id, claim_id=claim_id),
        kinds=DOCUMENTS,
        claim_types=CLAIM_TYPES,
        override=open_override(unit, creditor_id=creditor_id, claim_id=claim_id),
        **_evidence(unit, claim, line),
        error=error,
        happened=happened_to(unit, creditor_id=creditor_id, claim_id=claim_id),
        planned=[planned(a) for a in planned_actions(unit, creditor_id=creditor_id, claim_id=claim_id)],
    )


def _erased(request: Request, unit: Unit, claim: Claim) -> Response:
    """What is left of a claim that was erased: amounts, days and how it ended."""
    rows = [row for row in _rows(unit, _PAYMENTS, claim.creditor_id, claim.id) if row.reversed_at is None]
    return creditor_page(
        request,
        "claim_erased.html",
        claim=claim,
        chip=CLAIM_STATES[claim.state],
        principal=Money(claim.principal_minor, claim.currency),
        paid=Money(sum(row.amount_minor for row in rows), claim.currency),
        payments=len(rows),
    )


def _ahead(unit: Unit, claim: Claim, owed: ItemisedClaim | None) -> dict[str, Any]:
    """What we do with the claim, and what going on may still bring and cost."""
    key = {"creditor_id": claim.creditor_id, "claim_id": claim.id}
    open_now = min(owed.principal, owed.total, key=lambda part: part.minor) if owed else None
    return {
        "product": "" if claim.state in ENDED else product_of_claim(unit, **key),
        "not_due": claim.due_on >= unit.today,
        "ahead": claim_outlook(unit, **key, owed=open_now) if open_now else None,
    }


def _forms(unit: Unit, claim: Claim, refused: Mapping[str, Form[Any]]) -> dict[str, Form[Any]]:
    """The forms of the page: as they were sent where they were refused, else filled with what is known."""
    mark = relation_of(unit, creditor_id=claim.creditor_id, debtor_id=claim.debtor_id)
    return {
        "relation": blank(important=mark is not None, why=mark.why if mark else ""),
        "step": blank(),
        "policy": policy_form(unit, creditor_id=claim.creditor_id, claim_id=claim.id),
        "contract": blank(subject=claim.description, contract_on=str(claim.contract_on or "")),
        **refused,
    }


def _lists(unit: Unit, claim: Claim) -> dict[str, list[Any]]:
    """What hangs on the claim, a list of each kind."""
    creditor_id, claim_id = claim.creditor_id, claim.id
    holds = [] if claim.state in ENDED else _rows(unit, _HOLDS, creditor_id, claim_id)
    asked = requests_of(unit, creditor_id=creditor_id, claim_id=claim_id, only_open=False)
    documents = documents_of(unit, creditor_id=creditor_id, claim_id=claim_id)
    return {
        "invoices": [_invoice(row) for row in _rows(unit, _INVOICES, creditor_id, claim_id)],
        "payments": [_payment(row) for row in _rows(unit, _PAYMENTS, creditor_id, claim_id)],
        "messages": [_message(row) for row in _rows(unit, _MESSAGES, creditor_id, claim_id)],
        "holds": [gettext(HOLDS[row.ground]) for row in holds],
        "asked": [request_words(row._asdict()) for row in asked],
        "documents": [{"document": one, "chip": document_chip(one)} for one in documents],
        "own_documents": [(one.id, one.name) for one in documents],
    }


def _evidence(unit: Unit, claim: Claim, line: dict[str, Any] | None) -> dict[str, Any]:
    """How complete the file is now, and what each missing document costs while it can still be added."""
    found = assess_claim(unit, creditor_id=claim.creditor_id, claim_id=claim.id)
    cheaper = line["cheaper"] if line and claim.state in ("new", "quoted", "active") else ()
    return {"score": found, "evidence_items": evidence_items(found, kinds=DOCUMENTS, cheaper=cheaper)}


_INVOICES = (
    "SELECT id, number, kind, issued_on, due_on, total_minor, open_minor, currency FROM invoice"
    " WHERE creditor_id = :c AND claim_id = :claim ORDER BY due_on, number"
)
_PAYMENTS = (
    "SELECT amount_minor, currency, value_on, source, reversed_at FROM payment"
    " WHERE creditor_id = :c AND claim_id = :claim ORDER BY value_on DESC, id DESC LIMIT 50"
)
_MESSAGES = (
    "SELECT channel, step, state, due_at, sent_at FROM message WHERE creditor_id = :c AND claim_id = :claim"
    " ORDER BY coalesce(sent_at, due_at) DESC LIMIT 50"
)
_HOLDS = (
    "SELECT ground FROM hold WHERE creditor_id = :c AND claim_id = :claim AND lifted_at IS NULL"
    " AND (ends_at IS NULL OR ends_at > app.now()) ORDER BY starts_at"
)


def _rows(unit: Unit, statement: str, creditor_id: UUID, claim_id: UUID) -> list[Row[Any]]:
    found = unit.session.connection().execute(text(statement), {"c": creditor_id, "claim": claim_id})
    return list(found.all())


def _payment(row: Row[Any]) -> dict[str, Any]:
    return {"on": row.value_on, "amount": Money(row.amount_minor, row.currency), "back": row.reversed_at}


def _invoice(row: Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "placed": Money(row.open_minor, row.currency)}


def _message(row: Row[Any]) -> dict[str, Any]:
    return {
        "at": row.sent_at or row.due_at,
        "what": step_words(row.step),
        "channel": gettext(CHANNELS.get(row.channel, row.channel)),
        "state": MESSAGE_STATES.get(row.state, Chip(row.state)),
    }


def _agreement(unit: Unit, creditor_id: UUID, claim_id: UUID) -> dict[str, Any] | None:
    """The price that was accepted, or the one that waits, with what each missing document would save."""
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT l.fee_bps, l.facts, l.factors, q.id AS quote_id, q.state FROM quote_line l"
                " JOIN quote q ON q.creditor_id = l.creditor_id AND q.id = l.quote_id"
                " WHERE l.creditor_id = :c AND l.claim_id = :claim AND q.state IN ('accepted', 'open')"
                " AND l.outcome IS NULL"
                " ORDER BY q.state, q.accepted_at DESC, q.issued_at DESC LIMIT 1"
            ),
            {"c": creditor_id, "claim": claim_id},
        )
        .one_or_none()
    )
    return line_words(row) if row else None


def line_words(row: Row[Any]) -> dict[str, Any]:
    """This function will turn a line of a quote into words: fee, build-up, and what would make it cheaper."""
    facts = row.facts
    amount = Money(facts["amount_minor"], facts["currency"])
    return {
        "quote_id": row.quote_id,
        "state": row.state,
        "fee_bps": row.fee_bps,
        "amount": amount,
        "maximum": Money(facts["maximum_minor"], amount.currency),
        "completeness": facts["completeness"],
        "factors": factor_words(row.factors, facts),
        "cheaper": [
            {
                "kind": kind,
                "label": gettext(DOCUMENTS[kind]),
                "after_bps": after,
                "less_bps": row.fee_bps - after,
                "less": Money((row.fee_bps - after) * amount.minor // 10_000, amount.currency),
            }
            for kind, after in facts.get("cheaper", [])
        ],
        "settled": _when_settled(row.fee_bps, facts.get("resolved_bps"), amount),
    }


def _when_settled(fee_bps: int, after: int | None, amount: Money) -> dict[str, Any] | None:
    """What the fee becomes once the dispute is settled for the creditor."""
    if after is None:
        return None
    less = (fee_bps - after) * amount.minor // 10_000
    return {"after_bps": after, "less": Money(less, amount.currency)}
