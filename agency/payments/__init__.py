"""Payments: pay links, payment intents, settlement, refunds.

Owns how money for a claim comes in and goes back. Promises: one fact of payment is booked once, and no more
is refunded than was paid. Tells: PayLinkOpened, PaymentStarted, PaymentReceived, PaymentHeld,
PaymentReversed, RefundRequested, RefundPaid, RefundEnded.
"""
