"""Whole files from programs: handed over, how far they are, and which rows were not taken and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlmodel import select
from starlette.responses import JSONResponse

from agency.intake.models import Placement
from agency.intake.rejected import reasons_by_row
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.parties.models import Scope
from agency.pricing.models import Quote
from portal.api.access import ApiUnit, TheCaller, opened_by
from portal.api.documents import BODY, FileName, SentFiles
from portal.placing import find_placement, place_file
from portal.shared.audience import TheWiring

reading = opened_by(Scope.READ)
sending = opened_by(Scope.PLACE, json=False)


class PlacementNow(BaseModel):
    """A file that was handed over: rows = created + updated + merged + rejected, once it was read."""

    id: UUID
    name: str
    state: str
    refusal: str | None
    progress_percent: int
    rows: int
    created: int
    updated: int
    merged: int
    rejected: int
    received_at: datetime
    quote: str | None


class Reason(BaseModel):
    """Why a row was not taken: the field as the file calls it, empty for the whole row."""

    field: str
    reason: str
    value: str


class RejectedRow(BaseModel):
    """A row that was not taken, by its number in the file (its headers are row 1)."""

    row: int
    reasons: list[Reason]


class Rejects(BaseModel):
    """Rows that were not taken; `next` is the `after` of the next page."""

    rejects: list[RejectedRow]
    next: int | None


@sending.post(
    "/placements", status_code=202, response_model=PlacementNow, responses={200: {"model": PlacementNow}},
    openapi_extra=BODY,
)  # fmt: skip
def hand_over(
    unit: ApiUnit, caller: TheCaller, wiring: TheWiring, files: SentFiles, name: FileName = ""
) -> JSONResponse:
    """Hand over a file of claims in any format that the portal takes; a large one is read afterwards.

    The same file again changes nothing and answers 200, so this asks for no Idempotency-Key.
    """
    if len(files) != 1:
        raise Invalid("send one file at a time", field="file")
    called, content = files[0]
    placed = place_file(
        unit,
        wiring.ports,
        creditor_id=caller.creditor_id,
        name=called,
        content=content,
        bytes_max=wiring.settings.upload_bytes_max,
        source="api",
    )
    told = _told(unit, find_placement(unit, caller.creditor_id, placed.placement_id))
    return JSONResponse(told.model_dump(mode="json"), status_code=200 if placed.again else 202)


@reading.get("/placements/{placement_id:uuid}")
def read_placement(unit: ApiUnit, caller: TheCaller, placement_id: UUID) -> PlacementNow:
    """How far a file is, what became of its rows, and the number of its price."""
    return _told(unit, find_placement(unit, caller.creditor_id, placement_id))


@reading.get("/placements/{placement_id:uuid}/rejects")
def list_rejects(
    unit: ApiUnit,
    caller: TheCaller,
    placement_id: UUID,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Rejects:
    """The rows of a file that were not taken, each with every field and reason."""
    find_placement(unit, caller.creditor_id, placement_id)
    found = reasons_by_row(unit, creditor_id=caller.creditor_id, placement_id=placement_id)
    rows = sorted(row for row in found if row > after)
    return Rejects(
        rejects=[
            RejectedRow(
                row=row,
                reasons=[Reason(field=one.field, reason=one.reason, value=one.value) for one in found[row]],
            )
            for row in rows[:limit]
        ],
        next=rows[limit - 1] if len(rows) > limit else None,
    )


def _told(unit: Unit, placement: Placement) -> PlacementNow:
    quote = unit.session.exec(
        select(Quote.number)
        .where(
            Quote.creditor_id == placement.creditor_id,
            Quote.placement_id == placement.id,
            Quote.state == "open",
        )
        .limit(1)
    ).first()
    return PlacementNow(
        id=placement.id,
        name=placement.name,
        state=placement.state,
        refusal=placement.refusal,
        progress_percent=placement.progress_percent,
        rows=placement.rows,
        created=placement.created,
        updated=placement.updated,
        merged=placement.merged,
        rejected=placement.rejected,
        received_at=placement.received_at,
        quote=quote,
    )
