"""What tests of incoming messages start from: an office with a letterbox, and what debtors might write."""

from email.message import EmailMessage
from uuid import UUID

from sqlalchemy import text

from agency.communication.inbound.arriving import Arrival, take_in
from agency.communication.inbound.models import InboundChannel
from agency.communication.inbound.reply_address import reply_address
from tests.communication.correspondence import SETTINGS, Office

DOMAIN = "antwoord.incassonoord.example"


def a_mail(
    words: str,
    *,
    sender: str = "debtor@example.org",
    to: str = f"post@{DOMAIN}",
    subject: str = "Uw bericht",
    files: tuple[tuple[str, str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Debtor <{sender}>", to, subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(words)
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def answer_to(message_id: UUID) -> str:
    """The address that our message asks to be answered to."""
    return reply_address(message_id, domain=DOMAIN, secret=SETTINGS.secret.get_secret_value())


class Letterbox(Office):
    """An office that also takes messages in."""

    def take_mail(self, raw: bytes, *, key: str = "") -> UUID | None:
        sha256 = self.files.put(raw)
        return self._take(
            Arrival(channel=InboundChannel.EMAIL, source_key=key or f"mail:{sha256}", sha256=sha256)
        )

    def take_text(self, words: str, *, sender: str = "+31612345678", key: str = "twilio:SM1") -> UUID | None:
        sha256 = self.files.put(f"{sender} {words} {key}".encode())
        return self._take(
            Arrival(channel=InboundChannel.SMS, source_key=key, sha256=sha256, sender=sender, words=words)
        )

    def take_scan(self, content: bytes, *, name: str = "scan.pdf") -> UUID | None:
        sha256 = self.files.put(content)
        return self._take(
            Arrival(channel=InboundChannel.LETTER, source_key=f"scan:{sha256}", sha256=sha256, words=name)
        )

    def _take(self, arrival: Arrival) -> UUID | None:
        with self.unit() as unit:
            inbound_id = take_in(unit, self.files, arrival)
        self.react()
        return inbound_id

    def rows(self, sql: str, **values) -> list:
        with self.unit() as unit:
            return list(unit.session.connection().execute(text(sql), values))

    def inbound(self):
        return self.rows("SELECT * FROM inbound ORDER BY received_at, id")

    def replies(self):
        return self.rows("SELECT * FROM reply ORDER BY received_at, id")

    def holds(self, claim_id: UUID) -> list[str]:
        found = self.rows(
            "SELECT ground FROM hold WHERE claim_id = :c AND lifted_at IS NULL"
            " AND (ends_at IS NULL OR ends_at > app.now()) ORDER BY ground",
            c=claim_id,
        )
        return [row.ground for row in found]

    def point(self, value: str) -> str:
        return self.rows("SELECT state FROM contact_point WHERE value = :v", v=value)[0].state

    def kinds(self, claim_id: UUID) -> list[str]:
        return [
            row.kind
            for row in self.rows("SELECT kind FROM event WHERE claim_id = :c ORDER BY position", c=claim_id)
        ]
