"""Writing to the agency from the page: call me, my address is another, send me a copy, or anything else."""

import hashlib
import json
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from agency.communication.inbound.arriving import Arrival
from agency.communication.inbound.jobs import read_arrived, told
from agency.communication.inbound.models import InboundChannel
from agency.events import LanguageAsked
from agency.kernel.emitting import emit
from agency.kernel.errors import AgencyError
from agency.kernel.inbox import receive
from agency.kernel.unit import Door
from agency.ports.providers import ProviderTransient
from portal.debtor.answers import thanks
from portal.debtor.fields import Fields
from portal.debtor.pages import debtor_routes, reader_of, show_debtor
from portal.debtor.visits import TheVisit, Visit
from portal.shared.forms import Form, FormModel, blank, submitted
from portal.shared.i18n import LANGUAGES, N_, Language, gettext, speaking

ABOUT = (
    ("call_me", N_("Please call me"), N_("Give your phone number, and when we may call.")),
    ("new_details", N_("My address, e-mail address or phone number has changed"), ""),
    ("copies", N_("I want a copy of the invoice"), ""),
    ("language", N_("I want messages in another language"), N_("Choose it below. It counts at once.")),
    ("question", N_("I have a question"), ""),
)
About = Literal["call_me", "new_details", "copies", "language", "question"]
WORDS_MAX = 5_000
# Who asks for a copy has said all with that.
_SAYS_ALL = frozenset({"copies"})


class NotKept(AgencyError):
    """The message could not be kept at this moment."""

    status = 503
    code = "unavailable"


class MessageForm(FormModel):
    """What it is about, and the debtor's own words."""

    about: About
    words: str = ""
    language: Language | None = None


@debtor_routes.get("/message")
def message_form(request: Request, visit: TheVisit) -> Response:
    """Choose what it is about, and write."""
    asked = request.query_params.get("about", "")
    return _page(request, visit, blank(about=asked if asked in dict_of_about() else "call_me"))


@debtor_routes.post("/message")
def send(request: Request, visit: TheVisit, fields: Fields) -> Response:
    """Keep the message; a person reads it, and until then nothing is asked."""
    form = submitted(MessageForm, fields)
    if not form.errors and form.data.about == "language":
        return _write_in(request, visit, form)
    if not form.errors and not form.data.words and form.data.about not in _SAYS_ALL:
        form.refuse(N_("Write what you want to tell us."), "words")
    if not form.errors and len(form.data.words) > WORDS_MAX:
        form.refuse(N_("This is too long."), "words")
    if form.errors:
        return _page(request, visit, form, status=422)
    _keep(request, visit, form.data)
    return thanks("message")


def dict_of_about() -> dict[str, str]:
    """This function will return what a message can be about, with its words."""
    return {value: words for value, words, _ in ABOUT}


def _write_in(request: Request, visit: Visit, form: Form[MessageForm]) -> Response:
    """Write in the language that was chosen; words beside it are read by a person, as any message."""
    if form.data.language is None:
        form.refuse(N_("Choose a language."), "language")
    if len(form.data.words) > WORDS_MAX:
        form.refuse(N_("This is too long."), "words")
    if form.errors or form.data.language is None:
        return _page(request, visit, form, status=422)
    if form.data.words:
        _keep(request, visit, form.data)
    with visit.unit() as unit:
        emit(
            unit,
            LanguageAsked(
                creditor_id=visit.creditor_id,
                claim_id=visit.claim_id,
                debtor_id=visit.debtor_id,
                language=form.data.language,
            ),
        )
    answer = thanks("language")
    # The page goes on in it, too: a choice made on the page before does not win from this one.
    answer.set_cookie("language", form.data.language, max_age=31_536_000, samesite="lax", path="/")
    return answer


def _keep(request: Request, visit: Visit, data: MessageForm) -> None:
    """Keep the bytes and the fact, as of all that comes in; the same words twice on a day are one message."""
    with visit.unit() as unit:
        reader = reader_of(request, visit, unit)
        day = unit.today.isoformat()
    with speaking(reader.language):
        about = gettext(dict_of_about()[data.about])
    content = {
        "creditor_id": str(visit.creditor_id),
        "claim_id": str(visit.claim_id),
        "about": about,
        "words": data.words,
        "day": day,
    }
    written = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    try:
        sha256 = visit.wiring.ports.files.put(written)
    except ProviderTransient as error:
        raise NotKept("The system is busy or restarting. Nothing was lost: try again.") from error
    arrival = Arrival(
        channel=InboundChannel.PAGE,
        source_key=f"page:{hashlib.sha256(written).hexdigest()}",
        sha256=sha256,
        words="\n\n".join(part for part in (about, data.words) if part),
    )
    with visit.wiring.units.open(Door.GATE, by=visit.by) as unit:
        receive(unit, source="inbound.page", facts=[told(arrival)], handler=read_arrived)


def _page(request: Request, visit: Visit, form: Form[Any], *, status: int = 200) -> Response:
    values = {"form": form, "about": ABOUT, "spoken": LANGUAGES.items(), "words_max": WORDS_MAX}
    return show_debtor(request, visit, "debtor/message.html", values, status=status)
