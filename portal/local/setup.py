"""What is made from the sources before anything runs: front-end packages and translations."""

from collections.abc import Callable
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portal.local import frontend
from portal.local.places import PROJECT


def set_up(*, say: Callable[[str], None]) -> None:
    """This function will install front-end packages and compile translations where they have changed.

    :raises UnableToInstallFrontend: npm could not install the locked packages.
    """
    frontend.install(say=say)
    compile_translations(PROJECT / "portal")


def compile_translations(folder: Path) -> int:
    """This function will compile each `.po` that is newer than its `.mo` and return how many there were."""
    stale = [
        source
        for source in folder.glob("**/LC_MESSAGES/*.po")
        if not source.with_suffix(".mo").exists()
        or source.with_suffix(".mo").stat().st_mtime < source.stat().st_mtime
    ]
    for source in stale:
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3])
        with source.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
    return len(stale)
