"""The importing process of the bank's day: a statement through the product, from bytes to proven books.

Receipts, timelines and whatever else follows on a payment are jobs of their own and not of the bank's day.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import text

from agency.banking.importing import import_statements
from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.kernel.unit import Door
from infra.bench.answering import answer_questions
from infra.bench.harness import peak_memory_mib
from integrations.bankfiles import read_bank_file
from portal.wiring import Wiring, wire

BY = "system:bench"


def take_in(wiring: Wiring, *, file: Path, iban: str) -> dict[str, Any]:
    """This function will import a bank file, match and settle its lines as the job does, and prove the books.

    :returns: what became of the lines, and the peak memory of this process in MiB after the import and
        after all of it.
    """
    with wiring.units.open(Door.STAFF, by=BY) as unit:
        import_statements(unit, content=file.read_bytes(), reader=read_bank_file, iban=iban)
    imported = peak_memory_mib()
    while _match(wiring):
        pass
    with wiring.units.open(Door.WORKER, by=BY) as unit:
        prove(unit, on=unit.today)
        row = unit.session.connection().execute(
            text(
                "SELECT count(*) AS lines, count(*) FILTER (WHERE state = 'matched') AS matched,"
                " (SELECT count(*) FROM payment) AS payments FROM bank_line"
            )
        )
        found = dict(row.one()._mapping)
    return {**found, "import_mib": imported, "peak_mib": peak_memory_mib()}


def _match(wiring: Wiring) -> int:
    with wiring.units.open(Door.WORKER, by=BY) as unit:
        return match_lines(unit)


if __name__ == "__main__":
    WIRING = wire()

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        """Take a bank file in."""
        return take_in(WIRING, file=Path(question["file"]), iban=question["iban"])

    answer_questions(answer)
