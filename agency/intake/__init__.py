"""Intake: files and forms of creditors become claims, or rejects with row, field and reason.

Owns placements and column mappings. Promises: rows in = created + updated + merged + rejected; the same
file twice changes nothing. Tells: PlacementReceived, PlacementRead.
"""
