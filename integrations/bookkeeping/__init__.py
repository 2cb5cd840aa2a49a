"""Bookkeeping of creditors over HTTP, read only: Exact, QuickBooks, Teamleader, Stripe, Billit and Yuki."""
