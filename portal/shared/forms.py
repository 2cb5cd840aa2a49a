"""Forms: read into strict models, shown again with each error beside its field.

form = submitted(PromiseForm, visit.fields)
with form.attempt(visit.unit):
    make_promise(visit.unit, amount=form.data.amount, ...)
if form.errors:
    return visit.page("collector/promise.html", status=422, form=form)
return visit.redirect("/desk", notice=N_("Promise kept in the file."))
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from starlette.datastructures import UploadFile
from starlette.requests import Request

from agency.kernel.errors import AgencyError, Invalid
from agency.kernel.unit import Unit
from agency.money import Money, UnreadableAmount
from portal.shared.i18n import N_

WHOLE = ""  # the key of an error that concerns no single field


_DAYS = (date, date | None)


class FormModel(BaseModel):
    """Base of every form: unknown fields are refused, blanks trimmed, empty text counts as absent."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=10_000)

    @model_validator(mode="before")
    @classmethod
    def _days_as_people_write_them(cls, sent: Any) -> Any:
        """A browser without a field for days sends what was typed: 31-12-2026, 31/12/2026 or 31.12.2026."""
        if not isinstance(sent, Mapping):
            return sent
        days = {name for name, field in cls.model_fields.items() if field.annotation in _DAYS}
        return {name: read_day(value) if name in days else value for name, value in sent.items()}


Data = TypeVar("Data", bound=FormModel)


class NoData(AssertionError):
    """Data was asked of a form that has errors; `Form.attempt` ends at it, without one the request does."""


