"""What a creditor's columns mean: recognised from their headers in four languages, or as saved before."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal
from uuid import UUID

from sqlmodel import col, select

from agency.intake.amount_columns import SIGNED
from agency.intake.amounts import DecimalSign
from agency.intake.columns import number_beside_name, what_may_be_left
from agency.intake.content import Content
from agency.intake.doubts import PARTLY_PAID, find_doubt, settle
from agency.intake.headers import HEADERS, known_field, lesser_field
from agency.intake.known_by import KNOWN_BY, KnownBy, known_by, pay_day
from agency.intake.models import ColumnMapping
from agency.intake.name_columns import JOINED
from agency.intake.reading import read_table
from agency.intake.table import ALL_KINDS, Progress, Row, Table, asks_for_kinds, has_sheet, sheets_left_out
from agency.intake.values import DateOrder
from agency.intake.workbook import SheetLook, look_at_sheets, read_sheets
from agency.intake.writing import find_otherwise, find_writing
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.ports.readers import Unreadable

_OF_INVOICE: Final = re.compile(r"invoice|factu|facture|rechnung", re.IGNORECASE)
Grouping = Literal["invoice", "debtor"]
Repeats = Literal["once", "added"]

__all__ = [
    "HEADERS", "REQUIRED", "Mapped", "Part", "UnclearColumns", "choose_mapping", "recognise", "save_mapping",
]  # fmt: skip

_SHEET: Final = "sheet"
_REPEATS: Final = "repeats"
_KNOWN_BY: Final = "known_by"
_PAY_DAY: Final = "pay_day"
_APART: Final = (_SHEET, _REPEATS, _KNOWN_BY, _PAY_DAY)  # among the defaults of a saved profile
REQUIRED: Final = ("invoice_number", "debtor_name", "amount")


class UnclearColumns(Invalid):
    """The headers do not say beyond doubt what each column means; `proposal` is what was recognised."""

    def __init__(self, message: str, *, proposal: "Mapped", field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.proposal = proposal


@dataclass(frozen=True, kw_only=True)
class Part:
    """How one kind of sheet of a workbook is read; `headers` are all its columns."""

    headers: tuple[str, ...]
    columns: Mapping[str, str]
    decimal_sign: DecimalSign | None = None
    date_order: DateOrder = "day"


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """How a file is read: our field -> its header, and what the columns do not say.

    `decimal_sign` is None as long as nobody said which it is: doubtful amounts are then refused. `sheet` is
    the sheet of a workbook that is read, or `all_but` some; empty where there was nothing to choose. With
    `parts` each kind of sheet is read by its own; the rest is what the first of them says. `repeats` says
    whether rows with one invoice number are its lines, which are added up, or the same invoice again.
    `known_by` says by what a line is known where there is no column of invoice numbers, and `pay_day` on
    which day of its month it must be paid where no column says so.
    """

    columns: Mapping[str, str]
    decimal_sign: DecimalSign | None = None
    date_order: DateOrder = "day"
    one_claim_per: Grouping = "invoice"
    defaults: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""
    parts: tuple[Part, ...] = ()
    repeats: Repeats = "once"
    known_by: KnownBy = ""
    pay_day: int = 0

    @property
    def works_out_numbers(self) -> bool:
        """Whether lines are known by what stands in several columns."""
        return bool(self.known_by) and "invoice_number" not in self.columns

    @property
    def labels(self) -> Mapping[str, str]:
        """How the creditor calls our fields; a number that is worked out by all the columns it is made of."""
        if not self.works_out_numbers:
            return self.columns
        made_of = (self.columns.get(field, field) for field in KNOWN_BY[self.known_by])
        return {**self.columns, "invoice_number": " + ".join(made_of)}

    def by(self, part: Part) -> "Mapped":
        """This function will return how the sheets of one kind are read."""
        return replace(
            self,
            columns=part.columns,
            decimal_sign=part.decimal_sign,
            date_order=part.date_order,
            parts=(),
        )


def recognise(headers: Sequence[str], sample: Sequence[Row] = ()) -> Mapped:
    """This function will recognise columns by their headers.

    :param sample: the first rows: what stands in a column may show that its name says too little.
    :raises UnclearColumns: two columns could be the same field, two are named alike, one that is needed is
        missing, or an amount is not plainly what is still owed.
    """
    found: dict[str, list[str]] = {}
    for header in headers:
        ours = known_field(header)
        if ours and ours != "period":  # of no use beside numbers; without these it is asked about
            found.setdefault(ours, []).append(header)
    _find_lesser(found, headers, sample)
    if SIGNED in headers:  # it is the amount beside it, with the sign that stands in another column
        found["amount"] = [SIGNED]
    if JOINED in headers:  # it says all that the columns called a name say
        found["debtor_name"] = [JOINED]
    named = found.get("debtor_name", [])
    if "debtor_reference" not in found and (number := number_beside_name(named, headers, sample)):
        found["debtor_reference"] = [number]
        found["debtor_name"] = [name for name in named if name != number]
    columns = {ours: names[0] for ours, names in found.items() if len(names) == 1}
    if "amount" not in found and "total" in columns:
        columns["amount"] = columns["total"]
    proposal = Mapped(columns=settle(columns, headers, sample))
    for ours, names in found.items():
        if len(names) > 1:
            raise UnclearColumns(
                f"several columns could be {ours.replace('_', ' ')}: {', '.join(names)}",
                proposal=proposal,
                field=ours,
            )
    check_columns(proposal, headers)
    field, doubt = find_doubt(proposal.columns, headers, sample)
    if not doubt and what_may_be_left(proposal.columns, headers, sample):
        field, doubt = "amount", PARTLY_PAID
    if doubt:
        raise UnclearColumns(doubt, proposal=proposal, field=field)
    return proposal


def _find_lesser(found: dict[str, list[str]], headers: Sequence[str], sample: Sequence[Row]) -> None:
    """Add the only column that may be a field which no column is plainly; and keep an invoice's own number
    before what else it is known by. Numbers that come twice are somebody's, not of an invoice."""
    lesser: dict[str, list[str]] = {}
    for header in headers:
        if known_field(header) is None and (ours := lesser_field(header)):
            lesser.setdefault(ours, []).append(header)
    for ours, names in lesser.items():
        at = headers.index(names[0])
        told = [cells[at] for _, cells in sample if at < len(cells)]
        once = ours != "invoice_number" or len(set(told)) == len(told) > 1
        if ours not in found and len(names) == 1 and once:
            found[ours] = names
    plainly = [name for name in found.get("invoice_number", ()) if _OF_INVOICE.search(name)]
    if len(plainly) == 1:
        found["invoice_number"] = plainly


