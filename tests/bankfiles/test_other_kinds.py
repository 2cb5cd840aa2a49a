"""Files that people upload in place of a bank file, each refused with what it is."""

import pytest

from agency.ports.readers import Unreadable
from integrations.bankfiles import read_bank_file

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + bytes(30), "a zip archive or an office document; unpack it"),
        (b"\x1f\x8b\x08" + bytes(30), "a gzip archive; unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old office document"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF; ask the bank for camt.053, MT940 or CODA"),
    ],
)
def test_is_refused_with_what_it_is(content, reason):
    with pytest.raises(Unreadable, match=reason):
        read_bank_file(content)
