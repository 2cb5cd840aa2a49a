"""The administrators' door: users, brands, rate cards, treatment paths, experiments, and whether all runs."""

from portal.admin import (
    brand_drafts,
    brand_hosts,
    brand_looks,
    brands,
    experiments,
    health,
    path_documents,
    path_drafts,
    path_trials,
    paths,
    print_batches,
    rate_card_simulation,
    rate_cards,
    users,
)

__all__ = [
    "brand_drafts", "brand_hosts", "brand_looks", "brands", "experiments", "health", "path_documents",
    "path_drafts", "path_trials", "paths", "print_batches", "rate_card_simulation", "rate_cards", "users",
]  # fmt: skip
