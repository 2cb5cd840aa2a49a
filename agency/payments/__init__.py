"""Payments: pay links, payment intents, settlement.

Owns how money for a claim comes in. Promises: one fact of payment is booked once.
Tells: PayLinkOpened, PaymentStarted, PaymentReceived, PaymentReversed.
"""
