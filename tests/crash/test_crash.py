"""500 messages leave while worker, relay, PostgreSQL and Valkey are killed or emptied twenty times: each
arrives once. The full size is `dev crash`.

Beside it, under the same kills and lost answers, a program that sends and then marks: it must send twice.
"""

import pytest

from tests.crash.ground import Size, crash_ground
from tests.crash.running import TARGETS, crash

# Each of four workers that are killed starts anew: on a machine with other work to do that takes minutes.
pytestmark = [pytest.mark.crash, pytest.mark.timeout(1500)]

SIZE = Size(messages=500, kills=20, seed=7)


def test_kills_lose_and_duplicate_nothing(data_folder, capsys):
    with crash_ground(data_folder, SIZE) as ground:
        outcome = crash(ground)
    with capsys.disabled():
        print(f"\n{outcome}")  # noqa: T201 - the figures are the result
    assert set(outcome.kills) == set(TARGETS)
    assert set(outcome.by_channel) == {"email", "letter", "sms"}
    assert (outcome.ours.lost, outcome.ours.duplicated) == (0, 0)
    assert outcome.states == {"sent": SIZE.messages}
    # What we hold as proof of sending is what the provider knows the message by.
    assert (outcome.unproven, outcome.set_aside) == (0, 0)
    assert outcome.held
    assert outcome.naive.duplicated > 0
