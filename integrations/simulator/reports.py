"""What becomes of a message or payment, told as the provider tells it: signed, batched, retried."""

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from integrations import egress
from integrations.simulator.clock import Clock, machine_now
from integrations.simulator.faults import Faults
from integrations.simulator.store import Store, as_json, moment_text
from integrations.simulator.webhook_call import Call, signed_call

_log = logging.getLogger(__name__)

# How many reports travel in one call: SendGrid and the print shop send arrays, the others one each.
_BATCH = {"sendgrid": 500, "letters": 100}
_AT_ONCE = 8
_PATIENCE_SECONDS = 0.5
_TAKE = 1000
# A patient provider: hours of trying, or as many rounds of `tell_all` while the agency is down.
_ATTEMPTS_MAX = 200
_KEEP_TOLD = 20_000


@dataclass(frozen=True, slots=True)
class Told:
    """What one round of telling came to."""

    told: int = 0
    failed: int = 0

    def __add__(self, other: "Told") -> "Told":
        return Told(self.told + other.told, self.failed + other.failed)


class Reports:
    """The queue of reports, and the teller that empties it."""

    def __init__(self, *, store: Store, clock: Clock, faults: Faults) -> None:
        self._store, self._clock, self._faults = store, clock, faults
        self._wake = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._http = httpx.AsyncClient(timeout=10, trust_env=False, follow_redirects=False)

    def add(
        self,
        *,
        vendor: str,
        subject_id: str,
        url: str,
        content: dict[str, Any],
        due: datetime,
        state_after: str = "",
        secret: str = "",
    ) -> None:
        """Tell `url` at `due`, and let the subject's state then become `state_after`.

        :raises EgressRefused: the URL is on another machine.
        """
        if url:
            parts = urlsplit(url)
            egress.base_url(f"{parts.scheme}://{parts.netloc}", production=False)
        self._store.insert(
            "report",
            vendor=vendor,
            subject_id=subject_id,
            url=url,
            content=as_json(content),
            due_at=moment_text(due),
            state_after=state_after,
            secret=secret,
        )
        self._wake.set()

    def nudge(self) -> None:
        """Look for due reports now; the clock has been moved."""
        self._wake.set()

    async def run(self) -> None:
        """Tell what is due, for ever."""
        while True:
            try:
                told = await self.tell_due(without_waiting=False)
            except Exception:  # noqa: BLE001 - one bad report must not silence the others
                _log.exception("reports could not be told")
                told = Told()
            if told.told == 0:
                await self._wait()
            # A moment's patience makes batches out of what comes in together.
            await asyncio.sleep(_PATIENCE_SECONDS)

    async def tell_all(self) -> Told:
        """Tell everything that is due now, without waiting between tries, until nothing more succeeds."""
        total = Told()
        while True:
            told = await self.tell_due(without_waiting=True)
            total += told
            if told.told == 0:
                return total

    @asynccontextmanager
    async def silence(self) -> AsyncIterator[None]:
        """Let nothing be told meanwhile; what was being told has been."""
        async with self._one_at_a_time:
            yield

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def tell_due(self, *, without_waiting: bool) -> Told:
        """Tell what is due now, once."""
        async with self._one_at_a_time:
            rows = self._take(without_waiting=without_waiting)
            self._apply_states(rows)
            silent = [row["id"] for row in rows if not row["url"]]
            self._close_rows(silent, status="told")
            calls = self._plan([row for row in rows if row["url"]])
            gate = asyncio.Semaphore(_AT_ONCE)
            outcomes = await asyncio.gather(*(self._tell(call, gate) for call in calls))
            self._forget_old()
            return sum(outcomes, Told(told=len(silent)))

    async def _wait(self) -> None:
        try:
            # Not `wait_for`: Python 3.11's loses a cancellation that comes as the event is set.
            async with asyncio.timeout(0.5):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _take(self, *, without_waiting: bool) -> list[sqlite3.Row]:
        retry_until = "9" if without_waiting else moment_text(machine_now())
        return self._store.all(
            "SELECT * FROM report WHERE status = 'waiting' AND due_at <= ? AND retry_at <= ?"
            " ORDER BY due_at, id LIMIT ?",
            moment_text(self._clock.now()),
            retry_until,
            _TAKE,
        )

    def _apply_states(self, rows: Sequence[sqlite3.Row]) -> None:
        """The provider knows the state whether or not it can tell anybody."""
        with self._store.transaction():
            for row in rows:
                if row["state_after"] and row["attempts"] == 0:
                    self._store.run(
                        "UPDATE message SET state = ? WHERE id = ?", row["state_after"], row["subject_id"]
                    )

    def _plan(self, rows: Sequence[sqlite3.Row]) -> list[Call]:
        """Rows as calls, with the scripted misfortunes applied."""
        groups: dict[tuple[str, str, str], list[sqlite3.Row]] = defaultdict(list)
        for row in rows:
            groups[row["vendor"], row["url"], row["secret"]] += [row] * self._copies(row)
        calls = []
        for (vendor, url, secret), members in groups.items():
            if self._faults.hit(f"webhooks:{vendor}", kinds=frozenset({"reorder"})):
                members.reverse()
            size = _BATCH.get(vendor, 1)
            for start in range(0, len(members), size):
                calls.append(Call(vendor, url, secret, tuple(members[start : start + size])))
        return calls

    def _copies(self, row: sqlite3.Row) -> int:
        """How often this report is told now: once, unless a rule says otherwise."""
        if row["attempts"]:
            return 1
        fault = self._faults.hit(f"webhooks:{row['vendor']}", kinds=frozenset({"duplicate", "drop", "delay"}))
        match fault.kind if fault else "":
            case "duplicate":
                return 2
            case "drop":
                self._close_rows([row["id"]], status="dropped")
                return 0
            case "delay":
                assert fault is not None
                later = moment_text(self._clock.now() + timedelta(seconds=fault.seconds))
                self._store.run("UPDATE report SET due_at = ? WHERE id = ?", later, row["id"])
                return 0
            case _:
                return 1

    async def _tell(self, call: Call, gate: asyncio.Semaphore) -> Told:
        async with gate:
            if self._faults.hit(f"webhooks:{call.vendor}", kinds=frozenset({"bad_signature"})):
                await self._post(call, forged=True)
            taken = await self._post(call, forged=False)
        ids = sorted({row["id"] for row in call.rows})
        if taken:
            self._close_rows(ids, status="told")
            return Told(told=len(ids))
        self._try_later(call)
        return Told(failed=len(ids))

    async def _post(self, call: Call, *, forged: bool) -> bool:
        body, headers = signed_call(call, now=self._clock.now())
        if forged:
            body += b" "
        try:
            answer = await self._http.post(call.url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success

    def _try_later(self, call: Call) -> None:
        attempts = call.rows[0]["attempts"] + 1
        wait = timedelta(seconds=min(2**attempts, 300))
        with self._store.transaction():
            for row in call.rows:
                self._store.run(
                    "UPDATE report SET attempts = ?, retry_at = ?, status = ? WHERE id = ?",
                    attempts,
                    moment_text(machine_now() + wait),
                    "given_up" if attempts >= _ATTEMPTS_MAX else "waiting",
                    row["id"],
                )

    def _close_rows(self, ids: Sequence[int], *, status: str) -> None:
        with self._store.transaction():
            for number in ids:
                self._store.run("UPDATE report SET status = ? WHERE id = ?", status, number)

    def _forget_old(self) -> None:
        """Told reports are kept for a look back, not for ever."""
        newest = self._store.number("SELECT max(id) FROM report")
        self._store.run("DELETE FROM report WHERE id <= ? AND status = 'told'", newest - _KEEP_TOLD)
