"""What a process that lives long does once everything it needs is loaded."""

import gc
from typing import Final

from agency.calendar import load_holidays

# Pages and jobs leave many objects behind that die by themselves: the default of 700 has the collector look
# for rings among them over and over.
_LOOK_AFTER: Final = 10_000
# Whose working days every process counts in; others are loaded when they are asked for.
_HOME: Final = ("NL", "BE")


def settle_in() -> None:
    """This function will leave all that is loaded out of garbage collection and have the rest looked at less
    often: classes, statements and templates stay for the life of the process."""
    load_holidays(_HOME)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOK_AFTER, 10, 10)
