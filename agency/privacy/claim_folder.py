"""The folder of one claim in an export: its dossier, and every message with why it was allowed or not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.documents.dossier_facts import dossier_bundle
from agency.documents.waiting import DossierReader
from agency.kernel.ports import Ports
from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.ports.bundles import Bound, Bundle, BundleFile, BundlePart, BundleTable, NotBound
from agency.ports.providers import FileStore
from agency.privacy.archive import Archive
from agency.privacy.models import InspectionExport, InspectionExportClaim
from agency.privacy.telling import Telling
from agency.rules.explain import explain, written_money
from agency.rules.trace import from_json

_ENDINGS: Final = {"message/rfc822": "eml", "application/pdf": "pdf"}
_SENT: Final = frozenset({"sent", "delivered", "opened", "bounced"})
_MESSAGES: Final = text(
    "SELECT m.id, m.step, m.cycle, m.channel, m.state, m.due_at, m.reserved_at, m.sent_at, m.posted_at,"
    " m.to_value, m.subject, m.content_sha256, m.amounts - 'seen' AS amounts, m.reasons, m.trace,"
    " t.key AS template, t.language AS template_language, t.version AS template_version,"
    " (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', r.kind, 'at', r.at) ORDER BY r.at, r.id), '[]')"
    "  FROM message_receipt r WHERE r.creditor_id = m.creditor_id AND r.message_id = m.id) AS receipts"
    " FROM message m JOIN template t ON t.id = m.template_id"
    " WHERE m.creditor_id = :c AND m.claim_id = :claim AND m.created_at <= :as_of"
    " ORDER BY coalesce(m.sent_at, m.due_at), m.id"
)


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """One claim as it goes into an export: the only one that is in memory."""

    number: str
    dossier: Bundle
    messages: Sequence[Row[Any]]


def claim_facts(
    unit: Unit, files: FileStore, *, export: InspectionExport, creditor_id: UUID, claim_id: UUID
) -> ClaimFacts:
    """This function will read a claim's dossier and its messages, as of the moment of the export.

    :raises NotFound: this creditor has no such claim.
    """
    bundle = dossier_bundle(
        unit, files, creditor_id=creditor_id, claim_id=claim_id, on=agency_day(export.as_of),
        language=export.language, reader=DossierReader.INSPECTOR,
    )  # fmt: skip
    connection = unit.session.connection()
    values = {"c": creditor_id, "claim": claim_id, "as_of": export.as_of}
    number = connection.execute(
        text("SELECT number FROM claim WHERE creditor_id = :c AND id = :claim"), values
    ).scalar_one()
    return ClaimFacts(number, bundle, connection.execute(_MESSAGES, values).all())


def write_folder(
    file: BinaryIO, ports: Ports, telling: Telling, *, row: InspectionExportClaim, facts: ClaimFacts, on: date
) -> int:
    """This function will write a claim's folder as an archive of its own and return how large its files are.

    A dossier of which no one PDF can be made stands there as the files that it is of.

    :param on: the day that stands in its documents.
    """
    base = folder_of(telling, row.place, facts.number)
    about = telling.word("claim_named", number=facts.number)
    with Archive(file, comment=f"{row.export_id} {row.place}") as archive:
        _write_dossier(archive, ports, telling, facts, base, about)
        names = _write_messages(archive, telling, facts, base, about)
        _write_reasons(
            archive, ports, telling, facts, names, f"{base}/{telling.word('file_messages')}", about, on
        )
    return sum(entry.size for entry in archive.entries)


def folder_of(telling: Telling, place: int, number: str) -> str:
    """This function will return the path of a claim's folder."""
    safe = "".join(sign if sign.isalnum() or sign in "-." else "_" for sign in number)[:60]
    return f"{telling.word('file_claims')}/{place:04d}-{safe}"


def _write_dossier(
    archive: Archive, ports: Ports, telling: Telling, facts: ClaimFacts, base: str, about: str
) -> None:
    try:
        pdf = _bound(ports, facts.dossier).pdf
    except NotBound:
        for one in facts.dossier.files:
            archive.add(f"{base}/dossier/{one.path}", f"{about}: {one.title}", one.content)
    else:
        archive.add(f"{base}/dossier.pdf", f"{about}: {telling.word('dossier')}", pdf)


def _write_reasons(
    archive: Archive,
    ports: Ports,
    telling: Telling,
    facts: ClaimFacts,
    names: dict[UUID, str],
    stem: str,
    about: str,
    on: date,
) -> None:
    """Why each message was allowed or not: for a reader, and for a computer."""
    told = _messages_bundle(telling, facts, names, on)
    title = f"{about}: {telling.word('why_messages')}"
    try:
        archive.add(f"{stem}.pdf", title, _bound(ports, told).pdf)
    except NotBound:
        archive.table(f"{stem}.csv", title, *_as_rows(telling, told))
    plain = json.dumps(
        [_plain(message, names) for message in facts.messages],
        ensure_ascii=False,
        indent=1,
        sort_keys=True,
        default=str,
    )
    archive.add(f"{stem}.json", f"{about}: {telling.word('why_messages_json')}", plain.encode())


