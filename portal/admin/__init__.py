"""The administrators' door: users, brands, rate cards, experiments, and whether everything runs."""

from portal.admin import (
    brand_drafts,
    brand_hosts,
    brand_looks,
    brands,
    experiments,
    health,
    rate_card_simulation,
    rate_cards,
    users,
)

__all__ = [
    "brand_drafts", "brand_hosts", "brand_looks", "brands", "experiments", "health", "rate_card_simulation",
    "rate_cards", "users",
]  # fmt: skip
