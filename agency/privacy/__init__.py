"""What the agency must be able to show about itself, and the export that shows it to an inspector.

Owns the records of trainings and of ethics meetings (versions; nothing is deleted) and the exports for
inspectors. Promises: an export holds what was asked for and nothing of another claim, says of each file what
it is and its SHA-256, and is erased when its days are over. Tells: InspectionExportChanged (nudges only).
"""
