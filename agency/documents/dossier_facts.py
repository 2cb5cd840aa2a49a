"""Everything that stands on a claim's file, in the order of a court bundle, as of a day.

The same facts give the same bundle: rows come in a fixed order, and no moment of reading stands in it.
"""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files as resources
from typing import Any, Final
from uuid import UUID

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from sqlalchemy import Row, text

from agency.claims.explaining import claim_trace
from agency.claims.itemisation import itemise
from agency.documents.waiting import LEFT_OUT, DossierReader
from agency.kernel.errors import NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import AGENCY_ZONE, Unit
from agency.kernel.written_files import safe_name
from agency.money import Money
from agency.ports.bundles import Bundle, BundleFile, BundlePart, BundleTable
from agency.ports.providers import FileStore
from agency.rules.explain import explain
from agency.rules.facts import DocumentKind
from agency.rules.inbound.mail import read_mail
from agency.rules.words import LOCALES

SECTIONS: Final = {
    "invoices": (DocumentKind.invoice,),
    "agreement": (DocumentKind.order, DocumentKind.contract, DocumentKind.terms),
    "performance": (DocumentKind.delivery_note, DocumentKind.acknowledgement),
    "correspondence": (DocumentKind.reminder, DocumentKind.correspondence, DocumentKind.statement),
    "other": (DocumentKind.other,),
}
_OF_CLAIM = "creditor_id = :c AND claim_id = :claim"
_CLAIM = text(
    "SELECT c.*, cr.name AS creditor, cr.street AS cr_street, cr.postal_code AS cr_postal_code,"
    " cr.city AS cr_city, cr.country AS cr_country, cr.registration_number AS cr_registration,"
    " d.name AS debtor, d.street, d.postal_code, d.city, d.country, d.registration_number"
    " FROM claim c JOIN creditor cr ON cr.id = c.creditor_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = :claim"
)
_ROWS: Final = {
    "invoices": f"SELECT * FROM invoice WHERE {_OF_CLAIM} ORDER BY due_on, number",
    "documents": f"SELECT * FROM document WHERE {_OF_CLAIM} ORDER BY added_at, id",
    "messages": "SELECT m.*, (SELECT string_agg(r.kind || ' ' || to_char(r.at AT TIME ZONE"
    " 'Europe/Amsterdam', 'YYYY-MM-DD HH24:MI'), ', ' ORDER BY r.at, r.id) FROM message_receipt r"
    " WHERE r.creditor_id = m.creditor_id AND r.message_id = m.id) AS receipts FROM message m"
    " WHERE m.creditor_id = :c AND m.claim_id = :claim AND m.sent_at IS NOT NULL ORDER BY m.sent_at, m.id",
    "calls": f"SELECT * FROM call WHERE {_OF_CLAIM} ORDER BY started_at, id",
    "visits": f"SELECT * FROM field_visit WHERE {_OF_CLAIM} AND began_at IS NOT NULL ORDER BY began_at, id",
    "notes": f"SELECT * FROM note WHERE {_OF_CLAIM} AND shareable ORDER BY at, id",
    "replies": f"SELECT * FROM reply WHERE {_OF_CLAIM} AND state <> 'withdrawn' ORDER BY received_at, id",
    "promises": f"SELECT * FROM promise WHERE {_OF_CLAIM} ORDER BY made_at, id",
    "plans": "SELECT p.*, i.instalments, i.first_on, i.last_on, i.paid_minor FROM plan p JOIN plan_claim pc"
    " ON pc.creditor_id = p.creditor_id AND pc.plan_id = p.id JOIN LATERAL (SELECT count(*) AS instalments,"
    "  min(due_on) AS first_on, max(due_on) AS last_on, sum(paid_minor)::bigint AS paid_minor"
    "  FROM plan_instalment x WHERE x.creditor_id = p.creditor_id AND x.plan_id = p.id) i ON true"
    " WHERE pc.creditor_id = :c AND pc.claim_id = :claim ORDER BY p.made_at, p.id",
    "settlements": f"SELECT * FROM settlement WHERE {_OF_CLAIM} ORDER BY offered_at, id",
    "disputes": f"SELECT * FROM dispute_change WHERE {_OF_CLAIM} ORDER BY at, id",
    "payments": f"SELECT * FROM payment WHERE {_OF_CLAIM} ORDER BY value_on, id",
    "quote": "SELECT l.*, q.accepted_at, q.id AS quote FROM quote_line l JOIN quote q"
    " ON q.creditor_id = l.creditor_id AND q.id = l.quote_id WHERE l.creditor_id = :c"
    " AND l.claim_id = :claim AND q.state = 'accepted' ORDER BY q.accepted_at DESC, q.id LIMIT 1",
}


