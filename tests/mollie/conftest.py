"""Takes the outside world into this room's tests."""

from tests.outside import outside_world, simulator

__all__ = ["outside_world", "simulator"]
