"""Decides which format a bank file is in and has it read."""

from agency.ports.readers import BankStatement, Unreadable
from integrations import untrusted_xml
from integrations.bankfiles.camt import read_camt
from integrations.bankfiles.movements import finish
from integrations.bankfiles.mt940 import looks_like_mt940, read_mt940


def read_bank_file(content: bytes) -> tuple[BankStatement, ...]:
    """This function will read every statement of a camt.052/053/054, MT940 or MT942 file.

    :raises Unreadable: when it is none of these, is cut off, or any part of it cannot be read for sure;
        then nothing of it may be booked.
    """
    if untrusted_xml.looks_like_xml(content):
        return finish(read_camt(content))
    if looks_like_mt940(content):
        return finish(read_mt940(content))
    raise Unreadable("not a bank file that can be read: neither camt.052/053/054 nor MT940")
