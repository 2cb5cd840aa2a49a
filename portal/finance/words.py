"""What finance reads: states with their tones, reasons of a match, checks of the proof, kinds of bookings."""

from agency.ledger.chart import CHART
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip

SYSTEM = N_("Automatic")

LINE_STATES = {
    "suspense": Chip(N_("In suspense"), "warning"),
    "matched": Chip(N_("Matched"), "good"),
    "psp_settlement": Chip(N_("From the payment provider"), "info"),
    "payout": Chip(N_("Own payout"), "info"),
    "returned": Chip(N_("Returned"), "calm"),
}
RUN_STATES = {
    "draft": Chip(N_("To approve"), "warning"),
    "approved": Chip(N_("Approved"), "info"),
    "exported": Chip(N_("On its way"), "info"),
    "paid": Chip(N_("Paid out"), "good"),
    "returned": Chip(N_("Sent back by the bank"), "bad"),
    "cancelled": Chip(N_("Cancelled"), "calm"),
}
MODES = {
    "net": N_("Net: the fee is kept"),
    "gross": N_("Gross: the fee is invoiced"),
    "combined": N_("Combined: the fee on what we collected is kept, the rest is invoiced"),
}
CHANGE_STATES = {
    "asked": Chip(N_("Asked"), "warning"),
    "confirmed": Chip(N_("Approved once"), "warning"),
    "approved": Chip(N_("Approved, waiting"), "info"),
    "in_force": Chip(N_("In force"), "good"),
    "refused": Chip(N_("Refused"), "calm"),
    "taken_back": Chip(N_("Taken back"), "calm"),
}
REASONS = {
    "reference": N_("the reference is right"),
    "several_claims_named": N_("references to several claims"),
    "other_currency": N_("another currency"),
    "unknown_reference_beside_it": N_("a second reference that nobody knows"),
    "nothing_open": N_("nothing is open on the claim"),
    "amount_implausible": N_("far more than is open"),
    "more_than_open": N_("more than is open"),
    "invoice_number": N_("an invoice number in the text"),
    "mistyped_reference": N_("a reference with one sign wrong"),
    "debtor_account": N_("this account paid the claim before"),
    "amount": N_("exactly the open amount"),
    "several_claims_fit": N_("several claims fit"),
    "nothing_points_to_a_claim": N_("nothing points to a claim"),
    "not_incoming": N_("money that went out"),
    "claim_withdrawn": N_("the claim was withdrawn"),
    "claim_closed": N_("the claim is closed"),
    "claim_not_accepted": N_("the claim was not accepted yet"),
}
CHECKS = {
    "P1": N_("Every transaction balances"),
    "P2": N_("Bank equals ledger"),
    "P3": N_("Client money equals what is owed"),
    "P4": N_("Every bank line is booked exactly once"),
    "P5": N_("Nothing waits too long"),
    "P6": N_("Payouts equal the bank's debits"),
    "P9": N_("No job or notice is late"),
    "P10": N_("The audit log is unbroken"),
}
ACCOUNTS = {
    "claims.principal": N_("Principal owed by debtors"),
    "claims.interest": N_("Interest owed by debtors"),
    "claims.costs": N_("Collection costs owed by debtors"),
    "claims.control": N_("Contra account of the claims"),
    "trust.bank": N_("Trust account at the bank"),
    "trust.psp": N_("At the payment provider"),
    "trust.suspense": N_("In suspense"),
    "trust.creditor": N_("Owed to creditors"),
    "trust.agency": N_("Owed to the agency"),
    "trust.debtor": N_("Owed back to debtors"),
    "trust.in_transit": N_("Payouts on their way"),
    "agency.trust": N_("The agency's share in trust"),
    "agency.receivable": N_("Invoiced to creditors"),
    "agency.bank": N_("The agency's own bank"),
    "agency.fee_income": N_("Success fees"),
    "agency.credit_check_income": N_("Credit checks of creditors"),
    "agency.costs_income": N_("Costs and interest kept"),
    "agency.vat": N_("VAT to be paid"),
    "agency.psp_costs": N_("Costs of the payment provider"),
}
BOOKS = {
    "claims": N_("Claims: what debtors owe"),
    "trust": N_("Trust: client money"),
    "agency": N_("Agency: its own"),
}
KINDS = {
    "opening": N_("Claim opened"),
    "credit_note": N_("Credit note"),
    "credit_check": N_("Credit check"),
    "crystallisation": N_("Interest and costs fixed"),
    "payment": N_("Payment"),
    "payment_held": N_("Payment held back"),
    "bank_line": N_("Bank line"),
    "bank_opening": N_("Balance before the first statement"),
    "psp_settlement": N_("Settlement of the payment provider"),
    "remittance": N_("Payout"),
    "remittance_paid": N_("Payout seen on the bank"),
    "remittance_returned": N_("Payout sent back by the bank"),
}

assert ACCOUNTS.keys() == CHART.keys(), "every account of the chart has a name"


def reasons(codes: list[str] | tuple[str, ...]) -> str:
    """This function will put the reasons of a match into words of the reader's language."""
    return "; ".join(gettext(REASONS.get(code, code)) for code in codes)


def kind(code: str) -> str:
    """This function will name a kind of booking, a reversal as such."""
    plain = code.removesuffix(".reversal")
    named = gettext(KINDS.get(plain, plain))
    return gettext("Reversal: %(what)s") % {"what": named} if plain != code else named
