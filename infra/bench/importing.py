"""The two processes of the intake bench: one takes a creditor's file in as the portal does, the other works
off all that follows, from bytes to treatment, as a worker does.
"""

from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import new_id
from agency.kernel.outbox import drain, outbox_state
from agency.kernel.unit import Door
from agency.parties.models import Creditor
from agency.parties.registration import Sender, register_creditor
from agency.pricing.acceptance import accept_quote
from infra.bench.answering import answer_questions
from infra.bench.harness import peak_memory_mib
from portal.placing import place_file
from portal.setup import prepare
from portal.wiring import Wiring, wire

BY = "system:bench"
BYTES_MAX = 1_000_000_000  # a file of a million rows, whatever the settings of an agency allow


def set_up(wiring: Wiring) -> dict[str, Any]:
    """This function will publish what an agency needs and register one creditor."""
    with wiring.units.open(Door.STAFF, by=BY) as unit:
        prepare(unit, wiring.settings)
        creditor_id = register_creditor(
            unit,
            creditor=Creditor(
                id=new_id(), created_at=unit.now, reference="BENCH", name="Bench Wholesale B.V.",
                country="NL", iban="NL91ABNA0417164300", iban_holder="Bench Wholesale B.V.",
            ),
            sender=Sender(
                name="Bench Wholesale B.V.", email="facturen@bench.example",
                reply_to="facturen@bench.example", sms="BENCH", phone="+31 20 765 43 21",
            ),
        )  # fmt: skip
        return {"creditor": creditor_id, "today": unit.today}


def hand_over(wiring: Wiring, *, creditor_id: UUID, file: Path) -> dict[str, Any]:
    """This function will hand a file over as its creditor does, and return which placement it became."""
    with wiring.units.open(Door.CREDITOR, by=BY, creditor_id=creditor_id) as unit:
        placed = place_file(
            unit, wiring.ports, creditor_id=creditor_id, name=file.name, content=file.read_bytes(),
            bytes_max=BYTES_MAX,
        )  # fmt: skip
    return {"placement": placed.placement_id}


def work_off(wiring: Wiring, *, creditor_id: UUID, placement_id: UUID, only_price: bool) -> dict[str, Any]:
    """This function will read and price a placement, accept the price, and run the jobs that follow from
    that: ledger opened, treatment started.

    :param only_price: leave it at the price.
    :returns: what became of the rows, and the peak memory of this process in MiB.
    """
    drain(wiring.units)
    placement = {"c": creditor_id, "p": placement_id}
    if only_price:
        return {"quoted": _quoted(wiring, placement), "peak_mib": peak_memory_mib()}
    with wiring.units.open(Door.CREDITOR, by=BY, creditor_id=creditor_id) as unit:
        find = text("SELECT id FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open'")
        quote_id = unit.session.connection().execute(find, placement).scalar_one()
        accepted = accept_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
    drain(wiring.units)
    return {"accepted": accepted, "peak_mib": peak_memory_mib(), **_outcome(wiring, placement)}


def _outcome(wiring: Wiring, placement: dict[str, UUID]) -> dict[str, Any]:
    """What stands in the books, so that a bench that skipped some of the work would be seen."""
    with wiring.units.open(Door.WORKER, by=BY) as unit:
        row = unit.session.connection().execute(
            text(
                "SELECT rows, created, rejected, (SELECT count(*) FROM ledger_entry) AS entries,"
                " (SELECT count(*) FROM treatment) AS treatments, (SELECT count(*) FROM event) AS events,"
                " (SELECT count(*) FROM debtor) AS debtors FROM placement WHERE creditor_id = :c AND id = :p"
            ),
            placement,
        )
        return {**row.one()._mapping, "open_jobs": outbox_state(unit).open}


def _quoted(wiring: Wiring, placement: dict[str, UUID]) -> int:
    with wiring.units.open(Door.WORKER, by=BY) as unit:
        claims = unit.session.connection().execute(
            text("SELECT claims FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"),
            placement,
        )
        return int(claims.scalar_one())


if __name__ == "__main__":
    WIRING = wire()

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        """Set up, take a file in, or work one off."""
        if not question:
            return set_up(WIRING)
        whose = UUID(question["creditor"])
        if "file" in question:
            return hand_over(WIRING, creditor_id=whose, file=Path(question["file"]))
        placed = UUID(question["placement"])
        return work_off(
            WIRING, creditor_id=whose, placement_id=placed, only_price=question.get("only_price", False)
        )

    answer_questions(answer)
