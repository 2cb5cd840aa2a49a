"""A claim's folder in a person's own copy (GDPR art. 15): what is about him, and nothing about anybody else.

Texts that people wrote lose the names of everybody who signs in. What the creditor pays, what staff noted for
itself and who did what stays out.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.files import fetch
from agency.kernel.ports import Ports
from agency.kernel.unit import AGENCY_ZONE, Unit, agency_day
from agency.ports.bundles import Bundle, BundlePart, BundleTable, NotBound
from agency.ports.providers import FileStore
from agency.privacy.archive import Archive
from agency.privacy.claim_folder import folder_of
from agency.privacy.models import InspectionExport, InspectionExportClaim
from agency.privacy.telling import Telling
from agency.rules.inbound.mail import read_mail

_NAME_MIN: Final = 4
"""A shorter name would take parts of other words along."""
_OF: Final = "creditor_id = :c AND claim_id = :claim"
_ROWS: Final = {
    "claim": "SELECT c.number, c.reference, c.law, c.state, c.currency, c.due_on, c.created_at, c.closed_at,"
    " c.principal_minor, cr.name AS creditor, d.name, d.postal_code, (SELECT coalesce(sum(e.amount_minor), 0)"
    "  FROM ledger_entry e WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id"
    "  AND e.account = 'claims.principal') AS open_minor FROM claim c"
    " JOIN creditor cr ON cr.id = c.creditor_id JOIN debtor d ON d.creditor_id = c.creditor_id"
    " AND d.id = c.debtor_id WHERE c.creditor_id = :c AND c.id = :claim",
    "own": "SELECT p.value FROM contact_point p JOIN claim c ON c.creditor_id = p.creditor_id"
    " AND c.debtor_id = p.debtor_id WHERE c.creditor_id = :c AND c.id = :claim",
    "invoices": f"SELECT number, due_on, open_minor, description FROM invoice WHERE {_OF}"
    " ORDER BY due_on, number",
    "payments": f"SELECT value_on, amount_minor, costs_minor, interest_minor, principal_minor, reversed_at"
    f" FROM payment WHERE {_OF} AND created_at <= :as_of ORDER BY value_on, id",
    "messages": "SELECT m.id, m.step, m.channel, m.state, m.sent_at, m.to_value, m.subject, m.content_sha256,"
    " EXISTS (SELECT FROM field_visit v WHERE v.creditor_id = m.creditor_id AND v.message_id = m.id) AS visit"
    " FROM message m WHERE m.creditor_id = :c AND m.claim_id = :claim AND m.sent_at <= :as_of"
    " ORDER BY m.sent_at, m.id",
    "contacts": f"SELECT started_at AS at, 'called' AS what FROM call WHERE {_OF} AND started_at <= :as_of"
    f" UNION ALL SELECT began_at, 'visited' FROM field_visit WHERE {_OF} AND began_at <= :as_of ORDER BY at",
    "said": f"SELECT received_at AS at, 'wrote' AS what, subject || E'\\n' || words AS words FROM reply"
    f" WHERE {_OF} AND received_at <= :as_of UNION ALL SELECT raised_at, 'objected', text FROM dispute"
    f" WHERE {_OF} AND raised_at <= :as_of ORDER BY at",
    "agreed": f"SELECT made_at AS at, 'promise' AS kind, amount_minor, CAST(state AS text) AS state,"
    f" due_on AS until FROM promise WHERE {_OF} UNION ALL SELECT p.made_at, 'plan', p.total_minor,"
    " CAST(p.state AS text), (SELECT max(i.due_on) FROM plan_instalment i WHERE i.creditor_id = p.creditor_id"
    "  AND i.plan_id = p.id) FROM plan p JOIN plan_claim x ON x.creditor_id = p.creditor_id"
    " AND x.plan_id = p.id WHERE x.creditor_id = :c AND x.claim_id = :claim"
    f" UNION ALL SELECT offered_at, 'settlement', amount_minor, CAST(state AS text), pay_by FROM settlement"
    f" WHERE {_OF} ORDER BY at",
    "holds": f"SELECT starts_at, ends_at, lifted_at, CAST(ground AS text) AS ground FROM hold WHERE {_OF}"
    " AND ground <> 'price_to_agree' AND starts_at <= :as_of ORDER BY starts_at, id",
    "notes": f"SELECT at, text FROM note WHERE {_OF} AND shareable AND at <= :as_of ORDER BY at, id",
    "documents": f"SELECT CAST(kind AS text) AS kind, added_at FROM document WHERE {_OF}"
    " AND added_at <= :as_of ORDER BY added_at, id",
}
_NAMES: Final = text("SELECT DISTINCT name FROM user_account WHERE length(name) >= :least")


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """What is kept of one claim of a person; `names` are of those who sign in, and never shown."""

    claim: Row[Any]
    own: Sequence[str]
    rows: dict[str, Sequence[Row[Any]]]
    contents: dict[UUID, tuple[bytes, str]]
    names: Sequence[str]

    @property
    def currency(self) -> str:
        """The currency of every amount of the claim."""
        return str(self.claim.currency)

    def is_own(self, value: str) -> bool:
        """Whether something was sent to the person himself, and not to who acts for him."""
        squeezed = _squeezed(value)
        return any(_squeezed(one) in squeezed for one in self.own if len(_squeezed(one)) >= _NAME_MIN)


def own_facts(
    unit: Unit, files: FileStore, *, export: InspectionExport, creditor_id: UUID, claim_id: UUID
) -> OwnFacts:
    """This function will read what a claim's file says about its debtor, as of the moment of the export.

    :raises FileNotStored: a message that was sent is not in the file store.
    """
    values = {"c": creditor_id, "claim": claim_id, "as_of": export.as_of}
    connection = unit.session.connection()
    rows = {name: connection.execute(text(sql), values).all() for name, sql in _ROWS.items()}
    [claim] = rows.pop("claim")
    own = [row.value for row in rows.pop("own")] + [claim.postal_code or ""]
    facts = OwnFacts(claim, own, rows, {}, list(connection.execute(_NAMES, {"least": _NAME_MIN}).scalars()))
    for message in rows["messages"]:
        # A letter about a visit names the visitor; he has it, and gets another copy when he asks.
        if message.content_sha256 and not message.visit and facts.is_own(message.to_value):
            facts.contents[message.id] = fetch(
                unit, files, creditor_id=creditor_id, sha256=message.content_sha256
            )
    return facts


def write_own_folder(
    file: BinaryIO, ports: Ports, telling: Telling, *, row: InspectionExportClaim, facts: OwnFacts, on: date
) -> int:
    """This function will write a claim's folder for its debtor and return how large its files are."""
    number = facts.claim.number
    base = folder_of(telling, row.place, number)
    with Archive(file, comment=f"{row.export_id} {row.place}") as archive:
        names = _write_messages(archive, telling, facts, base)
        bundle = Bundle(
            title=telling.word("claim_title", number=number),
            subtitle=facts.claim.creditor,
            language=telling.language,
            dated=on,
            parts=tuple(_parts(telling, facts, names)),
            words={key: telling.word(key) for key in ("contents", "page", "attached", "empty")},
        )
        about = telling.word("claim_file_named", number=number)
        path = f"{base}/{telling.word('file_you')}"
        with suppress(NotBound):  # the table below says the same
            archive.add(f"{path}.pdf", about, ports.bind(bundle, progress=lambda percent: None).pdf)
        rows = [
            cells
            for part in bundle.parts
            for table in part.tables
            for cells in (*((table.heads[0], *line) for line in table.rows), ())
        ]
        archive.table(f"{path}.csv", about, telling.heads("about", "what", "value"), rows)
    return sum(entry.size for entry in archive.entries)


