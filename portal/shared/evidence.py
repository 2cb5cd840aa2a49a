"""What the pages of a document show: what it was taken for, and each value beside the claim's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from agency.documents.check import last_check, verdicts_of
from agency.documents.models import Document, DocumentCheck, DocumentVerdict
from agency.documents.upload import document_of
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.score import Score
from portal.shared.i18n import N_, format_day, format_money, gettext
from portal.shared.listing import Chip

STANDINGS = {
    "unchecked": Chip(N_("Being checked"), "info"),
    "valid": Chip(N_("Counts"), "good"),
    "questioned": Chip(N_("Look at this"), "warning"),
    "refuted": Chip(N_("Does not count"), "bad"),
}
ON_YOUR_WORD = Chip(N_("Counts on your word"), "neutral")
FIELDS = {
    "number": N_("Invoice number"),
    "issued_on": N_("Invoice date"),
    "due_on": N_("Due date"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
    "debtor": N_("Debtor"),
    "creditor": N_("Creditor"),
    "signature": N_("Signature"),
}
OUTCOMES = {
    "match": Chip(N_("The same"), "good"),
    "mismatch": Chip(N_("Different"), "bad"),
    "absent": Chip(N_("Not found"), "neutral"),
}
REASONS = {
    "kind": N_("Its words say that it is something else."),
    "unlinked": N_("Nothing in it points to this claim: neither the debtor's name nor the invoice number."),
    "not_told": N_("Its words do not tell what it is; it counts on the word of who added it."),
    "mismatch:number": N_("It says another invoice number."),
    "mismatch:issued_on": N_("It says another invoice date."),
    "mismatch:due_on": N_("It says another due date."),
    "mismatch:amount": N_("It says another amount."),
    "mismatch:currency": N_("It is in another currency."),
    "mismatch:debtor": N_("It names another debtor."),
    "mismatch:creditor": N_("It names another creditor."),
    "state:no_text": N_("It is a scan or a photo without text, so it counts on the word of who added it."),
    "state:unsupported": N_("This kind of file is kept but not read; it counts on the word of who added it."),
    "state:blank": N_("There is nothing on it."),
    "state:password": N_("It opens only with a password."),
    "state:broken": N_("It cannot be opened."),
    "state:too_heavy": N_("It is too heavy to be read."),
}
VERDICTS = {
    "right": N_("said to be right"),
    "wrong_document": N_("said to be the wrong document"),
    "kind": N_("said to be something else"),
    "again": N_("read again"),
}
CLAIM_TYPES = {
    "sale": N_("Goods sold"),
    "services": N_("Services"),
    "subscription": N_("A subscription"),
    "rent": N_("Rent"),
    "loan": N_("A loan"),
    "other": N_("Something else"),
}
WHOLE = 10_000
_MARGIN_ACROSS, _MARGIN_DOWN = 1200, 260


@dataclass(frozen=True)
class Excerpt:
    """A part of a page with a box on it, for an SVG: everything in units of a ten-thousandth of its width."""

    page: int
    height: int
    view: str
    box: tuple[int, int, int, int]


def document_chip(document: Document) -> Chip:
    """This function will return the chip that says what a document counts for."""
    return standing_chip(document.standing, checked=document.checked_at is not None)


def standing_chip(standing: str, *, checked: bool) -> Chip:
    """This function will return the chip of a standing; what was read and told nothing counts on a word."""
    return ON_YOUR_WORD if standing == "unchecked" and checked else STANDINGS[standing]


def reason_words(document: Document) -> list[str]:
    """This function will put what speaks against a document into sentences."""
    return [gettext(REASONS[reason]) for reason in document.reasons if reason in REASONS]


def evidence_values(
    unit: Unit, *, creditor_id: UUID, document_id: UUID, kinds: Mapping[str, str]
) -> dict[str, Any]:
    """This function will return what `parts/evidence.html` shows of a document.

    :param kinds: the words of this door for kinds of document.
    :raises NotFound: this creditor has no such document.
    """
    document = document_of(unit, creditor_id=creditor_id, document_id=document_id)
    check = last_check(unit, creditor_id=creditor_id, document_id=document_id)
    said = verdicts_of(unit, creditor_id=creditor_id, document_id=document_id)
    pages = {page[0]: page for page in check.pages} if check else {}
    findings = [_finding(one, pages) for one in check.findings] if check else []
    return {
        "document": document,
        "check": check,
        "chip": document_chip(document),
        "why": reason_words(document),
        "kinds": kinds,
        "kind": gettext(kinds[document.kind]),
        "taken_for": gettext(kinds[check.kind]) if check and check.kind else "",
        "findings": findings,
        "different": [one for one in findings if one["outcome"] == "mismatch"],
        "pages": [_page(page, findings) for page in _pages_to_show(check, findings)],
        "said": [_verdict(one, kinds) for one in said],
    }


def evidence_items(
    score: Score, *, kinds: Mapping[str, str], cheaper: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """This function will return every document that a claim can have, with its points, whether it is there,
    and what adding it would do to the fee (from the lines of the quote, where there is one).
    """
    saves = {one["kind"]: one for one in cheaper}
    return [
        {
            "label": gettext(kinds[item.kind]),
            "points": item.points,
            "present": item.present,
            "required": item.required,
            "saves": None if item.present else saves.get(item.kind),
        }
        for item in score.items
    ]


def _finding(one: Mapping[str, Any], pages: Mapping[int, Sequence[int]]) -> dict[str, Any]:
    label = FIELDS[one["field"]]
    return {
        "field": one["field"],
        "label": gettext(label),
        "outcome": one["outcome"],
        "chip": OUTCOMES[one["outcome"]],
        "expected": _shown(one["field"], one["expected"]),
        "found": _found(one),
        "confidence": one["confidence"],
        "page": one["page"],
        "excerpt": _excerpt(one, pages),
    }


def _shown(field: str, value: str) -> str:
    if field in ("issued_on", "due_on") and value:
        return format_day(date.fromisoformat(value))
    if field == "amount" and value:
        code, _, number = value.partition(" ")
        return format_money(Money.parse(number, code))
    return value


def _found(one: Mapping[str, Any]) -> str:
    if one["field"] != "signature":
        return str(one["found"])
    if one["outcome"] == "match" and one["page"] is None:
        return gettext("an electronic signature; whose it is was not verified")
    if one["outcome"] == "match":
        return gettext("something like handwriting at “%(label)s”") % {"label": one["found"]}
    if one["found"]:
        return gettext("a line for it at “%(label)s”, nothing like handwriting beside it") % {
            "label": one["found"]
        }
    return gettext("no line for it")


def _excerpt(one: Mapping[str, Any], pages: Mapping[int, Sequence[int]]) -> Excerpt | None:
    if not one["box"] or one["page"] not in pages:
        return None
    _, width, height = pages[one["page"]]
    tall = WHOLE * height // max(1, width)
    left, top, right, bottom = one["box"]
    top, bottom = top * tall // WHOLE, bottom * tall // WHOLE
    x, y = max(0, left - _MARGIN_ACROSS), max(0, top - _MARGIN_DOWN)
    across = min(WHOLE, right + _MARGIN_ACROSS) - x
    down = min(tall, bottom + _MARGIN_DOWN) - y
    return Excerpt(one["page"], tall, f"{x} {y} {across} {down}", _box(left, top, right, bottom))


def _box(left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
    return left - 40, top - 40, right - left + 80, bottom - top + 80


def _pages_to_show(check: DocumentCheck | None, findings: list[dict[str, Any]]) -> Sequence[Sequence[int]]:
    """Return the pages with something on them that was found, or else the first; three at most."""
    if check is None or check.state not in ("read", "no_text"):
        return []
    marked = {one["page"] for one in findings if one["excerpt"]}
    return [page for page in check.pages if page[0] in marked or (not marked and page[0] == 1)][:3]


def _page(page: Sequence[int], findings: list[dict[str, Any]]) -> dict[str, Any]:
    number, width, height = page
    return {
        "number": number,
        "height": WHOLE * height // max(1, width),
        "marks": [
            {"box": one["excerpt"].box, "outcome": one["outcome"], "label": one["label"]}
            for one in findings
            if one["excerpt"] and one["page"] == number
        ],
    }


def _verdict(one: DocumentVerdict, kinds: Mapping[str, str]) -> dict[str, Any]:
    return {
        "at": one.at,
        "what": gettext(VERDICTS[one.verdict]),
        "kind": gettext(kinds[one.kind_after]) if one.verdict == "kind" else "",
        "who": gettext("the agency") if one.by_agency else gettext("the creditor"),
        "note": one.note,
    }
