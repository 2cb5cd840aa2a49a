"""What a creditor wants of collection, and the treatment path that follows from it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agency.rules.facts import DebtorKind, Law
from agency.rules.trace import Trace, TraceLine
from agency.rules.treatment_path import Signature, TreatmentPath, default_path, default_paths

_VERSION: Final = "2026-11-27"
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


def propose_path(
    *, law: Law, debtor: DebtorKind, emphasis: Emphasis, signature: Signature = Signature.creditor
) -> ProposedPath:
    """Choose the path that fits a creditor's goal; the term of a notice is the law's on every path.

    A path carries the goal as the end of its key: `nl-consumer-speed`. Where the house has none for a goal
    the path of everybody in the same name is taken, and the trace says so.
    """
    usual = default_path(law=law, debtor=debtor, signature=signature)
    found = usual if emphasis is Emphasis.balanced else _for_goal(usual, debtor, emphasis)
    outcome = f"goals.{emphasis.value}" if found else "goals.no_path"
    inputs = {
        "law": law.value, "debtor": debtor.value, "emphasis": emphasis.value, "name": signature.value,
    }  # fmt: skip
    return ProposedPath(found or usual, (TraceLine("house.goals", _VERSION, _SOURCE, inputs, outcome),))


def _for_goal(usual: TreatmentPath, debtor: DebtorKind, emphasis: Emphasis) -> TreatmentPath | None:
    """Return the path of a goal for the same law; outside the Netherlands and Belgium that of business."""
    wanted = debtor if debtor in usual.debtors else usual.debtors[0]
    return next(
        (
            path
            for path in default_paths()
            if path.key.endswith(f"-{emphasis.value}")
            and path.law is usual.law
            and wanted in path.debtors
            and path.signature in (Signature.either, usual.signature)
        ),
        None,
    )


def over_maximum(*, fee_bps: int, maximum_fee_bps: int | None) -> bool:
    """Tell whether a fee is more than a creditor wants to pay; without a maximum none is."""
    return maximum_fee_bps is not None and fee_bps > maximum_fee_bps
