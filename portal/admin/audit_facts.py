"""What a link of the audit trail says besides, as a reader understands it: words, money, days.

The file keeps the names and figures as the trail has them, for programs.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from agency.kernel.unit import AGENCY_ZONE
from agency.money import Money
from portal.admin.audit_words import DONE
from portal.shared.i18n import N_, format_bps, format_day, format_moment, format_money, format_number, gettext

FACTS: Final = {
    "act": N_("act"), "address": N_("address"), "after": N_("after"), "amount": N_("amount"),
    "answer": N_("answer"), "answer_by": N_("answer"), "at_least": N_("at least"), "attempt": N_("attempt"),
    "author": N_("author"), "base": N_("base"), "before": N_("before"), "by": N_("by"), "bytes": N_("bytes"),
    "cause_id": N_("cause"), "certificate": N_("certificate"), "channel": N_("channel"),
    "checks": N_("checks"), "claim": N_("claim"), "claims": N_("claims"),
    "collect_on": N_("to be collected on"), "contested": N_("contested"), "creditor_id": N_("creditor"),
    "creditors": N_("creditors"), "currency": N_("currency"), "cutoff_on": N_("cut-off day"),
    "day": N_("day"), "days": N_("days"), "debits": N_("debits"), "debtor": N_("debtor"),
    "differences": N_("differences"), "disposition": N_("outcome of the call"), "domain": N_("domain"),
    "done": N_("done"), "due_on": N_("due on"), "ended": N_("ended"), "expires_at": N_("expires"),
    "fee": N_("fee"), "fields": N_("fields"), "file": N_("file"), "files": N_("files"),
    "first_day": N_("first day"), "follows": N_("follows"), "follows_id": N_("follows"), "form": N_("form"),
    "form_id": N_("form"), "found": N_("found"), "from": N_("from"), "ground": N_("ground"),
    "grounds": N_("grounds"), "held_on": N_("held on"), "hours": N_("hours"), "iban": N_("IBAN"),
    "invoice": N_("invoice"), "items": N_("items"), "key": N_("key"), "kind": N_("kind"),
    "language": N_("language"), "last_day": N_("last day"), "least": N_("least"), "left_out": N_("left out"),
    "lines": N_("lines"), "links": N_("links"), "maximum_fee": N_("highest fee"), "minutes": N_("minutes"),
    "mode": N_("manner"), "name": N_("name"), "narrowed_by": N_("narrowed by"), "net": N_("net"),
    "number": N_("number"), "offer": N_("offer"), "offers": N_("offers"), "opens_until": N_("open until"),
    "outcome": N_("outcome"), "owed": N_("owed"), "owner": N_("owner"), "paid_on": N_("paid on"),
    "parts": N_("parts"), "payment_id": N_("payment"), "percent": N_("percent"), "person": N_("person"),
    "phase": N_("phase"), "placement": N_("placement"), "product": N_("product"), "proof": N_("proof"),
    "reader": N_("reader"), "ready": N_("ready"), "reason_sha256": N_("fingerprint of the reason"),
    "reasons": N_("reasons"), "reference": N_("reference"), "refused": N_("refused"), "roles": N_("roles"),
    "route": N_("route"), "rows": N_("rows"), "rows_shown": N_("rows shown"), "rules": N_("rules"),
    "run": N_("payout"), "runs": N_("payouts"), "scopes": N_("rights"), "sender": N_("sender"),
    "sha256": N_("fingerprint"), "skipped": N_("skipped"), "standing": N_("standing"), "state": N_("status"),
    "statements": N_("statements"), "subject": N_("subject"), "taken": N_("taken"), "to": N_("to"),
    "told_by": N_("told by"), "total": N_("total"), "transaction": N_("booking"), "until": N_("until"),
    "use": N_("use"), "valid_from": N_("valid from"), "value": N_("value"), "vendor": N_("supplier"),
    "version": N_("version"), "visit": N_("visit"), "visitor": N_("visitor"), "wish": N_("wish"),
    "wished": N_("wish"),
}  # fmt: skip
_INTEGER: Final = re.compile(r"-?\d{1,18}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*")
_MINOR: Final = "_minor"
_SHARE: Final = "_bps"
_CODE: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")


def facts_words(told: Sequence[tuple[str, str]]) -> list[str]:
    """This function will say facts in the reader's language; a name without words yet as the trail has it.

    :param told: names and values as `facts_told` returns them; amounts in minor units of the fact
        `currency`, euro where there is none.
    """
    currency = next((value for name, value in told if name == "currency"), "")
    known = currency if _CURRENCY.fullmatch(currency) else "EUR"
    amounts = any(_is_amount(name) for name, _ in told)
    return [
        f"{_named(name)}: {', '.join(_said(name, one, known) for one in value.split(', '))}"
        for name, value in told
        if not (amounts and name == "currency")
    ]


def _is_amount(name: str) -> bool:
    return name == "minor" or name.endswith(_MINOR)


def _named(name: str) -> str:
    plain = "amount" if name == "minor" else name.removesuffix(_MINOR).removesuffix(_SHARE)
    for known in (name, plain):
        if known in FACTS:
            return gettext(FACTS[known])
    return plain.replace("_", " ")


def _said(name: str, value: str, currency: str) -> str:
    if _INTEGER.fullmatch(value):
        if _is_amount(name):
            return format_money(Money(int(value), currency))
        return format_bps(int(value)) if name.endswith(_SHARE) else _counted(value)
    if value in ("true", "false"):
        return gettext(N_("yes")) if value == "true" else gettext(N_("no"))
    if when := _when(value):
        return when
    if _CODE.fullmatch(value):
        return gettext(DONE[value]) if value in DONE else value.replace("_", " ")
    return value


def _counted(value: str) -> str:
    """A count with its thousands apart; what begins with a zero or is long is a number by name."""
    return value if value.startswith("0") or len(value) > 7 else format_number(int(value))


def _when(value: str) -> str:
    """A day or a moment on the agency's clock; empty when it is none."""
    try:
        if _DAY.fullmatch(value):
            return format_day(date.fromisoformat(value))
        if _MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value)
            return format_moment(moment if moment.tzinfo else moment.replace(tzinfo=AGENCY_ZONE))
    except ValueError:
        return ""
    return ""
