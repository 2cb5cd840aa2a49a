"""What people read of payment plans and settlements, on every audience's pages."""

from agency.rules.instalments import PartState
from portal.shared.i18n import N_
from portal.shared.listing import Chip

PLAN_STATES = {
    "proposed": Chip(N_("Asked for"), "warning"),
    "offered": Chip(N_("Offered"), "info"),
    "active": Chip(N_("Running"), "good"),
    "completed": Chip(N_("Paid off"), "good"),
    "broken": Chip(N_("Not kept"), "bad"),
    "refused": Chip(N_("Refused"), "neutral"),
    "countered": Chip(N_("Answered with another offer"), "neutral"),
    "expired": Chip(N_("Not answered in time"), "neutral"),
    "cancelled": Chip(N_("Ended by hand"), "neutral"),
}
PART_STATES = {
    PartState.OPEN: Chip(N_("To pay"), "neutral"),
    PartState.LATE: Chip(N_("Expected"), "warning"),
    PartState.MISSED: Chip(N_("Missed"), "bad"),
    PartState.PAID: Chip(N_("Paid"), "good"),
}
SETTLEMENT_STATES = {
    "waiting": Chip(N_("Waits for the creditor"), "warning"),
    "open": Chip(N_("Offered"), "info"),
    "kept": Chip(N_("Paid in time"), "good"),
    "lapsed": Chip(N_("Lapsed"), "bad"),
    "refused": Chip(N_("Refused"), "neutral"),
    "cancelled": Chip(N_("Ended by hand"), "neutral"),
}
RHYTHMS = (("monthly", N_("Every month")), ("weekly", N_("Every week")))
REASONS = {
    "too_long": N_("It takes longer than the creditor accepts at once."),
    "too_little_a_month": N_("It is less a month than the creditor accepts at once."),
    "too_small_a_share": N_("It is a smaller part of the debt a month than the creditor accepts at once."),
    "starts_too_late": N_("It starts later than the creditor accepts at once."),
}
# Refusals of the use cases that people read beside a field.
REFUSALS = (
    N_("nothing is owed on this claim"),
    N_("this amount is too small for an instalment"),
    N_("this is more than what is owed"),
    N_("that gives too many or too small instalments"),
    N_("give one instalment or more"),
    N_("choose a day within 92 days"),
    N_("choose a day within 60 days"),
    N_("give the amount in the claim's currency"),
    N_("say why this plan is agreed outside the creditor's bands"),
    N_("give a reason"),
    N_("a plan is for one debtor and one currency"),
    N_("a claim that is contested as a whole takes no plan"),
    N_("a settlement is open already"),
    N_("a plan is running or asked for already"),
    N_("a promise or a plan is open already"),
    N_("the first day of this plan has passed; make another one"),
    N_("this plan was decided on already"),
    N_("this offer has ended"),
    N_("this settlement was decided on already"),
    N_("the day of this settlement has passed"),
    N_("choose an amount below what is owed"),
    N_("choose today or a later day"),
    N_("this lies outside what is possible"),
    N_("a collector may not forgive more than an administrator"),
    N_("terms from this day were set already"),
    N_("this is not an IBAN; check it and try again"),
    N_("money cannot be collected from an account in this country"),
    N_("fill in the name on the account"),
    N_("this plan is not running"),
    N_("a mandate was signed already"),
    N_("no instalment can be collected now"),
    N_("this collection was decided on already"),
    N_("its day can no longer be kept; cancel it and draft another"),
    N_("nothing of it is to be collected any more; cancel it"),
    N_("no such plan"),
    N_("no such settlement"),
    N_("no such mandate"),
    N_("no such collection file"),
)
