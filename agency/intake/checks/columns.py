"""All checks of rows whose values were read, a column at a time.

An expression finds the values about which a check may have something to say; only of these, and of each once,
the check itself is asked. So what is remarkable about a row is said in one place, whichever way it takes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

import phonenumbers
import polars as pl

from agency.intake.checks.accounts import check_iban
from agency.intake.checks.amounts import check_amount, usual_amounts
from agency.intake.checks.business_numbers import check_kind, check_registration, check_vat
from agency.intake.checks.dates import check_dates
from agency.intake.checks.finding import Finding, Severity
from agency.intake.checks.health_words import health_pattern
from agency.intake.checks.personal_numbers import CANDIDATE, check_reference
from agency.intake.checks.reachability import POSTCODES, check_email, check_phone, check_postcode
from agency.intake.checks.row import FREE_TEXTS, REFERENCES, read_text
from agency.intake.findings import FINDING_COLUMNS, findings_frame
from agency.money import Money
from agency.rules.facts import Law

# Signs of which every machine agrees what their small letters are and where words end.
_PLAIN_SIGNS: Final = r"^[ -~À-ÖØ-Þà-öø-ÿ]*$"
_LABEL: Final = r"(?i)bsn|burger|sof|c.t.zen"
_NOWHERE: Final = r"(?i)(?:[@.](?:example|invalid|localhost|test)|example\.(?:com|net|org))$"


@dataclass(frozen=True)
class _Look:
    """One check: the rows about which it may have something to say, the columns that it is asked about, and
    what of them decides its answer (all of them, where nothing is given)."""

    worth: pl.Expr
    of: tuple[str, ...]
    check: Callable[..., Iterable[Finding]]
    decides: tuple[pl.Expr, ...] = ()


def check_columns(frame: pl.DataFrame, *, today: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of which nothing is refused, with free texts as they may be kept, and all remarks.

    :param frame: rows by their number in `row`, with our fields as `check_row` has them, all of one currency,
        and `law` (the law of the claim).
    :returns: the rows, and the remarks about them as `FINDING_COLUMNS`.
    """
    if not frame.height:
        return frame, findings_frame()
    found: list[pl.DataFrame] = []
    for field in FREE_TEXTS:
        frame = _read_texts(frame, field, found)
    currency = frame["currency"][0]
    for look in _looks(currency, today):
        found += _look(frame, look)
    if not found:
        return frame, findings_frame()
    told = pl.concat(found)
    refused = told.filter(pl.col("severity") == Severity.REJECT.value)
    if refused.height:
        frame = frame.join(refused, on="row", how="anti")
        told = told.join(refused, on="row", how="anti")
    return frame, told


def _look(frame: pl.DataFrame, look: _Look) -> Iterator[pl.DataFrame]:
    deciding = look.decides or tuple(pl.col(name) for name in look.of)
    keys = [f"key_{place}" for place in range(len(deciding))]
    keyed = [expression.alias(key) for key, expression in zip(keys, deciding, strict=True)]
    worth = frame.filter(look.worth).select("row", *look.of, *keyed)
    if not worth.height:
        return
    each = worth.unique(subset=keys)
    answers = ((place, look.check(*values)) for place, values in enumerate(each.select(look.of).iter_rows()))
    told = findings_frame((place, one) for place, some in answers for one in some)
    if told.height:
        places = each.select(keys).with_row_index("place").cast({"place": pl.Int64})
        told = told.rename({"row": "place"}).join(places, on="place")
        yield worth.join(told, on=keys, nulls_equal=True).select(FINDING_COLUMNS)


def _read_texts(frame: pl.DataFrame, field: str, found: list[pl.DataFrame]) -> pl.DataFrame:
    """Free texts without what must not be kept; only those with digits or listed words are read."""
    text = pl.col(field)
    doubtful = (
        text.str.contains(CANDIDATE)
        | ~text.str.contains(_PLAIN_SIGNS)
        | text.str.to_lowercase().str.contains(health_pattern())
    )
    found += _look(frame, _Look(doubtful, (field,), lambda value: read_text(field, value)[1]))
    texts = frame[field].filter(frame.select(doubtful.fill_null(value=False)).to_series()).unique().to_list()
    kept = {value: read_text(field, value)[0] for value in texts}
    changed = {value: other for value, other in kept.items() if value != other}
    return frame.with_columns(text.replace(changed)) if changed else frame


def _looks(currency: str, today: date) -> Iterator[_Look]:
    country = pl.col("country")
    for field in REFERENCES:
        yield _reference(field)
    yield _Look(pl.col("iban").is_not_null(), ("iban", "country"), check_iban, (_bank(), country))
    yield _Look(country == "FR", ("registration_number", "country"), _if_given(check_registration))
    yield _Look(country.is_in(list(POSTCODES)), ("postal_code", "country"), _if_given(check_postcode))
    domain = pl.col("email").str.to_lowercase().str.extract(r"@([^@]*)$")
    yield _Look(pl.col("email").str.contains(_NOWHERE), ("email",), check_email, (domain,))
    own = country.replace_strict(_own_prefixes(), default="?", return_dtype=pl.String)
    yield _Look(~pl.col("phone").str.starts_with(own), ("phone", "country"), check_phone)
    vat = ("vat_number", "country", "registration_number")
    yield _Look(pl.col("vat_number").is_not_null(), vat, check_vat)
    numbered = pl.col("registration_number").is_not_null() | pl.col("vat_number").is_not_null()
    yield _Look(
        (pl.col("debtor_kind") == "consumer") & numbered,
        ("registration_number", "vat_number"),
        lambda registration, number: check_kind("consumer", registration=registration, vat=number),
    )
    yield _Look(
        _unusual_amount(currency, today),
        ("amount_minor",),
        lambda minor: check_amount(Money(minor, currency), today=today),
    )
    yield _Look(
        pl.lit(value=True),
        ("due_on", "law"),
        # In order they are already, so the invoice's own date says nothing more.
        lambda due, law: check_dates(issued=min(due, today), due=due, today=today, law=Law(law)),
    )


def _reference(field: str) -> _Look:
    """A reference is refused for a number with dots or a label only; most numbers have neither."""
    text = pl.col(field)
    told = text.str.contains(".", literal=True) | text.str.contains(_LABEL)
    return _Look(told & text.str.contains(CANDIDATE), (field,), lambda value: check_reference(field, value))


def _bank() -> pl.Expr:
    """What of a valid account number decides what is said of it: country and bank; elsewhere all of it."""
    iban = pl.col("iban")
    dutch, belgian = iban.str.starts_with("NL"), iban.str.starts_with("BE")
    return (
        pl.when(dutch).then(pl.lit("NL") + iban.str.slice(4, 4))
        .when(belgian).then(pl.lit("BE") + iban.str.slice(4, 3)).otherwise(iban)
    )  # fmt: skip


def _unusual_amount(currency: str, today: date) -> pl.Expr:
    usual = usual_amounts(currency, today)
    return pl.lit(value=False) if usual is None else ~pl.col("amount_minor").is_between(*usual)


def _if_given(check: Callable[[str, str], list[Finding]]) -> Callable[[Any, str], list[Finding]]:
    return lambda value, country: check(value, country) if value else []


@cache
def _own_prefixes() -> dict[str, str]:
    """The beginning of a country's numbers in E.164, where no other country shares it."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    return {countries[0]: f"+{code}" for code, countries in codes if len(countries) == 1}
