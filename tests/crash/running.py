"""`dev crash`: messages leave while worker, relay, PostgreSQL and Valkey are killed; each must arrive once.

Beside it, under the same kills and lost answers, a program that sends and then marks: it must send twice.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from agency.kernel.actor import ACTORS, actor_name
from agency.kernel.outbox import outbox_state
from agency.kernel.unit import Door
from portal.local.postgres import DATABASE
from portal.local.processes import wait_until
from portal.local.telling import telling
from portal.schedule import SCHEDULE
from portal.wiring import Wiring
from tests.crash.ground import LOST_PERCENT, Ground, Size, crash_ground

TARGETS = ("worker", "relay", "postgres", "valkey", "flushall")
BROKEN, STOPPED = 1, 130
# So long a kill waits until messages are leaving again, so that it finds some on their way.
ARRIVES_SECONDS = 6
# So long nothing more may leave before it counts as stuck: a killed worker starts anew in a minute.
STANDSTILL_SECONDS = 240

Tell = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How messages came to the providers: how many there were, and how many never or more than once."""

    messages: int
    lost: int
    duplicated: int

    @classmethod
    def among(cls, ids: set[str], arrived: Counter[str]) -> "Arrivals":
        """Count what arrived of some messages."""
        return cls(len(ids), sum(arrived[one] == 0 for one in ids), sum(arrived[one] > 1 for one in ids))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run; `unproven` are messages whose reference at the provider we do not hold, `set_aside`
    are jobs under which so many workers died that a person is to look at them."""

    kills: dict[str, int]
    by_channel: dict[str, int]
    ours: Arrivals
    naive: Arrivals
    reserved_again: int
    states: dict[str, int]
    unproven: int
    set_aside: int
    seconds: int

    @property
    def held(self) -> bool:
        """Whether each message of ours arrived once and is known to have left, with proof."""
        return not self.ours.lost + self.ours.duplicated + self.unproven and self.states == {
            "sent": self.ours.messages
        }


def crash(ground: Ground, *, tell: Tell = lambda *_: None) -> Outcome:
    """This function will kill while messages leave, let things settle, and count.

    :param tell: called after each kill with how many there were, and what is going on.
    """
    began = time.monotonic()
    ours = our_ids(ground.work)
    ground.make_providers_lose_answers()
    ground.start()
    kill_while_messages_leave(ground, ours, tell)
    tell(ground.size.kills, "waiting until everything has left")
    settle(ground)
    arrived = ground.look()
    with ground.work.units.open(Door.WORKER, by="system:test") as unit:
        set_aside = outbox_state(unit).quarantined
    references = provider_references(ground.work)
    return Outcome(
        kills=dict(ground.killed),
        by_channel=dict(channels(ground.work)),
        ours=Arrivals.among(ours, arrived),
        naive=Arrivals.among(naive_ids(ground), arrived),
        reserved_again=reserved_again(ground.work),
        states=dict(states(ground.work)),
        unproven=sum(not references.get(one) for one in ours),
        set_aside=set_aside,
        seconds=round(time.monotonic() - began),
    )


def kill_while_messages_leave(ground: Ground, ours: set[str], tell: Tell) -> None:
    """Each round: a minute passes, fresh messages start to leave, and somewhere among them the kill."""
    chance = random.Random(ground.size.seed)
    targets = [TARGETS[number % len(TARGETS)] for number in range(ground.size.kills)]
    chance.shuffle(targets)
    for number, target in enumerate(targets, start=1):
        before = len(ground.look().keys() & ours)
        ground.later()
        wait_until(partial(leaving, ground, ours, before), seconds=ARRIVES_SECONDS, every=0.05)
        time.sleep(chance.uniform(0, 0.6))  # the moment of the kill is the experiment, not a wait
        ground.kill(target)
        tell(number, f"{target} killed, {before:,} messages left")


def leaving(ground: Ground, ours: set[str], before: int) -> bool:
    """Whether more messages left than before."""
    return len(ground.look().keys() & ours) > before


def settle(ground: Ground) -> None:
    """Let time pass until everything has left and every job is done."""

    def all_done() -> bool:
        ground.revive()
        with ground.work.units.open(Door.WORKER, by="system:test") as unit:
            return outbox_state(unit).open == 0

    wait_while_messages_leave(ground)
    # A job whose worker or database was killed waits until its lease ends, of which the screening's is the
    # longest; one that failed a few times waits up to half a minute.
    longest = max(ACTORS[actor_name(one.job)].lease_seconds or 0 for one in SCHEDULE)
    assert wait_until(all_done, seconds=180 + longest, every=0.5), open_jobs(ground.work)
    assert ground.naive is not None
    assert wait_until(ground.naive.ended, seconds=180 + ground.size.messages // 8)


def wait_while_messages_leave(ground: Ground) -> None:
    """Let time pass until everything has left; a busy machine is slow, so only a standstill is a failure."""
    sent, since = 0, time.monotonic()
    while sent < ground.size.messages:
        ground.later()
        found = states(ground.work)
        if found["sent"] > sent:
            sent, since = found["sent"], time.monotonic()
        assert time.monotonic() - since < STANDSTILL_SECONDS, found
        time.sleep(0.5)


def open_jobs(work: Wiring) -> list[Any]:
    """What is not done yet, and why."""
    return rows(
        work,
        "SELECT actor, generation, attempts, leased_until - clock_timestamp(), last_error FROM outbox"
        " WHERE done_at IS NULL AND quarantined_at IS NULL",
    )


def rows(work: Wiring, query: str) -> list[Any]:
    """What a worker reads."""
    with work.units.open(Door.WORKER, by="system:test") as unit:
        return list(unit.session.connection().execute(text(query)))


def our_ids(work: Wiring) -> set[str]:
    """Every message that is to leave."""
    return {row.id for row in rows(work, "SELECT id::text FROM message WHERE state <> 'cancelled'")}


def naive_ids(ground: Ground) -> set[str]:
    """Every message of the control."""
    assert ground.servers.postgres is not None
    with ground.servers.postgres.superuser(DATABASE) as connection:
        return {row[0] for row in connection.execute("SELECT id::text FROM naive_message")}


def states(work: Wiring) -> Counter[str]:
    """How many messages are in which state."""
    found = rows(work, "SELECT state, count(*) FROM message WHERE state <> 'cancelled' GROUP BY state")
    return Counter({row.state: row.count for row in found})


def channels(work: Wiring) -> Counter[str]:
    """How many messages go by which way."""
    found = rows(work, "SELECT channel, count(*) FROM message WHERE state <> 'cancelled' GROUP BY channel")
    return Counter({row.channel: row.count for row in found})


def provider_references(work: Wiring) -> dict[str, str]:
    """What we hold as proof of sending: what the provider knows each message by, a letter by its batch."""
    found = rows(
        work,
        "SELECT m.id::text, coalesce(m.provider_ref, (SELECT b.id::text FROM print_batch_letter l"
        "  JOIN print_batch b ON b.creditor_id = l.creditor_id AND b.id = l.batch_id"
        "  WHERE l.creditor_id = m.creditor_id AND l.message_id = m.id AND l.freed_at IS NULL"
        "  AND b.state IN ('on_press', 'printed', 'posted'))) AS ref FROM message m",
    )
    return {row.id: row.ref for row in found}


def reserved_again(work: Wiring) -> int:
    """How many messages were taken up once more, because their sender or its answer was lost."""
    return int(rows(work, "SELECT count(*) FROM message WHERE generation > 1")[0].count)


def show(console: Console, size: Size, outcome: Outcome) -> None:
    """Print the figures."""
    kills = ", ".join(f"{name} {outcome.kills.get(name, 0)}" for name in TARGETS)
    ways = ", ".join(f"{number:,} by {way}" for way, number in sorted(outcome.by_channel.items()))
    console.print(
        f"{size.kills} kills ({kills}) and {LOST_PERCENT} % lost answers in {outcome.seconds} s; {ways}"
    )
    table = Table("", "messages", "lost", "duplicated", box=None, padding=(0, 2), header_style="bold")
    for name, one in (("the agency", outcome.ours), ("send, then mark", outcome.naive)):
        table.add_row(name, f"{one.messages:,}", f"{one.lost:,}", f"{one.duplicated:,}")
    console.print(table)
    console.print(f"{outcome.reserved_again:,} were taken up again because a sender or an answer was lost")
    if outcome.unproven:
        console.print(f"{outcome.unproven:,} without proof of sending")
    if outcome.set_aside:
        console.print(
            f"{outcome.set_aside} jobs set aside after ten dead workers; the next of their kind went on"
        )


def run(size: Size, *, say: Console) -> Outcome:
    """This function will run in a folder of its own, and throw it away when everything held.

    :raises AssertionError: messages were still waiting long after the last kill; the folder is kept.
    """
    folder = Path(tempfile.mkdtemp(prefix="agency-crash-"))
    folder.chmod(0o711)
    try:
        with telling(say, total=size.kills, doing=f"preparing {size.messages:,} messages") as steps:
            steps.reach(0, f"preparing {size.messages:,} messages")
            with crash_ground(folder, size) as ground:
                outcome = crash(ground, tell=steps.reach)
    except AssertionError:
        say.print(f"What happened stands in {folder}.")
        raise
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if outcome.held:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        say.print(f"What happened stands in {folder}.")
    return outcome


def main() -> int:
    """This function will read the words and run."""
    words = argparse.ArgumentParser(prog="python3 dev crash", description=__doc__)
    words.add_argument("--messages", type=int, default=10_000, help="how many leave (default 10,000)")
    words.add_argument("--kills", type=int, default=200, help="how many kills meanwhile (default 200)")
    words.add_argument("--seed", type=int, default=7, help="another seed, other moments")
    words.add_argument("--json", action="store_true", help="print JSON and nothing else")
    given = words.parse_args()
    if not 0 < given.kills <= given.messages:
        words.error("there must be a kill, and not more kills than messages")
    size = Size(given.messages, given.kills, given.seed)
    # Who is asked to end cleans up as at Ctrl-C: a run in the background hears no Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        outcome = run(size, say=Console(stderr=True))
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped; nothing is kept of a run.")
        return STOPPED
    if given.json:
        json.dump(asdict(size) | asdict(outcome) | {"held": outcome.held}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        show(Console(), size, outcome)
    return 0 if outcome.held and outcome.naive.duplicated else BROKEN


if __name__ == "__main__":
    sys.exit(main())
