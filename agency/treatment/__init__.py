"""Treatment: versioned paths, the planner and its schedule.

Owns what happens next to a claim. Promises: no stage is skipped or doubled. Tells: TreatmentStarted.
"""
