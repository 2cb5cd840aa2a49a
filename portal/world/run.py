"""Day by day: morning post, what debtors do, the bank's evening file, Friday's payout, the proof."""

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError

from agency.banking.importing import import_statements
from agency.banking.proof import prove
from agency.communication.jobs import print_letters, release
from agency.kernel.clock import move_clock
from agency.kernel.outbox import enqueue, open_jobs
from agency.kernel.unit import AGENCY_ZONE, Door, Unit
from agency.remittance.orders import PayoutsBlocked
from integrations.bankfiles.reader import read_bank_file
from portal.schedule import start_due_jobs
from portal.wiring import Wiring
from portal.world import debtors, finance
from portal.world.debtors import Due
from portal.world.outside import DEBTORS_AT_ONCE, Outside, WorldStopped, patiently

MORNING, EVENING = clock_time(9, 5), clock_time(18, 0)
FRIDAY = 4
_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)
QUIET_SECONDS = 240.0
# The fewer jobs are open, the sooner all may be done.
_LOOK_AGAIN_SECONDS, _LOOK_AGAIN_SECONDS_MAX = 0.01, 0.1


@dataclass
class Story:
    """What happened, counted; and whether the last proof was green."""

    days: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    mails: int = 0
    bank_lines: int = 0
    paid_out_minor: int = 0
    green: bool = True
    proof: list[Any] = field(default_factory=list)
    seconds: float = 0.0


class World:
    """A run of the world against a running agency."""

    def __init__(self, *, wiring: Wiring, outside: Outside, seed: int, memory: Path) -> None:
        self.wiring = wiring
        self.outside = outside
        self.seed = seed
        self.memory = memory
        self.pending: list[Due] = []
        self.links: dict[str, str] = {}
        self.read_up_to = 0
        self.story = Story()
        self._remember()

    def live(self, *, days: int, tell: Callable[[int, int, str], None]) -> Story:
        """This function will let days pass and return what happened.

        :param tell: called with (days done, days, what happens now).
        :raises WorldStopped: the agency did not come back in time.
        """
        began = time.monotonic()
        today = self._in_unit(lambda unit: unit.today)
        if self.memory.exists():
            # A run that was cut off in the middle of a day left it without what its bank had still to tell.
            World._bank_day(self, today)
        for done in range(days):
            today += timedelta(days=1)
            self._day(today, partial(tell, done, days))
            self.story.days += 1
            self._keep()
        proof = self._in_unit(lambda unit: prove(unit, on=today))
        self.story.green, self.story.proof = proof.green, proof.checks
        tell(days, days, "done")
        self.story.seconds = time.monotonic() - began
        return self.story

    def _day(self, today: date, tell: Callable[[str], None]) -> None:
        tell(f"{today}: morning post")
        self._move(today, MORNING)
        self._send_what_was_planned()
        tell(f"{today}: debtors")
        self._hear(today)
        self._debtors_act(today)
        tell(f"{today}: bank")
        self._move(today, EVENING)
        self._send_what_was_planned()
        self._bank_day(today)
        self.story.acts["settled by finance"] += finance.settle_suspense(self._in_unit)
        if today.weekday() == FRIDAY:
            tell(f"{today}: payout")
            self._pay_out(today)
            self._bank_day(today)  # the bank has executed it on the same day, after its first statement

    def _move(self, today: date, at: clock_time) -> None:
        moment = datetime.combine(today, at, AGENCY_ZONE)
        self._in_unit(
            lambda unit: (
                unit.now >= moment or move_clock(unit, to=moment, production=self.wiring.settings.production)
            )
        )
        self.outside.make_it(moment)
        self._in_unit(start_due_jobs)
        self._until_quiet()

    def _send_what_was_planned(self) -> None:
        """What the clock does every minute, after what it does every hour has ended; and the print run."""
        self._in_unit(lambda unit: enqueue(unit, release))
        self._in_unit(lambda unit: enqueue(unit, print_letters))
        self._until_quiet()

    def _hear(self, today: date) -> None:
        mails = self.outside.mails_after(self.read_up_to)
        if not mails:
            return
        self.read_up_to = mails[-1].number
        self.story.mails += len(mails)
        self.pending += self._in_unit(
            lambda unit: debtors.decide(unit, mails, seed=self.seed, today=today, links=self.links)
        )

    def _debtors_act(self, today: date) -> None:
        now = [due for due in self.pending if due.on <= today]
        self.pending = [due for due in self.pending if due.on > today]
        with ThreadPoolExecutor(DEBTORS_AT_ONCE) as debtors_at_once:
            for words in debtors_at_once.map(partial(self._one_debtor_acts, today), _by_claim(now)):
                self.story.acts.update(words)
        self._until_quiet()

    def _one_debtor_acts(self, today: date, now: list[Due]) -> list[str]:
        return debtors.act(now, self.outside, trust_iban=self.wiring.settings.trust_iban, today=today)

    def _bank_day(self, today: date) -> None:
        iban = self.wiring.settings.trust_iban
        content = self.outside.statement(iban=iban, on=today)
        imported = self._in_unit(
            lambda unit: import_statements(unit, content=content, reader=read_bank_file, iban=iban)
        )
        self.story.bank_lines += imported.new_lines
        self._until_quiet()

    def _pay_out(self, today: date) -> None:
        try:
            self.story.paid_out_minor += finance.pay_out(
                self._in_unit, settings=self.wiring.settings, cutoff_on=today
            )
            self.story.acts["given back by finance"] += finance.give_back(
                self._in_unit, settings=self.wiring.settings
            )
        except PayoutsBlocked:
            self.story.acts["payout blocked by a red proof"] += 1
        # Files that the bank has not executed yet, also one from before a stop; it takes each of them once.
        for content in self._in_unit(finance.files_under_way):
            self.outside.pay_out(content)

    def _until_quiet(self) -> None:
        """Wait until no job is open and nobody outside has anything left to tell."""
        self._in_unit(partial(self._watch, until=time.monotonic() + QUIET_SECONDS))

    def _watch(self, unit: Unit, *, until: float) -> None:
        """Look again and again in one transaction, which sees what others commit: one of its own for each
        look would take more from those at work than the look itself."""
        while True:
            still_open = open_jobs(unit)
            # What is still at work makes more to tell: telling it at the end makes few calls of many.
            if not still_open and not self.outside.tell_all() and not open_jobs(unit):
                return
            if time.monotonic() > until:
                raise WorldStopped(f"{still_open} jobs are still open after {QUIET_SECONDS:.0f} s")
            time.sleep(min(_LOOK_AGAIN_SECONDS * still_open, _LOOK_AGAIN_SECONDS_MAX))

    def _in_unit(self, do: Callable[[Unit], Any], by: str = "system:world") -> Any:
        def once() -> Any:
            with self.wiring.units.open(Door.WORKER, by=by) as unit:
                return do(unit)

        return patiently(once, away=_AWAY)

    def _keep(self) -> None:
        lines = "\n".join([str(self.read_up_to), json.dumps(self.links), debtors.dump(self.pending)])
        self.memory.write_text(lines)
        self.memory.chmod(0o600)

    def _remember(self) -> None:
        if self.memory.exists():
            number, links, pending = self.memory.read_text().split("\n", 2)
            self.read_up_to = int(number)
            self.links = json.loads(links)
            self.pending = debtors.load(pending)


def _by_claim(now: list[Due]) -> list[list[Due]]:
    """What one debtor does on a day he does in order; different debtors do not wait for each other."""
    claims: dict[str, list[Due]] = {}
    for due in now:
        claims.setdefault(due.debt.claim_id, []).append(due)
    return list(claims.values())
