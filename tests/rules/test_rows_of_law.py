"""Every row of the tables for costs, notices, allocation, limitation and fees has its day and its source."""

from datetime import date

import pytest

from agency.rules.tables import read_table

pytestmark = pytest.mark.pure

TABLES = ["allocation", "costs", "limitation", "notice", "rvg", "success_fee"]


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_its_day_and_its_source(table):
    rows = [(kind, row) for kind, rows in read_table(table).items() for row in rows]
    assert rows
    for kind, row in rows:
        assert isinstance(row["since"], date), (kind, row)
        assert row["source"].strip(), (kind, row)
