"""Line 10, the interest day: statutory interest of every claim up to a day, over changes of the rate, with
day count and rounding, fixed in the ledger on both sides; against a bare INSERT..SELECT of ready-made lines.

The product works interest out when it is asked for and books it when something fixes it; fixing it for a
whole portfolio on one day is the largest that can be asked. A sample is checked against the rule that works
in fractions a claim at a time, and the sum of the ledger against the sum of the column.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import psycopg

from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import interest
from agency.rules.interest_column import interest_column
from infra.bench.ground import BenchFailed, Ground
from infra.bench.harness import Line, alternate
from infra.bench.treated import MOMENT, write_treated

SAMPLE = 2_000
ON = MOMENT.date()
_DUE, _RUN = "bench_interest", "bench_interest_run"
# Three years of lateness, so that the rate changes some times; the bare side's lines stand ready in a table.
_LATE = """
UPDATE claim SET due_on = due_on - 1000;
UPDATE invoice SET due_on = due_on - 1000, issued_on = issued_on - 1000;
INSERT INTO ledger_account SELECT DISTINCT creditor_id, 'claims.interest', 'claims' FROM made;
CREATE TABLE bench_ready AS SELECT creditor_id, claim_id, uuidv7() AS booking, minor / 10 AS interest FROM
  made;
"""
_READ = (
    "COPY (SELECT c.creditor_id, c.id, i.open_minor, i.due_on FROM claim c JOIN invoice i"
    " ON i.creditor_id = c.creditor_id AND i.claim_id = c.id WHERE c.state = 'active'"
    " AND c.interest_kind = '{kind}') TO STDOUT"
)
_COLUMN = (
    "CREATE TEMP TABLE ran (creditor_id uuid, claim_id uuid, interest bigint,"
    " booking uuid NOT NULL DEFAULT uuidv7())"
)
_BOOK = """
INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256, booked_on,
    effective_on, at, by, memo)
  SELECT creditor_id, booking, 'claims', 'crystallisation', 'interest:{on}:' || claim_id,
    encode(sha256(convert_to('claims|crystallisation|{on}||claims.interest:' || interest || ':EUR:' ||
      claim_id
      || ';claims.control:-' || interest || ':EUR:' || claim_id, 'UTF8')), 'hex'),
    DATE '{on}', DATE '{on}', now(), 'bench', '' FROM {lines} WHERE interest > 0
  ON CONFLICT (creditor_id, book, kind, source_key) DO NOTHING;
INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency, claim_id)
  SELECT creditor_id, booking, l.line, l.account, l.sign * interest, 'EUR', claim_id FROM {lines},
    (VALUES (1, 'claims.interest', 1), (2, 'claims.control', -1)) AS l(line, account, sign)
  WHERE interest > 0;
"""


def measure_interest_day(ground: Ground, *, claims: int, pairs: int, say: Callable[[str], None]) -> Line:
    """This function will measure the interest of that many claims, from their terms to committed lines."""
    say(f"{claims:,} claims that bear interest")
    write_treated(ground, database=_DUE, claims=claims, more=_LATE).engine.dispose()
    line = Line(f"Interest day of {claims:,} claims", "claims/s", claims, ">= 0.60 of ready-made lines")
    side = _Sides(ground, line)
    alternate(
        line, ours=side.fix, other=side.insert, before_ours=side.make_ready, before_other=side.make_ready,
        cpu_of=ground.cpu, pairs=pairs, say=say,
    )  # fmt: skip
    line.notes["in it"] = ", ".join(f"{name} {line.median(name):.2f} s" for name in line.measured)
    line.notes["ready-made lines"] = f"{claims / line.other_seconds:,.0f} claims/s"
    line.notes["checked"] = (
        f"{side.cents_off} cents off, {side.checked:,} claims against the rule by fractions"
    )
    return line


class _Sides:
    def __init__(self, ground: Ground, line: Line) -> None:
        self.ground, self.line = ground, line
        self.checked = self.cents_off = 0

    def make_ready(self) -> None:
        self.ground.copy(_DUE, _RUN)

    def insert(self) -> None:
        with self.ground.postgres.superuser(_RUN) as connection:
            connection.execute(_BOOK.format(on=ON, lines="bench_ready").encode())

    def fix(self) -> None:
        self.checked = self.cents_off = total = 0
        with self.ground.postgres.superuser(_RUN) as connection, connection.transaction():
            connection.execute(_COLUMN)
            for kind in (InterestKind.trade, InterestKind.consumer):
                with self.line.timed(f"{kind} read"):
                    rows = _read(connection, kind)
                with self.line.timed(f"{kind} worked out"):
                    found = _interest(rows, kind)
                total += sum(found)
                with self.line.timed(f"{kind} handed over"):
                    _hand_over(connection, rows, found)
                self._check(rows, found, kind)
            with self.line.timed("booked"):
                connection.execute(_BOOK.format(on=ON, lines="ran").encode())
            booked = connection.execute(
                "SELECT sum(amount_minor)::bigint FROM ledger_entry WHERE account = 'claims.interest'"
            ).fetchone()
        if self.cents_off or booked != (total,):
            raise BenchFailed(f"{self.cents_off} cents off, {booked} booked of {total}")

    def _check(self, rows: Sequence[tuple[Any, ...]], found: Sequence[int], kind: InterestKind) -> None:
        """Compare an even sample with the rule; a thousandth of what is measured, and left in it."""
        for nth in range(0, len(rows), max(1, len(rows) * 2 // SAMPLE)):
            _, _, minor, due_on = rows[nth]
            exact = interest(
                law=Law.nl, kind=kind, principal=Money(minor, "EUR"), first_day=due_on + timedelta(days=1),
                last_day=ON,
            )  # fmt: skip
            self.checked += 1
            self.cents_off += abs(exact.amount.minor - found[nth])


def _read(connection: psycopg.Connection[Any], kind: InterestKind) -> list[tuple[Any, ...]]:
    days: dict[str, date] = {}
    with connection.cursor().copy(_READ.format(kind=kind.value).encode()) as out:
        lines = b"".join(out).decode().splitlines()
    rows = []
    for line in lines:
        creditor, claim, minor, due = line.split("\t")
        day = days.get(due) or days.setdefault(due, date.fromisoformat(due))
        rows.append((creditor, claim, int(minor), day))
    return rows


def _interest(rows: Sequence[tuple[Any, ...]], kind: InterestKind) -> list[int]:
    begins = {due: due + timedelta(days=1) for due in {row[3] for row in rows}}
    return interest_column(
        law=Law.nl, kind=kind, principals=[row[2] for row in rows],
        first_days=[begins[row[3]] for row in rows], last_days=[ON] * len(rows),
    )  # fmt: skip


def _hand_over(
    connection: psycopg.Connection[Any], rows: Sequence[tuple[Any, ...]], found: Sequence[int]
) -> None:
    text = "".join(f"{row[0]}\t{row[1]}\t{minor}\n" for row, minor in zip(rows, found, strict=True))
    with connection.cursor().copy(b"COPY ran (creditor_id, claim_id, interest) FROM STDIN") as into:
        into.write(text)
