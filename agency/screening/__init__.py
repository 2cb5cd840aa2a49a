"""Screening: what public registers say of a debtor: insolvent, under guardianship, deceased.

Owns the questions and their answers. Promises: nobody is contacted for the first time before the registers
have answered, and a register that is silent never counts as a clear answer. Tells: DebtorFoundInRegister.
"""
