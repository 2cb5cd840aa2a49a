"""A first small placement must not make a large one slow: keys are looked up by index however few rows the
tables held when a connection looked first."""

import psycopg
from sqlalchemy import text

from agency.intake.bulk import BulkReading
from agency.kernel.unit import Door
from infra.bench.portfolio import write_portfolio
from tests.intake.test_bulk import TODAY, adapters, creditor_id, received  # noqa: F401

FEW, MANY = 20, 3_000
_READ_IN_PASSING = (
    "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE relname IN ('claim', 'debtor', 'invoice')"
)


def read_in_passing(units) -> dict[str, int]:
    for statement in ("SELECT pg_stat_force_next_flush()", _READ_IN_PASSING):
        with units.open(Door.WORKER, by="system:test") as unit:
            found = unit.session.connection().execute(text(statement)).all()
    return {name: rows for name, rows in found}


def test_a_large_placement_after_a_small_one_reads_keys_by_index(
    units,
    creditor_id,
    adapters,
    fresh_database,  # noqa: F811
):
    def read(rows: int) -> None:
        content = write_portfolio(rows=rows, today=TODAY)
        placement_id = received(units, adapters, creditor_id, content)
        BulkReading(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()

    with psycopg.connect(fresh_database[1].replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("ANALYZE")
        read(FEW)
        owner.execute("ANALYZE")
        read(2 * FEW)
    before = read_in_passing(units)
    read(MANY)
    after = read_in_passing(units)
    assert max(after[name] - before[name] for name in after) < 20 * MANY
