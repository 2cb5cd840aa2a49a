"""What files of ours may hold, so that whatever program opens them does no harm."""

import re

_DANGEROUS = re.compile(r"^[\s\u00a0\u200b]*[=+\-@\t\r]", re.MULTILINE)


def safe_cell(value: str) -> str:
    """This function will return a text that no spreadsheet takes for a formula.

    A quotation mark goes in front when the first sign of any line, after blanks, could start one; it is
    visible, so that whoever reads it knows (OWASP ASVS 5.0, 1.2.10).
    """
    return f"'{value}" if _DANGEROUS.search(value) else value


def safe_name(name: str) -> str:
    """This function will return a name that every system can unpack: ASCII, at most 80 characters."""
    return re.sub(r"[^\w.\-]+", "_", name, flags=re.ASCII).strip("._")[-80:] or "document"
