"""The administrators' door: users, brands, rate cards, and whether everything runs."""

from portal.admin import brands, experiments, health, previews, rate_card_simulation, rate_cards, users

__all__ = ["brands", "experiments", "health", "previews", "rate_card_simulation", "rate_cards", "users"]
