"""Documents: the files that prove a claim, their kind and checks; the dossier.

Owns the evidence. Promises: a file is what its content says it is. Tells: DocumentAdded.
"""
