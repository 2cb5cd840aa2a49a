"""Hooks: what vendors tell us, verified on the raw bytes, kept in the inbox, answered at once."""

from portal.hooks import messages, payments

__all__ = ["messages", "payments"]
