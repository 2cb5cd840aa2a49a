from dataclasses import dataclass
from datetime import date
from typing import Literal

from agency.rules.facts import Law
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True)
class NoticeTerm:
    """The term of a notice: paid on `last_day` is still free of costs, which run from `costs_from`."""

    delivered: date
    last_day: date
    costs_from: date
    trace: Trace


def notice_term(*, law: Law, by: Literal["post", "email"], sent: date) -> NoticeTerm:
    raise NotImplementedError
