"""The administrators' door: users, creditors, brands, prices, paths, experiments, inspections, health."""

from portal.admin import (
    audit,
    brand_drafts,
    brand_hosts,
    brand_looks,
    brands,
    creditors,
    experiments,
    health,
    inspection,
    inspection_exports,
    path_documents,
    path_drafts,
    path_trials,
    paths,
    print_batches,
    rate_card_simulation,
    rate_cards,
    retention,
    senders,
    users,
)

__all__ = [
    "audit", "brand_drafts", "brand_hosts", "brand_looks", "brands", "creditors", "experiments", "health",
    "inspection", "inspection_exports", "path_documents", "path_drafts", "path_trials", "paths",
    "print_batches", "rate_card_simulation", "rate_cards", "retention", "senders", "users",
]  # fmt: skip
