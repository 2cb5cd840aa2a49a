"""What the agency must be able to show about itself, and what it must not keep for longer than it may.

Owns the records of trainings and of ethics meetings (versions; nothing is deleted), the exports for
inspectors, the inventory of personal columns, runs of erasing, legal holds and requests of persons. Promises:
an export holds what was asked for and nothing of another claim; nothing is erased before its term, under a
hold or by one person alone, and what was erased is proved. Tells: InspectionExportChanged, ErasureRunChanged.
"""
