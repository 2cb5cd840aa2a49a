"""Owns days and hours: recognised holidays, business days, months and years, the local time of a person.
Promises that nothing here reads a clock: every moment is passed in, aware of its zone.
Unknown regions get every regional holiday, so that nobody is contacted on a holiday by mistake.
Tells nobody anything: it is pure arithmetic over dates, below every other room.
"""

from agency.calendar.business_days import add_business_days, is_business_day, next_business_day
from agency.calendar.countries import HOME_ZONE, UnknownCountry, region_code, zone_of
from agency.calendar.local_time import at_local, local_time
from agency.calendar.months import add_months, add_years, anniversary, full_months_between
from agency.calendar.public_holidays import is_holiday, load_holidays, public_holidays

__all__ = [
    "HOME_ZONE",
    "UnknownCountry",
    "add_business_days",
    "add_months",
    "add_years",
    "anniversary",
    "at_local",
    "full_months_between",
    "is_business_day",
    "is_holiday",
    "load_holidays",
    "local_time",
    "next_business_day",
    "public_holidays",
    "region_code",
    "zone_of",
]
