"""Claims: a debt of one debtor to one creditor, its invoices, lifecycle, phases and holds.

Owns what is owed and where it stands. Promises: a claim only moves along its table of moves.
Tells: ClaimMoved, ClaimPaidOff, ClaimClosed, PartGivenUp, PartOwedAgain, HoldPlaced, HoldLifted.
"""
