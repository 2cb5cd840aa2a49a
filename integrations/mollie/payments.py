"""Opens payments at Mollie, fetches them, and explains what Mollie paid out."""

from collections.abc import Iterator, Sequence, Set
from datetime import date
from typing import Any

import httpx
from mollie import ClientSDK, models
from mollie.utils import BackoffStrategy, RetryConfig
from pydantic import ValidationError

from agency.money import Money
from agency.ports.providers import (
    CreatedPayment,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    Settlement,
)
from integrations.mollie.kept_classes import keep_classes
from integrations.mollie.reading import (
    PAGE,
    PAYMENT_ID,
    amount_of,
    every_item,
    moment_of,
    outcomes,
    own_id,
    plain,
    refund_of,
)
from integrations.mollie.settlements import paid_out
from integrations.outcomes import http_client

REAL_URL = "https://api.mollie.com"

_STATUS: dict[str, PaymentStatus] = {
    "open": "open",
    "pending": "open",
    "authorized": "open",
    "paid": "paid",
    "failed": "failed",
    "expired": "expired",
    "canceled": "canceled",
}
# Mollie cuts descriptions at 255 characters; a bank statement shows far less.
_DESCRIPTION_MAX = 255


class MolliePayments:
    """A `PaymentProvider`.

    :param key: the profile's API key.
    :param organization_token: an organisation access token, which Mollie demands for settlements; the
        API key is sent in its place when empty.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        production: bool,
        organization_token: str = "",
        timeout_seconds: float = 10,
    ) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._sdk = _open_sdk(url=url, http=self._http, security=models.Security(api_key=key))
        self._organisation = _open_sdk(
            url=url,
            http=self._http,
            security=models.Security(advanced_access_token=organization_token or key),
        )

    def create(
        self,
        *,
        intent_id: str,
        amount: Money,
        description: str,
        redirect_url: str,
        webhook_url: str,
        locale: str,
    ) -> CreatedPayment:
        """See `PaymentProvider.create`. Mollie keeps the idempotency key for an hour."""
        wanted = {
            "description": description[:_DESCRIPTION_MAX],
            "amount": {"currency": amount.currency, "value": str(amount.decimal)},
            "redirect_url": redirect_url,
            "webhook_url": webhook_url,
            "locale": locale,
            "metadata": {"intent_id": intent_id},
        }
        try:
            request = models.PaymentRequest.model_validate(wanted)
        except ValidationError as error:
            raise ProviderRefused("request", str(error)) from error
        with outcomes(effect=True):
            payment = self._sdk.payments.create(idempotency_key=intent_id, payment_request=request)
            checkout = payment.links.checkout
            return CreatedPayment(ref=payment.id, checkout_url=checkout.href if checkout else redirect_url)

    def fetch(self, ref: str) -> ProviderPayment:
        """See `PaymentProvider.fetch`."""
        if not PAYMENT_ID.fullmatch(ref):
            raise ProviderRefused("404", "not a payment id of Mollie's")
        with outcomes(effect=False):
            payment = self._sdk.payments.get(payment_id=ref)
            amount = Money.parse(payment.amount.value, payment.amount.currency)
            return ProviderPayment(
                ref=payment.id,
                intent_id=own_id(payment.metadata, "intent_id"),
                status=_STATUS[str(plain(payment.status))],
                amount=amount,
                method=str(plain(payment.method) or ""),
                paid_at=moment_of(payment.paid_at),
                amount_refunded=amount_of(payment.amount_refunded, amount.currency),
                amount_charged_back=amount_of(payment.amount_charged_back, amount.currency),
                # Mollie links to the refunds of a payment that ever had one.
                refunds=tuple(self._refunds(ref)) if payment.links.refunds else (),
            )

    def refund(self, *, payment_ref: str, refund_id: str, amount: Money, description: str) -> ProviderRefund:
        """See `PaymentProvider.refund`. Mollie keeps the idempotency key for an hour."""
        wanted = {
            "description": description[:_DESCRIPTION_MAX],
            "amount": {"currency": amount.currency, "value": str(amount.decimal)},
            "metadata": {"refund_id": refund_id},
        }
        try:
            request = models.RefundRequest.model_validate(wanted)
        except ValidationError as error:
            raise ProviderRefused("request", str(error)) from error
        with outcomes(effect=True):
            return refund_of(
                self._sdk.refunds.create(
                    payment_id=payment_ref, idempotency_key=refund_id, refund_request=request
                )
            )

    def _refunds(self, ref: str) -> Iterator[ProviderRefund]:
        for refund in every_item(self._sdk.refunds.list(payment_id=ref, limit=PAGE), "refunds"):
            yield refund_of(refund)

    def given_back(self, *, since: date) -> frozenset[str]:
        """See `PaymentProvider.given_back`. Mollie lists the newest first."""
        with outcomes(effect=False):
            lists = (
                every_item(self._sdk.refunds.all(limit=PAGE), "refunds"),
                every_item(self._sdk.chargebacks.all(limit=PAGE), "chargebacks"),
            )
            return frozenset(ref for items in lists for ref in _given_back(items, since))

    def settlements(self, *, since: date, amounts: Set[Money] | None = None) -> Sequence[Settlement]:
        """See `PaymentProvider.settlements`."""
        return paid_out(self._organisation, since=since, amounts=amounts)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _given_back(items: Iterator[Any], since: date) -> Iterator[str]:
    for item in items:
        created_at = moment_of(item.created_at)
        if created_at is not None and created_at.date() < since:
            return
        yield item.payment_id


def _open_sdk(*, url: str, http: httpx.Client, security: models.Security) -> ClientSDK:
    # No retries: whether and when to try again is the caller's decision, made with our idempotency key.
    never = RetryConfig("none", BackoffStrategy(0, 0, 1, 0), False)
    keep_classes()
    return ClientSDK(security=security, server_url=url.rstrip("/"), client=http, retry_config=never)
