"""The administrators' door: users, brands, rate cards, treatment paths, and whether everything runs."""

from portal.admin import (
    brands,
    health,
    path_documents,
    path_drafts,
    path_trials,
    paths,
    previews,
    rate_card_simulation,
    rate_cards,
    users,
)

__all__ = [
    "brands",
    "health",
    "path_documents",
    "path_drafts",
    "path_trials",
    "paths",
    "previews",
    "rate_card_simulation",
    "rate_cards",
    "users",
]
