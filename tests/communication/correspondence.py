"""What tests of messages start from: debtors that can be written to, and providers that note what leaves."""

import hashlib
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from agency.communication.pay_links import install_pay_links
from agency.communication.planning import queue_message
from agency.communication.receipts import apply_receipt
from agency.communication.sending import send_chunk
from agency.communication.templates import publish_templates
from agency.kernel.clock import move_clock
from agency.kernel.emitting import install_reactions
from agency.kernel.outbox import drain
from agency.kernel.ports import Ports, install_ports
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit, Units
from agency.parties.models import Brand, ContactChannel, ContactPoint
from agency.ports.providers import (
    Attachment,
    PrintBatch,
    ProviderAmbiguous,
    ProviderRefused,
    Receipt,
    Sender,
    TakenBatch,
)
from agency.reactions import REACTIONS
from agency.rules.facts import Channel, DebtorKind, InterestKind, Law
from agency.treatment.paths import publish_paths
from integrations.rendering import TemplateRenderer
from tests.made import a_claim, a_creditor

SETTINGS = Settings(mode="development")
RENDERER = TemplateRenderer()
TUESDAY = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)  # ten in the morning in Amsterdam and Brussels


@dataclass(frozen=True)
class Left:
    """Something that a provider was handed."""

    message_id: str
    to: str
    subject: str
    body: str | bytes
    attachments: tuple[Attachment, ...] = ()


@dataclass
class Post:
    """Providers of all channels: they note what they are handed, and fail as they are told to."""

    left: list[Left] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    lost_answers: int = 0
    can_find: bool = True

    def _take(
        self, message_id: str, to: str, subject: str, body: str | bytes,
        attachments: Sequence[Attachment] = (),
    ) -> str:  # fmt: skip
        if self.failures:
            raise self.failures.pop(0)
        self.left.append(Left(message_id, to, subject, body, tuple(attachments)))
        if self.lost_answers:
            self.lost_answers -= 1
            raise ProviderAmbiguous("the answer got lost")
        return f"ref-{message_id}"

    def _find(self, message_id: str) -> str | None:
        return f"ref-{message_id}" if any(one.message_id == message_id for one in self.left) else None


class Mail(Post):
    def send(
        self,
        *,
        message_id: str,
        sender: Sender,
        to: str,
        subject: str,
        html: str,
        text: str,
        attachments: Sequence[Attachment] = (),
    ) -> str:
        return self._take(message_id, to, subject, text, attachments)

    def find(self, *, message_id: str, to: str, after: datetime) -> str | None:
        return self._find(message_id)


class Texts(Post):
    def send(self, *, message_id: str, sender: str, to: str, text: str) -> str:
        return self._take(message_id, to, "", text)

    def find(self, *, message_id: str, to: str, text: str, after: datetime) -> str | None:
        return self._find(message_id)


@dataclass
class Letters(Post):
    """A printer that holds batches until they are released; `miscount` spoils what it counts."""

    batches: dict[str, PrintBatch] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    miscount: dict[str, int] = field(default_factory=dict)
    lost_releases: int = 0

    def submit(self, batch: PrintBatch) -> TakenBatch:
        if self.failures:
            raise self.failures.pop(0)
        self.batches[batch.batch_id] = batch
        self.states.setdefault(batch.batch_id, "held")
        if self.lost_answers:
            self.lost_answers -= 1
            raise ProviderAmbiguous("the answer got lost")
        return self._taken(batch.batch_id)

    def release(self, *, batch_id: str) -> TakenBatch:
        if self.states[batch_id] == "cancelled":
            raise ProviderRefused("state", "cancelled already")
        if self.states[batch_id] == "held":
            self.states[batch_id] = "released"
            for one in self.batches[batch_id].letters:
                self.left.append(Left(one.message_id, "\n".join(one.address), "", one.pdf))
        if self.lost_releases:
            self.lost_releases -= 1
            raise ProviderAmbiguous("the answer got lost")
        return self._taken(batch_id)

    def cancel(self, *, batch_id: str) -> TakenBatch:
        if self.states[batch_id] == "released":
            raise ProviderRefused("state", "released already")
        self.states[batch_id] = "cancelled"
        return self._taken(batch_id)

    def find(self, *, batch_id: str) -> TakenBatch | None:
        return self._taken(batch_id) if batch_id in self.batches else None

    def _taken(self, batch_id: str) -> TakenBatch:
        totals = self.batches[batch_id].totals
        spoilt = {name: getattr(totals, name) + wrong for name, wrong in self.miscount.items()}
        return TakenBatch(f"bat-{batch_id}", self.states[batch_id], replace(totals, **spoilt))


