"""Money of which nobody knows whose it is, back to the account that it came from."""

from uuid import UUID

from agency.banking.suspense import UnableToSettleLine, line_in_suspense
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.refunds import checked_payee, request_line_refund


def send_back(unit: Unit, *, line_id: UUID, reason: str) -> UUID:
    """This function will ask that a line in suspense goes back to its sender; another person approves.

    Only to the account that the bank named: whoever could choose another would own money without an owner.

    :returns: the refund.
    :raises NotFound: no such line.
    :raises UnableToSettleLine: it is not in suspense, goes back already, or the bank named no account.
    """
    line = line_in_suspense(unit, line_id)
    if not line.counterparty_iban:
        raise UnableToSettleLine("the bank does not say from which account this came")
    return request_line_refund(
        unit,
        line_id=line_id,
        amount=Money(line.amount_minor, line.currency),
        reason=reason,
        payee=checked_payee(iban=line.counterparty_iban, holder=line.counterparty or line.counterparty_iban),
    )
