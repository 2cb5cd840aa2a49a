"""Bookkeeping: what a creditor's own books say is open, and what it received itself.

Owns connections, what was fetched, and questions about money that came in. Promises: nothing is placed or
booked because books say so; a creditor chooses, accepts and answers. Tells: BookkeepingFetched.
"""
