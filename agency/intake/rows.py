"""Checking rows: every value understood or refused with the field and the reason, nothing guessed.

A value is worked out once per distinct text, so that a hundred thousand rows of one country, currency and a
few thousand customers cost little more than reading them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from agency.claims.opening import TORN
from agency.claims.told_days import TOO_OLD, oldest_day
from agency.intake import beside, values
from agency.intake.amounts import (
    COLLECTED_CURRENCIES,
    FOREIGN,
    TOO_MANY_DECIMALS,
    NotUnderstood,
    amount_in_cell,
    counts_cents,
    names_foreign,
    to_minor,
)
from agency.intake.cells import says_balance
from agency.intake.checks.finding import Finding, Severity
from agency.intake.checks.row import FREE_TEXTS, check_row, read_text
from agency.intake.known_by import KNOWN_BY, NUMBER_MAX, day_in, month_of, number_of_line
from agency.intake.mapping import Mapped
from agency.intake.reading import Cell
from agency.intake.table import UNKNOWN
from agency.parties.names import has_legal_form, name_key
from agency.rules.facts import InterestKind, Law
from agency.rules.languages import belgian_region, language_of

DUE_AHEAD_DAYS: Final = 366
# Directive 2011/7/EU art. 3(3)(b): without an agreed term a debtor has 30 days.
TERM_WITHOUT_AGREEMENT_DAYS: Final = 30
TEXT_MAX: Final = 200
DESCRIPTION_MAX: Final = 500

NEEDED: Final = "is needed"
TOO_LONG: Final = "is too long"
STRANGE_SIGNS: Final = "contains signs that no text has"
NOT_POSITIVE: Final = "must be more than zero; a credit note names the invoice that it credits"
NOT_COLLECTED: Final = "is a currency that the agency does not collect"
DUE_BEFORE_ISSUED: Final = "is before the invoice date"
IN_FUTURE: Final = "is in the future"
TOO_FAR: Final = "is more than a year ahead"
A_BALANCE: Final = "is a total or a balance, not the number of an invoice"
CREDITS_NOTHING: Final = "a credit note must name the invoice that it credits"
OPEN_OVER_TOTAL: Final = "is more than the total of the invoice"
NOT_WORKED_OUT: Final = "is a formula without its value; open the file in a spreadsheet and save it once more"
HOUSE_NUMBER_ALONE: Final = "needs a street beside it"


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a row is not taken: our field, the reason (a fixed sentence) and what stood there."""

    row: int
    field: str
    reason: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What is true of a creditor where its file is silent."""

    country: str
    language: str
    currency: str = "EUR"


STAGED: Final = (
    "row", "claim_reference", "invoice_number", "document_kind", "billing_reference", "currency",
    "amount_minor", "total_minor", "issued_on", "due_on", "contract_on", "description", "disputed",
    "dispute_reason", "law", "interest_kind", "debtor_reference", "debtor_kind", "debtor_name", "name_key",
    "registration_number", "vat_number", "iban", "language", "country", "region", "street", "postal_code",
    "city", "email", "phone", "beside",
)  # fmt: skip
"""The columns of a checked row, in the order in which it is copied into the staging table."""

REFERENCES: Final = ("claim_reference", "invoice_number", "billing_reference", "debtor_reference")
_MEMORY = 4_000  # distinct texts per field and country
_COUNTRIES = 16
Parser = Callable[[Cell, str], Any]
Understood = tuple[Any, str | None]
"""A value, or None with the reason why it is refused."""


class RowChecker:
    """Checks rows of one file. Parsed values are kept per field, bounded so that memory stays flat."""

    def __init__(self, *, mapped: Mapped, habits: Habits, today: date) -> None:
        self.mapped = mapped
        self.habits = habits
        self.today = today
        self.oldest = oldest_day(today)
        self.latest_due = today + timedelta(days=DUE_AHEAD_DAYS)
        self._remarks: list[tuple[int, Finding]] = []
        self.by_parts = mapped.works_out_numbers
        self.foreign = [
            field for field in ("amount", "total") if names_foreign(mapped.columns.get(field, ""))
        ]
        self.in_cents = [
            field for field in ("amount", "total") if counts_cents(mapped.columns.get(field, ""))
        ]
        self._known: dict[str, dict[str, dict[Cell, Understood]]] = {}  # country -> field -> cell
        self._parsers: dict[str, Parser] = {
            **dict.fromkeys(REFERENCES, _identifier),
            "invoice_number": _document_number,
            **dict.fromkeys(("debtor_name", "street", "house_number", "city", "dispute_reason"), _text),
            "description": lambda cell, _: _text_of(cell, DESCRIPTION_MAX),
            "document_kind": lambda cell, _: values.DOCUMENT_KIND.read(_plain(cell)),
            "debtor_kind": lambda cell, _: values.DEBTOR_KIND.read(_plain(cell)),
            "disputed": lambda cell, _: values.YES_NO.read(_plain(cell)) == "yes",
            "language": lambda cell, _: values.LANGUAGE.read(_plain(cell).partition("-")[0]),
            "country": lambda cell, _: values.country(_plain(cell)),
            "currency": _collected_currency,
            "issued_on": self._date,
            "due_on": self._date,
            "period": lambda cell, _: month_of(cell, order=self.mapped.date_order),
            "contract_on": self._date,
            **dict.fromkeys(("amount", "total"), self._amount),
            **dict.fromkeys(self.in_cents, self._amount_in_cents),
            **dict.fromkeys(self.foreign, _refuse_foreign),
            "registration_number": lambda cell, land: values.registration_number(_register_text(cell), land),
            "vat_number": lambda cell, land: values.vat_number(_plain(cell), land),
            "iban": lambda cell, _: values.iban(_plain(cell)),
            "postal_code": lambda cell, land: values.postcode(values.identifier(_typed(cell)), land),
            "email": lambda cell, _: values.email(_plain(cell)),
            "phone": lambda cell, land: values.phone(values.identifier(_typed(cell)), land),
            **dict.fromkeys(beside.DATES, self._date),
            **dict.fromkeys(beside.NUMBERS, self._amount),
            **dict.fromkeys(beside.TEXTS, _text),
            "notice_complete": lambda cell, _: values.YES_NO.read(_plain(cell)),
            "reminder_channel": lambda cell, _: values.CHANNEL.read(_plain(cell)),
        }  # fmt: skip
        self._nothing: dict[str, Any] = dict.fromkeys(self._parsers)

    def check(self, row: int, cells: Mapping[str, Cell]) -> tuple[Any, ...] | list[Reject]:
        """This function will return the row as `STAGED` says, or every reason why it is not taken."""
        rejects: list[Reject] = []
        country = self.recall("country", cells.get("country"), "")
        land = country[0] or self.mapped.defaults.get("country", self.habits.country)
        found = self._nothing.copy()
        for field, cell in cells.items():
            if field == "period" and not self.by_parts:
                continue
            value, reason = country if field == "country" else self.recall(field, cell, land)
            found[field] = value
            if reason:
                rejects.append(Reject(row, field, reason, str(cell)[:TEXT_MAX]))
        found["country"] = land
        found["currency"] = found["currency"] or self.mapped.defaults.get("currency", self.habits.currency)
        if self.by_parts:
            self._name_by_parts(row, found, rejects)
        self._need(row, found, cells, rejects)
        self._settle_kind(row, found, rejects)
        self._settle_amounts(row, found, cells, rejects)
        self._settle_dates(row, found, rejects)
        self._remark(row, found, rejects)
        if rejects and self._is_line(found) and found["invoice_number"]:
            rejects.append(Reject(row, "invoice_number", TORN, found["invoice_number"]))
        return rejects or self._staged(row, found)

    def _remark(self, row: int, found: dict[str, Any], rejects: list[Reject]) -> None:
        """Ask the checks on entry; refusals join the rejects, the rest is kept of a row that is taken."""
        refused = {reject.field for reject in rejects}
        told: list[Finding] = []
        for field in FREE_TEXTS:
            if found[field]:
                found[field], remarks = read_text(field, found[field])
                told += remarks
        told += (
            one
            for one in check_row(found, today=self.today, law=Law(self._law(found)))
            if one.field != "amount" or not self._is_line(found)
        )
        told += beside.check_beside(found, today=self.today)
        rejects += [
            Reject(row, one.field, one.reason, one.value)
            for one in told
            if one.severity is Severity.REJECT and one.field not in refused
        ]
        if not rejects:
            self._remarks += [(row, one) for one in told]

    def _is_line(self, found: Mapping[str, Any]) -> bool:
        """Whether a row is a line of an invoice, which may be a discount: what the invoice comes to is judged
        when its lines are added up."""
        return self.mapped.repeats == "added" and found["document_kind"] == "invoice"

    def add_remarks(self, row: int, found: Iterable[Finding]) -> None:
        """This function will keep what else was noticed about a row."""
        self._remarks += [(row, one) for one in found]

    def take_remarks(self) -> list[tuple[int, Finding]]:
        """This function will hand over the warnings and questions about rows since the last time."""
        taken, self._remarks = self._remarks, []
        return taken

    def _law(self, found: dict[str, Any]) -> str:
        consumer = found["debtor_kind"] == "consumer"
        return law_of(found["country"] if consumer else self.habits.country)

    def recall(self, field: str, cell: Cell, land: str) -> Understood:
        """This function will return a cell's value, or None with the reason why it is refused."""
        if not cell and not isinstance(cell, Decimal):
            return None, None
        fields = self._known.get(land)
        if fields is None:
            if len(self._known) >= _COUNTRIES:
                self._known.clear()
            fields = self._known[land] = {field: {} for field in self._parsers}
        memory = fields[field]
        known = memory.get(cell)
        if known is None:
            if len(memory) >= _MEMORY:
                memory.clear()
            known = memory[cell] = self._understand(field, cell, land)
        return known

    def _understand(self, field: str, cell: Cell, land: str) -> Understood:
        if isinstance(cell, str) and not cell.strip():
            return None, None
        if cell == UNKNOWN:
            return None, NOT_WORKED_OUT
        try:
            if isinstance(cell, str) and not _printable(cell):
                raise NotUnderstood(STRANGE_SIGNS)
            return self._parsers[field](cell, land), None
        except NotUnderstood as refusal:
            return None, refusal.reason

    def _date(self, cell: Cell, _: str) -> date:
        day = cell if isinstance(cell, date) else self._parsed_date(cell)
        if day.year not in values.OUR_TIME:
            raise NotUnderstood(TOO_OLD if day.year < values.OUR_TIME.start else TOO_FAR)
        return day

    def _parsed_date(self, cell: str | Decimal | None) -> date:
        text = values.identifier(cell) if isinstance(cell, Decimal) else cell or ""
        return values.parse_date(text, order=self.mapped.date_order)

    def _amount(self, cell: Cell, _: str) -> Decimal:
        written = cell if isinstance(cell, Decimal) else _plain(cell)
        return amount_in_cell(written, decimal_sign=self.mapped.decimal_sign)

    def _amount_in_cents(self, cell: Cell, land: str) -> Decimal:
        whole = cell.lstrip("0") or "0" if isinstance(cell, str) else cell
        cents = self._amount(whole, land)
        if cents != cents.to_integral_value():
            raise NotUnderstood(TOO_MANY_DECIMALS)
        return cents.scaleb(-2)

    def _name_by_parts(self, row: int, found: dict[str, Any], rejects: list[Reject]) -> None:
        """Give a line the number by which it is known, and the day on which its month is paid."""
        refused = {reject.field for reject in rejects}
        for field in KNOWN_BY[self.mapped.known_by]:
            if found[field] is None and field not in refused:
                rejects.append(Reject(row, field, NEEDED))
        if found["period"] and found["due_on"] is None and "due_on" not in refused and self.mapped.pay_day:
            found["due_on"] = day_in(found["period"], self.mapped.pay_day)
        number = number_of_line(self.mapped.known_by, found)
        if number and len(number) > NUMBER_MAX:
            rejects.append(Reject(row, "invoice_number", TOO_LONG, number[:TEXT_MAX]))
        found["invoice_number"] = number

    def _need(
        self, row: int, found: dict[str, Any], cells: Mapping[str, Cell], rejects: list[Reject]
    ) -> None:
        refused = {reject.field for reject in rejects}
        for field in ("invoice_number", "debtor_name", "amount"):
            if field == "invoice_number" and self.by_parts:
                continue
            if found[field] is None and field not in refused:
                rejects.append(Reject(row, field, NEEDED))
        if found["issued_on"] is None and found["due_on"] is None and not refused & {"issued_on", "due_on"}:
            rejects.append(Reject(row, "due_on", NEEDED))
        if found["house_number"] and not found["street"]:
            rejects.append(Reject(row, "house_number", HOUSE_NUMBER_ALONE, str(cells.get("house_number"))))

    def _settle_kind(self, row: int, found: dict[str, Any], rejects: list[Reject]) -> None:
        """Where nobody says what a debtor is, numbers of a business or a legal form make it a company;
        otherwise it is treated as a consumer, whom the law protects most."""
        if found["debtor_kind"] is None:
            business = found["registration_number"] or found["vat_number"]
            named = found["debtor_name"] and has_legal_form(found["debtor_name"])
            usual = self.mapped.defaults.get("debtor_kind", "consumer")
            found["debtor_kind"] = "company" if business or named else usual
        amount = found["amount"]
        if found["document_kind"] is None:
            credit = amount is not None and amount < 0 and found["billing_reference"]
            found["document_kind"] = "credit_note" if credit else "invoice"
        if found["document_kind"] == "credit_note" and not found["billing_reference"]:
            rejects.append(Reject(row, "billing_reference", CREDITS_NOTHING))

    def _settle_amounts(
        self, row: int, found: dict[str, Any], cells: Mapping[str, Cell], rejects: list[Reject]
    ) -> None:
        for field, minor in (("amount", "amount_minor"), ("total", "total_minor")):
            amount = found[field]
            found[minor] = None
            if amount is None:
                continue
            try:
                found[minor] = to_minor(amount, found["currency"])
            except NotUnderstood as refusal:
                rejects.append(Reject(row, field, refusal.reason, str(cells.get(field))[:TEXT_MAX]))
        if found["amount_minor"] is None:
            return
        if found["document_kind"] == "credit_note":
            found["amount_minor"] = -abs(found["amount_minor"])
            found["total_minor"] = found["amount_minor"]
        positive = found["document_kind"] == "credit_note" or found["amount_minor"] > 0
        if not self._is_line(found) and (found["amount_minor"] == 0 or not positive):
            rejects.append(Reject(row, "amount", NOT_POSITIVE, str(cells.get("amount"))[:TEXT_MAX]))
        elif found["total_minor"] is not None and abs(found["total_minor"]) < abs(found["amount_minor"]):
            rejects.append(Reject(row, "amount", OPEN_OVER_TOTAL, str(cells.get("amount"))[:TEXT_MAX]))
        if found["total_minor"] is None:
            found["total_minor"] = found["amount_minor"]

    def _settle_dates(self, row: int, found: dict[str, Any], rejects: list[Reject]) -> None:
        issued, due = found["issued_on"], found["due_on"]
        if found["contract_on"] is not None and found["contract_on"] > self.today:
            rejects.append(Reject(row, "contract_on", IN_FUTURE, found["contract_on"].isoformat()))
        if issued is None and due is None:
            return
        if due is None:
            due = found["due_on"] = issued + timedelta(days=TERM_WITHOUT_AGREEMENT_DAYS)
        if issued is None:
            issued = found["issued_on"] = min(due, self.today)
        for field, day in (("issued_on", issued), ("due_on", due)):
            if day < self.oldest:
                rejects.append(Reject(row, field, TOO_OLD, day.isoformat()))
        if issued > self.today:
            rejects.append(Reject(row, "issued_on", IN_FUTURE, issued.isoformat()))
        if due < issued and found["document_kind"] == "invoice":
            rejects.append(Reject(row, "due_on", DUE_BEFORE_ISSUED, due.isoformat()))
        if due > self.latest_due:
            rejects.append(Reject(row, "due_on", TOO_FAR, due.isoformat()))

    def _staged(self, row: int, found: dict[str, Any]) -> tuple[Any, ...]:
        name = found["debtor_name"]
        consumer = found["debtor_kind"] == "consumer"
        # Also where a rate was agreed: what protects a consumer against it depends on this kind.
        interest = InterestKind.consumer if consumer else InterestKind.trade
        street = " ".join(part for part in (found["street"], found["house_number"]) if part) or None
        return (
            row, found["claim_reference"], found["invoice_number"], found["document_kind"],
            found["billing_reference"], found["currency"], found["amount_minor"], found["total_minor"],
            found["issued_on"], found["due_on"], found["contract_on"], found["description"],
            bool(found["disputed"]), found["dispute_reason"], self._law(found),
            interest.value, found["debtor_reference"], found["debtor_kind"], name, name_key(name),
            found["registration_number"], found["vat_number"], found["iban"],
            found["language"] or language_of(found["country"], found["postal_code"], self.habits.language),
            found["country"],
            belgian_region(found["country"], found["postal_code"]), street, found["postal_code"],
            found["city"], found["email"], found["phone"], beside.beside_of(found),
        )  # fmt: skip


