"""A `FileStore` over obstore: each file lies under its own sha256 and is written once."""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, S3Store

from agency.ports.providers import FileNotStored, ProviderError, ProviderRefused, ProviderTransient
from integrations import egress

if TYPE_CHECKING:
    from obstore.store import S3Config

_PART = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def open_file_store(*, folder: Path, s3_url: str | None, production: bool) -> "ContentStore":
    """This function will open the store in `folder`, or in S3 when `s3_url` is given.

    :param s3_url: `s3://bucket/prefix?region=eu-central-1&endpoint=https://...`; the endpoint is for
        S3-compatible stores. Credentials come from the usual AWS environment variables.
    :raises egress.EgressRefused: outside production, the endpoint is not this machine.
    """
    if s3_url is None:
        # Files of debtors: readable by the account that runs the product, by nobody else.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return ContentStore(LocalStore(folder.resolve()))
    return ContentStore(_s3(s3_url, production=production))


class ContentStore:
    """See `FileStore`; safe to share between threads."""

    def __init__(self, store: LocalStore | S3Store) -> None:
        self._store = store

    def put(self, content: bytes) -> str:
        """See `FileStore.put`. A repeated put of the same content is harmless, so every failure is plain."""
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            obstore.put(self._store, _path(sha256), content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            pass
        except (BaseError, OSError) as error:
            raise _failure(error) from error
        return sha256

    def put_file(self, content: BinaryIO) -> str:
        """See `FileStore.put_file`; a part of it is in memory at a time."""
        content.seek(0)
        seen = hashlib.sha256()
        while part := content.read(_PART):
            seen.update(part)
        sha256 = seen.hexdigest()
        content.seek(0)
        try:
            # In parts, which cannot ask whether it is there: the same content twice is the same content.
            obstore.put(self._store, _path(sha256), content, use_multipart=True, max_concurrency=2)
        except (BaseError, OSError) as error:
            raise _failure(error) from error
        return sha256

    def erase(self, sha256: str) -> None:
        """See `FileStore.erase`."""
        try:
            obstore.delete(self._store, _checked_path(sha256))
        except (NotFoundError, FileNotFoundError):
            pass
        except (BaseError, OSError) as error:
            raise _failure(error) from error

    def get(self, sha256: str) -> bytes:
        """See `FileStore.get`."""
        with _failures(sha256):
            content = bytes(obstore.get(self._store, _checked_path(sha256)).bytes())
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileNotStored(sha256)
        return content

    def open(self, sha256: str) -> BinaryIO:
        """See `FileStore.open`; a part of it is in memory at a time."""
        seen = hashlib.sha256()
        with ExitStack() as until_checked:
            file = until_checked.enter_context(tempfile.TemporaryFile())
            with _failures(sha256):
                for part in obstore.get(self._store, _checked_path(sha256)).stream(min_chunk_size=_PART):
                    seen.update(part)
                    file.write(part)
            if seen.hexdigest() != sha256:
                raise FileNotStored(sha256)
            file.seek(0)
            until_checked.pop_all()
            return file


@contextmanager
def _failures(sha256: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise FileNotStored(sha256) from error
    except (BaseError, OSError) as error:
        raise _failure(error) from error


def _checked_path(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise FileNotStored(sha256)
    return _path(sha256)


def _path(sha256: str) -> str:
    # Two levels of folders: no file system likes a million names in one.
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _s3(url: str, *, production: bool) -> S3Store:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    endpoint = query.get("endpoint", [""])[0]
    if parts.scheme != "s3" or not parts.netloc:
        raise egress.EgressRefused(f"not an S3 address: {url!r}")
    if endpoint or not production:
        endpoint = egress.base_url(endpoint or "https://s3.amazonaws.com", production=production)
    config: S3Config = {"region": query.get("region", ["eu-central-1"])[0]}
    if endpoint:
        config["endpoint"] = endpoint
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=config,
        client_options={"timeout": "30s", "connect_timeout": "5s", "allow_http": not production},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )


def _failure(error: Exception) -> ProviderError:
    text = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError, PermissionError)):
        return ProviderRefused("denied", text)
    return ProviderTransient(text)
