"""The Dutch fourteen-day letter to a consumer: what a correct one says, and what a wrong one costs."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from agency.money import Money
from agency.rules.costs import CostConditions, Costs, VatPosition, collection_costs
from agency.rules.facts import DebtorKind, Law
from agency.rules.lawful_costs import costs_of
from agency.rules.notice import NoticeTerm, notice_term
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine

_NO_VAT: Final = VatPosition(deductible=True)


class WrongLetter(ValueError):
    """A letter that would earn no costs, so that it may not be made; the message says why."""


class CountedFrom(StrEnum):
    """From when a letter counts its term, in its own words."""

    day_after_delivery = "day_after_delivery"
    delivery = "delivery"
    other = "other"


@dataclass(frozen=True, slots=True)
class FourteenDayLetter:
    """What the letter must say: the exact costs, one of two wordings of the term, and the declaration on VAT.

    Sentences are given by language; the Dutch ones are for the letter, the others for whoever reads along.
    `vat_declaration` is empty when no VAT is raised.
    """

    costs: Costs
    term: NoticeTerm
    wordings: tuple[Mapping[str, str], Mapping[str, str]]
    vat_declaration: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLetter:
    """A letter that somebody sent, as it can be read and proven.

    `default_since` is the first day of default. `days` is the term as written, None when there is none.
    `costs` and `vat` are the amounts as written, None when the letter names none. `vat_position` tells
    whether VAT could be raised and was declared. `arrival_proven` is False when the debtor says it never
    came and the creditor cannot show that it did.
    """

    principals: Sequence[Money]
    sent: date
    default_since: date
    days: int | None
    counted_from: CountedFrom
    costs: Money | None
    vat: Money | None = None
    vat_position: VatPosition = _NO_VAT
    consequences_stated: bool = True
    arrival_proven: bool = True


@dataclass(frozen=True, slots=True)
class LetterVerdict:
    """The faults of a letter by name, and the costs that it earns: all or nothing."""

    faults: tuple[str, ...]
    costs: Costs


def fourteen_day_letter(
    *,
    principals: Sequence[Money],
    sent: date,
    by: Literal["post", "email"],
    default_since: date,
    vat: VatPosition | None = None,
    days: int | None = None,
) -> FourteenDayLetter:
    """Work out a correct letter: its costs, its term and the sentences that courts accept.

    BW 6:96(6); HR ECLI:NL:HR:2016:2704. A declaration that VAT cannot be set off is part of it when `vat`
    says that VAT is raised.

    :param default_since: the first day on which the debtor is in default; a letter before it is void.
    :param days: a term of more than fourteen days.
    :raises WrongLetter: when it would be sent before default, give a shorter term, or announce no costs.
    :raises UnlawfulCosts, NoNoticeTerm: when no rule was in force.
    """
    rule = _rule(sent)
    given = rule["shortest"] if days is None else days
    if sent < default_since:
        raise WrongLetter(f"sent on {sent}, before default set in on {default_since}")
    if given < rule["shortest"]:
        raise WrongLetter(f"a term of {given} days is shorter than {rule['shortest']}")
    costs = _lawful(principals, sent, vat or _NO_VAT)
    if not costs.total:
        raise WrongLetter(f"no costs may be announced: {costs.trace[-1].outcome}")
    return FourteenDayLetter(
        costs=costs,
        term=notice_term(law=Law.nl, by=by, sent=sent, days=given),
        wordings=_wordings(given, rule["shortest"]),
        vat_declaration=_sentences("letter_vat") if costs.vat else {},
    )


def wrong_letter(letter: SentLetter) -> LetterVerdict:
    """Judge a letter as a court does, also when nobody appears: one fault and it earns nothing at all.

    Too short or unclear a term, a wrong or missing amount, sent before default, VAT that was not declared: a
    fault is repaired only by a new, correct letter. A longer term is no fault, and VAT that is left out is
    none either.

    :raises UnlawfulCosts: when the scale was not in force or not in that currency.
    """
    raised = bool(letter.vat)
    lawful = _lawful(letter.principals, letter.sent, letter.vat_position if raised else _NO_VAT)
    faults = tuple(_faults(letter, lawful))
    if not faults:
        return LetterVerdict(faults=(), costs=lawful)
    zero = Money.zero(lawful.total.currency)
    lines = [_fault_line(fault, letter, lawful, zero) for fault in faults]
    return LetterVerdict(faults=faults, costs=costs_of(lines, currency=zero.currency))


def _faults(letter: SentLetter, lawful: Costs) -> list[str]:
    shortest = _rule(letter.sent)["shortest"] + (letter.counted_from is CountedFrom.delivery)
    undeclared = bool(letter.vat) and not letter.vat_position.declared
    wrong_vat = not undeclared and letter.vat is not None and letter.vat != lawful.vat
    found = {
        "before_default": letter.sent < letter.default_since,
        "no_term": letter.days is None,
        "unclear_term": letter.days is not None and letter.counted_from is CountedFrom.other,
        "short_term": letter.days is not None and letter.days < shortest,
        "no_amount": letter.costs is None,
        "wrong_amount": letter.costs is not None and (letter.costs != lawful.amount or wrong_vat),
        "vat_undeclared": undeclared,
        "no_consequences": not letter.consequences_stated,
        "not_received": not letter.arrival_proven,
    }
    return [fault for fault, holds in found.items() if holds]


def _fault_line(fault: str, letter: SentLetter, lawful: Costs, zero: Money) -> TraceLine:
    row = next(row for row in read_table("notice")["letter_fault"] if row["fault"] == fault)
    inputs = {
        "sent": letter.sent.isoformat(),
        "default_since": letter.default_since.isoformat(),
        "days": str(letter.days or 0),
        "lawful": str(lawful.total),
    }
    rule = _rule(letter.sent)
    return TraceLine(
        rule=rule["rule"],
        version=rule["since"].isoformat(),
        source=row["source"],
        inputs=inputs,
        outcome=f"notice.fault_{fault}",
        amount=zero,
    )


def _lawful(principals: Sequence[Money], sent: date, vat: VatPosition) -> Costs:
    return collection_costs(
        law=Law.nl,
        debtor=DebtorKind.consumer,
        principals=principals,
        on=sent,
        conditions=CostConditions(vat=vat),
    )


def _rule(on: date) -> dict[str, Any]:
    row = row_in_force(read_table("notice")["letter"], on)
    if row is None:
        raise WrongLetter(f"the rule on the fourteen-day letter was not in force on {on}")
    return row


def _wordings(days: int, shortest: int) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return both wordings of a term; the shortest one in the very words that courts have accepted."""
    if days == shortest:
        return _sentences("letter_safe_day_after"), _sentences("letter_safe_delivery")
    day_after, delivery = _sentences("letter_day_after"), _sentences("letter_delivery")
    return (
        {language: text.format(days=days) for language, text in day_after.items()},
        {language: text.format(days=days + 1) for language, text in delivery.items()},
    )


@cache
def _sentences(key: str) -> Mapping[str, str]:
    text = files("agency.rules").joinpath("words/notice.toml").read_text(encoding="utf-8")
    found: Mapping[str, str] = tomllib.loads(text)[key]
    return found
