"""More readers at once than there are connections and threads: each waits for a turn, and none in vain."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from agency.parties.models import Role
from tests.portal.house import House
from tests.portal.served import serve

READERS, PAGES_EACH = 90, 2


@pytest.fixture
def served(units, redis_url, data_folder):
    pool = units.engine.pool.size()
    with serve(House(units, folder=data_folder, redis_url=redis_url, database_pool=pool)) as running:
        yield running


def test_ninety_readers_at_once_all_get_their_pages(served):
    house = served.house
    browser = house.browser(Role.ADMIN)

    def read(_: int) -> list[int]:
        with httpx.Client(base_url=served.url, cookies=dict(browser.cookies), timeout=60) as client:
            return [client.get("/admin/users").status_code for _ in range(PAGES_EACH)]

    with ThreadPoolExecutor(READERS) as readers:
        answers = [status for statuses in readers.map(read, range(READERS)) for status in statuses]
    assert answers == [200] * READERS * PAGES_EACH
