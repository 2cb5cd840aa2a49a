"""Addresses of static files: named or marked after their content, so that browsers keep them for ever."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "static"


@lru_cache(maxsize=1)
def _vendor() -> dict[str, str]:
    manifest: dict[str, str] = json.loads((STATIC / "vendor" / "manifest.json").read_text())
    return manifest


@lru_cache(maxsize=64)
def _marked(name: str, changed_ns: int) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def asset(name: str) -> str:
    """This function will return the address of a static file: `vendor/htmx.min.js`, `app.css`.

    :raises KeyError: the manifest written at set-up names no such vendor file.
    :raises FileNotFoundError: set-up has not run, or the file does not exist.
    """
    if name.startswith("vendor/"):
        return f"/static/vendor/{_vendor()[name.removeprefix('vendor/')]}"
    return _marked(name, (STATIC / name).stat().st_mtime_ns)
