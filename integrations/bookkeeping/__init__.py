"""Bookkeeping of creditors over HTTP: Exact Online, QuickBooks, Teamleader, Stripe and Billit, read only."""
