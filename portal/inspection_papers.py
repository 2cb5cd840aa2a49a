"""What the doors give to an export for an inspector: their documents, their words, and who may do what."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from starlette.routing import Route

from agency.kernel.settings import Settings
from agency.kernel.unit import Unit, agency_day
from agency.ports.providers import Renderer
from agency.privacy.papers import Right
from agency.treatment.paths import PublishedPath
from portal import main
from portal.admin.users import ROLE_WORDS
from portal.collector.words import PHASES, PROMISE_STATES
from portal.creditor.quote_document import SOURCE as QUOTE
from portal.creditor.quote_document import document_values
from portal.quote_rows import quote_of
from portal.shared.audience import ROUTERS
from portal.shared.i18n import N_, gettext, speaking
from portal.shared.navigation import DOORS, Door, current_entry, door_of
from portal.shared.plan_words import PLAN_STATES, RHYTHMS, SETTLEMENT_STATES
from portal.shared.refusal_words import HOLDS, reasons
from portal.shared.words import (
    CHANNELS,
    CLAIM_STATES,
    DISPUTE_REASONS,
    DISPUTE_STATES,
    DOCUMENTS,
    MESSAGE_STATES,
    step_words,
)
from portal.treatment_process import process_pdf

# Why a message was not needed any more, or a step left out, beside the reasons of the rules.
ENDINGS: Final = {
    "too late": N_("Its time was over."),
    "notice first": N_("The formal notice comes first."),
    "not delivered": N_("It could not be delivered."),
    "paid": N_("The claim was paid."),
    "closed": N_("The claim was closed."),
    "promise_withdrawn": N_("The promise was changed or taken back."),
    "due_date_corrected": N_("The due date was corrected."),
}
_WORDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "channel": CHANNELS,
    "message_state": MESSAGE_STATES,
    "claim_state": CLAIM_STATES,
    "phase": PHASES,
    "role": ROLE_WORDS,
    "hold": HOLDS,
    "dispute_reason": DISPUTE_REASONS,
    "dispute_state": DISPUTE_STATES,
    "promise_state": PROMISE_STATES,
    "plan_state": PLAN_STATES,
    "settlement_state": SETTLEMENT_STATES,
    "mandate_state": PLAN_STATES,
    "rhythm": dict(RHYTHMS),
    "document": DOCUMENTS,
}


class DoorPapers:
    """See `Papers`."""

    def __init__(self, settings: Settings, renderer: Renderer) -> None:
        self._settings, self._renderer = settings, renderer

    def process(self, found: PublishedPath, *, responsible: str, language: str) -> bytes:
        """See `Papers.process`; without a name the agency answers for it."""
        return process_pdf(
            found, responsible=responsible or self._settings.agency_name, settings=self._settings,
            renderer=self._renderer, language=language,
        )  # fmt: skip

    def quote(self, unit: Unit, *, creditor_id: UUID, quote_id: UUID, language: str) -> bytes:
        """See `Papers.quote`."""
        found = quote_of(unit, creditor_id, quote_id)
        with speaking(language):
            values = document_values(
                unit, creditor_id=creditor_id, found=found, language=language,
                agency=self._settings.agency_name,
            )  # fmt: skip
        return self._renderer.letter(
            source=QUOTE.read_text(encoding="utf-8"), values=values, dated=agency_day(found.issued_at)
        )

    def say(self, kind: str, code: str, *, language: str) -> str:
        """See `Papers.say`."""
        with speaking(language):
            if kind == "step":
                return step_words(code)
            if kind == "reason":
                return gettext(ENDINGS[code]) if code in ENDINGS else reasons([code])[0]
            word = _WORDS[kind].get(code, code)
            return gettext(getattr(word, "label", word))

    def rights(self, *, language: str) -> Sequence[Right]:
        """See `Papers.rights`: each line of a menu with the roles of the pages that it leads to."""
        for part in main.PARTS:
            import_module(part)
        found: dict[tuple[str, str], tuple[set[str], set[str]]] = {
            (door.label, entry.label): (set(), set()) for door in DOORS for entry in door.entries
        }
        for declared in ROUTERS:
            for route in declared.router.routes:
                for door in DOORS:
                    _note(found, door, route, declared.roles)
        with speaking(language):
            return [
                Right(gettext(door), gettext(part), frozenset(looks), frozenset(acts))
                for (door, part), (looks, acts) in found.items()
            ]


def _note(
    found: dict[tuple[str, str], tuple[set[str], set[str]]], door: Door, route: Any, roles: frozenset[str]
) -> None:
    """Note who may look at a page, or act on it, under the line of the menu that it belongs to."""
    if not isinstance(route, Route) or door_of(route.path) is not door:
        return
    entry = current_entry(door, route.path)
    if entry is not None:
        looks, acts = found[door.label, entry.label]
        (looks if "GET" in (route.methods or ()) else acts).update(roles)
