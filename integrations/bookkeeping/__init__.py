"""Bookkeeping of creditors over HTTP: Exact Online and Stripe Invoicing, read only."""
