"""What the pages of every kind of draft share: who wrote in it, and a refusal shown on it."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import text
from starlette.responses import Response

from agency.kernel.drafts import Draft, DraftState, edition_of
from agency.kernel.errors import AgencyError
from agency.kernel.unit import Unit
from portal.shared.audience import leave_for
from portal.shared.forms import Fields
from portal.shared.words import DRAFT_STATES

_REMARK_MAX = 500


def attempt(
    unit: Unit,
    effect: Callable[[], object],
    *,
    refused: Callable[[AgencyError], Response],
    then: str,
    notice: str = "",
) -> Response:
    """This function will do something with a draft and leave for `then`; a refusal undoes it and is shown."""
    try:
        with unit.session.begin_nested():
            effect()
    except AgencyError as refusal:
        unit.session.expire_all()
        return refused(refusal)
    return leave_for(then, notice=notice)


def draft_values(unit: Unit, draft: Draft) -> dict[str, Any]:
    """This function will return what `admin/draft_parts.html` shows of a draft."""
    people = names_of(unit, draft.writers)
    return {
        "draft": draft,
        "chip": DRAFT_STATES[draft.state],
        "editable": draft.state == DraftState.DRAFT,
        "own": unit.by in draft.writers,
        "edition": edition_of(draft),
        "writers": [people.get(who, who) for who in draft.writers],
    }


def edition_read(fields: Fields) -> str:
    """This function will return of which edition a page was that something is sent from."""
    return str(fields.get("edition") or "")


def remark_of(fields: Fields) -> str:
    """This function will return why a draft is given back, as typed."""
    return str(fields.get("remark") or "").strip()[:_REMARK_MAX]


def names_of(unit: Unit, who: Iterable[str | None]) -> dict[str, str]:
    """This function will return the names of users by the words that history knows them by."""
    found = unit.session.connection().execute(
        text("SELECT 'user:' || id AS by, name FROM user_account WHERE 'user:' || id = ANY(:who)"),
        {"who": sorted({one for one in who if one})},
    )
    return {row.by: row.name for row in found}
