"""What a bounced mail says: which address, why, for good or for now (RFC 3464, and looser forms)."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from agency.rules.inbound.bounce_reason import Reason, reason_of
from agency.rules.inbound.mail import Mail, address_in
from agency.rules.inbound.plain_words import plain
from agency.rules.tables import read_table

RECIPIENTS_MAX: Final = 50
BLOCKS_MAX: Final = 500
NOTICE_MAX: Final = 40_000
TOLD_MAX: Final = 4_000
_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY: Final = re.compile(r"(?<![\w.@-])([45]\d\d)(?=[ \-:,'\n]|$)")
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9._%+'&/*!#$-]{1,120}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,10}"
)
_LABEL: Final = (
    r"(?:(?:unknown|invalid|intended|failed|original|final)\s+)?"
    r"(?:user|recipient|address|mailbox|e-?mail)s?\s*:\s*"
)
_LINE_OF: Final = re.compile(
    rf"^[\s>\"'<*-]*(?:{_LABEL})?[\"'<]*({_ADDRESS.pattern})[>\"']*(?=$|[\s:,;.(\[<])", re.IGNORECASE
)
_STAGE: Final = re.compile(r"in\s+reply\s+to\s+(?:end\s+of\s+)?[A-Z ]{4,10}", re.IGNORECASE)
# What a delivery agent of the reader itself said outranks what the relay made of it.
_OWN_WORDS: Final = re.compile(r"was automatically rejected:\s*\n+(.{3,300})", re.IGNORECASE)
_RETRIED: Final = re.compile(
    r"warning message only|will be retried|do not need to resend|not need to resend|still trying"
    r"|just a warning|attempts? will continue|continue to (?:try|attempt)|will (?:keep|continue) trying"
    r"|not yet been delivered|been postponed"
)
# Actions that tell of success (RFC 3464); servers name failure in words of their own.
_ARRIVED: Final = frozenset({"delivered", "relayed", "expanded"})
_PASSED_ON: Final = re.compile(r"^\s*(?:re|aw|antw|sv|betr|fw|fwd|tr|wg|doorst)\s*:", re.IGNORECASE)
# Where the headers of the mail that comes back begin, whatever stands above them.
_HEADERS_FOLLOW: Final = re.compile(r"^[>\s]*(?:received:\s*(?:from|by)\b|return-path:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One address that a mail did not reach.

    :param recipient: in lower case; empty where the mail does not say.
    :param status: class.subject.detail; where none was told, one of our own range by the reason.
    :param reply: the SMTP code, empty where none was told.
    :param reason: a key of the table of reasons; `hard` when the address itself is no good.
    :param diagnosis: the words of the server, shortened, for people.
    :param final: nobody will try again; False while the server still does.
    :param sent_to: the address that the mail was sent to, where the report tells of another that it was
        passed on to; else empty.
    """

    recipient: str
    status: str
    reply: str
    reason: str
    hard: bool
    diagnosis: str
    final: bool
    sent_to: str = ""

    def is_about(self, address: str) -> bool:
        """Tell whether a mail to an address (in lower case) did not arrive; also where none is named."""
        return self.recipient == "" or address in (self.recipient, self.sent_to)


def is_bounce(mail: Mail) -> bool:
    """Tell whether a mail is the report that another one did not arrive."""
    report = mail.report("message/delivery-status")
    if report:
        actions = [block.get("action", "") for block in _blocks(report)]
        return not actions or any(action not in _ARRIVED for action in actions)
    if "delivery-status" in mail.header("content-type").lower():
        return True
    return _is_told(mail, read_table("inbound_words")["bounce"])


def _is_told(mail: Mail, words: dict[str, Any]) -> bool:
    """Whether a mail says in plain words that another did not arrive, and a server wrote it."""
    local, name = mail.sender.partition("@")[0], plain(mail.header("from"))
    daemon = (
        local in words["senders"]
        or local.startswith(tuple(words["sender_begins"]))
        or any(one in name for one in words["names"])
    )
    given_back_to = mail.header("return-path").strip(" <>").partition("@")[0].lower()
    nobody = mail.sender == "" or (
        "return-path" in dict(mail.headers) and (not given_back_to or given_back_to in words["senders"])
    )
    nameless = mail.header("from").rpartition(" ")[2] in ("", "<>")
    subject = plain(mail.subject)
    failing = any(one in subject for one in words["subjects"])
    begins = mail.text[:TOLD_MAX]
    said = plain(begins)
    told = any(one in said for one in words["texts"])
    # Three figures are a server's answer only where a server wrote: people write sums and dates.
    coded = local not in words["also_people"] and _REPLY.search(begins) is not None
    machine = local in words["machines"] or bool(mail.header("auto-submitted"))
    gives_back = local not in words["also_people"] and bool(mail.returned)
    return (
        (daemon and (failing or told or coded or gives_back))
        or (nobody and failing)
        or (nameless and told)
        or (machine and failing and (told or coded))
        or (failing and told and _gives_back(mail, begins))
    )


def _gives_back(mail: Mail, said: str) -> bool:
    """Whether a mail gives back another with its headers and is no person's answer or forward.

    Servers of some firms write under names of their own.
    """
    if _PASSED_ON.match(mail.subject):
        return False
    return bool(mail.returned) or any(_HEADERS_FOLLOW.match(line) for line in said.splitlines())


