"""What is kept of a person and until when, what stands in the way of erasing it, and what he asked of us."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.privacy.legal_holds import legal_holds
from agency.privacy.persons_requests import requests_of
from agency.privacy.standing_of_claims import ClaimStanding, standings_of_person
from agency.rules.explain import explain
from agency.rules.retention import Answer, RequestKind
from agency.rules.trace import from_json
from portal.shared.forms import Form, blank
from portal.shared.i18n import N_, current_language, gettext
from portal.shared.listing import Chip
from portal.shared.sessions import Visitor

REQUEST_KINDS: Final[Mapping[RequestKind, str]] = {
    RequestKind.ACCESS: N_("To see what is kept"),
    RequestKind.ERASURE: N_("To be erased"),
}
ANSWERS: Final[Mapping[Answer, Chip]] = {
    Answer.GRANTED: Chip(N_("Granted"), "good"),
    Answer.PARTLY: Chip(N_("Partly granted"), "warning"),
    Answer.REFUSED: Chip(N_("Refused"), "calm"),
}
WAITS: Final = Chip(N_("Waits for an answer"), "warning")
_NAMES: Final = text("SELECT 'user:' || id AS by, name FROM user_account WHERE 'user:' || id = ANY(:by)")


def kept_of_person(
    unit: Unit, visitor: Visitor, creditor_id: UUID, debtor_id: UUID, forms: Mapping[str, Form[Any]]
) -> dict[str, Any]:
    """This function will return what the page of a person shows about keeping and erasing."""
    standings = standings_of_person(unit, creditor_id=creditor_id, debtor_id=debtor_id, on=unit.today)
    holds = legal_holds(unit, creditor_id=creditor_id, debtor_id=debtor_id)
    requests = requests_of(unit, creditor_id=creditor_id, debtor_id=debtor_id)
    by = [one.placed_by for one in holds] + [one.lift_asked_by for one in holds if one.lift_asked_by]
    names = {one.by: one.name for one in unit.session.connection().execute(_NAMES, {"by": by})}
    numbers: dict[UUID | None, str] = {one.claim_id: one.number for one in standings}
    mine = [one for one in standings if one.creditor_id == creditor_id and not one.erased]
    return {
        "kept_url": f"/desk/debtors/{creditor_id}/{debtor_id}",
        "kept": [_kept(one) for one in standings],
        "legal_holds": [
            {
                "hold": one, "who": names.get(one.placed_by, ""), "number": numbers.get(one.claim_id, ""),
                "asker": names.get(one.lift_asked_by or "", ""),
                "mine": one.lift_asked_by == f"user:{visitor.user_id}",
                "form": forms.get(f"lift-{one.id}", blank()),
            }
            for one in holds
        ],
        "privacy_requests": [_request(one) for one in requests],
        "hold_form": forms.get("hold", blank()),
        "request_form": forms.get("request", blank(received_on=unit.today.isoformat())),
        "claim_choices": [(str(one.claim_id), one.number) for one in mine],
        "request_choices": [(kind.value, gettext(words), "") for kind, words in REQUEST_KINDS.items()],
        "today": unit.today,
        "administers": "admin" in visitor.roles,
    }  # fmt: skip


def _kept(one: ClaimStanding) -> dict[str, Any]:
    return {
        "number": one.number,
        "erased": one.erased,
        "due_on": one.decision.due_on,
        "why": [] if one.erased else explain(one.decision.trace, current_language()),
    }


def _request(one: Any) -> dict[str, Any]:
    return {
        "request": one,
        "kind": REQUEST_KINDS[one.kind],
        "chip": ANSWERS[one.answer] if one.answer else WAITS,
        "why": explain(from_json(one.trace), current_language()),
    }
