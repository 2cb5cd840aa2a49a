"""What kind of message came in: a person's, a machine's, a bounce, a complaint, or a wish to hear no more."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from agency.rules.inbound.bounce import Bounce, bounces, is_bounce
from agency.rules.inbound.mail import Mail
from agency.rules.inbound.own_words import own_words
from agency.rules.inbound.plain_words import plain
from agency.rules.tables import read_table

_FEEDBACK: Final = "message/feedback-report"
_WORD: Final = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")


class InboundKind(StrEnum):
    """What came in. Only a reply and a stop are read by people as a debtor's own words."""

    REPLY = "reply"
    STOP = "stop"  # a person who wants no more messages this way
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"  # a provider's report that the reader called our mail spam (ARF)


@dataclass(frozen=True, slots=True)
class Kinded:
    """A kind with what told it: pairs of a sign (header, subject, text, report) and its words."""

    kind: InboundKind
    signs: tuple[tuple[str, str], ...]
    bounces: tuple[Bounce, ...] = ()


def kind_of(mail: Mail) -> Kinded:
    """Return what kind of mail came in.

    A report is known by its form (RFC 3464, 5965) or by its sender and words; a machine's answer by its
    headers (RFC 3834), else by its subject or text. Whatever shows no such sign is a person's.
    """
    feedback = mail.report(_FEEDBACK)
    if feedback:
        return Kinded(InboundKind.COMPLAINT, (("report", _feedback_type(feedback)),))
    if is_bounce(mail):
        found = bounces(mail)
        return Kinded(InboundKind.BOUNCE, (("report", found[0].diagnosis),), found)
    words = read_table("inbound_words")
    if sign := _automatic(mail, words["automatic"]):
        return Kinded(InboundKind.AUTO_REPLY, (sign,))
    if sign := _stop(mail.subject, own_words(mail.text), words["stop"]):
        return Kinded(InboundKind.STOP, (sign,))
    return Kinded(InboundKind.REPLY, ())


def kind_of_words(words: str) -> Kinded:
    """Return what kind of text message came in: STOP and its like, or a person's."""
    sign = _stop("", words, read_table("inbound_words")["stop"])
    return Kinded(InboundKind.STOP, (sign,)) if sign else Kinded(InboundKind.REPLY, ())


def complained_about(mail: Mail) -> str:
    """Return the address that a complaint names, in lower case; empty where it is kept from us."""
    found = re.search(
        r"^original-rcpt-to:\s*<?([^\s<>]+@[^\s<>]+)", mail.report(_FEEDBACK), re.I | re.MULTILINE
    )
    return found[1].lower() if found else ""


def _feedback_type(report: str) -> str:
    found = re.search(r"^feedback-type:\s*([\w-]{1,40})", report, re.IGNORECASE | re.MULTILINE)
    return found[1].lower() if found else "abuse"


def _automatic(mail: Mail, words: dict[str, Any]) -> tuple[str, str] | None:
    for row in words["header"]:
        value = plain(mail.header(row["name"])).partition(";")[0]
        if value and any(not one or value.startswith(one) for one in row["values"]):
            return "header", f"{row['name']}: {value[:80]}"
    subject = _bare(plain(mail.subject))
    if found := next((one for one in words["subjects"] if subject.startswith(one)), None):
        return "subject", found
    said = plain(own_words(mail.text)[:600])
    found = next((one for one in words["texts"] if one in said), None)
    return ("text", found) if found else None


def _bare(subject: str) -> str:
    """A subject without the marks of answers and forwards."""
    return re.sub(r"^(?:(?:re|aw|antw|fw|fwd|tr|wg|sv|betr)\s*:\s*)+", "", subject)


def _stop(subject: str, words: str, table: dict[str, Any]) -> tuple[str, str] | None:
    said = " ".join(_WORD.findall(plain(words)))
    if said in table["words"]:
        return "text", said
    short = len(said.split()) <= int(table["words_at_most"])
    begun = next((one for one in table["words"] if said.startswith(f"{one} ") and len(one) > 3), None)
    if short and begun and said.split()[-1] not in _NOT_A_WISH:
        return "text", begun
    about = _bare(plain(subject))
    return ("subject", about) if short and about in table["subjects"] else None


# "stop" that begins another sentence is not a wish to hear no more.
_NOT_A_WISH: Final = frozenset(
    {"payment", "betaling", "paiement", "zahlung", "contract", "contrat", "vertrag"}
)
