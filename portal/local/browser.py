"""The Chromium of this machine, for tests that drive real pages and for screenshots."""

import os
import shutil
from pathlib import Path

HOW_TO_GET_CHROMIUM = (
    "no Chromium found: install one (Debian, Ubuntu: apt-get install chromium-headless-shell)"
    " or set CHROMIUM to its path"
)
# The one without a window first: it does the same to a page with about a third of the work.
_NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")


def find_chromium() -> Path | None:
    """This function will return the browser that CHROMIUM names, else the first of its usual names."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, _NAMES)]
    return next((Path(path) for path in candidates if path and os.access(path, os.X_OK)), None)
