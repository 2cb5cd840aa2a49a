"""Grounds on which collection stops: what each stops, for how long, and what is then to be done."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agency.calendar import add_business_days, add_months, next_business_day
from agency.rules.facts import DebtorKind
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_DAY: Final = timedelta(days=1)
_ANY_COUNTRY: Final = "*"


class Ground(StrEnum):
    """Why nothing, or less, leaves for a claim."""

    dispute = "dispute"
    reasoned_dispute = "reasoned_dispute"
    says_paid = "says_paid"
    not_me = "not_me"
    complaint = "complaint"
    creditor_asked = "creditor_asked"
    promise = "promise"
    plan_kept = "plan_kept"
    plan_requested = "plan_requested"
    notice_running = "notice_running"
    debt_help = "debt_help"
    debt_help_notice = "debt_help_notice"
    debt_mediation = "debt_mediation"
    collective_settlement = "collective_settlement"
    moratorium = "moratorium"
    wsnp = "wsnp"
    bankruptcy = "bankruptcy"
    insolvency = "insolvency"
    guardianship = "guardianship"
    minor = "minor"
    deceased = "deceased"
    missing_information = "missing_information"
    reply_unread = "reply_unread"
    agreement_to_confirm = "agreement_to_confirm"
    price_to_agree = "price_to_agree"


class NoSuchHold(ValueError):
    """No rule knows this ground for such a debtor there: nobody may be held, or left alone, by mistake."""


class HoldTooLong(ValueError):
    """The hold would last longer than its rule allows, or is extended where nothing can be extended."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What a ground stops. `ends` is its last day; None lasts until somebody lifts it.

    `stops_contact`: no contact with the debtor of our own accord, also no call about the case.
    `stops_demands`: nothing that asks for payment; true whenever `stops_contact` is.
    `interest_stops_from`: the first day without interest; `stops_interest` tells whether there is one.
    `act_by`: the last day of our own term to do `what_to_do`, where the rule sets one.
    """

    ground: Ground
    since: date
    ends: date | None
    stops_contact: bool
    stops_demands: bool
    stops_interest: bool
    interest_stops_from: date | None
    stops_costs: bool
    what_to_do: tuple[str, ...]
    act_by: date | None
    trace: Trace


def hold_of(
    *,
    ground: Ground,
    country: str,
    debtor: DebtorKind,
    since: date,
    until: date | None = None,
    extended: bool = False,
) -> Hold:
    """Work out what a ground stops and when it ends.

    Belgium: a request for debt mediation stops everything for 45 calendar days from the first working day
    after it; a request for a plan stops the next step until the creditor decides, and interest after 30 days
    without a decision (WER Book XIX). Netherlands: a notice of debt help lasts at most four months, at most
    eight when extended (NVVK); a moratorium at most six (Wgs art. 5); in the WSNP no interest runs from the
    day of the ruling (Fw art. 303). The source of each ground stands in its row and in the trace.

    :param country: where the debtor lives (ISO 3166-1 alpha-2).
    :param since: the day of the request, the notice, the ruling or the promise; it picks the rule in force.
    :param until: the last day where a fact tells it: the promised day, the last day of a notice's term, the
        day of a decision. Grounds without a term of their own need it.
    :param extended: whether the term was extended as its rule allows.
    :raises NoSuchHold: when no rule knows the ground for this kind of debtor there on that day.
    :raises HoldTooLong: when it would last longer than the rule allows, or cannot be extended.
    :raises ValueError: when `until` is needed and missing, or before `since`.
    :raises UnknownCountry: when the term counts working days and the country's holidays are not known.
    """
    row = _row(ground, country, debtor, since)
    ends = _ends(row, country, since, until, extended)
    return _hold(row, country, debtor, since, ends)


def _hold(row: dict[str, Any], country: str, debtor: DebtorKind, since: date, ends: date | None) -> Hold:
    interest_from = _interest_stops_from(row, since, ends)
    act_by = _act_by(row, country, since)
    return Hold(
        ground=Ground(row["ground"]),
        since=since,
        ends=ends,
        stops_contact=row["stops"] == "contact",
        stops_demands=True,
        stops_interest=interest_from is not None,
        interest_stops_from=interest_from,
        stops_costs=row["costs"] == "from_start",
        what_to_do=tuple(row["do"]),
        act_by=act_by,
        trace=_trace(row, country, debtor, since, ends, interest_from, act_by),
    )


def stops_contact(*, ground: str, country: str, debtor: DebtorKind, on: date) -> bool:
    """Tell whether a ground forbids every contact, also a call about the case.

    A ground that no rule knows there forbids it: in doubt nobody is disturbed.
    """
    try:
        return bool(_row(Ground(ground), country, debtor, on)["stops"] == "contact")
    except ValueError:
        return True


def grounds_about_person(*, on: date) -> frozenset[str]:
    """Return the grounds that are about the debtor himself, so that they hold each of his claims."""
    row = row_in_force(read_table("holds")["person"], on)
    return frozenset(row["grounds"]) if row else frozenset()


def grounds_everywhere(*, on: date) -> frozenset[str]:
    """Return the grounds about the debtor that hold his claims of every creditor: death, and what a court or
    the law fixed against everybody. What he tells about one claim, or of his means, is not among them: it
    was told for that creditor's claim, and a notice of debt help goes to each creditor by itself."""
    row = row_in_force(read_table("holds")["person"], on)
    return frozenset(row["everywhere"]) if row else frozenset()


