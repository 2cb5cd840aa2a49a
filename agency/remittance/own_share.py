"""The agency's own share of the money in trust: fees that were kept, costs and interest that are its own.

It leaves the trust account as a payout to the agency does: drafted by one person, approved by another, in the
bank's file, seen on the bank. Until then it stands among the money of others and is counted apart from it.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Unit
from agency.money import Money

OWN: Final = "own"
"""What `remittance_run.mode` says of a payout to the agency itself; its creditor is the house."""

_SHARE = text(
    "SELECT (SELECT coalesce(-sum(amount_minor), 0)::bigint FROM ledger_entry"
    "  WHERE account = 'trust.agency' AND currency = 'EUR') AS held,"
    # What the payment provider still holds is not on the account.
    " (SELECT coalesce(sum(p.to_agency_minor), 0)::bigint FROM payment_intent i JOIN payment p"
    "  ON p.creditor_id = i.creditor_id AND p.source = 'psp' AND p.reversed_at IS NULL"
    "  AND split_part(p.source_key, '#', 1) = i.provider_ref"
    "  WHERE i.state = 'paid' AND i.arrived_on IS NULL AND i.currency = 'EUR') AS on_its_way,"
    " (SELECT coalesce(sum(net_minor), 0)::bigint FROM remittance_run WHERE creditor_id = :house"
    "  AND state IN ('draft', 'approved', 'returned')) AS in_runs"
)


@dataclass(frozen=True, slots=True)
class OwnShare:
    """What the agency has in trust; of it `on_its_way` is at the payment provider still, and `in_runs` stands
    in payouts that have not left."""

    held: Money
    on_its_way: Money
    in_runs: Money

    @property
    def on_the_bank(self) -> Money:
        """What of it the trust account has; negative when more was taken back than came in."""
        return self.held - self.on_its_way

    @property
    def free(self) -> Money:
        """What can be drafted now; negative when what was taken back must come in again first."""
        return self.on_the_bank - self.in_runs


def own_share(unit: Unit) -> OwnShare:
    """This function will return what the agency has in trust, in euro, as the ledger stands."""
    row = unit.session.connection().execute(_SHARE, {"house": HOUSE}).one()
    return OwnShare(*(Money(minor, "EUR") for minor in (row.held, row.on_its_way, row.in_runs)))
