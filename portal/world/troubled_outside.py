"""The outside world with what goes wrong in it: the levers of the simulator beside what people do."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

from schwifty import IBAN

from agency.money import Money
from portal.world.outside import DEBTORS_AT_ONCE, Outside, WorldStopped, patiently

PROVIDER_NAME = "Stichting Simulated Payments"
ORDINARY, FAULT = "D", "W"
"""How end-to-end ids of ordinary payers begin, and those of payments that are part of a fault."""
_JSON = {"content-type": "application/json"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}

Step = Literal["pay", "fail", "expire", "cancel", "refund", "chargeback", "win"]


def iban_of(name: str) -> str:
    """This function will return the account of somebody: always the same, and valid."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:5]) % 9_000_000_000 + 1_000_000_000
    return IBAN.generate("NL", bank_code="INGB", account_code=f"{number:010d}").compact


class TroubledOutside(Outside):
    """As `Outside`, and everybody has an account; and what the simulator can be told to do wrong."""

    def transfer(self, *, iban: str, amount: Money, name: str, text: str, structured: str, on: date) -> None:
        """Pay by bank, from the payer's own account."""
        told = f"{name}|{text}|{structured}|{amount.minor}|{on}"
        self.pay_in(
            iban=iban,
            amount=amount,
            name=name,
            from_iban=iban_of(name),
            text=text,
            structured=structured,
            on=on,
            end_to_end=f"{ORDINARY}{hashlib.sha256(told.encode()).hexdigest()[:24].upper()}",
        )

    def pay_in(
        self,
        *,
        iban: str,
        amount: Money,
        on: date,
        name: str = "",
        from_iban: str = "",
        text: str = "",
        structured: str = "",
        end_to_end: str = "",
        value_on: date | None = None,
        reversal: bool = False,
        return_reason: str = "",
    ) -> None:
        """Let the bank book a movement; an amount below zero is taken back."""
        self._post(
            "/_sim/bank/transfer",
            {
                "to_iban": iban,
                "amount": str(amount.decimal),
                "from_name": name,
                "from_iban": from_iban,
                "text": text,
                "structured_reference": structured,
                "end_to_end": end_to_end,
                "on": on.isoformat(),
                "value_on": value_on.isoformat() if value_on else None,
                "reversal": reversal,
                "return_reason": return_reason,
            },
        )

    def misfortune(self, target: str, kind: str, **details: Any) -> None:
        """Let the next call or webhook of a kind go wrong, once; not one of what happened before."""
        self.tell_all()
        self._post("/_sim/faults", {"target": target, "kind": kind, "times": 1, **details})

    def no_more_misfortune(self) -> None:
        """Lift what did not come to pass."""
        answer = patiently(lambda: self._simulator.ask("DELETE", "/_sim/faults"))
        if answer.status != 200:
            raise WorldStopped(f"the simulator answers {answer.status} to the lifting of faults")

    def step(self, payment_id: str, step: Step, amount: Money | None = None) -> bool:
        """Do something with a payment at the provider; False when that cannot happen to it."""
        body = json.dumps({"amount": str(amount.decimal) if amount else ""}).encode()
        path = f"/_sim/payments/{payment_id}/{step}"
        answer = patiently(lambda: self._simulator.ask("POST", path, body, _JSON))
        if answer.status not in (200, 409):
            raise WorldStopped(f"the provider answers {answer.status} to {step}")
        return answer.status == 200

    def open_payments(self, words: str) -> list[str]:
        """Return the open payments whose description holds some words, the newest first."""
        found = json.loads(self._get("/_sim/payments", {"status": "open", "limit": "200"}))["payments"]
        return [payment["id"] for payment in found if words in payment["description"]]

    def tell_webhook(self, body: bytes, *, vendor: str = "mollie", times: int = 1) -> list[int]:
        """Call a webhook of the agency as a stranger or a stuttering provider does, several times at once."""
        headers = _FORM if vendor == "mollie" else _JSON

        def once(_: int) -> int:
            path = f"/hooks/{vendor}"
            return patiently(lambda: self._portal.ask("POST", path, body, headers)).status

        with ThreadPoolExecutor(DEBTORS_AT_ONCE) as at_once:
            return list(at_once.map(once, range(times)))

    def script_settlement(self, *, late_days: int = 0, lumps: int = 1) -> None:
        """Let the provider report its next day of payment late, or pay it in several lumps."""
        self._post("/_sim/settlements/next", {"late_days": late_days, "lumps": lumps})

    def settlements(self, *, since: date) -> list[dict[str, Any]]:
        """Return what the provider paid out since a day, also what it does not report yet."""
        found = json.loads(self._get("/_sim/settlements", {"since": since.isoformat()}))
        return list(found["settlements"])

    def refuse_payments(self, times: int) -> None:
        """Let the bank refuse some of the next payments that it is ordered to make."""
        self._post("/_sim/bank/refusals", {"times": times})

    def statement_as(self, *, iban: str, on: date, format: str) -> bytes:
        """Return the bank's statement of a day in another format."""
        return self._get(f"/bank/statements/{iban}", {"date": on.isoformat(), "format": format})

    def order(self, content: bytes) -> Mapping[str, Any] | None:
        """Hand a payment order in; None when the account does not cover it today.

        :raises WorldStopped: the bank refuses it for another reason.
        """
        answer = patiently(lambda: self._simulator.ask("POST", "/bank/payments", content))
        said: dict[str, Any] = json.loads(answer.data)
        if answer.status == 202:
            return said
        if said.get("code") == "AM04":
            return None
        raise WorldStopped(f"the bank refuses the payment order: {answer.data[:200]!r}")

    def order_status(self, message_id: str) -> bytes:
        """Return the bank's pain.002 about an order."""
        return self._get(f"/bank/payments/{quote(message_id)}/status", {})
