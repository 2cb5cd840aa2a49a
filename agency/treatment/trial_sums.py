"""What a try-out adds up: messages per day and channel, cost, refusals, phases and what comes in."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from agency.calendar import at_local
from agency.kernel.unit import AGENCY_ZONE
from agency.money.rounding import round_ratio
from agency.rules.facts import Channel
from agency.rules.path_tryout import TriedStep, try_path
from agency.rules.path_walk import contact_cost
from agency.rules.treatment_path import TreatmentPath
from agency.treatment.portfolio import LiveClaim

DAYS: Final = 30
_BPS: Final = 10_000


@dataclass
class Side:
    """What one version would do. Amounts are minor units in the currency of the cost table and the claims."""

    days: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    channels: Counter[str] = field(default_factory=Counter)
    cost: int = 0
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    met: defaultdict[UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def as_json(self, *, every: int) -> dict[str, Any]:
        """Return the sums as plain values, scaled up where only every so manyth claim was tried."""
        return {
            "days": {
                day: {channel: n * every for channel, n in counted.items()}
                for day, counted in sorted(self.days.items())
            },
            "channels": {channel: n * every for channel, n in self.channels.items()},
            "cost": self.cost * every,
            "expected": self.expected * every,
            "phases": {phase: n * every for phase, n in self.phases.items()},
            "refused": [
                [step, channel, reason, n * every]
                for (step, channel, reason), n in self.refused.most_common(100)
            ],
        }


@dataclass
class TrialSums:
    """Both sides of a try-out: the version in force and the draft."""

    today: date
    rates: Mapping[Channel, int]
    old: Side = field(default_factory=Side)
    new: Side = field(default_factory=Side)
    still: Counter[str] = field(default_factory=Counter)
    claims: int = 0
    currency: str = "EUR"

    def add(self, live: LiveClaim, *, old: TreatmentPath, new: TreatmentPath, today: date) -> None:
        """Walk one claim ahead under both versions and count what it would do."""
        self.claims += 1
        if live.still:
            self.still[live.still] += 1
        for side, path in ((self.old, old), (self.new, new)):
            self._walk(side, live, path, today)

    def _walk(self, side: Side, live: LiveClaim, path: TreatmentPath, today: date) -> None:
        steps: tuple[TriedStep, ...] = ()
        if not live.still:
            steps = try_path(
                path=path, claim=live.claim, today=today, until=self.today + timedelta(days=DAYS - 1),
                zone=AGENCY_ZONE, contacts=(*live.contacts, *side.met[live.person]),
            )  # fmt: skip
        left = live.open.minor if live.open.currency == self.currency else 0
        for step in steps:
            left = self._count(side, live, step, left)
        side.phases[_phase(path, live, steps)] += 1

    def _count(self, side: Side, live: LiveClaim, step: TriedStep, left: int) -> int:
        if step.outcome == "refused":
            for reason in step.reasons:
                side.refused[step.key, step.channel.value, reason] += 1
            return left
        side.days[step.on.isoformat()][step.channel.value] += 1
        side.channels[step.channel.value] += 1
        side.cost += contact_cost(channel=step.channel, on=self.today).minor
        side.met[live.person].append(at_local(day=step.on, clock=time(9), zone=AGENCY_ZONE))
        if step.key.endswith("_copy"):
            return left
        paid = round_ratio(left * self.rates[step.channel], _BPS)
        side.expected += paid
        return left - paid

    def as_json(self, *, every: int) -> dict[str, Any]:
        """Return the result as it is kept with the try-out."""
        return {
            "from": self.today.isoformat(),
            "days": DAYS,
            "every": every,
            "claims": self.claims * every,
            "tried": self.claims,
            "currency": self.currency,
            "still": {reason: n * every for reason, n in self.still.most_common()},
            "rates": {channel.value: rate for channel, rate in self.rates.items()},
            "old": self.old.as_json(every=every),
            "new": self.new.as_json(every=every),
        }


def _phase(path: TreatmentPath, live: LiveClaim, steps: tuple[TriedStep, ...]) -> str:
    """The part of the path in which a claim stands at the end; before its first step that is "none"."""
    taken = {step.key for step in live.claim.facts.sent} | {
        step.key for step in steps if step.outcome == "sent"
    }
    reached = [step.key for step in path.steps if step.key in taken]
    phase = path.phase_of(reached[-1]) if reached else None
    return phase.value if phase else "none"
