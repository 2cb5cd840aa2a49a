"""The outside world's clock: the machine's, or moved by whoever moves time in the product."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from integrations.simulator.store import Store

_BANK_ZONE = ZoneInfo("Europe/Amsterdam")


def machine_now() -> datetime:
    """This function will read the machine's clock; the simulator reads it nowhere else."""
    return datetime.now(UTC)  # noqa: TID251 - another world than the product's, with its own one clock


class Clock:
    """Runs on from the moment it was set to; kept over a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        kept = store.setting("clock_ahead_seconds")
        self._ahead = timedelta(seconds=float(kept)) if kept else timedelta(0)

    def now(self) -> datetime:
        """The present moment, UTC."""
        return machine_now() + self._ahead

    def today(self) -> date:
        """The present day at the bank."""
        return bank_day(self.now())

    def set(self, now: datetime) -> None:
        """Make it this moment; time runs on from here."""
        self._ahead = now - machine_now()
        self._store.keep_setting("clock_ahead_seconds", str(self._ahead.total_seconds()))

    def forget(self) -> None:
        """Go back to the machine's time."""
        self._ahead = timedelta(0)


def bank_day(moment: datetime) -> date:
    """This function will return the day on which the bank books something that happens at a moment."""
    return moment.astimezone(_BANK_ZONE).date()
