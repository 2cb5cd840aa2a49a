"""Values that script an outcome, as providers' own test modes have them."""

from agency.money import Money

# The one key that no provider knows.
WRONG_KEY = "wrong"

# E-mail, by the part before the @.
MAIL_BOUNCE = "bounce"  # the address does not exist
MAIL_BLOCKED = "blocked"  # the receiver refuses for now
MAIL_DROPPED = "dropped"  # SendGrid does not even try
MAIL_DEFERRED = "deferred"  # delivered, but only after an hour

# Numbers, by their end.
NUMBER_UNDELIVERED = "0000"  # Twilio error 30005: unknown or inactive
NUMBER_FAILED = "0001"  # Twilio error 30008: failed at the carrier
NUMBER_BUSY = "0002"
NUMBER_NO_ANSWER = "0003"

# Letters, by a word in the address.
LETTER_RETURNED = "ONBESTELBAAR"

# Payments and transfers, by amount.
PAYMENT_FAILS = Money(1313, "EUR")
TRANSFER_REJECTED = Money(1313, "EUR")  # AM04 at the bank

# Payouts, by the end of the receiver's account number.
IBAN_CLOSED = "0000000"  # AC04

# Registers, by a word in the debtor's name: what they know, in their own words.
REGISTER_ENTRIES = {
    "OVERLEDEN": ("deceased", "deaths"),
    "FAILLIET": ("bankruptcy", "insolvency"),
    "SURSEANCE": ("moratorium", "insolvency"),
    "SCHULDSANERING": ("wsnp", "insolvency"),
    "COLLECTIEVE": ("collective_settlement", "regsol"),
    "BEWIND": ("guardianship", "guardianship"),
    "RAADSEL": ("riddle", "insolvency"),  # a kind of entry that nobody has heard of
}
REGISTER_SILENT = "STILTE"  # one of the registers does not answer

# The credit bureau, by a word in the name or the end of a number.
COMPANY_UNKNOWN = "ONBEKEND"
COMPANY_UNKNOWN_NUMBER = "0000"
COMPANY_BANKRUPT_NUMBER = "9999"