def _bound(ports: Ports, bundle: Bundle) -> Bound:
    return ports.bind(bundle, progress=lambda percent: None)


def _write_messages(
    archive: Archive, telling: Telling, facts: ClaimFacts, base: str, about: str
) -> dict[UUID, str]:
    """Every message as it left, under its place and day; returns the name of each."""
    kept: dict[str, BundleFile] = {one.sha256: one for one in facts.dossier.files}
    names: dict[UUID, str] = {}
    for place, message in enumerate(facts.messages, start=1):
        file = kept.get(message.content_sha256 or "")
        if file is None or message.state not in _SENT:
            continue
        day = (message.sent_at or message.due_at).astimezone(AGENCY_ZONE).date()
        ending = _ENDINGS.get(file.media_type, "txt")
        name = f"{place:03d}-{day.isoformat()}-{message.channel}.{ending}"
        names[message.id] = name
        archive.add(
            f"{base}/{telling.word('file_messages')}/{name}",
            f"{about}: {telling.say('step', message.step)} ({telling.say('channel', message.channel)})",
            file.content,
        )
    return names


def _messages_bundle(telling: Telling, facts: ClaimFacts, names: dict[UUID, str], on: date) -> Bundle:
    parts = tuple(
        _message_part(telling, place, message, names.get(message.id, ""))
        for place, message in enumerate(facts.messages, start=1)
    )
    return Bundle(
        title=telling.word("messages_title", number=facts.number),
        subtitle=telling.word("messages_subtitle"),
        language=telling.language,
        dated=on,
        parts=parts or (BundlePart(telling.word("no_messages")),),
        words={key: telling.word(key) for key in ("contents", "page", "attached", "empty")},
    )


def _message_part(telling: Telling, place: int, message: Row[Any], name: str) -> BundlePart:
    """One message: what became of it, why, and by which rules, in the order in which they were asked."""
    moment = telling.moment(message.sent_at or message.due_at)
    facts = [
        (telling.word("became"), telling.say("message_state", message.state)),
        (telling.word("verdict"), telling.word(_verdict(message))),
        (telling.word("why"), " ".join(telling.say("reason", one) for one in message.reasons)),
        (telling.word("due"), telling.moment(message.due_at)),
        (telling.word("asked_at"), telling.moment(message.reserved_at)),
        (telling.word("sent"), telling.moment(message.sent_at)),
        (telling.word("posted"), telling.moment(message.posted_at)),
        (telling.word("to"), message.to_value.replace("\n", ", ")),
        (telling.word("subject"), message.subject),
        (
            telling.word("text_used"),
            telling.word(
                "text_version",
                template=message.template,
                language=message.template_language,
                version=message.template_version,
            ),
        ),
        (telling.word("file"), name),
        (telling.word("sha"), message.content_sha256 or ""),
    ]
    tables = [BundleTable(telling.heads("field", "value"), tuple(row for row in facts if row[1]))]
    lines = explain(from_json(message.trace), telling.language)
    if lines:
        rows = tuple(
            (
                line.words,
                f"{line.source} ({line.rule}, {line.version})",
                written_money(line.amount, telling.language) if line.amount else "",
            )
            for line in lines
        )
        tables.append(BundleTable(telling.heads("rule_said", "source", "amount"), rows, frozenset({2})))
    step, way = telling.say("step", message.step), telling.say("channel", message.channel)
    paragraphs = () if lines or message.state not in _SENT else (telling.word("reply_allowed"),)
    return BundlePart(f"{place}. {moment} · {way} · {step}", paragraphs, tuple(tables))


def _verdict(message: Row[Any]) -> str:
    if message.state in _SENT or message.state in ("sending", "unknown", "failed"):
        return "verdict_send"
    if message.state == "refused":
        return "verdict_refuse"
    if message.state == "cancelled":
        return "verdict_cancelled"
    return "verdict_wait" if message.reasons else "verdict_none"


def _as_rows(telling: Telling, bundle: Bundle) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """A bundle of tables as one table, where no PDF can be made of it."""
    rows = [(part.title, *row) for part in bundle.parts for table in part.tables for row in table.rows]
    return telling.heads("message", "field", "value"), rows


def _plain(message: Row[Any], names: dict[UUID, str]) -> dict[str, Any]:
    return {
        **message._asdict(),
        "file": names.get(message.id),
        "verdict": _verdict(message).removeprefix("verdict_"),
    }
