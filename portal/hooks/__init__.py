"""Hooks: what vendors tell us, verified on the raw bytes, kept in the inbox, answered at once."""

from portal.hooks import inbound, messages, payments

__all__ = ["inbound", "messages", "payments"]