def dossier_bundle(
    unit: Unit,
    files: FileStore,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    on: date,
    language: str,
    reader: DossierReader,
) -> Bundle:
    """This function will gather a claim's file with the bytes of every document and message.

    :param reader: what he may not read is left out.
    :param on: the day as of which interest and costs are worked out.
    :raises NotFound: this creditor has no such claim.
    """
    values = {"c": creditor_id, "claim": claim_id}
    claim = unit.session.connection().execute(_CLAIM, values).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    rows = {name: unit.session.connection().execute(text(sql), values).all() for name, sql in _ROWS.items()}
    return _Gathering(unit, files, claim, rows, on, language, reader).bundle()


@cache
def _words() -> dict[str, dict[str, str]]:
    source = resources("agency.documents") / "dossier_words.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


class _Gathering:
    """One claim's rows becoming the parts of its bundle."""

    def __init__(
        self,
        unit: Unit,
        files: FileStore,
        claim: Row[Any],
        rows: dict[str, Sequence[Row[Any]]],
        on: date,
        language: str,
        reader: DossierReader,
    ) -> None:
        self.left_out = LEFT_OUT[reader]
        self.unit, self.files, self.claim, self.rows, self.on = unit, files, claim, rows, on
        self.language = language if language in _words() else "en"
        self.say = _words()[self.language]
        self.locale = LOCALES[self.language]

    def bundle(self) -> Bundle:
        every = ("facts", "owed", *SECTIONS, "messages", "told", "calls", "disputes", "payments", "quote")
        keys = [key for key in every if key not in self.left_out]
        parts = [getattr(self, key)(number) if key not in SECTIONS else self.documents(key, number)
                 for number, key in enumerate(keys, start=1)]  # fmt: skip
        claim = self.claim
        return Bundle(
            title=self.say["title"].format(number=claim.number),
            subtitle=self.say["subtitle"].format(
                creditor=claim.creditor, debtor=claim.debtor, number=claim.number, day=self.day(self.on)
            ),
            language=self.language,
            dated=self.on,
            parts=tuple(parts),
            words={key: self.say[key] for key in ("contents", "page", "attached", "empty")},
        )

    def said(self, code: str | None) -> str:
        """What a reader calls what a room keeps under a name of its own; one without words stays as it is."""
        return self.say.get(f"said_{code}", (code or "").replace("_", " "))

    def delivered(self, row: Row[Any]) -> str:
        """The receipts of a message with their moments, else how it stands."""
        if not row.receipts:
            return self.said(row.state)
        told = (one.partition(" ") for one in row.receipts.split(", "))
        return ", ".join(f"{self.said(kind)} {at}" for kind, _, at in told)

    def titled(self, number: int, key: str) -> str:
        return f"{number}. {self.say[key]}"

    def heads(self, *keys: str) -> tuple[str, ...]:
        return tuple(self.say[key] for key in keys)

    def day(self, day: date | None) -> str:
        return format_date(day, "d MMM y", locale=self.locale) if day else ""

    def moment(self, moment: datetime | None) -> str:
        if moment is None:
            return ""
        return format_datetime(moment.astimezone(AGENCY_ZONE), "d MMM y HH:mm", locale=self.locale)

    def money(self, minor: int, currency: str | None = None) -> str:
        money = Money(int(minor), currency or self.claim.currency)
        return format_currency(money.decimal, money.currency, locale=self.locale)

    def facts(self, number: int) -> BundlePart:
        c = self.claim
        rows = [
            ("creditor", c.creditor),
            ("address", _joined(c.cr_street, f"{c.cr_postal_code or ''} {c.cr_city or ''}", c.cr_country)),
            ("registration", c.cr_registration),
            ("debtor", c.debtor),
            ("address", _joined(c.street, f"{c.postal_code or ''} {c.city or ''}", c.country)),
            ("registration", c.registration_number),
            ("number", c.number),
            ("reference", c.reference),
            ("payment_reference", c.payment_reference),
            ("law", c.law.upper()),
            ("due_on", self.day(c.due_on)),
            ("placed", self.money(c.principal_minor)),
            ("disputed", self.money(c.disputed_minor) if c.disputed_minor else ""),
        ]
        shown = tuple((self.say[key], str(value)) for key, value in rows if value)
        return BundlePart(
            self.titled(number, "facts"), (), (BundleTable(self.heads("field", "value"), shown),)
        )

    def owed(self, number: int) -> BundlePart:
        owed = itemise(
            self.unit, creditor_id=self.claim.creditor_id, claim_id=self.claim.id, on=self.on, undisputed=True
        )
        rows = [
            (
                line.words,
                line.source,
                self.money(line.amount.minor, line.amount.currency) if line.amount else "",
            )
            for line in explain(claim_trace(owed), self.language)
        ]
        rows.append((self.say["total"], self.day(self.on), self.money(owed.total.minor, owed.total.currency)))
        table = BundleTable(self.heads("line", "source", "amount"), tuple(rows), frozenset({2}))
        return BundlePart(self.titled(number, "owed"), (), (table,))

    def documents(self, key: str, number: int) -> BundlePart:
        tables = (self.invoice_table(),) if key == "invoices" and self.rows["invoices"] else ()
        kinds = {kind.value for kind in SECTIONS[key]}
        chosen = [row for row in self.rows["documents"] if row.kind in kinds]
        kept = [self.document(row, key, number, place) for place, row in enumerate(chosen, start=1)]
        return BundlePart(self.titled(number, key), (), tables, tuple(kept))

    def invoice_table(self) -> BundleTable:
        rows = tuple(
            (row.number, self.day(row.issued_on), self.day(row.due_on), self.money(row.open_minor),
             self.money(row.disputed_minor) if row.disputed_minor else "")
            for row in self.rows["invoices"]
        )  # fmt: skip
        return BundleTable(self.heads("number", "day", "due", "amount", "disputed"), rows, frozenset({3, 4}))

    def document(self, row: Row[Any], key: str, number: int, place: int) -> BundleFile:
        content, _ = fetch(self.unit, self.files, creditor_id=row.creditor_id, sha256=row.sha256)
        return BundleFile(
            path=f"{number:02d}-{key}/{place:03d}-{safe_name(row.name)}",
            title=row.name,
            note=" · ".join(
                (self.said(row.kind), self.day(row.added_at.astimezone(AGENCY_ZONE)), row.sha256[:16])
            ),
            media_type=row.media_type,
            content=content,
            sha256=row.sha256,
            shown=_words_of_mail(content) if row.media_type == "message/rfc822" else "",
        )

    def messages(self, number: int) -> BundlePart:
        rows = self.rows["messages"]
        table = BundleTable(
            self.heads("sent", "channel", "subject", "to", "delivery"),
            tuple(
                (self.moment(row.sent_at), self.said(row.channel), row.subject or self.said(row.channel),
                 row.to_value.replace("\n", ", "), self.delivered(row)) for row in rows
            ),
        )  # fmt: skip
        kept = [self.message(row, number, place) for place, row in enumerate(rows, 1) if row.content_sha256]
        return BundlePart(self.titled(number, "messages"), (), (table,) if rows else (), tuple(kept))

    def message(self, row: Row[Any], number: int, place: int) -> BundleFile:
        content, media_type = fetch(
            self.unit, self.files, creditor_id=row.creditor_id, sha256=row.content_sha256
        )
        endings = {"message/rfc822": "eml", "application/pdf": "pdf"}
        shown = {"message/rfc822": _words_of_mail, "text/plain": _words_of_text}.get(media_type)
        return BundleFile(
            path=f"{number:02d}-messages/{place:03d}-{row.channel}.{endings.get(media_type, 'txt')}",
            title=f"{self.moment(row.sent_at)} · {row.subject or self.said(row.channel)}",
            note=" · ".join((self.said(row.channel), self.delivered(row), row.content_sha256[:16])),
            media_type=media_type,
            content=content,
            sha256=row.content_sha256,
            shown=shown(content) if shown else "",
        )

    def told(self, number: int) -> BundlePart:
        """What the debtor wrote himself, and what was promised and agreed."""
        replies = self.rows["replies"]
        index = tuple(
            (self.moment(row.received_at), self.said(row.channel), row.from_value, row.subject)
            for row in replies
        )
        tables = [BundleTable(self.heads("received", "channel", "sender", "subject"), index)] if index else []
        tables += self.agreements()
        kept = [self.reply(row, number, place) for place, row in enumerate(replies, start=1)]
        return BundlePart(self.titled(number, "told"), (), tuple(tables), tuple(kept))

    def reply(self, row: Row[Any], number: int, place: int) -> BundleFile:
        content, media_type = fetch(self.unit, self.files, creditor_id=row.creditor_id, sha256=row.sha256)
        endings = {"message/rfc822": "eml", "application/pdf": "pdf"}
        return BundleFile(
            path=f"{number:02d}-told/{place:03d}-{row.channel}.{endings.get(media_type, 'txt')}",
            title=f"{self.moment(row.received_at)} · {row.subject or self.said(row.channel)}",
            note=" · ".join((self.said(row.channel), row.from_value, row.sha256[:16])),
            media_type=media_type,
            content=content,
            sha256=row.sha256,
            shown="" if media_type == "application/pdf" else row.words,
        )

    def agreements(self) -> list[BundleTable]:
        promised = tuple(
            (self.say["promised"], self.moment(row.made_at), self.money(row.amount_minor, row.currency),
             self.day(row.due_on), self.say[f"stands_{row.state}"]) for row in self.rows["promises"]
        )  # fmt: skip
        planned = tuple(
            (self.say["planned"].format(count=row.instalments), self.moment(row.made_at),
             self.money(row.total_minor, row.currency), f"{self.day(row.first_on)} – {self.day(row.last_on)}",
             _joined(self.say[f"stands_{row.state}"],
                     f"{self.money(row.paid_minor, row.currency)} {self.say['paid']}"))
            for row in self.rows["plans"]
        )  # fmt: skip
        settled = tuple(
            (self.say["bought_off"], self.moment(row.offered_at), self.money(row.amount_minor, row.currency),
             self.day(row.pay_by), self.say[f"stands_{row.state}"]) for row in self.rows["settlements"]
        )  # fmt: skip
        rows = (*promised, *planned, *settled)
        heads = self.heads("what", "day", "amount", "by_day", "state")
        return [BundleTable(heads, rows, frozenset({2}))] if rows else []

    def calls(self, number: int) -> BundlePart:
        found = [
            (row.started_at, self.say["called"], _joined(row.number, self.said(row.disposition or row.state)))
            for row in self.rows["calls"]
        ]
        found += [
            (row.began_at, self.say["visited"], _joined(row.visitor, self.said(row.outcome), row.report))
            for row in self.rows["visits"]
        ]
        found += [(row.at, self.say["note"], row.text) for row in self.rows["notes"]]
        rows = tuple(
            (self.moment(at), what, words) for at, what, words in sorted(found, key=lambda one: one[0])
        )
        tables = (BundleTable(self.heads("day", "what", "words"), rows),) if rows else ()
        return BundlePart(self.titled(number, "calls"), (), tables)

    def disputes(self, number: int) -> BundlePart:
        rows = tuple(
            (self.moment(row.at), self.said(row.action), self.said(row.status),
             self.money(row.disputed_minor),
             ", ".join(f"{line['number']}: {self.money(line['minor'])}" for line in row.lines), row.words)
            for row in self.rows["disputes"]
        )  # fmt: skip
        heads = self.heads("day", "what", "state", "amount", "number", "words")
        return BundlePart(
            self.titled(number, "disputes"), (), (BundleTable(heads, rows, frozenset({3})),) if rows else ()
        )

    def payments(self, number: int) -> BundlePart:
        shares = () if "shares" in self.left_out else ("to_creditor", "to_agency")
        columns = ("amount", "costs", "interest", "principal", *shares)
        rows = tuple(
            (self.day(row.value_on) + (f" ({self.say['reversed']})" if row.reversed_at else ""),
             *(self.money(getattr(row, f"{column}_minor")) for column in columns))
            for row in self.rows["payments"]
        )  # fmt: skip
        table = BundleTable(self.heads("day", *columns), rows, frozenset(range(1, len(columns) + 1)))
        title = self.titled(number, "payments" if shares else "payments_alone")
        return BundlePart(title, (), (table,) if rows else ())

    def quote(self, number: int) -> BundlePart:
        if not self.rows["quote"]:
            return BundlePart(self.titled(number, "quote"))
        [row] = self.rows["quote"]
        rows = [(self.said(factor["key"]), self.percent(factor["bps"])) for factor in row.factors]
        rows.append((self.say["fee"], self.percent(row.fee_bps)))
        if "offer" in row.facts:  # what it asks beside a share of the money counts as well
            rows.append((self.say["fee_at_most"], self.money(row.facts["offer"]["at_most_minor"])))
        return BundlePart(
            self.titled(number, "quote"),
            (f"{self.say['accepted']}: {self.moment(row.accepted_at)} · {row.quote}",),
            (BundleTable(self.heads("factor", "effect"), tuple(rows), frozenset({1})),),
        )

    def percent(self, bps: Any) -> str:
        if not isinstance(bps, int):
            return str(bps)
        return f"{format_decimal(bps / 100, '0.00', locale=self.locale)} %"  # lint-skip: float  shown only


def _joined(*parts: str | None) -> str:
    return ", ".join(part.strip() for part in parts if part and part.strip())


def _words_of_text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


def _words_of_mail(content: bytes) -> str:
    """The words of a mail that its reader saw, without its markup; the mail itself is attached."""
    return read_mail(content).as_read


def index_rows(bundle: Bundle) -> Iterable[tuple[str, str, str, str, str]]:
    """This function will return the index of a bundle's files: path, tab, title, size in bytes, SHA-256."""
    for part in bundle.parts:
        for file in part.files:
            yield file.path, part.title, file.title, str(len(file.content)), file.sha256
