"""What creditors read: states with their tones, happenings as sentences, factors of a price with reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agency.money import Money
from agency.progress.timeline import Happening, PlannedAction
from portal.shared.i18n import N_, format_bps, format_day, format_money, gettext, inside
from portal.shared.listing import Chip
from portal.shared.words import (
    ANSWERS,
    CHANNEL_ICONS,
    CHANNELS,
    CLAIM_STATES,
    DEBTOR_KINDS,
    EARLIER_KINDS,
    told_by,
)
from portal.shared.words import DOCUMENTS as DOCUMENTS
from portal.shared.words import step_words as step_words

PLACEMENT_STATES = {
    "received": Chip(N_("Being read"), "info"),
    "reading": Chip(N_("Being read"), "info"),
    "mapping": Chip(N_("Columns unclear"), "warning"),
    "read": Chip(N_("Read"), "info"),
    "quoted": Chip(N_("Price waits"), "warning"),
    "accepted": Chip(N_("Accepted"), "good"),
    "declined": Chip(N_("Declined"), "calm"),
    "refused": Chip(N_("Refused"), "bad"),
    "cancelled": Chip(N_("Cancelled"), "calm"),
}
QUOTE_STATES = {
    "open": Chip(N_("Open"), "warning"),
    "accepted": Chip(N_("Accepted"), "good"),
    "declined": Chip(N_("Declined"), "calm"),
    "replaced": Chip(N_("Replaced"), "calm"),
    "expired": Chip(N_("Expired"), "bad"),
}
RUN_STATES = {
    "draft": Chip(N_("In preparation"), "neutral"),
    "approved": Chip(N_("Approved"), "info"),
    "exported": Chip(N_("On its way"), "info"),
    "paid": Chip(N_("Paid out"), "good"),
    "returned": Chip(N_("Sent back by the bank"), "warning"),
    "cancelled": Chip(N_("Cancelled"), "calm"),
}
CHANGE_STATES = {
    "asked": Chip(N_("Asked"), "warning"),
    "confirmed": Chip(N_("Approved once"), "warning"),
    "approved": Chip(N_("Approved, waiting"), "info"),
    "in_force": Chip(N_("In force"), "good"),
    "refused": Chip(N_("Refused"), "calm"),
    "taken_back": Chip(N_("Stopped"), "calm"),
}
REPORT_STATES = {
    "reported": Chip(N_("Report received"), "info"),
    "booked": Chip(N_("On the claim"), "good"),
    "refused": Chip(N_("Not taken"), "bad"),
    "asked_back": Chip(N_("Being taken back"), "warning"),
    "taken_back": Chip(N_("Taken back"), "calm"),
}
# The fields of a reported payment, in the order of a file of refused lines, and the reasons of a refusal.
REPORT_FIELDS = {"claim": N_("Claim"), "amount": N_("Amount"), "paid_on": N_("Paid on")}
REPORT_REASONS = (
    N_("is missing"),
    N_("no claim of yours has this number, reference or invoice"),
    N_("several claims have this invoice or reference; give the claim number"),
    N_("this claim is not being collected"),
    N_("nothing is owed on this claim any more; give the money back to the debtor"),
    N_("when this was booked, nothing was owed on this claim any more; give the money back to the debtor"),
    N_("when this was booked, this claim was not being collected any more"),
    N_("an amount that was paid is more than zero"),
    N_("could be thousands or decimals; write it with two decimals"),
    N_("this is more than twice the whole claim; check the amount, or report each claim by itself"),
    N_("the day has not come yet"),
    N_("this day is before the claim was handed over; correct the claim instead"),
    N_("a payment of this amount on this day was reported already"),
)


@dataclass(frozen=True)
class FactorWords:
    """One part of a price: what it is, how much it weighs in basis points, and why."""

    label: str
    bps: int
    why: str
    key: str = ""


_LABELS = {
    "base": N_("Size of the claim"),
    "evidence": N_("Documents"),
    "age": N_("Age"),
    "country": N_("Country of the debtor"),
    "debtor": N_("Kind of debtor"),
    "dispute": N_("Dispute"),
    "phase": N_("Phase"),
    "file": N_("File fee"),
    "bounds": N_("Lower and upper limit"),
}
_DISPUTES = {
    "none": N_("not disputed"),
    "raised": N_("disputed without grounds so far"),
    "substantiated": N_("disputed with grounds"),
    "resolved_creditor": N_("dispute settled in your favour"),
    "resolved_debtor": N_("dispute settled for the debtor"),
}
DECLINE_REASONS = {
    "price": N_("The price"),
    "self": N_("We collect ourselves"),
    "paid": N_("It was paid or settled"),
    "relation": N_("The relation with the debtor"),
    "other": N_("Another reason"),
}
PHASES = {
    "reminder": N_("reminders in your name"),
    "amicable": N_("amicable collection"),
    "legal": N_("legal phase"),
    "execution": N_("execution of the judgment"),
}


def decline_words(why: str) -> str:
    """This function will say why a price was declined: the choice, and the creditor's own words behind it."""
    code, _, words = why.partition(": ")
    if code not in DECLINE_REASONS:
        return why
    said = gettext(DECLINE_REASONS[code])
    return f"{said}: {words}" if words else said


