"""Words for what comes in: topics, ways, and why a message waits for its claim."""

from agency.communication.inbound.settling import DISCARD_REASONS
from agency.rules.inbound.threading import Mark
from agency.rules.inbound.triage import Topic
from portal.shared.i18n import N_
from portal.shared.listing import Chip

TOPICS: dict[str, Chip] = {
    Topic.PAID.value: Chip(N_("Paid already"), "good"),
    Topic.DISPUTE.value: Chip(N_("Does not agree"), "bad"),
    Topic.PLAN.value: Chip(N_("Wants to pay in parts"), "info"),
    Topic.HARDSHIP.value: Chip(N_("Cannot pay"), "warning"),
    Topic.NOT_ME.value: Chip(N_("Not this person"), "special"),
    Topic.COUNSELLOR.value: Chip(N_("Debt help"), "warning"),
    Topic.STOP.value: Chip(N_("No more messages"), "calm"),
    Topic.OTHER.value: Chip(N_("Something else"), "neutral"),
    Topic.DANGER.value: Chip(N_("Danger to life"), "bad"),
    Topic.DEATH.value: Chip(N_("Somebody has died"), "special"),
    Topic.INSOLVENCY.value: Chip(N_("Bankruptcy or debt settlement"), "warning"),
    Topic.GUARDIANSHIP.value: Chip(N_("Administrator or guardian"), "warning"),
}
# What follows from each, said before a person decides.
FOLLOWS: dict[str, str] = {
    Topic.PAID.value: N_("We ask for nothing for two weeks and look for the payment."),
    Topic.DISPUTE.value: N_("A dispute is recorded; nothing is asked until it is settled."),
    Topic.PLAN.value: N_("We ask for nothing for two weeks; the debtor works out a plan."),
    Topic.HARDSHIP.value: N_("The claim rests for two weeks and comes to the queue."),
    Topic.NOT_ME.value: N_("No contact until somebody has found out who owes this."),
    Topic.COUNSELLOR.value: N_("The claim rests for 45 days."),
    Topic.STOP.value: N_("The address or number that wrote is not used any more."),
    Topic.OTHER.value: N_("Nothing follows by itself; the plan goes on."),
    Topic.DANGER.value: N_("The claim rests for two weeks and comes to the queue."),
    Topic.DEATH.value: N_(
        "No contact at any creditor until somebody has found the heirs; the case comes to the queue."
    ),
    Topic.INSOLVENCY.value: N_(
        "No contact at any creditor; somebody finds out the procedure and lodges the claim."
        " No interest runs on."
    ),
    Topic.GUARDIANSHIP.value: N_(
        "No contact with the debtor at any creditor; somebody writes to the administrator or guardian."
    ),
}
WAYS = {"email": N_("E-mail"), "sms": N_("SMS"), "letter": N_("Letter"), "page": N_("Payment page")}
WAY_ICONS = {"email": "mail", "sms": "phone", "letter": "letter", "page": "globe"}
KINDS: dict[str, Chip] = {
    "reply": Chip(N_("Message"), "info"),
    "stop": Chip(N_("No more messages"), "calm"),
    "start": Chip(N_("Messages again"), "calm"),
    "auto_reply": Chip(N_("Automatic answer"), "neutral"),
    "bounce": Chip(N_("Not delivered"), "warning"),
    "complaint": Chip(N_("Called spam"), "bad"),
}
WHY_WAITING = {
    "nothing": N_("Nothing in it points at a claim."),
    "several_claims": N_("It may belong to several claims."),
    "several_debtors": N_("It may belong to claims of several creditors or debtors."),
    "sender_of_another": N_("It names a claim, but its sender is known as somebody else."),
    "no_message_of_ours": N_("A report about a message that is not ours, or does not say which."),
    "taken_back": N_("A colleague took it back."),
}
MARKS = {
    Mark.REPLY_ADDRESS.value: N_("the address that it was sent to"),
    Mark.ANSWERS_TO.value: N_("the message that it answers"),
    Mark.PAYMENT_REFERENCE.value: N_("payment reference"),
    Mark.CLAIM_NUMBER.value: N_("claim number"),
    Mark.LAST_TEXT.value: N_("the last SMS to this number"),
    Mark.SENDER.value: N_("the sender"),
    "page": N_("the page that it was written on"),
    "person": N_("a colleague"),
}
DISCARDS = {
    "advertising": N_("Advertising"),
    "not_about_a_claim": N_("It is not about a claim"),
    "duplicate": N_("It is here twice"),
    "unreadable": N_("It cannot be read"),
    "answered_otherwise": N_("It was answered another way"),
}
STATES: dict[str, Chip] = {
    "waiting": Chip(N_("To read"), "warning"),
    "answered": Chip(N_("Answered"), "good"),
    "closed": Chip(N_("Read"), "neutral"),
}
assert set(DISCARDS) == set(DISCARD_REASONS), "every reason has its words"
assert set(TOPICS) == set(FOLLOWS) == {topic.value for topic in Topic}, "every topic has its words"
