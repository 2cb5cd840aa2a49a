"""The totals an invoice states, and what does not add up among them."""

from dataclasses import dataclass

from agency.money import Money


@dataclass(frozen=True, slots=True)
class Totals:
    """Document totals as stated (EN 16931 BG-22); None where the document is silent."""

    currency: str
    lines: Money | None
    allowances: Money | None
    charges: Money | None
    without_vat: Money | None
    vat: Money | None
    with_vat: Money | None
    prepaid: Money | None
    rounding: Money | None
    payable: Money | None

    def total_incl_vat(self) -> Money | None:
        """This function will return BT-112, worked back from what is payable where it is not stated."""
        if self.with_vat is not None or self.payable is None:
            return self.with_vat
        return self.payable + self._or_zero(self.prepaid) - self._or_zero(self.rounding)

    def left_to_pay(self) -> Money | None:
        """This function will return BT-115, worked out where older profiles leave it out."""
        if self.payable is not None or self.with_vat is None:
            return self.payable
        return self.with_vat - self._or_zero(self.prepaid) + self._or_zero(self.rounding)

    def contradictions(self) -> list[str]:
        """This function will name each sum that does not hold, with both figures (BR-CO-13, -15 and -16)."""
        zero = Money.zero(self.currency)
        checks: list[tuple[str, Money | None, Money | None]] = [
            (
                "lines less allowances plus charges",
                None
                if self.lines is None
                else self.lines - self._or_zero(self.allowances) + self._or_zero(self.charges),
                self.without_vat,
            ),
            (
                "total without VAT plus VAT",
                None if self.without_vat is None or self.vat is None else self.without_vat + self.vat,
                self.with_vat,
            ),
            (
                "total with VAT less prepaid plus rounding",
                None
                if self.with_vat is None
                else self.with_vat - self._or_zero(self.prepaid) + self._or_zero(self.rounding),
                self.payable,
            ),
        ]
        found = [
            f"{what} is {computed.decimal}, the document says {stated.decimal}"
            for what, computed, stated in checks
            if computed is not None and stated is not None and computed != stated
        ]
        payable = self.left_to_pay()
        if payable is not None and payable < zero:
            found.append(f"the payable amount is negative: {payable.decimal}")
        return found

    def _or_zero(self, amount: Money | None) -> Money:
        return Money.zero(self.currency) if amount is None else amount
