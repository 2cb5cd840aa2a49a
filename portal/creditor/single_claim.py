"""One claim by form, its price in view while typing. It takes the same way as a file of one row."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.documents.upload import add_document
from agency.intake.receive import habits_of
from agency.intake.rows import STAGED, Reject, RowChecker
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.agreed_terms import agreed_with
from agency.pricing.outlook import outlook
from agency.pricing.quoting import quote_placement
from agency.pricing.rate_cards import card_on
from agency.pricing.recovering import own_books
from agency.pricing.scoring import ClaimFacts, PricedClaim, age_in_days, price_claim
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind, InterestKind, Law, Phase
from portal.creditor.claims import line_words
from portal.creditor.doors import creditor_page, routes
from portal.creditor.words import DOCUMENTS
from portal.placing import FORM, FORM_FIELDS, form_as_file, place_file
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields, Form, blank
from portal.shared.i18n import N_
from portal.shared.words import DEBTOR_KINDS
from portal.wiring import Wiring

COUNTRIES = [("NL", N_("Netherlands")), ("BE", N_("Belgium")), ("DE", N_("Germany")), ("FR", N_("France")),
             ("LU", N_("Luxembourg")), ("GB", N_("United Kingdom"))]  # fmt: skip
# What a form shows in the price before the file is sent: kinds that a small claim can be proved with.
EVIDENCE = ("invoice", "delivery_note", "contract", "order", "terms", "reminder", "acknowledgement")


@routes.get("/claims/new")
def new(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The empty form."""
    habits = habits_of(unit, creditor_id=own_creditor(visitor))
    return _form_page(
        request, unit, visitor_creditor=own_creditor(visitor), form=blank(country=habits.country)
    )


def _form_page(
    request: Request, unit: Unit, *, visitor_creditor: UUID, form: Form[Any], status: int = 200
) -> Response:
    return creditor_page(
        request,
        "single_claim.html",
        status=status,
        form=form,
        kinds_choices=[(kind, label, "") for kind, label in DEBTOR_KINDS.items()],
        countries=COUNTRIES,
        documents=[(kind, DOCUMENTS[kind]) for kind in EVIDENCE],
        price=_price(unit, visitor_creditor, form.values),
    )


