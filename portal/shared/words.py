"""Words that several doors use for the same thing: states, kinds and channels."""

from typing import Final

from agency.progress.timeline import Happening
from agency.rules.explain import explain
from agency.rules.trace import from_json
from portal.shared.i18n import N_, current_language, gettext
from portal.shared.listing import Chip

CLAIM_STATES = {
    "new": Chip(N_("New"), "neutral"),
    "quoted": Chip(N_("Price waits"), "warning"),
    "active": Chip(N_("In collection"), "info"),
    "paid": Chip(N_("Paid"), "good"),
    "withdrawn": Chip(N_("Withdrawn"), "calm"),
    "closed": Chip(N_("Closed"), "calm"),
}
DRAFT_STATES = {
    "draft": Chip(N_("Draft"), "info"),
    "submitted": Chip(N_("Waits for a second person"), "warning"),
    "published": Chip(N_("Published"), "good"),
    "withdrawn": Chip(N_("Withdrawn"), "calm"),
}
MESSAGE_STATES = {
    "queued": Chip(N_("Waits"), "neutral"),
    "sending": Chip(N_("Being sent"), "info"),
    "sent": Chip(N_("Sent"), "info"),
    "delivered": Chip(N_("Delivered"), "good"),
    "opened": Chip(N_("Opened"), "good"),
    "bounced": Chip(N_("Not delivered"), "bad"),
    "failed": Chip(N_("Not delivered"), "bad"),
    "refused": Chip(N_("Not sent"), "warning"),
    "unknown": Chip(N_("Being checked"), "warning"),
    "cancelled": Chip(N_("Cancelled"), "calm"),
}
DEBTOR_KINDS = {
    "consumer": N_("Consumer"),
    "sole_trader": N_("Sole trader"),
    "company": N_("Company"),
}
CHANNELS = {
    "email": N_("E-mail"),
    "sms": N_("Text message"),
    "letter": N_("Letter"),
    "call": N_("Telephone call"),
    "visit": N_("Visit"),
}
CHANNEL_ICONS = {
    "email": "mail", "sms": "message", "letter": "letter", "call": "phone", "visit": "building",
}  # fmt: skip
DOCUMENTS = {
    "invoice": N_("Invoice"),
    "contract": N_("Contract"),
    "terms": N_("Terms and conditions"),
    "order": N_("Order or quotation"),
    "delivery_note": N_("Proof of delivery"),
    "reminder": N_("Reminder sent by the creditor"),
    "correspondence": N_("Correspondence"),
    "acknowledgement": N_("Debtor's acknowledgement"),
    "statement": N_("Statement of account"),
    "other": N_("Other"),
}
DISPUTE_REASONS = {
    "not_ordered": N_("Did not order this"),
    "not_delivered": N_("Did not receive it"),
    "not_as_agreed": N_("Not good, or not what was agreed"),
    "wrong_amount": N_("The amount is wrong"),
    "cancelled": N_("Cancelled it"),
    "other": N_("Something else"),
    "known_at_intake": N_("Known when the claim was placed"),
}
DISPUTE_STATES = {
    "raised": Chip(N_("Without grounds so far"), "warning"),
    "substantiated": Chip(N_("With grounds"), "bad"),
    "partly_accepted": Chip(N_("For the debtor in part"), "calm"),
    "resolved_creditor": Chip(N_("For the creditor"), "calm"),
    "resolved_debtor": Chip(N_("For the debtor"), "calm"),
    "none": Chip(N_("None"), "neutral"),
}
DISPUTE_ACTIONS = {
    "raised": N_("Raised"),
    "widened": N_("More was disputed"),
    "substantiated": N_("Grounds were given"),
    "answered": N_("The creditor answered"),
    "settled": N_("Settled"),
}

REMITTANCE_MODES = {
    "net": N_("Net: the fee is kept"),
    "gross": N_("Gross: the fee is invoiced"),
    "combined": N_("Combined: the fee on what we collected is kept, the rest is invoiced"),
}
STEPS = {
    "reminder_1": N_("First reminder"),
    "reminder_2": N_("Second reminder"),
    "formal_notice": N_("Formal notice"),
    "notice": N_("Formal notice"),
    "formal_notice_copy": N_("Copy of the formal notice"),
    "final_notice": N_("Final notice"),
    "call": N_("Telephone call"),
    "call_before_notice": N_("Call before the notice"),
    "reminder_2_copy": N_("Second reminder by letter"),
    "early_call": N_("Early call"),
    "final_notice_copy": N_("Final notice by letter"),
    "visit": N_("Visit"),
    "payment_receipt": N_("Receipt of payment"),
    "promise_confirmation": N_("Confirmation of the promise"),
    "plan_agreed": N_("Payment plan, in writing"),
    "plan_missed": N_("Payment of the plan missed"),
    "plan_given_back": N_("Direct debit of the plan came back"),
    "plan_completed": N_("Payment plan completed"),
    "refund_account": N_("Question: account for a refund"),
    "visit_announcement": N_("A visit announced"),
    "answer": N_("Answer to a message"),
    "call_note": N_("What a call agreed on"),
    "link": N_("Payment link"),
}


def step_words(step: str) -> str:
    """This function will name a step of the plan; answers to the debtor carry an id behind a colon, and a
    further step of the same kind a number."""
    key = step.partition(":")[0]
    base, _, number = key.rpartition("_")
    known = key if key in STEPS or not number.isdigit() else base
    return gettext(STEPS.get(known, known))


# What a creditor did itself before it handed a claim over.
EARLIER_KINDS = {
    "reminder": N_("Reminder"),
    "notice": N_("Formal notice"),
    "call": N_("Telephone call"),
}
# What somebody said of two claims that look alike.
ANSWERS = {"same": N_("the same debt, withdrawn"), "two": N_("another debt")}
# Whose reason is a sentence that a person wrote, not a word of ours.
_SAID_BY_A_PERSON: Final = frozenset({"DueDateCorrected", "PartGivenUp", "PartOwedAgain", "PromiseWithdrawn"})


def told_by(event: Happening) -> str:
    """This function will give the reason that an event carries: a person's sentence, or its trace in words;
    empty where it carries none."""
    facts = event.facts
    taken_back = (facts.get("from_state"), facts.get("to_state")) == ("active", "withdrawn")
    if taken_back:
        return gettext(str(facts["why"]))
    if event.kind in _SAID_BY_A_PERSON:
        return str(facts["why"])
    return " ".join(line.words for line in explain(from_json(facts.get("trace", ())), current_language()))


# Why a claim was taken back when nobody said it in words of his own.
TAKEN_BACK = (N_("information missing"), N_("the same debt as another claim"))
# Where a rule stands when it is no law; what is a law is named as lawyers name it, in every language.
SOURCES = (
    N_("fee agreement with the creditor"),
    N_("rate card of the agency"),
    N_("agreement between creditor and agency"),
    N_("closed claims of the agency"),
    N_("agency's own policy"),
    N_("agency's setting: the statute is silent"),
    N_("there is nothing to collect"),
    N_("house rule"),
)
