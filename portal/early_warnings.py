"""The early warning as collectors and creditors read it: the list, its file, and one debtor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from agency.early_warning.models import DebtorWarning
from agency.kernel.audit import record
from agency.kernel.unit import Unit
from agency.money import Money
from agency.progress.warning_list import (
    WARNING_ORDERS,
    all_warnings,
    open_claims_of,
    warning_counts,
    warning_of,
)
from portal.shared.audience import show
from portal.shared.i18n import N_, format_day, format_money, gettext
from portal.shared.listing import Chip, Column, Cut, Listing
from portal.shared.spreadsheets import Cell, list_file
from portal.shared.words import CLAIM_STATES, DEBTOR_KINDS

LEVELS: Final = {
    "act": Chip(N_("Act now"), "bad"),
    "warn": Chip(N_("Be careful"), "warning"),
    "watch": Chip(N_("Keep an eye on"), "info"),
}
_SURE: Final = {"high": N_("Certain"), "middle": N_("Likely"), "low": N_("Possible")}
_SIGNS: Final = {
    "slower": N_("Pays later: up to %(late_now)s days late now, %(late_before)s days on average before"),
    "broken": N_("Promises or payments of a plan not kept: %(measure)s"),
    "several": N_("Claims that fell due or came in shortly after each other: %(measure)s"),
    "unreachable": N_("Messages that came back and wrong numbers: %(measure)s"),
    "register": N_("In a public register: %(register)s"),
    "credit": N_("The bureau's score fell by %(measure)s points between two credit checks"),
    "disputes": N_("More disputes: %(disputes)s lately, %(disputes_before)s in the time before"),
    "returned": N_("Direct debits that the bank returned: %(measure)s"),
}
_REGISTERS: Final = {
    "bankruptcy": N_("bankruptcy"), "moratorium": N_("moratorium"), "insolvency": N_("insolvency"),
}  # fmt: skip
_ACTIONS: Final = {
    "notify_insurer": N_("Tell the credit insurer by %(notify_by)s"),
    "file_claim": N_("File the claim with the trustee"),
    "talk_about_help": N_("Ask first what is possible, also of whoever helps or represents the debtor"),
    "settle_dispute": N_("Settle what is disputed first"),
    "check_contact": N_("Find the right address and number"),
    "call_early": N_("Call early and ask for the cause"),
    "offer_plan": N_("Offer payment in parts"),
    "prepayment": N_("Ask for payment in advance"),
    "stop_account": N_("Stop delivering on account"),
    "pre_legal": N_("Weigh a last demand and a procedure"),
}
FILTERS: Final = ("q", "level")
_COLUMNS: Final = (
    Column("debtor", N_("Debtor"), "link", sub="who", sort=True),
    Column("points", N_("Level"), "chip", sub="score", sort=True),
    Column("why", N_("Why"), "html"),
    Column("proposed", N_("What we propose"), "html"),
    Column("claims", N_("Open claims"), "number", sub="owed", sort=True),
    Column("since", N_("Since"), "day", sort=True, phone=False),
)
_HEADERS: Final = (
    N_("Debtor"), N_("Creditor"), N_("Level"), N_("Points"), N_("Why"), N_("What we propose"),
    N_("Open claims"), N_("Still owed"), N_("Since"),
)  # fmt: skip
_FIELDS: Final = {"debtor": "name_key", "claims": "open_claims"}


@dataclass(frozen=True, slots=True)
class WarningDoor:
    """Whose pages these are: their address, where a claim's page is, whether the creditor is named."""

    base: str
    home: tuple[str, str]
    claim_url: Callable[[UUID, UUID], str]
    debtor_url: Callable[[UUID, UUID], str]
    names_creditor: bool


def warnings_page(request: Request, unit: Unit, door: WarningDoor) -> Response:
    """This function will answer with the list of warnings, the gravest first."""
    listing = _listing(request, door)
    rows = unit.session.connection().execute(
        listing.apply(_chosen(listing), columns=WARNING_ORDERS, tie=col(DebtorWarning.id))
    )
    field = _FIELDS.get(listing.sort, listing.sort)
    cut = listing.cut(rows.all(), position=lambda row: (getattr(row, field), row.id))
    counts = warning_counts(unit)
    values = {
        "columns": _COLUMNS,
        "listing": listing,
        "cut": Cut([_row(row, door) for row in cut.rows], cut.next_url, cut.previous_url),
        "levels": [(level, chip.label) for level, chip in LEVELS.items()],
        "counts": [(level, chip, counts.get(level, 0)) for level, chip in LEVELS.items()],
        "door": door,
        "query": request.url.query,
    }
    return show(request, "warnings/list.html", values)


