"""What every run has: units of work, the own books told what happened, and what must hold after each step."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import text

from agency.banking.proof import prove
from agency.calendar import is_business_day
from agency.claims.itemisation import itemise_many
from agency.events import Event, from_row
from agency.kernel.emitting import Reaction
from agency.kernel.errors import AgencyError
from agency.kernel.ids import HOUSE as HOUSE_ID
from agency.kernel.unit import Door, Unit
from agency.reactions import REACTIONS
from tests.books.bank import Bank
from tests.books.claim_account import Parts
from tests.books.ground import Ground, Made
from tests.books.own_books import HOUSE

ANN, BOB, CARL = "user:ann", "user:bob", "user:carl"
SUSPENSE_BUSINESS_DAYS = 5
# Reactions that move money or judge by it; letters and call lists are tested elsewhere.
_ROOMS = ("agency.arrangements", "agency.banking", "agency.remittance")
MONEY_REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {
    event: kept
    for event, reactions in REACTIONS.items()
    if (kept := tuple(one for one in reactions if one.__module__.startswith(_ROOMS)))
}
_TOLD = text(
    "SELECT t.id, t.creditor_id, t.book, t.kind, t.source_key, t.effective_on, t.reverses_id, t.xid,"
    " (SELECT e.claim_id FROM ledger_entry e WHERE e.creditor_id = t.creditor_id AND e.transaction_id = t.id"
    "  LIMIT 1) AS claim_id, p.amount_minor, p.value_on, h.amount_minor AS held_minor"
    " FROM ledger_transaction t LEFT JOIN payment p ON p.creditor_id = t.creditor_id"
    "  AND t.kind = 'payment' AND t.source_key = p.source || ':' || p.source_key"
    " LEFT JOIN held_payment h ON h.creditor_id = t.creditor_id AND starts_with(t.kind, 'payment_held')"
    "  AND t.source_key = h.source || ':' || h.source_key"
    " WHERE t.xid > :last AND t.kind NOT IN ('bank_line', 'crystallisation', 'psp_settlement', 'opening')"
    " ORDER BY t.xid, t.id"
)
_EVENTS = text(
    "SELECT id, kind, creditor_id, claim_id, facts FROM event WHERE id > :last AND kind = ANY(:kinds)"
    " ORDER BY id"
)
_STOPS = text("SELECT claim_id, first_day, last_day FROM interest_stop")
_STOPPED_APART_FROM_PLANS = text(
    "SELECT c.claim_id FROM (SELECT claim_id FROM interest_stop WHERE ground = 'payment_plan'"
    "  AND last_day IS NULL) c FULL JOIN (SELECT DISTINCT i.claim_id FROM plan p JOIN plan_claim i"
    "  ON i.creditor_id = p.creditor_id AND i.plan_id = p.id WHERE p.state = 'active'"
    "  AND (p.bands ->> 'interest_stops')::boolean) p USING (claim_id)"
    " WHERE c.claim_id IS NULL OR p.claim_id IS NULL"
)
_SUMS = text(
    "SELECT creditor_id, account, claim_id, sum(amount_minor)::bigint AS minor FROM ledger_entry"
    " GROUP BY 1, 2, 3"
)
_WAITING = text(
    "SELECT l.amount_minor, l.booked_on, EXISTS (SELECT FROM suspense_case k WHERE k.line_id = l.id"
    "  AND k.parked_at IS NOT NULL) AS parked FROM bank_line l"
    " WHERE l.state = 'suspense' AND amount_minor <> 0"
)
# Money that no claim took, less what of it was given back already.
_HELD = text(
    "SELECT coalesce(sum(h.amount_minor - coalesce((SELECT sum(r.amount_minor) FROM refund r"
    "  WHERE r.creditor_id = h.creditor_id AND r.held_id = h.id AND r.state IN ('exported', 'paid')), 0)), 0)"
    "::bigint FROM held_payment h WHERE h.ended_at IS NULL"
)
_PAID_TO = text(
    "SELECT id AS creditor_id, iban FROM creditor WHERE iban IS NOT NULL UNION"
    " SELECT creditor_id, payee_iban FROM remittance_run WHERE payee_iban IS NOT NULL"
)


class Watched(RuleBasedStateMachine):
    """Steps on a copy of the ground, compared with own books after each."""

    ground: ClassVar[Ground]
    steps: ClassVar[int] = 0
    told: ClassVar[Counter[str]] = Counter()
    red_seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        made: Made = self.open.enter_context(self.ground.copy())
        self.units, self.claims, self.books = made.units, made.claims, made.books
        self.today = self.begun_on = made.begun_on
        self.bank = Bank()
        self.decisions: dict[str, Parts] = {}
        self.own: dict[UUID, tuple[int, str]] = {}
        self.workers_stand_still = False
        self.last_transaction, self.last_event = 0, UUID(int=0)
        self.seen_on_bank: set[UUID] = set()
        self.exported: set[tuple[UUID, str]] = set()
        with self.unit() as unit:
            self._tell(unit)

    def teardown(self) -> None:
        self.open.close()

    def unit(self, by: str = ANN):
        return self.units.open(Door.STAFF, by=by)

    def attempt(self, do: Callable[[Unit], Any], *, by: str = ANN) -> Any:
        """Do something in a unit of its own; a refusal is an answer too, and leaves nothing behind."""
        try:
            with self.unit(by) as unit:
                return do(unit)
        except AgencyError:
            return None

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.unit() as unit:
            return list(unit.session.connection().execute(text(sql), values))

    def one_of(self, sql: str, **values: Any) -> Any:
        found = self.rows(sql, **values)
        return found[0] if found else None

    # --- the own books hear what happened, and the workers work ---

    def follow(self) -> None:
        """Tell the own books what was posted, and let the workers react, until nothing is new."""
        self._follow(lambda unit: None)

    def _follow(self, then: Callable[[Unit], None]) -> None:
        waiting: list[Any] | None = None
        while waiting is None or waiting:
            for row in waiting or ():
                self._react(row)
            with self.unit() as unit:
                self._tell(unit)
                waiting = [] if self.workers_stand_still else self._events(unit)
                if not waiting:
                    then(unit)

    def _events(self, unit: Unit) -> list[Any]:
        kinds = [event.__name__ for event in MONEY_REACTIONS]
        return list(unit.session.connection().execute(_EVENTS, {"last": self.last_event, "kinds": kinds}))

    def _react(self, row: Any) -> None:
        event = from_row(kind=row.kind, creditor_id=row.creditor_id, claim_id=row.claim_id, facts=row.facts)
        with self.units.open(Door.WORKER, by="system:react") as unit:
            for reaction in MONEY_REACTIONS[type(event)]:
                reaction(unit, event)
        self.last_event = row.id

    def _tell(self, unit: Unit) -> None:
        for account in self.books.claims.values():
            account.stops = []
        for row in unit.session.connection().execute(_STOPS):
            self.books.claims[row.claim_id].stops.append((row.first_day, row.last_day))
        for row in unit.session.connection().execute(_TOLD, {"last": self.last_transaction}).all():
            getattr(self, f"_told_{row.kind.replace('.', '_')}")(row)
            Watched.told[row.kind] += 1
            self.last_transaction = row.xid

    def _told_payment(self, row: Any) -> None:
        key = f"{row.creditor_id} {row.source_key}"
        if key not in self.books.payments:
            self.books.pay(
                key, claim=row.claim_id, source=row.source_key.partition(":")[0], minor=row.amount_minor,
                value_on=row.value_on,
            )  # fmt: skip

    def _told_payment_reversal(self, row: Any) -> None:
        payment = self.books.payments[f"{row.creditor_id} {row.source_key}"]
        if row.book == ("claims" if payment.parts.total else "trust"):
            self.books.take_back(f"{row.creditor_id} {row.source_key}", on=row.effective_on)

    def _told_payment_held(self, row: Any) -> None:
        self.books.hold(row.creditor_id, row.held_minor)

    def _told_payment_held_reversal(self, row: Any) -> None:
        self.books.hold(row.creditor_id, -row.held_minor)

    def _told_waiver(self, row: Any) -> None:
        self.books.give_up(
            row.id, claim=row.claim_id, on=row.effective_on, parts=self.decisions.get(row.source_key)
        )

    _told_write_off = _told_waiver

    def _told_waiver_reversal(self, row: Any) -> None:
        self.books.owe_again(row.reverses_id, on=row.effective_on)

    _told_write_off_reversal = _told_waiver_reversal

    def _told_refund(self, row: Any) -> None:
        self.books.refund(row.source_key)

    def _told_refund_reversal(self, row: Any) -> None:
        self.books.refund(row.source_key, -1)

    def _told_refund_owed(self, row: Any) -> None:
        self.books.refund_owed(row.source_key)

    def _told_refund_owed_reversal(self, row: Any) -> None:
        self.books.refund_owed(row.source_key, -1)

    def _told_refund_paid(self, row: Any) -> None:
        self.books.refund_seen(row.source_key)

    def _told_refund_returned(self, row: Any) -> None:
        self.books.refund_seen(row.source_key, -1)

    def _told_remittance(self, row: Any) -> None:
        run = UUID(row.source_key.partition("#")[0])
        if (run, row.source_key) not in self.exported:
            self.exported.add((run, row.source_key))
            self.seen_on_bank.discard(run)
            self.books.export(run)

    def _told_remittance_paid(self, row: Any) -> None:
        run = UUID(row.source_key.partition("#")[0])
        if row.book == "trust":  # the agency's own stands in two books
            self.seen_on_bank.add(run)
            self.books.paid_out(run)

    def _told_remittance_returned(self, row: Any) -> None:
        run = UUID(row.source_key.partition("#")[0])
        if row.book == "trust":
            self.books.returned(run, seen=run in self.seen_on_bank)

    def _told_own_money(self, row: Any, sign: int = 1) -> None:
        minor, kind = self.own[UUID(row.source_key.partition("#")[0])]
        if row.book == "trust":
            self.books.own_money(sign * minor, kind)

    def _told_own_money_reversal(self, row: Any) -> None:
        self._told_own_money(row, -1)

    # --- what must hold ---

    @invariant()
    def everything_is_where_it_should_be(self) -> None:
        Watched.steps += 1
        self._follow(self._compare)

    def _compare(self, unit: Unit) -> None:
        self.today = unit.today
        self._compare_sums(unit)
        self._compare_claims(unit)
        self._compare_suspense(unit)
        self._compare_proof(unit)
        for row in unit.session.connection().execute(_PAID_TO):
            assert row.iban in self.accounts_allowed(row.creditor_id)

    def accounts_allowed(self, creditor_id: UUID) -> set[str]:
        """Where a creditor may be paid."""
        raise NotImplementedError

    def _compare_sums(self, unit: Unit) -> None:
        trust: Counter = Counter()
        claims: dict[UUID, Counter] = {claim: Counter() for _, claim in self.claims}
        ledgers: Counter = Counter()
        for row in unit.session.connection().execute(_SUMS):
            ledger, _, part = row.account.partition(".")
            ledgers[ledger] += row.minor
            if ledger == "claims":
                claims[row.claim_id][part] += row.minor
            else:
                trust[HOUSE if row.creditor_id == HOUSE_ID else row.creditor_id, row.account] += row.minor
                if part == "debtor":
                    claims[row.claim_id]["owed_back"] -= row.minor
        assert not any(ledgers.values()), ledgers
        differing = _apart(trust, self.books.trust)
        assert not differing, differing
        assert trust[HOUSE, "trust.bank"] == self.bank.balance
        for claim, found in claims.items():
            account = self.books.claims[claim]
            expected = Counter({**account.booked, "owed_back": account.owed_back})
            expected["control"] = found["control"]
            differing = _apart(found, expected)
            assert not differing, (claim, differing)

    def _compare_claims(self, unit: Unit) -> None:
        asked = itemise_many(unit, keys=self.claims, on=unit.today)
        states = {
            row.id: row.state
            for row in unit.session.connection().execute(text("SELECT id, state FROM claim"))
        }
        for key, one in asked.items():
            account = self.books.claims[key[1]]
            found = Parts(one.costs.minor + one.costs_vat.minor, one.interest.minor, one.principal.minor)
            assert found == account.owed(unit.today), (key[1], found, account)
            assert min(found) >= 0
            assert states[key[1]] == account.state, (key[1], states[key[1]], account.state)

        if not self.workers_stand_still:
            apart = unit.session.connection().execute(_STOPPED_APART_FROM_PLANS).scalars().all()
            assert not apart, apart

    def _compare_suspense(self, unit: Unit) -> None:
        """What waits in suspense is the lines that wait and the money that no claim took: nothing else."""
        connection = unit.session.connection()
        self.waiting = list(connection.execute(_WAITING))
        waits = sum(row.amount_minor for row in self.waiting)
        held = connection.execute(_HELD).scalar_one()
        suspense = sum(
            minor for (_, account), minor in self.books.trust.items() if account == "trust.suspense"
        )
        assert -suspense == waits + held

    def _compare_proof(self, unit: Unit) -> None:
        run = prove(unit, on=unit.today)
        red = [check for check in run.checks if not check["holds"]]
        assert {check["key"] for check in red} <= self.may_be_red(), red
        Watched.red_seen.update(check["key"] for check in red)
        old = sum(not row.parked and _is_old(row.booked_on, unit.today) for row in self.waiting)
        [lines] = [check for check in run.checks if check["left_label"].startswith("lines that wait")]
        assert lines["left"] == old

    def may_be_red(self) -> set[str]:
        """P5 says that money waits too long; that takes more days than the house allows."""
        return {"P5"} if self.today - self.begun_on > timedelta(days=SUSPENSE_BUSINESS_DAYS) else set()


def _is_old(booked_on: date, today: date) -> bool:
    days = (booked_on + timedelta(days=n) for n in range(1, (today - booked_on).days + 1))
    return sum(is_business_day(country="NL", day=day) for day in days) > SUSPENSE_BUSINESS_DAYS


def _apart(found: Counter, expected: Counter) -> dict[object, tuple[int, int]]:
    """Where two sums differ: (found, expected) of each."""
    return {key: (found[key], expected[key]) for key in {*found, *expected} if found[key] != expected[key]}
