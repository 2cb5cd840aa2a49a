"""Line 1, intake: a file of 25 columns to claims under treatment, against COPY of the same bytes."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from infra.bench.ground import MIGRATED, BenchFailed, Ground, Helper
from infra.bench.harness import Line, alternate
from infra.bench.portfolio import COLUMNS, write_portfolio

EMPTY = "bench_empty"
LOADED = "bench_loaded"

BATCH = 1_000
_COPY_BYTES = 1 << 20
_TYPES = {
    "bedrag": "numeric(16,2)",
    "factuurbedrag": "numeric(16,2)",
    "factuurdatum": "date",
    "vervaldatum": "date",
}
# The columns of the file that stand where the claim's own columns stand in its indexes; the rest has a default.  # noqa: E501
_STAND_INS = {
    "number": "dossiernummer", "reference": "factuurnummer", "payment_reference": "kenmerk klant",
    "debtor_id": "klantnummer", "due_on": "vervaldatum",
}  # fmt: skip
_DEFAULTS = {
    "creditor_id": "uuid NOT NULL DEFAULT '00000000-0000-7000-8000-000000000001'",
    "id": "uuid NOT NULL DEFAULT uuidv7()",
    "placement_id": "uuid NOT NULL DEFAULT '00000000-0000-7000-8000-000000000002'",
    "state": "text NOT NULL DEFAULT 'new'",
}


def prepare_intake(ground: Ground) -> dict[str, Any]:
    """This function will make the empty database of one creditor, and return who it is."""
    ground.copy(MIGRATED, EMPTY)
    helper = Helper("infra.bench.importing", ground.environment(EMPTY))
    creditor = helper.ask()
    helper.close()
    with ground.postgres.superuser(EMPTY) as connection:
        for statement in _raw_table(connection):
            connection.execute(statement)  # type: ignore[call-overload]
    return creditor


def write_file(ground: Ground, *, creditor: dict[str, Any], claims: int) -> Path:
    """This function will write a file of so many claims and return where it lies."""
    file = ground.folder / f"claims_{claims}.csv"
    if not file.exists():
        file.write_bytes(write_portfolio(rows=claims, today=date.fromisoformat(creditor["today"])))
    return file


def load_claims(ground: Ground, *, creditor: dict[str, Any], file: Path) -> None:
    """This function will make the database with the file's claims on file, for the pages and the quote."""
    ground.copy(EMPTY, LOADED)
    intake = _Intake(ground, LOADED, creditor)
    intake.take_in(file)
    intake.close()


class _Intake:
    """The portal and the worker that take a file in."""

    def __init__(self, ground: Ground, database: str, creditor: dict[str, Any]) -> None:
        environment = ground.environment(database)
        self.creditor = creditor["creditor"]
        self.portal = Helper("infra.bench.importing", environment)
        self.worker = Helper("infra.bench.importing", environment)

    def close(self) -> None:
        self.portal.close()
        self.worker.close()

    def cpu(self) -> float:
        return self.portal.cpu() + self.worker.cpu()

    def take_in(self, file: Path, *, only_price: bool = False) -> dict[str, Any]:
        placed = self.portal.ask(creditor=self.creditor, file=str(file))
        return self.worker.ask(creditor=self.creditor, only_price=only_price, **placed)


def _raw_table(connection: psycopg.Connection) -> list[str]:
    """The table that COPY fills: the file's columns, with an index for each index of the claim table."""
    columns = [f"{name} {definition}" for name, definition in _DEFAULTS.items()]
    columns += [f'"{name}" {_TYPES.get(name, "text")}' for name in COLUMNS]
    indexes = connection.execute(
        "SELECT i.indisunique, array_agg(a.attname::text ORDER BY k.position) FROM pg_index i,"
        " unnest(i.indkey) WITH ORDINALITY AS k(attnum, position) JOIN pg_attribute a ON true"
        " WHERE i.indrelid = 'claim'::regclass AND a.attrelid = i.indrelid AND a.attnum = k.attnum"
        " GROUP BY i.indexrelid, i.indisunique ORDER BY i.indexrelid"
    ).fetchall()
    made = [f"CREATE TABLE raw_claim ({', '.join(columns)})"]
    for unique, names in indexes:
        keys = ", ".join(f'"{_STAND_INS.get(name, name)}"' for name in names)
        made.append(f"CREATE {'UNIQUE' if unique else ''} INDEX ON raw_claim ({keys})")
    return made


