"""What a check says: nothing, or one finding with its severity and a fixed sentence."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What follows: the row is not taken, it is taken with a warning, or its creditor is asked."""

    REJECT = "reject"
    WARN = "warn"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about a value. `reason` is a fixed sentence, to be translated; `source` is the rule's.

    `value` is what may be shown of the value: never a number that must not be kept.
    """

    field: str
    severity: Severity
    reason: str
    value: str = ""
    source: str = ""
