"""Why the rules let nothing leave, and why a claim is on hold: in sentences for the people of the house."""

from collections.abc import Sequence

from portal.shared.i18n import N_, gettext, inside

HOLDS = {
    "dispute": N_("Dispute"),
    "reasoned_dispute": N_("Dispute with reasons"),
    "says_paid": N_("Says it is paid"),
    "not_me": N_("Says it is somebody else"),
    "complaint": N_("Complaint"),
    "creditor_asked": N_("The creditor asked for it"),
    "promise": N_("Promise to pay"),
    "plan_kept": N_("Payment plan that is kept"),
    "plan_requested": N_("Payment plan asked for"),
    "notice_running": N_("Term of the formal notice"),
    "debt_help": N_("Debt counselling or hardship"),
    "debt_help_notice": N_("Notice of debt counselling (NVVK)"),
    "debt_mediation": N_("Debt mediation"),
    "collective_settlement": N_("Collective settlement of debts"),
    "moratorium": N_("Moratorium"),
    "wsnp": N_("Statutory debt restructuring (WSNP)"),
    "bankruptcy": N_("Bankruptcy"),
    "insolvency": N_("Insolvency"),
    "guardianship": N_("Guardianship or administration"),
    "minor": N_("Under age"),
    "missing_information": N_("The creditor is asked for information"),
    "reply_unread": N_("A message of the debtor to read"),
    "agreement_to_confirm": N_("An agreement to be confirmed"),
    "price_to_agree": N_("A new price that the creditor is to accept"),
    "deceased": N_("Deceased"),
}
HOURS = frozenset({"outside_hours", "sunday", "holiday"})
FREQUENCY = frozenset({"another_creditor_today", "contacts_in_7_days", "too_soon_after_last_contact"})
REASONS_OF_RULES = {
    "outside_hours": N_("It is outside the hours in which a debtor may be called."),
    "sunday": N_("Nobody is called on a Sunday."),
    "holiday": N_("Nobody is called on a public holiday."),
    "contacts_in_7_days": N_("There were three contacts in the last seven days."),
    "another_creditor_today": N_("The debtor was contacted today for another creditor."),
    "too_soon_after_last_contact": N_("The last contact was less than twenty hours ago."),
    "content_incomplete": N_("Something that the law wants in the text is missing."),
    "term_has_passed": N_("The term that the message names has already passed."),
    "contact_point_broken": N_("There is no number or address that works."),
    "consent_withdrawn": N_("The debtor does not want to be reached this way."),
    "country_unknown": N_("The rules of the debtor's country are not known."),
    "claim_closed": N_("The claim is not in collection."),
    "nothing_owed": N_("Nothing is owed any more."),
    "disputed": N_("The claim is disputed."),
    "time_barred": N_("The claim is time-barred."),
    "with_bailiff": N_("The bailiff handles the claim."),
    "third_party": N_("Only the debtor is spoken to about the claim."),
    "channel_not_in_phase": N_("The claim is not far enough for this way of contact."),
    "notice_first": N_(
        "In Belgium collection begins with the formal notice (WER art. XIX.7), and that has not left yet."
    ),
    "notice_term_running": N_(
        "The term of the formal notice is running: until it has passed nobody asks a consumer in Belgium"
        " for payment in another way, by telephone neither (WER art. XIX.7). Who calls himself is helped."
    ),
    "visit_not_announced": N_("A visit is announced in writing first."),
    "visitor_not_identified": N_("The visitor must be able to show an identification."),
    "visit_refused": N_("The debtor does not want a visit."),
    "visit_another_time": N_("The visit is announced for another day or hour."),
    "visit_called_off": N_("The visit was called off."),
    "call_note_answered": N_("The debtor answered this already, or the last day to answer has passed."),
    "threatens_time_barred": N_("The text names a court, but the claim is time-barred."),
    "threatens_unknown_term": N_("The text names a court before the limitation is known."),
    "threatens_too_early": N_("The text names a court too early."),
    "promise_open": N_("A promise is open already. Take it back first if something else is agreed."),
    "plan_stands": N_("A plan is running or asked for already."),
    "promise_withdrawn": N_("The promise was taken back."),
    "dispute_open": N_("A dispute is open already."),
}


def reasons(codes: Sequence[str]) -> list[str]:
    """This function will put the rules' reasons into sentences.

    After too much contact the hours were asked for a later moment: they say nothing about the present one.
    """
    later = HOURS if not FREQUENCY.isdisjoint(codes) else frozenset()
    return [_reason(code) for code in codes if code not in later]


def _reason(code: str) -> str:
    kind, _, ground = code.partition(":")
    if kind == "hold":
        return gettext("The claim is on hold: %(ground)s.") % {"ground": inside(HOLDS.get(ground, ground))}
    return gettext(REASONS_OF_RULES.get(code, code))