def factor_words(factors: list[dict[str, Any]], facts: Mapping[str, Any]) -> list[FactorWords]:
    """This function will put the factors of a price into words of the reader's language."""
    return [
        FactorWords(gettext(_LABELS.get(f["key"], f["label"])), f["bps"], _reason(f["key"], facts), f["key"])
        for f in factors
    ]


def _reason(key: str, facts: Mapping[str, Any]) -> str:
    amount = format_money(Money(facts["amount_minor"], facts["currency"]))
    kind, dispute = DEBTOR_KINDS[facts["debtor"]], _DISPUTES.get(facts["dispute"], facts["dispute"])
    reasons = {
        "base": gettext("the rate for %(amount)s; larger claims cost relatively less") % {"amount": amount},
        "evidence": gettext("the file is %(points)s of 100 complete") % {"points": facts["completeness"]},
        "age": gettext("%(days)s days after the due date") % {"days": facts["age_days"]},
        "country": gettext("the debtor is in %(country)s") % {"country": facts["country"]},
        "debtor": gettext(kind),
        "dispute": gettext(dispute),
        "phase": gettext(PHASES[facts.get("phase", "reminder")]),
        "file": gettext("a fixed part per claim, earned as money comes in"),
        "bounds": gettext("no rate goes under or over the limits of the rate card"),
    }
    return reasons.get(key, "")


