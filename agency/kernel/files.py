"""Files: known by the SHA-256 of their content, so that the same file twice is one file."""

import hashlib
import json
from collections.abc import Sequence
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import Gone, NotFound
from agency.kernel.unit import Unit
from agency.ports.providers import FileNotStored, FileStore

_INSERT = text(
    "INSERT INTO stored_file (creditor_id, sha256, size, media_type, stored_at)"
    " SELECT f.creditor_id, f.sha256, f.size, f.media_type, :now"
    " FROM jsonb_to_recordset(CAST(:files AS jsonb)) AS f(creditor_id uuid,"
    "  sha256 text, size bigint, media_type text)"
    # In one order, so that two that keep the same files wait for each other instead of crosswise.
    " ORDER BY f.creditor_id, f.sha256 ON CONFLICT DO NOTHING"
)


def store(unit: Unit, files: FileStore, *, creditor_id: UUID, content: bytes, media_type: str) -> str:
    """This function will keep a creditor's file and return its SHA-256.

    The bytes are written before the row commits: a crash leaves bytes that nobody refers to, never a row
    without bytes.
    """
    return store_many(unit, files, contents=[(creditor_id, content, media_type)])[0]


def store_many(unit: Unit, files: FileStore, *, contents: Sequence[tuple[UUID, bytes, str]]) -> list[str]:
    """This function will keep files, each (creditor, content, media type), and return their SHA-256s in
    the same order; their rows are one statement. Otherwise as `store`."""
    sha256s = [_put(files, content) for _, content, _ in contents]
    rows = [
        {"creditor_id": str(creditor_id), "sha256": sha256, "size": len(content), "media_type": media_type}
        for sha256, (creditor_id, content, media_type) in zip(sha256s, contents, strict=True)
    ]
    if rows:
        unit.session.connection().execute(_INSERT, {"files": json.dumps(rows), "now": unit.now})
    return sha256s


def _put(files: FileStore, content: bytes) -> str:
    sha256 = files.put(content)
    if sha256 != hashlib.sha256(content).hexdigest():
        raise AssertionError("the file store returned another hash than the content has")
    return sha256


def fetch(unit: Unit, files: FileStore, *, creditor_id: UUID, sha256: str) -> tuple[bytes, str]:
    """This function will return a creditor's file and its media type; the row decides whether it may.

    :raises NotFound: this creditor has no such file.
    :raises Gone: it was erased when its time was over.
    """
    media_type = _media_type(unit, creditor_id, sha256)
    try:
        return files.get(sha256), media_type
    except FileNotStored:
        _say_if_erased(unit, creditor_id, sha256)
        raise


def open_file(unit: Unit, files: FileStore, *, creditor_id: UUID, sha256: str) -> BinaryIO:
    """This function will open a creditor's file that may be too large for memory; close it.

    :raises NotFound: this creditor has no such file.
    :raises Gone: it was erased when its time was over.
    """
    _media_type(unit, creditor_id, sha256)
    try:
        return files.open(sha256)
    except FileNotStored:
        _say_if_erased(unit, creditor_id, sha256)
        raise


def _say_if_erased(unit: Unit, creditor_id: UUID, sha256: str) -> None:
    erased = unit.session.connection().execute(
        text("SELECT 1 FROM erased_file WHERE creditor_id = :c AND sha256 = :sha AND erased_at IS NOT NULL"),
        {"c": creditor_id, "sha": sha256},
    )
    if erased.first() is not None:
        raise Gone("this was erased when its time was over")


def _media_type(unit: Unit, creditor_id: UUID, sha256: str) -> str:
    found = (
        unit.session.connection()
        .execute(
            text("SELECT media_type FROM stored_file WHERE creditor_id = :c AND sha256 = :sha"),
            {"c": creditor_id, "sha": sha256},
        )
        .scalar_one_or_none()
    )
    if found is None:
        raise NotFound("no such file")
    return str(found)