def check_columns(mapped: Mapped, headers: Sequence[str]) -> None:
    """This function will make sure that every mapped header stands in the file once, and none is missing.

    :raises UnclearColumns: otherwise; the message names the column.
    """
    for ours, header in mapped.columns.items():
        if headers.count(header) != 1:
            why = (
                f"the column {header} stands in the file more than once"
                if header in headers
                else f"the column {header} is not in the file"
            )
            raise UnclearColumns(why, proposal=mapped, field=ours)
    missing = missing_fields(mapped)
    if missing:
        names = ", ".join(name.replace("_", " ") for name in missing)
        raise UnclearColumns(f"no column was recognised for: {names}", proposal=mapped, field=missing[0])


def missing_fields(mapped: Mapped) -> list[str]:
    """This function will return the fields without which no row can be read, where no column is theirs."""
    needed = [field for field in REQUIRED if field != "invoice_number" or not mapped.works_out_numbers]
    if mapped.works_out_numbers:
        needed += KNOWN_BY[mapped.known_by]
    missing = [field for field in dict.fromkeys(needed) if field not in mapped.columns]
    told = mapped.columns.keys() & {"due_on", "issued_on"}
    by_month = mapped.works_out_numbers and mapped.pay_day and "period" in mapped.columns
    return missing if told or by_month or "due_on" in missing else [*missing, "due_on"]


