"""What a consumer who lives in Germany is told beside all others (RDG s. 13a)."""

from decimal import Decimal
from typing import Any, Final

from babel.numbers import format_decimal
from sqlalchemy import Row

from agency.claims.itemisation import ItemisedClaim
from agency.rules.facts import DebtorKind, InterestKind, Law
from agency.rules.rates import rate_on

_ABOVE_STATUTORY: Final = {
    "nl": "De rente van {percent} % is hoger dan de wettelijke rente. {creditor} vraagt die rente omdat dat"
    " zo met u is afgesproken.",
    "en": "The interest of {percent} % is higher than the statutory rate. {creditor} asks it because it was"
    " agreed with you.",
    "fr": "L’intérêt de {percent} % est supérieur au taux légal. {creditor} le demande parce que cela a été"
    " convenu avec vous.",
    "de": "Der Zinssatz von {percent} % ist höher als der gesetzliche. {creditor} fordert ihn, weil er so mit"
    " Ihnen vereinbart ist.",
}


def is_german_consumer(row: Row[Any]) -> bool:
    """Return whether RDG s. 13a protects the reader: his home decides, whatever the law of the claim is."""
    return bool(row.country == "DE" and row.debtor_kind == DebtorKind.consumer)


def above_statutory(row: Row[Any], owed: ItemisedClaim, language: str) -> str:
    """Return the note that interest runs above the statutory rate (RDG s. 13a(1) no. 4), or "".

    :param row: of the message, with the creditor's `contractual_interest_percent`.
    :raises NoRate: no statutory rate is known.
    """
    if not is_german_consumer(row) or not row.contractual_interest_percent or not owed.interest:
        return ""
    agreed = Decimal(row.contractual_interest_percent)
    charged = {segment.percent for invoice in owed.invoices for segment in invoice.segments}
    statutory = rate_on(law=Law(row.law), kind=InterestKind(row.interest_kind), on=owed.on).percent
    if agreed not in charged or agreed <= statutory:
        return ""
    words = _ABOVE_STATUTORY.get(language, _ABOVE_STATUTORY["en"])
    return words.format(percent=format_decimal(agreed, locale=language), creditor=row.creditor_name)
