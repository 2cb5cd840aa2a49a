"""Binds a bundle with Typst: PDF/A-3a with bookmarks and one numbering, source pages and source files."""

import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any, Final

import pypdf
import typst

from agency.ports.bundles import Bound, Bundle, BundleFile, BundlePart, BundleTable, NotBound, Progress
from integrations.rendering.page_images import NoPicture, page_count, page_pictures

PAGES_MAX: Final = 600
ATTACHED_BYTES_MAX: Final = 60_000_000
_SOURCE: Final = Path(__file__).with_name("bundle.typ")
# A word longer than a column is wide may break anywhere.
_LONG: Final = re.compile(r"\S{24,}")
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ue000-\uf8ff]")


def bind(bundle: Bundle, *, progress: Progress) -> Bound:
    """See `Binder`. Files that would make the PDF too large to be opened stand in its index only."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        root = Path(folder)
        shown = _Shown(root, bundle, progress)
        data = {
            "title": _plain(bundle.title),
            "subtitle": _plain(bundle.subtitle),
            "language": bundle.language,
            "words": bundle.words,
            "parts": [shown.part(part) for part in bundle.parts],
            "files": shown.attached(),
        }
        progress(80)
        pdf = _compile(root, bundle, data)
    pages = len(pypdf.PdfReader(io.BytesIO(pdf)).pages)
    progress(95)
    return Bound(pdf, pages)


def _compile(root: Path, bundle: Bundle, data: dict[str, Any]) -> bytes:
    day = bundle.dated
    dated = f"#set document(date: datetime(year: {day.year}, month: {day.month}, day: {day.day}))\n"
    try:
        pdf = typst.compile(
            _written(root, dated + _SOURCE.read_text(encoding="utf-8")),
            root=root,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=["a-3a"],
            timestamp=0,  # the day stands in the document; the machine's clock does not
            ignore_system_fonts=True,
        )
    except typst.TypstError as error:
        raise NotBound(error.message) from error
    assert isinstance(pdf, bytes)
    return pdf


def _written(root: Path, source: str) -> Path:
    path = root / "bundle.typ"
    path.write_text(source, encoding="utf-8")
    return path


class _Shown:
    """Writes page pictures and source files where Typst finds them, and describes them."""

    def __init__(self, root: Path, bundle: Bundle, progress: Progress) -> None:
        self.root, self.bundle, self.progress = root, bundle, progress
        self.pages = self.done = 0

    def part(self, part: BundlePart) -> dict[str, Any]:
        return {
            "title": _plain(part.title),
            "paragraphs": [_plain(words) for words in part.paragraphs],
            "tables": [_table(table) for table in part.tables],
            "files": [self.file(file) for file in part.files],
        }

    def file(self, file: BundleFile) -> dict[str, Any]:
        pages = [] if file.shown else self.pictures(file)
        self.done += 1
        self.progress(5 + 70 * self.done // max(1, len(self.bundle.files)))
        note = file.note
        if not pages and not file.shown:
            note = f"{note} · {self.bundle.words['attached']}"
        return {
            "title": _plain(file.title),
            "note": _plain(note),
            "shown": _plain(file.shown),
            "pages": pages,
        }

    def pictures(self, file: BundleFile) -> list[str]:
        count = page_count(file.content, file.media_type)
        self.pages += count
        if self.pages > PAGES_MAX:
            raise NotBound(f"more than {PAGES_MAX} pages: take the files as a ZIP")
        written: list[str] = []
        try:
            for picture in page_pictures(file.content, file.media_type, pages=range(count)):
                name = f"/page-{self.done:05d}-{len(written):04d}.jpg"
                (self.root / name[1:]).write_bytes(picture)
                written.append(name)
        except NoPicture:
            # What cannot be shown is still attached as it came.
            return written
        return written

    def attached(self) -> list[dict[str, str]]:
        left, named = ATTACHED_BYTES_MAX, []
        for file in self.bundle.files:
            left -= len(file.content)
            if left < 0:
                break
            name = file.path.replace("/", "_")
            (self.root / name).write_bytes(file.content)
            named.append({"at": f"/{name}", "path": file.path, "media_type": file.media_type})
        return named


def _table(table: BundleTable) -> dict[str, Any]:
    widths = [
        max(4, min(40, max(len(row[column]) for row in (table.heads, *table.rows))))
        for column in range(len(table.heads))
    ]
    return {
        "heads": [_plain(head) for head in table.heads],
        "rows": [[_plain(cell) for cell in row] for row in table.rows],
        "numeric": sorted(table.numeric),
        "widths": widths,
    }


def _plain(words: str) -> str:
    """Text that PDF/A can hold, in which a long word may break."""
    kept = _FORBIDDEN.sub(" ", words)
    return _LONG.sub(lambda word: "\u200b".join(re.findall(r".{1,12}", word[0])), kept)
