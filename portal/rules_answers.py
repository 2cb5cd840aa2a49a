"""What `dev rules` answers: the rules asked with plain values, and their answer with its trace.

Every function raises what the rules raise; `about` says which option of the command line it concerns.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from agency.money import Money
from agency.rules.facts import Channel, DebtorKind, InterestKind, Law
from agency.rules.trace import Trace

_CURRENCIES: Final = {Law.uk: "GBP"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The named parts of an answer, in the order in which they are shown, and how it came about."""

    parts: dict[str, Any]
    trace: Trace = ()


class Refused(Exception):
    """A value cannot be used, or the law gives no answer; `option` names what to change."""

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(f"{option}: {reason}")
        self.option = option
        self.reason = reason


@contextmanager
def about(option: str) -> Iterator[None]:
    """This function will say that what fails in the block concerns an option.

    :raises Refused: the block was refused by a rule, or a value in it was wrong.
    """
    try:
        yield
    except (ValueError, LookupError, OverflowError) as refusal:
        raise Refused(option, str(refusal.args[0]) if refusal.args else type(refusal).__name__) from refusal


def currency_of(law: Law) -> str:
    """This function will return the currency in which a law's amounts are asked here."""
    return _CURRENCIES.get(law, "EUR")


def costs(
    *,
    law: Law,
    debtor: DebtorKind,
    principals: Sequence[Money],
    on: date,
    vat_deductible: bool,
    clause_agreed: bool,
    paid_within_term: Money | None,
    fee_rate: Decimal | None,
) -> Answer:
    """This function will answer what may be claimed for collection.

    :raises Refused: the law allows no such costs.
    """
    from agency.rules.costs import collection_costs

    asked: dict[str, Any] = {"paid_within_term": paid_within_term, "fee_rate": fee_rate}
    # What was not asked for is left out, so that the rule's own defaults stand.
    given = {name: value for name, value in asked.items() if value is not None}

    def ask(**more: Any) -> Any:
        return collection_costs(
            law=law,
            debtor=debtor,
            principals=principals,
            on=on,
            vat_deductible=vat_deductible,
            clause_agreed=clause_agreed,
            **more,
        )

    with about(_to_blame(ask, given)):
        found = ask(**given)
    return Answer({"amount": found.amount, "vat": found.vat, "total": found.total}, found.trace)


def _to_blame(ask: Callable[..., Any], given: dict[str, Any]) -> str:
    """Return the option without which the rule would have answered; else the day, which picks the rule."""
    for name in given:
        with suppress(ValueError, LookupError, OverflowError):
            ask(**{other: value for other, value in given.items() if other != name})
            return f"--{name.replace('_', '-')}"
    return "--on"


def interest(
    *,
    law: Law,
    kind: InterestKind,
    principal: Money,
    first_day: date,
    last_day: date,
    late_since: date | None,
    simple: bool,
) -> Answer:
    """This function will answer the interest over a period; both days count.

    :raises Refused: no rate is known, or a value is wrong.
    """
    from agency.rules.interest import interest as compute
    from agency.rules.rates import rate_table

    with about("--kind"):
        rate_table(law=law, kind=kind)
    if principal.minor < 0:
        raise Refused("--principal", "interest runs over what is owed, not over a credit")
    if late_since is not None and late_since > first_day:
        raise Refused("--late-since", "interest does not run before the default")
    with about("--first-day"):
        found = compute(
            law=law,
            kind=kind,
            principal=principal,
            first_day=first_day,
            last_day=last_day,
            late_since=late_since,
            simple=simple,
        )
    segments = [
        {
            "first_day": one.first_day,
            "last_day": one.last_day,
            "days": one.days,
            "base": one.base,
            "percent": one.percent,
            "amount": one.amount,
            "source": one.source,
        }
        for one in found.segments
    ]
    return Answer({"amount": found.amount, "segments": segments}, found.trace)


def rate(*, law: Law, kind: InterestKind, on: date) -> Answer:
    """This function will answer the statutory rate in force on a day.

    :raises Refused: the law has no such rate, or not yet on that day.
    """
    from agency.rules.rates import rate_table

    with about("--kind"):
        table = rate_table(law=law, kind=kind)
    with about("--on"):
        found = table.at(on)
    return Answer({"percent": found.percent, "since": found.since, "source": found.source})


def allocate(*, law: Law, paid: Money, costs: Money, interest: Money, principal: Money) -> Answer:
    """This function will answer what a payment pays off.

    :raises Refused: an amount is negative.
    """
    from agency.rules.allocation import allocate as divide

    for option, amount in {
        "--pay": paid,
        "--costs": costs,
        "--interest": interest,
        "--principal": principal,
    }.items():
        if amount.minor < 0:
            raise Refused(option, "a payment and what it pays off are not negative")
    with about("--pay"):
        found = divide(law=law, paid=paid, costs=costs, interest=interest, principal=principal)
    parts = {
        "costs": found.costs,
        "interest": found.interest,
        "principal": found.principal,
        "over": found.over,
    }
    return Answer(parts, found.trace)


def notice(*, law: Law, by: Literal["post", "email"], sent: date) -> Answer:
    """This function will answer when the term of a notice runs out.

    :raises Refused: no rule on notices was in force.
    """
    from agency.rules.notice import notice_term

    with about("--sent"):
        found = notice_term(law=law, by=by, sent=sent)
    parts = {"delivered": found.delivered, "last_day": found.last_day, "costs_from": found.costs_from}
    return Answer(parts, found.trace)


def contact(
    *, country: str, region: str | None, channel: Channel, debtor: DebtorKind, at: datetime
) -> Answer:
    """This function will answer whether a debtor may be contacted; `next` is on the debtor's clock.

    :raises Refused: the country is not known, or the moment has no zone.
    """
    from agency.calendar import zone_of
    from agency.rules.contact import contact_window

    with about("--country"):
        zone = zone_of(country, region)
    with about("--at"):
        found = contact_window(country=country, region=region, channel=channel, debtor=debtor, at=at)
    again = found.next_slot.astimezone(zone)
    return Answer({"allowed": found.allowed, "reasons": list(found.reasons), "next": again}, found.trace)
