"""What kind of message came in: a person's, a machine's, a bounce, a complaint, or a wish to hear no more."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agency.rules.inbound.bounce import Bounce, bounces, is_bounce
from agency.rules.inbound.mail import Mail, address_in
from agency.rules.inbound.own_words import own_words
from agency.rules.inbound.plain_words import plain
from agency.rules.inbound.triage import ABOUT_PERSON, Topic, triage
from agency.rules.tables import read_table

_FEEDBACK: Final = "message/feedback-report"
_RECEIPTS: Final = ("message/delivery-status", "message/disposition-notification")
_WORD: Final = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_ANSWER: Final = re.compile(r"^\s*(?:re|aw|antw|sv|betr|ref)\s*:", re.IGNORECASE)
AUTOMATIC_BEGINS: Final = 600
# What somebody must read even where a machine sent it: a mailbox answers for its dead owner, too.
_ALWAYS_READ: Final = ABOUT_PERSON | {Topic.DANGER, Topic.COUNSELLOR, Topic.NOT_ME}


class InboundKind(StrEnum):
    """What came in. Only a reply and a stop are read by people as a debtor's own words."""

    REPLY = "reply"
    STOP = "stop"  # a person who wants no more messages this way
    START = "start"  # who takes that back
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

    A report is known by its form (RFC 3464, 5965, 8098) or by its sender and words; a machine's answer by
    its headers (RFC 3834), else by its subject or text. Whatever shows no such sign is a person's, and so is
    what speaks of a claim with one sign alone: to read a machine's mail costs a minute, not to read a
    person's costs him his say.
    """
    words, own = read_table("inbound_words"), own_words(mail.text)
    if (feedback := mail.report(_FEEDBACK)) or _is_plain_complaint(mail, words["feedback"]):
        return Kinded(InboundKind.COMPLAINT, (("report", _feedback_type(feedback)),))
    if is_bounce(mail):
        found = bounces(mail)
        return Kinded(InboundKind.BOUNCE, (("report", found[0].diagnosis),), found)
    if receipt := next((name for name in _RECEIPTS if mail.report(name)), ""):
        return Kinded(InboundKind.AUTO_REPLY, (("report", receipt),))
    if mail.answers_invitation and not own:
        return Kinded(InboundKind.AUTO_REPLY, (("report", "text/calendar"),))
    if sign := _automatic(mail, own, words["automatic"]):
        return Kinded(InboundKind.AUTO_REPLY, (sign,))
    if sign := _stop(mail.subject, own, words["stop"]):
        return Kinded(InboundKind.STOP, (sign,))
    return Kinded(InboundKind.REPLY, ())


def kind_of_words(words: str, *, wish: str = "") -> Kinded:
    """Return what kind of text message came in: STOP and its like, what takes that back, or a person's.

    :param wish: STOP, START or HELP where the carrier says so, by key words of its own that we do not know;
        empty otherwise. Who asks for help is read by a person.
    """
    table = read_table("inbound_words")
    told = wish.strip().upper()
    if told == "STOP":
        return Kinded(InboundKind.STOP, (("carrier", told),))
    if told == "START" or plain(words).strip(" .!") in table["start"]["words"]:
        return Kinded(InboundKind.START, (("carrier", told) if told else ("text", plain(words)[:80]),))
    sign = _stop("", words, table["stop"])
    return Kinded(InboundKind.STOP, (sign,)) if sign else Kinded(InboundKind.REPLY, ())


def said_by_writer(subject: str, words: str) -> str:
    """Return all that a writer says: also in his subject, unless it answers or passes on somebody else's."""
    own = plain(subject)
    return f"{subject}\n{words}" if own and own == _bare(own) else words


def complained_about(mail: Mail) -> str:
    """Return the address that a complaint names, in lower case; empty where it is kept from us."""
    found = re.search(
        r"^original-rcpt-to:\s*<?([^\s<>]+@[^\s<>]+)", mail.report(_FEEDBACK), re.I | re.MULTILINE
    )
    return found[1].lower() if found else _complained_about_in(mail.returned)


def _complained_about_in(returned: str) -> str:
    names = read_table("inbound_words")["feedback"]["recipient_headers"]
    told = rf"^(?:{'|'.join(map(re.escape, names))}):(.{{1,300}})$"
    found = re.search(told, returned, re.IGNORECASE | re.MULTILINE)
    return address_in(found[1]) if found else ""


def _is_plain_complaint(mail: Mail, table: dict[str, Any]) -> bool:
    """Whether a provider gives back a mail as called spam, without the report that the standard wants."""
    subject = plain(mail.subject)
    return bool(mail.returned) and any(subject.startswith(one) for one in table["subjects"])


def is_complaint(mail: Mail) -> bool:
    """Tell whether a feedback report says that its reader did not want the mail.

    Others say that it was no spam after all, or that a check of the sender failed (RFC 5965, 6591).
    """
    return (
        _feedback_type(mail.report(_FEEDBACK)) not in read_table("inbound_words")["feedback"]["no_complaint"]
    )


