"""The simulated world: time moves on, debtors act, the bank answers, finance pays out.

`python3 dev world --days 30 --seed 7` drives the running agency from outside, through the same doors as
people: mails in the simulator's inbox, the debtor's pages, the bank's files. Nothing is written around
the rooms.
"""
