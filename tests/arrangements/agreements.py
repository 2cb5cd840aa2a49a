"""What tests of agreements start from: an office with a claim, real payments, and days that pass."""

from datetime import UTC, date, datetime
from itertools import count

from sqlalchemy import text

from agency.arrangements.keeping import check_plans
from agency.arrangements.settlements import check_settlements
from agency.claims.holds import running_holds
from agency.claims.itemisation import itemise
from agency.money import Money
from agency.payments.models import PaymentSource
from agency.payments.settlement import reverse_payment, settle
from agency.rules.instalments import Rhythm
from tests.communication.correspondence import Office, a_correspondent

KEYS = count(1)


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


class Bureau(Office):
    """An office that agrees things and is paid."""

    def claim(self, **more):
        with self.unit() as unit:
            return a_correspondent(unit, **more)

    def on(self, day: date) -> "Bureau":
        """Go to ten in the morning of a day and look at everything that was agreed."""
        self.move_to(datetime(day.year, day.month, day.day, 9, 0, tzinfo=UTC))
        with self.unit() as unit:
            check_plans(unit)
            check_settlements(unit)
        self.react()
        return self

    def pay(self, claim, minor: int, value_on: date | None = None):
        with self.unit() as unit:
            paid = settle(
                unit,
                creditor_id=claim[0],
                claim_id=claim[1],
                source=PaymentSource.BANK,
                source_key=f"line:{next(KEYS)}",
                amount=euro(minor),
                value_on=value_on or unit.today,
                trust_account="trust.suspense",
            )
        self.react()
        return paid.payment_id

    def take_back(self, claim, payment_id) -> None:
        with self.unit() as unit:
            reverse_payment(
                unit, creditor_id=claim[0], payment_id=payment_id, why="chargeback", effective_on=unit.today
            )
        self.react()

    def owed(self, claim) -> int:
        with self.unit() as unit:
            return itemise(unit, creditor_id=claim[0], claim_id=claim[1], on=unit.today).total.minor

    def grounds(self, claim) -> list[str]:
        with self.unit() as unit:
            return sorted(
                hold.ground.value for hold in running_holds(unit, creditor_id=claim[0], claim_id=claim[1])
            )

    def rows(self, sql: str, **values):
        with self.unit() as unit:
            return unit.session.connection().execute(text(sql), values).all()

    def one(self, sql: str, **values):
        return self.rows(sql, **values)[0][0]


MONTHLY = Rhythm.MONTHLY
