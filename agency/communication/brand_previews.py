"""Messages as a brand makes them, rendered by the same code that sends them and kept nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from agency.communication.amounts import announce_costs
from agency.communication.brand_cases import Case, Sends, dressed, made_up_case, told_by
from agency.communication.composing import Composed, fill, values_named
from agency.communication.enclosing import copied_page
from agency.communication.mandatory import KINDS, readers, takes_copies
from agency.communication.pay_links import at_host
from agency.communication.release import sender_of, sms_sender_of
from agency.communication.rendering import MessageText, render_text
from agency.communication.templates import composed_files
from agency.communication.values import is_early, message_values, pay_values
from agency.kernel.settings import Settings
from agency.kernel.unit import agency_day
from agency.ports.providers import CopiedPage, Renderer, Sender
from agency.rules.brand import BrandDesign
from agency.rules.facts import Channel, DebtorKind, Law, Phase
from agency.rules.treatment_path import Tone

CHANNELS: Final = (Channel.email, Channel.letter, Channel.sms)
# A link that opens nothing: whoever scans a preview must not land on a debtor's page.
_SAMPLE_TOKEN: Final = "voorbeeld"  # noqa: S105 - a word, not a secret
# Lines where an invoice has words, on a page of A4.
_SAMPLE_PAGE: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297"><g stroke="#c5cdd5" stroke-width="2">'
    b'<path d="M1 1h208v295H1zM20 30h70M20 60h50M20 68h40M20 110h170M20 122h170M20 134h170M130 160h60"'
    b' fill="none"/></g></svg>'
)


@dataclass(frozen=True, slots=True)
class Preview:
    """One message as its reader would get it; `language` is the one it is written in."""

    key: str
    channel: Channel
    language: str
    subject: str
    sender: Sender
    sms_sender: str
    on_behalf: bool
    html: str = ""
    text: str = ""
    pdf: bytes = b""


class NoSuchMessage(LookupError):
    """There is no text of this key for this channel."""


@lru_cache(maxsize=1)
def texts() -> Mapping[tuple[str, Channel, str], Composed]:
    """Return every text of this room as laid out, by key, channel and language."""
    return {(one.key, one.channel, one.language): one for one in composed_files()}


@lru_cache(maxsize=64)
def has_tones(key: str) -> bool:
    """Return whether a message has words of its own for each tone."""
    bodies = [one.body for (named, _, _), one in texts().items() if named == key]
    spoken = frozenset(f"tone.{tone}" for tone in Tone)
    return any(spoken <= values_named(body) for body in bodies)


def keys_for(case: Case) -> tuple[str, ...]:
    """Return the messages that such a debtor may get, in the order in which they are sent."""
    return tuple(key for key in KINDS if (case.law, case.debtor) in readers(key))


def reader_of(key: str) -> tuple[Law, DebtorKind]:
    """Return the first of those who may get a message, for whom a claim is made up."""
    return readers(key)[0]


def sample_for(key: str, *, creditor: dict[str, Any], on: date) -> Case:
    """Return a made-up claim of the first of those who may get a message, in the phase that it belongs to."""
    law, debtor = reader_of(key)
    phase = Phase.reminder if is_early(key) else Phase.amicable
    return made_up_case(creditor=creditor, law=law, debtor=debtor, on=on, phase=phase)


def written_in(key: str, channel: Channel, *, language: str, creditors: str) -> Composed:
    """Return the text that a reader of `language` gets; the order of the languages is that of queueing.

    :raises NoSuchMessage: there is none for this channel.
    """
    ours = language in ("nl", "fr")
    order = (language, creditors, "nl", "en") if ours else (language, "en", creditors, "nl")
    for one in order:
        if found := texts().get((key, channel, one)):
            return found
    raise NoSuchMessage(f"{key} by {channel}")


def preview(
    *,
    design: BrandDesign,
    case: Case,
    key: str,
    channel: Channel,
    language: str,
    at: datetime,
    settings: Settings,
    renderer: Renderer,
    sends: Sends,
    drawing: str = "",
    tone: Tone | None = None,
) -> Preview:
    """Render one message under a design, with all that the release does to it but the law's verdict.

    :param drawing: the design's logo as a letter shows it.
    :param tone: how it speaks; None for as it usually does.
    :raises NoSuchMessage: there is no such text for the channel.
    :raises UnableToRender: text and values do not make a message.
    """
    composed = written_in(key, channel, language=language, creditors=case.facts["creditor_language"])
    row, values = values_of(
        design, case, composed, on=agency_day(at), settings=settings, sends=sends, tone=tone
    )
    on_behalf = bool(values["sender"]["on_behalf"])
    made = render_text(
        MessageText(channel, composed.body, values, at),
        renderer,
        drawing="" if on_behalf else drawing,
        copies=_sample_pages(values) if channel is Channel.letter else (),
    )
    sender = sender_of(row, values, settings)
    if settings.inbound_domain:  # each message gets an address of its own, by which its answer is known
        sender = replace(sender, reply_to=f"re-…@{settings.inbound_domain}")
    return Preview(
        key=key, channel=channel, language=composed.language, subject=values["subject"],
        sender=sender, sms_sender=sms_sender_of(row, values, settings),
        on_behalf=on_behalf, html=made.html, text=made.text, pdf=made.pdf,
    )  # fmt: skip


def values_of(
    design: BrandDesign,
    case: Case,
    composed: Composed,
    *,
    on: date,
    settings: Settings,
    sends: Sends,
    tone: Tone | None = None,
) -> tuple[Any, dict[str, Any]]:
    """Return the row that the release would read, and every value of the message."""
    row = dressed(
        case, design, sends, template=composed.key, step=composed.key, channel=composed.channel.value,
        language=composed.language,
        told=told_by(case.owed, composed.language, on) | ({"tone": tone.value} if tone else {}),
    )  # fmt: skip
    announced = None
    if composed.key.startswith("notice"):
        announced = announce_costs(
            owed=case.owed, law=case.law, debtor=case.debtor, on=on,
            vat_deductible=row.vat_deductible, clause_agreed=row.costs_clause,
        )  # fmt: skip
    values = message_values(row=row, owed=case.owed, announced=announced, today=on, settings=settings)
    link = f"{settings.public_url.rstrip('/')}/pay/{_SAMPLE_TOKEN}"
    link = at_host(link, design.pay_host if sends.pay else "")
    values["pay"] = pay_values(row=row, owed=case.owed, link=link, settings=settings)
    if takes_copies(composed.key, composed.channel):
        values["copies"] = ", ".join(one.number for one in case.owed.invoices if one.open.minor > 0)
    values["subject"] = fill(composed.subject, values, language=composed.language)
    return row, values


def _sample_pages(values: dict[str, Any]) -> tuple[CopiedPage, ...]:
    """A page behind a letter for each copy that it tells of: nobody's invoice, but as many sheets."""
    return tuple(
        copied_page(_SAMPLE_PAGE, number=number, page=1, pages=1, language=values["language"])
        for number in values["copies"].split(", ")
        if number
    )
