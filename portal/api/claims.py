"""POST /api/v1/claims: place one claim; with the same Idempotency-Key it is placed once."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text
from starlette.responses import JSONResponse

from agency.intake.rejected import reasons_by_row
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.parties.models import Scope
from portal.api.access import ApiUnit, Body, TheCaller, opened_by
from portal.api.idempotency import Key, once
from portal.placing import FORM, form_as_file, place_file
from portal.shared.audience import TheWiring
from portal.shared.errors import WrongFields
from portal.trying import TriedRow, try_out

placing = opened_by(Scope.PLACE)
pricing = opened_by(Scope.PRICE)

Short = Annotated[str, Field(max_length=200)]
Day = Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]


class Placing(Body):
    """One claim as a row of a file; amounts and dates as text: `1234.56`, `2026-11-30`."""

    invoice_number: Short
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$")]
    due_on: Day
    issued_on: Day = ""
    contract_on: Day = ""
    debtor_name: Short
    debtor_kind: Short = ""
    debtor_reference: Short = ""
    registration_number: Short = ""
    email: Short = ""
    phone: Short = ""
    street: Short = ""
    postal_code: Short = ""
    city: Short = ""
    country: Short = ""
    description: Annotated[str, Field(max_length=500)] = ""


class Placed(BaseModel):
    """The claim that was placed, and the open price that it stands in, with its average fee."""

    claim: UUID
    number: str
    payment_reference: str
    state: str
    quote: UUID | None
    fee_bps: int | None


@placing.post("/claims", status_code=201, response_model=Placed, responses={200: {"model": Placed}})
def place(
    unit: ApiUnit,
    caller: TheCaller,
    wiring: TheWiring,
    claim: Placing,
    key: Key = None,
) -> JSONResponse:
    """Place a claim and get its price; an invoice placed before is the same claim and answers 200."""
    creditor_id = caller.creditor_id

    def effect() -> tuple[int, dict[str, Any]]:
        placed = place_file(
            unit,
            wiring.ports,
            creditor_id=creditor_id,
            name=f"{claim.invoice_number}.csv",
            content=form_as_file(claim.model_dump()),
            bytes_max=wiring.settings.upload_bytes_max,
            source="api",
            mapped=FORM,
        )
        _refuse_rejected(unit, creditor_id, placed.placement_id)
        found = unit.session.connection().execute(_PLACED, {"c": creditor_id, "p": placed.placement_id}).one()
        if found.id is None:
            raise Invalid("this claim could not be taken in")
        told = Placed(
            claim=found.id,
            number=found.number,
            payment_reference=found.payment_reference,
            state=found.state,
            quote=found.quote_id,
            fee_bps=found.fee_bps_average,
        )
        return (200 if placed.again or found.outcome != "created" else 201), told.model_dump(mode="json")

    asked = {"method": "POST", "path": "/api/v1/claims", "body": claim.model_dump()}
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=asked, effect=effect)
    return JSONResponse(body, status_code=status)


_PLACED = text(
    "SELECT c.id, c.number, c.payment_reference, c.state, r.outcome, q.id AS quote_id, q.fee_bps_average"
    " FROM placement p LEFT JOIN placement_row r ON r.creditor_id = p.creditor_id AND r.placement_id = p.id"
    " LEFT JOIN claim c ON c.creditor_id = r.creditor_id AND c.id = r.claim_id"
    " LEFT JOIN quote q ON q.creditor_id = p.creditor_id AND q.placement_id = c.placement_id"
    "  AND q.state = 'open'"
    " WHERE p.creditor_id = :c AND p.id = :p LIMIT 1"
)


def _refuse_rejected(unit: Unit, creditor_id: UUID, placement_id: UUID) -> None:
    """Refuse a claim that was not taken, with every reason; nothing of it is kept."""
    rows = reasons_by_row(unit, creditor_id=creditor_id, placement_id=placement_id)
    wrong = [{"field": why.field, "reason": why.reason} for reasons in rows.values() for why in reasons]
    if wrong:
        raise WrongFields(f"{wrong[0]['field']} {wrong[0]['reason']}", wrong)


class Trying(Body):
    """Claims to be tried out; nothing of them is stored."""

    claims: Annotated[list[Placing], Field(min_length=1, max_length=1_000)]


class Why(BaseModel):
    """A field that speaks against a claim, and the reason in the creditor's language."""

    field: str
    reason: str


class Action(BaseModel):
    """What would make a claim eligible: correct the field."""

    action: Literal["correct"]
    field: str


class Price(BaseModel):
    """The fee in basis points of what is collected, and the most that it can come to."""

    fee_bps: int
    maximum: str
    currency: str


class Cheaper(BaseModel):
    """A document that is missing, and the fee once it is there."""

    document: str
    fee_bps_after: int


class Result(BaseModel):
    """What would become of one claim; `claim` counts from 0 in the order asked."""

    claim: int
    eligible: bool
    outcome: str
    reasons: list[Why]
    required_actions: list[Action]
    price: Price | None
    cheaper: list[Cheaper]


class Tried(BaseModel):
    """How many claims could be taken in, their average fee, and each of them."""

    claims: int
    fee_bps: int | None
    results: list[Result]


@pricing.post("/claims/dry-run")
def dry_run(unit: ApiUnit, caller: TheCaller, wiring: TheWiring, trying: Trying) -> Tried:
    """Which claims could be collected and why others not, their price, and what would make it cheaper.

    Answers stand in the order asked. It asks for no Idempotency-Key, as it changes nothing.
    """
    tried = try_out(
        unit,
        wiring.ports,
        creditor_id=caller.creditor_id,
        name="dry-run.csv",
        content=form_as_file(*(claim.model_dump() for claim in trying.claims)),
        bytes_max=wiring.settings.upload_bytes_max,
        mapped=FORM,
    )
    return Tried(claims=tried.claims, fee_bps=tried.fee_bps, results=[_result(row) for row in tried.rows])


def _result(row: TriedRow) -> Result:
    """The first claim of a request stands on the second row of its file."""
    price = None
    if row.fee_bps is not None and row.maximum is not None:
        price = Price(fee_bps=row.fee_bps, maximum=str(row.maximum.decimal), currency=row.maximum.currency)
    return Result(
        claim=row.row - 2,
        eligible=row.eligible,
        outcome=row.outcome,
        reasons=[Why(field=field, reason=reason) for field, reason, _ in row.why],
        required_actions=[Action(action="correct", field=field) for field, _, _ in row.why],
        price=price,
        cheaper=[Cheaper(document=kind, fee_bps_after=fee) for kind, fee in row.missing],
    )
