"""Saying what columns mean: proposals with reasons, the first rows as they will be read, saved profiles."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.intake.columns import propose
from agency.intake.doubts import NO_NAMES, has_lines
from agency.intake.headers import HEADERS
from agency.intake.known_by import known_by, pay_day, stands_twice
from agency.intake.mapping import REQUIRED, Mapped, Part, check_columns, missing_fields, save_mapping
from agency.intake.models import Placement
from agency.intake.preview import preview
from agency.intake.profiles import profiles, rename_profile, retire_profile
from agency.intake.receive import habits_of
from agency.intake.table import ALL_KINDS, ALL_SHEETS, Cell, Table, sheets_left_out
from agency.intake.values import identifier
from agency.intake.writing import Writing, find_writing
from agency.kernel.errors import Invalid
from agency.kernel.files import fetch
from agency.kernel.unit import Unit
from agency.ports.readers import Unreadable
from portal.creditor.doors import creditor_page, routes
from portal.creditor.mapping_numbers import shown_numbers
from portal.creditor.mapping_sheets import (
    Kind,
    everything_left_out,
    first_left_out,
    kinds_of,
    open_sheets,
    shown_sheets,
)
from portal.creditor.placed import next_page
from portal.creditor.single_claim import COUNTRIES
from portal.placing import find_placement, read_and_price
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.claim_fields import FIELDS
from portal.shared.forms import Fields, Form, blank
from portal.shared.i18n import N_, gettext
from portal.shared.words import DEBTOR_KINDS
from portal.wiring import Wiring

SAMPLES_SHOWN = 4
REASONS = {
    "named": N_("recognised by its name"),
    "hinted": N_("its name suggests this"),
    "content": N_("its values suggest this"),
}
ADDED = (
    N_("debtor above"),
    N_("debtor number above"),
    N_("debit minus credit"),
    N_("amount with its sign"),
    N_("sum of the ageing columns"),
    N_("amount less what was paid"),
    N_("name of its parts"),
)
"""Columns that are worked out while a file is read, `agency.intake.amount_columns`, `name_columns` and
`grouped`."""
DEFAULTS = ("country", "debtor_kind")


def mapping_page(
    request: Request,
    unit: Unit,
    wiring: Wiring,
    found: Placement,
    form: Form[Any] | None = None,
    status: int = 200,
    debtors_error: Mapping[str, str] | None = None,
) -> Response:
    """This function will answer with the page that asks what the columns of a placement mean.

    :param debtors_error: why the list of debtors that was handed over beside it could not be used.
    """
    content = _content(unit, wiring, found)
    if form is None:
        form = blank(**_first_answers(found, content, request.query_params))
    table = _opened(content, form.values)
    kinds = kinds_of(content, table)
    form.values |= _proposed(form.values, kinds)
    understood = _understood(unit, found, content, table, form.values, asked=form.errors)
    return creditor_page(
        request,
        "mapping.html",
        status=status,
        placement=found,
        form=form,
        kinds=[_shown_kind(kind, form) for kind in kinds],
        notes=table,
        sheets=_sheets(table),
        sheet=form.value("sheet"),
        fields=[(field, FIELDS[field]) for field in HEADERS],
        required=[gettext(FIELDS[field]) for field in (*REQUIRED, "due_on")],
        countries=COUNTRIES,
        debtor_kinds=list(DEBTOR_KINDS.items()),
        asks_for_names=_asks_for_names(found, understood["understood"]),
        debtors_error=next(iter((debtors_error or {}).values()), ""),
        **understood,
    )


def _asks_for_names(found: Placement, understood: list[dict[str, Any]]) -> bool:
    """Whether a list says numbers of debtors only, so that their names must come from a list of their own."""
    if len(understood) != 1 or understood[0]["sheets"]:
        return False
    return found.refusal == NO_NAMES or "debtor_name" not in understood[0]["mapped"].columns


def _shown_kind(kind: Kind, form: Form[Any]) -> dict[str, Any]:
    """The columns of one kind of sheet, each with its first values and why it is proposed as what it is."""
    headers = kind.table.headers
    chosen = [form.value(f"{kind.prefix}column_{index}") for index in range(len(headers))]
    return {
        "prefix": kind.prefix,
        "sheets": kind.sheets,
        "headers": headers,
        "samples": [_samples(kind.table, index) for index in range(len(headers))],
        "reasons": {
            reason.header: REASONS[reason.why]
            for reason in propose(headers, kind.table.sample).reasons
            if reason.header in headers and chosen[headers.index(reason.header)] == reason.field
        },
    }


def _proposed(values: Mapping[str, Any], kinds: list[Kind]) -> dict[str, str]:
    """What is proposed for the columns of a kind of sheet that nothing was said of yet."""
    answers: dict[str, str] = {}
    for kind in kinds:
        headers = kind.table.headers
        names = [f"{kind.prefix}column_{index}" for index in range(len(headers))]
        if not any(name in values for name in names):
            fields = {header: field for field, header in propose(headers, kind.table.sample).columns.items()}
            answers |= {name: fields.get(header, "") for name, header in zip(names, headers, strict=True)}
    return answers


def _first_answers(found: Placement, content: bytes, asked: Mapping[str, Any]) -> dict[str, str]:
    table = _opened(content, asked)
    profile = found.name.rpartition(".")[0] or found.name
    answers = {"profile": profile, "one_claim_per": "invoice", "sheet": table.sheet}
    return answers | first_left_out(content, table)


def _sheets(table: Table) -> list[tuple[str, str]]:
    """The sheets that can be chosen, each with its name; all of them where several could hold claims."""
    if len(table.sheets) < 2:
        return []
    together = [
        (ALL_SHEETS, gettext("All sheets with these columns")),
        (ALL_KINDS, gettext("All sheets, each kind apart")),
    ]
    several = table.rivals or sheets_left_out(table.sheet) is not None
    return [(name, name) for name in table.sheets] + (together if several else [])


def _samples(table: Table, index: int) -> list[str]:
    """The first different values of a column."""
    cells = (_as_typed(row[index]) for _, row in table.sample if len(row) > index)
    return list(dict.fromkeys(cell[:60] for cell in cells if cell))[:SAMPLES_SHOWN]


def _as_typed(cell: Cell) -> str:
    """A cell as it stands in the file: a workbook's 10234 is not 10234.0."""
    return identifier(cell) if isinstance(cell, Decimal) else str("" if cell is None else cell).strip()


