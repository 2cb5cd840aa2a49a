"""The dossier as one bundle: asked for, bound by a job with progress, kept as PDF/A and as ZIP.

A bundle says what the file said on its day: the same facts on the same day are the same bytes.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Sequence
from html import escape
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.models import Claim
from agency.documents.dossier_facts import dossier_bundle, index_rows
from agency.documents.dossier_links import without_live_links
from agency.documents.waiting import Dossier, DossierReader, DossierState
from agency.events import DossierAsked, DossierBuilt
from agency.kernel.audit import record
from agency.kernel.emitting import emit, nudge
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.files import fetch, store
from agency.kernel.ids import new_id
from agency.kernel.ports import Ports
from agency.kernel.unit import Door, Unit, Units, agency_day
from agency.kernel.written_files import safe_cell
from agency.ports.bundles import Bundle, NotBound
from agency.ports.providers import FileStore

_BY: Final = "system:documents.bind_dossier"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PROGRESS = text(
    "UPDATE dossier SET percent = :percent, state = 'building' WHERE creditor_id = :c AND id = :id"
    " AND state IN ('waiting', 'building') RETURNING 1"
)


class DossierNotReady(Conflict):
    """The bundle is still being bound, or could not be."""


class _Cancelled(Exception):
    """Somebody does not want the bundle any more."""


def ask_dossier(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    language: str,
    reader: DossierReader = DossierReader.CREDITOR,
) -> UUID:
    """This function will ask for a claim's dossier as of now; one that is on its way is not asked for twice.

    :param reader: who will read it; a creditor's door asks for its own only.

    The caller enqueues `agency.documents.jobs.bind_dossier`.

    :raises NotFound: this creditor has no such claim.
    """
    if unit.session.get(Claim, (creditor_id, claim_id)) is None:
        raise NotFound("no such claim")
    dossier = Dossier(
        creditor_id=creditor_id,
        id=new_id(),
        claim_id=claim_id,
        reader=reader,
        language=language,
        as_of=unit.now,
        asked_by=unit.by,
    )
    unit.session.add(dossier)
    unit.session.flush()
    record(
        unit,
        action="dossier.asked",
        subject=f"dossier:{dossier.id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim_id), "reader": reader.value},
    )
    emit(unit, DossierAsked(creditor_id=creditor_id, claim_id=claim_id, dossier_id=dossier.id))
    return dossier.id


def dossiers_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID, limit: int = 3) -> Sequence[Dossier]:
    """This function will return a claim's bundles, the latest first."""
    return unit.session.exec(
        select(Dossier)
        .where(Dossier.creditor_id == creditor_id, Dossier.claim_id == claim_id)
        .order_by(col(Dossier.as_of).desc(), col(Dossier.id).desc())
        .limit(limit)
    ).all()


def cancel_dossier(unit: Unit, *, creditor_id: UUID, dossier_id: UUID) -> None:
    """This function will stop the binding of a bundle; a finished one stays.

    :raises NotFound: this creditor has no such bundle.
    """
    dossier = _find(unit, creditor_id, dossier_id)
    if dossier.state in (DossierState.WAITING, DossierState.BUILDING):
        dossier.state, dossier.finished_at = DossierState.CANCELLED, unit.now
        unit.session.flush()


def fetch_bundle(
    unit: Unit, files: FileStore, *, creditor_id: UUID, claim_id: UUID, dossier_id: UUID, form: str
) -> tuple[str, bytes]:
    """This function will return a bundle's file name and bytes; `form` is pdf or zip. It is audited.

    :raises NotFound: this creditor has no such bundle of this claim.
    :raises DossierNotReady: it is not finished.
    """
    dossier = _find(unit, creditor_id, dossier_id)
    if dossier.claim_id != claim_id or form not in ("pdf", "zip"):
        raise NotFound("no such dossier")
    sha256 = dossier.pdf_sha256 if form == "pdf" else dossier.zip_sha256
    if dossier.state != DossierState.READY or sha256 is None:
        raise DossierNotReady("the dossier is not ready yet")
    content, _ = fetch(unit, files, creditor_id=creditor_id, sha256=sha256)
    claim = unit.session.get_one(Claim, (creditor_id, claim_id))
    record(
        unit,
        action="dossier.taken",
        subject=f"dossier:{dossier.id}",
        creditor_id=creditor_id,
        facts={"form": form, "sha256": sha256},
    )
    return f"dossier-{claim.number}.{form}", content


