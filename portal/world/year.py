"""The world with new claims each week and every fault that the outside can commit, to the last cent.

A fault comes to pass on a day that the seed chooses, finance works on what it left, and each evening it is
looked at whether it ended as it must.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from agency.banking.proof import payouts_blocked
from agency.remittance.orders import PayoutsBlocked
from portal.wiring import Wiring
from portal.world import clearing, finance, newcomers
from portal.world.fault_cases import CASES, Case, Moment
from portal.world.journal import Happened, Journal
from portal.world.payout_faults import downloaded_and_sent_twice
from portal.world.run import FRIDAY, Story, World
from portal.world.scene import Facts, Scene
from portal.world.statement_faults import AFTER, BEFORE, StatementFault, mark_foreign, read_in
from portal.world.troubled_outside import TroubledOutside

SATURDAY = 5
# In so many days nothing new goes wrong, so that everything can end; of a short run a third.
QUIET_DAYS = 14
# A shorter run commits each fault once.
_OFTEN_FROM_DAYS = 30
_MISSING, _SENT_TWICE, _RINGS_UP = "B4 missing day", "B16 sent twice", "B14 no account"
_BY_KEY = {case.key: case for case in CASES}

_LINES = """
    SELECT count(*) AS lines, count(*) FILTER (WHERE state <> 'suspense') AS explained,
      coalesce(sum(abs(amount_minor)) FILTER (WHERE state = 'suspense'), 0)::bigint AS unexplained_minor
    FROM bank_line WHERE amount_minor <> 0 AND state <> 'split'
"""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: all lines of the bank so far, those of them that are explained, and on which day."""

    lines: int
    explained: int
    unexplained_minor: int
    journal: Journal
    until: date

    @property
    def percent(self) -> str:
        """Return the share that is explained, in percent, cut (never rounded up) to four decimals."""
        if not self.lines:
            return "100.0000"
        parts = self.explained * 1_000_000 // self.lines
        return f"{parts // 10_000}.{parts % 10_000:04d}"

    @property
    def is_clean(self) -> bool:
        """Whether everything is explained and no fault is open."""
        return not (self.unexplained_minor or self.journal.open or self.lines != self.explained)


