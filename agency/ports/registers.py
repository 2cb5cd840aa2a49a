"""What the business asks of public registers and credit bureaus about debtors and companies.

Asking changes nothing over there, so a call whose answer got lost is made again; a failure is one of the
three exceptions of `agency.ports.providers`, of which only "refused" is final.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

from agency.money import Money
from agency.ports.providers import ProviderTransient


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorQuestion:
    """Whom the registers are asked about; `reference` is ours and comes back with the answer.

    :param country: where the debtor lives (ISO 3166-1 alpha-2).
    """

    reference: str
    name: str
    country: str
    is_company: bool
    registration_number: str = ""
    birth_date: date | None = None
    street: str = ""
    postal_code: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry:
    """What a register knows: `kind` in its own word, from when, and until when where it says so."""

    kind: str
    register: str
    reference: str
    since: date
    until: date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the entry as plain values."""
        return {
            "kind": self.kind, "register": self.register, "reference": self.reference,
            "since": self.since.isoformat(), "until": self.until.isoformat() if self.until else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAnswer:
    """All that the registers know of one debtor; not `complete` while one of them is silent."""

    reference: str
    entries: tuple[RegisterEntry, ...]
    complete: bool


class DebtorRegisters(Protocol):
    """Looks debtors up in the registers of insolvency, guardianship and deaths."""

    def ask(self, questions: Sequence[DebtorQuestion]) -> Sequence[RegisterAnswer]:
        """Return an answer for each debtor that the registers could be asked about, in any order.

        A debtor without an answer is to be asked about again; it never counts as clear.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyReport:
    """What a credit bureau knows of a company.

    :param status: active, dissolved, bankrupt, moratorium or unknown.
    :param score: 0 (worst) to 100 (best), None when the bureau gives none.
    :param limit: what the bureau would deliver on account at most, None when it gives none.
    """

    ref: str
    name: str
    country: str
    registration_number: str
    status: Literal["active", "dissolved", "bankrupt", "moratorium", "unknown"]
    legal_form: str = ""
    founded_on: date | None = None
    address: str = ""
    activity: str = ""
    employees: int | None = None
    accounts_year: int | None = None
    equity: Money | None = None
    score: int | None = None
    limit: Money | None = None


class CreditBureau(Protocol):
    """Reports on companies."""

    def report(
        self, *, request_id: str, country: str, registration_number: str, name: str
    ) -> CompanyReport | None:
        """Return the report on one company, None when nobody there is known by that number or name.

        `request_id` is the idempotency key: the same request again is the same report and is charged once.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...


class NoRegisters:
    """Stands where no register is connected: it never answers, so nobody is taken for clear."""

    def ask(self, questions: Sequence[DebtorQuestion]) -> Sequence[RegisterAnswer]:
        """See `DebtorRegisters.ask`."""
        raise ProviderTransient("no register is connected")


class NoCreditBureau:
    """Stands where no credit bureau is connected."""

    def report(
        self, *, request_id: str, country: str, registration_number: str, name: str
    ) -> CompanyReport | None:
        """See `CreditBureau.report`."""
        raise ProviderTransient("no credit bureau is connected")
