"""What the business asks of who collects its payments, and what they know of one."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from agency.money import Money

PaymentStatus = Literal["open", "paid", "failed", "expired", "canceled"]


@dataclass(frozen=True, slots=True)
class CreatedPayment:
    """A payment the provider waits for; the debtor pays at `checkout_url`."""

    ref: str
    checkout_url: str


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund as the provider knows it now.

    :param refund_id: our own id, as it travelled with the refund; empty when somebody else made it.
    :param failed: it was not carried out, or called off; the money is still with the provider.
    """

    ref: str
    refund_id: str
    amount: Money
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """A payment as the provider knows it now; all amounts in one currency.

    :param intent_id: our own id, as it travelled with the payment; empty when it carries none.
    :param method: the provider's id of the method ("ideal", "bancontact"...), empty until chosen.
    :param paid_at: UTC, None until paid.
    :param refunds: every refund of it, also those that failed; `amount_refunded` counts only the others.
    """

    ref: str
    intent_id: str
    status: PaymentStatus
    amount: Money
    method: str
    paid_at: datetime | None
    amount_refunded: Money
    amount_charged_back: Money
    refunds: tuple[ProviderRefund, ...] = ()


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One payment, refund or chargeback inside a settlement; refunds and chargebacks are negative."""

    payment_ref: str
    kind: Literal["payment", "refund", "chargeback"]
    amount: Money


@dataclass(frozen=True, slots=True)
class Settlement:
    """A lump the provider paid to the trust account: the sum of its lines less its costs.

    :param reference: the text by which the bank statement names it.
    :param costs: fees withheld, VAT included; zero or positive.
    """

    ref: str
    reference: str
    settled_on: date
    amount: Money
    costs: Money
    lines: tuple[SettlementLine, ...]


class PaymentProvider(Protocol):
    """Collects a payment on a page of the provider's own."""

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
        """Open a payment; `intent_id` is the idempotency key, so after an ambiguity call again with it.

        :param locale: as "nl_NL".
        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def fetch(self, ref: str) -> ProviderPayment:
        """Return the payment as the provider knows it now; the only source of truth for its state.

        :raises ProviderRefused: also when the provider does not know `ref`.
        :raises ProviderTransient: see the exception.
        """
        ...

    def refund(self, *, payment_ref: str, refund_id: str, amount: Money, description: str) -> ProviderRefund:
        """Give (part of) a payment back to who paid it.

        `refund_id` is the idempotency key and travels with the refund: after an ambiguity, look for it among
        the payment's refunds (`fetch`) before calling again with it.

        :raises ProviderRefused: also when less than this is left of the payment.
        :raises ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def given_back(self, *, since: date) -> frozenset[str]:
        """Return the payments of which something was refunded or charged back from `since` on.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...

    def settlements(self, *, since: date, amounts: Set[Money] | None = None) -> Sequence[Settlement]:
        """Return what the provider has paid out from `since` on, oldest first, so that a lump is explained.

        :param amounts: only settlements of one of these amounts; all when None.
        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...
