"""What must be in order before a brand is published: each point green, or with what is wrong in it."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID

from agency.communication.brand_cases import Sends, creditor_facts, made_up_case
from agency.communication.brand_previews import (
    NoSuchMessage,
    preview,
    sample_for,
    texts,
    values_of,
)
from agency.communication.composing import values_named
from agency.communication.mandatory import content_held, missing, readers, takes_copies
from agency.communication.rendering import UnableToRender
from agency.communication.templates import TemplateTooHard, refuse_too_hard, written_files
from agency.communication.values import is_early
from agency.kernel.errors import Invalid
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.parties import branding
from agency.parties.hosts import host_state
from agency.parties.models import HostState, HostUse
from agency.ports.providers import Renderer
from agency.rules.brand import BrandDesign, BrandFault, brand_faults
from agency.rules.facts import Channel, DebtorKind, Phase
from agency.rules.identity import Identity, identity_shown

Point = Literal[
    "design", "contrast", "mail_domain", "inbound_domain", "pay_host", "identity", "mandatory", "b1",
    "rendering",
]  # fmt: skip
_CONTRAST: Final = frozenset({"contrast_button", "contrast_paper"})
_COUNTRIES: Final = ("NL", "BE", "DE", "FR")
_AT_ONCE: Final = 4
_OF_A_DESIGN: Final = ("brand.", "sender.")


@dataclass(frozen=True, slots=True)
class Checked:
    """One point of the list; it is in order when nothing stands in `wrong` and `faults`."""

    point: Point
    wrong: tuple[str, ...] = ()
    faults: tuple[BrandFault, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong and not self.faults


@dataclass(frozen=True, slots=True)
class Shown:
    """Who signs towards one kind of debtor in one phase, with the decision."""

    country: str
    debtor: DebtorKind
    phase: Phase
    identity: Identity


class NotReady(Invalid):
    """A point of the checklist is not in order."""

    def __init__(self, points: tuple[Checked, ...]) -> None:
        super().__init__("the checklist is not green yet, so this brand cannot be published")
        self.points = points


def checklist(unit: Unit, *, creditor_id: UUID, design: BrandDesign, settings: Settings) -> list[Checked]:
    """This function will look at every point but rendering, which takes longer: see `rendered`."""
    creditor = creditor_facts(unit, creditor_id=creditor_id)
    faults = brand_faults(design, on=unit.today)
    return [
        Checked("design", faults=tuple(one for one in faults if not _is_about_words(one))),
        Checked("contrast", faults=tuple(one for one in faults if one.code in _CONTRAST)),
        _mail_domain(unit, creditor_id, design, settings),
        _inbound_domain(unit, creditor_id, design, settings),
        _pay_host(unit, creditor_id, design),
        Checked("identity", wrong=_unregistered(settings)),
        Checked("mandatory", wrong=_missing(creditor, design, unit.today, settings)),
        Checked("b1", wrong=_too_hard(unit.today), faults=tuple(f for f in faults if f.code == "too_hard")),
    ]


def rendered(
    unit: Unit,
    *,
    creditor_id: UUID,
    design: BrandDesign,
    settings: Settings,
    renderer: Renderer,
    drawing: str = "",
) -> Checked:
    """This function will make a message of each make, in each language and for each channel.

    Several at a time: a person waits for it, and what lays out letters lets other threads work meanwhile.
    That each text can be made at all does not depend on a design; it is known since the text came out.
    """
    creditor, at, on = creditor_facts(unit, creditor_id=creditor_id), unit.now, unit.today

    def fault(text: tuple[str, Channel, str]) -> str:
        key, channel, language = text
        case = sample_for(key, creditor=creditor, on=on)
        try:
            preview(
                design=design, case=case, key=key, channel=channel, language=language, at=at,
                settings=settings, renderer=renderer, sends=Sends(), drawing=drawing,
            )  # fmt: skip
        except (NoSuchMessage, UnableToRender) as error:
            return f"{key}, {channel}, {language}: {error}"
        return ""

    with ThreadPoolExecutor(_AT_ONCE) as hands:
        return Checked("rendering", wrong=tuple(filter(None, hands.map(fault, of_each_make()))))


@lru_cache(maxsize=1)
def of_each_make() -> tuple[tuple[str, Channel, str], ...]:
    """Return the longest of the texts that are made alike: by the same channel in the same language, signed
    by the same one, with or without copies, and with the same parts of a design in them."""
    longest: dict[tuple[Any, ...], tuple[str, Channel, str]] = {}
    for (key, channel, language), composed in sorted(texts().items(), key=lambda one: -len(one[1].body)):
        parts = frozenset(name for name in values_named(composed.body) if name.startswith(_OF_A_DESIGN))
        make = channel, language, is_early(key), takes_copies(key, channel), parts
        longest.setdefault(make, (key, channel, language))
    return tuple(longest.values())


def submit(
    unit: Unit, *, creditor_id: UUID, draft_id: UUID, settings: Settings, renderer: Renderer, drawing: str
) -> None:
    """This function will hand a draft to a second person once everything is in order.

    :raises NotReady: something is not.
    :raises Conflict: it is not a draft any more.
    """
    design = _design(unit, creditor_id, draft_id)
    _refuse_failing(checklist(unit, creditor_id=creditor_id, design=design, settings=settings))
    made = rendered(
        unit, creditor_id=creditor_id, design=design, settings=settings, renderer=renderer, drawing=drawing
    )
    _refuse_failing([made])
    branding.submit_draft(unit, creditor_id=creditor_id, draft_id=draft_id)


def publish(
    unit: Unit, *, creditor_id: UUID, draft_id: UUID, settings: Settings, edition: str | None = None
) -> int:
    """This function will publish a submitted draft and return the version.

    Everything is looked at once more but rendering: a submitted draft cannot change.

    :param edition: of what the person read.
    :raises NotReady: something is not in order any more.
    :raises NotYourOwn: the person wrote in it.
    :raises ChangedMeanwhile: it says something else by now.
    :raises Conflict: it was not submitted, or changes nothing.
    """
    design = _design(unit, creditor_id, draft_id)
    _refuse_failing(checklist(unit, creditor_id=creditor_id, design=design, settings=settings))
    return branding.publish_draft(unit, creditor_id=creditor_id, draft_id=draft_id, edition=edition)


def identities(*, in_creditors_name: bool, on: date) -> Iterator[Shown]:
    """Give who signs, by country, kind of debtor and phase, as the release decides it."""
    for country in _COUNTRIES:
        for debtor in DebtorKind:
            for phase in (Phase.reminder, Phase.amicable, Phase.legal):
                found = identity_shown(
                    country=country, debtor=debtor, phase=phase, in_creditors_name=in_creditors_name, on=on
                )
                yield Shown(country, debtor, phase, found)


def sends_of(unit: Unit, *, creditor_id: UUID, design: BrandDesign) -> Sends:
    """This function will tell whether mail may come from the design's domain and links lead to its host."""
    mail = host_state(unit, creditor_id=creditor_id, use=HostUse.MAIL, name=design.mail_domain)
    pay = host_state(unit, creditor_id=creditor_id, use=HostUse.PAY, name=design.pay_host)
    return Sends(mail=mail is HostState.VALID, pay=pay is HostState.VALID)


