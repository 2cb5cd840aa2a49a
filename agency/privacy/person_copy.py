"""A person's own copy of what is kept of him, with why, from whom, for whom and how long (GDPR art. 15).

Only his own claims, by their ids: numbers of claims are unique within a creditor alone.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, BinaryIO, Final

from sqlalchemy import Row, text
from sqlmodel import col, select

from agency.kernel.ports import Ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit, agency_day
from agency.ports.bundles import Bundle, BundlePart, BundleTable
from agency.privacy.archive import Archive, entries_of
from agency.privacy.claim_folder import folder_of
from agency.privacy.models import InspectionExport, InspectionExportClaim
from agency.privacy.papers import Papers
from agency.privacy.runs import house_country
from agency.privacy.standing_of_claims import standing_of
from agency.privacy.telling import PersonTelling
from agency.rules.retention import Kind, terms_of

_PEOPLE: Final = text(
    "SELECT DISTINCT ON (cr.name, d.id) d.creditor_id, d.id, cr.name AS creditor, d.name, d.street,"
    " d.postal_code, d.city, d.country, d.birth_date, d.registration_number, d.vat_number, d.iban,"
    " d.language, d.reference, s.answered_at AS looked_at, s.found, w.level, w.since"
    " FROM inspection_export_claim x"
    " JOIN claim c ON c.creditor_id = x.creditor_id AND c.id = x.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " JOIN creditor cr ON cr.id = d.creditor_id"
    " LEFT JOIN screening s ON s.creditor_id = d.creditor_id AND s.debtor_id = d.id"
    " LEFT JOIN debtor_warning w ON w.creditor_id = d.creditor_id AND w.debtor_id = d.id"
    " WHERE x.export_id = :id ORDER BY cr.name, d.id"
)
_POINTS: Final = text(
    "SELECT CAST(channel AS text) AS channel, value FROM contact_point WHERE creditor_id = :c"
    " AND debtor_id = :d ORDER BY channel, value"
)
_CLAIMS: Final = text(
    "SELECT x.place, x.creditor_id, x.claim_id, c.number, c.law, CAST(c.state AS text) AS state,"
    " cr.name AS creditor FROM inspection_export_claim x JOIN claim c ON c.creditor_id = x.creditor_id"
    " AND c.id = x.claim_id JOIN creditor cr ON cr.id = c.creditor_id WHERE x.export_id = :id"
    " ORDER BY x.place"
)
_SUPERVISED: Final = ("nl", "be")


def assemble_copy(
    unit: Unit, ports: Ports, papers: Papers, settings: Settings, *, export: InspectionExport, file: BinaryIO
) -> None:
    """This function will write a person's whole copy into a file: a letter about all of it, and his claims'
    folders."""
    telling = PersonTelling(papers, export.language)
    kept = select(InspectionExportClaim).where(InspectionExportClaim.export_id == export.id)
    with Archive(file, comment=str(export.id)) as archive:
        bundle = _bundle(unit, telling, settings, export)
        pdf = ports.bind(bundle, progress=lambda percent: None).pdf
        archive.add(f"{telling.word('file_you')}.pdf", bundle.title, pdf)
        for row in unit.session.exec(kept.order_by(col(InspectionExportClaim.place))).all():
            assert row.sha256 is not None, "every claim is written before they are put together"
            with ports.files.open(row.sha256) as part:
                for path, about, content in entries_of(part):
                    archive.copy(path, about, content)


def _bundle(unit: Unit, t: PersonTelling, settings: Settings, export: InspectionExport) -> Bundle:
    on = agency_day(export.as_of)
    connection = unit.session.connection()
    claims = connection.execute(_CLAIMS, {"id": export.id}).all()
    people = connection.execute(_PEOPLE, {"id": export.id}).all()
    return Bundle(
        title=t.word("copy_title", agency=settings.agency_name),
        subtitle=t.word("copy_subtitle", day=t.day(on)),
        language=export.language,
        dated=on,
        parts=(
            BundlePart(t.word("part_start"), _said(t, "start", 3), (_us(t, settings),)),
            BundlePart(
                t.word("part_you"),
                (t.word("you_known"),),
                tuple(_person(unit, t, one) for one in people),
            ),
            _claims(unit, t, claims, on),
            _about(unit, t, claims, on),
            _rights(t, claims),
        ),
        words={key: t.word(key) for key in ("contents", "page", "attached", "empty")},
    )


def _said(t: PersonTelling, key: str, count: int, **values: object) -> tuple[str, ...]:
    return tuple(t.word(f"{key}_{n}", **values) for n in range(1, count + 1))


def _facts(t: PersonTelling, rows: Iterable[tuple[str, str | None]]) -> BundleTable:
    return BundleTable(t.heads("field", "value"), tuple((name, value) for name, value in rows if value))


def _us(t: PersonTelling, settings: Settings) -> BundleTable:
    rows = (
        ("agency_name", settings.agency_name),
        ("address", settings.agency_address),
        ("phone", settings.agency_phone),
        ("email", settings.agency_email),
        ("website", settings.agency_privacy_url),
    )
    told = ((t.word(key), value) for key, value in rows)
    return BundleTable((t.word("part_us"), t.word("us_role")), tuple(told))


def _person(unit: Unit, t: PersonTelling, one: Row[Any]) -> BundleTable:
    """Who he is, as one creditor told it and as we know him by now."""
    place = ", ".join(
        filter(None, (one.street, f"{one.postal_code or ''} {one.city or ''}".strip(), one.country))
    )
    looked = "registers_found" if one.found else "registers_clear"
    points = unit.session.connection().execute(_POINTS, {"c": one.creditor_id, "d": one.id})
    rows: list[tuple[str, str | None]] = [
        (t.word("from_creditor"), one.creditor),
        (t.word("name"), one.name),
        (t.word("address"), place),
        (t.word("birth_date"), t.day(one.birth_date)),
        (t.word("company_number"), one.registration_number),
        (t.word("vat"), one.vat_number),
        (t.word("iban"), one.iban),
        (t.word("language_of"), one.language),
        (t.word("customer_number"), one.reference),
        *((t.word(row.channel), row.value) for row in points),
    ]
    if one.looked_at:
        rows.append((t.word("registers"), t.word(looked, day=t.day(agency_day(one.looked_at)))))
    if one.level:
        rows.append((t.word("signals"), t.word(f"signals_{one.level}", day=t.day(one.since))))
    return _facts(t, rows)


def _claims(unit: Unit, t: PersonTelling, claims: Sequence[Row[Any]], on: date) -> BundlePart:
    rows = tuple(
        (row.number, row.creditor, t.say("claim_state", row.state), _kept(unit, t, row, on),
         folder_of(t, row.place, row.number).split("/")[1])
        for row in claims
    )  # fmt: skip
    heads = t.heads("claim", "creditor", "state", "kept_until", "folder")
    return BundlePart(t.word("part_claims"), (), (BundleTable(heads, rows),))


def _kept(unit: Unit, t: PersonTelling, row: Row[Any], on: date) -> str:
    found = standing_of(unit, creditor_id=row.creditor_id, claim_id=row.claim_id, on=on)
    if found is not None and found.decision.due_on is not None:
        return t.word("kept_to", day=t.day(found.decision.due_on))
    term = terms_of(kind=Kind.CLAIM_FILE, country=row.law, on=on)[0]
    return t.word("kept_open", months=term.months)


def _about(unit: Unit, t: PersonTelling, claims: Sequence[Row[Any]], on: date) -> BundlePart:
    """Purposes, sources, recipients, terms, decisions of computers: GDPR art. 15(1)."""
    creditors = ", ".join(dict.fromkeys(row.creditor for row in claims))
    years = terms_of(kind=Kind.BOOKS, country=house_country(unit), on=on)[0].months // 12
    rows = [
        (t.word(f"part_{key}"), said)
        for key, count in (("why", 3), ("source", 1), ("who", 4), ("long", 2), ("auto", 2))
        for said in _said(t, key, count, creditors=creditors, years=years)
    ]
    # What a question is stands once, beside the first of its answers.
    shown = tuple(
        ("" if place and rows[place - 1][0] == key else key, said) for place, (key, said) in enumerate(rows)
    )
    return BundlePart(t.word("part_about"), (), (BundleTable(t.heads("question", "answer"), shown),))


def _rights(t: PersonTelling, claims: Sequence[Row[Any]]) -> BundlePart:
    """Rights and where to complain, and what is not in the copy: GDPR art. 15(1)(e), (f), 15(4)."""
    laws = [law for law in dict.fromkeys(row.law for row in claims) if law in _SUPERVISED]
    authorities = ", ".join(t.word(f"authority_{law}") for law in laws) or t.word("authority_other")
    left_out = tuple((said,) for said in _said(t, "not", 2))
    return BundlePart(
        t.word("part_rights"),
        _said(t, "right", 6, authorities=authorities),
        (BundleTable((t.word("part_not"),), left_out),),
    )
