"""Portal: the doors. Everything that starts something: HTTP, worker, relay and command line.

Owns wiring (which adapter serves which port) and what each audience sees. Promises that a
transaction is committed before its answer leaves. Nothing imports the portal.
"""
