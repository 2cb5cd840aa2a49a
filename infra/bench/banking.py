"""The importing process of the bank's day: a statement through the product, from bytes to proven books."""

from pathlib import Path
from typing import Any

from sqlalchemy import text

from agency.banking.importing import import_statements
from agency.kernel.outbox import drain, outbox_state
from agency.kernel.unit import Door
from infra.bench.answering import answer_questions
from infra.bench.harness import peak_memory_mib
from integrations.bankfiles import read_bank_file
from portal.wiring import Wiring, wire

BY = "system:bench"


def take_in(wiring: Wiring, *, file: Path, iban: str) -> dict[str, Any]:
    """This function will import a bank file and run the jobs that follow: matching, settling, proof.

    :returns: what became of the lines, and the peak memory of this process in MiB after the import and
        after all of it.
    """
    with wiring.units.open(Door.STAFF, by=BY) as unit:
        unit.allow_long_statements()
        import_statements(unit, content=file.read_bytes(), reader=read_bank_file, iban=iban)
    imported = peak_memory_mib()
    drain(wiring.units)
    with wiring.units.open(Door.WORKER, by=BY) as unit:
        row = unit.session.connection().execute(
            text(
                "SELECT count(*) AS lines, count(*) FILTER (WHERE state = 'matched') AS matched,"
                " (SELECT count(*) FROM payment) AS payments FROM bank_line"
            )
        )
        found = {**row.one()._mapping, "open_jobs": outbox_state(unit).open}
    return {**found, "import_mib": imported, "peak_mib": peak_memory_mib()}


if __name__ == "__main__":
    WIRING = wire()

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        """Take a bank file in."""
        return take_in(WIRING, file=Path(question["file"]), iban=question["iban"])

    answer_questions(answer)
