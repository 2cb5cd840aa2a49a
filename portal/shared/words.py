"""Words that several doors use for the same thing: states, kinds and channels."""

from portal.shared.i18n import N_
from portal.shared.listing import Chip

CLAIM_STATES = {
    "new": Chip(N_("New"), "neutral"),
    "quoted": Chip(N_("Price waits"), "warning"),
    "active": Chip(N_("In collection"), "info"),
    "paid": Chip(N_("Paid"), "good"),
    "withdrawn": Chip(N_("Withdrawn"), "calm"),
    "closed": Chip(N_("Closed"), "calm"),
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
CHANNEL_ICONS = {"email": "mail", "sms": "message", "letter": "letter", "call": "phone"}
