"""Reads camt.052/053/054, MT940 and MT942; writes pain.001 and, for the simulated bank, camt.053."""

from integrations.bankfiles.reader import read_bank_file

__all__ = ["read_bank_file"]
