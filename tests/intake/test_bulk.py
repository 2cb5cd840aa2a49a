"""A large file is read in parts: how far it is can be seen, it can be cancelled, and what a killed worker had
begun goes on where it was.
"""

import io
import signal
import subprocess
import sys
from datetime import date

import psycopg
import pytest
import xlsxwriter
from sqlalchemy import text

from agency.intake.bulk import BulkReading, cancel_reading
from agency.intake.chunks import CHUNK
from agency.intake.mapping import Mapped, Part, save_mapping
from agency.intake.receive import receive
from agency.intake.table import ALL_KINDS, place_of
from agency.kernel.errors import Conflict
from agency.kernel.unit import Door
from infra.bench.portfolio import write_portfolio
from integrations.einvoice import read_einvoice
from integrations.storage.content_store import open_file_store
from portal.local.places import PROJECT
from tests.intake.factories import PortsForFiles, a_creditor, a_file, a_row, place, rows_of

TODAY = date(2026, 6, 1)
ROWS = 3 * CHUNK + 500
CLAIMS = "SELECT count(*) FROM claim"
STATE = "SELECT state, rows, created, merged, rejected, read_rows, progress_percent FROM placement"


@pytest.fixture
def creditor_id(units):
    return a_creditor(units)


@pytest.fixture
def adapters(tmp_path):
    return PortsForFiles(open_file_store(folder=tmp_path, s3_url=None, production=False), read_einvoice)


def received(units, adapters, creditor_id, content):
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        placed = receive(
            unit, adapters.files, creditor_id=creditor_id, name="groot.csv", content=content, bytes_max=10**9
        )
        return placed.placement_id


def chunks(units):
    with units.open(Door.WORKER, by="system:test") as unit:
        found = unit.session.connection().execute(text("SELECT last_row FROM staged_chunk ORDER BY 1"))
        return list(found.scalars())


