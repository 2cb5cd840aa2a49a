"""The administrators' door: users, brands, rate cards, and whether everything runs."""

from portal.admin import brands, health, previews, rate_card_simulation, rate_cards, users

__all__ = ["brands", "health", "previews", "rate_card_simulation", "rate_cards", "users"]
