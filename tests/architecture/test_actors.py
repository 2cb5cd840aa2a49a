"""Every job that the code can write is known to the worker that runs it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# In a process of its own: what other tests have imported must not help the worker.
LIST_UNKNOWN = """
import pkgutil
from importlib import import_module
import portal.worker
from agency.kernel.actor import ACTORS
known = set(ACTORS)
import agency
for module in pkgutil.walk_packages(agency.__path__, "agency."):
    import_module(module.name)
print(len(ACTORS), *sorted(set(ACTORS) - known))
"""


def test_every_actor_is_known_to_the_worker():
    listed = subprocess.run(
        [sys.executable, "-c", LIST_UNKNOWN],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert listed.returncode == 0, listed.stderr
    count, *unknown = listed.stdout.split()
    assert int(count) > 5, "the walk finds no actors"
    assert unknown == [], "declare these in the room's jobs.py: the worker refuses jobs it has not heard of"
