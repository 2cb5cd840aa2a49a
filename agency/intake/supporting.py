"""Documents that came without saying which claim they prove, handed to the room that knows."""

from dataclasses import dataclass
from uuid import UUID

from agency.documents.incoming import file_incoming
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore

WHICH_CLAIM = "which claim does this document belong to?"


@dataclass(frozen=True)
class Supporting:
    """Where a document was filed; without a claim, the question that is left."""

    claim_id: UUID | None
    question: str


def file_supporting(
    unit: Unit, files: FileStore, *, creditor_id: UUID, drop_id: UUID | None, name: str, content: bytes
) -> Supporting:
    """This function will keep a document and, where it says so itself, file it with its claim.

    :raises Invalid: it is a kind of file that is not kept.
    """
    filed = file_incoming(unit, files, creditor_id=creditor_id, drop_id=drop_id, name=name, content=content)
    return Supporting(filed.claim_id, WHICH_CLAIM if filed.question else "")
