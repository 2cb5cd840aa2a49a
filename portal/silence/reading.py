"""What the reader of a message reads: its amounts, whose data it carries, what it fails to say, who signs.

Read from the values and the body as they were reserved; by own lists, not by those that the gate asks.
"""

import json
import re
from datetime import datetime
from typing import Any

from agency.communication.release import Reserved
from portal.silence.diary import Debt, Left

_MARK = re.compile(r"\bq(\d{7})\b")
_IN_REFERENCE = re.compile(r"\bRF\d{2}(\d{10})\b")
_IN_PHONE = re.compile(r"\+3161(\d{7})\b")
_REPLIES = ("promise_confirmation", "payment_receipt", "plan_agreed", "plan_completed")
_ASKS = ("reminder", "notice", "final")

# What every written message says of who collects and for whom, and what one that asks for money says besides.
_ALWAYS = (
    "creditor.name", "creditor.address", "agency.name", "agency.address", "agency.phone",
    "agency.registration", "agency.complaints_url",
)  # fmt: skip
_ASKING = ("amounts.total", "amounts.principal", "pay.iban", "pay.holder", "pay.reference", "pay.link")
# What a consumer who lives in Germany is told besides (RDG s. 13a).
_GERMAN = ("claim.subject", "claim.contract_date", "agency.supervisor")
_IN_A_TEXT = ("amounts.total", "pay.link", "agency.phone")


def read(reserved: Reserved, *, debt: Debt, at: datetime) -> Left:
    """This function will note what leaves now, as its reader sees it."""
    values = reserved.values
    return Left(
        message_id=reserved.message_id,
        claim_id=debt.claim_id,
        at=at,
        channel=reserved.channel.value,
        step=reserved.step,
        template=reserved.template,
        reply=reserved.template in _REPLIES,
        read=_amounts(values),
        marks=_marks(reserved),
        missing=_missing(reserved, debt),
        signed_by=values["sender"]["name"],
    )


def _amounts(values: dict[str, Any]) -> dict[str, int]:
    """The figures as a reader understands them, in minor units; an empty one says nothing."""
    written = {name: values["amounts"][name] for name in ("principal", "interest", "costs", "total")}
    written["announced"] = values["costs"]["total"]
    written["with_costs"] = values["costs"].get("with_total", "")
    return {name: int(re.sub(r"\D", "", text)) for name, text in written.items() if text}


def _marks(reserved: Reserved) -> frozenset[str]:
    everything = json.dumps([reserved.to, reserved.address, reserved.subject, reserved.values], default=str)
    numbers = [
        int(number) for pattern in (_MARK, _IN_REFERENCE, _IN_PHONE) for number in pattern.findall(everything)
    ]
    return frozenset(f"q{number:07d}" for number in numbers)


def _missing(reserved: Reserved, debt: Debt) -> tuple[str, ...]:
    wanted = _IN_A_TEXT if reserved.channel == "sms" else _ALWAYS
    if reserved.channel != "sms" and reserved.template.startswith(_ASKS):
        german = debt.country == "DE" and debt.kind == "consumer"
        wanted = (*wanted, *_ASKING, *(_GERMAN if german else ()))
    found = [name for name in wanted if not _says(reserved, name)]
    if not reserved.to.strip():
        found.append("addressee")
    return tuple(found)


def _says(reserved: Reserved, name: str) -> bool:
    """Whether the body has a place for it and there is something to stand there."""
    value: Any = reserved.values
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return bool(value) and name in reserved.body_source
