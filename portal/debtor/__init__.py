"""The debtor's door: a link, a second fact, and everything about one claim, in the creditor's brand."""

from portal.debtor import answers, brands, pages, paying

__all__ = ["answers", "brands", "pages", "paying"]
