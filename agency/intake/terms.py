"""Payment terms that an invoice says in words only: when it is to be paid by them."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

_DAY: Final = r"(?:dagen|dag|dgn|days?|jours?|jrs?|j|tagen?|tag)\b"
_DAYS: Final = re.compile(
    r"(?:binnen|within|sous|\bdans(?: les)?|innerhalb(?: von)?|termijn|\bterms?|d[ée]lai|\bnet|\b[àa])"
    r"\s*:?\s*"
    r"(?:een termijn van |un d[ée]lai de )?(\d{1,3})\s?"
    + _DAY
    + r"|(?:^|[,;]\s*)(\d{1,3})\s?"
    + _DAY
    + r"\s*"
    r"(?:$|[,;.]|net(?:to)?\b|na |after |from |apr[eè]s |date |ab |nach |ein|end|fin|fdm|eom)"
    # "Net 60" says no days; "2/10 net 45" neither.
    r"|\bnet\s?(\d{1,3})\b(?!\s?(?:%|€|eur)|[.,]\d)",
    re.IGNORECASE | re.MULTILINE,
)
_ANY_DAYS: Final = re.compile(r"(\d{1,3})\s?" + _DAY, re.IGNORECASE)
_CLAUSES: Final = re.compile(r"[;\n]|\.\s")
_DISCOUNT: Final = re.compile(r"%|skonto|korting|escompte|discount|remise", re.IGNORECASE)
_END_OF_MONTH: Final = re.compile(
    r"einde?(?: van de)? maand|fin de mois|\bfdm\b|end of (?:the )?month|\beom\b|monatsende", re.IGNORECASE
)


def due_by_terms(terms: str | None, issued: date) -> date | None:
    """This function will return the day on which an invoice is due by its terms: `30 dagen netto`,
    `à 45 jours fin de mois`. Of several numbers of days the largest counts: the others are for who pays
    early, at a discount.

    :return: None where the terms say no number of days, or only ones with a discount.
    """
    days = [most for clause in _CLAUSES.split(terms or "") if (most := _days_in(clause.strip())) is not None]
    if not days or (date.max - issued).days < max(days) + 31:
        return None
    due = issued + timedelta(days=max(days))
    if _END_OF_MONTH.search(terms or ""):
        return due.replace(day=monthrange(due.year, due.month)[1])
    return due


def _days_in(clause: str) -> int | None:
    """The most days that a clause gives; none where its only number belongs to a discount."""
    days = {int(found[1] or found[2] or found[3]) for found in _DAYS.finditer(clause)}
    named = days | {int(number) for number in _ANY_DAYS.findall(clause)}
    early = len(named) == 1 and bool(_DISCOUNT.search(clause))
    return None if early else max(days, default=None)
