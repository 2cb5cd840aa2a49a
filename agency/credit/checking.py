"""A creditor's credit check: asked for at a price that is shown, answered by a worker, charged once.

Creditors may not look into one another's books, so the experience of others is counted by a worker and
only its numbers are written into the asking creditor's row.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.credit.models import CreditCheck, CreditCheckState
from agency.events import CreditCheckAsked, CreditChecked
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Door, Unit, Units
from agency.ledger.models import Book
from agency.ledger.posting import Leg, post
from agency.money import Money, percent_of
from agency.parties.models import Creditor
from agency.parties.names import name_key
from agency.ports.providers import ProviderRefused
from agency.ports.registers import CompanyReport, CreditBureau
from agency.rules.company_numbers import NoSuchNumber
from agency.rules.company_numbers import registration_number as number_in_register
from agency.rules.credit_advice import ClaimSeen, Experience, advise, experience_of, tariff_on
from agency.rules.fee_vat import FeeVat, fee_vat

_AGENCY_COUNTRY = "NL"
NAME_MAX = 200
_COUNTRY = re.compile("[A-Z]{2}")

# The same company elsewhere: by its number; by its name only where no number was given.
_OTHERS = text(
    "SELECT c.creditor_id, c.currency, c.principal_minor,"
    " least(c.principal_minor, coalesce((SELECT sum(p.amount_minor) FROM payment p"
    "  WHERE p.creditor_id = c.creditor_id AND p.claim_id = c.id AND p.reversed_at IS NULL), 0)) AS"
    " paid_minor,"
    " CASE WHEN c.state = 'paid' THEN greatest(0, c.closed_at::date - c.due_on) END AS days"
    " FROM debtor d JOIN claim c ON c.creditor_id = d.creditor_id AND c.debtor_id = d.id"
    " WHERE d.creditor_id <> :c AND d.country = :country AND d.kind = 'company' AND c.currency = 'EUR'"
    " AND c.state IN ('active', 'paid', 'closed')"
    " AND ((:number <> '' AND d.registration_number = :number) OR (:number = '' AND d.name_key = :key))"
    " LIMIT 10000"
)


def request_check(
    unit: Unit,
    *,
    creditor_id: UUID,
    country: str,
    registration_number: str = "",
    name: str = "",
    request_key: str = "",
) -> UUID:
    """This function will ask for a check and return its id; the same request key again is the same check.

    The price is that of the tariff of this day; nothing is charged before there is an answer.

    :raises Invalid: neither a number nor a name was given, one is too long, or nobody can have the number.
    """
    number, name = "".join(registration_number.split()), " ".join(name.split())
    if not _COUNTRY.fullmatch(country):
        raise Invalid("is not a country (two letters, such as NL)", field="country")
    if not number and not name:
        raise Invalid("give a number or a name", field="registration_number")
    if len(name) > NAME_MAX or len(number) > 30:
        raise Invalid("is too long", field="name" if len(name) > NAME_MAX else "registration_number")
    number = _number(number, country)
    known = unit.session.exec(
        select(CreditCheck.id).where(
            CreditCheck.creditor_id == creditor_id, CreditCheck.request_key == request_key
        )
    ).one_or_none()
    if request_key and known is not None:
        return known
    check_id, tariff = new_id(), tariff_on(unit.today)
    vat = _vat(unit, creditor_id)
    unit.session.add(
        CreditCheck(
            creditor_id=creditor_id, id=check_id, request_key=request_key or str(check_id), country=country,
            registration_number=number, name=name, price_minor=tariff.price.minor,
            vat_minor=percent_of(tariff.price, vat.percent).minor, vat_percent=str(vat.percent),
            vat_category=vat.category, currency=tariff.price.currency,
            tariff_since=tariff.since, asked_at=unit.now, asked_by=unit.by,
        )
    )  # fmt: skip
    unit.session.flush()
    emit(unit, CreditCheckAsked(creditor_id=creditor_id, check_id=check_id))
    return check_id


def _number(typed: str, country: str) -> str:
    """A number as its register writes it: what nobody can have is not asked for money."""
    try:
        return number_in_register(typed, country=country) if typed else ""
    except NoSuchNumber as error:
        raise Invalid(str(error), field="registration_number") from None


def answer(units: Units, bureau: CreditBureau, *, creditor_id: UUID, check_id: UUID) -> None:
    """This function will get a check's answer and charge it, once; a check that was answered stays as it is.

    The bureau is called between two transactions, with the check's id as the key under which it charges once.

    :raises ProviderTransient: the bureau did not answer; the job is run again.
    """
    with units.open(Door.WORKER, by="system:credit") as unit:
        check = _check(unit, creditor_id, check_id)
        if check.state != CreditCheckState.ASKED:
            return
        asked = (check.country, check.registration_number, check.name)
    country, number, name = asked
    refusal = ""
    try:
        report = bureau.report(
            request_id=str(check_id), country=country, registration_number=number, name=name
        )
    except ProviderRefused as refused:
        report, refusal = None, str(refused)[:300]
    with units.open(Door.WORKER, by="system:credit") as unit:
        _keep(unit, _check(unit, creditor_id, check_id, lock=True), report, refusal)


def _keep(unit: Unit, check: CreditCheck, report: CompanyReport | None, refusal: str) -> None:
    if check.state != CreditCheckState.ASKED:
        return
    check.answered_at = unit.now
    if report is None:
        check.state = CreditCheckState.FAILED if refusal else CreditCheckState.NOT_FOUND
        check.failure = refusal
    else:
        check.state = CreditCheckState.ANSWERED
        check.provider_ref = report.ref
        check.result = _result(unit, check, report)
        _charge(unit, check)
    unit.session.add(check)
    unit.session.flush()
    emit(unit, CreditChecked(creditor_id=check.creditor_id, check_id=check.id, state=check.state))


def _result(unit: Unit, check: CreditCheck, report: CompanyReport) -> dict[str, Any]:
    others = _experience(unit, check, report)
    advice = advise(
        status=report.status, score=report.score, limit=report.limit, experience=others, on=unit.today
    )
    company = {
        name: _plain(value)
        for name in CompanyReport.__dataclass_fields__
        if (value := getattr(report, name)) is not None and name != "ref"
    }
    return {
        "company": company,
        "experience": asdict(others) if others else None,
        "advice": advice.advice,
        "advised_limit": _plain(advice.limit) if advice.limit else None,
        "trace": [
            {"rule": line.rule, "version": line.version, "source": line.source, "outcome": line.outcome}
            for line in advice.trace
        ],
    }


def _experience(unit: Unit, check: CreditCheck, report: CompanyReport) -> Experience | None:
    rows = unit.session.connection().execute(
        _OTHERS,
        {
            "c": check.creditor_id,
            "country": report.country,
            "number": report.registration_number or check.registration_number,
            "key": name_key(report.name or check.name),
        },
    )
    seen = [
        ClaimSeen(
            str(row.creditor_id),
            Money(row.principal_minor, row.currency),
            Money(int(row.paid_minor), row.currency),
            row.days,
        )
        for row in rows
    ]
    return experience_of(seen, on=unit.today)


def _charge(unit: Unit, check: CreditCheck) -> None:
    price, vat = Money(check.price_minor, check.currency), Money(check.vat_minor, check.currency)
    if not price:
        return
    post(
        unit,
        creditor_id=check.creditor_id,
        book=Book.AGENCY,
        kind="credit_check",
        source_key=str(check.id),
        legs=[
            Leg("agency.receivable", price + vat),
            Leg("agency.credit_check_income", -price),
            Leg("agency.vat", -vat),
        ],
        effective_on=unit.today,
        memo=check.registration_number or check.name,
    )


def _vat(unit: Unit, creditor_id: UUID) -> FeeVat:
    creditor = unit.session.exec(select(Creditor).where(Creditor.id == creditor_id)).one()
    return fee_vat(
        agency_country=_AGENCY_COUNTRY,
        client_country=creditor.country,
        client_vat_number=creditor.vat_number or "",
        on=unit.today,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    return value.isoformat() if isinstance(value, date) else value


def _check(unit: Unit, creditor_id: UUID, check_id: UUID, *, lock: bool = False) -> CreditCheck:
    wanted = select(CreditCheck).where(CreditCheck.creditor_id == creditor_id, CreditCheck.id == check_id)
    found = unit.session.exec(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound("no such credit check")
    return found


def check_of(unit: Unit, *, creditor_id: UUID, check_id: UUID) -> CreditCheck:
    """This function will return one check.

    :raises NotFound: this creditor has no such check.
    """
    return _check(unit, creditor_id, check_id)


def checks_of(unit: Unit, *, creditor_id: UUID, limit: int = 200) -> Sequence[CreditCheck]:
    """This function will return a creditor's checks, the newest first."""
    return unit.session.exec(
        select(CreditCheck)
        .where(CreditCheck.creditor_id == creditor_id)
        .order_by(col(CreditCheck.asked_at).desc(), col(CreditCheck.id))
        .limit(limit)
    ).all()
