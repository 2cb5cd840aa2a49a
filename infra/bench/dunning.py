"""Line 2, the dunning step with fee: the notice planned for every due claim and queued by letter; each asked
for hold, hours, consent, contacts over all creditors and content; its fee worked out, kept with the verdict
and its trace, and booked on both sides.

Tryton, the peer, was measured by itself in another environment on a quiet machine, in process and without
its access checks; here stands what was measured. Beside it a bare INSERT..SELECT writes as many rows into the
same tables in the same run.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, text

from agency.communication.jobs import PRINTED_AT_ONCE
from agency.communication.pay_links import install_pay_links
from agency.communication.release import reserve_due
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units, engine_for
from agency.ledger.models import Book
from agency.ledger.posting import Leg, Posting, post_many
from agency.money import Money
from agency.payments.links import issue_links
from agency.treatment.planner import CHUNK, plan_due
from infra.bench.ground import BenchFailed, Ground
from infra.bench.harness import Line, alternate
from infra.bench.treated import BEFORE_NOTICE, BY, write_treated

TRYTON_PER_SECOND, TRYTON_TIMES = 20.0, 1_000
ITEMS = 1_000
_BOOKED_AT_ONCE = 1_000
_DUE, _RUN = "bench_dunning", "bench_dunning_run"
_ANNOUNCED = text(
    "SELECT creditor_id, claim_id, id, (amounts->'announced'->>'costs')::bigint"
    " + (amounts->'announced'->>'costs_vat')::bigint AS minor FROM message WHERE state = 'sending'"
    " ORDER BY creditor_id, id"
)
_BARE = """
CREATE TEMP TABLE due AS SELECT t.creditor_id, t.claim_id, c.debtor_id, uuidv7() AS message_id,
    uuidv7() AS booking, c.principal_minor / 10 AS minor
  FROM treatment t JOIN claim c ON c.creditor_id = t.creditor_id AND c.id = t.claim_id
  WHERE t.ended_at IS NULL AND t.next_on <= DATE '2027-06-08';
INSERT INTO treatment_step (creditor_id, id, claim_id, step, cycle, channel, due_at, state, why, trace)
  SELECT creditor_id, uuidv7(), claim_id, 'formal_notice', 1, 'letter', now(), 'planned', 'bare', '[]' FROM
    due;
INSERT INTO message (creditor_id, id, claim_id, debtor_id, channel, step, cycle, template_id, state, due_at,
    to_value, generation, attempts, subject, amounts, trace, reasons, created_at)
  SELECT creditor_id, message_id, claim_id, debtor_id, 'letter', 'formal_notice', 1, (SELECT id FROM template
    WHERE key = 'notice_business' AND channel = 'letter' AND language = 'nl'), 'sending', now(), '', 1, 1, '',
    '{"announced": {"costs": 4000}}', '[]', '[]', now() FROM due;
INSERT INTO ledger_account SELECT DISTINCT creditor_id, 'claims.costs', 'claims' FROM due ON CONFLICT DO
  NOTHING;
INSERT INTO ledger_transaction (creditor_id, id, book, kind, source_key, content_sha256, booked_on,
    effective_on, at, by, memo)
  SELECT creditor_id, booking, 'claims', 'crystallisation', 'notice:' || message_id, '', now()::date,
    now()::date, now(), 'bare', '' FROM due;
INSERT INTO ledger_entry (creditor_id, transaction_id, line, account, amount_minor, currency, claim_id)
  SELECT creditor_id, booking, l.line, l.account, l.sign * minor, 'EUR', claim_id FROM due,
    (VALUES (1, 'claims.costs', 1), (2, 'claims.control', -1)) AS l(line, account, sign);
UPDATE treatment t SET next_on = t.next_on + 1 FROM due d
  WHERE d.creditor_id = t.creditor_id AND d.claim_id = t.claim_id;
