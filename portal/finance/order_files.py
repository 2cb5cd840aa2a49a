"""The files of payment orders that were made for the bank, payouts and refunds each on their page."""

from typing import Any, Final

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.money import Money
from portal.finance.doors import names_of
from portal.shared.i18n import N_, format_moment
from portal.shared.listing import Column, Cut

PAYOUTS: Final = "PAYOUT"
REFUNDS_SENT: Final = "REFUND"
FILES = (
    Column("name", N_("File"), sub="made_at"),
    Column("made_by", N_("Made by"), phone=False),
    Column("payments", N_("Payments"), "number", phone=False),
    Column("total", N_("Total"), "money"),
    Column("downloads", N_("Downloads"), "html"),
)
_SHOWN_MAX: Final = 20
_FILES = text(
    "SELECT f.id, f.message_id, f.total_minor, f.currency, f.made_at, f.made_by, f.downloads,"
    # What came back stands in a later file by now; this one says itself what was in it.
    " substring(convert_from(f.content, 'UTF8') from '<NbOfTxs>([0-9]+)</NbOfTxs>')::int AS payments"
    " FROM remittance_file f WHERE starts_with(f.message_id, :kind) ORDER BY f.made_at DESC LIMIT :most"
)


def order_files(unit: Unit, *, kind: str) -> Cut[dict[str, Any]]:
    """This function will describe the newest files of one kind for a list."""
    made = unit.session.connection().execute(_FILES, {"kind": f"{kind}-", "most": _SHOWN_MAX}).all()
    names = names_of(unit, [file.made_by for file in made])
    return Cut(
        [
            {
                "href": f"/finance/remittances/files/{file.id}/download",
                "name": file.message_id,
                "made_at": format_moment(file.made_at),
                "made_by": names[file.made_by],
                "payments": file.payments,
                "total": Money(file.total_minor, file.currency),
                "downloads": file.downloads,
            }
            for file in made
        ]
    )
