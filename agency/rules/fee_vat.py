"""VAT on the agency's fee to its client."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine

_RULE = "fee.vat"


class NoVatRate(LookupError):
    """No rate is kept for the agency's country on that day."""


@dataclass(frozen=True, slots=True)
class FeeVat:
    """The rate of VAT on a fee in per cent, whether the client accounts for it instead, and why."""

    percent: Decimal
    reverse_charge: bool
    line: TraceLine

    @property
    def category(self) -> str:
        """The category of UNCL 5305: S (taxed), AE (reverse charge) or O (outside the scope)."""
        if self.reverse_charge:
            return "AE"
        return "O" if self.line.outcome == "fee.vat_outside" else "S"


def fee_vat(*, agency_country: str, client_country: str, client_vat_number: str, on: date) -> FeeVat:
    """Decide the VAT on a fee: the home rate, reverse charge, or none at all.

    A client at home pays the general rate; a business elsewhere in the Union, known by its VAT number,
    accounts for it itself (Directive 2006/112/EC art. 44 and 196), and without a number pays the home rate;
    a client outside the Union is charged none.

    :param client_vat_number: empty when the client has none.
    :raises NoVatRate: when no rate is kept for the agency's country on that day.
    """
    table = read_table("success_fee")
    abroad = table["abroad"][0]
    row = row_in_force((row for row in table["vat"] if row["country"] == agency_country), on)
    if row is None:
        raise NoVatRate(f"no rate of VAT is kept for {agency_country} on {on}")
    home, nothing = Decimal(row["percent"]), Decimal(0)
    inputs = {"country": client_country, "vat_number": client_vat_number}

    def answer(percent: Decimal, key: str, source: str) -> FeeVat:
        since = row["since"].isoformat()
        line = TraceLine(_RULE, since, source, inputs | {"percent": str(percent)}, f"fee.{key}")
        return FeeVat(percent=percent, reverse_charge=key == "vat_reverse", line=line)

    if client_country == agency_country:
        return answer(home, "vat_home", row["source"])
    if client_country not in abroad["union"]:
        return answer(nothing, "vat_outside", abroad["outside"])
    if client_vat_number:
        return answer(nothing, "vat_reverse", abroad["reverse_charge"])
    return answer(home, "vat_no_number", row["source"])
