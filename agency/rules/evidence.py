"""Whether a document bears a claim out: each value compared, where it stands, and how sure that is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Final

from agency.money import Money
from agency.rules.facts import DocumentKind
from agency.rules.finding import (
    TABLE,
    Place,
    find_amounts,
    find_dates,
    find_labelled,
    find_labels,
    find_name,
    find_number,
    find_numbers,
    read_code,
    read_dates,
    read_minor,
)
from agency.rules.reading import Box, Page, Reading, ReadState, fold
from agency.rules.recognise import Recognised
from agency.rules.tables import read_table

SURE: Final = 95
LIKELY: Final = 80
MAYBE: Final = 60
UNSURE: Final = 40


class Outcome(StrEnum):
    """What comparing one value gave."""

    match = "match"
    mismatch = "mismatch"
    absent = "absent"


class Standing(StrEnum):
    """What a document counts for: `unchecked` on the word of who added it, `questioned` not until a person
    has looked, `refuted` never.
    """

    unchecked = "unchecked"
    valid = "valid"
    questioned = "questioned"
    refuted = "refuted"


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """One invoice of the claim; amounts in the claim's currency."""

    number: str
    issued_on: date
    due_on: date
    total: Money
    open: Money


@dataclass(frozen=True, slots=True)
class ClaimedFacts:
    """What the claim says, for comparing."""

    invoices: tuple[InvoiceFacts, ...]
    debtor: str
    creditors: tuple[str, ...]  # the creditor's name and the names of its brands
    principal: Money
    references: tuple[str, ...] = ()  # other numbers of the claim: its reference, the order