def test_goes_on_where_a_killed_worker_was_and_shows_no_claim_before_all_are_there(
    units, creditor_id, adapters, tmp_path, fresh_database
):
    url = fresh_database[0]
    placement_id = received(units, adapters, creditor_id, write_portfolio(rows=ROWS, today=TODAY))
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as listener:
        listener.execute("LISTEN nudge")
        words = [sys.executable, "-m", "tests.intake.reading_child", url, tmp_path, creditor_id, placement_id]
        child = subprocess.Popen([str(word) for word in words], cwd=PROJECT)
        next(listener.notifies(timeout=300))  # the first part is committed
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    before = chunks(units)
    assert before
    assert before[0] == CHUNK + 1
    assert rows_of(units, creditor_id, CLAIMS) == [(0,)]
    ((state, _, _, _, _, read, percent),) = rows_of(units, creditor_id, STATE)
    assert (state, read) == ("reading", len(before) * CHUNK)
    assert 0 < percent < 100

    seen = []

    class Watched(BulkReading):
        def _keep(self, chunk, *more):
            seen.append(chunk.last_row)
            super()._keep(chunk, *more)

    Watched(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()
    assert seen[0] > before[-1]  # nothing is checked twice
    ((state, rows, created, merged, rejected, read, percent),) = rows_of(units, creditor_id, STATE)
    assert (state, rows, read, percent) == ("read", ROWS, ROWS, 100)
    assert rows == created + merged + rejected
    assert rows_of(units, creditor_id, CLAIMS) == [(created,)]
    assert rows_of(units, creditor_id, "SELECT count(*) FROM placement_row") == [(ROWS,)]
    # What was noticed before the kill is kept too: every row that was taken has an address under .example.
    told = "SELECT count(DISTINCT row) FROM placement_finding"
    assert rows_of(units, creditor_id, told) == [(ROWS - rejected,)]
    assert chunks(units) == []


def test_a_cancelled_reading_leaves_nothing(units, creditor_id, adapters):
    placement_id = received(units, adapters, creditor_id, write_portfolio(rows=2 * CHUNK, today=TODAY))

    class Cancelled(BulkReading):
        def _keep(self, *chunk):
            super()._keep(*chunk)
            with self.units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
                cancel_reading(unit, creditor_id=creditor_id, placement_id=placement_id)

    Cancelled(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()
    assert rows_of(units, creditor_id, STATE)[0].state == "cancelled"
    assert rows_of(units, creditor_id, CLAIMS) == [(0,)]
    assert chunks(units) == []
    with (
        pytest.raises(Conflict),
        units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit,
    ):
        cancel_reading(unit, creditor_id=creditor_id, placement_id=placement_id)


def test_cancelling_while_the_claims_are_opened_takes_them_back(units, creditor_id, adapters):
    placement_id = received(units, adapters, creditor_id, a_file(*(a_row(f"F{n}") for n in range(300))))

    class Cancelled(BulkReading):
        def _open(self, begun):
            with self.units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
                cancel_reading(unit, creditor_id=creditor_id, placement_id=placement_id)
            return super()._open(begun)

    Cancelled(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()
    assert rows_of(units, creditor_id, STATE)[0].state == "cancelled"
    assert rows_of(units, creditor_id, CLAIMS) == [(0,)]


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (a_file(a_row("F1"), 'F2;"open'), "refused"),
        (a_file("X1;Jansen;1.234;31-05-2026", headers="Wat;Wie;Hoeveel;Wanneer"), "mapping"),
        (a_file(), "refused"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(units, creditor_id, adapters, content, state):
    placement_id = received(units, adapters, creditor_id, content)
    BulkReading(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()
    assert rows_of(units, creditor_id, STATE)[0].state == state
    assert chunks(units) == []
    assert rows_of(units, creditor_id, CLAIMS) == [(0,)]


def test_both_ways_of_reading_give_the_same_claims(units, creditor_id, adapters):
    other = a_creditor(units, "SECOND")
    content = write_portfolio(rows=400, today=TODAY)
    told = (
        "SELECT c.reference, c.principal_minor, c.law, c.due_on, d.name_key, d.reference AS debtor"
        " FROM claim c JOIN debtor d ON d.id = c.debtor_id ORDER BY 1"
    )
    BulkReading(
        units, adapters, creditor_id=creditor_id,
        placement_id=received(units, adapters, creditor_id, content),
    ).run()  # fmt: skip
    report = place(units, other, content, adapters=adapters)
    assert report.created > 300
    assert rows_of(units, creditor_id, told) == rows_of(units, other, told)


def test_the_database_keeps_another_creditor_from_chunks(units, creditor_id):
    with (
        pytest.raises(Exception, match="permission denied"),
        units.open(Door.CREDITOR, by="user:x", creditor_id=creditor_id) as unit,
    ):
        unit.session.connection().execute(text("SELECT * FROM staged_chunk"))


_READ_IN_PASSING = (
    "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE relname IN ('claim', 'debtor', 'invoice')"
)


def read_in_passing(units) -> dict[str, int]:
    for statement in ("SELECT pg_stat_force_next_flush()", _READ_IN_PASSING):
        with units.open(Door.WORKER, by="system:test") as unit:
            found = unit.session.connection().execute(text(statement)).all()
    return dict(map(tuple, found))


def test_a_large_placement_after_a_small_one_reads_keys_by_index(
    units,
    creditor_id,
    adapters,
    fresh_database,
):
    """Keys are looked up by index, however few rows the tables held when the connection looked first."""

    def read(rows: int) -> None:
        content = write_portfolio(rows=rows, today=TODAY)
        placement_id = received(units, adapters, creditor_id, content)
        BulkReading(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()

    with psycopg.connect(fresh_database[1].replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("ANALYZE")
        read(20)
        owner.execute("ANALYZE")
        read(40)
    before = read_in_passing(units)
    read(3_000)
    after = read_in_passing(units)
    assert max(after[name] - before[name] for name in after) < 20 * 3_000


def test_goes_on_in_the_sheet_where_it_was_when_each_kind_is_read_apart(
    units, creditor_id, adapters, monkeypatch
):
    monkeypatch.setattr("agency.intake.chunks.CHUNK", 2)
    content = two_kinds_of_sheets()
    parts = tuple(
        Part(headers=tuple(headers), columns=dict(zip(FIELDS, headers, strict=True)), decimal_sign=",")
        for headers in (TRADE, RENT)
    )
    mapped = Mapped(columns=parts[0].columns, decimal_sign=",", sheet=ALL_KINDS, parts=parts)
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        save_mapping(unit, creditor_id=creditor_id, name="Posten", mapped=mapped, headers=TRADE)
    placement_id = received(units, adapters, creditor_id, content)
    seen = []

    class Dying(BulkReading):
        def _keep(self, chunk, *more):
            if len(seen) == 3:
                raise Killed
            seen.append(chunk.last_row)
            super()._keep(chunk, *more)

    with pytest.raises(Killed):
        Dying(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()
    # Chunks end with their sheet: rows of one kind never stand among those of another.
    assert [place_of(row) for row in chunks(units)] == ["1:3", "1:4", "2:3"]
    BulkReading(units, adapters, creditor_id=creditor_id, placement_id=placement_id).run()
    assert rows_of(units, creditor_id, STATE) == [("read", 7, 7, 0, 0, 7, 100)]
    numbers = "SELECT array_agg(number ORDER BY number) FROM invoice"
    assert rows_of(units, creditor_id, numbers) == [(["F0", "F1", "F2", "G0", "R0", "R1", "R2"],)]
    assert rows_of(units, creditor_id, "SELECT sheets FROM placement") == [(["Handel", "Huur", "Meer"],)]


class Killed(BaseException):
    """The worker ended under its job."""


FIELDS = ("invoice_number", "debtor_name", "due_on", "amount")
TRADE = ["Factuur", "Klantnaam", "Vervaldatum", "Openstaand"]
RENT = ["Nota", "Wie", "Te betalen op", "Som"]


def two_kinds_of_sheets() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd-mm-yyyy"})
    sheets = (("Handel", TRADE, "F", 3), ("Huur", RENT, "R", 3), ("Meer", TRADE, "G", 1))
    for name, headers, letter, rows in sheets:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, headers)
        for at in range(rows):
            sheet.write_row(at + 1, 0, [f"{letter}{at}", f"Klant {letter}{at}", TODAY, 10 + at])
    book.close()
    return out.getvalue()
