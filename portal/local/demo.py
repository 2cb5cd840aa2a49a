"""Loads the demo into a new database, in a process of its own, and keeps who may sign in."""

import json
import os
import sys
from importlib import import_module
from pathlib import Path

from sqlalchemy import create_engine, text

from portal.local.places import write_private


def load_demo(written: Path) -> None:
    """This function will load the demo and write its sign-ins and debtor links to a private file."""
    demo = import_module("portal.demo")
    write_private(written, json.dumps(demo.load(), indent=2) + "\n")
    _count(os.environ["DATABASE_OWNER_URL"])


def _count(owner_url: str) -> None:
    """Thousands of rows came at once: until autovacuum has counted them, plans are made for empty tables."""
    engine = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


if __name__ == "__main__":
    load_demo(Path(sys.argv[1]))
