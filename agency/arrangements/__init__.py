"""Arrangements: promises to pay, payment plans, settlements, mandates and the collections under them.

Owns what debtor and agency agreed. Promises: the ledger decides whether it was kept; a plan is computed
before it is agreed; what is forgiven stands in the ledger as a waiver.
Tells: PromiseMade, PromiseKept, PromiseBroken, PromiseWithdrawn, PlanProposed, PlanOffered, PlanAgreed,
PlanRefused, InstalmentMissed, InstalmentGivenBack, PlanEnded, PlanRunsOn, SettlementOffered, SettlementKept,
SettlementEnded, MandateSigned, MandateRevoked.
"""
