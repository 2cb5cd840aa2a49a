"""Reads camt.052/053/054, MT940, MT942, CODA, CSV exports and pain.002; writes pain.001 and camt.053."""

from integrations.bankfiles.reader import read_bank_file

__all__ = ["read_bank_file"]