@dataclass(frozen=True)
class SheetRead:
    """A sheet that is read by a mapping of its own; `at` is its place among the filled ones, from 1."""

    at: int
    mapped: Mapped


@dataclass(frozen=True)
class Chosen:
    """A file opened as its mapping says, and the saved mapping when it was one.

    :param table: the only table, or what the first of `apart` looks like; its rows come with `tables`.
    :param apart: the sheets that are read apart, by name.
    """

    table: Table
    mapped: Mapped
    mapping_id: UUID | None
    apart: Mapping[str, SheetRead] = field(default_factory=dict)
    content: Content = b""

    def tables(self) -> Iterator[tuple[Table, Mapped]]:
        """This function will give each table with how it is read; its rows come before the next table.

        :raises Unreadable: a sheet cannot be read.
        """
        if not self.apart:
            yield self.table, self.mapped
            return
        for table in read_sheets(self.content[:], self.apart, self.table.bytes_read):
            mapped = self.apart[table.sheet].mapped
            if not set(mapped.columns.values()) <= set(table.headers):
                raise Unreadable(f"the sheet {table.sheet} is arranged otherwise further down")
            yield table, mapped

    @property
    def labels(self) -> dict[str, Mapping[str, str]]:
        """How the creditor calls our fields, by the number of the sheet; without one under the empty text."""
        by_sheet = {f"{sheet.at}": sheet.mapped.labels for sheet in self.apart.values()}
        return by_sheet or {"": self.mapped.labels}


def choose_mapping(unit: Unit, *, creditor_id: UUID, content: Content) -> Chosen:
    """This function will open a creditor's file by the latest saved mapping that fits it, else recognise it.

    :raises UnclearColumns: none fits, and the headers, the values or the sheets leave doubt.
    :raises Unreadable: it is no table.
    """
    table = read_table(content)
    saved = unit.session.exec(
        select(ColumnMapping)
        .where(ColumnMapping.creditor_id == creditor_id, col(ColumnMapping.retired_at).is_(None))
        .order_by(col(ColumnMapping.created_at).desc(), col(ColumnMapping.version).desc())
        .limit(50)
    ).all()
    opened = {"": table}
    for sheet in dict.fromkeys(as_mapped(mapping).sheet for mapping in saved):
        if has_sheet(table, sheet) and not asks_for_kinds(sheet):
            opened[sheet] = read_table(content, sheet)
    # The profile of exactly these columns goes before one that only needs some of them.
    apart = dict(_apart(content, table, saved))
    exact = [mapping for mapping in saved if mapping.id in apart or _opens(mapping, opened, exactly=True)]
    for mapping in (*exact, *saved):
        if mapping.id in apart:
            return apart[mapping.id]
        if _opens(mapping, opened):
            mapped = as_mapped(mapping)
            table = opened[mapped.sheet]
            _ask_if_otherwise(mapped, table)
            return Chosen(table, mapped, mapping.id)
    mapped = as_written(recognise(table.headers, table.sample), table.headers, table.sample)
    if table.rivals:
        raise UnclearColumns(
            f"several sheets could hold the claims: {', '.join((table.sheet, *table.rivals))}",
            proposal=mapped,
            field="sheet",
        )
    return Chosen(table, mapped, None)


def open_as(content: Content, mapped: Mapped, mapping_id: UUID | None = None) -> Chosen:
    """This function will open a file as a mapping says.

    :raises UnclearColumns: a mapped column is not in it, or a sheet that may hold claims fits no part.
    :raises Unreadable: it is no table, or has no such sheet.
    """
    if asks_for_kinds(mapped.sheet):
        return _open_apart(content, look_at_sheets(content[:], ALL_KINDS), mapped, mapping_id)
    table = read_table(content, mapped.sheet)
    check_columns(mapped, table.headers)
    return Chosen(table, mapped, mapping_id)


