"""Reads what Mollie's library returns and raises."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from mollie import models
from mollie.types import UNSET

from agency.money import Money, UnknownCurrency, UnreadableAmount
from agency.ports.providers import ProviderRefund
from integrations.outcomes import from_status, httpx_failures, no_answer

PAGE = 250  # the most that Mollie lists at once
PAYMENT_ID = re.compile(r"tr_[A-Za-z0-9]{4,40}", re.ASCII)


@contextmanager
def outcomes(*, effect: bool) -> Iterator[None]:
    """This context will translate the library's exceptions.

    :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions; an answer that is
        not in Mollie's form counts as no answer.
    """
    try:
        with httpx_failures(effect=effect):
            yield
    except models.ResponseValidationError as error:
        raise no_answer(error, effect=effect) from error
    except models.ClientError as error:
        if 200 <= error.status_code < 300:
            raise no_answer(error, effect=effect) from error
        raise from_status(
            status=error.status_code, reason=_reason(error), headers=error.headers, effect=effect
        ) from error
    except (models.NoResponseError, UnknownCurrency, UnreadableAmount, ValueError, KeyError) as error:
        raise no_answer(error, effect=effect) from error


def plain(value: Any) -> Any:
    """This function will turn an enumeration into its text and 'not given' into None."""
    if value is None or value is UNSET or value == UNSET:
        return None
    return value.value if isinstance(value, Enum) else value


def amount_of(amount: Any, currency: str) -> Money:
    """This function will read an amount of Mollie's; nothing in `currency` when it is not given."""
    given = plain(amount)
    return Money.parse(given.value, given.currency) if given else Money.zero(currency)


def moment_of(text: Any) -> datetime | None:
    """This function will read a moment of Mollie's, in UTC; None when it is not given."""
    given = plain(text)
    return datetime.fromisoformat(given).astimezone(UTC) if given else None


def every_item(page: Any, name: str) -> Iterator[Any]:
    """This function will return every item of a paged list."""
    while page is not None:
        yield from getattr(page.result.embedded, name) or ()
        page = page.next()


def own_id(metadata: Any, name: str) -> str:
    """This function will return our own id from what travelled with a payment or refund, empty when none."""
    given = plain(metadata)
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, str) else ""


def refund_of(refund: Any) -> ProviderRefund:
    """This function will read a refund of Mollie's."""
    return ProviderRefund(
        ref=refund.id,
        refund_id=own_id(refund.metadata, "refund_id"),
        amount=Money.parse(refund.amount.value, refund.amount.currency),
        failed=plain(refund.status) in ("failed", "canceled"),
    )


def _reason(error: models.ClientError) -> str:
    if isinstance(error, models.ErrorResponse):
        return f"{error.data.title}: {error.data.detail}"
    return error.message[:300]
