"""Pricing: score, rate cards, binding quotes and the fee agreements that follow.

Owns the price. Promises: every factor is shown, a quote replays to the same bytes.
Tells: QuoteIssued, QuoteAccepted, QuoteDeclined, and PriceLowered, PriceRise… when facts change later.
"""