def _open_apart(
    content: Content, looks: Sequence[SheetLook], mapped: Mapped, mapping_id: UUID | None
) -> Chosen:
    """Plan how each sheet is read; what may hold claims and fits no part is asked about, never left out."""
    left_out = sheets_left_out(mapped.sheet) or frozenset()
    apart: dict[str, SheetRead] = {}
    first: Table | None = None
    for at, look in enumerate(looks, start=1):
        if look.name in left_out or look.table is None:
            continue
        part = _part_for(mapped, look.table.headers)
        if part is not None:
            check_columns(mapped.by(part), look.table.headers)
            apart[look.name] = SheetRead(at, mapped.by(part))
            first = first or look.table
        elif look.amounts:
            raise UnclearColumns(
                f"the sheet {look.name} has other columns than the profile knows",
                proposal=mapped,
                field="sheet",
            )
    if first is None:
        raise UnclearColumns("no sheet has the columns of the profile", proposal=mapped, field="sheet")
    names = tuple(look.name for look in looks)
    shown = replace(first, rows=iter(()), bytes_read=Progress(1), sheet=mapped.sheet, sheets=names)
    return Chosen(shown, mapped, mapping_id, apart, content)


def _part_for(mapped: Mapped, headers: Sequence[str]) -> Part | None:
    """The part made for exactly these columns, else the first whose columns are all there."""
    exact = (part for part in mapped.parts if part.headers == tuple(headers))
    fitting = (part for part in mapped.parts if _fit(part.columns, part.headers, headers))
    return next(exact, None) or next(fitting, None)


def _apart(content: Content, table: Table, saved: Sequence[ColumnMapping]) -> Iterator[tuple[UUID, Chosen]]:
    """The file opened by each saved mapping of several kinds of sheets that fits it."""
    of_kinds = [mapping for mapping in saved if mapping.parts and has_sheet(table, as_mapped(mapping).sheet)]
    looks = look_at_sheets(content[:], ALL_KINDS) if of_kinds else ()
    for mapping in of_kinds:
        with suppress(UnclearColumns):
            yield mapping.id, _open_apart(content, looks, as_mapped(mapping), mapping.id)


def _opens(mapping: ColumnMapping, opened: Mapping[str, Table], *, exactly: bool = False) -> bool:
    """Whether a saved mapping can read the file; one that says no sheet only where there is no choice."""
    sheet = as_mapped(mapping).sheet
    table = opened.get(sheet)
    if table is None or (not sheet and table.rivals):
        return False
    return fits(mapping, table.headers) and (not exactly or list(table.headers) == mapping.headers)


def fits(mapping: ColumnMapping, headers: Sequence[str]) -> bool:
    """This function will tell whether a saved mapping can read a file with these headers.

    Columns without names say nothing by themselves: there must be as many as when the mapping was saved.
    """
    if mapping.defaults.get(_KNOWN_BY) and list(headers) != mapping.headers and _has_numbers(headers):
        return False  # numbers of its own would be left unread, and its lines taken for others
    return _fit(mapping.columns, mapping.headers, headers)


def _has_numbers(headers: Sequence[str]) -> bool:
    return any(known_field(header) == "invoice_number" for header in headers)


def _fit(columns: Mapping[str, str], made_for: Sequence[str], headers: Sequence[str]) -> bool:
    unnamed = any(header.startswith("column ") for header in columns.values())
    if unnamed and made_for and list(headers) != list(made_for):
        return False
    return all(headers.count(header) == 1 for header in columns.values())


def as_written(mapped: Mapped, headers: Sequence[str], sample: Sequence[Row]) -> Mapped:
    """This function will add to a mapping how the file writes amounts and dates, as far as it says so itself.

    :raises UnclearColumns: a value can be read in two ways, and no other value says which.
    """
    writing = find_writing(mapped.columns, headers, sample)
    if writing.amount:
        raise UnclearColumns(
            f"amounts such as {writing.amount} could be thousands or decimals",
            proposal=mapped,
            field="decimal_sign",
        )
    if writing.day:
        raise UnclearColumns(
            f"dates such as {writing.day} could have the day or the month first",
            proposal=mapped,
            field="date_order",
        )
    return replace(
        mapped,
        decimal_sign=writing.decimal_sign or mapped.decimal_sign,
        date_order=writing.date_order or mapped.date_order,
    )