class FaultyWorld(World):
    """A world in which things go wrong; see `fault_cases`."""

    outside: TroubledOutside

    def __init__(
        self, *, wiring: Wiring, outside: TroubledOutside, seed: int, memory: Path, claims: int, faults: bool
    ) -> None:
        """:param claims: so many stand at the end; no new ones come when fewer than do already."""
        super().__init__(wiring=wiring, outside=outside, seed=seed, memory=memory)
        self.claims, self.faults = claims, faults
        self.kept = memory.with_name("world-faults.json")
        self.journal = Journal.read(self.kept)
        self.last_on = date.max
        self.days = 0
        self.scene: Scene
        self._closed: set[date] = set()

    def live(self, *, days: int, tell: Callable[[int, int, str], None]) -> Story:
        """See `World.live`; what is new goes wrong in all days but the last ones."""
        self.days = days
        today: date = self._in_unit(lambda unit: unit.today)
        self.last_on = today + timedelta(days=days)
        for case in CASES:
            later = timedelta(days=1 + self._random(case, today).randrange(self._spread(case)))
            self.journal.due.setdefault(case.key, (today + later).isoformat())
        return super().live(days=days, tell=tell)

    def outcome(self) -> Outcome:
        """Count what is explained, as of now."""
        [lines] = self.scene.rows(_LINES)
        return Outcome(lines.lines, lines.explained, lines.unexplained_minor, self.journal, self.last_on)

    def _day(self, today: date, tell: Callable[[str], None]) -> None:
        self.scene = Scene(
            in_unit=self._in_unit,
            outside=self.outside,
            settings=self.wiring.settings,
            links=self.links,
            today=today,
            last_on=self.last_on,
            rng=random.Random(f"{self.seed}|{today}"),  # noqa: S311 - misfortune by seed, nothing secret
        )
        super()._day(today, tell)
        tell(f"{today}: finance")
        self._deliver_late(today)
        self._clear(today)
        self._look_whether_ended()

    def _hear(self, today: date) -> None:
        if self.claims and today.weekday() == newcomers.MONDAY:
            self._take_newcomers(today)
        super()._hear(today)

    def _take_newcomers(self, today: date) -> None:
        week = newcomers.week_size(
            wanted=self.claims,
            standing=self._in_unit(newcomers.claims_standing),
            days_left=(self.last_on - today).days,
        )
        shares = newcomers.shares(week)
        for stream in newcomers.STREAMS:
            count, placed = shares[stream.reference], self.journal.placed.get(stream.reference, 0)
            if count:
                newcomers.place(
                    self.wiring,
                    self._in_unit,
                    stream,
                    claims=count,
                    seed=self.seed,
                    placed=placed,
                    today=today,
                )
                self.journal.placed[stream.reference] = placed + count
        self._until_quiet()  # what reading made due comes before the price is accepted
        if newcomers.accept_prices(self._in_unit):
            self.story.acts["new claims"] += week
        self.journal.keep(self.kept)
        self._until_quiet()

    def _debtors_act(self, today: date) -> None:
        super()._debtors_act(today)
        self._let_happen(Moment.DEBTORS)

    def _bank_day(self, today: date) -> None:
        first = today not in self._closed
        self._closed = {today}
        if first:
            self._let_happen(Moment.BANK)
        content = self._foreign_marked(self.outside.statement(iban=self._iban, on=today))
        if today.isoformat() in self.journal.missing or (first and self._is_lost(today, content)):
            return
        if first:
            self._with_file(BEFORE, today, content)
        self.story.bank_lines += read_in(self.scene, content).new_lines
        self._until_quiet()
        if first:
            self._with_file(AFTER, today, content)

    def _is_lost(self, today: date, content: bytes) -> bool:
        """B4: the bank does not deliver the day, and the next one does not follow on; the first of all has
        none that it could follow on from."""
        case = _BY_KEY[_MISSING]
        if not self._comes_to_pass(case) or today.weekday() >= FRIDAY or b"<Ntry>" not in content:
            return False
        if not self.scene.rows("SELECT 1 FROM bank_statement LIMIT 1"):
            return False
        self.journal.missing.append(today.isoformat())
        self._plan(case)
        return True

    def _deliver_late(self, today: date) -> None:
        """The day after, the missing statement comes; until then nothing is paid out."""
        for day in [day for day in self.journal.missing if day < today.isoformat()]:
            stopped = self._in_unit(payouts_blocked)
            content = self._foreign_marked(
                self.outside.statement(iban=self._iban, on=date.fromisoformat(day))
            )
            self.story.bank_lines += read_in(self.scene, content).new_lines
            self.journal.missing.remove(day)
            self._until_quiet()
            self.story.acts["settled by finance"] += finance.settle_suspense(self._in_unit)
            wrong = "" if stopped else "payouts were not stopped"
            self.journal.note(_MISSING, today, {"wrong": self._in_unit(payouts_blocked) or wrong})

    def _with_file(self, faults: dict[str, StatementFault], today: date, content: bytes) -> None:
        if b"<Ntry>" not in content:
            return
        for key, fault in faults.items():
            if self._comes_to_pass(_BY_KEY[key]):
                self._note(_BY_KEY[key], fault(self.scene, today, content))
                self._until_quiet()

    def _foreign_marked(self, content: bytes) -> bytes:
        for one in self.journal.open:
            if "marked" in one.facts:
                content = mark_foreign(content, one.facts["line"])
        return content

    def _pay_out(self, today: date) -> None:
        clearing.draft(self.scene, cutoff_on=today)
        self._let_happen(Moment.DRAFTED)
        try:
            paid = clearing.pay_out(self.scene, cutoff_on=today)
        except PayoutsBlocked:
            self.journal.payout_waits = True
            self.story.acts["payout blocked by a red proof"] += 1
            return
        self.journal.payout_waits = False
        self.story.paid_out_minor += paid.minor
        self.story.acts["stale drafts cancelled"] += paid.cancelled
        case = _BY_KEY[_SENT_TWICE]
        if paid.file is not None and self._comes_to_pass(case):
            self._note(case, downloaded_and_sent_twice(self.scene, paid.file))
        self._give_back_and_order()

    def _give_back_and_order(self) -> None:
        self.story.acts["given back by finance"] += clearing.give_back(self.scene)
        self._until_quiet()
        self.story.acts["payments refused by the bank"] += clearing.hand_in_orders(self.scene)

    def _clear(self, today: date) -> None:
        """What a fault left is worked on every day; payouts that came back do not wait for Friday."""
        self.story.acts.update(clearing.clear_suspense(self.scene))
        for one in self.journal.open:
            if one.case == _RINGS_UP and one.facts["rings_on"] <= today.isoformat():
                clearing.payer_rings_up(
                    self.scene,
                    line=one.facts["line"],
                    creditor_id=one.facts["creditor"],
                    claim_id=one.facts["claim"],
                )
        if today.weekday() >= SATURDAY:
            return
        # Put forward again while its owner was owed less, it waits as a draft: that is tried daily, too.
        came_back = self.scene.rows(
            "SELECT 1 FROM remittance_run WHERE state = 'returned' OR (state = 'draft' AND attempt > 1)"
            " LIMIT 1"
        )
        if self.journal.payout_waits or came_back:
            self._pay_out(today)
        else:
            self._give_back_and_order()
        self._bank_day(today)

    def _let_happen(self, moment: Moment) -> None:
        tried = 0
        for case in CASES:
            if case.moment is moment and case.happen is not None and self._comes_to_pass(case):
                tried += 1
                facts = case.happen(self.scene)
                if facts is not None:
                    self._note(case, facts)
        if tried:
            self._until_quiet()
            self.outside.no_more_misfortune()

    def _comes_to_pass(self, case: Case) -> bool:
        """Whether a case is due today; its ways do not happen at once where they would hide each other."""
        today = self.scene.today
        if not self.faults or (self.last_on - today).days < self._quiet_days:
            return False
        if case.number == "A20" and self.journal.is_open("A20"):
            return False
        self.scene.rng = self._random(case, today)
        self.scene.taken = self.journal.claims_in_use()
        return self.journal.due[case.key] <= today.isoformat()

    def _note(self, case: Case, facts: Facts) -> None:
        self.journal.note(case.key, self.scene.today, facts)
        self._plan(case)
        self.journal.keep(self.kept)

    def _plan(self, case: Case) -> None:
        often = case.days if self.days >= _OFTEN_FROM_DAYS else self.days
        again = self.scene.today + timedelta(days=max(1, often * self.scene.rng.randint(70, 130) // 100))
        self.journal.due[case.key] = again.isoformat()

    def _look_whether_ended(self) -> None:
        still: list[Happened] = []
        for one in self.journal.open:
            one.why = str(one.facts.get("wrong") or _BY_KEY[one.case].still_open(self.scene, one.facts))
            if one.why:
                still.append(one)
            else:
                self.journal.settled[one.case] += 1
        self.journal.open = still

    def _spread(self, case: Case) -> int:
        """Within so many days a case comes to pass first."""
        return max(1, min(case.days, (self.days - self._quiet_days) // 2))

    @property
    def _quiet_days(self) -> int:
        return min(QUIET_DAYS, self.days // 3)

    @property
    def _iban(self) -> str:
        return self.wiring.settings.trust_iban

    def _random(self, case: Case, today: date) -> random.Random:
        return random.Random(f"{self.seed}|{case.key}|{today}")  # noqa: S311 - see above

    def _keep(self) -> None:
        super()._keep()
        self.journal.keep(self.kept)