def _content(unit: Unit, wiring: Wiring, found: Placement) -> bytes:
    return fetch(unit, wiring.ports.files, creditor_id=found.creditor_id, sha256=found.sha256)[0]


def _opened(content: bytes, fields: Mapping[str, Any]) -> Table:
    """The table that a placement was received as, by its first rows: who would read on is let go here.

    :raises Invalid: the file holds no table.
    """
    try:
        return replace(open_sheets(content, fields), rows=iter(()))
    except Unreadable as refusal:
        raise Invalid(refusal.reason) from refusal


def _understood(
    unit: Unit,
    found: Placement,
    content: bytes,
    table: Table,
    fields: dict[str, Any],
    *,
    asked: dict[str, str],
) -> dict[str, Any]:
    """How the first rows read under the answers given so far, and what is still in doubt."""
    kinds = kinds_of(content, table)
    fields = fields | _proposed(fields, kinds)
    habits = habits_of(unit, creditor_id=found.creditor_id)
    understood = [_understood_kind(kind, fields) for kind in kinds]
    mapped = {name: one["mapped"] for one in understood for name in one["sheets"] or ("",)}
    numbers = [shown_numbers(kind.table, one["mapped"], habits=habits, today=unit.today)
               for kind, one in zip(kinds, understood, strict=True)]  # fmt: skip
    rows = preview(
        table.headers, table.sample, mapped=understood[0]["mapped"], habits=habits, today=unit.today
    ) if understood and not understood[0]["sheets"] else []  # fmt: skip
    return {
        "rows": rows,
        "numbers": next((one for one in numbers if one), None),
        "understood": understood,
        "shown_sheets": shown_sheets(content, table, fields, mapped=mapped, habits=habits, today=unit.today),
        "answers": blank(**{name: value for name, value in fields.items() if name != "csrf"}),
        "asked": asked,
        "added": ADDED,
        "field_words": FIELDS,
        "kind_words": DEBTOR_KINDS,
    }


