"""The portal on real servers."""

import pytest

from portal import main
from tests.portal.house import House

SHELL = (
    "portal.shared.sign_in",
    "portal.shared.account",
    "portal.shared.logos",
    "portal.shared.styleguide",
    "portal.admin",
    "portal.live",
)


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    """The shell and the administrators' door on a database of this test's own."""
    monkeypatch.setattr(main, "PARTS", SHELL)
    return House(units, folder=data_folder, redis_url=redis_url)
