"""Bookkeeping of creditors over HTTP: Exact Online, QuickBooks, Stripe Invoicing and Billit, read only."""
