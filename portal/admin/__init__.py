"""The administrators' door: users, brands, and whether everything runs."""

from portal.admin import brands, health, previews, users

__all__ = ["brands", "health", "previews", "users"]
