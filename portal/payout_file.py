"""Writes a payout order as pain.001.001.09: where remittance meets the bank's format."""

from agency.remittance.runs import PayoutOrder
from integrations.bankfiles.payment_order import Payer, Transfer, pain001


def write_payout(order: PayoutOrder) -> bytes:
    """This function will return the order's file; equal orders give equal bytes.

    :raises UnwritableOrder: the bank would refuse it.
    """
    return pain001(
        message_id=order.message_id,
        created_at=order.created_at,
        payer=Payer(order.payer_name, order.payer_iban),
        execute_on=order.execute_on,
        transfers=[
            Transfer(line.end_to_end, line.name, line.iban, line.amount, line.text) for line in order.lines
        ],
    )
