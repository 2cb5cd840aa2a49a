"""Payments through Mollie: translates between `PaymentProvider` and the v2 API."""
