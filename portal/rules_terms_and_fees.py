"""Two more answers of `dev rules`: until when a claim can be enforced, and what a tariff asks."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from agency.money import Money
from agency.rules.facts import Law
from portal.rules_answers import Answer, Refused, about

Code = TypeVar("Code", bound=StrEnum)

PROOF = "stated by whoever asks"

LimitationLaw = Annotated[Literal["nl", "be", "de", "uk"], typer.Option(help="The law of the claim.")]
Event = Annotated[
    list[str],
    typer.Option(
        metavar="[KIND:]DATE",
        help="What renewed the term, once per event: a letter, or like acknowledgement:2026-03-01.",
    ),
]


def limitation(*, law: Law, kind: str, due: date, events: list[tuple[str, date]]) -> Answer:
    """This function will answer until when a claim can be enforced.

    :raises Refused: the law knows no such kind of claim or event, or a day is too early.
    """
    from agency.rules import limitation as rules

    claim = _one_of(rules.LimitationKind, kind, "--kind")
    with about("--kind"):
        rules.limitation(law=law, kind=claim, due=due)
    interruptions = [
        rules.Interruption(kind=_one_of(rules.InterruptionKind, event, "--interrupted"), on=on, proof=PROOF)
        for event, on in events
    ]
    with about("--interrupted"):
        found = rules.limitation(law=law, kind=claim, due=due, interruptions=interruptions)
    return Answer({"ends": found.ends}, found.trace)


def _one_of(codes: type[Code], text: str, option: str) -> Code:
    known = {str(code).replace("_", "-"): code for code in codes}
    if text not in known:
        raise Refused(option, f"{text!r} is not one of {', '.join(known)}")
    return known[text]


def fee(*, tariff: Path, collected: str, age_months: int) -> Answer:
    """This function will answer what a tariff asks for money collected, without VAT.

    :raises Refused: the file is no tariff, or the tariff does not take such a claim.
    """
    from agency.rules.tariff import tariff_fee
    from agency.rules.tariff_file import read_tariff

    try:
        content = tariff.read_bytes()
    except OSError as error:
        raise Refused("--tariff", f"cannot read {tariff}: {error.strerror}") from error
    with about("--tariff"):
        card = read_tariff(content)
    if age_months < 0:
        raise Refused("--age-months", "an age is not negative")
    with about("--collected"):
        amount = Money.parse(collected, card.currency)
        found = tariff_fee(tariff=card, collected=amount, age_months=age_months)
    return Answer({"percent": found.percent, "amount": found.amount}, found.trace)
