"""Which list of mandatory content each text is checked against; the lists are `agency.rules.content`'s."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Final

from agency.communication.composing import Composed, values_named
from agency.rules.content import Communication, ContentDecision, Use, empty_content, missing_content
from agency.rules.facts import Channel, DebtorKind, Law, Phase
from agency.rules.identity import Identity, hidden, identity_shown
from agency.rules.treatment import default_path, default_paths

KINDS: Final[Mapping[str, Communication]] = {
    "reminder_1": Communication.reminder,
    "reminder_2": Communication.reminder,
    "notice_nl_consumer": Communication.fourteen_day_letter,
    "notice_be_consumer": Communication.first_reminder,
    "notice_business": Communication.business_notice,
    "final_notice": Communication.final_notice,
    "promise_confirmation": Communication.promise_confirmation,
    "payment_receipt": Communication.payment_receipt,
    "answer": Communication.answer,
    "call_note": Communication.call_note,
    "plan_agreed": Communication.plan_confirmation,
    "plan_missed": Communication.plan_reminder,
    "plan_given_back": Communication.plan_reminder,
    "plan_completed": Communication.plan_completion,
    "refund_account": Communication.refund_question,
    "visit_announcement": Communication.visit_announcement,
}
"""What each text is for."""

# Answers to what the debtor did: they pass a hold, a dispute and a closed claim.
REPLIES = frozenset(
    {
        "promise_confirmation",
        "payment_receipt",
        "answer",
        "call_note",
        "plan_agreed",
        "plan_completed",
        "refund_account",
    }
)
# What a person decides to send of our own accord, to anybody on a path; all rules are asked.
BY_HAND = frozenset({"visit_announcement"})
# What a running plan does not hold back, because it is about the plan; all other rules are asked.
WITHIN_PLAN = frozenset({"plan_missed", "plan_given_back"})
# Steps from which the law lets something follow: they must arrive, so a bounce asks for paper.
MUST_ARRIVE = frozenset({"notice_nl_consumer", "notice_be_consumer", "notice_business", "final_notice"})
# What goes on paper where there is no address for mail goes there, too, where the address does not work.
ELSE_ON_PAPER = MUST_ARRIVE | {"answer", "call_note", "plan_agreed", "plan_given_back", "visit_announcement"}


def missing(composed: Composed, *, on: date) -> tuple[str, ...]:
    """Return the keys of the items that a composed text lacks, for any of the debtors who may get it, and the
    values without which it would hide who collects.

    :raises KeyError: nothing is known about what such a message must say.
    """
    named = values_named(composed.body) | values_named(composed.subject)
    words = composed.body.replace("\\", "")
    found: dict[str, None] = {}
    for law, debtor in readers(composed.key):
        home = law.value.upper()  # a consumer's claim follows the law of his home
        use = Use(kind=KINDS[composed.key], law=law, debtor=debtor, channel=composed.channel, home=home)
        decision = missing_content(use=use, language=composed.language, values=named, text=words, on=on)
        found |= dict.fromkeys(decision.missing)
        if composed.channel is not Channel.sms:
            found |= dict.fromkeys(hidden(least_identity(law, debtor, on), named))
    return tuple(found)


def content_held(
    key: str,
    values: Mapping[str, object],
    *,
    law: Law,
    debtor: DebtorKind,
    channel: Channel,
    home: str,
    on: date,
) -> ContentDecision:
    """Decide whether every mandatory value holds something at the moment of sending, such as a creditor's
    address.

    :param home: where the debtor lives (ISO 3166-1 alpha-2).
    :raises KeyError: nothing is known about what such a message must say.
    """
    use = Use(kind=KINDS[key], law=law, debtor=debtor, channel=channel, home=home)
    return empty_content(use=use, values=values, language=str(values.get("language", "")), on=on)


def least_identity(law: Law, debtor: DebtorKind, on: date) -> Identity:
    """Return what a text must show at least: under the creditor's name, where that is lawful at all."""
    home = law.value.upper()  # a consumer's claim follows the law of his home, so its code is the country's
    return identity_shown(country=home, debtor=debtor, phase=Phase.reminder, in_creditors_name=True, on=on)


@cache
def takes_copies(key: str, channel: Channel) -> bool:
    """Return whether a default path sends copies of the invoices along with a text that goes this way."""
    steps = [step for path in default_paths() for step in path.steps if step.template == key]
    return any(step.copies and channel in step.channels for step in steps)


@cache
def readers(key: str) -> tuple[tuple[Law, DebtorKind], ...]:
    """Return who may get a text: whoever the paths send it to, and an answer anybody on a path."""
    return tuple(dict.fromkeys(_on_paths(key)))


def _on_paths(key: str) -> Iterator[tuple[Law, DebtorKind]]:
    for path in default_paths():
        if key in REPLIES | WITHIN_PLAN | BY_HAND or any(step.template == key for step in path.steps):
            yield from ((path.law, debtor) for debtor in path.debtors)
    # A German consumer has no path of its own: it gets what the default path of others sends.
    if any(step.template == key for step in default_path(law=Law.de, debtor=DebtorKind.consumer).steps):
        yield Law.de, DebtorKind.consumer