def without_names(said: str, names: Iterable[str], instead: str) -> str:
    """This function will return a text in which nobody of a list of names stands."""
    for name in sorted(names, key=len, reverse=True):
        said = re.sub(re.escape(name), instead, said, flags=re.IGNORECASE)
    return said


def _squeezed(value: str) -> str:
    return re.sub(r"\s+", "", value).casefold()


def _write_messages(archive: Archive, telling: Telling, facts: OwnFacts, base: str) -> dict[UUID, str]:
    """What the person was sent: a letter as it left, mails and texts as he read them."""
    found: dict[UUID, str] = {}
    for place, message in enumerate(facts.rows["messages"], start=1):
        kept = facts.contents.get(message.id)
        if kept is None:
            continue
        content, media_type = kept
        ending = "pdf" if media_type == "application/pdf" else "txt"
        if ending == "txt":
            mail = media_type == "message/rfc822"
            words = read_mail(content).as_read if mail else content.decode(errors="replace")
            content = _plain(telling, facts, f"{message.subject}\n\n{words}").encode()
        day = message.sent_at.astimezone(AGENCY_ZONE).date()
        name = f"{place:03d}-{day.isoformat()}-{message.channel}.{ending}"
        about = telling.word("message_named", number=facts.claim.number, day=telling.day(day))
        archive.add(f"{base}/{telling.word('file_messages')}/{name}", about, content)
        found[message.id] = name
    return found