def measure_intake(
    ground: Ground,
    *,
    creditor: dict[str, Any],
    file: Path,
    pairs: int,
    say: Callable[[str], None],
) -> Line:
    """This function will time both sides, each run on a fresh copy of the empty database."""
    rows = sum(1 for _ in csv.reader(file.open())) - 1
    line = Line(
        f"Intake: a file of {rows:,} rows to claims under treatment",
        "claims/s",
        rows,
        ">= 0.75 of indexed COPY, first 0.50",
    )
    side = _Sides(ground, creditor, file, line)
    alternate(
        line,
        ours=side.take_in,
        other=side.copy_raw,
        before_ours=side.make_ready,
        before_other=side.make_empty,
        cpu_of=side.cpu,
        pairs=pairs,
        say=say,
    )
    side.close()
    line.notes["COPY"] = f"{rows / line.other_seconds:,.0f} rows/s into the same columns with as many indexes"
    line.notes["peak memory"] = f"{line.median('peak_mib'):,.0f} MiB, the worker"
    line.notes["in it"] = ", ".join(f"{name} {value:,}" for name, value in side.outcome.items())
    return line


def measure_pricing(
    ground: Ground,
    *,
    creditor: dict[str, Any],
    file: Path,
    pairs: int,
    say: Callable[[str], None],
) -> Line:
    """This function will time a file from hand-over to its price against a bare polars read with casts."""
    rows = sum(1 for _ in csv.reader(file.open())) - 1
    goal = "a polars read in at most 3 times: >= 0.33" if rows > BATCH else "under 2 s"
    line = Line(f"Price of a file of {rows:,} rows", "claims/s", rows, goal)
    side = _Sides(ground, creditor, file, line)
    alternate(
        line,
        ours=side.price,
        other=side.read_bare,
        before_ours=side.make_ready,
        cpu_of=side.cpu,
        pairs=pairs,
        say=say,
    )
    side.close()
    line.notes["seconds"] = f"{line.our_seconds:.2f} ours, {line.other_seconds:.3f} polars"
    line.notes["peak memory"] = f"{line.median('peak_mib'):,.0f} MiB, the worker"
    return line


class _Sides:
    """The two sides; each run of ours has a portal and a worker, whose peak memory is the run's."""

    def __init__(self, ground: Ground, creditor: dict[str, Any], file: Path, line: Line) -> None:
        self.ground = ground
        self.creditor = creditor
        self.file = file
        self.line = line
        self.intake: _Intake | None = None
        self.outcome: dict[str, Any] = {}

    def close(self) -> None:
        if self.intake is not None:
            self.intake.close()
            self.intake = None

    def make_empty(self) -> None:
        self.close()
        self.ground.copy(EMPTY, "bench_run")

    def make_ready(self) -> None:
        self.make_empty()
        self.intake = _Intake(self.ground, "bench_run", self.creditor)

    def cpu(self) -> float:
        return self.ground.cpu() + (self.intake.cpu() if self.intake else 0.0)

    def take_in(self) -> None:
        assert self.intake is not None
        outcome = self.intake.take_in(self.file)
        if outcome["open_jobs"] or outcome["accepted"] != outcome["created"]:
            raise BenchFailed(f"intake left work undone: {outcome}")
        self.line.measure(peak_mib=outcome.pop("peak_mib"))
        self.outcome = outcome

    def price(self) -> None:
        assert self.intake is not None
        outcome = self.intake.take_in(self.file, only_price=True)
        self.line.measure(peak_mib=outcome["peak_mib"])

    def read_bare(self) -> None:
        frame = pl.read_csv(self.file, separator=";", infer_schema=False).with_columns(
            pl.col("bedrag", "factuurbedrag").cast(pl.Decimal(16, 2), strict=False),
            pl.col("factuurdatum", "vervaldatum").str.to_date("%Y-%m-%d", strict=False),
        )
        assert frame.height

    def copy_raw(self) -> None:
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        into = f"COPY raw_claim ({names}) FROM STDIN (FORMAT csv, DELIMITER ';', HEADER true)"
        with (
            self.ground.postgres.superuser("bench_run") as connection,
            self.file.open("rb") as content,
            connection.cursor().copy(into) as copy,  # type: ignore[call-overload]
        ):
            while part := content.read(_COPY_BYTES):
                copy.write(part)
