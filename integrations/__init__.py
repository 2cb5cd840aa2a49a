"""Adapters: they translate between the ports and a vendor, and decide nothing."""
