"""Early warning: which debtors of a creditor show signs of trouble, gathered each night.

Owns the warnings. Promises: what a creditor reads rests on his own files and public registers only, and
nothing follows from it by itself. Tells: DebtorNeedsAttention.
"""
