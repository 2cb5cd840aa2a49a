"""Posting: one transaction of two legs per commit by eight clients, and a thousand per commit, against bare
SQL that writes the same rows into the same tables.

The bare sides know no key of an earlier posting, no content hash of their own making and no rights: one is a
SQL function that pgbench calls, the other INSERT..SELECT of ready-made rows. Seals, foreign keys and the
check that each transaction balances are the tables' own, so both sides pay for them.
"""

import subprocess
from collections.abc import Callable
from typing import Any

from infra.bench.ground import MIGRATED, BenchFailed, Ground, Helper
from infra.bench.harness import Line, alternate
from portal.local.servers import APPLICATION

CLIENTS, PROCESSES = 8, 2
SINGLE, BATCH, BATCHES = 4_000, 1_000, 20
CREDITORS = 50
GOAL = ">= 0.50 of bare"
_DATABASE = "bench_posting"
_SET_UP = """
CREATE TABLE bench_creditor AS SELECT n, uuidv7() AS id FROM generate_series(1, {creditors}) n;
INSERT INTO creditor (id, reference, name, country, language, vat_deductible, created_at)
  SELECT id, 'C' || n, 'Creditor ' || n, 'NL', 'nl', true, now() FROM bench_creditor;
INSERT INTO ledger_account SELECT id, a.code, 'trust' FROM bench_creditor,
  unnest(ARRAY['trust.suspense', 'trust.creditor']) AS a(code);
CREATE SEQUENCE bench_number;
CREATE FUNCTION bench_post(whose uuid, minor bigint) RETURNS void LANGUAGE sql AS $$
  WITH made AS (INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256,
      booked_on, effective_on, at, by, memo)
    SELECT whose, uuidv7(), 'trust', 'payment', 'bare:' || nextval('bench_number'),
      encode(sha256(convert_to('trust|payment|' || minor, 'UTF8')), 'hex'), CURRENT_DATE, CURRENT_DATE,
      now(), 'bare', ''
    ON CONFLICT (creditor_id, book, kind, source_key) DO NOTHING RETURNING id)
  INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency)
    SELECT whose, made.id, l.line, l.account, l.sign * minor, 'EUR' FROM made,
      (VALUES (1, 'trust.suspense', 1), (2, 'trust.creditor', -1)) AS l(line, account, sign) $$;
CREATE TABLE bench_ready AS SELECT n, uuidv7() AS id, (SELECT c.id FROM bench_creditor c
    WHERE c.n = 1 + g.n % {creditors}) AS creditor_id, (100 + n)::bigint AS minor,
    encode(sha256(convert_to(n::text, 'UTF8')), 'hex') AS sha FROM generate_series(1, {batch}) AS g(n);
"""
_BATCH = """
WITH ids AS MATERIALIZED (SELECT *, uuidv7() AS fresh FROM bench_ready), made AS (
  INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256, booked_on,
    effective_on, at, by, memo)
  SELECT creditor_id, fresh, 'trust', 'payment', 'batch:' || nextval('bench_number'), sha, CURRENT_DATE,
    CURRENT_DATE, now(), 'bare', '' FROM ids)
INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency)
  SELECT creditor_id, fresh, l.line, l.account, l.sign * minor, 'EUR' FROM ids,
    (VALUES (1, 'trust.suspense', 1), (2, 'trust.creditor', -1)) AS l(line, account, sign)
"""
_SPREAD = (
    "\\set n random(1, {creditors})\nSELECT bench_post(id, 100 + :n) FROM bench_creditor WHERE n = :n;\n"
)
_HOT = "SELECT bench_post(id, 100) FROM bench_creditor WHERE n = 1;\n"


def measure_posting(ground: Ground, *, scale: float, pairs: int, say: Callable[[str], None]) -> list[Line]:
    """This function will measure single postings, spread and on the accounts of one creditor, and batches.

    :param scale: 1 for the whole of it; less for a run that shows that the bench works.
    """
    ground.copy(MIGRATED, _DATABASE)
    with ground.postgres.superuser(_DATABASE) as connection:
        connection.execute(_SET_UP.format(creditors=CREDITORS, batch=BATCH).encode())
        connection.execute(f"GRANT SELECT ON bench_creditor TO {APPLICATION}, agency_staff".encode())
    side = _Sides(ground)
    single, batches = max(CLIENTS, int(SINGLE * scale)), max(1, int(BATCHES * scale))
    lines = []
    try:
        for name, creditors in (("spread", CREDITORS), ("hot accounts", 1)):
            line = Line(f"Posting, one per commit, {CLIENTS} clients, {name}", "tx/s", single, GOAL)
            lines.append(side.measure(line, pairs, say, lambda n=creditors: side.single(single, n),
                                      lambda n=creditors: side.pgbench(single, n)))  # fmt: skip
        line = Line(f"Posting, {BATCH:,} per commit", "tx/s", batches * BATCH, GOAL)
        lines.append(
            side.measure(line, pairs, say, lambda: side.batched(batches), lambda: side.bare_batches(batches))
        )
    finally:
        side.close()
    return lines


class _Sides:
    """Both sides on one database: it grows for both alike."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        environment = ground.environment(_DATABASE)
        self.helpers = [Helper("infra.bench.posting_client", environment) for _ in range(PROCESSES)]
        self.script = ground.folder / "posting.sql"
        self.run = 0

    def close(self) -> None:
        for helper in self.helpers:
            helper.close()

    def cpu(self) -> float:
        return self.ground.cpu() + sum(helper.cpu() for helper in self.helpers)

    def tidy(self) -> None:
        with self.ground.postgres.superuser(_DATABASE) as connection:
            connection.execute("VACUUM ANALYZE ledger_transaction, ledger_entry")
            connection.execute("CHECKPOINT")

    def measure(
        self,
        line: Line,
        pairs: int,
        say: Callable[[str], None],
        ours: Callable[[], None],
        other: Callable[[], None],
    ) -> Line:
        alternate(
            line, ours=ours, other=other, before_ours=self.tidy, before_other=self.tidy, cpu_of=self.cpu,
            pairs=pairs, say=say,
        )  # fmt: skip
        line.notes["bare"] = f"{line.items / line.other_seconds:,.0f} tx/s"
        return line

    def single(self, count: int, creditors: int) -> None:
        self._ask(threads=CLIENTS // PROCESSES, units=count // CLIENTS, batch=1, creditors=creditors)

    def batched(self, batches: int) -> None:
        self.run += 1
        self.helpers[0].ask(
            run=self.run, process=0, threads=1, units=batches, batch=BATCH, creditors=CREDITORS
        )

    def _ask(self, **question: Any) -> None:
        self.run += 1
        for number, helper in enumerate(self.helpers):
            helper.hand_over(run=self.run, process=number, **question)
        for helper in self.helpers:
            helper.answer()

    def pgbench(self, count: int, creditors: int) -> None:
        self.script.write_text(_SPREAD.format(creditors=creditors) if creditors > 1 else _HOT)
        postgres = self.ground.postgres
        done = subprocess.run(
            [postgres.program("pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}",
             "--jobs=2", f"--transactions={count // CLIENTS}", f"--file={self.script}", "--host=127.0.0.1",
             f"--port={postgres.port}", "--username=postgres", _DATABASE],
            env={"PGPASSWORD": postgres.password("postgres")}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BenchFailed(f"pgbench: {done.stderr}")

    def bare_batches(self, batches: int) -> None:
        with self.ground.postgres.superuser(_DATABASE) as connection:
            for _ in range(batches):
                connection.execute(_BATCH.encode())
