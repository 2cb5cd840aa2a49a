"""What collectors read: kinds of work and why they come first, reasons of the rules, events as sentences."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from agency.kernel.unit import AGENCY_ZONE
from agency.money import Money
from agency.progress.timeline import Happening, PlannedAction
from agency.rules.facts import DebtorKind
from agency.rules.holds import grounds_of
from portal.shared.filled_in import told
from portal.shared.i18n import N_, format_day, format_money, gettext, inside
from portal.shared.listing import Chip
from portal.shared.plan_words import PLAN_STATES
from portal.shared.refusal_words import FREQUENCY as FREQUENCY
from portal.shared.refusal_words import HOLDS as HOLDS
from portal.shared.refusal_words import HOURS as HOURS
from portal.shared.refusal_words import REASONS_OF_RULES as REASONS_OF_RULES
from portal.shared.refusal_words import reasons as reasons
from portal.shared.words import (
    ANSWERS,
    CHANNEL_ICONS,
    CHANNELS,
    CLAIM_STATES,
    EARLIER_KINDS,
    told_by,
)
from portal.shared.words import DISPUTE_REASONS as DISPUTE_REASONS
from portal.shared.words import DISPUTE_STATES as DISPUTE_STATES
from portal.shared.words import step_words as step_words

WORK = {
    "dispute": Chip(N_("Dispute"), "bad"),
    "hardship": Chip(N_("Hardship"), "warning"),
    "answer": Chip(N_("Answer of the debtor"), "special"),
    "unreachable": Chip(N_("Unreachable"), "neutral"),
    "promise_broken": Chip(N_("Promise broken"), "warning"),
    "call_due": Chip(N_("Call"), "info"),
    "call_back": Chip(N_("Call again"), "calm"),
    "visit_due": Chip(N_("Visit"), "info"),
    "path_ended": Chip(N_("Plan walked to its end"), "warning"),
}
# Work that is contact with the debtor, and what it says of one who is to be left in peace.
ON_HOLD = {
    "promise_broken": Chip(N_("Promise broken, on hold"), "neutral"),
    "call_due": Chip(N_("Do not call"), "neutral"),
    "call_back": Chip(N_("Do not call"), "neutral"),
    "visit_due": Chip(N_("Do not visit"), "neutral"),
}
CONTACTS = frozenset(ON_HOLD)
# Why a case of this kind asks for a person, and why it comes where it comes.
WHY = {
    "dispute": N_(
        "The debtor disputes the claim. Disputes come first: nothing may be asked until one is settled."
    ),
    "hardship": N_("The debtor cannot pay. Look again whether that has changed, before anything is asked."),
    "answer": N_("The debtor gave an answer that a person has to look into; the claim rests until then."),
    "unreachable": N_("The debtor cannot be reached. Look for another number or another way."),
    "promise_broken": N_("The debtor promised to pay and did not. A call now works best."),
    "call_due": N_("The letters have had no effect; the plan now asks for a call."),
    "call_back": N_("An earlier call reached nobody, or you put the case off until now."),
    "visit_due": N_("The plan asks for a visit. Announce it in writing first; the debtor may refuse it."),
    "path_ended": N_("Every step of the plan was taken and nobody paid. Decide what follows."),
}
PHASES = {
    "reminder": Chip(N_("Reminder"), "info"),
    "amicable": Chip(N_("Amicable"), "calm"),
    "legal": Chip(N_("Legal"), "warning"),
    "execution": Chip(N_("Execution"), "bad"),
}
PROMISE_STATES = {
    "open": Chip(N_("Open"), "special"),
    "kept": Chip(N_("Kept"), "good"),
    "broken": Chip(N_("Broken"), "bad"),
    "cancelled": Chip(N_("Cancelled"), "calm"),
}
CALL_STATES = {
    "dialling": Chip(N_("Dialling"), "neutral"),
    "unknown": Chip(N_("Being checked"), "warning"),
    "ringing": Chip(N_("Ringing"), "info"),
    "answered": Chip(N_("Picked up"), "good"),
    "busy": Chip(N_("Busy"), "warning"),
    "no_answer": Chip(N_("No answer"), "neutral"),
    "completed": Chip(N_("Hung up"), "calm"),
    "failed": Chip(N_("Not connected"), "bad"),
    "ended": Chip(N_("Closed"), "calm"),
}
CONTACT_STATES = {
    "usable": Chip(N_("Usable"), "good"),
    "bounced": Chip(N_("Not delivered"), "bad"),
    "opted_out": Chip(N_("Does not want this"), "warning"),
    "wrong": Chip(N_("Wrong"), "bad"),
}
# What a collector may choose at the end of a call, with what follows from it.
DISPOSITIONS = (
    (
        "promise",
        N_("Promises a payment"),
        N_("The plan pauses until the day; we check the bank by ourselves."),
    ),
    ("right_party", N_("Spoke to the debtor"), N_("Nothing follows by itself: write down what was said.")),
    ("dispute", N_("Disputes the claim"), N_("Everything stops until somebody has looked into it.")),
    ("hardship", N_("Cannot pay"), N_("The claim rests; we look again in two weeks.")),
    (
        "says_paid",
        N_("Has paid already"),
        N_("Nothing is asked for two weeks; somebody looks for the payment."),
    ),
    ("debt_help", N_("Is helped with debts"), N_("All claims rest; write to the helper, not to the debtor.")),
    ("not_me", N_("Is not this person"), N_("Nothing leaves until somebody knows who owes.")),
    ("deceased", N_("The debtor has died"), N_("Nothing leaves; somebody looks for the heirs.")),
    ("refuses", N_("Refuses to pay"), N_("The plan goes on.")),
    ("no_answer", N_("No answer"), N_("Call again when the rules allow it; after three times another way.")),
    ("third_party", N_("Somebody else answered"), N_("Say nothing about the debt. Call again later.")),
    ("wrong_number", N_("Wrong number"), N_("The number is never dialled again.")),
)
VISIT_STATES = {
    "announced": Chip(N_("Announced"), "info"),
    "under_way": Chip(N_("At the door"), "special"),
    "made": Chip(N_("Visited"), "good"),
    "refused": Chip(N_("Not wanted by the debtor"), "warning"),
    "cancelled": Chip(N_("Called off"), "calm"),
}
# How a visit can end, with what follows from it.
VISIT_OUTCOMES = (
    (
        "promise",
        N_("Promises a payment"),
        N_("The plan pauses until the day; we check the bank by ourselves."),
    ),
    ("talked", N_("Spoke to the debtor"), N_("Nothing follows by itself: write down what was said.")),
    ("dispute", N_("Disputes the claim"), N_("Everything stops until somebody has looked into it.")),
    ("hardship", N_("Cannot pay"), N_("The claim rests; we look again in two weeks.")),
    ("refuses", N_("Does not want a visit"), N_("You left at once. Nobody visits this debtor again.")),
    ("nobody", N_("Nobody was at home"), N_("Leave nothing behind that tells of a debt.")),
    ("somebody_else", N_("Somebody else opened"), N_("Say nothing about the debt.")),
    ("moved", N_("Does not live there any more"), N_("Somebody looks for the new address.")),
)
# These have forms of their own, or follow from what the product does itself.
NOT_PLACED_BY_HAND = frozenset(
    {
        "dispute", "promise", "plan_kept", "notice_running", "missing_information", "reply_unread",
        "agreement_to_confirm", "price_to_agree",
    }
)  # fmt: skip


def holds_to_place(*, country: str, debtor: DebtorKind, on: date) -> tuple[tuple[str, str], ...]:
    """This function will return the grounds that a collector may choose for such a debtor."""
    return tuple(
        (ground.value, HOLDS[ground.value])
        for ground in grounds_of(country=country, debtor=debtor, on=on)
        if ground.value not in NOT_PLACED_BY_HAND
    )


REASONS_OF_WORK = {
    **DISPUTE_REASONS,
    **HOLDS,
    "important_relation": N_("The creditor wants to keep this customer: call first."),
    "register_unclear": N_("A public register says something of the debtor that is not understood."),
    "creditor_answered": N_("The creditor answered the dispute."),
    "danger": N_("Somebody may be in danger: read the message on the claim first."),
    "no_number": N_("No number is left that works."),
    "no_answer": N_("Three calls reached nobody."),
    "visit_refused": N_("The debtor does not want a visit."),
    "moved": N_("The debtor does not live at this address any more."),
    "letter_returned": N_("The post brought a letter back; no letter goes to that address any more."),
    "letter_failed": N_("A letter that must arrive could not be printed or posted."),
    "plan_proposed": N_("The debtor asked for a payment plan."),
    "instalment_missed": N_("A payment of the plan did not come; call as a friend would."),
    "plan_broken": N_("The payment plan was not kept and has ended."),
    "note_corrected": N_("The debtor corrected what the call agreed on."),
    "note_unanswered": N_("The debtor did not confirm what the call agreed on."),
}
LAWS = {
    "nl": N_("Netherlands"),
    "be": N_("Belgium"),
    "de": N_("Germany"),
    "uk": N_("United Kingdom"),
    "eu": N_("European Union"),
}
SOURCES = {
    "psp": N_("Payment page"),
    "bank": N_("Bank transfer"),
    "direct": N_("Paid to the creditor"),
}
LINES = {
    "invoice": N_("Invoice"),
    "credit_note": N_("Credit note"),
    "interest": N_("Interest"),
    "costs": N_("Collection costs"),
    "costs_vat": N_("VAT on the costs"),
    "paid": N_("Paid"),
    "disputed": N_("Disputed, not asked now"),
    "adjusted": N_("Corrected"),
}
# Refusals of the use cases that a collector may read beside a field.
REFUSALS = (
    N_("a promise needs an amount"),
    N_("a promise needs a day"),
    N_("choose an amount up to what is open"),
    N_("a promise is open already"),
    N_("no such promise"),
    N_("say why the debtor disagrees"),
    N_("this promise is not open any more"),
    N_("this settlement is not open any more"),
    N_("this claim is not being collected"),
    N_("write something"),
    N_("this call was closed already"),
    N_("the disputed part must lie within the claim"),
    N_("give your own number with its country, like +31201234567"),
    N_("somebody else has taken this case over; nothing was changed"),
    N_("a colleague works on this case, or it is done"),
    N_("choose a language that is written"),
    N_("nothing here is new"),
    N_("no such number or address"),
    N_("no address is known any more"),
    N_("the debtor asked not to be reached here"),
)

# Kind of event -> (sentence, icon, tone). `%(name)s` are the event's own facts, made readable.
_HAPPENINGS = {
    "DocumentsWait": (N_("A file waits to be sorted"), "file", "warning"),
    "InformationAsked": (N_("%(claims)s claims miss information; answer by %(due_on)s"), "inbox", "warning"),
    "DocumentRemoved": (N_("Document taken out again: %(name)s"), "file", "warning"),
    "DisputeAnswered": (N_("The creditor answered the dispute"), "dispute", "info"),
    "InformationSolved": (N_("What was asked of the creditor is complete"), "check-circle", "good"),
    "InformationExpired": (N_("What was asked of the creditor did not come in time"), "clock", "warning"),
    "DossierAsked": (N_("The dossier was asked for"), "file", "neutral"),
    "DossierBuilt": (N_("The dossier is ready: %(pages)s pages"), "file", "good"),
    "DocumentAdded": (N_("Document added: %(name)s"), "file", "good"),
    "EvidenceChecked": (N_("Document looked at: %(name)s"), "search", "info"),
    "CompletenessOverridden": (N_("The completeness of the file was set by hand"), "edit", "info"),
    "QuoteAccepted": (N_("The creditor accepted the price"), "check-circle", "good"),
    "PriceLowered": (N_("The creditor pays a lower fee: something changed"), "quote", "info"),
    "PriceKept": (N_("The agreed fee stands, although something changed"), "quote", "info"),
    "PriceRiseAsked": (N_("The creditor is asked to accept a higher fee"), "quote", "warning"),
    "PriceRiseDropped": (N_("The higher fee is no longer asked"), "quote", "info"),
    "PriceRiseAccepted": (N_("The creditor accepted a higher fee"), "check-circle", "good"),
    "PriceRiseDeclined": (N_("The creditor declined a higher fee"), "close", "neutral"),
    "PriceAsked": (N_("A price apart from the card was asked for; answer by %(due_on)s"), "quote", "info"),
    "OffersMade": (N_("Offers were made to the creditor"), "quote", "warning"),
    "OffersOutdated": (N_("Something changed; the offers are made anew"), "quote", "info"),
    "OfferWithdrawn": (N_("An offer was taken back"), "quote", "info"),
    "OfferAccepted": (N_("The creditor accepted an offer"), "check-circle", "good"),
    "OffersDeclined": (N_("The creditor declined the offers"), "close", "neutral"),
    "PriceRequestEnded": (N_("The request for a price has ended"), "quote", "neutral"),
    "PriceNoteLeft": (N_("Something was said about the price"), "note", "info"),
    "OfferPhaseBegan": (N_("A phase of the agreed price began: %(money)s"), "play", "info"),
    "HoursBooked": (N_("Hours were worked: %(money)s"), "clock", "info"),
    "HoursTakenBack": (N_("Hours were taken back: %(money)s"), "refresh", "info"),
    "ClaimMoved": (N_("Claim is now: %(state)s"), "arrow-right", "neutral"),
    "ClaimPaidOff": (N_("Paid in full"), "check-circle", "good"),
    "ClaimClosed": (N_("Collection has ended"), "check", "neutral"),
    "GivingUpAsked": (N_("Asked to give up %(money)s"), "scale", "info"),
    "PartGivenUp": (N_("Given up: %(money)s"), "scale", "warning"),
    "PartOwedAgain": (N_("Owed again: %(money)s"), "refresh", "info"),
    "HoldPlaced": (N_("Collection paused: %(ground)s"), "pause", "warning"),
    "HoldLifted": (N_("Collection resumed: %(ground)s"), "play", "info"),
    "DisputeRaised": (N_("Disputed: %(reason)s"), "dispute", "bad"),
    "DueDateCorrected": (
        N_("Due date corrected: %(number)s, %(day_before)s → %(day_after)s"),
        "edit",
        "info",
    ),
    "DisputeResolved": (N_("Dispute settled: %(outcome)s"), "check", "info"),
    "TreatmentStarted": (N_("Treatment plan started"), "play", "info"),
    "MessageSent": (N_("%(channel)s sent: %(step)s"), "mail", "info"),
    "MessageDelivered": (N_("%(channel)s delivered"), "check", "good"),
    "MessageOpened": (N_("%(channel)s opened"), "mail", "good"),
    "MessageBounced": (N_("%(channel)s could not be delivered"), "alert", "bad"),
    "ReplyReceived": (N_("The debtor wrote: %(channel)s"), "inbox", "warning"),
    "DebtorOptedOut": (N_("The debtor wants no more messages: %(channel)s"), "pause", "warning"),
    "DebtorOptedIn": (N_("The debtor wants messages again: %(channel)s"), "check", "info"),
    "ReplyDecided": (N_("Message of the debtor: %(decision)s"), "check", "info"),
    "InboundNoted": (N_("An automatic answer came in"), "mail", "neutral"),
    "MessageWaitsForClaim": (N_("A message waits for its claim"), "inbox", "neutral"),
    "CallNoteSent": (N_("What the call agreed on was written to the debtor"), "mail", "info"),
    "CallNoteAnswered": (N_("What the call agreed on: %(answer)s"), "promise", "good"),
    "MessageRefused": (N_("%(channel)s not sent: not allowed at that moment"), "pause", "warning"),
    "CallDue": (N_("The plan asks for a call"), "phone", "neutral"),
    "PathChanged": (N_("The plan changed to version %(version)s"), "edit", "neutral"),
    "PersonWanted": (N_("A person is asked for"), "user", "neutral"),
    "PayLinkOpened": (N_("The debtor opened the payment page"), "link", "info"),
    "PaymentStarted": (N_("The debtor started a payment of %(money)s"), "euro", "info"),
    "PaymentReceived": (N_("Payment received: %(money)s"), "euro", "good"),
    "PaymentHeld": (N_("Payment of %(money)s waits for finance"), "suspense", "warning"),
    "PaymentReversed": (N_("Payment taken back: %(money)s"), "alert", "bad"),
    "RefundRequested": (N_("Refund of %(money)s asked for"), "refresh", "info"),
    "RefundAccountGiven": (N_("The debtor named an account for the refund"), "bank", "good"),
    "RefundPaid": (N_("Paid back: %(money)s"), "refresh", "good"),
    "RefundEnded": (N_("Refund of %(money)s came to nothing"), "alert", "warning"),
    "PromiseMade": (N_("Promise to pay %(money)s by %(day)s"), "promise", "special"),
    "PromiseKept": (N_("Promise kept"), "check", "good"),
    "PromiseWithdrawn": (N_("The promise was changed or taken back"), "promise", "warning"),
    "PromiseBroken": (N_("Promise not kept"), "alert", "warning"),
    "PlanProposed": (N_("The debtor asked for a payment plan"), "calendar", "warning"),
    "PlanOffered": (N_("Payment plan offered"), "calendar", "info"),
    "PlanAgreed": (N_("Payment plan agreed: first %(money)s by %(day)s"), "calendar", "special"),
    "PlanRefused": (N_("The payment plan did not come about"), "calendar", "neutral"),
    "InstalmentMissed": (N_("Payment of a plan missed: %(money)s of %(day)s"), "alert", "warning"),
    "InstalmentGivenBack": (N_("Direct debit given back: %(money)s of %(day)s"), "bank", "warning"),
    "PlanEnded": (N_("Payment plan ended: %(plan_outcome)s"), "calendar", "info"),
    "PlanRunsOn": (N_("The payment plan runs on: a payment of it was taken back"), "calendar", "warning"),
    "SettlementOffered": (N_("Settlement for %(money)s, to be paid by %(day)s"), "euro", "special"),
    "SettlementKept": (N_("Settlement of %(money)s paid; the rest was waived"), "check-circle", "good"),
    "SettlementEnded": (N_("Settlement came to nothing: the full amount stands"), "alert", "warning"),
    "MandateSigned": (N_("Direct debit signed by the debtor"), "bank", "good"),
    "MandateRevoked": (N_("Direct debit taken back by the debtor"), "bank", "warning"),
    "CallMade": (N_("Called: %(disposition)s"), "phone", "info"),
    "CallReported": (N_("Telephone: %(call_state)s"), "phone", "neutral"),
    "VisitAnnounced": (N_("Visit announced for %(day)s"), "building", "info"),
    "VisitRefused": (N_("The debtor does not want a visit"), "building", "warning"),
    "VisitCancelled": (N_("Visit called off: %(called_off)s"), "building", "neutral"),
    "VisitMade": (N_("Visited: %(visit_outcome)s"), "building", "info"),
    "LanguageAsked": (N_("The debtor asked for another language"), "mail", "info"),
    "RelationMarked": (N_("The creditor changed how important this relation is"), "user", "info"),
    "DebtorNeedsAttention": (N_("Early warning: this debtor asks for action"), "alert", "warning"),
    "NoteAdded": (N_("Note written"), "note", "neutral"),
    "EarlierStepKnown": (N_("Done by the creditor on %(sent_on)s: %(step_kind)s"), "clock", "neutral"),
    "CoverChanged": (N_("Credit insurance with %(insurer)s noted"), "lock", "info"),
    "DuplicateDecided": (N_("Looked like another claim: %(answer)s"), "check", "info"),
    "DebtorFoundInRegister": (N_("Found in a public register: %(ground)s"), "alert", "warning"),
}


def happening(event: Happening, *, by: str, notes: Mapping[str, str]) -> dict[str, Any]:
    """This function will describe an event for `ui.timeline`; `by` is a name, `notes` are texts by id."""
    sentence, icon, tone = _HAPPENINGS.get(event.kind, (event.kind, "dot", "neutral"))
    channel = str(event.facts.get("channel", ""))
    return {
        "at": event.at,
        "title": gettext(sentence) % _Readable(event.facts),
        "text": notes.get(str(event.facts.get("note_id")), "")
        or notes.get(f"{event.kind}:{event.facts.get('hold_id')}", "")
        or told_by(event),
        "icon": CHANNEL_ICONS.get(channel, icon) if icon == "mail" else icon,
        "tone": tone,
        "by": by,
    }


def planned(action: PlannedAction) -> dict[str, Any]:
    """This function will describe what the plan does next, for `ui.timeline`."""
    return {
        "at": action.due_at,
        "title": step_words(action.step),
        "text": gettext(CHANNELS.get(action.channel, action.channel)),
        "icon": CHANNEL_ICONS.get(action.channel, "calendar"),
    }


def said(words: Mapping[str, str], key: str) -> str:
    """This function will return what people read for a code, in their language; an unknown code as it is."""
    return gettext(words.get(key, key))


def why_work(kind: str, reason: str) -> tuple[str, str]:
    """This function will say why a case asks for a person: the general sentence, and what is special."""
    if reason == "important_relation":  # no step of the plan asks for this call
        said = REASONS_OF_WORK[reason]
        return gettext(said), ""
    return gettext(WHY[kind]), told(REASONS_OF_WORK.get(reason, reason)) if reason else ""


# Why a visit that was announced is not made.
CALLED_OFF = {
    "paid": N_("the claim is paid"),
    "closed": N_("the claim is closed"),
    "agreed": N_("an arrangement was made"),
    "disputed": N_("the claim is disputed"),
    "colleague": N_("by a colleague"),
    "held": N_("the debtor is left in peace"),
}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "channel": CHANNELS,
    "step_kind": EARLIER_KINDS,
    "ground": HOLDS,
    "reason": DISPUTE_REASONS,
    "outcome": {state: chip.label for state, chip in DISPUTE_STATES.items()},
    "disposition": {value: label for value, label, _ in DISPOSITIONS},
    "decision": {"answered": N_("answered"), "closed": N_("read"), "withdrawn": N_("taken off the claim")},
    "answer": {
        "confirmed": N_("confirmed by the debtor"),
        "corrected": N_("corrected by the debtor"),
        "lapsed": N_("not answered"),
        **ANSWERS,
    },
}


class _Readable(dict[str, str]):
    """An event's facts as text; whatever a sentence asks for and is not there reads as a dash."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__({name: str(value) for name, value in facts.items()})
        self.facts = facts

    def __getitem__(self, name: str) -> str:
        value = str(self.facts.get(name, ""))
        if name == "step":
            return step_words(value)
        if name == "plan_outcome":
            chip = PLAN_STATES.get(str(self.facts.get("outcome", "")))
            return inside(chip.label) if chip else "–"
        if name in ("day", "due_on", "sent_on") and name in self.facts:
            return format_day(date.fromisoformat(value))
        if value in _CHOICES.get(name, {}):
            return gettext(_CHOICES[name][value])
        return super().__getitem__(name)

    def __missing__(self, name: str) -> str:
        facts = self.facts
        if name == "money" and "amount_minor" in facts:
            return format_money(Money(int(facts["amount_minor"]), facts["currency"]))
        if name == "day" and "due_on" in facts:
            return format_day(date.fromisoformat(str(facts["due_on"])))
        if name == "visit_outcome" and "outcome" in facts:
            return inside({value: label for value, label, _ in VISIT_OUTCOMES}[facts["outcome"]])
        if name == "called_off" and "why" in facts:
            return said(CALLED_OFF, facts["why"])
        if name in ("day_before", "day_after"):
            return format_day(date.fromisoformat(str(facts[name.removeprefix("day_")])))
        if name == "state" and "to_state" in facts:
            state = CLAIM_STATES[facts["to_state"]]
            return inside(state.label)
        if name == "call_state" and "state" in facts:
            state = CALL_STATES[facts["state"]]
            return inside(state.label)
        return "–"


def days_between(day: date, today: date) -> int:
    """This function will return how many days a claim is overdue, never less than none."""
    return max((today - day).days, 0)


def local_moment(moment: datetime) -> str:
    """This function will write a moment as a form's field takes it, on the agency's clock."""
    return moment.astimezone(AGENCY_ZONE).strftime("%Y-%m-%dT%H:%M")