def warnings_file(request: Request, unit: Unit, door: WarningDoor, kind: Literal["csv", "xlsx"]) -> Response:
    """This function will answer with the filtered list as a file."""
    chosen = _chosen(_listing(request, door)).order_by(
        col(DebtorWarning.points).desc(), col(DebtorWarning.id)
    )
    rows = [_cells(row, door) for row in unit.session.connection().execute(chosen)]
    headers = [header for header in _HEADERS if door.names_creditor or header != "Creditor"]
    record(unit, action="warnings.exported", subject=f"warnings:{kind}", facts={"rows": len(rows)})
    return list_file(name="early-warning", headers=headers, rows=rows, kind=kind)


def warning_page(
    request: Request, unit: Unit, door: WarningDoor, *, creditor_id: UUID, debtor_id: UUID
) -> Response:
    """This function will answer with one debtor: each sign with its points, what is proposed, his claims.

    :raises NotFound: nothing is to be said of this debtor.
    """
    row = warning_of(unit, creditor_id=creditor_id, debtor_id=debtor_id)
    claims = open_claims_of(unit, creditor_id=creditor_id, debtor_id=debtor_id)
    values = {
        "door": door,
        "row": row,
        "chip": LEVELS[row.level],
        "kind": gettext(DEBTOR_KINDS[row.kind]),
        "signs": [
            (_sentence(one, row.facts), one["points"], gettext(sure))
            for one in row.signs
            for sure in (_SURE[one["sure"]],)
        ],
        "actions": _proposals(row),
        "claims": Cut(
            [
                {
                    "href": door.claim_url(creditor_id, claim.id),
                    "number": claim.number,
                    "reference": claim.reference,
                    "due_on": claim.due_on,
                    "principal": Money(claim.principal_minor, claim.currency),
                    "state": CLAIM_STATES[claim.state],
                }
                for claim in claims
            ]
        ),
        "claim_columns": _CLAIMS,
        "owed": _owed(row),
    }
    return show(request, "warnings/one.html", values)


_CLAIMS: Final = (
    Column("number", N_("Claim"), "link", sub="reference"),
    Column("due_on", N_("Due"), "day"),
    Column("principal", N_("Principal"), "money"),
    Column("state", N_("Status"), "chip"),
)


def _listing(request: Request, door: WarningDoor) -> Listing:
    return Listing.read(
        door.base, request.query_params, sorts=tuple(WARNING_ORDERS), default="-points", filters=FILTERS
    )


def _chosen(listing: Listing) -> Any:
    return all_warnings(level=listing.filters.get("level", ""), words=listing.filters.get("q", ""))


def _row(row: Row[Any], door: WarningDoor) -> dict[str, Any]:
    whose = row.creditor if door.names_creditor else ""
    return {
        "id": row.id,
        "href": door.debtor_url(row.creditor_id, row.debtor_id),
        "debtor": row.debtor,
        "who": " · ".join(part for part in (whose, gettext(DEBTOR_KINDS[row.kind]), row.city) if part),
        "points": LEVELS[row.level],
        "score": gettext("%(points)s points") % {"points": row.points},
        "why": [_sentence(sign, row.facts) for sign in row.signs],
        "proposed": _proposals(row),
        "claims": row.open_claims,
        "owed": _owed(row),
        "since": row.since,
    }


def _cells(row: Row[Any], door: WarningDoor) -> list[Cell]:
    shown = _row(row, door)
    level = LEVELS[row.level].label
    whose = [row.creditor] if door.names_creditor else []
    return [
        row.debtor, *whose, gettext(level), row.points, "; ".join(shown["why"]),
        "; ".join(shown["proposed"]), row.open_claims, shown["owed"], row.since,
    ]  # fmt: skip


def _owed(row: Row[Any]) -> str:
    amounts = (Money(minor, currency) for currency, minor in sorted(row.owed.items()))
    return " + ".join(format_money(amount) for amount in amounts)


def _sentence(found: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    sentence = _SIGNS[found["sign"]]
    kinds = ", ".join(gettext(_REGISTERS.get(kind, kind)) for kind in facts["register"])
    return gettext(sentence) % {**facts, "measure": found["measure"], "register": kinds}


def _proposals(row: Row[Any]) -> list[str]:
    until = row.facts["notify_by"]
    told = {"notify_by": format_day(date.fromisoformat(until)) if until else ""}
    return [gettext(_ACTIONS[action]) % told for action in row.actions]
