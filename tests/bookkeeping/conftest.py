"""Takes the agency and the outside world into this room's tests."""

from tests.known_before import house, outside_world, simulator

__all__ = ["house", "outside_world", "simulator"]
