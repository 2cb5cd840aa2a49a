"""Owns the decisions: costs, interest, notice terms, allocation, contact hours, score, price and match.
Promises that every decision is a pure function of the facts and dates passed in, and carries its trace.
Where the law sets a number or a term, it stands in a dated table under `tables/` with its source per row.
Tells nobody anything: each function returns a frozen result, and the rooms above act on it.
"""
