"""The portal on real servers."""

import pytest

from tests.portal.house import House


@pytest.fixture
def house(units, redis_url, data_folder) -> House:
    """The portal on a database of this test's own."""
    return House(units, folder=data_folder, redis_url=redis_url)
