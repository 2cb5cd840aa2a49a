"""How long money may wait unexplained before nothing is paid out any more."""

from dataclasses import dataclass
from datetime import date

from agency.rules.tables import read_table, row_in_force


@dataclass(frozen=True, slots=True)
class ProofLimits:
    """The house's limits of a day, in business days."""

    provider_business_days: int
    transit_business_days: int


def proof_limits(on: date) -> ProofLimits:
    """Return the limits in force on a day.

    :raises ValueError: when the table begins later.
    """
    row = row_in_force(read_table("proof_limits")["limits"], on)
    if row is None:
        raise ValueError(f"no limits of the proof are known for {on}")
    return ProofLimits(row["provider_business_days"], row["transit_business_days"])
