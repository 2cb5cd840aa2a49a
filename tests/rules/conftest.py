"""The first question to a table reads it from disk, which no deadline per example should count."""

from hypothesis import settings

settings.register_profile("rules", deadline=None)
settings.load_profile("rules")
