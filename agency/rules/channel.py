"""Which ways of contact are open: to whom, in which phase, and with what announced or shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agency.rules.facts import Channel, DebtorKind, Phase
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_ANY_COUNTRY: Final = "*"


class Recipient(StrEnum):
    """Who would be spoken or written to about the debt."""

    debtor = "debtor"
    representative = "representative"
    family = "family"
    neighbour = "neighbour"
    employer = "employer"
    somebody_else = "somebody_else"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """What is known about one way of contact with one debtor.

    `consent_withdrawn` is an objection to this way of contact; to letters nobody consents, so it cannot be
    withdrawn. `announced`, `identified` and `refused` are about a visit: announced in writing with the
    visitor's name, the visitor carries an identification, the debtor said no.
    """

    recipient: Recipient = Recipient.debtor
    contact_point_ok: bool = True
    consent_withdrawn: bool = False
    announced: bool = False
    identified: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class ChannelDecision:
    """Whether this way is open; `by_law` are those of the `reasons` that the law gives and not the house."""

    allowed: bool
    reasons: tuple[str, ...]
    by_law: tuple[str, ...]
    trace: Trace


@lru_cache(maxsize=2048)
def channel_allowed(
    *, country: str, debtor: DebtorKind, phase: Phase, channel: Channel, facts: ChannelFacts, on: date
) -> ChannelDecision:
    """Decide whether a debtor may be reached by a way at all; `contact_window` says at which hours.

    Only the debtor and who represents him are spoken to: in Belgium the law itself forbids collection from
    anybody else (WER Book XIX), elsewhere secrecy does (GDPR art. 5(1)(f)). A visit is announced in writing
    with the visitor's name, the visitor can identify himself, and the debtor may refuse it (law of 20
    December 2002 art. 5; NVI code). A Belgian consumer is called or texted only after the formal notice (WER
    art. XIX.7). From the phase of execution on the bailiff acts, not the agency.

    :param country: where the debtor lives (ISO 3166-1 alpha-2).
    :param on: the day of the contact; it picks the rule in force.
    """
    row = _row(country, channel, on)
    needs = _needs(facts, channel)
    phases = row.get("protected_phases", row["phases"]) if debtor in row["protects"] else row["phases"]
    reasons = [] if phase in phases else [_closed_phase(phase)]
    reasons += [needs[need] for need in row["needs"] if needs.get(need)]
    law = {needs.get(need) for need in row["law"]} if debtor in row["protects"] else set()
    if phase in set(row["phases"]) - set(phases):
        law.add(_closed_phase(phase))
    by_law = tuple(reason for reason in reasons if reason in law)
    inputs = {
        "country": country, "debtor": debtor.value, "phase": phase.value, "channel": channel.value,
        "recipient": facts.recipient.value,
    }  # fmt: skip
    lines = tuple(_line(row, inputs, reason, reason in law) for reason in reasons)
    return ChannelDecision(
        allowed=not reasons,
        reasons=tuple(reasons),
        by_law=by_law,
        trace=lines or (_line(row, inputs, "channel_open", False),),
    )


def _needs(facts: ChannelFacts, channel: Channel) -> Mapping[str, str]:
    """Return the needs that are not met, each with the reason that it gives."""
    unmet = {
        "to_the_debtor": (
            facts.recipient not in (Recipient.debtor, Recipient.representative), "third_party",
        ),
        "contact_point": (not facts.contact_point_ok, "contact_point_broken"),
        "consent": (facts.consent_withdrawn and channel is not Channel.letter, "consent_withdrawn"),
        "announced": (not facts.announced, "visit_not_announced"),
        "identified": (not facts.identified, "visitor_not_identified"),
        "not_refused": (facts.refused, "visit_refused"),
    }  # fmt: skip
    return {need: reason for need, (missing, reason) in unmet.items() if missing}


def _closed_phase(phase: Phase) -> str:
    return "with_bailiff" if phase is Phase.execution else "channel_not_in_phase"


@lru_cache(maxsize=2048)
def _row(country: str, channel: Channel, on: date) -> dict[str, Any]:
    rows = [row for row in read_table("contact")["channel"] if channel in row["channels"]]
    here = row_in_force((row for row in rows if row["country"] == country), on)
    row = here or row_in_force((row for row in rows if row["country"] == _ANY_COUNTRY), on)
    assert row is not None, "the rule of the house has always been in force"
    return row


def _line(row: dict[str, Any], inputs: dict[str, str], reason: str, by_law: bool) -> TraceLine:
    where = "house" if row["country"] == _ANY_COUNTRY else row["country"].lower()
    return TraceLine(
        rule=f"{where}.channel",
        version=row["since"].isoformat(),
        source=row["source"] if by_law else f"house rule, after: {row['source']}",
        inputs=inputs,
        outcome=f"contact.{reason}",
    )