def _understood_kind(kind: Kind, fields: dict[str, Any]) -> dict[str, Any]:
    """How one kind of sheet is read by the answers so far, what is still needed, and what can be read in two
    ways."""
    columns = _columns(fields, kind)
    writing = find_writing(columns, kind.table.headers, kind.table.sample)
    mapped = _with_writing(_mapped(fields, columns), writing, fields, kind)
    return {
        "prefix": kind.prefix,
        "sheets": kind.sheets,
        "mapped": mapped,
        "writing": writing,
        "missing": [gettext(FIELDS[field]) for field in missing_fields(mapped)],
        "lines": _has_lines(mapped, kind),
    }


def _has_lines(mapped: Mapped, kind: Kind) -> bool:
    """Whether several rows are known by one number, so that what they are together must be said."""
    headers, sample = kind.table.headers, kind.table.sample
    if mapped.works_out_numbers:
        return stands_twice(mapped.known_by, mapped.columns, headers, sample)
    return has_lines(mapped.columns, headers, sample)


@routes.post("/placements/{placement_id:uuid}/mapping/preview")
def preview_mapping(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    placement_id: UUID,
) -> Response:
    """The first rows as the columns chosen at this moment would be read; nothing is stored."""
    found = find_placement(unit, own_creditor(visitor), placement_id)
    content = _content(unit, wiring, found)
    values = _understood(unit, found, content, _opened(content, fields), fields, asked={})
    return creditor_page(request, "mapping_understood.html", **values)


@routes.post("/placements/{placement_id:uuid}/mapping")
def explain_columns(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    placement_id: UUID,
) -> Response:
    """Keep what the creditor says of its columns for this and later files, and read the file by it."""
    creditor_id = own_creditor(visitor)
    found = find_placement(unit, creditor_id, placement_id)
    if found.state not in ("mapping", "refused"):
        return leave_for(f"/creditor/placements/{placement_id}")
    form = blank(**{name: value for name, value in fields.items() if name != "csrf"})
    content = _content(unit, wiring, found)
    table = _opened(content, fields)
    with form.attempt(unit):
        if everything_left_out(fields, table):
            raise Invalid("leave at least one sheet in", field="sheet")
        kinds = kinds_of(content, table)
        mapped = replace(_answered(form.values, kinds), sheet=_sheet_to_keep(content, table))
        name = str(fields.get("profile") or found.name.rpartition(".")[0] or found.name)
        found.mapping_id = save_mapping(
            unit, creditor_id=creditor_id, name=name, mapped=mapped, headers=kinds[0].table.headers
        )
        read_and_price(unit, wiring.ports, creditor_id=creditor_id, placement_id=placement_id, mapped=mapped)
        if found.state == "mapping":
            raise Invalid(found.refusal or "the columns are still unclear")
    if form.errors:
        return mapping_page(request, unit, wiring, found, form, 422)
    return leave_for(next_page(unit, creditor_id, placement_id))


def _answered(fields: dict[str, Any], kinds: list[Kind]) -> Mapped:
    """The whole answer: what the file says of itself, and what was said where it leaves doubt."""
    answers = fields | _proposed(fields, kinds)
    found = [_answered_kind(answers, kind) for kind in kinds]
    if not kinds[0].sheets:
        return found[0]
    parts = (
        Part(
            headers=kind.table.headers,
            columns=mapped.columns,
            decimal_sign=mapped.decimal_sign,
            date_order=mapped.date_order,
        )
        for kind, mapped in zip(kinds, found, strict=True)
    )
    return replace(found[0], parts=tuple(parts))


def _answered_kind(fields: dict[str, Any], kind: Kind) -> Mapped:
    headers = kind.table.headers
    columns = _columns(fields, kind, once=True)
    writing = find_writing(columns, headers, kind.table.sample)
    if writing.amount and fields.get(f"{kind.prefix}decimal_sign") not in (",", "."):
        raise Invalid("say which decimal sign the file uses", field=f"{kind.prefix}decimal_sign")
    if writing.day and fields.get(f"{kind.prefix}date_order") not in ("day", "month"):
        raise Invalid("say whether the day or the month comes first", field=f"{kind.prefix}date_order")
    mapped = _with_writing(_mapped(fields, columns), writing, fields, kind)
    _check_numbers(mapped)
    check_columns(mapped, headers)
    if _has_lines(mapped, kind) and fields.get("repeats") not in ("once", "added"):
        raise Invalid("say whether rows with one invoice number are added up", field="repeats")
    # A workbook's numbers are no text, and whole amounts have no sign: then it does not matter which.
    return replace(mapped, decimal_sign=mapped.decimal_sign or ",")


