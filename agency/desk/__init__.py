"""Desk: the collectors' queue with leases, calls, dispositions and notes.

Owns who works on what. Promises: one case, one collector; no call that the rules forbid.
Tells: CallMade, CallReported, NoteAdded.
"""
