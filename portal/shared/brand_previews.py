"""A brand's messages, letters and pay page as pictures of themselves, for whoever may see the brand.

A preview shows one look: a version by its id, or what counts now. What was typed stands in the draft already
when a preview is asked for, so the address needs to carry nothing but what to show.
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.communication.brand_cases import Case, creditor_facts, real_case
from agency.communication.brand_checklist import sends_of
from agency.communication.brand_previews import (
    CHANNELS,
    NoSuchMessage,
    Preview,
    has_tones,
    keys_for,
    preview,
    sample_for,
)
from agency.communication.mandatory import KINDS
from agency.communication.rendering import UnableToRender
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.parties.branding import BRAND_DRAFTS, brand_of, design_of
from agency.parties.logos import drawing_of
from agency.rules.brand import LANGUAGES, BrandDesign
from agency.rules.facts import Channel
from agency.rules.treatment_path import Tone, usual_tone
from integrations.rendering.page_images import NoPicture, page_count, page_pictures
from portal.shared.audience import here
from portal.shared.brand_colours import style_of
from portal.shared.explaining import Part, explanation
from portal.shared.i18n import N_, speaking
from portal.shared.logos import logo_address
from portal.shared.rendering import Here, render
from portal.wiring import Wiring

NOW = "now"
ALL = "all"
# A mail may do nothing in its frame but look. Its own origin is left to it, or it could not show the logo.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox allow-same-origin;"
    " frame-ancestors 'self'"
)
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class View:
    """What a reader wants to see: which message, in which language and tone, about which claim.

    An empty tone is the one in which the message usually speaks.
    """

    key: str = "reminder_1"
    language: str = "nl"
    number: str = ""
    tone: str = ""
    compare: bool = False

    @classmethod
    def asked(cls, sent: Any) -> "View":
        """This function will read a view from a form or a query; what is unknown becomes the default."""
        key, language = str(sent.get("view_key") or ""), str(sent.get("view_language") or "")
        tone = str(sent.get("view_tone") or "")
        return cls(
            key=key if key in KINDS or key == ALL else cls().key,
            language=language if language in LANGUAGES else cls().language,
            number=str(sent.get("view_number") or "").strip()[:40],
            tone=tone if tone in set(Tone) else "",
            compare=bool(sent.get("view_compare")),
        )

    def query(self, **more: str) -> str:
        """The view as a query."""
        told = {"view_key": self.key, "view_language": self.language, "view_number": self.number}
        told["view_tone"] = self.tone
        return urlencode({name: value for name, value in (told | more).items() if value})


@dataclass(frozen=True, slots=True)
class Look:
    """A design and the address below which its previews stand."""

    design: BrandDesign
    base: str
    stamp: str


def look_at(unit: Unit, *, creditor_id: UUID, which: str, prefix: str) -> Look:
    """This function will return a look: a version by its id, or what counts now.

    :raises NotFound: the creditor has no such version.
    """
    base = f"{prefix}/preview/{which}"
    if which == NOW:
        brand = brand_of(unit, creditor_id=creditor_id)
        return Look(design_of(brand), base, str(brand.version_id or ""))
    try:
        version = BRAND_DRAFTS.find(unit, creditor_id=creditor_id, draft_id=UUID(which))
    except ValueError as error:
        raise NotFound("this page does not exist") from error
    return Look(BrandDesign.from_fields(version.content), base, version.changed_at.isoformat())


def figures(unit: Unit, wiring: Wiring, *, creditor_id: UUID, look: Look, view: View) -> list[dict[str, Any]]:
    """This function will return what a page shows of each wanted message: where its frames and pictures are,
    who sends it, and the words of a text message.

    :raises NotFound: the claim that was asked for is not the creditor's.
    """
    creditor = creditor_facts(unit, creditor_id=creditor_id)
    keys = list(KINDS) if view.key == ALL else [view.key]
    if view.number:
        case = real_case(unit, creditor=creditor, number=view.number)
        keys = [key for key in keys_for(case) if view.key in (ALL, key)] or keys
    return [_figure(unit, wiring, creditor, look, view, key) for key in keys]


def _figure(
    unit: Unit, wiring: Wiring, creditor: dict[str, Any], look: Look, view: View, key: str
) -> dict[str, Any]:
    own = replace(view, key=key, compare=False)
    found: dict[str, Any] = {"key": key, "query": own.query(r=look.stamp), "base": look.base, "sms": None}
    # A text that is worded once says the same in every tone, so it is shown without one.
    found["tone"] = (view.tone or usual_tone(key, on=unit.today)) if has_tones(key) else ""
    for channel in CHANNELS:
        try:
            # A letter is made when its picture is asked for; who signs it is the same as of its mail.
            if channel is not Channel.letter:
                made = _made(unit, wiring, creditor, look, own, channel)
                found["sms" if channel is Channel.sms else "mail"] = _told(made)
            else:
                found["letter"] = True
        except NoSuchMessage:
            found[channel.value] = None
        except UnableToRender as error:
            found["error"] = str(error)
    return found


def _told(made: Preview) -> dict[str, Any]:
    return {
        "subject": made.subject, "language": made.language, "on_behalf": made.on_behalf,
        "text": made.text, "from_name": made.sender.name, "from_email": made.sender.email,
        "reply_to": made.sender.reply_to, "sms_sender": made.sms_sender,
    }  # fmt: skip


def mail_frame(unit: Unit, wiring: Wiring, *, creditor_id: UUID, look: Look, view: View) -> Response:
    """This function will answer with a mail exactly as it would be sent."""
    made = _asked(unit, wiring, creditor_id, look, view, Channel.email)
    # In a mail the logo stands with its full address; here that may be another name for the same machine.
    base = wiring.settings.public_url.rstrip("/")
    return _framed(made.html.replace(f'"{base}/logo/', '"/logo/'), _MAIL_POLICY)


def letter(unit: Unit, wiring: Wiring, *, creditor_id: UUID, look: Look, view: View) -> Response:
    """This function will answer with a letter as PDF."""
    made = _asked(unit, wiring, creditor_id, look, view, Channel.letter)
    return Response(made.pdf, media_type="application/pdf")


def letter_picture(
    unit: Unit, wiring: Wiring, *, creditor_id: UUID, look: Look, view: View, page: int
) -> Response:
    """This function will answer with a picture of one page (from 1) of a letter.

    :raises NotFound: it has no such page.
    """
    made = _asked(unit, wiring, creditor_id, look, view, Channel.letter)
    try:
        if not 1 <= page <= page_count(made.pdf, "application/pdf"):
            raise NotFound("this page does not exist")
        (picture,) = page_pictures(made.pdf, "application/pdf", pages=range(page - 1, page))
    except NoPicture as error:
        raise NotFound("this page does not exist") from error
    return Response(picture, media_type="image/jpeg")


def pay_page_frame(
    request: Request, unit: Unit, wiring: Wiring, *, creditor_id: UUID, look: Look, view: View
) -> Response:
    """This function will answer with the payment page."""
    creditor = creditor_facts(unit, creditor_id=creditor_id)
    case = _case(unit, creditor, view)
    config, design = wiring.settings, look.design
    language = view.language
    with speaking(language):
        parts = [Part(N_("Principal still open"), case.owed.principal)]
        parts += [Part(N_("Interest until today"), case.owed.interest)] if case.owed.interest else []
        owed = explanation(total=case.owed.total, parts=parts)
    values = {
        "brand": {
            "name": design.sender_name or creditor["creditor_name"],
            "css": f"{look.base}/brand.css?r={look.stamp}",
            "logo": logo_address(creditor_id, design.logo_sha256),
            "pay_text": design.pay_text.get(language, ""),
        },
        "agency": {
            "name": config.agency_name,
            "registration": config.agency_registration_nl,
            "phone": config.agency_phone,
            "email": config.agency_email,
            "complaints": config.agency_visits_and_complaints_url,
        },
        "creditor": creditor["creditor_name"],
        "debtor": case.facts["debtor_name"],
        "number": case.facts["number"],
        "owed": owed,
    }
    described = here(request)
    reader = Here(language=language, path="/pay", development=described.development)
    return _framed(render("brands/pay_page.html", reader, values), _PAGE_POLICY)


def style_frame(look: Look) -> Response:
    """This function will answer with the colours of a look."""
    return Response(style_of(look.design), media_type="text/css")


def _framed(html: str, policy: str) -> Response:
    headers = {"content-security-policy": policy, "x-frame-options": "SAMEORIGIN"}
    return HTMLResponse(html, headers=headers)


def _asked(
    unit: Unit, wiring: Wiring, creditor_id: UUID, look: Look, view: View, channel: Channel
) -> Preview:
    creditor = creditor_facts(unit, creditor_id=creditor_id)
    try:
        return _made(unit, wiring, creditor, look, view, channel)
    except (NoSuchMessage, UnableToRender) as error:
        raise NotFound("this message cannot be shown") from error


def _made(
    unit: Unit, wiring: Wiring, creditor: dict[str, Any], look: Look, view: View, channel: Channel
) -> Preview:
    design = look.design
    return preview(
        design=design,
        case=_case(unit, creditor, view),
        key=view.key,
        channel=channel,
        language=view.language,
        at=unit.now,
        settings=wiring.settings,
        renderer=wiring.ports.renderer,
        sends=sends_of(unit, creditor_id=creditor["creditor_id"], design=design),
        drawing=drawing_of(wiring.ports.files, design.logo_sha256) if design.logo_sha256 else "",
        tone=Tone(view.tone) if view.tone else None,
    )


def _case(unit: Unit, creditor: dict[str, Any], view: View) -> Case:
    if view.number:
        return real_case(unit, creditor=creditor, number=view.number)
    key = view.key if view.key in KINDS else View().key
    return sample_for(key, creditor=creditor, on=unit.today)
