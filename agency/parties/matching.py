"""Finding the debtor behind a row: by reference, else by registration or VAT number, else by name and
postcode.

Set-based: the rows stand in a temporary table of the caller with the columns of `DEBTOR_COLUMNS`. The
single claim is a table of one row, so both ways give the same debtor.
"""

import re
from typing import Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit

DEBTOR_COLUMNS: Final = (
    "debtor_reference text",
    "debtor_kind text",
    "debtor_name text",
    "name_key text",
    "registration_number text",
    "vat_number text",
    "iban text",
    "language text",
    "country text",
    "region text",
    "street text",
    "postal_code text",
    "city text",
    "email text",
    "phone text",
    "debtor_id uuid",
)
"""What a staging table must carry besides `row` (integer) and `outcome` (NULL while the row is in the
running).
"""

# The reference that a debtor gets who came without one; made of what identified him, so that two
# imports at the same moment meet in the unique key instead of making two debtors.
_MADE_REFERENCE = (
    "CASE WHEN s.registration_number IS NOT NULL THEN 'REG ' || s.country || ' ' || s.registration_number"
    " WHEN s.vat_number IS NOT NULL THEN 'VAT ' || s.vat_number"
    " ELSE 'N ' || substr(md5(s.name_key || '|' || coalesce(s.postal_code, '') || '|' || s.country"
    " || '|' || s.debtor_kind), 1, 12) END"
)

_MADE = re.compile(r"REG [A-Z]{2} .+|VAT .+|N [0-9a-f]{12}|erased-[0-9a-f-]{36}")


def given_reference(reference: str) -> str:
    """This function will return the creditor's own customer number of a debtor, empty where there is none."""
    return "" if _MADE.fullmatch(reference) else reference


_SOME_LEFT = "SELECT EXISTS (SELECT FROM {t} s WHERE s.debtor_id IS NULL AND s.outcome IS NULL)"
_BY_REFERENCE = (
    "UPDATE {t} s SET debtor_id = d.id FROM debtor d WHERE s.debtor_id IS NULL AND s.outcome IS NULL"
    " AND d.creditor_id = :c AND d.reference = s.debtor_reference"
)
_BY_REGISTRATION = (
    "UPDATE {t} s SET debtor_id = d.id FROM ("
    " SELECT DISTINCT ON (country, registration_number) * FROM debtor"
    " WHERE creditor_id = :c AND registration_number IS NOT NULL"
    " ORDER BY country, registration_number, created_at, id) d"
    " WHERE s.debtor_id IS NULL AND s.outcome IS NULL AND s.debtor_reference IS NULL"
    " AND d.country = s.country AND d.registration_number = s.registration_number"
)
_BY_VAT = (
    "UPDATE {t} s SET debtor_id = d.id FROM ("
    " SELECT DISTINCT ON (vat_number) * FROM debtor WHERE creditor_id = :c AND vat_number IS NOT NULL"
    " ORDER BY vat_number, created_at, id) d"
    " WHERE s.debtor_id IS NULL AND s.outcome IS NULL AND s.debtor_reference IS NULL"
    " AND d.vat_number = s.vat_number"
)
# Without a postcode a name alone identifies nobody: two people of one name stay two debtors.
_BY_NAME = (
    "UPDATE {t} s SET debtor_id = d.id FROM ("
    " SELECT DISTINCT ON (name_key, postal_code, country) * FROM debtor"
    " WHERE creditor_id = :c AND postal_code IS NOT NULL"
    " ORDER BY name_key, postal_code, country, created_at, id) d"
    " WHERE s.debtor_id IS NULL AND s.outcome IS NULL AND s.debtor_reference IS NULL"
    " AND s.registration_number IS NULL AND s.vat_number IS NULL"
    " AND d.name_key = s.name_key AND d.postal_code = s.postal_code AND d.country = s.country"
)
_INSERT = (
    "INSERT INTO debtor (creditor_id, id, reference, kind, name, name_key, registration_number, vat_number,"
    " iban, language, country, region, street, postal_code, city, created_at)"
    " SELECT DISTINCT ON (s.debtor_reference) :c, uuidv7(), s.debtor_reference, s.debtor_kind, s.debtor_name,"
    " s.name_key, s.registration_number, s.vat_number, s.iban, s.language, s.country, s.region, s.street,"
    " s.postal_code, s.city, :now FROM {t} s WHERE s.debtor_id IS NULL AND s.outcome IS NULL"
    " AND s.debtor_reference IS NOT NULL ORDER BY s.debtor_reference, s.row"
    " ON CONFLICT (creditor_id, reference) DO NOTHING"
)
_MAKE_REFERENCES = (
    f"UPDATE {{t}} s SET debtor_reference = {_MADE_REFERENCE} WHERE s.debtor_id IS NULL"
    " AND s.outcome IS NULL AND s.debtor_reference IS NULL"
    " AND ({condition})"
)


