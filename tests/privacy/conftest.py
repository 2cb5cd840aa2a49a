"""An office that an inspector asks something of."""

import pytest

from integrations.storage.content_store import open_file_store
from tests.communication.correspondence import Office
from tests.privacy.inspections import Inspections


@pytest.fixture
def inspections(units, data_folder) -> Inspections:
    folder = data_folder / "files"
    store = open_file_store(folder=folder, s3_url=None, production=False)
    return Inspections(Office(units, files=store).open_up(), store, folder)
