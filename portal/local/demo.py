"""Loads the demo into a new database, in a process of its own, and keeps who may sign in."""

import json
import sys
from importlib import import_module
from pathlib import Path

from portal.local.places import write_private


def load_demo(written: Path) -> None:
    """This function will load the demo and write its sign-ins and debtor links to a private file."""
    demo = import_module("portal.demo")
    write_private(written, json.dumps(demo.load(), indent=2) + "\n")


if __name__ == "__main__":
    load_demo(Path(sys.argv[1]))
