"""What debtors do after a message, remembered until its day and done as a debtor would do it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.money import Money
from integrations.simulator.behaviour import Action, ActionKind, MessageKind, behave
from portal.world.outside import DebtorsBrowser, Mail, Outside

_CLAIMS = text(
    "SELECT m.id::text AS message_id, m.step, m.channel, c.id::text AS claim_id, c.number,"
    " c.payment_reference, c.due_on, c.currency, d.name, d.postal_code, i.number AS invoice_number,"
    " coalesce(o.open_minor, 0)::bigint AS open_minor, c.state"
    " FROM message m JOIN claim c ON c.creditor_id = m.creditor_id AND c.id = m.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " LEFT JOIN LATERAL (SELECT number FROM invoice i WHERE i.creditor_id = c.creditor_id"
    "  AND i.claim_id = c.id ORDER BY i.due_on LIMIT 1) i ON true"
    " LEFT JOIN LATERAL (SELECT sum(amount_minor) AS open_minor FROM ledger_entry e"
    "  WHERE e.creditor_id = c.creditor_id AND e.claim_id = c.id"
    "  AND e.account = 'claims.principal') o ON true"
    " WHERE m.id = ANY(CAST(:ids AS uuid[]))"
)
_KINDS = {
    "reminder_1": MessageKind.REMINDER_1,
    "reminder_2": MessageKind.REMINDER_2,
    "final_notice": MessageKind.FINAL_NOTICE,
}
_WITH_LINK = (ActionKind.OPEN_LINK, ActionKind.PAY_BY_LINK, ActionKind.PROMISE, ActionKind.DISPUTE)


@dataclass(frozen=True)
class Debt:
    """What a debtor knows of a claim from the message: enough to act on."""

    claim_id: str
    number: str
    reference: str
    invoice_number: str
    name: str
    postal_code: str
    open: Money
    link: str | None


@dataclass(frozen=True)
class Due:
    """Something a debtor will do on a day."""

    on: date
    action: Action
    debt: Debt
    mail: Mail

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be kept between runs."""
        return {
            "on": self.on.isoformat(),
            "action": [
                self.action.kind.value, self.action.after_days, str(self.action.share), self.action.reference,
            ],
            "debt": {**vars(self.debt), "open": [self.debt.open.minor, self.debt.open.currency]},
            "mail": vars(self.mail),
        }  # fmt: skip

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Due":
        """The reverse of `as_json`."""
        kind, after_days, share, reference = plain["action"]
        return cls(
            on=date.fromisoformat(plain["on"]),
            action=Action(ActionKind(kind), after_days, Fraction(share), reference),
            debt=Debt(**{**plain["debt"], "open": Money(*plain["debt"]["open"])}),
            mail=Mail(**plain["mail"]),
        )


def decide(unit: Unit, mails: Iterable[Mail], *, seed: int, today: date, links: dict[str, str]) -> list[Due]:
    """This function will ask each debtor who got a message what he will do, and when.

    :param links: the last pay link seen per claim; a letter's reader uses the link of an earlier mail.
    """
    by_message = {mail.message_id: mail for mail in mails if mail.message_id}
    rows = unit.session.connection().execute(_CLAIMS, {"ids": list(by_message)})
    due: list[Due] = []
    for row in rows:
        mail = by_message[row.message_id]
        if mail.pay_link:
            links[row.claim_id] = mail.pay_link
        kind = _KINDS.get(row.step, MessageKind.FORMAL_NOTICE if "notice" in row.step else None)
        # The letter and its e-mail copy are one message to the person.
        if kind is None or row.open_minor <= 0 or (row.channel == "letter" and row.claim_id in links):
            continue
        debt = Debt(
            claim_id=row.claim_id,
            number=row.number,
            reference=row.payment_reference,
            invoice_number=row.invoice_number or "",
            name=row.name,
            postal_code=row.postal_code or row.number,
            open=Money(row.open_minor, row.currency),
            link=links.get(row.claim_id),
        )
        actions = behave(
            seed=seed,
            debtor_key=row.number,
            message_kind=kind,
            age_days=(today - row.due_on).days,
            amount=debt.open,
        )
        due += [Due(today + timedelta(days=one.after_days), one, debt, mail) for one in actions]
    return due


