"""What the name of a column says of its amounts: still open, paid already, without VAT, or VAT only."""

import re
from functools import lru_cache
from typing import Final, Literal

from agency.intake.headers import folded

Says = Literal["open", "paid", "without_vat", "vat"]

_OPEN: Final = re.compile(
    r"open|outstanding|remain|resid|restant|rest(?:e|bedrag)|resterend|verschuldigd|tebetalen|tevoldoen"
    r"|teontvangen|amountdue|balancedue|topay|unpaid|onbetaald|apayer|impay|soldedu|montantdu|nonregle"
    r"|offen|achterstand|arrears|arriere|ruckstand|rueckstand|unbezahlt|^osamount|ouvert|encours|^rest$"
)
_PAID: Final = re.compile(
    r"(?:^|al|reeds|bedrag|amount|total|totaal|montant|deja|already|bereits)(?:betaald|voldaan|ontvangen"
    r"|paid|received|paye|regle|encaisse|bezahlt|gezahlt)|^(?:betaling(?:en)?|payments?|paiements?|acomptes?"
    r"|aanbetaling|vooruitbetaald|prepaid)$"
)
_WHEN_PAID: Final = re.compile(r"(?:op|on|le|am|date|datum|via|met|by|door)$|^date|^datum")
_WITHOUT_VAT: Final = re.compile(
    r"excl|exbtw|zonderbtw|^netto|nettobedrag|^net(?:amount|total)|untaxed|htva|horstva|horstaxe|^ht$|montantht"
    r"|totalht|subtot|grondslag|maatstaf|taxable|ohnemwst|zzglmwst|exvat|beforetax"
)
_VAT: Final = re.compile(r"btw|vat|tva|mwst|^ust|tax")
_WITH_VAT: Final = re.compile(r"in(?:cl|k)|ttc|tvac|metbtw|mitmwst|brut")


@lru_cache(maxsize=4_096)
def says(header: str) -> Says | None:
    """This function will tell what a header says of the amounts below it, None when it says nothing."""
    name = folded(header)
    if _WITHOUT_VAT.search(name):
        return "without_vat"
    if _OPEN.search(name):
        return "open"
    if _PAID.search(name) and not _WHEN_PAID.search(name):
        return "paid"
    return "vat" if _VAT.search(name) and not _WITH_VAT.search(name) else None
