"""How long what holds personal data is kept, and what stands in the way of erasing it after that."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agency.calendar.months import add_months
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

ANY: Final = "any"
"""Stands where a country would for a term that holds under every law."""
FILES: Final = frozenset({"claim_file"})
"""Kinds that are the file of an assignment, which Bki art. 5.1(4) puts a floor under."""


class Kind(StrEnum):
    """A kind of data that is kept, and erased, together."""

    CLAIM_FILE = "claim_file"
    UNACCEPTED_CLAIM = "unaccepted_claim"
    BOOKS = "books"
    INTAKE_FILE = "intake_file"
    INTAKE_REJECT = "intake_reject"
    UNCLAIMED_UPLOAD = "unclaimed_upload"
    UNMATCHED_MAIL = "unmatched_mail"
    CREDITOR_MAIL = "creditor_mail"
    PROVIDER_NOTICE = "provider_notice"
    PROGRAM_ANSWER = "program_answer"
    SESSION = "session"
    USER = "user"
    CREDIT_CHECK = "credit_check"
    PRICE_REQUEST = "price_request"
    BOOKKEEPING_LIST = "bookkeeping_list"


class Obstacle(StrEnum):
    """What stands in the way of erasing although the time is over."""

    LEGAL_HOLD = "legal_hold"
    NOT_CLOSED = "not_closed"
    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    OPEN_MONEY = "open_money"
    UNPAID_PAYOUT = "unpaid_payout"
    PLAN = "plan"
    INQUIRY = "inquiry"
    TITLE = "title"  # the creditor can still bring the claim to court


class Verdict(StrEnum):
    """What becomes of a thing on a day."""

    KEPT = "kept"
    HELD = "held"
    DUE = "due"


class RequestKind(StrEnum):
    """What a person asks: to see what is kept of him (GDPR art. 15), or to have it erased (art. 17)."""

    ACCESS = "access"
    ERASURE = "erasure"


class Answer(StrEnum):
    """What a person is answered."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"


class TooShort(ValueError):
    """A table lets the file of an assignment go before the law does."""


@dataclass(frozen=True, slots=True)
class Term:
    """One reason to keep a kind of data for some months."""

    key: str
    months: int
    starts: str
    whole_years: bool
    since: date
    basis: str
    source: str

    def over_on(self, begun: date) -> date:
        """Return the first day on which this reason has ended."""
        first = date(begun.year + 1, 1, 1) if self.whole_years else begun
        return add_months(first, self.months)


@dataclass(frozen=True, slots=True)
class RetentionDecision:
    """Kept, held by something, or due; `due_on` is the first day on which it may be erased."""

    verdict: Verdict
    due_on: date | None
    obstacles: tuple[Obstacle, ...]
    trace: Trace


@dataclass(frozen=True, slots=True)
class RunRules:
    """What is asked of a run, and how long a person waits for an answer."""

    least_file_months: int
    answer_months: int
    longer_months: int
    claims_max: int
    since: date
    source: str


@lru_cache(maxsize=256)
def terms_of(*, kind: Kind, country: str, on: date) -> tuple[Term, ...]:
    """This function will return every reason to keep a kind of data under a country's law, the longest first.

    A row for the country goes before one for any of the same key. Legal source: each row's own, in
    `tables/retention.toml`.

    :raises TooShort: the file of an assignment would be kept for less than Bki art. 5.1(4) asks.
    """
    rows = [row for row in read_table("retention")["term"] if row["kind"] == kind]
    keys = dict.fromkeys(row["key"] for row in rows)
    found = [row for key in keys if (row := _in_force(rows, key, country, on)) is not None]
    terms = sorted(map(_term, found), key=lambda one: (-one.months, one.key))
    least = run_rules(on=on).least_file_months
    if kind in FILES and (not terms or terms[0].months < least):
        raise TooShort(f"{kind} is kept for at least {least} months after closing (Bki art. 5.1(4))")
    return tuple(terms)


@lru_cache(maxsize=64)
def run_rules(*, on: date) -> RunRules:
    """This function will return what is asked of a run on a day. Source: Bki art. 5.1(4), GDPR art. 12(3)."""
    row = row_in_force(read_table("retention")["run"], on)
    assert row is not None, "the rule of the house has always been in force"
    least = max(row["least_file_months"], 24)
    return RunRules(
        least, row["answer_months"], row["longer_months"], row["claims_max"], row["since"], row["source"]
    )


def due_on(*, kind: Kind, country: str, begun: date, on: date) -> date:
    """This function will return the first day on which a thing may be erased, by the rules in force on a day.

    :param begun: the day the term counts from: of closing, receiving, booking or ending.
    """
    return max(term.over_on(begun) for term in terms_of(kind=kind, country=country, on=on))


def last_begun(*, kind: Kind, country: str, on: date) -> date:
    """This function will return the latest day from which a term that began on it is over on a day.

    What began later is younger than its term. The inverse of `due_on`, for asking a database.
    """
    return min(_latest(term, on) for term in terms_of(kind=kind, country=country, on=on))