def law_of(country: str) -> str:
    """This function will return the law of a claim: a consumer's home law protects him, a business
    contracted under its creditor's."""
    laws = {"NL": Law.nl, "BE": Law.be, "DE": Law.de, "GB": Law.uk}
    return laws.get(country, Law.eu).value


def _printable(text: str) -> bool:
    return text.isprintable() or all(
        sign.isprintable() or sign in "\t\r\n\u00a0\u202f\u200b\u200e\u200f" or sign.isspace()
        for sign in text
    )


def _plain(cell: Cell) -> str:
    return values.identifier(cell) if isinstance(cell, Decimal) else str(cell or "").strip()


def _register_text(cell: Cell) -> str:
    return values.identifier(_typed(cell))


def _typed(cell: Cell) -> str | Decimal:
    return cell if isinstance(cell, Decimal) else str(cell or "")


def _text_of(cell: Cell, longest: int) -> str:
    text = " ".join(_plain(cell).split())
    if len(text) > longest:
        raise NotUnderstood(TOO_LONG)
    return text


def _text(cell: Cell, _: str) -> str:
    return _text_of(cell, TEXT_MAX)


def _identifier(cell: Cell, _: str) -> str:
    text = values.identifier(_typed(cell)) if not isinstance(cell, date) else cell.isoformat()
    if len(text) > 80:
        raise NotUnderstood(TOO_LONG)
    return text


def _document_number(cell: Cell, land: str) -> str:
    number = _identifier(cell, land)
    if says_balance(number):
        raise NotUnderstood(A_BALANCE)
    return number


def _refuse_foreign(cell: Cell, land: str) -> Decimal:
    raise NotUnderstood(FOREIGN)


def _collected_currency(cell: Cell, _: str) -> str:
    code = values.currency(_plain(cell))
    if code not in COLLECTED_CURRENCIES:
        raise NotUnderstood(NOT_COLLECTED)
    return code