@dataclass(frozen=True, slots=True)
class Finding:
    """One value of the claim against the document: `expected` from the claim, `found` in the document,
    `page` and `box` where, `confidence` in percent that the outcome is right.
    """

    field: str
    outcome: Outcome
    expected: str
    found: str
    confidence: int
    page: int | None = None
    box: Box | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {
            "field": self.field,
            "outcome": self.outcome.value,
            "expected": self.expected,
            "found": self.found,
            "confidence": self.confidence,
            "page": self.page,
            "box": self.box.as_json() if self.box else None,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """What a document counts for and why: keys of the reasons, the first the weightiest."""

    standing: Standing
    reasons: tuple[str, ...]


def check_evidence(reading: Reading, *, kind: DocumentKind, claim: ClaimedFacts) -> tuple[Finding, ...]:
    """Compare a document of a kind with the claim, in the order in which people look."""
    row = _row(kind)
    fields = [field for field in _CHECKS if field in {*row["links"], *row["asked"], *row["shown"]}]
    invoice = _invoice_in(reading, claim)
    return tuple(_CHECKS[field](reading, claim, invoice) for field in fields)


def judge(
    reading: Reading,
    *,
    kind: DocumentKind,
    said_by_person: bool,
    recognised: Recognised,
    findings: tuple[Finding, ...],
) -> Judged:
    """Decide what a document counts for before any person has looked at it.

    What cannot be opened or is empty proves nothing. A scan without text counts on the word of who added
    it. What contradicts the claim, or says it is something else, waits for a person.
    """
    if reading.state in (ReadState.broken, ReadState.password, ReadState.blank, ReadState.too_heavy):
        return Judged(Standing.refuted, (f"state:{reading.state.value}",))
    if reading.state != ReadState.read:
        return Judged(Standing.unchecked, (f"state:{reading.state.value}",))
    row, limits = _row(kind), read_table(TABLE)["limits"]
    reasons = []
    other = recognised.kind not in (None, kind)
    if said_by_person and other and recognised.confidence >= limits["asked_from"]:
        reasons.append("kind")
    reasons += [
        f"mismatch:{finding.field}"
        for finding in findings
        if finding.outcome == Outcome.mismatch
        and finding.field in row["asked"]
        and finding.confidence >= limits["asked_from"]
    ]
    linked = any(f.outcome == Outcome.match and f.field in row["links"] for f in findings)
    if row["links"] and not linked:
        reasons.append("unlinked")
    if reasons:
        return Judged(Standing.questioned, tuple(reasons))
    if recognised.kind is None and kind != DocumentKind.other:
        return Judged(Standing.unchecked, ("not_told",))
    return Judged(Standing.valid, ())


@cache
def _row(kind: DocumentKind) -> dict[str, Any]:
    return next(row for row in read_table(TABLE)["kind"] if row["kind"] == kind.value)


def _invoice_in(reading: Reading, claim: ClaimedFacts) -> InvoiceFacts:
    """Return the invoice that the document is about: the one of those it names that it agrees with most (a
    credit note names the invoice that it lowers, too), else the first of the claim.
    """
    named = find_numbers(reading, (one.number for one in claim.invoices if _telling(one.number)))
    candidates = [one for one in claim.invoices if one.number in named]
    if len(candidates) < 2:
        return (candidates or list(claim.invoices))[0]
    amounts = {abs(minor) for _, minor in find_amounts(reading)}
    days = {day for _, found in find_dates(reading) for day in found}
    return max(candidates, key=lambda one: (abs(one.total.minor) in amounts) + (one.issued_on in days))


def _telling(number: str) -> bool:
    """A number of one or two digits stands in every document."""
    return len(fold(number).replace(" ", "")) > 2


def _number(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    if _telling(invoice.number) and (place := find_number(reading, invoice.number)):
        return _match("number", invoice.number, place, SURE)
    labelled = find_labelled(reading, "number", read_code, words_max=1)
    if labelled and fold(labelled[1]) == fold(invoice.number):
        return _match("number", invoice.number, labelled[0], SURE)
    if labelled:
        return _mismatch("number", invoice.number, labelled[0], LIKELY)
    for reference in claim.references:
        if _telling(reference) and (place := find_number(reading, reference)):
            return _match("number", reference, place, LIKELY)
    return Finding("number", Outcome.absent, invoice.number, "", LIKELY)


def _amount(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    accepted = {abs(money.minor) for money in (invoice.total, invoice.open, claim.principal)}
    places = [(place, minor) for place, minor in find_amounts(reading) if abs(minor) in accepted]
    if places:
        place = next((one for one, minor in places if abs(minor) == abs(invoice.total.minor)), places[-1][0])
        return _match("amount", str(invoice.total), place, SURE)
    labelled = find_labelled(reading, "amount", read_minor, words_max=4)
    if labelled:
        return _mismatch("amount", str(invoice.total), labelled[0], LIKELY)
    return Finding("amount", Outcome.absent, str(invoice.total), "", MAYBE)


def _issued_on(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    return _day("issued_on", reading, invoice.issued_on)


def _due_on(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    return _day("due_on", reading, invoice.due_on)


def _day(field: str, reading: Reading, expected: date) -> Finding:
    labelled = find_labelled(reading, field, read_dates, words_max=3)
    if labelled and expected in labelled[1]:
        return _match(field, expected.isoformat(), labelled[0], SURE)
    if labelled:
        return _mismatch(field, expected.isoformat(), labelled[0], LIKELY)
    for place, days in find_dates(reading):
        if expected in days:
            return _match(field, expected.isoformat(), place, LIKELY)
    return Finding(field, Outcome.absent, expected.isoformat(), "", MAYBE)


def _debtor(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    return _name("debtor", reading, (claim.debtor,))


def _creditor(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    return _name("creditor", reading, claim.creditors)


def _name(field: str, reading: Reading, names: tuple[str, ...]) -> Finding:
    share = read_table(TABLE)["limits"]["name_share"]
    found = [(hit, name) for name in names if (hit := find_name(reading, name))]
    if found:
        (place, there), name = max(found, key=lambda one: one[0][1])
        if there >= share:
            return _match(field, name, place, min(SURE, there))
    # That a name is nowhere is no contradiction by itself: a letter head may be an image.
    return Finding(field, Outcome.absent, names[0] if names else "", "", MAYBE)


def _currency(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    own, seen = claim.principal.currency, _currencies(reading)
    if own in seen:
        return _match("currency", own, seen[own], SURE)
    if seen:
        other, place = next(iter(seen.items()))
        return _mismatch("currency", own, Place(place.page, place.box, other), LIKELY)
    return Finding("currency", Outcome.absent, own, "", UNSURE)


def _currencies(reading: Reading) -> dict[str, Place]:
    """Return the currencies that stand at an amount or by their code, the first place of each."""
    marks = {mark: code for code, words in read_table(TABLE)["currencies"].items() for mark in words}
    seen: dict[str, Place] = {}
    for page in reading.pages:
        for word in page.words:
            bare = word.text.strip(" .,:;()").casefold()
            signs = [bare, bare[:1], bare[-1:]] if any(sign.isdigit() for sign in bare) else [bare]
            for sign in signs:
                if sign in marks:
                    seen.setdefault(marks[sign], Place(page.number, word.box, word.text))
    return seen


def _signature(reading: Reading, claim: ClaimedFacts, invoice: InvoiceFacts) -> Finding:
    """Look for an electronic signature, or for handwriting at a line that asks for one."""
    if reading.signature_fields:
        return Finding("signature", Outcome.match, "", "electronic signature, not verified", SURE)
    pages = {page.number: page for page in reading.pages}
    asked: Place | None = None
    for _, label in find_labels(reading, "signature"):
        asked = asked or label
        mark = _mark_near(pages[label.page], label.box) if label.box else None
        if mark and label.box:
            return Finding(
                "signature", Outcome.match, "", label.text, LIKELY - 5, label.page, mark.around(label.box)
            )
    if asked:
        return Finding("signature", Outcome.absent, "", asked.text, MAYBE, asked.page, asked.box)
    return Finding("signature", Outcome.absent, "", "", UNSURE)


def _mark_near(page: Page, label: Box) -> Box | None:
    limits = read_table(TABLE)["limits"]
    for mark in page.marks:
        fits = (
            mark.right - mark.left <= limits["mark_width_max"]
            and mark.bottom - mark.top <= limits["mark_height_max"]
        )
        near = (
            mark.bottom >= label.top - limits["signature_above"]
            and mark.top <= label.bottom + limits["signature_below"]
            and mark.right >= label.left - limits["signature_below"]
            and mark.left <= label.right + limits["signature_beside"]
        )
        if fits and near:
            return mark
    return None


def _match(field: str, expected: str, place: Place, confidence: int) -> Finding:
    return Finding(field, Outcome.match, expected, place.text, confidence, place.page, place.box)


def _mismatch(field: str, expected: str, place: Place, confidence: int) -> Finding:
    return Finding(field, Outcome.mismatch, expected, place.text, confidence, place.page, place.box)


_CHECKS: Final[dict[str, Callable[[Reading, ClaimedFacts, InvoiceFacts], Finding]]] = {
    "number": _number,
    "issued_on": _issued_on,
    "due_on": _due_on,
    "amount": _amount,
    "currency": _currency,
    "debtor": _debtor,
    "creditor": _creditor,
    "signature": _signature,
}
