"""CSV exports of banks: one reader for all of them; what differs stands in the table of profiles.

A CSV has no control sum and no end mark. Where a bank writes the balance behind each row, the rows must
follow on one another and give the opening and closing balance; elsewhere the file carries none and says so.
"""

import csv
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import StringIO
from itertools import pairwise, product
from typing import Final

from agency.money import Money
from agency.ports.readers import Unreadable
from integrations.amounts import exact_money
from integrations.bankfiles.csv_profiles import Layout, Refused, layout_of, refused_of
from integrations.bankfiles.movement import Movement
from integrations.bankfiles.movements import Draft, said
from integrations.bankfiles.mt940_details import Details, read_columns, read_details

CSV_BYTES_MAX: Final = 100_000_000

_DELIMITERS: Final = (";", ",", "\t")
_QUOTES: Final = ('"', "'")
_HEAD_BYTES: Final = 20_000
_UNNUMBERED = re.compile(r"\d{4}-", re.ASCII)
_REASON = re.compile(r"\b([A-Z]{2}\d{2})\b", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


@dataclass(slots=True)
class _Row:
    """One line of the export; `number` is its place in the file, from 1."""

    movement: Movement
    account: str
    currency: str
    number: int
    before: Money | None = None
    after: Money | None = None


def read_csv_export(content: bytes) -> list[Draft]:
    """This function will read a bank's CSV export: one draft per account and currency.

    :raises Unreadable: when its header row is of none of the known banks, or naming the row and column
        that cannot be read.
    """
    if len(content) > CSV_BYTES_MAX:
        raise Unreadable(f"larger than the {CSV_BYTES_MAX // 1_000_000} MB that is read")
    found = _recognised(content)
    if found is None:
        raise Unreadable("not a CSV export of a known bank")
    layout, delimiter = found
    rows = _rows(_decoded(content, layout.profile.encoding), delimiter, layout.profile.quote, strict=True)
    by_account: dict[tuple[str, str], list[_Row]] = {}
    left_out = 0
    for number, cells in _data_rows(rows, layout):
        if _moved_nothing(cells, number, layout):
            left_out += 1
            continue
        row = _row(cells, number, layout)
        by_account.setdefault((row.account, row.currency), []).append(row)
    if not by_account:
        raise Unreadable("the export holds a header and no line")
    drafts = [_draft(many, layout) for many in by_account.values()]
    if left_out:
        drafts[0].warnings.append(f"{left_out} rows are not booked and are left out")
    return drafts


def looks_like_csv_export(content: bytes) -> bool:
    """This function will tell whether a file is a CSV export of a known bank."""
    try:
        return len(content) <= CSV_BYTES_MAX and _recognised(content) is not None
    except Unreadable:
        return False


def known_and_not_read(content: bytes) -> Refused | None:
    """This function will tell of which known export, that is not read, a file is; None when of none."""
    try:
        text = _decoded(content[:_HEAD_BYTES], cut=len(content) > _HEAD_BYTES)
    except Unreadable:
        return None
    found = (refused_of(_rows(text, delimiter, _QUOTES[0], strict=False)[:40]) for delimiter in _DELIMITERS)
    return next(filter(None, found), None)


def _recognised(content: bytes) -> tuple[Layout, str] | None:
    """The layout and the delimiter, told from the beginning of the file."""
    text = _decoded(content[:_HEAD_BYTES], cut=len(content) > _HEAD_BYTES)
    for quote, delimiter in product(_QUOTES, _DELIMITERS):
        layout = layout_of(_rows(text, delimiter, quote, strict=False)[:40], quote=quote)
        if layout is not None:
            return layout, delimiter
    return None


def _decoded(content: bytes, otherwise: str = "cp1252", *, cut: bool = False) -> str:
    """The text; a character may be cut in two at the end of a part of a file."""
    if b"\x00" in content:
        raise Unreadable("not a text file: it holds NUL bytes")
    try:
        return getincrementaldecoder("utf-8-sig")().decode(content, final=not cut)
    except UnicodeDecodeError:
        return content.decode(otherwise, errors="replace")


def _rows(text: str, delimiter: str, quote: str, *, strict: bool) -> list[list[str]]:
    try:
        lines = StringIO(text, newline="")
        return list(csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=strict))
    except csv.Error as error:
        if not strict:
            return []
        raise Unreadable(f"the file is cut off or damaged: {error}") from error


