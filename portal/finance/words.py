"""What finance reads: states with their tones, reasons of a match, checks of the proof, kinds of bookings."""

from agency.ledger.chart import CHART
from portal.shared.filled_in import told
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Chip
from portal.shared.words import REMITTANCE_MODES

SYSTEM = N_("Automatic")

LINE_STATES = {
    "suspense": Chip(N_("In suspense"), "warning"),
    "matched": Chip(N_("Matched"), "good"),
    "psp_settlement": Chip(N_("From the payment provider"), "info"),
    "payout": Chip(N_("Own payout"), "info"),
    "returned": Chip(N_("Returned"), "calm"),
    "split": Chip(N_("In its parts"), "calm"),
    "refund": Chip(N_("Own refund"), "info"),
    "sent_back": Chip(N_("Sent back"), "calm"),
    "own": Chip(N_("Our own"), "info"),
}
OWN_KINDS = {
    "charges": N_("Charges of the bank"),
    "interest": N_("Interest of the bank"),
    "deposit": N_("Paid in by us"),
}
REFUND_STATES = {
    "requested": Chip(N_("To approve"), "warning"),
    "approved": Chip(N_("Approved"), "info"),
    "sending": Chip(N_("With the payment provider"), "info"),
    "exported": Chip(N_("On its way"), "info"),
    "paid": Chip(N_("Paid back"), "good"),
    "cancelled": Chip(N_("Cancelled"), "calm"),
    "rejected": Chip(N_("Came back"), "bad"),
}
OWED_REASONS = {
    "overpaid": N_("Paid too much"),
    "other_currency": N_("Paid in another currency"),
    "claim_withdrawn": N_("Paid after the claim was withdrawn"),
    "claim_closed": N_("Paid after the claim was closed"),
    "claim_not_accepted": N_("Paid before the claim was accepted"),
}
ROUTES = {"bank": N_("Transfer"), "provider": N_("Payment provider")}
RUN_STATES = {
    "draft": Chip(N_("To approve"), "warning"),
    "approved": Chip(N_("Approved"), "info"),
    "exported": Chip(N_("On its way"), "info"),
    "paid": Chip(N_("Paid out"), "good"),
    "returned": Chip(N_("Sent back by the bank"), "bad"),
    "cancelled": Chip(N_("Cancelled"), "calm"),
}
CANNOT_LEAVE = Chip(N_("Cannot leave"), "bad")
MODES = {
    **REMITTANCE_MODES,
    "own": N_("Our own share: fees kept, and the costs and interest that are ours"),
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
    "short_invoice_number": N_("a short invoice number in the text"),
    "mistyped_invoice_number": N_("an invoice number with one sign wrong"),
    "mistyped_reference": N_("a reference with one sign wrong"),
    "debtor_account": N_("this account paid for this debtor before"),
    "account_of_several": N_("this account pays for several debtors"),
    "account_on_file": N_("the debtor's account, as the creditor knows it"),
    "same_name": N_("the same name"),
    "initials": N_("the same surname and initial"),
    "family_name": N_("the same surname"),
    "similar_name": N_("a similar name"),
    "other_name": N_("another name"),
    "refused": N_("refused before for this payer"),
    "amount": N_("exactly the open amount"),
    "invoice_amount": N_("exactly the amount of an invoice"),
    "sum_of_invoices": N_("exactly the sum of some invoices"),
    "sum_of_claims": N_("exactly the sum of these claims"),
    "amount_between": N_("the invoices and a part of interest and costs"),
    "paid_twice": N_("another line of the same day pays this claim"),
    "several_claims_fit": N_("several claims fit"),
    "nothing_points_to_a_claim": N_("nothing points to a claim"),
    "not_incoming": N_("money that went out"),
    "return_of_unknown": N_("a return of a payment that nobody knows"),
    "return_of_several": N_("a return of one of several payments"),
    "claim_withdrawn": N_("the claim was withdrawn"),
    "claim_closed": N_("the claim is closed"),
    "claim_not_accepted": N_("the claim was not accepted yet"),
}
CHECKS = {
    "P1": N_("Every transaction balances"),
    "P2": N_("Bank equals ledger"),
    "P3": N_("Client money equals what is owed"),
    "P4": N_("Every bank line and payment is booked exactly once"),
    "P5": N_("Nothing waits too long"),
    "P6": N_("Payouts equal the bank's debits"),
    "P7": N_("Letters said what the ledger says"),
    "P8": N_("What pages show is what was booked"),
    "P9": N_("No job or notice is late"),
    "P10": N_("The audit log is unbroken"),
    "P11": N_("Our invoices say what our books say"),
}
# What the checks count; the proof keeps them in these words.
LABELS = (
    N_("transactions that do not balance"),
    N_("transactions that were changed after they were sealed"),
    N_("seals that are switched off"),
    N_("transactions of the last proof that are still there"),
    N_("transactions that the last proof saw"),
    N_("payments of the last proof that are still there"),
    N_("payments that the last proof saw"),
    N_("trust account in the ledger"),
    N_("closing balance of the bank"),
    N_("days on which bank and ledger differ"),
    N_("statements that do not follow on from the one before"),
    N_("client money held"),
    N_("owed to creditors, debtors, agency and nobody yet"),
    N_("creditors whose money does not add up by itself"),
    N_("bank lines not booked exactly once"),
    N_("entries on the bank's account without a bank line"),
    N_("lines whose payments are not just theirs"),
    N_("lines of our own that are not booked as such"),
    N_("payments and bookings without each other"),
    N_("paid at the provider, and not booked"),
    N_("booked as paid online, and unknown at the provider"),
    N_("lines that wait in suspense too long"),
    N_("creditors whose online payments wait too long for the provider"),
    N_("creditors whose payouts wait too long for the bank"),
    N_("paid out by the ledger"),
    N_("debited by the bank"),
    N_("the agency's own books have in trust"),
    N_("held for the agency, or on its way to it"),
    N_("payouts that ledger or bank tell otherwise"),
    N_("payouts that are not the sum of their payments and fees"),
    N_("payout files that were changed"),
    N_("signs that earlier transactions were moved to another creditor or day of booking"),
    N_("fees that were not agreed so"),
    N_("shares that are not those that were accepted"),
    N_("payouts and refunds that nobody approved so"),
    N_("payout files that are not those that were written"),
    N_("accounts that nobody approved"),
    N_("accounts that are not those of the last proof"),
    N_("invoiced to creditors by our books"),
    N_("asked on invoices, and for credit checks on none yet"),
    N_("VAT by our books"),
    N_("VAT on invoices, and on credit checks on none yet"),
    N_("fees by our books, without VAT"),
    N_("fees on invoices, and credit checks on none yet, without VAT"),
    N_("creditors of whom books and invoices differ"),
    N_("invoices that are not as they were issued"),
    N_("invoices that were paid more than they ask"),
    N_("messages that stated another amount than was owed"),
    N_("payments that show other amounts than were booked"),
    N_("claims whose state or amount the ledger contradicts"),
    N_("jobs late or given up"),
    N_("notices not handled in time"),
    N_("audit chains"),
    N_("unbroken"),
    N_("audit chains whose end the last proof saw is gone"),
    N_("ended here before"),
    N_("allowed"),
)
ASIDE_STATES = {
    "waiting": Chip(N_("Waits for a second person"), "warning"),
    "accepted": Chip(N_("Set aside by two people"), "info"),
    "refused": Chip(N_("Not set aside"), "calm"),
}
DIFFERENCES = {
    "transaction": N_("Booking"),
    "line": N_("Bank line"),
    "statement": N_("Statement"),
    "payment": N_("Payment"),
    "claim": N_("Claim"),
    "message": N_("Message"),
    "run": N_("Payout"),
    "file": N_("Payout file"),
    "account": N_("Account"),
    "creditor": N_("Creditor"),
    "intent": N_("Online payment"),
    "trigger": N_("Seal"),
    "chain": N_("Audit log"),
    "invoice": N_("Invoice"),
    "series": N_("Numbers of invoices"),
    "fee": N_("Fee"),
    "quote": N_("Quote"),
    "refund": N_("Refund"),
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
    "agency.bank_costs": N_("Charges of the bank"),
    "agency.bank_interest": N_("Interest of the bank"),
    "bailiff.bank": N_("Bailiff account at the bank"),
    "bailiff.to_recover": N_("Bailiffs' fees to recover from debtors"),
    "bailiff.payable": N_("Owed to bailiffs"),
    "bailiff.advances": N_("Advanced by creditors for bailiffs"),
}
BOOKS = {
    "claims": N_("Claims: what debtors owe"),
    "trust": N_("Trust: client money"),
    "agency": N_("Agency: its own"),
    "bailiff": N_("Bailiffs: what passes through"),
}
WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip
WAIVER_STATES = {
    "waiting": Chip(N_("Waits"), "warning"),
    "granted": Chip(N_("Given up"), "good"),
    "refused": Chip(N_("Refused"), "bad"),
    "withdrawn": Chip(N_("Taken back"), "neutral"),
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
    "waiver": N_("Waived"),
    "write_off": N_("Written off"),
    "bailiff_advanced": N_("Advance for the bailiff"),
    "bailiff_charged": N_("Bailiff's note of fees"),
    "bailiff_paid": N_("Bailiff paid"),
    "bailiff_recovered": N_("Bailiff's fees recovered"),
    "bailiff_borne": N_("Bailiff's fees borne by the advance"),
    "bailiff_returned": N_("Advance returned"),
    "refund": N_("Refund"),
    "refund_owed": N_("Refund that the provider took too, owed by the debtor"),
    "refund_paid": N_("Refund seen on the bank"),
    "refund_returned": N_("Refund that came back"),
    "remittance_returned": N_("Payout sent back by the bank"),
    "own_money": N_("Our own money on the trust account"),
    "invoice_paid": N_("Payment on our invoice"),
}
# What the code itself notes with a booking.
NOTES = (
    N_("refunded or charged back at the payment provider"),
    N_("the bank sent it back"),
    N_("the line was settled meanwhile"),
    N_("the payment before it was taken back"),
    N_("the payment of the settlement was taken back"),
    N_("the payment plan was kept"),
    N_("settled for a part"),
    N_("the creditor took its report back"),
    N_("booked by its details instead"),
    N_("balance before the first statement"),
    N_("an earlier statement was imported"),
)
_RETURNED = "returned by the bank: "
# The common ones of ISO 20022's external return reasons; a bank's booking that it takes back names none.
RETURN_REASONS = {
    "AC01": N_("the account number is wrong"),
    "AC04": N_("the account is closed"),
    "AC06": N_("the account is blocked"),
    "AC13": N_("the account is a consumer's"),
    "AG01": N_("this account takes no direct debits"),
    "AM04": N_("not enough money on the account"),
    "BE04": N_("the address of the account's holder is missing"),
    "MD01": N_("no valid mandate"),
    "MD06": N_("the account's holder asked for the money back"),
    "MD07": N_("the account's holder has died"),
    "MS02": N_("refused by the account's holder"),
    "MS03": N_("the bank gives no reason"),
    "SL01": N_("the account's holder blocked it"),
    "reversal": N_("the bank took its own booking back"),
}
INVOICE_STATES = {
    "open": Chip(N_("Open"), "info"),
    "overdue": Chip(N_("Overdue"), "warning"),
    "done": Chip(N_("Paid"), "good"),
}
VAT_CATEGORIES = {
    "S": N_("VAT charged"),
    "AE": N_("VAT reverse charged"),
    "O": N_("Outside the European Union"),
}

assert ACCOUNTS.keys() == CHART.keys(), "every account of the chart has a name"


def reasons(codes: list[str] | tuple[str, ...]) -> str:
    """This function will put the reasons of a match into words of the reader's language."""
    return "; ".join(gettext(REASONS.get(code, code)) for code in codes)


def note(memo: str) -> str:
    """This function will tell what is noted with a booking; of money that waits, that is the reason."""
    if memo.startswith(_RETURNED):
        return gettext("returned by the bank: %(why)s") % {"why": return_reason(memo.removeprefix(_RETURNED))}
    return told(REASONS.get(memo, memo)) if memo else ""


def return_reason(code: str) -> str:
    """This function will say why a bank returned money: the ISO code, and what the common ones mean."""
    meaning = RETURN_REASONS.get(code)
    return f"{code} ({gettext(meaning)})" if meaning and code.isupper() else gettext(meaning or code)


def kind(code: str) -> str:
    """This function will name a kind of booking, a reversal as such."""
    plain = code.removesuffix(".reversal")
    named = gettext(KINDS.get(plain, plain))
    return gettext("Reversal: %(what)s") % {"what": named} if plain != code else named
