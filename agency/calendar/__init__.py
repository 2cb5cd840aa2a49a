"""Owns days and hours: recognised holidays, business days, months and years, the local time of a person.
Promises that nothing here reads a clock: every moment is passed in, aware of its zone.
Unknown regions get every regional holiday, so that nobody is contacted on a holiday by mistake.
Tells nobody anything: it is pure arithmetic over dates, below every other room.
"""