class Form(Generic[Data]):
    """A form as it is shown: what stands in its fields, what is wrong with them, and the checked data."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self.errors: dict[str, str] = {}
        self._data: Data | None = None

    @property
    def data(self) -> Data:
        """The checked data.

        :raises NoData: the form has errors, or was never submitted.
        """
        if self._data is None:
            raise NoData("a form with errors has no data")
        return self._data

    def value(self, name: str) -> Any:
        """What stands in a field: text, or a list where several values were given."""
        return self.values.get(name, "")

    def refuse(self, message: str, field: str | None = None) -> None:
        """Put an error beside a field, or above the form."""
        self.errors.setdefault(field or WHOLE, message)

    @contextmanager
    def attempt(self, unit: Unit) -> Iterator[None]:
        """Run a use case with the form's data; its refusal becomes an error of the form and undoes it.

        A form that has errors already leaves the block at its first use of `data`.
        """
        try:
            with unit.session.begin_nested():
                yield
        except AgencyError as refusal:
            self.refuse(refusal.message, refusal.field)
        except NoData:
            if not self.errors:
                raise

    def _check(self, model: type[Data], fields: Mapping[str, Any]) -> None:
        try:
            self._data = model.model_validate(fields)
        except ValidationError as failure:
            for error in failure.errors(include_url=False):
                self.refuse(_sentence(error), str(error["loc"][0]) if error["loc"] else None)


async def sent_fields(request: Request) -> AsyncIterator[dict[str, Any]]:
    """This function will give what a form sent: text by field, a list where a field came repeatedly.

    Signs that no text has are left out. Files stand as Starlette's `UploadFile`, open
    until the answer is made; an empty file field counts as absent.
    """
    fields: dict[str, Any] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            if not value.filename:
                continue
        else:
            value = holdable(value)
        if name in fields:
            earlier = fields[name]
            fields[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
        else:
            fields[name] = value
    try:
        yield fields
    finally:
        await request.close()


def holdable(sent: str) -> str:
    """This function will return a text as it can be kept and sent on: the database knows no NUL, and the XML
    of e-invoices, bank files and archived PDFs no sign that nobody sees but tabs and ends of lines."""
    return _UNSEEN.sub("", sent)


Fields = Annotated[dict[str, Any], Depends(sent_fields, scope="function")]


def blank(**values: Any) -> Form[Any]:
    """This function will return a form to be filled in, with what already stands in its fields."""
    return Form(values)


def submitted(model: type[Data], fields: Mapping[str, Any]) -> Form[Data]:
    """This function will read what was sent into a form; errors stand in `errors`, by field.

    Empty fields count as absent, so that optional ones may be left blank.
    """
    sent = {name: value for name, value in fields.items() if name != "csrf"}
    form: Form[Data] = Form(sent)
    form._check(model, {name: value for name, value in sent.items() if value not in ("", [])})
    return form


_NUMBER = re.compile(r"-?[0-9]{1,15}([.,][0-9]{1,15})?")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DAY_FIRST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_AMOUNT = re.compile(r"-?[0-9]{1,3}([.,]?[0-9]{3})*([.,][0-9]+)?|-?[0-9]+([.,][0-9]+)?")

# What people read for each of Pydantic's kinds of error; anything else is "not valid".
_SENTENCES = {
    "missing": N_("Fill this in."),
    "string_too_short": N_("This is too short."),
    "string_too_long": N_("This is too long."),
    "extra_forbidden": N_("This form has no such field."),
    "date_from_datetime_parsing": N_("Give a date, like 2026-11-30."),
    "date_parsing": N_("Give a date, like 2026-11-30."),
    "int_parsing": N_("Give a whole number."),
    "uuid_parsing": N_("Choose one of the options."),
    "enum": N_("Choose one of the options."),
    "literal_error": N_("Choose one of the options."),
    "greater_than": N_("This is too small."),
    "greater_than_equal": N_("This is too small."),
    "less_than": N_("This is too large."),
    "less_than_equal": N_("This is too large."),
    "decimal_parsing": N_("Give an amount, like 12.50."),
}


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error":  # a sentence of our own validators, or the e-mail library's
        own = error["ctx"].get("error")
        return str(own) if own else N_("Give an e-mail address, like name@example.org.")
    return _SENTENCES.get(error["type"], N_("This is not valid."))


def read_day(text: Any) -> Any:
    """This function will turn a day as people write it on the continent, day first, into ISO 8601; anything
    else stays as it is."""
    found = _DAY_FIRST.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return text
    return f"{found[4]}-{int(found[3]):02}-{int(found[1]):02}"


def read_amount(text: Any) -> Any:
    """This function will read an amount as people of both languages write it: `1.234,56` and `1,234.56`.

    :raises ValueError: it is no amount, or one separator with exactly three digits behind it could mean
        thousands or decimals.
    """
    if not isinstance(text, str):
        return text
    digits = text.replace("€", "").replace("\u00a0", "").replace(" ", "")
    if not _AMOUNT.fullmatch(digits):
        raise ValueError(_SENTENCES["decimal_parsing"])
    point = max(digits.rfind(","), digits.rfind("."))
    if point < 0:
        return Decimal(digits)
    whole, fraction = digits[:point].replace(",", "").replace(".", ""), digits[point + 1 :]
    if len(fraction) == 3 and not ("," in digits and "." in digits):
        raise ValueError(N_("Write cents with two decimals: 1234,56."))
    return Decimal(f"{whole}.{fraction}")


def read_number(text: Any) -> Any:
    """This function will read a number that is no money, with a comma or a point before its decimals.

    :raises ValueError: it is no such number.
    """
    if isinstance(text, str):
        if not _NUMBER.fullmatch(text):
            raise ValueError(N_("Give a number, like 1.5."))
        return Decimal(text.replace(",", "."))
    return text


NumberField = Annotated[Decimal, BeforeValidator(read_number)]
AmountField = Annotated[Decimal, BeforeValidator(read_amount)]


def money_of(typed: Decimal, currency: str, field: str) -> Money:
    """This function will return an amount that somebody typed as money.

    :raises Invalid: it has more decimals than the currency, or more digits than the books can hold.
    """
    try:
        return Money.parse(f"{typed:f}", currency)
    except UnreadableAmount as error:
        raise Invalid(N_("Give an amount, like 12.50."), field=field) from error
