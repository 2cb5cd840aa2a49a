"""Reads the answers of bookkeeping vendors: exact numbers, bounded files, addresses of their own only."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from agency.money import EXPONENTS, Money
from agency.ports.providers import ProviderRefused, ProviderTransient
from integrations.outcomes import from_status, httpx_failures, no_answer

FILE_BYTES_MAX: Final = 20 * 1024 * 1024
_ANSWER_BYTES_MAX: Final = 30 * 1024 * 1024
_NOISE: Final = Decimal("0.00001")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|$)", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


class NotInForm(ValueError):
    """The answer is not what the vendor's documentation promises."""


@contextmanager
def as_documented() -> Iterator[None]:
    """This context will tell an answer that is not in the vendor's form as a failure that may pass.

    :raises ProviderTransient: see the exception; what it says never holds the answer itself, which is about
        people.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ProviderTransient(f"not in the vendor's form: {type(error).__name__}") from error


def good_json(answer: httpx.Response, *, effect: bool, wait: int | None = None) -> dict[str, Any]:
    """This function will return the JSON object of a good answer, numbers with a point as exact decimals.

    :param wait: seconds that the vendor asks to wait in its own way.
    :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
    """
    if not answer.is_success:
        error = from_status(
            status=answer.status_code, reason=answer.reason_phrase, headers=answer.headers, effect=effect
        )
        if isinstance(error, ProviderTransient) and error.retry_after is None:
            error.retry_after = wait
        raise error
    if len(answer.content) > _ANSWER_BYTES_MAX:
        raise ProviderRefused("size", "the answer is too large")
    return json_of(answer.content, effect=effect)


def json_of(answer: bytes, *, effect: bool) -> dict[str, Any]:
    """This function will read a JSON object, numbers with a point as exact decimals.

    :raises ProviderTransient: it is none; with `effect`, `ProviderAmbiguous`.
    """
    try:
        content = json.loads(answer, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise no_answer(error, effect=effect) from error
    if not isinstance(content, dict):
        raise no_answer(NotInForm("no object"), effect=effect)
    return content


def _no_number(text: str) -> Decimal:
    raise ValueError(f"{text} is no number")


def money_of(value: Any, currency: str) -> Money:
    """This function will read an amount that came as a JSON number.

    A vendor that calculates with binary fractions adds noise far behind the last decimal, which is no money.

    :raises KeyError: the currency is not known.
    :raises ValueError: it is no number, or has a fraction of a minor unit.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise NotInForm("an amount is no number")
    minor = Decimal(value).scaleb(EXPONENTS[currency])
    whole = minor.to_integral_value()
    if abs(minor - whole) > _NOISE or abs(whole) >= 10**14:
        raise NotInForm("an amount is no whole number of minor units")
    return Money(int(whole), currency)


def text_of(row: Mapping[str, Any], name: str, longest: int = 200) -> str:
    """This function will return a text field without signs that no text has, bounded; empty when absent."""
    value = row.get(name)
    if value is None or isinstance(value, dict | list):
        return ""
    shown = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return " ".join(shown.split())[:longest]


def own_address(url: str, *, base: str) -> str:
    """This function will return path and query of an address that lies under the vendor's own.

    :raises ProviderRefused: it points elsewhere: our key must not go there.
    """
    ours, theirs = urlsplit(base), urlsplit(url)
    port = {"https": 443, "http": 80}
    same = (
        theirs.scheme == ours.scheme
        and theirs.hostname == ours.hostname
        and (theirs.port or port.get(theirs.scheme)) == (ours.port or port.get(ours.scheme))
        and theirs.username is None
        and theirs.path.startswith(f"{ours.path}/")
        and ".." not in theirs.path
    )
    if not same or "\\" in url:
        raise ProviderRefused("address", "the vendor named an address that is not its own")
    path = theirs.path[len(ours.path) :]
    return f"{path}?{theirs.query}" if theirs.query else path


def bounded_file(
    http: httpx.Client, path: str, headers: Mapping[str, str], *, most: int = FILE_BYTES_MAX
) -> bytes:
    """This function will fetch a file, and stop at what no invoice needs.

    :param most: bytes; more where the file comes packed in something else.
    :raises ProviderRefused: it is larger, or not to be had.
    :raises ProviderTransient: see the exception.
    """
    with httpx_failures(effect=False), http.stream("GET", path, headers=dict(headers)) as answer:
        if not answer.is_success:
            raise from_status(
                status=answer.status_code, reason=answer.reason_phrase, headers=answer.headers, effect=False
            )
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > most:
                raise ProviderRefused("size", "the file is larger than 20 MB")
    return bytes(content)


def iso_day(value: Any) -> date | None:
    """This function will read a day of ISO 8601, with or without a time behind it; None when absent.

    :raises NotInForm: it is no day.
    """
    if value in (None, ""):
        return None
    found = _DAY.match(str(value))
    if found is None:
        raise NotInForm("no day")
    return date.fromisoformat(found[0])


def list_of(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """This function will return the rows of an answer; none when the vendor leaves the name out.

    :raises NotInForm: they are no objects.
    """
    rows = content.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NotInForm("no rows")
    return rows


def vendor_number(value: Any) -> int:
    """This function will return a number by which a vendor calls a thing of its own.

    :raises NotInForm: it is none.
    """
    text = str(value)
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise NotInForm("no number")
    return int(text)
