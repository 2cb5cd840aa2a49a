"""Hands letters to the printer: reserve a batch (commit), submit, compare, look once more, release, confirm.

Nothing is printed before its release, so whatever gets lost before that ends with the batch taken back and
its letters before the gate again. A lost answer makes the batch unknown, which is asked after.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from agency.communication.outcomes import Outcome, State, confirm, tried_again
from agency.communication.print_batches.gathering import Gathered, gather
from agency.communication.print_batches.keeping import ReservedBatch, move_batch, put_on_press, reserve_batch
from agency.communication.print_batches.models import PrintState
from agency.communication.release import Reserved
from agency.communication.rendering import Rendered
from agency.kernel.ports import Ports
from agency.kernel.unit import Door, Units
from agency.ports.providers import (
    ProviderAmbiguous,
    ProviderError,
    ProviderRefused,
    ProviderTransient,
    TakenBatch,
)
from agency.rules.print_batch import differences

_BY = "system:communication.print"
CHANGED = "something changed in the last moment"
COUNTED_OTHERWISE = "the printer counted otherwise"
_SILENT_SECONDS = 60

Look = Callable[[Sequence[Reserved]], frozenset[UUID]]


def hand_over_letters(units: Units, letters: Sequence[Rendered], *, ports: Ports, look: Look) -> None:
    """This function will send rendered letters off in batches and write down what became of each.

    :param look: looks once more, in the last moment, which of some reserved messages may leave.
    """
    if not letters:
        return
    with units.open(Door.WORKER, by=_BY) as unit:
        batches, refused = gather(letters, on=unit.today)
        confirm(unit, [Outcome(one.rendered.reserved, "failed", why=one.why) for one in refused])
    _Press(units, ports, look).run(deque(batches))


class _Press:
    """One run of the printer, batch after batch."""

    def __init__(self, units: Units, ports: Ports, look: Look) -> None:
        self.units, self.ports, self.look = units, ports, look

    def run(self, batches: deque[Gathered]) -> None:
        while batches:
            gathered = batches.popleft()
            try:
                batches.extendleft(reversed(self._one(gathered)))
            except (ProviderTransient, ProviderAmbiguous):
                # One time-out is enough: the rest waits for the next round.
                for left in batches:
                    self._confirm(_reserved(left), "queued", _SILENT_SECONDS, "the provider does not answer")
                return

    def _one(self, gathered: Gathered) -> tuple[Gathered, ...]:
        """Hand one batch over; what the printer refused as a whole is given back in halves."""
        gathered = self._last_look(gathered)
        if not gathered.letters:
            return ()
        with self.units.open(Door.WORKER, by=_BY) as unit:
            batch = reserve_batch(unit, gathered)
        if batch is None:
            return ()
        try:
            taken = self.ports.letters.submit(batch.travels)
        except ProviderRefused as error:
            return self._refused(batch, gathered, error)
        except ProviderTransient as error:
            self._cancelled(batch, [tried_again(one, error) for one in _reserved(gathered)], error.reason)
            raise
        except ProviderAmbiguous as error:
            self._unknown(batch, _reserved(gathered), error.reason)
            raise
        self._taken(batch, _reserved(gathered), taken)
        return ()

    def _last_look(self, gathered: Gathered) -> Gathered:
        ours = self.look(_reserved(gathered))
        gone = [one for one in _reserved(gathered) if one.message_id not in ours]
        # Back in the queue at once: the next reservation says in full why they may not leave.
        self._confirm(gone, "queued", 0, CHANGED)
        kept = tuple(one for one in gathered.letters if one.rendered.reserved.message_id in ours)
        return replace(gathered, letters=kept)

    def _refused(
        self, batch: ReservedBatch, gathered: Gathered, error: ProviderRefused
    ) -> tuple[Gathered, ...]:
        why = f"{error.code}: {error.reason}"
        if len(gathered.letters) > 1:
            self._cancelled(batch, (), why)
            return gathered.halves()
        self._cancelled(batch, [Outcome(one, "failed", why=why) for one in _reserved(gathered)], why)
        return ()

    def _taken(self, batch: ReservedBatch, letters: Sequence[Reserved], taken: TakenBatch) -> None:
        """Compare what the printer counted, and have the batch printed where nothing changed meanwhile."""
        if found := differences(batch.travels.totals, taken.totals):
            with self.units.open(Door.WORKER, by=_BY) as unit:
                move_batch(
                    unit, creditor_id=batch.creditor_id, batch_id=batch.batch_id, state=PrintState.BLOCKED,
                    why=COUNTED_OTHERWISE, taken=taken, found=found,
                )  # fmt: skip
                confirm(unit, [Outcome(one, "unknown", why=COUNTED_OTHERWISE) for one in letters])
            return
        changed = len(self.look(letters)) < len(letters)
        act = self.ports.letters.cancel if changed else self.ports.letters.release
        try:
            moved = act(batch_id=str(batch.batch_id))
        except ProviderError as error:
            self._unknown(batch, letters, str(error), taken=taken)
            return
        if changed:
            self._cancelled(batch, [Outcome(one, "queued", why=CHANGED) for one in letters], CHANGED)
            return
        with self.units.open(Door.WORKER, by=_BY) as unit:
            put_on_press(unit, creditor_id=batch.creditor_id, batch_id=batch.batch_id, taken=moved)
            confirm(unit, [Outcome(one, "sent") for one in letters])

    def _unknown(
        self, batch: ReservedBatch, letters: Sequence[Reserved], why: str, taken: TakenBatch | None = None
    ) -> None:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            move_batch(
                unit, creditor_id=batch.creditor_id, batch_id=batch.batch_id, state=PrintState.UNKNOWN,
                why=why, taken=taken,
            )  # fmt: skip
            confirm(unit, [Outcome(one, "unknown", why=why) for one in letters])

    def _cancelled(self, batch: ReservedBatch, outcomes: Sequence[Outcome], why: str) -> None:
        with self.units.open(Door.WORKER, by=_BY) as unit:
            move_batch(
                unit, creditor_id=batch.creditor_id, batch_id=batch.batch_id, state=PrintState.CANCELLED,
                why=why,
            )  # fmt: skip
            confirm(unit, outcomes)

    def _confirm(self, letters: Sequence[Reserved], state: State, wait: int, why: str) -> None:
        if letters:
            with self.units.open(Door.WORKER, by=_BY) as unit:
                confirm(unit, [Outcome(one, state, wait=wait, why=why) for one in letters])


def _reserved(gathered: Gathered) -> list[Reserved]:
    return [one.rendered.reserved for one in gathered.letters]
