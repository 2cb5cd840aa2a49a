"""What a fault finds when it comes to pass: the day, the doors, and somebody it can happen to."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.itemisation import open_total
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.money import Money
from portal.world.finance import InUnit
from portal.world.troubled_outside import FAULT, TroubledOutside, iban_of

Facts = dict[str, Any]
"""What is remembered of a fault until it has ended as expected: plain values, kept between runs."""

_PRINCIPAL_MIN = 20_00
# Claims in some state that nothing else is being tried on; chosen by a salt, so the same seed chooses alike.
_CLAIMS = text(
    "SELECT c.id, c.creditor_id, c.number, c.payment_reference, d.name, d.postal_code FROM claim c"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.state = :state AND c.currency = 'EUR' AND c.disputed_minor = 0"
    " AND c.principal_minor >= :least AND (CAST(:only AS uuid[]) IS NULL OR c.id = ANY(:only))"
    " AND NOT c.id = ANY(CAST(:taken AS uuid[]))"
    " AND NOT EXISTS (SELECT FROM payment_intent i WHERE i.creditor_id = c.creditor_id AND i.claim_id = c.id"
    "  AND i.state IN ('creating', 'open'))"
    " ORDER BY md5(c.number || :salt) LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A debtor with one claim, and what he owes on it today."""

    claim_id: UUID
    creditor_id: UUID
    number: str
    reference: str
    name: str
    second_fact: str
    owes: Money

    @property
    def iban(self) -> str:
        """The account that he pays from."""
        return iban_of(self.name)


@dataclass
class Scene:
    """One day of the world, for faults.

    :ivar links: the last pay link that was seen per claim.
    :ivar taken: claims that a fault under way is about; it is not to be disturbed by another.
    :ivar last_on: the last day of this run.
    """

    in_unit: InUnit
    outside: TroubledOutside
    settings: Settings
    links: Mapping[str, str]
    today: date
    last_on: date
    rng: random.Random
    taken: set[str] = field(default_factory=set)

    def rows(self, sql: str, **values: Any) -> list[Row[Any]]:
        """Read from the agency's tables."""

        def read(unit: Unit) -> list[Row[Any]]:
            return list(unit.session.connection().execute(text(sql), values))

        found: list[Row[Any]] = self.in_unit(read)
        return found

    def people(self) -> list[str]:
        """Everybody of finance, in a fixed order."""
        rows = self.rows(
            "SELECT id FROM user_account WHERE 'finance' = ANY(roles) AND disabled_at IS NULL"
            " ORDER BY created_at, email"
        )
        return [f"user:{row.id}" for row in rows]

    def who_owes(self, count: int = 1, *, with_link: bool = False) -> list[Somebody]:
        """Find debtors who can pay, each with a claim that is being collected; fewer when there are none."""
        found = self._claims("active", count, only=list(self.links) if with_link else None)
        return [one for one in found if one.owes.minor >= _PRINCIPAL_MIN]

    def who_paid(self) -> Somebody | None:
        """Find somebody whose claim is paid."""
        return next(iter(self._claims("paid", 1)), None)

    def _claims(self, state: str, count: int, *, only: list[str] | None = None) -> list[Somebody]:
        rows = self.rows(
            str(_CLAIMS),
            state=state,
            least=_PRINCIPAL_MIN,
            only=only,
            taken=sorted(self.taken),
            salt=str(self.rng.random()),
            limit=count,
        )
        return [self._somebody(row) for row in rows]

    def _somebody(self, row: Row[Any]) -> Somebody:
        owes: Money = self.in_unit(
            lambda unit: open_total(unit, creditor_id=row.creditor_id, claim_id=row.id, on=self.today)
        )
        return Somebody(
            row.id,
            row.creditor_id,
            row.number,
            row.payment_reference,
            row.name.strip(),
            row.postal_code or row.number,
            owes,
        )

    def transfer(self, amount: Money, **details: Any) -> str:
        """Let the bank book a movement of a fault today; returns its end-to-end id, which finds it again."""
        end_to_end = f"{FAULT}{self.rng.getrandbits(96):024X}"
        self.outside.pay_in(
            **{
                "iban": self.settings.trust_iban,
                "amount": amount,
                "on": self.today,
                "end_to_end": end_to_end,
                **details,
            }
        )
        return str(details.get("end_to_end", end_to_end))

    def pays(self, who: Somebody, amount: Money, **details: Any) -> str:
        """Let somebody pay by bank with his claim's reference, as `transfer`."""
        structured = who.reference if who.reference.startswith("RF") else ""
        return self.transfer(
            amount,
            **{
                "name": who.name,
                "from_iban": who.iban,
                "structured": structured,
                "text": "" if structured else who.reference,
                **details,
            },
        )

    def begins_to_pay(self, who: Somebody) -> str:
        """Let somebody follow his link up to the provider's page; returns the payment there, empty when the
        page says that it is being checked."""
        browser = self.outside.browser()
        browser.follow(self.links[str(who.claim_id)])
        browser.identify(who.second_fact)
        answer = browser.send("/pay/start", {"what": "all"})
        target = answer.headers.get("location", "")
        return target.rsplit("/", 1)[1] if "/checkout/" in target else ""