def _data_rows(rows: list[list[str]], layout: Layout) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows[layout.first :], start=layout.first + 1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < layout.width or any(cell.strip() for cell in row[layout.width :]):
            raise Unreadable(
                f"row {number}: {len(row)} columns where there are {layout.width};"
                " the file is cut off or damaged"
            )
        yield number, row


def _moved_nothing(row: Sequence[str], number: int, layout: Layout) -> bool:
    """Some banks list messages and payments that they refused among the rows."""
    marks = layout.profile.not_booked
    if marks is None or layout.not_booked_at is None:
        return False
    word = row[layout.not_booked_at].strip().casefold()
    if marks.booked and word not in marks.booked | marks.left_out:
        raise Unreadable(
            f"row {number}, {marks.column}: {row[layout.not_booked_at]!r} does not say whether it is booked"
        )
    return word in marks.left_out


def _row(row: Sequence[str], number: int, layout: Layout) -> _Row:
    def cell(field: str) -> str:
        return " ".join(" ".join(row[at].split()) for at in layout.cells.get(field, ()) if row[at].strip())

    def money(field: str) -> Money | None:
        return _amount(cell(field), currency, layout, number, field) if field in layout.cells else None

    currency = cell("currency").upper() or layout.profile.currency or ""
    account = "".join((cell("account") or layout.account).split())
    if not account:
        raise Unreadable(f"row {number}: no account in it")
    amount = _amount(cell("amount"), currency, layout, number, "amount")
    text = " ".join(row[at] for at in layout.cells["text"] if row[at].strip())
    told = _told(text, layout)
    other_account = _account(cell("counterparty_iban") or told.get("counterparty_iban", ""))
    booked_on = _day(cell("booked_on"), layout, number, "booked_on")
    value_on = cell("value_on") or told.pop("value_on", "")
    movement = Movement(
        amount=_directed(amount, row, number, layout),
        booked_on=booked_on,
        value_on=_day(value_on, layout, number, "value_on") if value_on else booked_on,
        servicer_ref=_numbered(cell("bank_ref")),
        bank_ref=_numbered(cell("bank_ref")),
        end_to_end=said(cell("end_to_end") or told.get("end_to_end")),
        text=told.get("text", ""),
        structured_references=tuple(
            filter(None, [cell("structured_reference") or told.get("structured_reference")])
        ),
        counterparty=cell("counterparty") or told.get("counterparty") or None,
        # A bank may write there how somebody paid instead.
        counterparty_iban=other_account if any(map(str.isdigit, other_account)) else None,
        return_reason=_reason(cell("return_reason") or told.get("return_reason", "")),
    )
    before, after = money("balance_before"), money("balance_after")
    if before is not None and after is None:
        after = before + movement.amount
    return _Row(movement, account, currency, number, before, after)


def _account(stated: str) -> str:
    """The other account without blanks; one bank writes the code of its bank before it."""
    bank, _, account = stated.partition(" ")
    return "".join((account if _BIC.fullmatch(bank) else stated).split())


def _numbered(stated: str) -> str | None:
    """The bank's number of a row; the year that it will begin with is on many rows and names none."""
    return None if _UNNUMBERED.fullmatch(stated) else said(stated)


def _reason(stated: str) -> str | None:
    found = _REASON.search(stated)
    return found[1] if found else None


def _directed(amount: Money, row: Sequence[str], number: int, layout: Layout) -> Money:
    sign = layout.profile.sign
    if sign is None or layout.sign_at is None:
        return amount
    word = row[layout.sign_at].strip().casefold()
    if amount.minor < 0:
        raise Unreadable(f"row {number}: a negative amount and a direction besides")
    if word in sign.came_in:
        return amount
    if word in sign.went_out:
        return -amount
    raise Unreadable(f"row {number}, {sign.column}: {row[layout.sign_at]!r} is neither in nor out")


def _amount(stated: str, currency: str, layout: Layout, number: int, field: str) -> Money:
    # A group of thousands has three digits and a fraction at most two: of two signs only one can fit.
    found = next(filter(None, (_shape(sign).fullmatch(stated) for sign in layout.profile.decimal)), None)
    if found is None:
        raise Unreadable(f"row {number}, {field}: the amount {stated[:40]!r} cannot be read")
    sign, whole, decimals = (
        found["sign"] or "",
        re.sub(r"\D", "", found["whole"]) or "0",
        found["decimals"] or "0",
    )
    return exact_money(f"{sign}{whole}.{decimals}", currency, at=f"row {number}, {field}")


