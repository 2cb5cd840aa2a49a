"""Stops of interest on a claim: written when something was agreed or ordered, read by every computation."""

from datetime import date
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.rules.interest_stops import StopGround

_BEGIN = text(
    "INSERT INTO interest_stop (creditor_id, id, claim_id, ground, first_day, by)"
    " VALUES (:creditor, uuidv7(), :claim, :ground, :first_day, :by)"
    " ON CONFLICT (creditor_id, claim_id, ground) WHERE last_day IS NULL DO NOTHING"
)
_END = text(
    "UPDATE interest_stop SET last_day = :last_day WHERE creditor_id = :creditor AND claim_id = :claim"
    " AND ground = :ground AND last_day IS NULL"
)


def stop_interest(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, ground: StopGround, first_day: date
) -> None:
    """This function will let no interest run from a day on; a stop that runs on the same ground is kept."""
    values = {"creditor": creditor_id, "claim": claim_id, "ground": ground.value}
    unit.session.connection().execute(_BEGIN, values | {"first_day": first_day, "by": unit.by})


def resume_interest(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, ground: StopGround, last_day: date
) -> None:
    """This function will end the running stop of a ground; its last day is still without interest."""
    values = {"creditor": creditor_id, "claim": claim_id, "ground": ground.value}
    unit.session.connection().execute(_END, values | {"last_day": last_day})