def match_debtors(unit: Unit, *, creditor_id: UUID, staging: str) -> None:
    """This function will set `debtor_id` on every row of the staging table, adding debtors not known yet.

    A reference decides alone: the creditor's own customer number outranks any spelling. Rows without one
    meet by registration number, then VAT number, then normalised name with postcode.

    :param staging: name of a temporary table with `DEBTOR_COLUMNS`; trusted, never from outside.
    """
    identified = "s.registration_number IS NOT NULL OR s.vat_number IS NOT NULL"
    ways = (
        (_BY_REFERENCE, _INSERT, _BY_REFERENCE),
        (
            _BY_REGISTRATION,
            _BY_VAT,
            _MAKE_REFERENCES.replace("{condition}", identified),
            _INSERT,
            _BY_REFERENCE,
        ),
        (_BY_NAME, _MAKE_REFERENCES.replace("{condition}", "true"), _INSERT, _BY_REFERENCE),
    )
    connection = unit.session.connection()
    for steps in ways:
        if connection.execute(text(_SOME_LEFT.format(t=staging))).scalar_one():
            for step in steps:
                connection.execute(text(step.format(t=staging)), {"c": creditor_id, "now": unit.now})
    _add_contact_points(unit, creditor_id=creditor_id, staging=staging)


def _add_contact_points(unit: Unit, *, creditor_id: UUID, staging: str) -> None:
    for channel, column in (("email", "email"), ("phone", "phone")):
        unit.session.connection().execute(
            text(
                "INSERT INTO contact_point (creditor_id, id, debtor_id, channel, value, state, created_at)"
                f" SELECT DISTINCT ON (s.debtor_id, s.{column}) :c, uuidv7(), s.debtor_id, '{channel}',"
                f" s.{column}, 'usable', :now FROM {staging} s"
                f" WHERE s.{column} IS NOT NULL AND s.debtor_id IS NOT NULL AND s.outcome IS NULL"
                " ON CONFLICT (creditor_id, debtor_id, channel, value) DO NOTHING"
            ),
            {"c": creditor_id, "now": unit.now},
        )


def refresh_debtors(unit: Unit, *, creditor_id: UUID, staging: str) -> None:
    """This function will take over addresses and numbers that a row tells anew, and mark those rows.

    Sets `debtor_changed` on each row whose debtor's address or numbers differed; a blank in the file never
    wipes what is known, and another spelling of the name changes nothing.
    """
    columns = ("street", "postal_code", "city", "registration_number", "vat_number", "iban")
    differs = " OR ".join(
        f"(s.{name} IS NOT NULL AND s.{name} IS DISTINCT FROM d.{name})" for name in columns
    )
    connection = unit.session.connection()
    connection.execute(
        text(
            f"UPDATE {staging} s SET debtor_changed = true FROM debtor d WHERE d.creditor_id = :c"
            f" AND d.id = s.debtor_id AND s.outcome IS NULL AND ({differs})"
        ),
        {"c": creditor_id},
    )
    sets = ", ".join(f"{name} = coalesce(s.{name}, d.{name})" for name in columns)
    # Hours and days of contact follow the region that the new postcode lies in.
    sets += ", region = CASE WHEN s.postal_code IS NULL THEN d.region ELSE s.region END"
    connection.execute(
        text(
            f"UPDATE debtor d SET {sets} FROM (SELECT DISTINCT ON (debtor_id) * FROM {staging}"
            " WHERE debtor_changed AND outcome IS NULL ORDER BY debtor_id, row DESC) s"
            " WHERE d.creditor_id = :c AND d.id = s.debtor_id"
        ),
        {"c": creditor_id},
    )
