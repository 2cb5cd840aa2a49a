"""Files that hold other files: what they are, so that a refusal says what to do."""

from typing import Final

from agency.ports.readers import Unreadable

PACKED: Final = {
    b"PK\x03\x04": "a zip archive or an office document; unpack it and hand in the files",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"\xd0\xcf\x11\xe0": "an old office document",
}
"""What archives and office documents begin with, and what a person is told of them."""


def refuse_packed(content: bytes) -> None:
    """This function will let pass whatever is no archive and no office document.

    :raises Unreadable: naming what it is.
    """
    for mark, what in PACKED.items():
        if content.startswith(mark):
            raise Unreadable(what)
