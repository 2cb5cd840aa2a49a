"""Parties: creditors with their brands, terms and users; debtors with their ways to be reached; staff.

Owns who everybody is. Promises: a debtor belongs to one creditor; the agency alone knows that two
debtors are one person. Tells: nothing.
"""
