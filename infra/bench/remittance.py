"""Paying creditors out: fees charged on payments, runs drafted, approved by another person and exported with
their invoices and the bank's file, against INSERT..SELECT of as many ready-made fee rows.
"""

from collections.abc import Callable

from sqlalchemy import text

from agency.banking.proof import prove
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units, engine_for
from agency.remittance.runs import approve_run, draft_runs
from infra.bench.books import write_books
from infra.bench.ground import BenchFailed, Ground
from infra.bench.harness import Line, alternate
from portal.payouts import export_payouts

CREDITORS = 1
SECONDS_MAX = 30
IBAN = "NL86INGB0002445588"
_BOOKS, _RUN = "bench_collected", "bench_payout"
# Each creditor accepted one price for all of its claims, and has an account.
_PRICES = """
UPDATE creditor SET iban = 'NL91ABNA0417164300', iban_holder = name WHERE id <> '{house}';
INSERT INTO quote (creditor_id, id, number, placement_id, rate_card_id, state, claims, principal_minor,
    currency, fee_bps_average, document, sha256, issued_at, expires_at, accepted_at, accepted_by, part,
    closed_why)
  SELECT id, id, 'Q' || reference, id, id, 'accepted', 1, 1, 'EUR', 900, '', '',
    now() - interval '400 days', now(), now() - interval '400 days', 'bench', 1, ''
  FROM creditor WHERE id <> '{house}';
INSERT INTO quote_line (creditor_id, quote_id, claim_id, fee_bps, minimum_minor, facts, factors)
  SELECT creditor_id, creditor_id, claim_id, 800 + 50 * (n % 8), 0, '{{}}', '[]' FROM made;
"""
_BARE = """
INSERT INTO success_fee (creditor_id, id, payment_id, claim_id, kind, quote_id, base_minor, fee_bps,
    net_minor, vat_minor, currency, earned_at, vat_percent, vat_category, trace)
  SELECT creditor_id, uuidv7(), id, claim_id, 'fee', creditor_id, to_creditor_minor, 900,
    to_creditor_minor / 11, to_creditor_minor / 52, 'EUR', now(), '21', 'S', trace FROM payment
"""


def measure_remittance(ground: Ground, *, payments: int, pairs: int, say: Callable[[str], None]) -> Line:
    """This function will measure the payout of that many payments, each run on a fresh copy of the books."""
    say(f"books of {payments:,} payments")
    books = write_books(ground, database=_BOOKS, claims=payments, creditors=CREDITORS, more=_PRICES)
    with books.open(Door.STAFF, by="system:bench") as unit:
        unit.allow_long_statements()
        prove(unit, on=unit.today)
    books.engine.dispose()
    line = Line(f"Payout of {payments:,} payments", "payments/s", payments, f"under {SECONDS_MAX} s")
    side = _Sides(ground, payments, line)
    alternate(
        line, ours=side.pay_out, other=side.insert_bare, before_ours=side.make_ready,
        before_other=side.make_ready, cpu_of=ground.cpu, pairs=pairs, say=say,
    )  # fmt: skip
    line.notes["seconds"] = f"{line.our_seconds:.1f}, in them " + ", ".join(
        f"{name} {line.median(name):.1f}" for name in ("draft", "approve", "export")
    )
    line.notes["INSERT..SELECT of the fee rows"] = f"{line.other_seconds:.1f} s"
    return line


class _Sides:
    def __init__(self, ground: Ground, payments: int, line: Line) -> None:
        self.ground, self.payments, self.line = ground, payments, line
        self.url = ""

    def make_ready(self) -> None:
        self.url = self.ground.copy(_BOOKS, _RUN)

    def pay_out(self) -> None:
        units = Units(engine_for(self.url))
        try:
            with self.line.timed("draft"), units.open(Door.STAFF, by="user:ann") as unit:
                runs = draft_runs(unit, cutoff_on=unit.today)
            with self.line.timed("approve"):
                for creditor_id, run_id in runs:
                    with units.open(Door.STAFF, by="user:bob") as unit:
                        approve_run(unit, creditor_id=creditor_id, run_id=run_id)
            with self.line.timed("export"), units.open(Door.STAFF, by="user:ann") as unit:
                file = export_payouts(unit, settings=Settings(trust_iban=IBAN))
            with units.open(Door.STAFF, by="user:ann") as unit:
                paid = unit.session.connection().execute(
                    text("SELECT count(*) FROM success_fee WHERE invoice_id IS NOT NULL")
                )
                if file is None or paid.scalar_one() != self.payments:
                    raise BenchFailed("not every payment was paid out and invoiced")
        finally:
            units.engine.dispose()

    def insert_bare(self) -> None:
        with self.ground.postgres.superuser(_RUN) as connection:
            connection.execute(_BARE.encode())
