"""Live nudges: a page hears that something changed and fetches again under its own rights."""

from portal.live import stream

__all__ = ["stream"]
