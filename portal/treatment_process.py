"""The written process of a path, as a document: what happens when, in the words of its readers."""

from datetime import date
from pathlib import Path
from typing import Final

from agency.kernel.settings import Settings
from agency.ports.providers import Renderer, Value
from agency.rules.explain import written_day
from agency.treatment.drafting import draft_path
from agency.treatment.paths import PublishedPath
from portal.admin.path_timeline import timeline
from portal.admin.path_words import ENDS, path_name
from portal.shared.i18n import N_, gettext, speaking

SOURCE: Final = Path(__file__).with_name("treatment_process.typ")
COLUMNS: Final = (N_("Day"), N_("Step"), N_("When"), N_("By"), N_("For whom"))
ALWAYS: Final = (
    N_("Every message is put before the law again in the moment before it leaves: holds, disputes, hours, "
       "frequency, limitation and what it must say."),
    N_("A payment of everything ends the path. A dispute, a hold, a promise or a payment plan pauses it."),
    N_("Costs are asked only after the notice that the law wants, and after its term."),
    N_("Nobody is contacted twice on one day, whichever creditors' claims it is about."),
)  # fmt: skip


def process_pdf(
    found: PublishedPath, *, responsible: str, settings: Settings, renderer: Renderer, language: str
) -> bytes:
    """This function will return the written process of a version as PDF, the same bytes each time."""
    with speaking(language):
        values = _values(found, responsible, settings, language)
    return renderer.letter(source=SOURCE.read_text(encoding="utf-8"), values=values, dated=found.valid_from)


def _values(found: PublishedPath, responsible: str, settings: Settings, language: str) -> dict[str, Value]:
    path = found.path
    drawn = timeline(draft_path(path.to_fields()), currency=path.currency, on=max(found.valid_from, _FIRST))
    facts = [
        (gettext("Version"), str(found.version)),
        (gettext("Counts from"), written_day(found.valid_from, language)),
        (gettext("Responsible"), responsible),
    ]
    phases: list[Value] = [
        {
            "name": phase["name"],
            "steps": [
                [
                    "–" if step["day"] is None else str(step["day"]), step["name"], step["when"],
                    step["ways"], ", ".join(step["conditions"]) or gettext("everybody"),
                ]
                for step in phase["steps"]
            ],
        }
        for phase in drawn
    ]  # fmt: skip
    return {
        "language": language,
        "title": gettext("Written process of collection"),
        "agency": settings.agency_name,
        "subtitle": path_name(path.key, path.law, path.debtors, path.signature, path.name),
        "facts": [{"name": name, "value": value} for name, value in facts],
        "columns": [gettext(column) for column in COLUMNS],
        "phases": phases,
        "end": _end(found),
        "always_title": gettext("What always counts"),
        "always": [gettext(sentence) for sentence in ALWAYS],
    }


_FIRST: Final = date(2026, 1, 1)  # the tables of contact know every rule from here on


def _end(found: PublishedPath) -> str:
    end = found.path.end
    if end is None:
        return gettext("At the end nothing is asked.")
    return gettext("At the end, %(days)s days after the last step: %(what)s") % {
        "days": end.after_days, "what": gettext(ENDS[end.to]),
    }  # fmt: skip
