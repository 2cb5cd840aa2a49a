"""Which copies of invoices go with a message: the right ones, few and small enough."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from agency.rules.evidence import Standing
from agency.rules.facts import Channel, DocumentKind
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

# What a copy is called: nobody's own name for a file reaches a reader.
_NAMES: Final = {"nl": "factuur", "fr": "facture", "en": "invoice", "de": "rechnung"}


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """A document of the claim: `number` is the invoice's that was found in it, "" where none was; `size` in
    bytes, `pages` as they were counted when it was read."""

    sha256: str
    kind: DocumentKind
    standing: Standing
    media_type: str
    size: int
    number: str
    pages: int


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A copy that goes along, under a plain name; `number` is its invoice's."""

    name: str
    sha256: str
    media_type: str
    size: int
    number: str
    pages: int


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What goes along, and the decision's trace."""

    files: tuple[Enclosure, ...]
    trace: Trace


def enclosed(
    documents: Iterable[CopyFacts],
    *,
    open_numbers: Collection[str],
    channel: Channel,
    language: str,
    on: date,
) -> Enclosed:
    """Choose the copies that go with a message.

    Only an invoice that was found in order, whose number is that of an invoice with something left to pay,
    and only a kind of file that cannot run; one for each invoice, in the order of the invoices, the first
    that fit within the house's limits for the way that the message goes.

    :param open_numbers: the numbers of the invoices of the claim that are open, in their order.
    :raises LookupError: no limit is in force on the day for such a message.
    """
    row = row_in_force((one for one in read_table("enclosures")["limit"] if one["channel"] == channel), on)
    if row is None:
        raise LookupError(f"no limit of enclosures by {channel} on {on}")
    right = {
        one.number: one
        for one in documents
        if one.kind is DocumentKind.invoice
        and one.standing is Standing.valid
        and one.media_type in row["media_types"]
    }
    files: list[Enclosure] = []
    trace: list[TraceLine] = []
    for number in dict.fromkeys(number for number in open_numbers if number in right):
        one = right[number]
        fits = _fits(one, files, row)
        if fits:
            name = f"{_NAMES.get(language, _NAMES['en'])}-{len(files) + 1}.pdf"
            files.append(Enclosure(name, one.sha256, one.media_type, one.size, number, one.pages))
        told = {"number": number, "sha256": one.sha256, "size": str(one.size)}
        outcome = "enclosures.attached" if fits else "enclosures.left_out"
        trace.append(TraceLine("enclosures.limit", row["since"].isoformat(), row["source"], told, outcome))
    return Enclosed(tuple(files), tuple(trace))


def _fits(one: CopyFacts, files: list[Enclosure], row: Mapping[str, Any]) -> bool:
    within = len(files) < row["files_max"] and sum(f.size for f in files) + one.size <= row["bytes_max"]
    # What has no pages cannot be printed.
    printable = "pages_max" not in row or 0 < one.pages <= row["pages_max"] - sum(f.pages for f in files)
    return bool(within and printable)
