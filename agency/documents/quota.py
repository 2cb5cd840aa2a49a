"""How much evidence one creditor may keep here."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from agency.kernel.errors import AgencyError
from agency.kernel.unit import Unit


class OverQuota(AgencyError):
    """The creditor's files would take more room than it has; nothing was kept."""

    status = 413
    code = "over_quota"


@dataclass(frozen=True, slots=True)
class Quota:
    """The room of one creditor: bytes of all its documents, and how many there are."""

    bytes_max: int = 20 * 1024**3
    documents_max: int = 500_000


def ensure_room(unit: Unit, *, creditor_id: UUID, quota: Quota, adding: int) -> None:
    """This function will refuse a document of so many bytes when the creditor has no room for it.

    :raises OverQuota: with what is taken and what there is.
    """
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT count(*) AS documents, coalesce(sum(size), 0) AS size FROM document"
                " WHERE creditor_id = :c"
            ),
            {"c": creditor_id},
        )
        .one()
    )
    if row.documents >= quota.documents_max:
        raise OverQuota("there is no room for more documents: ask the agency for more", field="file")
    if row.size + adding > quota.bytes_max:
        raise OverQuota("there is no room for a file this large: ask the agency for more", field="file")
