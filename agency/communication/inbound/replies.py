"""A debtor's message becomes a reply on its claim: read for its topic, its files checked, the path paused."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.communication.inbound.models import Inbound, InboundChannel, InboundState, Reply
from agency.communication.inbound.pausing import pause
from agency.documents.quota import OverQuota
from agency.documents.types import UnacceptableFile
from agency.documents.upload import add_document, clean_name
from agency.events import PersonWanted, ReplyReceived
from agency.kernel.emitting import emit
from agency.kernel.files import store
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore
from agency.rules.facts import DocumentKind
from agency.rules.inbound.kind import said_by_writer
from agency.rules.inbound.mail import Part
from agency.rules.inbound.triage import Topic, triage

FILES_MAX: Final = 20
# winmail.dat ([MS-OXTNEF] 2.1.3.1): the one library for it has had no release since 2021.
_TNEF: Final = b"\x78\x9f\x3e\x22"
# A signed mail was read as the mail within it; what is left of this kind is encrypted or broken.
_ENCRYPTED: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_LANGUAGE = text(
    "SELECT d.language FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = :claim"
)


def keep_reply(
    unit: Unit,
    files: FileStore,
    inbound: Inbound,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    found_by: str,
    attachments: Sequence[Part],
) -> UUID:
    """This function will put a message on a claim, pause its path until a person has read it, and return the
    reply's id.

    :raises NotFound: this creditor has no such claim.
    """
    # The subject of a scan is the name of its file.
    by_hand = inbound.channel in (InboundChannel.EMAIL, InboundChannel.PAGE)
    subject = inbound.subject if by_hand else ""
    found = triage(said_by_writer(subject, inbound.words))
    topic = Topic.STOP if inbound.kind == "stop" and not found.sure else found.topic
    pause(unit, creditor_id=creditor_id, claim_id=claim_id, topic=topic)
    content = files.get(inbound.sha256)
    store(unit, files, creditor_id=creditor_id, content=content, media_type=inbound.media_type)
    kept = [_file(unit, files, creditor_id, claim_id, part) for part in attachments[:FILES_MAX]]
    kept += [_refused(part, "more than 20 files came with it") for part in attachments[FILES_MAX:]]
    if inbound.channel == InboundChannel.LETTER:
        scan = Part(inbound.media_type, inbound.subject or "scan.pdf", "", content)
        kept.append(_file(unit, files, creditor_id, claim_id, scan))
    language = (
        unit.session.connection().execute(_LANGUAGE, {"c": creditor_id, "claim": claim_id}).scalar_one()
    )
    reply = Reply(
        creditor_id=creditor_id, id=new_id(), claim_id=claim_id, inbound_id=inbound.id,
        channel=inbound.channel, received_at=inbound.received_at, from_value=inbound.from_value,
        subject=inbound.subject, words=inbound.words, sha256=inbound.sha256, files=kept, found_by=found_by,
        topic=topic, language=language,
        signs=[[sign.topic.value, sign.words, sign.language, sign.weight] for sign in found.signs[:20]],
    )  # fmt: skip
    unit.session.add(reply)
    unit.session.flush()
    inbound.state, inbound.why = InboundState.THREADED, found_by
    inbound.for_creditor_id, inbound.for_claim_id, inbound.reply_id = creditor_id, claim_id, reply.id
    emit(
        unit,
        ReplyReceived(
            creditor_id=creditor_id,
            claim_id=claim_id,
            reply_id=reply.id,
            channel=inbound.channel,
            topic=topic,
        ),
    )
    if topic is Topic.DANGER:  # a life does not wait until its turn comes to be read
        emit(
            unit,
            PersonWanted(
                creditor_id=creditor_id,
                claim_id=claim_id,
                work_kind="hardship",
                key=f"reply:{reply.id}",
                reason="danger",
            ),
        )
    return reply.id


def _file(unit: Unit, files: FileStore, creditor_id: UUID, claim_id: UUID, part: Part) -> dict[str, Any]:
    """Check a file as every document is and keep it in the dossier; what a debtor sends proves no claim."""
    name = clean_name(part.name)
    if part.content.startswith(_TNEF):
        return _refused(part, "only Outlook opens this file; ask for its files as PDF or pictures")
    if part.media_type in _ENCRYPTED:
        return _refused(part, "this mail is encrypted; ask for it without")
    try:
        with unit.session.begin_nested():
            document_id = add_document(
                unit, files, creditor_id=creditor_id, claim_id=claim_id, name=name, content=part.content,
                kind=DocumentKind.other,
            )  # fmt: skip
    except (UnacceptableFile, OverQuota) as refusal:
        return _refused(part, refusal.message)
    return {"name": name, "size": len(part.content), "document_id": str(document_id)}


def _refused(part: Part, why: str) -> dict[str, Any]:
    return {"name": clean_name(part.name), "size": len(part.content), "refused": why}