def _plain(telling: Telling, facts: OwnFacts, said: str) -> str:
    return without_names(said, facts.names, telling.word("colleague")).strip()


def _parts(t: Telling, facts: OwnFacts, names: dict[UUID, str]) -> Iterable[BundlePart]:
    yield _part(t, "claim", _money_tables(t, facts))
    yield _part(t, "heard", _word_tables(t, facts, names))
    yield _part(t, "deals", _deal_tables(t, facts))


Told = tuple[str, str, Sequence[tuple[str, ...]]]
"""What a table is about, its heads after that, and its rows."""


def _part(t: Telling, key: str, told: Iterable[Told]) -> BundlePart:
    """Tables that each say in their first head what they are about, and what there is nothing of."""
    tables, nothing = [], []
    for about, heads, rows in told:
        title = t.word(f"part_{about}")
        if rows:
            tables.append(BundleTable((title, *t.heads(*heads.split())), tuple(rows)))
        else:
            nothing.append(f"{title}: {t.word('nothing')}")
    return BundlePart(t.word(f"part_{key}"), tuple(nothing), tuple(tables))


def _money_tables(t: Telling, facts: OwnFacts) -> Iterable[Told]:
    currency = facts.currency
    yield "claim", "value", _claim(t, facts)
    yield "invoices", "about due_day amount", [
        (row.number, row.description or "", t.day(row.due_on), t.money(row.open_minor, currency))
        for row in facts.rows["invoices"]
    ]  # fmt: skip
    yield "payments", "amount state", [
        (t.day(row.value_on), t.money(row.amount_minor, currency),
         t.word("reversed") if row.reversed_at else "")
        for row in facts.rows["payments"]
    ]  # fmt: skip


def _word_tables(t: Telling, facts: OwnFacts, names: dict[UUID, str]) -> Iterable[Told]:
    yield "messages", "channel subject to file", [
        (t.moment(row.sent_at), t.say("channel", row.channel),
         _plain(t, facts, row.subject or t.say("step", row.step)),
         row.to_value.replace("\n", ", ") if facts.is_own(row.to_value) else t.word("other_person"),
         names.get(row.id, ""))
        for row in facts.rows["messages"]
    ]  # fmt: skip
    yield "contacts", "what", [(t.moment(row.at), t.word(row.what)) for row in facts.rows["contacts"]]
    yield "said", "what words", [
        (t.moment(row.at), t.word(row.what), _plain(t, facts, row.words)) for row in facts.rows["said"]
    ]  # fmt: skip


def _deal_tables(t: Telling, facts: OwnFacts) -> Iterable[Told]:
    yield "agreed", "what amount until state", [
        (t.moment(row.at), t.word(f"agreed_{row.kind}"), t.money(row.amount_minor, facts.currency),
         t.day(row.until), t.say(f"{row.kind}_state", row.state))
        for row in facts.rows["agreed"]
    ]  # fmt: skip
    yield "holds", "from_day to_day", [
        (t.say("hold", row.ground), t.moment(row.starts_at), t.moment(row.lifted_at or row.ends_at))
        for row in facts.rows["holds"]
    ]  # fmt: skip
    yield "notes", "words", [(t.moment(row.at), _plain(t, facts, row.text)) for row in facts.rows["notes"]]
    yield "documents", "received_day", [
        (t.say("document", row.kind), t.day(agency_day(row.added_at))) for row in facts.rows["documents"]
    ]  # fmt: skip


def _claim(t: Telling, facts: OwnFacts) -> list[tuple[str, ...]]:
    claim = facts.claim
    accepted = claim.state not in ("new", "quoted")
    rows = [
        ("from_creditor", claim.creditor),
        ("bill_number", claim.reference),
        ("amount", t.money(claim.principal_minor, facts.currency)),
        ("open_amount", t.money(claim.open_minor, facts.currency) if accepted else ""),
        ("due_day", t.day(claim.due_on)),
        ("placed_day", t.day(agency_day(claim.created_at))),
        ("state", t.say("claim_state", claim.state)),
        ("closed", t.moment(claim.closed_at)),
    ]
    return [(t.word(key), value) for key, value in rows if value]
