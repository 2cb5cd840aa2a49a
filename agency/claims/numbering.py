"""Claim numbers and payment references: one sequence over the whole agency, check digits by rule."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.rules.facts import Law
from agency.rules.reference import claim_number, creditor_reference, structured_ogm


@dataclass(frozen=True, slots=True)
class ClaimNumber:
    """A claim's number (with check digit), and both forms in which a payer may quote it."""

    number: str
    rf: str
    ogm: str

    def payment_reference(self, law: Law) -> str:
        """This function will return the form that the payer's banks know: OGM in Belgium, RF elsewhere."""
        return self.ogm if law == Law.be else self.rf


def take_numbers(unit: Unit, *, count: int) -> Iterator[ClaimNumber]:
    """This function will take the next numbers; a rolled-back unit leaves a gap, never a number used
    twice.
    """
    taken = unit.session.connection().execute(
        text("SELECT nextval('claim_number') FROM generate_series(1, :count)"), {"count": count}
    )
    for (serial,) in taken:
        yield ClaimNumber(claim_number(serial), creditor_reference(serial), structured_ogm(serial))
