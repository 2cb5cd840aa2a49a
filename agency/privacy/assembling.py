"""Putting an export together: the claims' folders, the overviews, the documents, and the index of it all."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO, Final

from sqlalchemy import Row, text
from sqlmodel import col, select

from agency.kernel.files import open_file
from agency.kernel.ids import HOUSE
from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit, agency_day
from agency.kernel.written_files import safe_name
from agency.ports.bundles import Bundle, BundlePart, BundleTable
from agency.privacy.archive import Archive, Entry, entries_of
from agency.privacy.house_sheets import house_sheets, records_until, table_content
from agency.privacy.models import InspectionExport, InspectionExportClaim
from agency.privacy.papers import Papers
from agency.privacy.sheets import Sheet, claim_sheets
from agency.privacy.telling import Telling
from agency.rules.kept_records import Authority
from agency.rules.tables import table_names
from agency.treatment.paths import path_version

ROWS_SHOWN: Final = 200
"""How many rows of an overview stand in the PDF; all of them stand in its CSV."""

# Versions on which claims could begin in the period, and those that the export's claims follow.
_PROCESSES: Final = text(
    "SELECT v.key, v.version, coalesce(u.name, '') AS responsible FROM ("
    " SELECT t.*, lead(valid_from) OVER (PARTITION BY key ORDER BY version) AS ends_on"
    "  FROM treatment_path t) v"
    " LEFT JOIN user_account u ON v.approved_by = 'user:' || u.id"
    " WHERE (v.definition ->> 'law' = :law AND v.valid_from <= :last_day"
    "  AND (v.ends_on IS NULL OR v.ends_on > :first_day))"
    " OR v.id IN (SELECT t.path_id FROM treatment t JOIN inspection_export_claim x"
    "  ON x.creditor_id = t.creditor_id AND x.claim_id = t.claim_id WHERE x.export_id = :id)"
    " ORDER BY v.key, v.version"
)
# A price that is also about claims that were not asked for stays out.
_QUOTES: Final = text(
    "SELECT q.creditor_id, q.id, q.number FROM quote q WHERE q.accepted_at <= :as_of AND EXISTS (SELECT"
    "  FROM quote_line l JOIN inspection_export_claim x ON x.creditor_id = l.creditor_id"
    "  AND x.claim_id = l.claim_id WHERE x.export_id = :id AND l.creditor_id = q.creditor_id"
    "  AND l.quote_id = q.id)"
    " AND NOT EXISTS (SELECT FROM quote_line l WHERE l.creditor_id = q.creditor_id AND l.quote_id = q.id"
    "  AND NOT EXISTS (SELECT FROM inspection_export_claim x WHERE x.export_id = :id"
    "   AND x.creditor_id = l.creditor_id AND x.claim_id = l.claim_id))"
    " ORDER BY q.number, q.creditor_id"
)
_SIGNED: Final = text(
    "SELECT t.creditor_id, k.reference, t.kind, t.sha256 FROM onboarding_task t"
    " JOIN creditor k ON k.id = t.creditor_id WHERE t.sha256 IS NOT NULL AND t.done_at <= :as_of"
    " AND EXISTS (SELECT FROM inspection_export_claim x WHERE x.export_id = :id"
    "  AND x.creditor_id = t.creditor_id) ORDER BY k.reference, t.kind"
)
_CLAIMS: Final = text(
    "SELECT x.place, c.number, cr.name AS creditor, d.name AS debtor FROM inspection_export_claim x"
    " JOIN claim c ON c.creditor_id = x.creditor_id AND c.id = x.claim_id"
    " JOIN creditor cr ON cr.id = c.creditor_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE x.export_id = :id ORDER BY x.place"
)
_ASKER: Final = text("SELECT name FROM user_account WHERE 'user:' || id = :by")
_CREDITORS: Final = text(
    "SELECT name FROM creditor WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY lower(name), id"
)


def assemble(
    unit: Unit, ports: Ports, papers: Papers, settings: Settings, *, export: InspectionExport, file: BinaryIO
) -> None:
    """This function will write the whole export into a file, from the folders that are kept of its claims."""
    with Archive(file, comment=str(export.id)) as archive:
        putting = _Putting(unit, ports, papers, settings, export, archive)
        putting.claims()
        putting.overviews()
        putting.documents()
        putting.index()


class _Putting:
    """One export becoming one archive."""

    def __init__(
        self,
        unit: Unit,
        ports: Ports,
        papers: Papers,
        settings: Settings,
        export: InspectionExport,
        archive: Archive,
    ) -> None:
        self.unit, self.ports, self.papers, self.settings = unit, ports, papers, settings
        self.export, self.archive = export, archive
        self.telling = Telling(papers, export.language)
        self.word = self.telling.word
        self.on = agency_day(export.as_of)

    def claims(self) -> None:
        """Copy each claim's folder, in its place."""
        kept = select(InspectionExportClaim).where(InspectionExportClaim.export_id == self.export.id)
        for row in self.unit.session.exec(kept.order_by(col(InspectionExportClaim.place))).all():
            assert row.sha256 is not None, "every claim is written before they are put together"
            with self.ports.files.open(row.sha256) as part:
                for path, about, content in entries_of(part):
                    self.archive.copy(path, about, content)

    def overviews(self) -> None:
        """Write every table as CSV, and the beginning of each into one PDF."""
        parts = []
        sheets: Iterator[Sheet] = chain(
            claim_sheets(self.unit, self.export, self.telling),
            house_sheets(self.unit, self.export, self.telling),
        )
        for sheet in sheets:
            path = f"{self.word('file_overviews')}/{self.word(f'file_{sheet.key}')}.csv"
            seen = _Seen(sheet)
            self.archive.table(path, self.word(sheet.key), sheet.heads, seen)
            parts.append(self._shown(sheet, seen, path))
        bundle = self._bundle(self.word("overview_title"), parts)
        pdf = self.ports.bind(bundle, progress=lambda percent: None).pdf
        self.archive.add(f"{self.word('file_overviews')}.pdf", self.word("overview_title"), pdf)

    def _shown(self, sheet: Sheet, seen: "_Seen", path: str) -> BundlePart:
        said = [self.word(f"about_{sheet.key}")]
        if seen.count > len(seen.first):
            said.append(self.word("first_rows", shown=len(seen.first), count=seen.count, file=path))
        elif seen.count:
            said.append(self.word("all_rows", count=seen.count, file=path))
        else:
            said.append(self.word("no_rows"))
        tables = (BundleTable(sheet.heads, tuple(seen.first)),) if seen.first else ()
        return BundlePart(self.word(sheet.key), tuple(said), tables)

    def documents(self) -> None:
        """Add written processes, accepted prices, the evidence of trainings and the tables of rules."""
        language = self.export.language
        for found in self._processes():
            version = path_version(self.unit, key=found.key, version=found.version)
            pdf = self.papers.process(version, responsible=found.responsible, language=language)
            about = self.word("process_named", name=found.key, version=found.version)
            self.archive.add(
                f"{self.word('file_processes')}/{safe_name(found.key)}-{found.version}.pdf", about, pdf
            )
        for quote in self._rows(_QUOTES):
            pdf = self.papers.quote(
                self.unit, creditor_id=quote.creditor_id, quote_id=quote.id, language=language
            )
            path = f"{self.word('file_agreements')}/{safe_name(quote.number)}.pdf"
            self.archive.add(path, self.word("quote_named", number=quote.number), pdf)
        self._signed()
        self._evidence()
        for name in table_names(""):
            path = f"{self.word('file_rules')}/{name}.json"
            self.archive.add(path, self.word("table_named", name=name), table_content(name))

    def _processes(self) -> Sequence[Row[Any]]:
        return self._rows(
            _PROCESSES, law=self.export.authority.value, first_day=self.export.first_day,
            last_day=self.export.last_day,
        )  # fmt: skip

    def _signed(self) -> None:
        """What the creditors of the claims signed when they came in, as it was signed."""
        for row in self._rows(_SIGNED):
            path = f"{self.word('file_agreements')}/{safe_name(row.reference)}-{row.kind}.pdf"
            about = self.word(f"signed_{row.kind}", name=row.reference)
            with open_file(
                self.unit, self.ports.files, creditor_id=row.creditor_id, sha256=row.sha256
            ) as content:
                self.archive.copy(path, about, content)

    def _evidence(self) -> None:
        kept = set()
        for place, row in enumerate(records_until(self.unit, self.export), start=1):
            if row.sha256 is None or row.sha256 in kept:
                continue
            kept.add(row.sha256)
            path = f"{self.word('file_evidence')}/{place:04d}-{safe_name(row.file_name)}"
            about = self.word("evidence_named", title=row.title, day=self.telling.day(row.held_on))
            with open_file(self.unit, self.ports.files, creditor_id=HOUSE, sha256=row.sha256) as content:
                self.archive.copy(path, about, content)

    def index(self) -> None:
        """Say what is inside: each file in a CSV, and for a reader in a PDF."""
        rows = [(one.path, one.about, str(one.size), one.sha256) for one in self.archive.entries]
        listed = list(self.archive.entries)
        self.archive.table(
            "index.csv", self.word("index_named"), self.telling.heads("path", "about", "bytes", "sha"), rows
        )
        [index] = self.archive.entries[len(listed) :]
        bundle = self._bundle(self.word("title"), self._index_parts(listed, index))
        pdf = self.ports.bind(bundle, progress=lambda percent: None).pdf
        self.archive.add("index.pdf", self.word("index_named"), pdf)
        sums = "".join(f"{one.sha256}  {one.path}\n" for one in self.archive.entries)
        self.archive.add("sha256sums.txt", "SHA-256", sums.encode())

    def _index_parts(self, listed: Sequence[Entry], index: Entry) -> list[BundlePart]:
        folder = f"{self.word('file_claims')}/"
        whole = tuple(
            (one.path, one.about, str(one.size), one.sha256)
            for one in listed
            if not one.path.startswith(folder)
        )
        folders: dict[str, list[Entry]] = {}
        for one in listed:
            if one.path.startswith(folder):
                folders.setdefault(one.path.split("/")[1], []).append(one)
        claims = tuple(
            (
                name,
                row.number,
                row.creditor,
                row.debtor,
                str(len(inside)),
                str(sum(one.size for one in inside)),
            )
            # Both stand in the order of their places.
            for row, (name, inside) in zip(self._rows(_CLAIMS), folders.items(), strict=True)
        )
        claim_heads = self.telling.heads("folder", "claim", "creditor", "debtor", "files", "bytes")
        return [
            BundlePart(
                self.word("asked_part"),
                (),
                (BundleTable(self.telling.heads("field", "value"), self._asked()),),
            ),
            BundlePart(
                self.word("how_part"),
                (*(self.word(f"how_{n}") for n in range(1, 6)), f"{self.word('index_sha')}: {index.sha256}"),
            ),
            BundlePart(
                self.word("claims_part"),
                () if claims else (self.word("no_claims"),),
                (BundleTable(claim_heads, claims, frozenset({4, 5})),) if claims else (),
            ),
            BundlePart(
                self.word("files_part"),
                (),
                (BundleTable(self.telling.heads("path", "about", "bytes", "sha"), whole, frozenset({2})),),
            ),
        ]

    def _asked(self) -> tuple[tuple[str, str], ...]:
        export, t = self.export, self.telling
        connection = self.unit.session.connection()
        asker = connection.execute(_ASKER, {"by": export.asked_by}).scalar_one_or_none()
        names = connection.execute(_CREDITORS, {"ids": export.creditors}).scalars().all()
        home = "NL" if export.authority == Authority.NL else "BE"
        rows = (
            ("agency", self.settings.agency_name),
            ("registration", self.settings.registration_in(home, export.language)),
            ("authority", t.word(f"authority_{export.authority.value}")),
            ("period", t.word("period_value", first=t.day(export.first_day), last=t.day(export.last_day))),
            ("creditors", ", ".join(names) if export.creditors else t.word("all")),
            ("numbers", ", ".join(export.numbers) or t.word("all_in_period")),
            ("count_claims", str(export.claims)),
            ("asked_reason", export.reason),
            ("asked_by", asker or t.word("by_program")),
            ("as_of", t.moment(export.as_of)),
        )
        return tuple((t.word(key), value) for key, value in rows)

    def _bundle(self, title: str, parts: Sequence[BundlePart]) -> Bundle:
        t, export = self.telling, self.export
        return Bundle(
            title=title,
            subtitle=t.word(
                "subtitle", authority=t.word(f"authority_{export.authority.value}"),
                first=t.day(export.first_day), last=t.day(export.last_day),
            ),
            language=export.language,
            dated=self.on,
            parts=tuple(parts),
            words={key: t.word(key) for key in ("contents", "page", "attached", "empty")},
        )  # fmt: skip

    def _rows(self, statement: Any, **more: Any) -> Sequence[Row[Any]]:
        values = {"id": self.export.id, "as_of": self.export.as_of, **more}
        return self.unit.session.connection().execute(statement, values).all()


class _Seen:
    """Rows on their way into a CSV, of which the first are remembered and all are counted."""

    def __init__(self, sheet: Sheet) -> None:
        self._rows = iter(sheet.rows)
        self.first: list[tuple[str, ...]] = []
        self.count = 0

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        for row in self._rows:
            if self.count < ROWS_SHOWN:
                self.first.append(row)
            self.count += 1
            yield row