def is_about_person(*, ground: str, on: date) -> bool:
    """Tell whether a ground is about the debtor himself."""
    return ground in grounds_about_person(on=on)


def grounds_of(*, country: str, debtor: DebtorKind, on: date) -> tuple[Ground, ...]:
    """Return the grounds that have a rule for such a debtor there on a day, in their own order."""
    return tuple(ground for ground in Ground if _has_rule(ground, country, debtor, on))


def _has_rule(ground: Ground, country: str, debtor: DebtorKind, on: date) -> bool:
    try:
        _row(ground, country, debtor, on)
    except NoSuchHold:
        return False
    return True


@lru_cache(maxsize=4096)
def _row(ground: Ground, country: str, debtor: DebtorKind, on: date) -> dict[str, Any]:
    rows = [
        row for row in read_table("holds")["hold"] if row["ground"] == ground and debtor in row["debtors"]
    ]
    here = row_in_force((row for row in rows if row["country"] == country), on)
    row = here or row_in_force((row for row in rows if row["country"] == _ANY_COUNTRY), on)
    if row is None:
        raise NoSuchHold(f"no rule on {ground} for a {debtor} in {country} on {on}")
    return row


def _ends(row: dict[str, Any], country: str, since: date, until: date | None, extended: bool) -> date | None:
    if extended and "longest_extended" not in row:
        raise HoldTooLong(f"{row['ground']} cannot be extended: {row['source']}")
    if until is not None and until < since:
        raise ValueError("a hold does not end before it begins")
    if row["term"] == "told" and until is None:
        raise ValueError(f"{row['ground']} has no term of its own: tell its last day")
    longest = _longest(row, country, since, extended)
    if until is not None and longest is not None and until > longest:
        raise HoldTooLong(f"{row['ground']} from {since} lasts to {longest} at most: {row['source']}")
    return until or longest


def _longest(row: dict[str, Any], country: str, since: date, extended: bool) -> date | None:
    """Return the last day that the rule itself gives; None when it gives none."""
    count: int = row["longest_extended"] if extended else row.get("count", 0)
    if row["term"] == "months":
        return add_months(since, count)
    if row["term"] == "days":
        return since + timedelta(days=count)
    if row["term"] == "days_from_working_day":
        return next_business_day(country=country, day=since + _DAY) + timedelta(days=count - 1)
    return None


def _interest_stops_from(row: dict[str, Any], since: date, ends: date | None) -> date | None:
    if row["interest"] == "none":
        return None
    first = since + timedelta(days=row["interest_days"] + 1) if row["interest"] == "after_days" else since
    return first if ends is None or first <= ends else None


def _act_by(row: dict[str, Any], country: str, since: date) -> date | None:
    if "act_within" not in row:
        return None
    if row["act_unit"] == "months":
        return add_months(since, row["act_within"])
    return add_business_days(country=country, day=since, count=row["act_within"])


def _trace(
    row: dict[str, Any],
    country: str,
    debtor: DebtorKind,
    since: date,
    ends: date | None,
    interest_from: date | None,
    act_by: date | None,
) -> Trace:
    facts = {
        "ground": row["ground"], "country": country, "debtor": debtor.value, "since": since.isoformat(),
        "basis": row["basis"], "doubt": row.get("doubt", ""),
    }  # fmt: skip

    def line(outcome: str, **more: str) -> TraceLine:
        return TraceLine(
            rule=f"{'house' if row['basis'] == 'house' else country.lower()}.hold.{row['ground']}",
            version=row["since"].isoformat(),
            source=row["source"],
            inputs=facts | more,
            outcome=f"holds.{outcome}",
        )

    lines = [line("until_lifted") if ends is None else line("until", ends=ends.isoformat())]
    lines.append(line(f"stops_{row['stops']}"))
    if interest_from is not None:
        lines.append(line("stops_interest", first=interest_from.isoformat()))
    if row["costs"] == "from_start":
        lines.append(line("stops_costs"))
    lines += [line(to_do) for to_do in row["do"]]
    if act_by is not None:
        lines.append(line("act_by", last=act_by.isoformat()))
    return tuple(lines)
