"""Decides which format a bank file is in and has it read."""

import codecs
import re

from agency.ports.readers import BankStatement, Unreadable
from integrations import untrusted_xml
from integrations.bankfiles.camt import read_camt
from integrations.bankfiles.coda import looks_like_coda, read_coda
from integrations.bankfiles.csv_export import known_and_not_read, looks_like_csv_export, read_csv_export
from integrations.bankfiles.csv_profiles import profiles
from integrations.bankfiles.movements import finish
from integrations.bankfiles.mt940 import looks_like_mt940, read_mt940
from integrations.packed import refuse_packed

_OFX = re.compile(rb"OFXHEADER|<OFX>", re.IGNORECASE)


class UnknownFormat(Unreadable):
    """The file is in no format that is read, damaged or not."""


def read_bank_file(content: bytes) -> tuple[BankStatement, ...]:
    """This function will read every statement of a camt, MT940, MT942, CODA or CSV file of a known bank.

    :raises Unreadable: when it is none of these, is cut off, or any part of it cannot be read for sure;
        then nothing of it may be booked.
    """
    if not content.strip():
        raise Unreadable("the file is empty")
    refuse_packed(content)
    if content.startswith(b"%PDF-"):
        raise Unreadable("a PDF; ask the bank for camt.053, MT940 or CODA instead")
    if _OFX.search(content[:4096]):
        raise Unreadable("an OFX file; ask the bank for camt.053, MT940 or CODA instead")
    if untrusted_xml.looks_like_xml(content):
        return finish(read_camt(content))
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", errors="replace").encode()
    if looks_like_coda(content):
        return finish(read_coda(content))
    if looks_like_mt940(content):
        return finish(read_mt940(content))
    if looks_like_csv_export(content):
        return finish(read_csv_export(content))
    _refuse_known(content)
    banks = ", ".join(dict.fromkeys(profile.bank for profile in profiles()))
    begins = content[:80].decode("utf-8", errors="replace").strip().partition("\n")[0].strip()
    raise UnknownFormat(
        "not a bank file that can be read: neither camt.052/053/054, MT940, CODA nor a CSV export with the"
        f" header row of a known bank ({banks}); it begins with {begins!r}"
    )


def _refuse_known(content: bytes) -> None:
    """Name the bank or provider of an export that is known and not read, and say what to do instead."""
    export = known_and_not_read(content)
    if export is None:
        return
    if export.provider:
        raise Unreadable(
            f"a report of {export.name}, which is no bank file: what it paid out is on the bank's statement"
        )
    raise Unreadable(
        f"an export of {export.name}, which does not say of which account it is: ask that bank for a"
        " camt.053, MT940 or CODA file"
    )
