"""Day by day through the real planner and the real reservation, at hours when nothing may leave as well.

Reactions come late on purpose, in the evening: what the reservation itself does not stop, leaves.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from agency.arrangements.keeping import check_plans
from agency.arrangements.promises import check_promises
from agency.communication import outcomes, planning, release, resolving, sending
from agency.communication.outcomes import Outcome
from agency.communication.planning import WantedMessage
from agency.communication.release import Reserved
from agency.kernel.clock import move_clock
from agency.kernel.outbox import drain
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.rules.facts import Channel
from agency.treatment import planner
from portal.silence.acts import Acts
from portal.silence.diary import Debt, Diary
from portal.silence.people import Client, People, make_clients
from portal.silence.reading import read

BY = "system:silence"
CHUNK = 500
MESSAGES_PER_CLAIM = 5
_ZONE = ZoneInfo("Europe/Amsterdam")
# Of a hundred messages about to leave, so many meet a hold, a payment or a withdrawal in the last moment; of
# those to somebody who owes more than one debt, so many a bankruptcy that is written on another of them; and
# so many answers of the mail provider get lost.
_LAST_MOMENT, _ELSEWHERE, _LOST = 2, 5, 2
_LAST_ACTS = ("held", "withdrawn", "pays")
_TEXTS = 35  # of a hundred new debts are written a text as well, at any hour of a day
_PLACING_DAYS = 7
_QUIET_DAYS = 35  # no new claims in the last days, so that paths can end

_POST = text(
    "UPDATE message SET posted_at = :now WHERE channel = 'letter' AND state = 'sent' AND posted_at IS NULL"
)
_PATIENCE_OVER = text("UPDATE message SET lease_until = clock_timestamp() WHERE state = 'unknown'")
_NO_ADDRESS = text("UPDATE creditor SET street = '', postal_code = '', city = '' WHERE id = :id")
_ADDRESS = text(
    "UPDATE creditor SET street = 'Kade 9', postal_code = '1011 AB', city = 'Amsterdam' WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    days: int
    messages: int
    seed: int


def first_day(after: date) -> date:
    """This function will return the day a run begins: the last week of October before the next leap day.

    So four hundred days hold two changes of the clock, 29 February and every feast once, some twice.
    """
    year = after.year
    while not ((year + 1) % 4 == 0 and date(year, 10, 25) > after):
        year += 1
    return date(year, 10, 25)


class PostOffice:
    """Providers that take everything and know it when asked after it."""

    can_find = True

    def __init__(self) -> None:
        self.known: set[str] = set()

    def find(self, *, message_id: str, **_: object) -> str | None:
        """Our message by our own id, if it came in."""
        return f"ref-{message_id}" if message_id in self.known else None


class Days:
    """One run: its people, what happens to them, and the diary of it."""

    def __init__(
        self,
        *,
        units: Units,
        ports: Ports,
        office: PostOffice,
        settings: Settings,
        size: Size,
        settle: Callable[[], object],
    ) -> None:
        """:param settle: called after claims were placed in bulk, to gather statistics about the tables."""
        self.units, self.ports, self.office, self.settings, self.size = units, ports, office, settings, size
        self.settle = settle
        self.rng = random.Random(size.seed)  # noqa: S311 - a world by seed, nothing secret
        self.diary = Diary()
        self.acts = Acts(diary=self.diary, rng=self.rng)
        self.people: People
        self.clients: list[Client] = []

    def live(self, *, tell: Callable[[int, date, int], None]) -> Diary:
        """This function will let the days pass.

        :param tell: called after each day with days done, the day, and how many messages left so far.
        """
        with self._unit() as unit:
            first = first_day(unit.today)
        self._move(datetime.combine(first, time(0, 1), _ZONE))
        with self._unit() as unit:
            self.clients = make_clients(unit)
        self.people = People(clients=self.clients, rng=self.rng)
        for done in range(self.size.days):
            day = first + timedelta(days=done)
            self._day(day, done)
            tell(done + 1, day, len(self.diary.left))
        return self.diary

    def _day(self, day: date, done: int) -> None:
        if done % _PLACING_DAYS == 0 and done < max(1, self.size.days - _QUIET_DAYS):
            self._place()
        self._clients_change(done)
        for moment in self._moments(day):
            self._move(moment)
            with self._unit() as unit:
                while planner.plan_due(unit) == planner.CHUNK:
                    pass
            with self._unit() as unit:
                self.acts.let_happen(unit)
            self._send()
        self._evening()

    def _moments(self, day: date) -> list[datetime]:
        """Some hours of a day, edges and nights among them; an hour that the clock repeats comes once."""
        rng = self.rng
        minutes = {
            rng.randrange(2, 7 * 60),
            rng.choice((6 * 60 + 59, 7 * 60, 7 * 60 + 30, 8 * 60 - 1, 8 * 60, 9 * 60)),
            rng.randrange(9 * 60, 19 * 60),
            rng.choice((19 * 60 + 59, 20 * 60, 20 * 60 + 30, 21 * 60 + 59, 22 * 60, 23 * 60 + 20)),
        }
        start = datetime.combine(day, time(0), _ZONE)
        return sorted(start.replace(hour=minute // 60, minute=minute % 60) for minute in minutes)

    def _place(self) -> None:
        weeks = max(1, (self.size.days - _QUIET_DAYS + _PLACING_DAYS - 1) // _PLACING_DAYS)
        claims = max(1, self.size.messages // MESSAGES_PER_CLAIM // weeks)
        with self._unit() as unit:
            debts = self.people.place(unit, claims=claims)
            self.diary.add(debts)
            self.acts.draw(debts, unit.now)
            texts = [self._text(unit, debt) for debt in debts if self.rng.randrange(100) < _TEXTS]
            planning.queue_messages(unit, texts)
            # The job that queued them ran a second time.
            planning.queue_messages(unit, texts)
        self.settle()

    def _text(self, unit: Unit, debt: Debt) -> WantedMessage:
        at = unit.now + timedelta(minutes=self.rng.randrange(30 * 24 * 60))
        return WantedMessage(
            creditor_id=debt.creditor_id, claim_id=debt.claim_id, channel=Channel.sms, step="text", cycle=1,
            template="reminder_1", due_at=at,
        )  # fmt: skip

    def _clients_change(self, done: int) -> None:
        """Now and then a creditor's address gets lost for a week: nothing may leave for it meanwhile."""
        turn, which = divmod(done, 3 * _PLACING_DAYS)
        client = self.clients[turn % len(self.clients)]
        if which in (_PLACING_DAYS, 2 * _PLACING_DAYS):
            statement = _NO_ADDRESS if which == _PLACING_DAYS else _ADDRESS
            with self._unit() as unit:
                unit.session.connection().execute(statement, {"id": client.creditor_id})

    def _send(self) -> None:
        for _ in range(1 + self._waiting() // CHUNK):
            with self._unit() as unit:
                reservation = release.reserve_due(unit, settings=self.settings, limit=CHUNK)
            if reservation.reserved:
                self._hand_over(reservation.reserved)
            if reservation.looked_at < CHUNK:
                return

    def _waiting(self) -> int:
        with self._unit() as unit:
            waiting: int = (
                unit.session.connection()
                .execute(
                    text("SELECT count(*) FROM message WHERE state = 'queued' AND due_at <= :now"),
                    {"now": unit.now},
                )
                .scalar_one()
            )
        return waiting

    def _hand_over(self, reserved: Sequence[Reserved]) -> None:
        self._last_moment(reserved)
        ours = sending.still_ours(self.units, reserved)
        called = []
        with self._unit() as unit:
            for one in reserved:
                called.append(self._call(unit, one) if one.message_id in ours else _not_ours(one))
        with self._unit() as unit:
            outcomes.confirm(unit, called)

    def _last_moment(self, reserved: Sequence[Reserved]) -> None:
        """Between the reservation and the call something still happens to some debts."""
        with self._unit() as unit:
            for one in reserved:
                debt = self.diary.debts[one.claim_id]
                others = self.diary.others_of(debt)
                if others and self.rng.randrange(100) < _ELSEWHERE and not one.is_reply:
                    self.acts.one(unit, self.rng.choice(others), "bankrupt")
                if self.rng.randrange(100) >= _LAST_MOMENT or one.is_reply:
                    continue
                act = self.rng.choice(_LAST_ACTS)
                if act == "pays":
                    self.acts.pay_now(unit, debt)
                else:
                    self.acts.one(unit, debt, act)

    def _call(self, unit: Unit, one: Reserved) -> Outcome:
        debt = self.diary.debts[one.claim_id]
        self.diary.left.append(read(one, debt=debt, at=unit.now))
        self.office.known.add(str(one.message_id))
        if one.channel is Channel.email and self.rng.randrange(100) < _LOST:
            return Outcome(one, "unknown", why="the answer got lost")
        return Outcome(one, "sent", ref=f"ref-{one.message_id}")

    def _evening(self) -> None:
        with self._unit() as unit:
            unit.session.connection().execute(_PATIENCE_OVER)
        resolving.resolve_unknown(self.units, ports=self.ports, limit=CHUNK)
        with self._unit() as unit:
            unit.session.connection().execute(_POST, {"now": unit.now})
            check_promises(unit)
            check_plans(unit)
        drain(self.units)

    def _move(self, to: datetime) -> None:
        with self.units.open(Door.STAFF, by=BY) as unit:
            if to.astimezone(UTC) > unit.now:
                move_clock(unit, to=to, production=False)

    def _unit(self) -> AbstractContextManager[Unit]:
        return self.units.open(Door.WORKER, by=BY)


def _not_ours(one: Reserved) -> Outcome:
    return Outcome(one, "queued", why="something changed in the last moment")
