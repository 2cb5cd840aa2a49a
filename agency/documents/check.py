"""Checking a document: read it, tell what it is, compare it with its claim, and decide what it counts for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.models import Claim, Invoice
from agency.documents.models import Document, DocumentCheck, DocumentVerdict, KindFrom, Verdict
from agency.documents.upload import claim_of
from agency.events import EvidenceChecked
from agency.kernel.emitting import emit
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.models import Debtor
from agency.rules.evidence import (
    ClaimedFacts,
    Finding,
    InvoiceFacts,
    Judged,
    Standing,
    check_evidence,
    judge,
)
from agency.rules.facts import DocumentKind
from agency.rules.reading import Reading
from agency.rules.recognise import Recognised, recognise
from agency.rules.tables import read_table
from agency.rules.trace import as_json

CHECKS_KEPT_ON_PAGE = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of reading one document."""

    reading: Reading
    recognised: Recognised
    kind: DocumentKind
    findings: tuple[Finding, ...]
    judged: Judged


def record_check(unit: Unit, *, creditor_id: UUID, document_id: UUID, reading: Reading) -> Standing:
    """This function will keep what reading a document gave, set what it counts for and tell it when that
    changed. What a person decided about the document stands; the reading is kept beside it.

    :raises NotFound: this creditor has no such document.
    """
    document = unit.session.exec(
        select(Document)
        .where(Document.creditor_id == creditor_id, Document.id == document_id)
        .with_for_update()
    ).one_or_none()
    if document is None:
        raise NotFound("no such document")
    facts = claimed_facts(unit, creditor_id=creditor_id, claim_id=claim_of(document))
    checked = _check(reading, document, facts)
    decided = _decided(unit, document)
    standing = decided.standing_after if decided else checked.judged.standing
    before = (document.kind, document.standing, document.checked_at)
    document.kind, document.standing, document.checked_at = checked.kind, standing, unit.now
    document.reasons = list(checked.judged.reasons)
    if checked.kind != before[0]:
        document.kind_from = KindFrom.content
    unit.session.add(_row(unit, document, checked, facts))
    unit.session.flush()
    if before != (document.kind, standing, before[2]) or before[2] is None:
        tell(unit, document, by_person=False)
    return standing


def tell(unit: Unit, document: Document, *, by_person: bool) -> None:
    """This function will tell what a document counts for now; its claim is priced anew where it still can
    be.
    """
    emit(
        unit,
        EvidenceChecked(
            creditor_id=document.creditor_id,
            claim_id=document.claim_id,
            document_id=document.id,
            document_kind=document.kind,
            name=document.name,
            standing=document.standing,
            by_person=by_person,
        ),
    )


def claimed_facts(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> ClaimedFacts:
    """This function will return what a claim says, in the form in which documents are compared with it."""
    claim = unit.session.get_one(Claim, (creditor_id, claim_id))
    debtor = unit.session.get_one(Debtor, (creditor_id, claim.debtor_id))
    invoices = unit.session.exec(
        select(Invoice)
        .where(Invoice.creditor_id == creditor_id, Invoice.claim_id == claim_id)
        .order_by(col(Invoice.due_on), col(Invoice.number))
    ).all()
    principal = Money(claim.principal_minor, claim.currency)
    own = [_invoice(invoice) for invoice in invoices] or [
        InvoiceFacts(claim.reference, claim.due_on, claim.due_on, principal, principal)
    ]
    return ClaimedFacts(
        invoices=tuple(own),
        debtor=debtor.name,
        creditors=_creditor_names(unit, creditor_id),
        principal=principal,
        references=(claim.reference,),
    )


def last_check(unit: Unit, *, creditor_id: UUID, document_id: UUID) -> DocumentCheck | None:
    """This function will return the newest reading of a document, None while it waits for its first."""
    return unit.session.exec(
        select(DocumentCheck)
        .where(DocumentCheck.creditor_id == creditor_id, DocumentCheck.document_id == document_id)
        .order_by(col(DocumentCheck.at).desc(), col(DocumentCheck.id).desc())
        .limit(1)
    ).one_or_none()


def verdicts_of(unit: Unit, *, creditor_id: UUID, document_id: UUID) -> Sequence[DocumentVerdict]:
    """This function will return what people said of a document, the newest first."""
    return unit.session.exec(
        select(DocumentVerdict)
        .where(DocumentVerdict.creditor_id == creditor_id, DocumentVerdict.document_id == document_id)
        .order_by(col(DocumentVerdict.at).desc(), col(DocumentVerdict.id).desc())
        .limit(CHECKS_KEPT_ON_PAGE)
    ).all()


def _check(reading: Reading, document: Document, facts: ClaimedFacts) -> Checked:
    """A kind that nobody said is taken from the words; one that a person said is only put in question."""
    recognised = recognise(reading)
    said = document.kind_from in (KindFrom.person, KindFrom.corrected)
    kind = document.kind if said else recognised.kind or document.kind
    findings = check_evidence(reading, kind=kind, claim=facts)
    judged = judge(
        reading,
        kind=kind,
        said_by_person=document.kind_from == KindFrom.person,
        recognised=recognised,
        findings=findings,
    )
    return Checked(reading, recognised, kind, findings, judged)


def _decided(unit: Unit, document: Document) -> DocumentVerdict | None:
    """Return the last verdict when it settled what the document counts for."""
    newest = next(iter(verdicts_of(unit, creditor_id=document.creditor_id, document_id=document.id)), None)
    settles = newest is not None and newest.verdict in (Verdict.right, Verdict.wrong_document)
    return newest if settles else None


def _row(unit: Unit, document: Document, checked: Checked, facts: ClaimedFacts) -> DocumentCheck:
    tables = (read_table("document_words")["version"], read_table("evidence")["version"])
    return DocumentCheck(
        creditor_id=document.creditor_id,
        document_id=document.id,
        claim_id=claim_of(document),
        at=unit.now,
        state=checked.reading.state,
        page_count=checked.reading.page_count,
        kind=checked.recognised.kind,
        confidence=checked.recognised.confidence,
        language=checked.recognised.language,
        standing=checked.judged.standing,
        reasons=list(checked.judged.reasons),
        pages=[[page.number, page.width, page.height] for page in checked.reading.pages],
        findings=[finding.as_json() for finding in checked.findings],
        trace=as_json(checked.recognised.trace),
        facts=_as_json(facts),
        rule_version="/".join(tables),
    )


def _as_json(facts: ClaimedFacts) -> dict[str, Any]:
    return {
        "invoices": [
            [one.number, one.issued_on.isoformat(), one.due_on.isoformat(), one.total.minor, one.open.minor]
            for one in facts.invoices[:50]
        ],
        "debtor": facts.debtor,
        "creditors": list(facts.creditors),
        "principal_minor": facts.principal.minor,
        "currency": facts.principal.currency,
    }


def _invoice(invoice: Invoice) -> InvoiceFacts:
    return InvoiceFacts(
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        total=Money(invoice.total_minor, invoice.currency),
        open=Money(invoice.open_minor, invoice.currency),
    )


def _creditor_names(unit: Unit, creditor_id: UUID) -> tuple[str, ...]:
    rows = unit.session.connection().execute(
        text(
            "SELECT name FROM creditor WHERE id = :c"
            " UNION SELECT sender_name FROM brand WHERE creditor_id = :c"
            " UNION SELECT name FROM brand WHERE creditor_id = :c ORDER BY 1"
        ),
        {"c": creditor_id},
    )
    return tuple(rows.scalars())
