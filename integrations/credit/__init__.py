"""Registers of debtors and bureaus of companies, over HTTP."""