def _design(unit: Unit, creditor_id: UUID, draft_id: UUID) -> BrandDesign:
    draft = branding.BRAND_DRAFTS.find(unit, creditor_id=creditor_id, draft_id=draft_id, to_change=True)
    return BrandDesign.from_fields(draft.content)


def _refuse_failing(points: Sequence[Checked]) -> None:
    if failing := tuple(point for point in points if not point.passes):
        raise NotReady(failing)


def _is_about_words(fault: BrandFault) -> bool:
    return fault.code in _CONTRAST or fault.code == "too_hard"


def _mail_domain(unit: Unit, creditor_id: UUID, design: BrandDesign, settings: Settings) -> Checked:
    domain = design.mail_domain
    if not domain:
        return Checked("mail_domain", facts={"state": "agency", "domain": settings.agency_email})
    state = host_state(unit, creditor_id=creditor_id, use=HostUse.MAIL, name=domain)
    return _host("mail_domain", domain, state)


def _inbound_domain(unit: Unit, creditor_id: UUID, design: BrandDesign, settings: Settings) -> Checked:
    """A brand may leave answers to the agency's domain; a domain of its own that was asked for must work."""
    domain = design.inbound_domain(on=unit.today)
    state = host_state(unit, creditor_id=creditor_id, use=HostUse.INBOUND, name=domain) if domain else None
    if state is None:
        facts = {"state": "agency", "domain": settings.inbound_domain or settings.agency_email}
        return Checked("inbound_domain", facts=facts)
    return _host("inbound_domain", domain, state)


def _pay_host(unit: Unit, creditor_id: UUID, design: BrandDesign) -> Checked:
    if not design.pay_host:
        return Checked("pay_host", facts={"state": "agency", "domain": ""})
    state = host_state(unit, creditor_id=creditor_id, use=HostUse.PAY, name=design.pay_host)
    return _host("pay_host", design.pay_host, state)


def _host(point: Point, name: str, state: HostState | None) -> Checked:
    told = {"state": state.value if state else "unknown", "domain": name}
    return Checked(point, wrong=() if state is HostState.VALID else (told["state"],), facts=told)


def _unregistered(settings: Settings) -> tuple[str, ...]:
    """The agency's own identity must be complete, because every message shows it."""
    needed = (
        "agency_name", "agency_address", "agency_phone", "agency_email", "agency_registration_nl",
        "agency_registration_be", "agency_registration_de", "agency_visits_and_complaints_url",
        "agency_privacy_url",
    )  # fmt: skip
    return tuple(name for name in needed if not getattr(settings, name))


def _missing(creditor: dict[str, Any], design: BrandDesign, on: date, settings: Settings) -> tuple[str, ...]:
    found = {*_texts_that_miss(on)}
    for (key, channel, language), composed in texts().items():
        if channel == "sms" or (language != "nl" and (key, channel, "nl") in texts()):
            continue  # which values a message needs does not depend on its language
        for law, debtor in readers(key):
            case = made_up_case(creditor=creditor, law=law, debtor=debtor, on=on)
            _, values = values_of(design, case, composed, on=on, settings=settings, sends=Sends())
            home = case.facts["country"]
            found |= set(
                content_held(key, values, law=law, debtor=debtor, channel=channel, home=home, on=on).empty
            )
    return tuple(sorted(found))


@lru_cache(maxsize=8)
def _texts_that_miss(on: date) -> tuple[str, ...]:
    return tuple(name for composed in texts().values() for name in missing(composed, on=on))


@lru_cache(maxsize=8)
def _too_hard(on: date) -> tuple[str, ...]:
    hard = []
    for written in written_files():
        try:
            refuse_too_hard(written, on=on)
        except TemplateTooHard as refusal:
            hard.append(refusal.message)
    return tuple(hard)
