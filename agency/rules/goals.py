"""What a creditor wants of collection, and the treatment path that follows from it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agency.rules.facts import DebtorKind, Law
from agency.rules.trace import Trace, TraceLine
from agency.rules.treatment import TreatmentPath, default_path, default_paths

_VERSION: Final = "2026-11-26"
_SOURCE: Final = "house rule: the creditor's goal steers pace and tone, never a term of law"


class Emphasis(StrEnum):
    """What matters most to a creditor."""

    speed = "speed"
    balanced = "balanced"
    relation = "relation"


@dataclass(frozen=True, slots=True)
class ProposedPath:
    """The path of a claim and why it is this one."""

    path: TreatmentPath
    trace: Trace


def propose_path(*, law: Law, debtor: DebtorKind, emphasis: Emphasis) -> ProposedPath:
    """Choose the path that fits a creditor's goal; the term of a notice is the law's on every path.

    A path carries the goal as the end of its key: `nl-consumer-speed`. Where the house has none for a goal
    the path of everybody is taken, and the trace says so.
    """
    usual = default_path(law=law, debtor=debtor)
    key = usual.key if emphasis is Emphasis.balanced else f"{usual.key}-{emphasis.value}"
    found = next((path for path in default_paths() if path.key == key), None)
    outcome = f"goals.{emphasis.value}" if found else "goals.no_path"
    inputs = {"law": law.value, "debtor": debtor.value, "emphasis": emphasis.value}
    return ProposedPath(found or usual, (TraceLine("house.goals", _VERSION, _SOURCE, inputs, outcome),))


def over_maximum(*, fee_bps: int, maximum_fee_bps: int | None) -> bool:
    """Tell whether a fee is more than a creditor wants to pay; without a maximum none is."""
    return maximum_fee_bps is not None and fee_bps > maximum_fee_bps