def build_dossier(units: Units, ports: Ports, *, creditor_id: UUID, dossier_id: UUID) -> None:
    """This function will gather, bind and keep a bundle; what stops it is written on it."""
    with units.open(Door.WORKER, by=_BY) as unit:
        dossier = _find(unit, creditor_id, dossier_id)
        if dossier.state not in (DossierState.WAITING, DossierState.BUILDING):
            return
        bundle = dossier_bundle(
            unit,
            ports.files,
            creditor_id=creditor_id,
            claim_id=dossier.claim_id,
            on=agency_day(dossier.as_of),
            language=dossier.language,
            reader=dossier.reader,
        )
    told = [-10]

    def progress(percent: int) -> None:
        if percent - told[0] >= 10:
            told[0] = percent
            _note(units, creditor_id, dossier_id, percent)

    try:
        bundle = without_live_links(bundle, ports.cover)
        bound = ports.bind(bundle, progress=progress)
        packed = zip_of(bundle, bound.pdf)
        progress(100)
    except _Cancelled:
        return
    except NotBound as refusal:
        _fail(units, creditor_id, dossier_id, str(refusal))
        return
    with units.open(Door.WORKER, by=_BY) as unit:
        _keep(unit, ports.files, creditor_id, dossier_id, bound.pages, bound.pdf, packed)


def zip_of(bundle: Bundle, pdf: bytes) -> bytes:
    """This function will pack a bundle: the PDF, every source file, an index to read and one to calculate
    with, and the SHA-256 of each. Equal bundles give equal bytes."""
    rows = list(index_rows(bundle))
    page = _index_page(bundle, rows)
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";", lineterminator="\r\n")
    writer.writerow(("path", "part", "title", "bytes", "sha256"))
    writer.writerows(tuple(safe_cell(cell) for cell in row) for row in rows)
    kept = {
        "dossier.pdf": pdf,
        "index.html": page.encode(),
        "index.csv": b"\xef\xbb\xbf" + table.getvalue().encode(),
        **{file.path: file.content for file in bundle.files},
    }
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in kept.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*kept.items(), ("sha256sums.txt", sums.encode())):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def _index_page(bundle: Bundle, rows: Sequence[tuple[str, str, str, str, str]]) -> str:
    lines = "".join(
        f'<tr><td>{escape(part)}</td><td><a href="{escape(path)}">{escape(title)}</a></td>'
        f"<td><code>{sha}</code></td></tr>"
        for path, part, title, _, sha in rows
    )
    return (
        f'<!doctype html><html lang="{bundle.language}"><head><meta charset="utf-8">'
        f"<title>{escape(bundle.title)}</title></head><body><h1>{escape(bundle.title)}</h1>"
        f'<p>{escape(bundle.subtitle)}</p><p><a href="dossier.pdf">dossier.pdf</a></p>'
        f"<table><tbody>{lines}</tbody></table></body></html>"
    )


def _find(unit: Unit, creditor_id: UUID, dossier_id: UUID) -> Dossier:
    found = unit.session.get(Dossier, (creditor_id, dossier_id), populate_existing=True)
    if found is None:
        raise NotFound("no such dossier")
    return found


def _note(units: Units, creditor_id: UUID, dossier_id: UUID, percent: int) -> None:
    with units.open(Door.WORKER, by=_BY) as unit:
        values = {"percent": percent, "c": creditor_id, "id": dossier_id}
        if unit.session.connection().execute(_PROGRESS, values).first() is None:
            raise _Cancelled
        dossier = _find(unit, creditor_id, dossier_id)
        nudge(unit, [DossierAsked(creditor_id=creditor_id, claim_id=dossier.claim_id, dossier_id=dossier.id)])


def _fail(units: Units, creditor_id: UUID, dossier_id: UUID, why: str) -> None:
    with units.open(Door.WORKER, by=_BY) as unit:
        dossier = _find(unit, creditor_id, dossier_id)
        dossier.state, dossier.error, dossier.finished_at = DossierState.FAILED, why[:300], unit.now
        nudge(unit, [DossierAsked(creditor_id=creditor_id, claim_id=dossier.claim_id, dossier_id=dossier.id)])


def _keep(
    unit: Unit,
    files: FileStore,
    creditor_id: UUID,
    dossier_id: UUID,
    pages: int,
    pdf: bytes,
    packed: bytes,
) -> None:
    dossier = _find(unit, creditor_id, dossier_id)
    if dossier.state == DossierState.CANCELLED:
        return
    dossier.pdf_sha256 = store(
        unit, files, creditor_id=creditor_id, content=pdf, media_type="application/pdf"
    )
    dossier.zip_sha256 = store(
        unit, files, creditor_id=creditor_id, content=packed, media_type="application/zip"
    )
    dossier.state, dossier.percent, dossier.pages = DossierState.READY, 100, pages
    dossier.finished_at = unit.now
    unit.session.flush()
    emit(
        unit,
        DossierBuilt(creditor_id=creditor_id, claim_id=dossier.claim_id, dossier_id=dossier.id, pages=pages),
    )