def _feedback_type(report: str) -> str:
    found = re.search(r"^feedback-type:\s*([\w-]{1,40})", report, re.IGNORECASE | re.MULTILINE)
    return found[1].lower() if found else "abuse"


def _automatic(mail: Mail, own: str, words: dict[str, Any]) -> tuple[str, str] | None:
    """The sign by which a machine's answer is known.

    A certain header, or two signs that agree, are enough unless somebody must know what is said; one sign
    alone only where nothing is said of the claim and no file comes with it. Words alone that ask something
    may be those of somebody who speaks of our own mail.
    """
    answers = _ANSWER.match(mail.subject) is not None
    said = plain(own[:AUTOMATIC_BEGINS])
    certain, hint = _header(mail, words["certain"]), _header(mail, words["header"])
    subject = None if answers else _subject(mail, words["subjects"])
    text = _holds(said, words["texts"])
    if certain or (hint and (subject or text)):
        return None if _must_be_read(own) else certain or hint
    sign = (
        (None if answers else hint) or subject or text or _away(mail, said, words, answers, hint is not None)
    )
    asks = text is not None and "?" in said and not (hint or subject)
    return None if sign and (mail.attachments or asks or _speaks_of_claim(own, said, words)) else sign


def _header(mail: Mail, rows: list[dict[str, Any]]) -> tuple[str, str] | None:
    if _is_discussion(mail):
        rows = [row for row in rows if row["name"] not in ("precedence", "list-id")]
    for row in rows:
        value = plain(mail.header(row["name"])).partition(";")[0]
        if value and any(not one or value.startswith(one) for one in row["values"]):
            return "header", f"{row['name']}: {value[:80]}"
    return None


def _is_discussion(mail: Mail) -> bool:
    """Whether people write to the list that passed it on (RFC 2369), as to a mailbox shared by a group."""
    return plain(mail.header("list-post")) not in ("", "no")


def _subject(mail: Mail, phrases: list[str]) -> tuple[str, str] | None:
    """A machine's subject, which is the phrase alone, or goes on in a way that people's does not."""
    bare = _bare(plain(mail.subject))
    begun = [one for one in phrases if bare.startswith(one)]
    found = next((one for one in begun if one[-1] in ":]" or _GOES_ON.match(bare[len(one) :])), None)
    return ("subject", found) if found else None


_GOES_ON: Final = re.compile(
    r"\W*$|\s*[:(\[#|!-]"
    r"|\s+(?:re|to|from|for|until|till|on|of|op|aan|van|tot|t/m|auf|an|von|fur|bis|de|du|a|au|jusqu)\b"
)


def _away(
    mail: Mail, said: str, words: dict[str, Any], answers: bool, hinted: bool
) -> tuple[str, str] | None:
    """Somebody is away: people say so as well, in an answer and in a subject."""
    told = _holds(said, words["away"])
    if told and any(f"{told[1]} {over}" in said for over in words["away_over"]):
        return None
    short = _holds(_bare(plain(mail.subject)), words["away_subjects"]) is not None
    return told if told and (hinted or short or not answers) else None


def _holds(said: str, phrases: list[str]) -> tuple[str, str] | None:
    found = next((one for one in phrases if one in said), None)
    return ("text", found) if found else None


def _must_be_read(own: str) -> bool:
    return any(sign.topic in _ALWAYS_READ and sign.weight > 2 for sign in triage(own).signs)


def _speaks_of_claim(own: str, said: str, words: dict[str, Any]) -> bool:
    """Whether somebody says what a debtor says; how to hear no more, every newsletter says."""
    topics = triage(own).spoken_of - {Topic.STOP}
    return bool(topics) or _claim_words(tuple(words["claim"])).search(said) is not None


@lru_cache(maxsize=2)
def _claim_words(stems: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, stems))})")


def _bare(subject: str) -> str:
    """A subject without the marks of answers and forwards."""
    return re.sub(r"^(?:(?:re|aw|antw|fw|fwd|tr|wg|sv|betr)\s*:\s*)+", "", subject)


def _stop(subject: str, words: str, table: dict[str, Any]) -> tuple[str, str] | None:
    said = " ".join(_WORD.findall(plain(words) or _bare(plain(subject))))
    if said in table["words"]:
        return "text", said
    more = bool(triage(words).spoken_of - {Topic.STOP})
    short = len(said.split()) <= int(table["words_at_most"])
    begun = next((one for one in table["words"] if said.startswith(f"{one} ") and len(one) > 3), None)
    if more and not (begun or "").startswith("stop"):  # "cancel", "quit" and "end" begin other sentences, too
        return None
    if short and begun and said.split()[-1] not in _NOT_A_WISH:
        return "text", begun
    about = _bare(plain(subject))
    return ("subject", about) if short and about in table["subjects"] else None


# "stop" that begins another sentence is not a wish to hear no more.
_NOT_A_WISH: Final = frozenset(
    {"payment", "betaling", "paiement", "zahlung", "contract", "contrat", "vertrag"}
)
