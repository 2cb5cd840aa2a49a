"""Kernel: session, outbox, inbox, actors, locks, clock, audit, drafts and their try-outs, settings and files.

Owns everything that touches the transaction: nobody outside this room commits.
Promises: commit at the edge, jobs written with the facts they follow from, one clock.
Tells: every event of `agency.events` becomes a row and, where somebody reacts, a job.
"""
