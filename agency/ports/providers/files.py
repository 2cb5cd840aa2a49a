"""What the business asks of who keeps its files."""

from typing import BinaryIO, Protocol


class FileNotStored(KeyError):
    """The store holds no file of this sha256, or what it holds is damaged."""

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256


class FileStore(Protocol):
    """Keeps files by their content; what is once in does not change."""

    def put(self, content: bytes) -> str:
        """Keep the content and return its sha256 in lower-case hex; keeping it twice changes nothing.

        :raises ProviderRefused, ProviderTransient: a remote store said no, or cannot be reached.
        """
        ...

    def put_file(self, content: BinaryIO) -> str:
        """Keep what may be too large for memory, from the file's beginning on; otherwise as `put`.

        :raises ProviderRefused, ProviderTransient: as `put`.
        """
        ...

    def erase(self, sha256: str) -> None:
        """Keep the content of this sha256 no longer; when there is none, nothing changes.

        A content that two owners keep is one content: only who knows that nobody else has it may ask.

        :raises ProviderRefused, ProviderTransient: as `put`.
        """
        ...

    def get(self, sha256: str) -> bytes:
        """Return the content of this sha256, checked against it.

        :raises FileNotStored: nothing is kept under it, or the content is damaged.
        :raises ProviderRefused, ProviderTransient: a remote store said no, or cannot be reached.
        """
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Return the content of this sha256, checked against it, as a file on this machine without a name;
        it is gone when it is closed.

        :raises FileNotStored, ProviderRefused, ProviderTransient: as `get`.
        """
        ...