def _ask_if_otherwise(mapped: Mapped, table: Table) -> None:
    """A profile was made for another file: where this one is plainly written in another way, what can be read
    in both would be read wrongly.

    :raises UnclearColumns: it is.
    """
    amount, day = find_otherwise(
        mapped.columns,
        table.headers,
        table.sample,
        decimal_sign=mapped.decimal_sign,
        date_order=mapped.date_order,
    )
    if amount:
        raise UnclearColumns(
            f"amounts such as {amount} are written otherwise than the profile says",
            proposal=mapped,
            field="decimal_sign",
        )
    if day:
        raise UnclearColumns(
            f"dates such as {day} are written otherwise than the profile says",
            proposal=mapped,
            field="date_order",
        )


def as_mapped(mapping: ColumnMapping) -> Mapped:
    """This function will return a saved mapping as plain facts."""
    return Mapped(
        columns=mapping.columns,
        decimal_sign="," if mapping.decimal_sign == "," else ".",
        date_order="month" if mapping.date_order == "month" else "day",
        one_claim_per="debtor" if mapping.one_claim_per == "debtor" else "invoice",
        defaults={name: value for name, value in mapping.defaults.items() if name not in _APART},
        sheet=mapping.defaults.get(_SHEET, ""),
        parts=tuple(map(_as_part, mapping.parts)),
        repeats="added" if mapping.defaults.get(_REPEATS) == "added" else "once",
        known_by=known_by(mapping.defaults.get(_KNOWN_BY)),
        pay_day=pay_day(mapping.defaults.get(_PAY_DAY)),
    )


def _as_part(kept: Mapping[str, Any]) -> Part:
    return Part(
        headers=tuple(kept["headers"]),
        columns=kept["columns"],
        decimal_sign="," if kept["decimal_sign"] == "," else ".",
        date_order="month" if kept["date_order"] == "month" else "day",
    )


def save_mapping(
    unit: Unit, *, creditor_id: UUID, name: str, mapped: Mapped, headers: Sequence[str] = ()
) -> UUID:
    """This function will save a mapping as a new version; files read before keep the version they had.

    :param headers: all columns of the file that it was made for.
    :raises Invalid: the decimal sign was not said, or the name is empty or too long.
    """
    if mapped.decimal_sign is None or any(part.decimal_sign is None for part in mapped.parts):
        raise Invalid("say which decimal sign the file uses", field="decimal_sign")
    name = profile_name(name)
    mapping = ColumnMapping(
        creditor_id=creditor_id,
        id=new_id(),
        name=name,
        version=_latest_version(unit, creditor_id, name) + 1,
        columns=dict(mapped.columns),
        decimal_sign=mapped.decimal_sign,
        date_order=mapped.date_order,
        defaults=dict(mapped.defaults)
        | ({_SHEET: mapped.sheet} if mapped.sheet else {})
        | ({_REPEATS: mapped.repeats} if mapped.repeats == "added" else {})
        | ({_KNOWN_BY: mapped.known_by} if mapped.works_out_numbers else {})
        | ({_PAY_DAY: str(mapped.pay_day)} if mapped.works_out_numbers and mapped.pay_day else {}),
        one_claim_per=mapped.one_claim_per,
        headers=list(headers),
        parts=[asdict(part) for part in mapped.parts],
        created_at=unit.now,
    )
    unit.session.add(mapping)
    unit.session.flush()
    return mapping.id


def profile_name(name: str) -> str:
    """This function will return a profile's name without superfluous blanks.

    :raises Invalid: it is empty, too long, or holds signs that no text has.
    """
    plain = " ".join(name.split())
    if not plain or len(plain) > 80 or not plain.isprintable():
        raise Invalid("give the profile a name of 1 to 80 characters", field="profile")
    return plain


def _latest_version(unit: Unit, creditor_id: UUID, name: str) -> int:
    return (
        unit.session.exec(
            select(ColumnMapping.version)
            .where(ColumnMapping.creditor_id == creditor_id, ColumnMapping.name == name)
            .order_by(col(ColumnMapping.version).desc())
            .limit(1)
        ).first()
        or 0
    )