@routes.post("/claims/price")
def price(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """The price of what stands in the form at this moment; nothing is stored."""
    return creditor_page(request, "price_now.html", price=_price(unit, own_creditor(visitor), fields))


def checked(unit: Unit, creditor_id: UUID, fields: dict[str, Any]) -> dict[str, Any] | list[Reject]:
    """This function will check form fields by the rules of a file's row."""
    checker = RowChecker(mapped=FORM, habits=habits_of(unit, creditor_id=creditor_id), today=unit.today)
    cells = {field: str(fields.get(field) or "") for field in FORM_FIELDS}
    cells["disputed"] = "yes" if cells["disputed"] else "no"
    found = checker.check(1, cells)
    return found if isinstance(found, list) else dict(zip(STAGED, found, strict=True))


def _price(unit: Unit, creditor_id: UUID, fields: dict[str, Any]) -> dict[str, Any] | None:
    """Price as far as the form is filled in: amount and due date are enough."""
    stand_in = {"invoice_number": "x", "debtor_name": "x"} | {
        field: fields[field]
        for field in ("amount", "due_on", "issued_on", "debtor_kind", "country", "disputed")
        if fields.get(field)
    }
    if fields.get("registration_number"):
        stand_in["debtor_kind"] = stand_in.get("debtor_kind", "company")
    found = checked(unit, creditor_id, stand_in)
    if isinstance(found, list):
        return None
    chosen = fields.get("has", [])
    kinds = frozenset(
        DocumentKind(kind) for kind in ([chosen] if isinstance(chosen, str) else chosen) if kind in EVIDENCE
    )
    claim_facts = ClaimFacts(
        amount=Money(found["amount_minor"], found["currency"]),
        age_days=age_in_days(due_on=found["due_on"], today=unit.today),
        debtor=DebtorKind(found["debtor_kind"]),
        country=found["country"],
        documents=kinds,
        dispute=DisputeStatus.raised if found["disputed"] else DisputeStatus.none,
        phase=Phase.reminder,
    )
    card = card_on(unit, on=unit.today).card
    priced = price_claim(card=card, facts=claim_facts)
    agreed = agreed_with(unit, creditor_id=creditor_id, card=card, on=unit.today)
    expected = outlook(
        facts=claim_facts,
        law=Law(found["law"]),
        interest_kind=InterestKind(found["interest_kind"]),
        due_on=found["due_on"],
        today=unit.today,
        fee_bps=priced.price.fee_bps,
        agreed=agreed,
        own=own_books(unit, on=unit.today),
    )
    return _in_words(priced) | {"outlook": expected, "agreed": agreed}


def _in_words(priced: PricedClaim) -> dict[str, Any]:
    facts = priced.facts.as_json() | {
        "completeness": priced.score.completeness,
        "maximum_minor": priced.price.maximum.minor,
        "cheaper": [[saving.document.value, saving.fee_bps_after] for saving in priced.price.cheaper],
        "resolved_bps": priced.price.resolved_bps,
    }
    factors = [{"key": f.key, "label": f.label, "bps": f.bps} for f in priced.price.factors]
    line: Any = SimpleNamespace(
        facts=facts, factors=factors, fee_bps=priced.price.fee_bps, quote_id=None, state="open"
    )
    return line_words(line)


@routes.post("/claims")
def create(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields
) -> Response:
    """Take the claim in with its documents and go to its price."""
    creditor_id = own_creditor(visitor)
    form = blank(**{name: value for name, value in fields.items() if name != "csrf" and not _is_file(value)})
    rejects = checked(unit, creditor_id, fields)
    if isinstance(rejects, list):
        for reject in rejects:
            form.refuse(reject.reason, reject.field)
    placed = None
    if not form.errors:
        with form.attempt(unit):
            placed = _place(unit, wiring, creditor_id, fields)
    if placed is None or form.errors:
        return _form_page(request, unit, visitor_creditor=creditor_id, form=form, status=422)
    quote_id = (
        unit.session.connection()
        .execute(
            text("SELECT id FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"),
            {"c": creditor_id, "p": placed},
        )
        .scalar_one_or_none()
    )
    if quote_id is None:
        return leave_for(
            f"/creditor/placements/{placed}", notice=N_("This claim was placed before."), tone="info"
        )
    return leave_for(f"/creditor/quotes/{quote_id}")


def _place(unit: Unit, wiring: Wiring, creditor_id: UUID, fields: dict[str, Any]) -> UUID:
    placed = place_file(
        unit,
        wiring.ports,
        creditor_id=creditor_id,
        name=f"{fields['invoice_number']}.csv",
        content=form_as_file(fields),
        bytes_max=wiring.settings.upload_bytes_max,
        source="form",
        mapped=FORM,
    )
    rejects = unit.session.connection().execute(
        text(
            "SELECT field, reason FROM placement_reject WHERE creditor_id = :c AND placement_id = :p LIMIT 1"
        ),
        {"c": creditor_id, "p": placed.placement_id},
    )
    reject = rejects.one_or_none()
    if reject is not None:
        raise Invalid(reject.reason, field=reject.field)
    _attach(unit, wiring, creditor_id, placed.placement_id, fields)
    return placed.placement_id


def _attach(
    unit: Unit, wiring: Wiring, creditor_id: UUID, placement_id: UUID, fields: dict[str, Any]
) -> None:
    claim_id = (
        unit.session.connection()
        .execute(
            text("SELECT claim_id FROM placement_row WHERE creditor_id = :c AND placement_id = :p"),
            {"c": creditor_id, "p": placement_id},
        )
        .scalar_one_or_none()
    )
    if claim_id is None:
        raise Invalid("this claim could not be taken in")
    added = False
    for kind in EVIDENCE:
        upload = fields.get(f"file_{kind}")
        if isinstance(upload, UploadFile):
            add_document(
                unit, wiring.ports.files, creditor_id=creditor_id, claim_id=claim_id, kind=DocumentKind(kind),
                name=upload.filename or "", content=upload.file.read(),
            )  # fmt: skip
            added = True
    if added:
        quote_placement(unit, creditor_id=creditor_id, placement_id=placement_id)


def _is_file(value: Any) -> bool:
    return isinstance(value, UploadFile) or (
        isinstance(value, list) and any(isinstance(part, UploadFile) for part in value)
    )