class Shelf:
    """A file store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.kept[sha256] = content
        return sha256

    def get(self, sha256: str) -> bytes:
        return self.kept[sha256]


@dataclass
class Office:
    """An agency with its templates and paths published, whose clock can be moved."""

    units: Units
    mail: Mail = field(default_factory=Mail)
    texts: Texts = field(default_factory=Texts)
    letters: Letters = field(default_factory=Letters)
    files: Shelf = field(default_factory=Shelf)

    @property
    def ports(self) -> Ports:
        return Ports(
            email=self.mail,
            sms=self.texts,
            letters=self.letters,
            calls=None,  # type: ignore[arg-type]
            payments=None,  # type: ignore[arg-type]
            renderer=RENDERER,
            files=self.files,
        )

    @contextmanager
    def unit(self):
        with self.units.open(Door.WORKER, by="system:test") as unit:
            yield unit

    def open_up(self, at: datetime = TUESDAY) -> "Office":
        install_pay_links(lambda unit, *, keys: {key: key[1].hex for key in keys})
        install_reactions(REACTIONS)
        self._begin_at(at)
        with self.unit() as unit:
            publish_templates(unit)
            publish_paths(unit)
        return self

    def _begin_at(self, at: datetime) -> None:
        # A test has a day of its own, also one that the machine has passed: `move_clock` only goes forward.
        with self.units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE clock SET ahead = :at - clock_timestamp()"), {"at": at}
            )

    def move_to(self, at: datetime) -> None:
        with self.units.open(Door.STAFF, by="system:test") as unit:
            move_clock(unit, to=at, production=False)

    def send(self) -> int:
        """Send everything due; reactions run too."""
        looked = send_chunk(self.units, ports=self.ports, settings=SETTINGS)
        self.react()
        return looked

    def react(self) -> None:
        install_ports(self.ports)
        drain(self.units)

    def messages(self, claim_id: UUID) -> list:
        with self.unit() as unit:
            return list(
                unit.session.connection().execute(
                    text(
                        "SELECT m.*, t.key AS template FROM message m JOIN template t ON t.id = m.template_id"
                        " WHERE claim_id = :c ORDER BY m.created_at, m.id"
                    ),
                    {"c": claim_id},
                )
            )

    def post_letters(self, at: datetime) -> None:
        """The print shop reports that every letter it has was given to the post."""
        with self.unit() as unit:
            for one in self.letters.left:
                apply_receipt(
                    unit, receipt=receipt(one.message_id, "sent", at), message_id=UUID(one.message_id)
                )


def receipt(message_id: str, kind: str, at: datetime, *, permanent: bool = False, copy: str = "") -> Receipt:
    return Receipt(
        message_id=message_id,
        provider_ref=f"ref-{message_id}",
        kind=kind,  # type: ignore[arg-type]
        at=at,
        event_key=f"{message_id}:{kind}{copy}",
        detail="550 no such user" if permanent else "",
        permanent=permanent,
    )


def a_correspondent(
    unit: Unit,
    *,
    country: str = "NL",
    law: Law = Law.nl,
    debtor: DebtorKind = DebtorKind.consumer,
    invoices: Sequence[tuple[int, date]] = ((40215, date(2026, 11, 30)),),
    email: str | None = "debtor@example.org",
    phone: str | None = "+31612345678",
    language: str = "nl",
    name: str = "J. van den Berg",
    vat_deductible: bool = True,
    creditor_id: UUID | None = None,
    brand: str = "Enercity",
) -> tuple[UUID, UUID]:
    """A claim whose debtor can be reached by letter, and by e-mail and phone unless told otherwise."""
    fresh = creditor_id is None
    creditor_id = creditor_id or a_creditor(unit, country=country)
    interest = InterestKind.consumer if debtor is DebtorKind.consumer else InterestKind.trade
    claim_id = a_claim(
        unit, creditor_id=creditor_id, invoices=invoices, law=law, debtor=debtor, interest_kind=interest
    )
    connection = unit.session.connection()
    if fresh:
        connection.execute(
            text(
                "UPDATE creditor SET street = 'Keizersgracht 1', postal_code = '1015 CJ', city = 'Amsterdam',"
                " registration_number = '12345678', name = :name, vat_deductible = :vat WHERE id = :c"
            ),
            {"c": creditor_id, "name": f"{brand} B.V.", "vat": vat_deductible},
        )
        unit.session.add(
            Brand(
                creditor_id=creditor_id,
                created_at=unit.now,
                name="standard",
                colour="#0b5cad",
                sender_name=brand,
                sender_email="facturen@enercity.example",
                reply_to="vragen@enercity.example",
                sms_sender="Enercity",
                phone="+31 20 765 43 21",
            )
        )
    debtor_id = connection.execute(
        text("SELECT debtor_id FROM claim WHERE creditor_id = :c AND id = :i"),
        {"c": creditor_id, "i": claim_id},
    ).scalar_one()
    connection.execute(
        text(
            "UPDATE debtor SET name = :name, street = 'Dorpsstraat 12', postal_code = '3511 AB',"
            " city = 'Utrecht', country = :country, language = :language WHERE creditor_id = :c AND id = :d"
        ),
        {"c": creditor_id, "d": debtor_id, "country": country, "language": language, "name": name},
    )
    for channel, value in ((ContactChannel.EMAIL, email), (ContactChannel.PHONE, phone)):
        if value:
            unit.session.add(
                ContactPoint(
                    creditor_id=creditor_id,
                    created_at=unit.now,
                    debtor_id=debtor_id,
                    channel=channel,
                    value=value,
                )
            )
    unit.session.flush()
    return creditor_id, claim_id


def queue(
    unit: Unit,
    creditor_id: UUID,
    claim_id: UUID,
    *,
    template: str = "reminder_1",
    channel: Channel = Channel.email,
    step: str | None = None,
    due_at: datetime | None = None,
    facts: dict | None = None,
) -> UUID:
    found = queue_message(
        unit,
        creditor_id=creditor_id,
        claim_id=claim_id,
        channel=channel,
        step=step or template,
        cycle=1,
        template=template,
        due_at=due_at or unit.now,
        facts=facts,
    )
    assert found is not None
    return found


DAY = timedelta(days=1)