"""


def measure_dunning(
    ground: Ground, *, sizes: Sequence[int], pairs: int, say: Callable[[str], None]
) -> list[Line]:
    """This function will measure the step at each size; of the larger ones one pair only."""
    install_pay_links(issue_links)
    lines = [
        _measure(ground, items, pairs if items == min(sizes) else 1, say) for items in sorted(set(sizes))
    ]
    costs = {line.items: line.our_seconds / line.items for line in lines}
    base = min(costs, key=lambda items: abs(items - 10_000))
    for line in lines:
        line.notes["cost per item"] = (
            f"{costs[line.items] * 1000:.2f} ms, {costs[line.items] / costs[base]:.2f} x that at {base:,}"
            " (goal 1.25 at the largest)"
        )
    return lines


def _measure(ground: Ground, items: int, pairs: int, say: Callable[[str], None]) -> Line:
    say(f"{items:,} claims before their notice")
    write_treated(ground, database=_DUE, claims=items, more=BEFORE_NOTICE, phase="reminder").engine.dispose()
    goal = f">= {TRYTON_TIMES:,} x Tryton's {TRYTON_PER_SECOND:.0f}/s"
    line = Line(f"Dunning step with fee, {items:,}", "items/s", items, goal)
    side = _Sides(ground, items, line)
    alternate(
        line, ours=side.dun, other=side.insert, before_ours=side.make_ready, before_other=side.make_ready,
        cpu_of=ground.cpu, pairs=pairs, say=say,
    )  # fmt: skip
    line.notes["Tryton, measured by itself"] = f"{line.rate / TRYTON_PER_SECOND:.0f} x"
    line.notes["in it"] = ", ".join(f"{name} {line.median(name):.2f} s" for name in line.measured)
    line.notes["bare"] = f"INSERT..SELECT of as many rows: {items / line.other_seconds:,.0f} items/s"
    return line


class _Sides:
    def __init__(self, ground: Ground, items: int, line: Line) -> None:
        self.ground, self.items, self.line = ground, items, line
        self.url = ""

    def make_ready(self) -> None:
        self.url = self.ground.copy(_DUE, _RUN)

    def dun(self) -> None:
        units = Units(engine_for(self.url))
        try:
            for name, step in (("plan", _plan), ("reserve", _reserve), ("book", _book)):
                with self.line.timed(name):
                    done = step(units)
            if done != self.items:
                raise BenchFailed(f"{done} fees were booked, {self.items} were to be")
        finally:
            units.engine.dispose()

    def insert(self) -> None:
        with self.ground.postgres.superuser(_RUN) as connection:
            connection.execute(_BARE)


def _plan(units: Units) -> int:
    looked_at = CHUNK
    while looked_at == CHUNK:
        with units.open(Door.WORKER, by=BY) as unit:
            looked_at = plan_due(unit)
    return looked_at


def _reserve(units: Units) -> int:
    settings, looked_at = Settings(), 1
    with units.open(Door.STAFF, by=BY) as unit:
        # Planned for half past eight or this minute: due now in any case.
        unit.session.connection().execute(
            text("UPDATE message SET due_at = app.now() WHERE due_at > app.now()")
        )
    while looked_at:
        with units.open(Door.WORKER, by=BY) as unit:
            # Letters go in the print run, a run's share at a time.
            looked_at = reserve_due(unit, settings=settings, limit=PRINTED_AT_ONCE, letters=True).looked_at
    return looked_at


def _book(units: Units) -> int:
    """Book each announced fee; the product does so when a payment, a letter or a judgment fixes it."""
    with units.open(Door.WORKER, by=BY) as unit:
        fees = unit.session.connection().execute(_ANNOUNCED).all()
        for start in range(0, len(fees), _BOOKED_AT_ONCE):
            post_many(unit, [_fee(unit, row) for row in fees[start : start + _BOOKED_AT_ONCE]])
        return len(fees)


def _fee(unit: Unit, row: Row[Any]) -> Posting:
    costs = Money(row.minor, "EUR")
    legs = (Leg("claims.costs", costs, row.claim_id), Leg("claims.control", -costs, row.claim_id))
    return Posting(
        creditor_id=row.creditor_id, book=Book.CLAIMS, kind="crystallisation",
        source_key=f"notice:{row.id}", legs=legs, effective_on=unit.today,
    )  # fmt: skip
