"""The agency's own knowledge that debtors of several creditors are one person; no creditor ever sees it."""

from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit

# A company is known by its number; a person by name, postcode and country. Without either, no link:
# a namesake must never be taken for somebody else.
_KEY = (
    "CASE WHEN registration_number IS NOT NULL THEN 'reg:' || country || ':' || registration_number"
    " WHEN vat_number IS NOT NULL THEN 'vat:' || vat_number"
    " WHEN postal_code IS NOT NULL AND street IS NOT NULL THEN 'name:' || name_key || ':' || postal_code"
    " || ':' || lower(regexp_replace(street, '[^[:alnum:]]', '', 'g')) || ':' || country END"
)


def link_identities(unit: Unit, *, creditor_id: UUID) -> int:
    """This function will link a creditor's debtors that have no identity yet; staff and workers only.

    :returns: how many were linked.
    """
    connection = unit.session.connection()
    parameters = {"c": creditor_id, "now": unit.now}
    connection.execute(
        text(
            "INSERT INTO debtor_identity (id, match_key, created_at)"
            f" SELECT uuidv7(), keys.key, :now FROM (SELECT DISTINCT {_KEY} AS key FROM debtor"
            " WHERE creditor_id = :c AND identity_id IS NULL) keys WHERE keys.key IS NOT NULL"
            " ORDER BY keys.key ON CONFLICT (match_key) DO NOTHING"
        ),
        parameters,
    )
    linked = connection.execute(
        text(
            "UPDATE debtor SET identity_id = i.id FROM debtor_identity i"
            f" WHERE debtor.creditor_id = :c AND debtor.identity_id IS NULL AND i.match_key = ({_KEY})"
        ),
        parameters,
    )
    return linked.rowcount
