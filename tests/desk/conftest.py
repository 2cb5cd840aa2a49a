import pytest

from tests.communication.correspondence import Office
from tests.desk.desks import Desk


@pytest.fixture
def desk(units):
    """A collector on a Tuesday morning."""
    return Desk(Office(units).open_up())
