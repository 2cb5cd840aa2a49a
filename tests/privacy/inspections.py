"""What tests of inspections start from: an office whose claims were written to, and exports of them."""

import csv
import hashlib
import io
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from agency.kernel.ids import new_id
from agency.kernel.ports import Ports
from agency.kernel.unit import Door
from agency.parties.models import Audience, Role
from agency.parties.users import create_user
from agency.privacy.asking import Wish, ask_export, export_of, take_export
from agency.privacy.erasing import erase_what_is_over
from agency.privacy.writing import write_some
from agency.rules.kept_records import Authority
from integrations.rendering import TemplateRenderer
from integrations.rendering.binder import bind
from integrations.storage.content_store import ContentStore
from portal.inspection_papers import DoorPapers
from tests.communication.correspondence import SETTINGS, Office, a_correspondent, queue

FIRST, LAST = date(2026, 11, 1), date(2026, 12, 31)
LONG_NAME = (
    "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming, " * 2
)

Claim = tuple[UUID, UUID]


@dataclass
class Inspections:
    """An office with a real file store and binder, and an administrator who asks for exports."""

    office: Office
    store: ContentStore
    folder: Path
    papers: DoorPapers = field(default_factory=lambda: DoorPapers(SETTINGS, TemplateRenderer()))

    @property
    def units(self):
        return self.office.units

    @property
    def ports(self) -> Ports:
        return replace(self.office.ports, bind=bind)

    def colleague(self, name: str, *roles: Role) -> UUID:
        with self.units.open(Door.STAFF, by="system:test") as unit:
            return create_user(
                unit, email=f"{name.lower().replace(' ', '.')}@agency.example", name=name,
                audience=Audience.STAFF, roles=roles, password="a long enough password",
                sealing_secret="s" * 32,
            ).user_id  # fmt: skip

    def claims(self, count: int = 2, **values) -> list[Claim]:
        """Claims of one creditor that were each written to once."""
        found: list[Claim] = []
        with self.office.unit() as unit:
            for place in range(count):
                whose = {"creditor_id": found[0][0]} if found else {}
                found.append(a_correspondent(unit, **{"name": f"Debiteur {place}", **whose, **values}))
                queue(unit, *found[-1])
        self.office.send()
        return found

    def one_person(self, *claims: Claim) -> None:
        """The debtors of these claims are one person, as the agency knows."""
        with self.office.unit() as unit:
            person = new_id()
            connection = unit.session.connection()
            connection.execute(
                text("INSERT INTO debtor_identity (id, match_key, created_at) VALUES (:id, :key, :now)"),
                {"id": person, "key": str(person), "now": unit.now},
            )
            for creditor_id, claim_id in claims:
                connection.execute(
                    text(
                        "UPDATE debtor d SET identity_id = :p FROM claim c WHERE c.creditor_id = :c"
                        " AND c.id = :i AND d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
                    ),
                    {"p": person, "c": creditor_id, "i": claim_id},
                )

    def number(self, claim: Claim) -> str:
        with self.office.unit() as unit:
            return (
                unit.session.connection()
                .execute(
                    text("SELECT number FROM claim WHERE creditor_id = :c AND id = :i"),
                    {"c": claim[0], "i": claim[1]},
                )
                .scalar_one()
            )

    def ask(self, *, by: str = "user:admin", **wish) -> UUID:
        usual = {
            "authority": Authority.NL, "language": "nl", "first_day": FIRST, "last_day": LAST,
            "reason": "Brief van de Inspectie, 28 november 2026",
        }  # fmt: skip
        with self.units.open(Door.STAFF, by=by) as unit:
            return ask_export(unit, wish=Wish(**{**usual, **wish}))

    def write(self, export_id: UUID, **ports) -> bool:
        return write_some(
            self.units, replace(self.ports, **ports), self.papers, SETTINGS, export_id=export_id
        )

    def row(self, export_id: UUID):
        with self.office.unit() as unit:
            return export_of(unit, export_id=export_id)

    def taken(self, export_id: UUID) -> zipfile.ZipFile:
        with self.units.open(Door.STAFF, by="user:admin") as unit:
            _, opened = take_export(unit, self.store, export_id=export_id)
        with opened:
            return zipfile.ZipFile(io.BytesIO(opened.read()))

    def made(self, **wish) -> zipfile.ZipFile:
        """An export from asking to taking."""
        export_id = self.ask(**wish)
        assert self.write(export_id) is False
        erase_what_is_over(self.units, self.store)
        return self.taken(export_id)

    def kept_files(self) -> set[str]:
        """The SHA-256 of everything in the file store."""
        return {path.name for path in self.folder.rglob("*") if path.is_file()}


def rows_of(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    """A table of an export, by the end of its name."""
    [path] = [one for one in archive.namelist() if one.endswith(name)]
    words = archive.read(path).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(words), delimiter=";"))


def contents(archive: zipfile.ZipFile) -> dict[str, str]:
    """The hash of each file of an export, by its path."""
    return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def folders(archive: zipfile.ZipFile, base: str = "vorderingen") -> list[str]:
    """The claims' folders of an export, in their order."""
    return list(dict.fromkeys(name.split("/")[1] for name in archive.namelist() if name.startswith(base)))


NOON = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