# Kind of event -> (sentence, icon, tone). `%(name)s` are the event's own facts, made readable.
_HAPPENINGS = {
    "PlacementReceived": (N_("File received: %(name)s"), "upload", "neutral"),
    "PlacementRead": (N_("%(rows)s rows read: %(created)s claims, %(rejected)s rejected"), "claims", "info"),
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
    "QuoteIssued": (N_("Price offered: %(fee)s"), "quote", "info"),
    "QuoteAccepted": (N_("Price accepted, collection starts"), "check-circle", "good"),
    "QuoteDeclined": (N_("Price declined"), "close", "neutral"),
    "PriceLowered": (N_("Fee lowered by itself: %(before)s → %(fee)s"), "quote", "good"),
    "PriceKept": (N_("Your agreed fee stands, although something changed"), "quote", "info"),
    "PriceRiseAsked": (N_("A higher fee waits for your answer: %(before)s → %(fee)s"), "quote", "warning"),
    "PriceRiseDropped": (N_("The higher fee is no longer asked"), "quote", "info"),
    "PriceRiseAccepted": (N_("Higher fee accepted: %(fee)s"), "check-circle", "good"),
    "PriceRiseDeclined": (N_("Higher fee declined; the claim is given back"), "close", "neutral"),
    "PriceAsked": (N_("A price of your own was asked for; answer by %(due_on)s"), "quote", "info"),
    "OffersMade": (N_("We made you an offer"), "quote", "warning"),
    "OffersOutdated": (N_("Something changed; the offer is made anew"), "quote", "info"),
    "OfferWithdrawn": (N_("An offer was taken back"), "quote", "info"),
    "OfferAccepted": (N_("Offer accepted: it is the price from now on"), "check-circle", "good"),
    "OffersDeclined": (N_("Offers declined; the price of before counts"), "close", "neutral"),
    "PriceRequestEnded": (N_("The request for a price has ended"), "quote", "neutral"),
    "PriceNoteLeft": (N_("Something was said about the price"), "note", "info"),
    "OfferPhaseBegan": (N_("A phase of the agreed price began: %(money)s"), "play", "info"),
    "HoursBooked": (N_("Hours were worked: %(money)s"), "clock", "info"),
    "HoursTakenBack": (N_("Hours were taken back: %(money)s"), "refresh", "info"),
    "ClaimMoved": (N_("Claim is now: %(state)s"), "arrow-right", "neutral"),
    "ClaimPaidOff": (N_("Paid in full"), "check-circle", "good"),
    "ClaimClosed": (N_("Collection has ended"), "check", "neutral"),
    "PartGivenUp": (N_("Given up: %(money)s"), "scale", "warning"),
    "PartOwedAgain": (N_("Owed again: %(money)s"), "refresh", "info"),
    "HoldPlaced": (N_("Collection paused: %(ground)s"), "pause", "warning"),
    "HoldLifted": (N_("Collection resumed: %(ground)s"), "play", "info"),
    "DisputeRaised": (N_("The debtor disputes the claim"), "dispute", "bad"),
    "DueDateCorrected": (
        N_("Due date corrected: %(number)s, %(day_before)s → %(day_after)s"),
        "edit",
        "info",
    ),
    "DisputeResolved": (N_("Dispute settled"), "check", "info"),
    "TreatmentStarted": (N_("Treatment plan started"), "play", "info"),
    "MessageSent": (N_("%(channel)s sent: %(step)s"), "mail", "info"),
    "MessageDelivered": (N_("%(channel)s delivered"), "check", "good"),
    "MessageOpened": (N_("%(channel)s opened"), "mail", "good"),
    "MessageBounced": (N_("%(channel)s could not be delivered"), "alert", "bad"),
    "ReplyReceived": (N_("The debtor wrote: %(channel)s"), "inbox", "warning"),
    "DebtorOptedOut": (N_("The debtor wants no more messages: %(channel)s"), "pause", "warning"),
    "DebtorOptedIn": (N_("The debtor wants messages again: %(channel)s"), "check", "info"),
    "MessageRefused": (N_("%(channel)s not sent: not allowed at that moment"), "pause", "warning"),
    "PayLinkOpened": (N_("The debtor opened the payment page"), "link", "info"),
    "PaymentStarted": (N_("The debtor started a payment of %(money)s"), "euro", "info"),
    "PaymentReceived": (N_("Payment received: %(money)s"), "euro", "good"),
    "PaymentReversed": (N_("Payment taken back: %(money)s"), "alert", "bad"),
    "PromiseMade": (N_("Promise to pay %(money)s by %(day)s"), "promise", "info"),
    "PromiseKept": (N_("Promise kept"), "check", "good"),
    "PromiseWithdrawn": (N_("The promise was changed or taken back"), "promise", "neutral"),
    "PromiseBroken": (N_("Promise not kept"), "alert", "warning"),
    "PlanProposed": (N_("The debtor asked for a payment plan"), "calendar", "info"),
    "PlanOffered": (N_("Payment plan offered"), "calendar", "info"),
    "PlanAgreed": (N_("Payment plan agreed: first %(money)s by %(day)s"), "calendar", "good"),
    "PlanRefused": (N_("The payment plan did not come about"), "calendar", "neutral"),
    "InstalmentMissed": (N_("Payment of a plan missed: %(money)s of %(day)s"), "alert", "warning"),
    "PlanEnded": (N_("The payment plan has ended"), "calendar", "info"),
    "PlanRunsOn": (N_("The payment plan runs on: a payment of it was taken back"), "calendar", "warning"),
    "SettlementOffered": (N_("Settlement for %(money)s, to be paid by %(day)s"), "euro", "info"),
    "SettlementKept": (N_("Settlement of %(money)s paid; the rest was waived"), "check-circle", "good"),
    "SettlementEnded": (N_("Settlement came to nothing: the full amount stands"), "alert", "warning"),
    "CallMade": (N_("The debtor was called"), "phone", "info"),
    "VisitAnnounced": (N_("A visit to the debtor is announced for %(day)s"), "building", "info"),
    "VisitRefused": (N_("The debtor does not want a visit"), "building", "warning"),
    "VisitMade": (N_("The debtor was visited"), "building", "info"),
    "EarlierStepKnown": (N_("Done by you on %(sent_on)s: %(step_kind)s"), "clock", "neutral"),
    "CoverChanged": (N_("Credit insurance with %(insurer)s noted"), "lock", "info"),
    "DuplicateDecided": (N_("Looked like another claim: %(answer)s"), "check", "info"),
    "DebtorFoundInRegister": (N_("Found in a public register: %(ground)s"), "alert", "warning"),
    "CreditChecked": (N_("Credit check answered"), "search", "info"),
    "RelationMarked": (N_("You changed how important this relation is"), "user", "info"),
    "DebtorNeedsAttention": (N_("Early warning: this debtor asks for action"), "alert", "warning"),
    "RemittanceApproved": (N_("Payout approved: %(money)s"), "payout", "info"),
    "RemittancePaid": (N_("Paid out to you: %(money)s"), "payout", "good"),
    "RemittanceReturned": (N_("The bank sent your payout back: %(money)s"), "alert", "warning"),
    "FeeInvoiced": (N_("Invoice %(number)s from us"), "file", "info"),
    "AccountChangeMoved": (N_("Your account for payouts changes"), "lock", "warning"),
    "DirectPaymentsReported": (N_("You reported money that was paid to you"), "euro", "info"),
}
HOLDS = {
    "dispute": N_("dispute"),
    "reasoned_dispute": N_("dispute with reasons"),
    "says_paid": N_("says it is paid"),
    "not_me": N_("says it is somebody else"),
    "complaint": N_("complaint"),
    "creditor_asked": N_("at your request"),
    "promise": N_("promise to pay"),
    "plan_kept": N_("payment plan that is kept"),
    "plan_requested": N_("payment plan asked for"),
    "notice_running": N_("term of the formal notice"),
    "debt_help": N_("debt counselling"),
    "debt_help_notice": N_("notice of debt counselling"),
    "debt_mediation": N_("debt mediation"),
    "collective_settlement": N_("collective settlement of debts"),
    "moratorium": N_("moratorium"),
    "wsnp": N_("statutory debt restructuring"),
    "bankruptcy": N_("bankruptcy"),
    "insolvency": N_("insolvency"),
    "guardianship": N_("guardianship or administration"),
    "minor": N_("under age"),
    "missing_information": N_("we wait for information from you"),
    "reply_unread": N_("the debtor wrote; we read it first"),
    "agreement_to_confirm": N_("the debtor confirms an agreement"),
    "price_to_agree": N_("a new price waits for your answer"),
    "deceased": N_("death"),
}
CHECK_STATES = {
    "asked": Chip(N_("Being checked"), "info"),
    "answered": Chip(N_("Answered"), "good"),
    "not_found": Chip(N_("Not found"), "warning"),
    "failed": Chip(N_("Failed"), "bad"),
}
ADVICES = {
    "deliver": Chip(N_("Deliver on account"), "good"),
    "deliver_less": Chip(N_("Deliver less"), "warning"),
    "advance_payment": Chip(N_("Ask for payment in advance"), "warning"),
    "do_not_deliver": Chip(N_("Do not deliver"), "bad"),
}
COMPANY_STATES = {
    "active": Chip(N_("Active"), "good"),
    "dissolved": Chip(N_("Dissolved"), "bad"),
    "bankrupt": Chip(N_("Bankrupt"), "bad"),
    "moratorium": Chip(N_("Moratorium"), "bad"),
    "unknown": Chip(N_("Unknown"), "neutral"),
}
LETTER_FAULTS = {
    "before_default": N_("it was sent before the debtor was in default"),
    "no_term": N_("it names no term"),
    "unclear_term": N_("it is unclear from when the term counts"),
    "short_term": N_("its term is too short"),
    "no_amount": N_("it names no costs"),
    "wrong_amount": N_("its costs are not the lawful ones"),
    "vat_undeclared": N_("VAT was added without saying why"),
    "no_consequences": N_("it does not say what follows"),
    "not_received": N_("nobody can prove that it arrived"),
}
NOTIFICATIONS = {
    "told": Chip(N_("Insurer told in time"), "good"),
    "told_late": Chip(N_("Insurer told too late"), "bad"),
    "open": Chip(N_("Insurer not told yet"), "neutral"),
    "soon": Chip(N_("Tell the insurer soon"), "warning"),
    "missed": Chip(N_("Term of the insurer has passed"), "bad"),
}
SEVERITIES = {
    "warn": Chip(N_("Warning"), "warning"),
    "ask": Chip(N_("Question"), "info"),
}


