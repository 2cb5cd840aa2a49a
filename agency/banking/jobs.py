"""Jobs of the bank's day: match what came in, explain the provider's lumps, prove."""

from datetime import timedelta
from uuid import UUID

from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.provider_settlements import lumps_in_suspense, match_settlements, unknown_payments
from agency.banking.returns import take_back_returned
from agency.events import StatementImported
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.unit import Door, Unit, Units
from agency.payments.jobs import ask_about

SETTLEMENTS_BACK = timedelta(days=14)
TRANSFER_TAKES_MAX = timedelta(days=4)  # from pay-out to the bank's line, a long weekend included


def work_statement(unit: Unit, event: StatementImported) -> None:
    """This reaction will have a new statement's lines matched and, after that, the books proven."""
    enqueue(unit, match_statement, statement_id=str(event.statement_id))
    enqueue(unit, explain_settlements)


@actor()
def match_statement(unit: Unit, *, statement_id: str) -> None:
    """This job will match a chunk of a statement's lines and call for the next; the last one proves.

    Returns come last: what they take back may have been settled by this very statement.
    """
    if match_lines(unit, statement_id=UUID(statement_id)):
        enqueue(unit, match_statement, statement_id=statement_id)
    else:
        take_back_returned(unit)
        enqueue(unit, prove_now)


@actor(own_units=True)
def explain_settlements(units: Units) -> None:
    """This job will ask the provider what it paid out and book the lumps that this explains.

    Only about amounts that wait and may be such a lump: each settlement costs several questions. A payment in
    one that we do not know by its reference may be ours all the same, when its creation was never answered
    and no notice of it came: it is asked about first.
    """
    with units.open(Door.WORKER, by="system:banking") as unit:
        waiting = lumps_in_suspense(unit, days_back_max=SETTLEMENTS_BACK)
    if not waiting:
        return
    since = min(waiting.values()) - TRANSFER_TAKES_MAX
    settlements = installed_ports().payments.settlements(since=since, amounts=waiting.keys())
    with units.open(Door.WORKER, by="system:banking") as unit:
        unknown = unknown_payments(unit, settlements)
    for ref in unknown:
        ask_about(units, ref=ref)
    with units.open(Door.WORKER, by="system:banking") as unit:
        if match_settlements(unit, settlements=settlements):
            enqueue(unit, prove_now)


@actor()
def prove_now(unit: Unit) -> None:
    """This job will prove the books as of today."""
    prove(unit, on=unit.today)


@actor()
def prove_everything(unit: Unit) -> None:
    """This job will prove the books as of today, and compare every row again."""
    unit.allow_long_statements()
    prove(unit, on=unit.today, everything=True)
