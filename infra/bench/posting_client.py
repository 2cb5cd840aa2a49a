"""A process of the posting bench: threads that post through the ledger's door, one unit per commit."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Door, Unit
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.money import Money
from infra.bench.answering import answer_questions
from portal.wiring import Wiring, wire

BY = "system:bench"


def post_units(
    wiring: Wiring, *, run: int, process: int, threads: int, units: int, batch: int, creditors: int
) -> dict[str, Any]:
    """This function will post so many units of `batch` transactions in each of so many threads."""
    with wiring.units.open(Door.STAFF, by=BY) as unit:
        rows = unit.session.connection().execute(
            text("SELECT id FROM bench_creditor ORDER BY n LIMIT :n"), {"n": creditors}
        )
        whose = list(rows.scalars())

    def work(thread: int) -> None:
        for number in range(units):
            key = f"{run}.{process}.{thread}.{number}"
            with wiring.units.open(Door.STAFF, by=BY) as unit:
                chosen = [whose[(number + place) % len(whose)] for place in range(batch)]
                post_many(unit, [_posting(unit, one, f"{key}.{n}", 100 + n) for n, one in enumerate(chosen)])

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, thread) for thread in range(threads)]:
            done.result()
    return {"posted": threads * units * batch}


def _posting(unit: Unit, creditor_id: UUID, key: str, minor: int) -> Posting:
    amount = Money(minor, "EUR")
    return Posting(
        creditor_id=creditor_id,
        book=Book.TRUST,
        kind="payment",
        source_key=f"ours:{key}",
        legs=(Leg("trust.suspense", amount), Leg("trust.creditor", -amount)),
        effective_on=unit.today,
    )


if __name__ == "__main__":
    WIRING = wire()
    answer_questions(lambda question: post_units(WIRING, **question))
