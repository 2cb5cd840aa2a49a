"""The simulated world: time moves on, debtors act, the bank answers, finance pays out.

`python3 dev world --days 30 --seed 7` drives the running agency from outside, through the same doors as
people: mails in the simulator's inbox, the debtor's pages, the bank's files. Nothing is written around
the rooms.

With `--faults`, everything of the fault catalogue that providers, bank and payers can do wrong is done on
days that the seed chooses (`fault_cases` is the table), and each evening it is looked at how that ended;
with `--claims`, creditors hand over new claims every week.
"""
