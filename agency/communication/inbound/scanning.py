"""Letters that came by post, scanned: checked as every document is, then taken in like any other message."""

from typing import Final
from uuid import UUID

from agency.communication.inbound.arriving import Arrival, take_in
from agency.communication.inbound.models import InboundChannel
from agency.documents.types import UnacceptableFile, file_type
from agency.documents.upload import DOCUMENT_BYTES_MAX, clean_name
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore

SCANS: Final = frozenset({"application/pdf", "image/png", "image/jpeg", "image/tiff"})


def take_scan(unit: Unit, files: FileStore, *, name: str, content: bytes) -> UUID | None:
    """This function will take a scanned letter in and return its id; None when it was here already.

    :raises UnacceptableFile: too large, no PDF or picture, or not what its name says.
    """
    if len(content) > DOCUMENT_BYTES_MAX:
        raise UnacceptableFile("the file is larger than 20 MB", field="file")
    found = file_type(content, name=name)
    if found.media_type not in SCANS:
        raise UnacceptableFile("a scanned letter is a PDF or a picture", field="file")
    sha256 = files.put(content)
    arrival = Arrival(
        channel=InboundChannel.LETTER, source_key=f"scan:{sha256}", sha256=sha256, words=clean_name(name)
    )
    return take_in(unit, files, arrival)
