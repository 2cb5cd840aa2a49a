"""The outside world on this machine: providers, print shop, bank and debtors, spoken to over real HTTP.

It has its own process, its own clock and its own small SQLite file, because the outside world must not
share the fate of our database. The product differs from production only in base URLs and keys.
"""
