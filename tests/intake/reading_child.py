"""A worker's process that reads one large file, to be killed in the middle."""

import sys
from pathlib import Path
from uuid import UUID

from sqlalchemy import create_engine

import agency.tables  # noqa: F401  rooms refer to each other's tables by name
from agency.intake.bulk import BulkReading
from agency.kernel.unit import Units
from integrations.einvoice import read_einvoice
from integrations.storage.content_store import open_file_store
from tests.intake.factories import PortsForFiles

if __name__ == "__main__":
    url, folder, creditor, placement = sys.argv[1:]
    ports = PortsForFiles(open_file_store(folder=Path(folder), s3_url=None, production=False), read_einvoice)
    BulkReading(
        Units(create_engine(url)), ports, creditor_id=UUID(creditor), placement_id=UUID(placement)
    ).run()
