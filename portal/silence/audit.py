"""The count afterwards: every message that left, held against the law and the facts in words of its own."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from agency.kernel.unit import Unit
from portal.silence.diary import Debt, Diary, Left
from portal.silence.feasts import is_feast
from portal.silence.own_interest import Moved, owed_on

HOURS, SUNDAYS, FEASTS = "in forbidden hours", "on a Sunday", "on a holiday"
HELD, ENDED, CONTESTED = "after a hold", "after the claim had ended", "about what is contested alone"
AMOUNT, OTHERS, MISSING = "with a wrong amount", "with another debtor's data", "without mandatory content"
CAPS, TWICE, ORDER = "over the caps", "twice", "out of order"
OBJECTED, TOO_LATE, HIDDEN = "against an objection", "about a claim too old", "hiding who collects"
TERM = "before a formal notice or within its term"
FAULTS = (
    HOURS, SUNDAYS, FEASTS, HELD, ENDED, CONTESTED, AMOUNT, OTHERS, MISSING, CAPS, TWICE, ORDER, OBJECTED,
    TOO_LATE, HIDDEN, TERM,
)  # fmt: skip

_ZONES = {"NL": "Europe/Amsterdam", "BE": "Europe/Brussels", "DE": "Europe/Berlin", "PT": "Atlantic/Azores",
          "FI": "Europe/Helsinki"}  # fmt: skip
_AGENCY = ZoneInfo("Europe/Amsterdam")
_HOURS = {"NL": (7, 20), "BE": (8, 22)}
_OTHER_HOURS = (8, 20)
_SUNDAY = 6
# What ends all collecting from somebody, for whomever; and what he says of himself to one who asks.
_EVERYWHERE = {"wsnp", "deceased", "bankruptcy", "collective_settlement"}
_HIMSELF = {*_EVERYWHERE, "not_me", "debt_help_notice", "debt_mediation"}
_HOURS_BETWEEN, _IN_A_WEEK = timedelta(hours=20), 3
_STEPS = ("reminder_1", "reminder_2", "formal_notice", "final_notice")
_OF_A_PLAN = frozenset({"plan_missed", "plan_given_back"})
_BELGIAN_TERM = timedelta(days=14)  # from the day after posting; counted here from the hand-over
_EXAMPLES = 3

_LEDGER = text(
    "SELECT e.claim_id, t.at, t.effective_on, t.kind, e.account, e.amount_minor FROM ledger_entry e"
    " JOIN ledger_transaction t ON t.creditor_id = e.creditor_id AND t.id = e.transaction_id"
    " WHERE e.claim_id IS NOT NULL AND e.account IN ('claims.principal', 'claims.interest', 'claims.costs')"
    " ORDER BY t.at, t.id"
)
_SAID = text(
    "SELECT m.id, m.amounts, t.key AS template, m.step, m.created_at, m.posted_at, m.claim_id, c.costs_from,"
    " c.costs_minor, c.costs_vat_minor FROM message m JOIN template t ON t.id = m.template_id"
    " JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
)


@dataclass
class Count:
    """How many messages were looked at, and how many of them should not have left, by fault."""

    messages: int = 0
    by_country: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def clean(self) -> bool:
        """Whether nothing left that should not have."""
        return not self.faults.total()

    def add(self, other: "Count") -> None:
        """Take in what was counted elsewhere."""
        self.messages += other.messages
        self.by_country += other.by_country
        self.faults += other.faults
        for fault, examples in other.examples.items():
            self.examples[fault] += examples[: _EXAMPLES - len(self.examples[fault])]

    def note(self, fault: str, left: Left, why: str) -> None:
        """Count a fault; the first few are kept with their reason."""
        self.faults[fault] += 1
        if len(self.examples[fault]) < _EXAMPLES:
            self.examples[fault].append(f"{left.at:%Y-%m-%d %H:%M} {left.template} by {left.channel}: {why}")


def count_faults(unit: Unit, diary: Diary) -> Count:
    """This function will look at everything that left, in the order in which it did."""
    return _Audit(unit, diary).count()


class _Audit:
    def __init__(self, unit: Unit, diary: Diary) -> None:
        self.diary = diary
        self.found = Count()
        self.moved: defaultdict[UUID, list[tuple[datetime, str, str, date, int]]] = defaultdict(list)
        for row in unit.session.connection().execute(_LEDGER):
            self.moved[row.claim_id].append(
                (row.at, row.kind, row.account, row.effective_on, row.amount_minor)
            )
        self.said: dict[UUID, Any] = {}
        self.notices: dict[UUID, datetime] = {}
        for row in unit.session.connection().execute(_SAID):
            self.said[row.id] = row
            if row.template.startswith("notice"):
                before = self.notices.get(row.claim_id, row.created_at)
                self.notices[row.claim_id] = min(before, row.created_at)
        self.contacts: defaultdict[str, list[tuple[datetime, str, UUID]]] = defaultdict(list)
        self.noticed: dict[UUID, datetime] = {}
        self.seen: set[tuple[UUID, str, str]] = set()
        self.walked: defaultdict[UUID, set[str]] = defaultdict(set)

    def count(self) -> Count:
        looks: tuple[Callable[[Left, Debt], Iterator[tuple[str, str]]], ...] = (
            self._hours, self._standing, self._amounts, self._content, self._caps, self._once, self._notice,
        )  # fmt: skip
        for left in self.diary.left:
            debt = self.diary.debts[left.claim_id]
            self.found.messages += 1
            self.found.by_country[f"{debt.country}{f'-{debt.region}' if debt.country == 'BE' else ''}"] += 1
            for look in looks:
                for fault, why in look(left, debt):
                    self.found.note(fault, left, f"{debt.country} {debt.kind} {debt.law}: {why}")
        return self.found

    def _hours(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        if left.reply or left.channel == "letter":
            return
        opens, closes = _HOURS.get(debt.country, _OTHER_HOURS)
        clocks = [left.at.astimezone(zone) for zone in (ZoneInfo(_ZONES[debt.country]), _AGENCY)]
        if any(not opens <= clock.hour < closes for clock in clocks):
            yield HOURS, " and ".join(f"{clock:%H:%M}" for clock in clocks)
        if any(clock.weekday() == _SUNDAY for clock in clocks):
            yield SUNDAYS, f"{clocks[0]:%A}"
        if any(is_feast(country=debt.country, region=debt.region, day=clock.date()) for clock in clocks):
            yield FEASTS, f"{clocks[0]:%d %B}"

    def _standing(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        if left.channel != "letter" and self._before(self.diary.objected.get(debt.debtor_id), left):
            yield OBJECTED, "the debtor had objected to this way"
        if left.reply:
            return
        for (claim_id, ground), spans in self._holds[left.claim_id]:
            assert claim_id == left.claim_id
            if any(span.holds_at(left.at) for span in spans):
                yield HELD, ground
        yield from self._person(left, debt)
        if self._before(self.diary.ended.get(left.claim_id), left):
            yield ENDED, "paid or withdrawn"
        if debt.ancient:
            yield TOO_LATE, f"due on {debt.invoices[0].due_on}"

    def _person(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        """What is about the person is so for each of his debts, unless somebody has freed this one since."""
        for other in self.diary.others_of(debt):
            for (_, ground), spans in self._holds[other.claim_id]:
                counts = _HIMSELF if other.creditor_id == debt.creditor_id else _EVERYWHERE
                running = [span for span in spans if span.holds_at(left.at)]
                freed = [one.until for one in self.diary.holds.get((left.claim_id, ground), ()) if one.until]
                if ground in counts and any(
                    not any(span.since < at <= left.at for at in freed) for span in running
                ):
                    yield HELD, f"{ground}, written on {other.mark}"

    @property
    def _holds(self) -> dict[UUID, list[Any]]:
        if not hasattr(self, "_holds_by_claim"):
            self._holds_by_claim: defaultdict[UUID, list[Any]] = defaultdict(list)
            for key, spans in self.diary.holds.items():
                self._holds_by_claim[key[0]].append((key, spans))
        return self._holds_by_claim

    @staticmethod
    def _before(moment: datetime | None, left: Left) -> bool:
        return moment is not None and moment <= left.at

    def _amounts(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        day = left.at.astimezone(_AGENCY).date()
        said = self.said[left.message_id]
        principal, interest = owed_on(
            debt=debt,
            moved=self._changes(left),
            day=day,
            contested=self._contested(left),
            costs_from=said.costs_from,
            asks_interest=self._before(self.notices.get(left.claim_id), left),
        )
        costs = left.read.get("costs", 0)
        if not left.reply and principal <= 0 and self._contested(left):
            yield CONTESTED, "all that is open of the principal is contested"
        if not left.reply and principal + interest + costs <= 0:
            yield ENDED, "nothing is owed"
        for what, own, told in (
            ("principal", principal, left.read.get("principal", 0)),
            ("interest", interest, left.read.get("interest", 0)),
            ("total", principal + interest + costs, left.read.get("total", 0)),
            ("kept total", left.read.get("total", 0), said.amounts["total"]),
        ):
            if own != told:
                yield AMOUNT, f"{what} {told} where {own} is owed"
        yield from self._costs(left, debt, day, costs)

    def _costs(self, left: Left, debt: Debt, day: date, costs: int) -> Iterator[tuple[str, str]]:
        said = self.said[left.message_id]
        if costs:
            announced = said.costs_minor + said.costs_vat_minor
            if said.costs_from is None or day < said.costs_from or costs > announced:
                yield AMOUNT, f"costs {costs} of {announced} announced, due from {said.costs_from}"
        told, asked = left.read.get("announced", 0), left.read.get("principal", 0)
        # A copy repeats its notice, also when the creditor gave up a part of the principal in between.
        is_copy = left.step.endswith("_copy")
        lawful = _costs_by_scale(debt, asked + (self._waived(left) if is_copy else 0))
        if told and lawful is not None and (told > lawful if is_copy else told != lawful):
            yield AMOUNT, f"announces {told} of costs where the scale gives {lawful}"

    def _waived(self, left: Left) -> int:
        """How much of the principal the creditor had given up when the message left."""
        return -sum(
            minor
            for at, kind, account, _, minor in self.moved[left.claim_id]
            if at <= left.at and account == "claims.principal" and kind.startswith(("waiver", "write_off"))
        )

    def _changes(self, left: Left) -> list[Moved]:
        """What the ledger had booked on the claim when the message left, by the day it belongs to."""
        changes: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
        rows = self.moved[left.claim_id]
        known = bisect_right([row[0] for row in rows], left.at)
        places = {"claims.principal": 0, "claims.interest": 1, "claims.costs": 2}
        for _, kind, account, on, minor in rows[:known]:
            if kind != "opening" and not kind.startswith("crystallisation"):
                changes[on][places[account]] -= minor
        return [Moved(on, *change) for on, change in changes.items()]

    def _contested(self, left: Left) -> int:
        return self.diary.contested_at(left.claim_id, left.at)

    def _content(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        for mark in left.marks - {debt.mark}:
            yield OTHERS, f"{mark} in the message of {debt.mark}"
        for item in left.missing:
            yield MISSING, item
        early = left.reply or left.template.startswith("reminder")
        branded = left.signed_by == debt.brand
        if branded and (not early or (debt.country == "DE" and debt.kind == "consumer")):
            yield HIDDEN, f"signed by {left.signed_by}"

    def _caps(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        if left.reply:
            return
        contact = f"{left.claim_id}:{left.step.removesuffix('_copy')}"
        before = [one for one in self.contacts[debt.person] if one[1] != contact]
        if any(left.at - at < _HOURS_BETWEEN for at, _, _ in before):
            yield CAPS, "sooner than twenty hours after the last contact"
        in_week = {what for at, what, _ in before if left.at - at < timedelta(days=7)}
        if len(in_week) >= _IN_A_WEEK:
            yield CAPS, "a fourth contact in seven days"
        today = left.at.astimezone(_AGENCY).date()
        others = [one for one in before if one[2] != debt.creditor_id]
        if any(at.astimezone(_AGENCY).date() == today for at, _, _ in others):
            yield CAPS, "two creditors on one day"
        self.contacts[debt.person].append((left.at, contact, debt.creditor_id))

    def _once(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        key = (left.claim_id, left.step, left.channel)
        if key in self.seen:
            yield TWICE, left.step
        self.seen.add(key)
        if left.step in _STEPS:
            missing = set(_STEPS[: _STEPS.index(left.step)]) - self.walked[left.claim_id]
            if missing:
                yield ORDER, f"{left.step} before {', '.join(sorted(missing))}"
            self.walked[left.claim_id].add(left.step)

    def _notice(self, left: Left, debt: Debt) -> Iterator[tuple[str, str]]:
        """Whoever collects from a Belgian consumer begins with a notice and leaves him its term; who agreed
        on instalments before it may be reminded of one that he missed."""
        if left.reply or (debt.country, debt.kind) != ("BE", "consumer"):
            return
        if left.template.startswith("notice"):
            self.noticed.setdefault(left.claim_id, left.at)
            return
        noticed = self.noticed.get(left.claim_id)
        if noticed is None and left.signed_by != debt.brand and left.template not in _OF_A_PLAN:
            yield TERM, f"{left.step} by {left.signed_by} before any notice"
        if noticed is not None and left.at - noticed < _BELGIAN_TERM:
            yield TERM, f"{left.step} within the term of the notice of {noticed:%d %B}"


def _costs_by_scale(debt: Debt, principal: int) -> int | None:
    """What the law allows over a principal, in minor units; None where the audit has no scale of its own."""
    if debt.law == "nl":
        bands = ((250_000, 15), (250_000, 10), (500_000, 5), (19_000_000, 1))
        lawful, left = 0, principal
        for width, percent in bands:
            lawful += min(left, width) * percent
            left = max(0, left - width)
        whole = max(4_000, (lawful + 50) // 100)
        return whole + (0 if debt.vat_deductible else (whole * 21 + 50) // 100)
    return None