@lru_cache(maxsize=4)
def _shape(decimal: str) -> re.Pattern[str]:
    """Thousands are parted by the other sign, a blank or nothing; only in threes. A nought before the decimal
    sign may be missing."""
    point = re.escape(decimal)
    group = re.escape("." if decimal == "," else ",")
    return re.compile(
        rf"(?P<sign>[+-])? ?(?P<whole>\d{{1,3}}(?:[{group} ]\d{{3}})+|\d{{1,15}}|(?={point}\d))"
        rf"(?:{point}(?P<decimals>\d{{1,2}}))?",
        re.ASCII,
    )


def _day(stated: str, layout: Layout, number: int, field: str) -> date:
    for form in layout.profile.dates:
        found = _parsed(stated, form)
        if found is not None:
            return found
    raise Unreadable(f"row {number}, {field}: {stated[:40]!r} is not a date")


@lru_cache(maxsize=4096)
def _parsed(stated: str, form: str) -> date | None:
    try:
        return datetime.strptime(stated, form).date()  # noqa: DTZ007
    except ValueError:
        return None


def _told(text: str, layout: Layout) -> dict[str, str]:
    """What a text says about the payment, by the labels that the bank puts into it."""
    details = read_details(text, "", "") if text.startswith("/") else read_columns(text)
    if details is not None:
        return _facts(details)
    labels = layout.profile.labels
    words = _labelled(tuple(labels)).split(text) if labels else [text]
    told: dict[str, str] = {}
    for label, value in zip(words[1::2], words[2::2], strict=True):
        field = labels[label]
        if field and value.strip():
            told.setdefault(field, " ".join(value.split()))
    told.setdefault("text", " ".join((text if len(words) == 1 else words[0]).split()))
    return told


def _facts(details: Details) -> dict[str, str]:
    facts = {
        "text": details.text,
        "end_to_end": details.end_to_end,
        "counterparty": details.counterparty,
        "counterparty_iban": details.counterparty_iban,
        "structured_reference": next(iter(details.structured_references), None),
        "return_reason": details.return_reason,
    }
    return {field: value for field, value in facts.items() if value}


@lru_cache(maxsize=32)
def _labelled(labels: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    return re.compile(rf"(?:^|(?<=\s))({words}):\s+")


def _draft(rows: list[_Row], layout: Layout) -> Draft:
    draft = Draft(
        kind="statement",
        format=f"CSV {layout.profile.bank}",
        account=rows[0].account,
        currency=rows[0].currency,
        entries=len(rows),
    )
    ordered = _in_order(rows)
    if ordered is None:
        ordered = sorted(rows, key=_booked)
        draft.warnings.append(
            "the balances behind the rows do not follow on one another: rows are missing or were filtered out"
            if all(row.after is not None for row in rows)
            else "this export carries no balances: nothing tells whether rows are missing"
        )
    else:
        draft.opening, draft.closing = _before(ordered[0]), ordered[-1].after
        draft.opens_on = _booked(ordered[0])
    for entry, row in enumerate(ordered, start=1):
        row.movement.entry = entry
    draft.closes_on = _booked(ordered[-1])
    draft.movements.extend(row.movement for row in ordered)
    return draft


def _in_order(rows: list[_Row]) -> list[_Row] | None:
    """The rows in the order in which they were booked, None when no order makes the balances follow.

    Banks write the latest first or last, and the rows of one day in either order.
    """
    turned = rows[::-1]
    for order in (rows, turned, sorted(rows, key=_booked), sorted(turned, key=_booked)):
        if _follows(order):
            return order
    return None


def _follows(rows: Sequence[_Row]) -> bool:
    if any(row.after is None for row in rows) or _booked(rows[0]) > _booked(rows[-1]):
        return False
    if rows[0].before is not None and rows[0].before + rows[0].movement.amount != rows[0].after:
        return _same_day_balances(rows)
    return all(one.after == _before(other) for one, other in pairwise(rows))


def _same_day_balances(rows: Sequence[_Row]) -> bool:
    """One bank repeats the balances of the whole day on each of its rows."""
    days: dict[date, list[_Row]] = {}
    for row in rows:
        days.setdefault(_booked(row), []).append(row)
    for many in days.values():
        first = many[0]
        net = Money.total((row.movement.amount for row in many), first.currency)
        if first.before is None or first.before + net != first.after:
            return False
    return all(one[0].after == other[0].before for one, other in pairwise(days.values()))


def _before(row: _Row) -> Money:
    if row.before is not None:
        return row.before
    assert row.after is not None, "asked only of rows with a balance"
    return row.after - row.movement.amount


def _booked(row: _Row) -> date:
    assert row.movement.booked_on is not None, "a row without a date is refused"
    return row.movement.booked_on
