"""The checks of a proof as tables: both figures of each, and the rows in which they differ."""

from typing import Any

from agency.money import Money
from portal.finance.words import CHECKS, DIFFERENCES
from portal.shared.i18n import N_, format_money, format_number, gettext
from portal.shared.listing import Chip, Column, Cut

CHECK_COLUMNS = (
    Column("what", N_("Check"), "link"),
    Column("left", N_("This figure"), sub="left_label"),
    Column("right", N_("must equal"), sub="right_label"),
    Column("result", N_("Result"), "chip", sub="difference"),
)
ROW_COLUMNS = (
    Column("what", N_("Which"), "link", sub="text"),
    Column("left", N_("This figure")),
    Column("right", N_("must equal")),
)
# Where a reader finds a row that differs; what is not listed has no page of finance's.
_PLACES = {
    "transaction": "/finance/ledger/transactions/{creditor_id}/{id}",
    "line": "/finance/lines/{id}",
    "statement": "/finance/statements/{id}",
    "claim": "/finance/ledger/claims.principal?creditor={creditor_id}&claim={id}",
    "run": "/finance/remittances/{creditor_id}/{id}",
    "account": "/finance/ledger/{id}?creditor={creditor_id}",
    "creditor": "/finance/ledger/trust.creditor?creditor={creditor_id}",
    "payment": "/finance/ledger/trust.creditor?creditor={creditor_id}",
    "message": "/finance/ledger/claims.principal?creditor={creditor_id}",
    "invoice": "/finance/invoices/{creditor_id}/{id}",
    "refund": "/finance/refunds/{creditor_id}/{id}",
    "intent": "/finance/ledger/trust.psp?creditor={creditor_id}",
}


def check_rows(checks: list[dict[str, Any]]) -> Cut[dict[str, Any]]:
    """This function will make the rows of checks, each with the account that its figures come from."""
    return Cut([_row(check) for check in checks])


def differing_rows(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """This function will make a table for each check that found rows."""
    return [_differing(n, check) for n, check in enumerate(checks) if check.get("rows")]


def _differing(number: int, check: dict[str, Any]) -> dict[str, Any]:
    """The rows in which both sides of a check differ, as a table of its own."""
    rows = check["rows"]
    return {
        "id": f"rows-{number}",
        "title": f"{check['key']}: {gettext(check['left_label'])}",
        "more": check["left"] - len(rows) if not check["money"] and check["left"] > len(rows) else 0,
        "cut": Cut([_difference(row) for row in rows]),
    }


def _difference(row: dict[str, Any]) -> dict[str, Any]:
    place, words = _PLACES.get(row["what"]), row["text"]
    return {
        "href": place.format(**row) if place else "",
        "what": f"{gettext(DIFFERENCES[row['what']])} {row['id']}",
        "text": gettext(words) if words else "",
        "left": "–" if row["left"] is None else _figure(row["left"], row["currency"]),
        "right": "–" if row["right"] is None else _figure(row["right"], row["currency"]),
    }


def _row(check: dict[str, Any]) -> dict[str, Any]:
    """One check of the list."""
    holds, currency = check["holds"], check["currency"] if check["money"] else ""
    red = Chip(N_("Red"), "bad") if check["blocks"] else Chip(N_("Attention"), "warning")
    difference = _figure(check["left"] - check["right"], currency)
    return {
        "href": f"/finance/ledger/{check['account']}" if check["account"] else "/finance/ledger",
        "what": _named(check),
        "left": _figure(check["left"], currency),
        "left_label": gettext(check["left_label"]),
        "right": _figure(check["right"], currency),
        "right_label": gettext(check["right_label"]),
        "result": Chip(N_("Green"), "good") if holds else red,
        "difference": "" if holds else gettext("difference %(amount)s") % {"amount": difference},
    }


def _named(check: dict[str, Any]) -> str:
    title = f"{check['key']} {gettext(CHECKS[check['key']])}"
    return f"{title} {check['subject']}" if check.get("subject") else title


def _figure(value: int, currency: str) -> str:
    return format_money(Money(value, currency)) if currency else format_number(value)