def act(now: Sequence[Due], outside: Outside, *, trust_iban: str, today: date) -> list[str]:
    """This function will do what one debtor does about one claim today and return a word for each act.

    Who looks at the page and answers on the same day does both in one visit.
    """
    words: list[str] = []
    visiting = [due for due in now if due.action.kind in _WITH_LINK and due.debt.link is not None]
    for due in now:
        if due not in visiting:
            words.append(_act_elsewhere(due, outside, trust_iban=trust_iban, today=today))
    if visiting:
        words += _visit(visiting, outside, today)
    return words


def _act_elsewhere(due: Due, outside: Outside, *, trust_iban: str, today: date) -> str:
    match due.action.kind:
        case ActionKind.OPEN_MAIL:
            return "read"
        case ActionKind.PAY_BY_TRANSFER | ActionKind.PAY_BY_LINK:
            _transfer(due, _amount(due), outside, trust_iban=trust_iban, today=today)
            return "transferred"
        case _:
            return "ignored"


def _visit(visiting: Sequence[Due], outside: Outside, today: date) -> list[str]:
    words: list[str] = []
    debt = visiting[-1].debt
    answers = [due for due in visiting if due.action.kind is not ActionKind.OPEN_LINK]
    assert debt.link is not None, "only who has a link visits"
    browser = outside.browser()
    browser.follow(debt.link)
    words += ["opened the link"] * (len(visiting) - len(answers))
    if answers:
        browser.identify(debt.postal_code)
    for due in answers:
        part = _amount(due) if due.action.share < 1 else None
        words.append(_answer(browser, due.action, part, today))
    return words


def _amount(due: Due) -> Money:
    return Money(max(1, int(due.debt.open.minor * due.action.share)), due.debt.open.currency)


def _answer(browser: DebtorsBrowser, action: Action, part: Money | None, today: date) -> str:
    match action.kind:
        case ActionKind.PAY_BY_LINK:
            browser.pay(part)
            return "paid by link"
        case ActionKind.PROMISE:
            fields = {"due_on": (today + timedelta(days=7)).isoformat()}
            browser.send("/pay/promise", fields)
            return "promised"
        case _:
            fields = {"reason": "not_delivered", "words": "I never received this."}
            browser.send("/pay/dispute", fields)
            return "disputed"


def _transfer(due: Due, amount: Money, outside: Outside, *, trust_iban: str, today: date) -> None:
    debt, quality = due.debt, due.action.reference
    words = {
        "exact": debt.reference,
        "typo": _mistyped(debt.reference),
        "invoice_number": f"factuur {debt.invoice_number}",
        "none": "betaling",
    }[quality]
    structured = debt.reference if quality == "exact" and debt.reference.startswith("RF") else ""
    outside.transfer(
        iban=trust_iban,
        amount=amount,
        name=debt.name.strip(),
        text="" if structured else words,
        structured=structured,
        on=today,
    )


def _mistyped(reference: str) -> str:
    """Two neighbouring digits changed places, the commonest slip."""
    for index in range(len(reference) - 2, 0, -1):
        left, right = reference[index], reference[index + 1]
        if left.isdigit() and right.isdigit() and left != right:
            return reference[:index] + right + left + reference[index + 2 :]
    return reference


def dump(pending: Iterable[Due]) -> str:
    """This function will write what is still to come as JSON."""
    return json.dumps([due.as_json() for due in pending])


def load(content: str) -> list[Due]:
    """This function will read what `dump` wrote."""
    return [Due.from_json(plain) for plain in json.loads(content)]
