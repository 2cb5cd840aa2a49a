"""Holds the mail of a brand back while too much of it comes back or is called spam.

Owns the pauses. Promises: nothing of a paused brand leaves by mail but answers that somebody waits for; only
a person lets it go on, and what waited leaves spread over days.
"""
