"""What a process that lives long does once everything it needs is loaded."""

import gc
from typing import Final

# A page or a job leaves some thousands of objects behind that die by themselves; with the default of 700
# the collector goes looking for rings among them a dozen times in each.
_LOOK_AFTER: Final = 10_000


def settle_in() -> None:
    """This function will leave all that is loaded out of garbage collection and have the rest looked at less
    often: some hundred thousand classes, statements and templates stay for the life of the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOK_AFTER, 10, 10)
