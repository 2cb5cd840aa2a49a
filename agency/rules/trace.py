"""The trace of a decision: which rule, of which version and source, made what out of what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agency.money import Money


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One step of a decision, readable by a judge or an inspector.

    `rule` is a stable name such as "nl.bik", `version` the day the rule took effect or the version of the
    card, `source` the article or document, `inputs` what it looked at, `outcome` what it decided.
    """

    rule: str
    version: str
    source: str
    inputs: dict[str, str]
    outcome: str
    amount: Money | None = None


Trace = tuple[TraceLine, ...]


def as_json(trace: Iterable[TraceLine]) -> list[dict[str, Any]]:
    """Return the trace as plain lists and dictionaries, ready for a JSON column."""
    return [
        {
            "rule": line.rule,
            "version": line.version,
            "source": line.source,
            "inputs": dict(line.inputs),
            "outcome": line.outcome,
            "amount": None
            if line.amount is None
            else {"minor": line.amount.minor, "currency": line.amount.currency},
        }
        for line in trace
    ]


def from_json(lines: Sequence[Mapping[str, Any]]) -> Trace:
    """Read back what `as_json` wrote.

    :raises KeyError: when a field is missing.
    """
    return tuple(
        TraceLine(
            rule=line["rule"],
            version=line["version"],
            source=line["source"],
            inputs=dict(line["inputs"]),
            outcome=line["outcome"],
            amount=None
            if line["amount"] is None
            else Money(line["amount"]["minor"], line["amount"]["currency"]),
        )
        for line in lines
    )
