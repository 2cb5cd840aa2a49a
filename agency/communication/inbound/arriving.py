"""What comes in is kept as it came, read, and put where it belongs. The same message twice is one message."""

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.communication.inbound.bouncing import apply_bounces, apply_complaint
from agency.communication.inbound.models import Inbound, InboundChannel, InboundState
from agency.communication.inbound.opting_out import opt_in, opt_out
from agency.communication.inbound.pausing import pause_candidates
from agency.communication.inbound.pointing import Marks, pointed_at
from agency.communication.inbound.replies import keep_reply
from agency.communication.inbound.reply_address import messages_addressed, messages_named
from agency.documents.signs import text_of
from agency.events import InboundNoted, MessageWaitsForClaim
from agency.kernel.emitting import emit
from agency.kernel.files import store
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.settings import settings
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.rules.inbound.kind import InboundKind, Kinded, kind_of, kind_of_words
from agency.rules.inbound.mail import Mail, read_mail
from agency.rules.inbound.own_words import own_words
from agency.rules.inbound.threading import Pointed, Threaded, thread

WORDS_KEPT: Final = 20_000
CANDIDATES_KEPT: Final = 9
_BY_PERSON: Final = frozenset({InboundKind.REPLY, InboundKind.STOP})
_KEEP = text(
    "INSERT INTO inbound (creditor_id, id, channel, source_key, received_at, received_by, kind, signs,"
    " from_value, from_name, to_value, subject, words, sha256, media_type, size, state, why, candidates)"
    " VALUES (:creditor_id, :id, :channel, :source_key, :received_at, :received_by, :kind,"
    " CAST(:signs AS jsonb), :from_value,"
    " :from_name, :to_value, :subject, :words, :sha256, :media_type, :size, :state, '', '[]')"
    " ON CONFLICT (creditor_id, source_key) DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as it came: its bytes stand in the file store under `sha256`.

    :param source_key: equal for every copy of one message.
    :param sender, to: what the carrier says of sender and receiver, where a message says nothing itself.
    :param wish: STOP, START or HELP where the carrier of a text message tells that it means one of these.
    """

    channel: InboundChannel
    source_key: str
    sha256: str
    sender: str = ""
    to: str = ""
    words: str = ""
    wish: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A message read: what kind it is, who wrote what, and what it points at."""

    kinded: Kinded
    media_type: str
    sender: str
    name: str
    to: str
    subject: str
    words: str
    marks: Marks
    mail: Mail | None = None


def take_in(unit: Unit, files: FileStore, arrival: Arrival) -> UUID | None:
    """This function will keep a message, put it where it belongs and return its id; None when it is known.

    :raises FileNotStored: the bytes are not in the store.
    """
    content = files.get(arrival.sha256)
    read = _read(arrival, content)
    store(unit, files, creditor_id=HOUSE, content=content, media_type=read.media_type)
    inbound_id = unit.session.connection().execute(_KEEP, _row(unit, arrival, read, len(content))).scalar()
    if inbound_id is None:
        return None
    inbound = unit.session.exec(
        select(Inbound).where(Inbound.creditor_id == HOUSE, Inbound.id == inbound_id).with_for_update()
    ).one()
    if arrival.channel is InboundChannel.PAGE:
        _put_on_claim(unit, files, inbound, json.loads(content))
    else:
        _place(unit, files, inbound, read)
    unit.session.flush()
    return inbound.id


def _put_on_claim(unit: Unit, files: FileStore, inbound: Inbound, written: dict[str, str]) -> None:
    """What was written on the page of a claim, behind its second fact, belongs there without any doubt."""
    keep_reply(
        unit, files, inbound, creditor_id=UUID(written["creditor_id"]), claim_id=UUID(written["claim_id"]),
        found_by="page", attachments=(),
    )  # fmt: skip


def _place(unit: Unit, files: FileStore, inbound: Inbound, read: _Read) -> None:
    if read.kinded.kind in (InboundKind.BOUNCE, InboundKind.COMPLAINT):
        _apply_report(unit, inbound, read)
        return
    pointed = pointed_at(unit, read.marks)
    found = thread(pointed)
    if read.kinded.kind is InboundKind.STOP:
        opt_out(unit, channel=inbound.channel, value=read.sender, claim=found.sure_claim)
    elif read.kinded.kind is InboundKind.START:
        opt_in(unit, channel=inbound.channel, value=read.sender)
    inbound.candidates = [_kept(one) for one in pointed[:CANDIDATES_KEPT]]
    if read.kinded.kind not in _BY_PERSON:
        _note_automatic(unit, inbound, found)
    elif found.claim is None:
        quarantine(unit, inbound, found.why)
        pause_candidates(unit, inbound)
    else:
        attachments = read.mail.attachments if read.mail else ()
        keep_reply(
            unit, files, inbound, creditor_id=found.claim.creditor_id, claim_id=found.claim.claim_id,
            found_by=found.by.value if found.by else "", attachments=attachments,
        )  # fmt: skip


def quarantine(unit: Unit, inbound: Inbound, why: str) -> None:
    """This function will let a message wait for a person who finds its claim."""
    inbound.state, inbound.why = InboundState.QUARANTINED, why
    emit(unit, MessageWaitsForClaim(creditor_id=HOUSE, inbound_id=inbound.id, why=why))


def _apply_report(unit: Unit, inbound: Inbound, read: _Read) -> None:
    """A report about a message of ours has its effect; about any other it waits for a person."""
    assert read.mail is not None, "only mails are reports"
    named = [*read.marks.addressed, *read.marks.answered]
    if read.kinded.kind is InboundKind.BOUNCE:
        found = apply_bounces(unit, read.kinded.bounces, message_ids=named, key=inbound.source_key)
    else:
        found = apply_complaint(unit, read.mail, message_ids=named)
    if found is None:
        quarantine(unit, inbound, "no_message_of_ours")
        return
    inbound.state = InboundState.NOTED
    inbound.for_creditor_id, inbound.for_claim_id = found


def _note_automatic(unit: Unit, inbound: Inbound, found: Threaded) -> None:
    """A machine's answer stands in the claim's timeline where it is known, and pauses nothing."""
    inbound.state = InboundState.NOTED
    if found.claim is None:
        return
    inbound.for_creditor_id, inbound.for_claim_id = found.claim.creditor_id, found.claim.claim_id
    emit(
        unit,
        InboundNoted(
            creditor_id=found.claim.creditor_id,
            claim_id=found.claim.claim_id,
            inbound_id=inbound.id,
            inbound_kind=inbound.kind,
        ),
    )


def _read(arrival: Arrival, content: bytes) -> _Read:
    if arrival.channel is InboundChannel.EMAIL:
        return _read_mail(arrival, content)
    if arrival.channel is InboundChannel.SMS:
        marks = Marks(words=arrival.words, sender_channel="phone", sender=arrival.sender)
        return _Read(
            kinded=kind_of_words(arrival.words, wish=arrival.wish), media_type="application/json",
            sender=arrival.sender, name="", to=arrival.to, subject="", words=arrival.words[:WORDS_KEPT],
            marks=marks,
        )  # fmt: skip
    if arrival.channel is InboundChannel.PAGE:
        return _Read(
            kinded=Kinded(InboundKind.REPLY, ()), media_type="application/json", sender="", name="", to="",
            subject=json.loads(content)["about"][:200], words=arrival.words[:WORDS_KEPT], marks=Marks(),
        )  # fmt: skip
    words = text_of(content, media_type_of_scan(content))
    return _Read(
        kinded=Kinded(InboundKind.REPLY, ()), media_type=media_type_of_scan(content), sender="", name="",
        to="", subject=arrival.words[:200], words=words[:WORDS_KEPT],
        marks=Marks(words=f"{arrival.words}\n{words}"[:4000]),
    )  # fmt: skip


def media_type_of_scan(content: bytes) -> str:
    """This function will return what a scanned letter is: a PDF or a picture; its type was checked before."""
    if content.startswith(b"%PDF"):
        return "application/pdf"
    if content.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff"
    return "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"


def _read_mail(arrival: Arrival, content: bytes) -> _Read:
    mail = read_mail(content)
    sender = mail.sender or arrival.sender.lower()
    own = own_words(mail.text)
    return _Read(
        kinded=kind_of(mail), media_type="message/rfc822", sender=sender, name=mail.sender_name,
        to=", ".join(mail.recipients[:5]) or arrival.to, subject=mail.subject[:500], words=own[:WORDS_KEPT],
        marks=_marks(arrival, mail, sender, own), mail=mail,
    )  # fmt: skip


def _marks(arrival: Arrival, mail: Mail, sender: str, own: str) -> Marks:
    """What a mail points at: a report also by the mail that it gives back."""
    secret = settings().secret.get_secret_value()
    named = " ".join((*mail.recipients, arrival.to, mail.returned[:20_000], mail.text[:20_000]))
    answers = [*mail.answers_to, *mail.returned[:20_000].split()]
    words = f"{mail.subject}\n{own}"
    return Marks(
        addressed=messages_addressed(named, secret=secret),
        answered=messages_named(answers),
        words=words[:4000],
        sender_channel="email",
        sender=sender,
    )


def _row(unit: Unit, arrival: Arrival, read: _Read, size: int) -> dict[str, Any]:
    return {
        "creditor_id": HOUSE,
        "id": new_id(),
        "channel": arrival.channel.value,
        "source_key": arrival.source_key[:200],
        "received_at": unit.now,
        "received_by": unit.by,
        "kind": read.kinded.kind.value,
        "signs": json.dumps([list(sign) for sign in read.kinded.signs]),
        "from_value": read.sender[:254],
        "from_name": read.name[:200],
        "to_value": read.to[:500],
        "subject": read.subject,
        "words": read.words,
        "sha256": arrival.sha256,
        "media_type": read.media_type,
        "size": size,
        "state": InboundState.NOTED.value,
    }


def _kept(one: Pointed) -> dict[str, Any]:
    marks = sorted(mark.value for mark in one.marks)
    return {"creditor_id": str(one.creditor_id), "claim_id": str(one.claim_id), "marks": marks}