def _check_numbers(mapped: Mapped) -> None:
    """Make sure that a line without an invoice number is known by something, and paid by a day."""
    if "invoice_number" not in mapped.columns and not mapped.known_by:
        raise Invalid(
            "say which column holds the invoice numbers, or by what a line is known", field="known_by"
        )
    if missing_fields(mapped) == ["due_on"] and "period" in mapped.columns:
        raise Invalid("say on which day of its month a line must be paid", field="pay_day")


def _sheet_to_keep(content: bytes, table: Table) -> str:
    """The sheets that were chosen, when there was a choice or they are not what is read by itself."""
    usual = _opened(content, {})
    return table.sheet if usual.rivals or table.sheet != usual.sheet else ""


def _columns(fields: Mapping[str, Any], kind: Kind, *, once: bool = False) -> dict[str, str]:
    columns: dict[str, str] = {}
    for index, header in enumerate(kind.table.headers):
        name = f"{kind.prefix}column_{index}"
        field = fields.get(name, "")
        if field not in HEADERS:
            continue
        if field in columns and once:
            raise Invalid("two columns cannot be the same field", field=name)
        columns.setdefault(field, header)
    return columns


def _mapped(fields: dict[str, Any], columns: dict[str, str]) -> Mapped:
    return Mapped(
        columns=columns,
        repeats="added" if fields.get("repeats") == "added" else "once",
        known_by="" if "invoice_number" in columns else known_by(fields.get("known_by")),
        pay_day=pay_day(fields.get("pay_day")),
        one_claim_per="debtor" if fields.get("one_claim_per") == "debtor" else "invoice",
        defaults={
            name: str(fields[f"default_{name}"])
            for name, known in zip(DEFAULTS, (dict(COUNTRIES), DEBTOR_KINDS), strict=True)
            if fields.get(f"default_{name}") in known
        },
    )


def _with_writing(mapped: Mapped, writing: Writing, fields: Mapping[str, Any], kind: Kind) -> Mapped:
    sign, order = writing.decimal_sign, writing.date_order
    said_sign, said_order = (fields.get(f"{kind.prefix}{name}") for name in ("decimal_sign", "date_order"))
    if sign is None and said_sign in (",", "."):
        sign = "," if said_sign == "," else "."
    if order is None and said_order in ("day", "month"):
        order = "month" if said_order == "month" else "day"
    return replace(mapped, decimal_sign=sign, date_order=order or "day")


@routes.get("/mappings")
def saved(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Every saved profile: what reads the creditor's files by itself."""
    return _saved_page(request, unit, own_creditor(visitor), blank())


def _saved_page(
    request: Request, unit: Unit, creditor_id: UUID, form: Form[Any], status: int = 200
) -> Response:
    listed = profiles(unit, creditor_id=creditor_id)
    return creditor_page(request, "mappings.html", status=status, profiles=listed, form=form)


@routes.post("/mappings/{mapping_id:uuid}/name")
def rename(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, mapping_id: UUID
) -> Response:
    """Call a profile otherwise."""
    creditor_id = own_creditor(visitor)
    form = blank()
    with form.attempt(unit):
        name = str(fields.get("profile", ""))
        rename_profile(unit, creditor_id=creditor_id, mapping_id=mapping_id, name=name)
    if form.errors:
        return _saved_page(request, unit, creditor_id, form, 422)
    return leave_for("/creditor/mappings", notice=N_("The profile has its new name."))


@routes.post("/mappings/{mapping_id:uuid}/retirement")
def retire(unit: CreditorUnit, visitor: TheVisitor, fields: Fields, mapping_id: UUID) -> Response:
    """Take a profile out of use, or into use again."""
    again = fields.get("again") == "true"
    retire_profile(unit, creditor_id=own_creditor(visitor), mapping_id=mapping_id, retired=not again)
    notice = N_("The profile is in use again.") if again else N_("The profile reads no further files.")
    return leave_for("/creditor/mappings", notice=notice)