def decide(
    *, kind: Kind, country: str, begun: date | None, on: date, obstacles: Collection[Obstacle] = ()
) -> RetentionDecision:
    """This function will decide whether a thing is kept, held by something, or due for erasing on a day.

    :param begun: the day the term counts from; None while it has not begun, as for a claim that is open.
    """
    ordered = tuple(sorted(set(obstacles), key=list(Obstacle).index))
    if begun is None:
        ordered = (Obstacle.NOT_CLOSED, *(one for one in ordered if one is not Obstacle.NOT_CLOSED))
        return RetentionDecision(Verdict.HELD, None, ordered, tuple(_held(one, on) for one in ordered))
    terms = terms_of(kind=kind, country=country, on=on)
    lines = tuple(_line(kind, country, term, begun, on) for term in terms)
    day = max(term.over_on(begun) for term in terms)
    if on < day:
        return RetentionDecision(Verdict.KEPT, day, ordered, lines)
    if ordered:
        return RetentionDecision(Verdict.HELD, day, ordered, lines + tuple(_held(one, on) for one in ordered))
    return RetentionDecision(Verdict.DUE, day, (), lines)


def answer_by(*, received: date, extended: bool = False, on: date) -> date:
    """This function will return the last day of an answer to a person. Source: GDPR art. 12(3)."""
    rules = run_rules(on=on)
    return add_months(received, rules.answer_months + (rules.longer_months if extended else 0))


def answer_to_erasure(decisions: Sequence[RetentionDecision], *, on: date) -> tuple[Answer, Trace]:
    """This function will decide on a person's wish to be erased, claim by claim of his.

    What a legal duty keeps is refused under art. 17(3)(b), what may be needed in a dispute under art.
    17(3)(e); what nothing keeps is granted.
    """
    kept = [one for one in decisions if one.verdict is not Verdict.DUE]
    if not kept:
        return Answer.GRANTED, (_answer("granted", "GDPR art. 17(1)", on, {}),)
    lines: list[TraceLine] = []
    terms = [one for one in kept if one.verdict is Verdict.KEPT]
    held = [one for one in kept if one.verdict is Verdict.HELD]
    if terms:
        last = max(one.due_on for one in terms if one.due_on)
        inputs = {"count": str(len(terms)), "until": last.isoformat()}
        lines.append(_answer("refused_duty", "GDPR art. 17(3)(b)", on, inputs))
    if held:
        lines.append(_answer("refused_claims", "GDPR art. 17(3)(e)", on, {"count": str(len(held))}))
        lines += [_held(one, on) for one in dict.fromkeys(o for row in held for o in row.obstacles)]
    given = Answer.PARTLY if len(kept) < len(decisions) else Answer.REFUSED
    return given, tuple(lines)


def _latest(term: Term, on: date) -> date:
    if term.whole_years:
        return date(add_months(date(on.year, 1, 1), -term.months).year - 1, 12, 31)
    day = add_months(on, -term.months)
    # From a month's last day the way back and forth is not the same: go to the last one that is over.
    later = [date.fromordinal(day.toordinal() + step) for step in range(4)]
    return max(one for one in (*later, day) if term.over_on(one) <= on)


def _in_force(rows: Sequence[dict[str, Any]], key: str, country: str, on: date) -> dict[str, Any] | None:
    same = [row for row in rows if row["key"] == key]
    own = [row for row in same if row["country"] == country]
    return row_in_force(own or [row for row in same if row["country"] == ANY], on)


def _term(row: dict[str, Any]) -> Term:
    return Term(
        row["key"],
        row["months"],
        row["starts"],
        row["whole_years"],
        row["since"],
        row["basis"],
        row["source"],
    )


def _line(kind: Kind, country: str, term: Term, begun: date, on: date) -> TraceLine:
    day = term.over_on(begun)
    return TraceLine(
        rule=f"{country}.retention.{kind.value}.{term.key}",
        version=term.since.isoformat(),
        source=term.source,
        inputs={
            "kind": kind.value,
            "months": str(term.months),
            "starts": f"retention_{term.starts}",
            "begun": begun.isoformat(),
            "due_on": day.isoformat(),
        },
        outcome=f"retention.{'kept' if on < day else 'over'}{'_years' if term.whole_years else ''}",
    )


def _held(obstacle: Obstacle, on: date) -> TraceLine:
    rules = run_rules(on=on)
    return TraceLine(
        rule=f"retention.held.{obstacle.value}",
        version=rules.since.isoformat(),
        source="GDPR art. 17(3)(e)",
        inputs={},
        outcome=f"retention.held_{obstacle.value}",
    )


def _answer(outcome: str, source: str, on: date, inputs: dict[str, str]) -> TraceLine:
    return TraceLine(
        rule=f"retention.answer.{outcome}",
        version=run_rules(on=on).since.isoformat(),
        source=source,
        inputs=inputs,
        outcome=f"retention.{outcome}",
    )
