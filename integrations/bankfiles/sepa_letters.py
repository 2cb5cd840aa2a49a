"""Keeps names and texts of an order to the letters that every bank passes on."""

import re

from lxml import etree

# The only characters every SEPA bank must pass on (EPC217-08).
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def keep_to_sepa_letters(document: etree._Element) -> None:
    """This function will put a blank for each other character in an ISO 20022 order's names and texts."""
    for element in document.iter("{*}Nm", "{*}Ustrd"):
        element.text = " ".join(_NOT_SEPA.sub(" ", element.text or "").split())