def bounces(mail: Mail) -> tuple[Bounce, ...]:
    """Return what a bounced mail says of each address; one without an address where it names none."""
    notice = _notice(mail)
    reported = [
        _reported(block, notice)
        for block in _blocks(mail.report("message/delivery-status"))
        if block.get("action", "") not in _ARRIVED
    ]
    found = reported or _told(mail, notice)
    return tuple({one.recipient: one for one in found}.values())[:RECIPIENTS_MAX]


def _blocks(report: str) -> list[dict[str, str]]:
    """The fields of each address in a report, names in lower case, folded lines joined."""
    found: list[dict[str, str]] = []
    for block in re.split(r"\n\s*\n", report)[:BLOCKS_MAX]:
        fields: dict[str, str] = {}
        last = ""
        for line in block.splitlines():
            name, colon, value = line.partition(":")
            if line[:1].isspace() and last:
                fields[last] += f" {line.strip()}"
            elif colon:
                last = name.strip().lower()
                fields.setdefault(last, value.strip())
        if "final-recipient" in fields or "original-recipient" in fields:
            fields["action"] = fields.get("action", "").split("(")[0].strip().lower()
            found.append(fields)
    return found


def _reported(block: dict[str, str], notice: str) -> Bounce:
    sent_to, reached = (
        address_in(block.get(name, "").rpartition(";")[2])
        for name in ("original-recipient", "final-recipient")
    )
    recipient = reached or sent_to
    diagnosis = re.sub(r"^\s*[\w-]+\s*;\s*", "", block.get("diagnostic-code", ""))
    told = _STATUS.search(block.get("status", ""))
    status = told[1] if told else ""
    own = _OWN_WORDS.search(notice)
    about = _about(notice, recipient)
    words = own[1] if own else diagnosis or about
    if not own and status.endswith(".0.0") and (nearer := _STATUS.search(words)):
        status = nearer[1]
    stage = _STAGE.search(about)
    final = block["action"] != "delayed"
    found = _bounce(recipient, status, words, stage[0] if stage else "", final=final, reported=True)
    return replace(found, sent_to=sent_to) if sent_to not in ("", recipient) else found


def _told(mail: Mail, notice: str) -> list[Bounce]:
    """What a report in plain words says: each address at the beginning of a line, and the words after it."""
    ours = frozenset(mail.recipients)
    by_address: dict[str, list[str]] = {}
    address = ""
    above: list[str] = []
    for line in notice.splitlines():
        found = _LINE_OF.match(line)
        if found and (starts := found[1].lower()) not in ours:
            address = starts
        if address:
            by_address.setdefault(address, []).append(line)
        else:
            above.append(line)
    if not by_address:
        by_address = {_somebody(mail, notice, ours): [notice]}
    final = _RETRIED.search(plain(notice)) is None
    said = {one: "\n".join(lines) for one, lines in by_address.items()}
    return [
        _bounce(one, "", _telling(words, "\n".join(above), one, notice), "", final=final, reported=False)
        for one, words in said.items()
    ]


def _telling(words: str, above: str, recipient: str, notice: str) -> str:
    """The words that say why: what follows the address, else what stands above the first one, for all."""
    if not _says_more(words):
        return notice
    tells = (one for one in (words, above) if reason_of(diagnosis=one, status="", recipient=recipient).known)
    return next(tells, words)


def _says_more(words: str) -> bool:
    """Whether there is anything beside the address: some servers say why above it."""
    return re.search(r"\w{3}", _ADDRESS.sub("", words)) is not None


def _somebody(mail: Mail, notice: str, ours: frozenset[str]) -> str:
    for words in (mail.header("x-failed-recipients"), notice, _to_of(mail.returned)):
        for found in _ADDRESS.findall(words):
            if (address := found.strip("'").lower()) not in ours | {mail.sender}:
                return str(address)
    return ""


def _to_of(returned: str) -> str:
    found = re.search(r"^to:(.*)$", returned, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def _about(notice: str, recipient: str) -> str:
    """The words of the notice from an address on; all of them where it does not stand there."""
    return notice[max(0, notice.lower().find(recipient)) :]


def _bounce(recipient: str, status: str, words: str, stage: str, *, final: bool, reported: bool) -> Bounce:
    replied = _REPLY.search(words)
    found = status or ((told := _STATUS.search(words)) and told[1]) or ""
    reason = reason_of(diagnosis=f"{words} {stage}", status=found, recipient=recipient)
    whole = found or f"{_class_of(replied, final, reported, reason)}.{reason.own}"
    return Bounce(
        recipient=recipient,
        status=whole,
        reply=replied[1] if replied else "",
        reason=reason.key,
        hard=reason.hard and not whole.startswith("4"),
        diagnosis=" ".join(words.split())[:300],
        final=final,
    )


def _class_of(replied: re.Match[str] | None, final: bool, reported: bool, reason: Reason) -> str:
    """For good (5) or for now (4), where no status says it."""
    if replied:
        return replied[1][0]
    if reported:
        return "5" if final else "4"
    return "4" if reason.key in ("expired", "greylisted", "ratelimited") else "5"


def _notice(mail: Mail) -> str:
    """What the server itself wrote, without the mail that comes back and what a scanner prints below."""
    kept: list[str] = []
    for line in mail.text[:NOTICE_MAX].splitlines():
        said = plain(line)
        if _HEADERS_FOLLOW.match(line) or any(one in said for one in _words("original_follows")):
            break
        if not any(one in said for one in _words("printed")):
            kept.append(line)
    return "\n".join(kept)


@lru_cache(maxsize=2)
def _words(name: str) -> tuple[str, ...]:
    return tuple(read_table("inbound_words")["bounce"][name])