def happening(event: Happening, *, claims: Mapping[UUID, str] | None = None) -> dict[str, Any]:
    """This function will describe an event for `ui.timeline`; `claims` gives it a link to its claim."""
    sentence, icon, tone = _HAPPENINGS.get(event.kind, (event.kind, "dot", "neutral"))
    number = (claims or {}).get(event.claim_id) if event.claim_id else None
    return {
        "at": event.at,
        "title": gettext(sentence) % _Readable(event.facts),
        "text": number or told_by(event),
        "icon": CHANNEL_ICONS.get(str(event.facts.get("channel")), icon) if icon == "mail" else icon,
        "tone": tone,
        "by": "",
        "href": f"/creditor/claims/{event.claim_id}" if number else "",
    }


def planned(action: PlannedAction) -> dict[str, Any]:
    """This function will describe what the treatment plan does next, for `ui.timeline`."""
    return {
        "at": action.due_at,
        "title": step_words(action.step),
        "text": gettext(CHANNELS.get(action.channel, action.channel)),
        "icon": CHANNEL_ICONS.get(action.channel, "calendar"),
        "tone": "neutral",
    }


class _Readable(dict[str, str]):
    """An event's facts as text; whatever a sentence asks for and is not there reads as a dash."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__({name: str(value) for name, value in facts.items()})
        self.facts = facts

    def __missing__(self, name: str) -> str:
        facts = self.facts
        for money in ("amount_minor", "net_minor"):
            if name == "money" and money in facts:
                return format_money(Money(int(facts[money]), facts.get("currency", "EUR")))
        if name == "day" and "due_on" in facts:
            return format_day(datetime.fromisoformat(str(facts["due_on"])).date())
        if name in ("day_before", "day_after"):
            return format_day(datetime.fromisoformat(str(facts[name.removeprefix("day_")])).date())
        if name == "state" and "to_state" in facts:
            label = CLAIM_STATES[facts["to_state"]].label
            return inside(label)
        if f"{name}_bps" in facts:
            return format_bps(int(facts[f"{name}_bps"]))
        return "–"

    def __getitem__(self, name: str) -> str:
        words = {
            "channel": CHANNELS, "ground": HOLDS, "step_kind": EARLIER_KINDS, "answer": ANSWERS,
        }.get(name)  # fmt: skip
        value = str(self.facts.get(name, ""))
        if name == "day" and value:
            return format_day(datetime.fromisoformat(value).date())
        if name in ("sent_on", "due_on") and value:
            return format_day(datetime.fromisoformat(value).date())
        if name == "step" and value:
            return step_words(value)
        if words and value in words:
            return gettext(words[value])
        return super().__getitem__(name)


BOOK_STATES = {
    "connected": Chip(N_("Connected"), "good"),
    "broken": Chip(N_("Connection lost"), "bad"),
}
BOOKED_STATES = {
    "credit": Chip(N_("Customer has a credit"), "warning"),
    "refused": Chip(N_("Refused before"), "bad"),
    "foreign": Chip(N_("Not in euro"), "calm"),
}
FETCH_PROBLEMS = {
    "limit": N_("Your bookkeeping lets us ask only so often. We go on by ourselves."),
    "silent": N_("Your bookkeeping does not answer. We try again by ourselves."),
    "revoked": N_("Your bookkeeping no longer lets us in. Connect again; what was fetched stays."),
    "refused": N_("Your bookkeeping refuses what we ask. Look whether we may read invoices there."),
}
KEY_HINTS = {
    "stripe": N_(
        "Make a restricted key there that may only read invoices and the account. We keep it sealed and"
        " show it to nobody."
    ),
    "billit": N_(
        "It stands in Billit under your profile, Users and API key. It may do all that its user may, so use"
        " a user with as few rights as you can. We only read, keep it sealed and show it to nobody."
    ),
    "yuki": N_(
        "You make it in Yuki under Settings, Web services. Give it the rights Financial and Archive alone,"
        " for the administration concerned; with the first one can also book. We only read, keep it sealed"
        " and show it to nobody."
    ),
}
