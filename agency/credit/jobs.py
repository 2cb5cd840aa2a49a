"""Jobs of the credit checks: asking the bureau."""

from uuid import UUID

from agency.credit.checking import answer
from agency.events import CreditCheckAsked
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Unit, Units


@actor(own_units=True, attempts_max=20)
def answer_check(units: Units, *, asked_by: str, check_id: str) -> None:
    """This function will get one check's answer; a silent bureau is asked again."""
    answer(units, installed_ports().credit, creditor_id=UUID(asked_by), check_id=UUID(check_id))


def ask_bureau(unit: Unit, event: CreditCheckAsked) -> None:
    """This function will have a check answered by a job that calls the bureau."""
    enqueue(
        unit,
        answer_check,
        key=f"credit:{event.check_id}",
        creditor_id=event.creditor_id,
        asked_by=str(event.creditor_id),
        check_id=str(event.check_id),
    )
