"""What people read of a brand: its fields, its messages, its checklist and what is wrong in it."""

from collections.abc import Mapping
from typing import Any

from agency.communication.brand_checklist import Checked
from agency.rules.brand import LANGUAGES, BrandFault
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip

HOST_STATES = {
    "asked": Chip(N_("Asked for"), "info"),
    "pending": Chip(N_("Waits for its records"), "warning"),
    "valid": Chip(N_("In order"), "good"),
    "broken": Chip(N_("Records are gone"), "bad"),
    "refused": Chip(N_("Refused"), "bad"),
}
USES = {
    "mail": N_("Mail comes from it"), "pay": N_("Payment page"), "inbound": N_("Answers come in at it"),
}  # fmt: skip
FIELDS = {
    "name": N_("Name"),
    "colour": N_("Colour of buttons"),
    "ink": N_("Text on buttons"),
    "accent": N_("Headings and links"),
    "font": N_("Font"),
    "logo_sha256": N_("Logo"),
    "letterhead": N_("Letterhead"),
    "sender_name": N_("Sender's name"),
    "sender_email": N_("Sender's address"),
    "reply_to": N_("Answers go to"),
    "sms_sender": N_("Sender of SMS"),
    "phone": N_("Phone"),
    "caller_id": N_("Number shown on calls"),
    "pay_host": N_("Host of the payment page"),
    "footer": N_("Text at the foot of messages"),
    "pay_text_nl": N_("Text on the payment page, Dutch"),
    "pay_text_fr": N_("Text on the payment page, French"),
    "pay_text_en": N_("Text on the payment page, English"),
    "pay_text_de": N_("Text on the payment page, German"),
}
FONTS = {
    "plain": N_("Plain, without serifs"),
    "classic": N_("Classic, with serifs"),
    "bookish": N_("As in a book"),
    "technical": N_("As typewritten"),
}
MESSAGES = {
    "reminder_1": N_("First reminder"),
    "reminder_2": N_("Second reminder"),
    "notice_nl_consumer": N_("Fourteen-day letter"),
    "notice_be_consumer": N_("Belgian first notice"),
    "notice_business": N_("Notice to a business"),
    "final_notice": N_("Final notice"),
    "promise_confirmation": N_("Confirmation of a promise"),
    "payment_receipt": N_("Receipt of a payment"),
    "answer": N_("Answer to a message"),
    "call_note": N_("What was agreed on the phone"),
    "plan_agreed": N_("Payment plan, in writing"),
    "plan_missed": N_("Payment of the plan missed"),
    "plan_given_back": N_("Direct debit of the plan came back"),
    "plan_completed": N_("Payment plan completed"),
    "refund_account": N_("Question: account for a refund"),
    "visit_announcement": N_("A visit announced"),
}
TONES = {
    "friendly": N_("friendly"),
    "businesslike": N_("businesslike"),
    "firm": N_("firm"),
}
LANGUAGE_NAMES = {"nl": N_("Dutch"), "fr": N_("French"), "en": N_("English"), "de": N_("German")}
COUNTRIES = {
    "NL": N_("Netherlands"), "BE": N_("Belgium"), "DE": N_("Germany"), "FR": N_("Elsewhere"),
}  # fmt: skip
POINTS = {
    "design": N_("Every field is in order"),
    "contrast": N_("Everybody can read the colours"),
    "mail_domain": N_("Mail may come from its domain"),
    "inbound_domain": N_("Answers to its mail come in"),
    "pay_host": N_("The payment page's host leads here"),
    "identity": N_("Who collects is shown, with its registration"),
    "mandatory": N_("Every message says what the law asks"),
    "b1": N_("Every text reads at level B1"),
    "rendering": N_("Every message can be made"),
}
FAULTS = {
    "too_short": N_("this is too short"),
    "too_long": N_("this has more than %(most)s characters"),
    "one_line": N_("this must stand on one line"),
    "look_alike": N_("write this with Latin letters: others only look like them"),
    "no_colour": N_("give a colour like #0b5cad"),
    "contrast_button": N_("on this colour the text has a contrast of %(found)s, and %(least)s is needed"),
    "contrast_paper": N_("on white this has a contrast of %(found)s, and %(least)s is needed"),
    "no_font": N_("choose one of the fonts"),
    "too_many_lines": N_("this has more than %(most)s lines"),
    "line_too_long": N_("a line has more than %(most)s characters"),
    "no_mail": N_("give an e-mail address, like name@example.org"),
    "no_host": N_("give a host name, like pay.example.org"),
    "no_sms_sender": N_("give at most %(most)s letters and digits, or a number like +31612345678"),
    "no_phone": N_("give a telephone number, like +31 20 123 45 67"),
    "no_caller_id": N_("give the number with its country, like +31201234567"),
    "too_hard": N_("this reads too hard: %(mend)s"),
    "no_language": N_("this language is not known"),
}
HOSTS = {
    "agency": N_("the agency's own is used"),
    "unknown": N_("nobody has asked for the records of %(domain)s yet"),
    "asked": N_("the records of %(domain)s were asked for"),
    "pending": N_("the records of %(domain)s are not set yet"),
    "broken": N_("the records of %(domain)s are gone"),
    "refused": N_("%(domain)s was refused"),
    "valid": N_("the records of %(domain)s stand"),
}


def fault_words(fault: BrandFault) -> dict[str, Any]:
    """This function will return a fault as a page shows it: the field's name and what is wrong with it."""
    return {
        "field": fault.field,
        "name": gettext(FIELDS.get(fault.field, fault.field)),
        "words": gettext(FAULTS[fault.code]) % dict(fault.facts),
    }


def point_words(point: Checked) -> dict[str, Any]:
    """This function will return a point of the checklist as a page shows it."""
    is_host = point.point in ("mail_domain", "inbound_domain", "pay_host")
    where = point.facts.get("state", "")
    return {
        "passes": point.passes,
        "title": gettext(POINTS[point.point]),
        "told": gettext(HOSTS[where]) % dict(point.facts) if is_host else "",
        "wrong": [] if is_host else list(point.wrong),
        "faults": [fault_words(fault) for fault in point.faults],
    }


def change_words(changed: tuple[str, str, str], fonts: Mapping[str, str] = FONTS) -> dict[str, str]:
    """This function will return a difference between two versions as a page shows it."""
    field, before, after = changed
    if field == "font":
        before, after = (gettext(fonts.get(one, one)) for one in (before, after))
    if field == "logo_sha256":
        before, after = before[:8], after[:8]
    return {"field": field, "name": gettext(FIELDS[field]), "before": before, "after": after}


assert set(LANGUAGES) == set(LANGUAGE_NAMES)
