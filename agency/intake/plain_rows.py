"""Rows that are plainly right, found a column at a time; whatever leaves a doubt is checked row by row.

A value in its usual form passes by an expression over its column. `RowChecker` works any other out, once
per distinct text. A row of which one value is refused, or whose values do not obviously fit together, goes to
`RowChecker` whole: only it says what is wrong, so both ways agree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

import polars as pl

from agency.intake import beside
from agency.intake.amounts import AMOUNT_MAX, NotUnderstood, to_minor
from agency.intake.checks.columns import check_columns
from agency.intake.findings import findings_frame
from agency.intake.reading import Row
from agency.intake.rows import (
    REFERENCES,
    STAGED,
    TERM_WITHOUT_AGREEMENT_DAYS,
    RowChecker,
    law_of,
)
from agency.intake.table import UNKNOWN
from agency.money import EXPONENTS
from agency.parties.names import LEGAL_FORMS, has_legal_form, name_key
from agency.rules.facts import InterestKind
from agency.rules.languages import belgian_region, language_of_area, language_of_country

_TEXT: Final = r"^[!-~À-ÖØ-öø-ÿ]+(?: [!-~À-ÖØ-öø-ÿ]+)*$"
_CHANGED: Final = r"^'|^[0-9][.,][0-9]+[eE]\+"  # by a spreadsheet, as `values.identifier` has it
_AMOUNT: Final = {
    None: r"^[0-9]{1,9}[.,][0-9]{2}$",
    ".": r"^[0-9]{1,9}\.[0-9]{2}$",
    ",": r"^[0-9]{1,9},[0-9]{2}$",
}
_YEAR: Final = "(?:19|20|21)[0-9]{2}"  # of our time, as `RowChecker` has it
_EMAIL: Final = (
    r"^[a-z0-9_%+\-]+(?:\.[a-z0-9_%+\-]+)*@(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}$"
)
_NAME_WITH_INITIALS: Final = r"(?:^| )[a-z0-9](?: |$)"
_MOD: Final = 97

Texts = pl.Expr
_TEXT_FIELDS: Final = {
    **dict.fromkeys(REFERENCES, 80),
    **dict.fromkeys(("debtor_name", "street", "house_number", "city", "dispute_reason"), 200),
    "description": 500,
}
_KINDS: Final[dict[str, Any]] = {
    "issued_on": pl.Date, "due_on": pl.Date, "contract_on": pl.Date, "disputed": pl.Boolean,
    "amount": pl.Int64, "total": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True)
class Sifted:
    """Rows of a chunk: those that are plainly right as columns of `STAGED`, what was noticed about these as
    `FINDING_COLUMNS`, and the others as they were."""

    plain: pl.DataFrame
    findings: pl.DataFrame
    others: list[Row]


class PlainRows:
    """Sifts chunks of one file; holds what is true of all its rows."""

    def __init__(self, checker: RowChecker, columns: dict[str, int], width: int) -> None:
        self.checker = checker
        self.columns = {field: index for field, index in columns.items() if field in _FIELDS}
        self.beside = {field: index for field, index in columns.items() if field in beside.FIELDS}
        self.width = width
        self.currency = _currency(checker)
        self.land = checker.mapped.defaults.get("country", checker.habits.country)
        # Other currencies have other decimals, and are refused anyhow.
        usual = not (checker.foreign or checker.in_cents or checker.by_parts)
        self.possible = EXPONENTS.get(self.currency) == 2 and usual

    def sift(self, rows: Sequence[Row]) -> Sifted:
        """This function will part rows that are plainly right from the others."""
        even = [row for row in rows if len(row[1]) == self.width] if self.possible else []
        frame = self._frame(even)
        if frame is None:
            return Sifted(_nothing(), findings_frame(), list(rows))
        staged = self._settled(self._understood(frame))
        sure = staged.filter(pl.col("sure").fill_null(value=False))
        plain, findings = check_columns(sure, today=self.checker.today)
        if plain.height == len(rows):
            return Sifted(plain.select(STAGED), findings, [])
        taken = set(plain["row"].to_list())
        return Sifted(plain.select(STAGED), findings, [row for row in rows if row[0] not in taken])

    def _frame(self, rows: Sequence[Row]) -> pl.DataFrame | None:
        """The mapped cells as columns of text, blanks as nothing; None for the typed cells of a workbook."""
        if not rows:
            return None
        cells = list(zip(*(cells for _, cells in rows), strict=True))
        made: dict[str, Any] = {"row": [number for number, _ in rows]}
        for field, index in (self.columns | self.beside).items():
            try:
                made[field] = pl.Series(field, cells[index], dtype=pl.String, strict=True)
            except (TypeError, pl.exceptions.PolarsError):
                return None
        frame = pl.DataFrame(made)
        read = [*self.columns, *self.beside]
        frame = frame.with_columns(pl.col(read).str.strip_chars(" "))
        return frame.with_columns(
            pl.when(pl.col(field) != "").then(pl.col(field)).alias(field) for field in read
        )

    def _understood(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Every field's value beside whether the row is still sure."""
        frame = frame.with_columns(land=pl.lit(self.land), sure=pl.lit(value=True))
        if "country" in self.columns:
            frame = self._read(frame, "country")
            frame = frame.with_columns(land=pl.coalesce("country", "land"))
        for field in self.columns:
            if field != "country":
                frame = self._read(frame, field)
        frame = self._with_beside(frame)
        absent = [field for field in _FIELDS if field not in self.columns]
        return frame.with_columns(
            pl.lit(None, dtype=_KINDS.get(field, pl.String)).alias(field) for field in absent
        )

    def _read(self, frame: pl.DataFrame, field: str) -> pl.DataFrame:
        kind, cell = _KINDS.get(field, pl.String), pl.col(field)
        usual = self._usual(field)
        if usual is None:
            read = frame.with_columns(pl.lit(None, dtype=kind).alias("value"))
        else:
            read = frame.with_columns(usual.alias("value"))
        left = read.filter(cell.is_not_null() & pl.col("value").is_null()).select("land", field).unique()
        if left.height:
            read = read.join(self._one_by_one(left, field, kind), on=["land", field], how="left")
            read = read.with_columns(value=pl.coalesce("value", "worked_out")).drop("worked_out")
        understood = cell.is_null() | pl.col("value").is_not_null()
        return read.with_columns(sure=pl.col("sure") & understood).drop(field).rename({"value": field})

    def _with_beside(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What rows tell beside their claims, worked out once per distinct cells; a doubt where refused."""
        given = [pl.col(field).is_not_null() for field in self.beside]
        told = frame.filter(pl.any_horizontal(given)).select("land", *self.beside).unique() if given else None
        if told is None or not told.height:
            return frame.with_columns(pl.lit(None, dtype=pl.String).alias("beside"))
        found = [self._beside(row) for row in told.iter_rows(named=True)]
        told = told.with_columns(pl.Series("beside", found, dtype=pl.String))
        frame = frame.join(told, on=["land", *self.beside], how="left", nulls_equal=True)
        right = pl.col("beside").is_not_null() | ~pl.any_horizontal(given)
        return frame.with_columns(sure=pl.col("sure") & right)

    def _beside(self, cells: dict[str, str | None]) -> str | None:
        land, found = cells["land"] or "", {}
        for field in self.beside:
            found[field], refused = self.checker.recall(field, cells[field], land)
            if refused:
                return None
        return None if beside.check_beside(found, today=self.checker.today) else beside.beside_of(found)

    def _one_by_one(self, left: pl.DataFrame, field: str, kind: Any) -> pl.DataFrame:
        """What `RowChecker` makes of each distinct text; nothing where it refuses."""
        found = [self._scalar(field, cell, land) for land, cell in left.iter_rows()]
        return left.with_columns(pl.Series("worked_out", found, dtype=kind))

    def _scalar(self, field: str, cell: str, land: str) -> Any:
        value, _ = self.checker.recall(field, cell, land)
        if not isinstance(value, Decimal):
            return value
        try:
            return to_minor(value, self.currency)
        except NotUnderstood:
            return None

    def _usual(self, field: str) -> Texts | None:
        """The value of a cell in its usual form as an expression, nothing for any other form."""
        cell, dutch = pl.col(field), pl.col("land") == "NL"
        if field in _TEXT_FIELDS:
            whole = cell.str.contains(_TEXT) & (cell.str.len_chars() <= _TEXT_FIELDS[field])
            if field == "invoice_number":  # one without a digit may be a word for a total
                whole = whole & cell.str.contains(r"[0-9]")
            if field in REFERENCES:
                whole = whole & ~cell.str.contains(_CHANGED)
            return pl.when(whole & ~cell.str.ends_with(".0") & (cell != UNKNOWN)).then(cell)
        if field in ("amount", "total"):
            digits = cell.str.replace_all(r"[.,]", "").cast(pl.Int64, strict=False)
            return pl.when(cell.str.contains(_AMOUNT[self.checker.mapped.decimal_sign])).then(digits)
        if field in ("issued_on", "due_on", "contract_on"):
            return self._usual_date(cell)
        if field == "email":
            short = (cell.str.len_chars() <= 254) & (cell.str.find("@", literal=True) <= 64)
            return pl.when(cell.str.contains(_EMAIL) & short).then(cell)
        if field == "phone":
            mobile = cell.str.contains(r"^06[1-9][0-9]{7}$") & dutch
            return pl.when(mobile).then(pl.lit("+31") + cell.str.slice(1))
        if field == "registration_number":
            return pl.when(cell.str.contains(r"^[0-9]{8}$") & dutch).then(cell)
        if field == "postal_code":
            usual = cell.str.contains(r"^[1-9][0-9]{3} ?[A-Z]{2}$") & dutch
            free = ~cell.str.contains(r"S[ADS]$")
            return pl.when(usual & free).then(cell.str.slice(0, 4) + pl.lit(" ") + cell.str.slice(-2))
        return _usual_iban(cell) if field == "iban" else None

    def _usual_date(self, cell: pl.Expr) -> Texts:
        ordinary = "%d-%m-%Y" if self.checker.mapped.date_order == "day" else "%m-%d-%Y"
        year_first = pl.when(cell.str.contains(rf"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}$")).then(cell)
        year_last = pl.when(cell.str.contains(rf"^[0-9]{{2}}-[0-9]{{2}}-{_YEAR}$")).then(cell)
        return pl.coalesce(
            year_first.str.to_date("%Y-%m-%d", strict=False), year_last.str.to_date(ordinary, strict=False)
        )

    def _settled(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What the values say together, as `RowChecker` settles it; sure only where nothing is to be said."""
        habits, today = self.checker.habits, self.checker.today
        due = pl.coalesce("due_on", pl.col("issued_on") + pl.duration(days=TERM_WITHOUT_AGREEMENT_DAYS))
        issued = pl.coalesce("issued_on", pl.min_horizontal(due, pl.lit(today)))
        frame = self._with_names(frame).with_columns(
            currency=pl.coalesce("currency", pl.lit(self.currency)),
            country=pl.col("land"),
            document_kind=pl.coalesce("document_kind", pl.lit("invoice")),
            debtor_kind=self._kind(),
            due_on=due.cast(pl.Date),
            issued_on=issued.cast(pl.Date),
            amount_minor=pl.col("amount"),
            total_minor=pl.coalesce("total", "amount"),
            disputed=pl.col("disputed").fill_null(value=False),
            sure=pl.col("sure") & (pl.col("house_number").is_null() | pl.col("street").is_not_null()),
        )
        consumer = pl.col("debtor_kind") == "consumer"
        frame = _mapped(
            frame, "language_of_land", "land", lambda land: language_of_country(land, habits.language)
        )
        frame = _mapped(frame, "law_of_land", "land", law_of)
        frame = frame.with_columns(
            interest_kind=pl.when(consumer)
            .then(pl.lit(InterestKind.consumer.value))
            .otherwise(pl.lit(InterestKind.trade.value)),
            law=pl.when(consumer).then("law_of_land").otherwise(pl.lit(law_of(habits.country))),
            language=pl.coalesce(
                "language", _by_belgian_postcode(_languages(habits.language)), "language_of_land"
            ),
            region=_by_belgian_postcode(_regions()),
            street=pl.concat_str("street", "house_number", separator=" ", ignore_nulls=True).replace(
                "", None
            ),
        )
        return frame.with_columns(sure=pl.col("sure") & _fits(self.checker, today))

    def _kind(self) -> pl.Expr:
        business = pl.col("registration_number").is_not_null() | pl.col("vat_number").is_not_null()
        usual = self.checker.mapped.defaults.get("debtor_kind", "consumer")
        found = pl.when(business | pl.col("named")).then(pl.lit("company")).otherwise(pl.lit(usual))
        return pl.coalesce("debtor_kind", found)

    def _with_names(self, frame: pl.DataFrame) -> pl.DataFrame:
        if frame["debtor_kind"].null_count():
            frame = _mapped(frame, "named", "debtor_name", has_legal_form, kind=pl.Boolean)
        else:
            frame = frame.with_columns(named=pl.lit(value=False))
        frame = frame.with_columns(name_key=_usual_name_key())
        left = frame.filter(pl.col("name_key").is_null() & pl.col("debtor_name").is_not_null())
        if not left.height:
            return frame
        frame = _mapped(frame, "other_key", "debtor_name", name_key, only=left["debtor_name"])
        return frame.with_columns(name_key=pl.coalesce("name_key", "other_key"))


_FIELDS: Final = (
    *_TEXT_FIELDS, "document_kind", "debtor_kind", "disputed", "language", "country", "currency",
    "issued_on", "due_on", "contract_on", "amount", "total", "registration_number", "vat_number", "iban",
    "postal_code", "email", "phone",
)  # fmt: skip


def _fits(checker: RowChecker, today: date) -> pl.Expr:
    """Nothing is missing, nothing contradicts: an invoice of more than nothing, dates in order."""
    issued, due, amount = pl.col("issued_on"), pl.col("due_on"), pl.col("amount_minor")
    return (
        pl.all_horizontal(pl.col("invoice_number", "debtor_name", "name_key", "amount").is_not_null())
        & (pl.col("document_kind") == "invoice")
        & (pl.col("currency") == pl.lit(_currency(checker)))
        & (amount > 0)
        & (amount < int(AMOUNT_MAX) * 100)
        & (pl.col("total_minor").abs() >= amount)
        & (issued >= checker.oldest)
        & (issued <= today)
        & (pl.col("contract_on").is_null() | (pl.col("contract_on") <= today))
        & (due >= issued)
        & (due <= checker.latest_due)
    )


def _currency(checker: RowChecker) -> str:
    return checker.mapped.defaults.get("currency", checker.habits.currency)


def _mapped(
    frame: pl.DataFrame,
    name: str,
    of: str,
    function: Callable[[str], Any],
    *,
    kind: Any = pl.String,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    """Add a column that a function makes of each distinct text of another."""
    texts = (frame[of] if only is None else only).drop_nulls().unique()
    made = pl.Series(name, [function(one) for one in texts.to_list()], dtype=kind)
    return frame.join(pl.DataFrame([texts.rename(of), made]), on=of, how="left")


def _by_belgian_postcode(found: dict[str, str | None]) -> pl.Expr:
    code = pl.col("postal_code")
    belgian = pl.when((pl.col("land") == "BE") & code.str.contains(r"^[0-9]{4}$")).then(code)
    return belgian.replace_strict(found, default=None, return_dtype=pl.String)


@cache
def _regions() -> dict[str, str | None]:
    return {f"{number}": belgian_region("BE", f"{number}") for number in range(1000, 10_000)}


@cache
def _languages(usual: str) -> dict[str, str | None]:
    return {f"{number}": language_of_area("BE", f"{number}", usual) for number in range(1000, 10_000)}


def _usual_name_key() -> pl.Expr:
    """The key of a name of plain words; nothing where accents or initials ask for more than that."""
    name = pl.col("debtor_name")
    words = (
        name.str.to_lowercase().str.replace_all("'", "", literal=True).str.replace_all(r"[^a-z0-9]+", " ")
        .str.strip_chars(" ").str.replace(r"([a-z0-9]{2}) [bn] v$", "$1")
    )  # fmt: skip
    ordinary = (
        name.str.contains(r"^[ -~]+$")
        & ~words.str.contains(_NAME_WITH_INITIALS)
        & ~words.str.contains(rf"(?:^| )(?:{'|'.join(sorted(LEGAL_FORMS))})(?: |$)")
        & (words != "")
    )
    return pl.when(ordinary).then(words)


def _usual_iban(cell: pl.Expr) -> Texts:
    """A Dutch IBAN whose check digits are right (ISO 7064, mod 97-10), in parts that a machine word holds."""
    letters = [_letter(cell.str.slice(position, 1)) for position in range(4, 8)]
    bank = ((letters[0] * 100 + letters[1]) * 100 + letters[2]) * 100 + letters[3]
    account = cell.str.slice(8, 10).cast(pl.Int64, strict=False)
    check = cell.str.slice(2, 2).cast(pl.Int64, strict=False)
    behind_bank = ((bank % _MOD) * 10**10 + account) % _MOD
    right = (behind_bank * 10**6 + 232_100 + check) % _MOD == 1
    return pl.when(cell.str.contains(r"^NL[0-9]{2}[A-Z]{4}[0-9]{10}$") & right).then(cell)


def _letter(sign: pl.Expr) -> pl.Expr:
    codes = {letter: int(letter, 36) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    return sign.replace_strict(codes, default=None, return_dtype=pl.Int64)


def _nothing() -> pl.DataFrame:
    kinds = _KINDS | {"row": pl.Int64, "amount_minor": pl.Int64, "total_minor": pl.Int64}
    return pl.DataFrame(schema={name: kinds.get(name, pl.String) for name in STAGED})


def staged_frame(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """This function will return checked rows, as `STAGED` says, as columns."""
    return pl.DataFrame(list(rows), schema=_nothing().schema, orient="row")
