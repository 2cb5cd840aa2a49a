"""What a person asks of us: to see what is kept of him, or to be erased; registered, and answered by rule."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.parties.models import Debtor
from agency.privacy.asking import Wish, ask_export
from agency.privacy.models import PrivacyRequest
from agency.privacy.standing_of_claims import ClaimStanding, standings_of_person
from agency.rules.kept_records import Authority
from agency.rules.retention import Answer, RequestKind, answer_by, answer_to_erasure
from agency.rules.trace import as_json
from agency.rules.words import LANGUAGES

_BACK_DAYS_MAX: Final = 366


def register_request(
    unit: Unit, *, creditor_id: UUID, debtor_id: UUID, kind: RequestKind, received_on: date, note: str
) -> UUID:
    """This function will write a person's request down with the last day of its answer (GDPR art. 12(3)).

    An open one of the same kind and day is that request.

    :param note: how it came and how we know that it is he.
    :raises NotFound: no such debtor. :raises Invalid: a day that cannot be, or no note.
    """
    if unit.session.get(Debtor, (creditor_id, debtor_id), with_for_update=True) is None:
        raise NotFound("no such debtor")
    if received_on > unit.today or (unit.today - received_on).days > _BACK_DAYS_MAX:
        raise Invalid("give the day on which it came, of the last year", field="received_on")
    if not note.strip():
        raise Invalid("say how it came and how we know who asks", field="note")
    for one in requests_of(unit, creditor_id=creditor_id, debtor_id=debtor_id):
        if one.answered_at is None and (one.kind, one.received_on) == (kind, received_on):
            return one.id
    request = PrivacyRequest(
        creditor_id=creditor_id, debtor_id=debtor_id, kind=kind, received_on=received_on, note=note.strip(),
        answer_by=answer_by(received=received_on, on=unit.today), registered_at=unit.now,
        registered_by=unit.by,
    )  # fmt: skip
    unit.session.add(request)
    unit.session.flush()
    _audit(unit, request, "registered")
    return request.id


def extend_request(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> None:
    """This function will extend the term of an answer by two months, once (GDPR art. 12(3)).

    :raises NotFound: no such request. :raises Conflict: it was answered.
    """
    request = _open(unit, creditor_id, request_id)
    request.extended = True
    request.answer_by = answer_by(received=request.received_on, extended=True, on=unit.today)
    unit.session.flush()
    _audit(unit, request, "extended")


def answer_request(unit: Unit, *, creditor_id: UUID, request_id: UUID) -> Answer:
    """This function will answer a request by rule, with its reasons kept.

    To see what there is is always granted: an export of his claims is asked for, to be made by a job of the
    caller's. To be erased is granted for what nothing keeps, and refused with the article for the rest.

    :raises NotFound: no such request. :raises Conflict: it was answered already.
    """
    request = _open(unit, creditor_id, request_id)
    found = person_standings(unit, creditor_id=creditor_id, debtor_id=request.debtor_id)
    if request.kind is RequestKind.ACCESS:
        request.answer = Answer.GRANTED
    else:
        request.answer, trace = answer_to_erasure([one.decision for one in found], on=unit.today)
        request.trace = as_json(trace)
    request.answered_at, request.answered_by = unit.now, unit.by
    unit.session.flush()
    _audit(unit, request, "answered", answer=request.answer.value)
    return request.answer


def person_standings(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> list[ClaimStanding]:
    """This function will return how each claim of a person stands today that was not erased."""
    found = standings_of_person(unit, creditor_id=creditor_id, debtor_id=debtor_id, on=unit.today)
    return [one for one in found if not one.erased]


def ask_access_export(unit: Unit, *, creditor_id: UUID, request_id: UUID, language: str) -> UUID:
    """This function will ask for a person's own copy of what is kept of him and return it; the caller has it
    written (GDPR art. 15(1) and (3)).

    :param language: of the copy where the person's own is none of ours.
    :raises NotFound: no such request. :raises Conflict: he has no claim that was not erased.
    """
    request = unit.session.get(PrivacyRequest, (creditor_id, request_id), with_for_update=True)
    if request is None or request.kind is not RequestKind.ACCESS:
        raise NotFound("no such request")
    if request.export_id is not None:
        return request.export_id
    found = person_standings(unit, creditor_id=creditor_id, debtor_id=request.debtor_id)
    if not found:
        raise Conflict("nothing is kept of this person any more")
    request.export_id = ask_export(
        unit,
        wish=Wish(
            authority=Authority.NL, language=_language_of(unit, request, language),
            first_day=unit.today, last_day=unit.today,
            reason=f"GDPR art. 15, request of {request.received_on.isoformat()}",
            creditors=sorted({one.creditor_id for one in found}), numbers=[one.number for one in found],
            claims=[one.claim_id for one in found],
        ),
    )  # fmt: skip
    unit.session.flush()
    return request.export_id


def _language_of(unit: Unit, request: PrivacyRequest, otherwise: str) -> str:
    debtor = unit.session.get_one(Debtor, (request.creditor_id, request.debtor_id))
    return debtor.language if debtor.language in LANGUAGES else otherwise


def requests_of(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> Sequence[PrivacyRequest]:
    """This function will return what a person asked, the latest first."""
    return unit.session.exec(
        select(PrivacyRequest)
        .where(PrivacyRequest.creditor_id == creditor_id, PrivacyRequest.debtor_id == debtor_id)
        .order_by(col(PrivacyRequest.registered_at).desc(), col(PrivacyRequest.id).desc())
    ).all()


def open_requests(unit: Unit) -> Sequence[PrivacyRequest]:
    """This function will return every request that waits for its answer, the most urgent first."""
    return unit.session.exec(
        select(PrivacyRequest)
        .where(col(PrivacyRequest.answered_at).is_(None))
        .order_by(col(PrivacyRequest.answer_by), col(PrivacyRequest.id))
        .limit(200)
    ).all()


def _open(unit: Unit, creditor_id: UUID, request_id: UUID) -> PrivacyRequest:
    request = unit.session.get(
        PrivacyRequest, (creditor_id, request_id), with_for_update=True, populate_existing=True
    )
    if request is None:
        raise NotFound("no such request")
    if request.answered_at is not None:
        raise Conflict("this request was answered already")
    return request


def _audit(unit: Unit, request: PrivacyRequest, what: str, **facts: str) -> None:
    record(
        unit, action=f"privacy_request.{what}", subject=f"privacy_request:{request.id}",
        creditor_id=request.creditor_id,
        facts={"debtor": str(request.debtor_id), "kind": request.kind.value, **facts},
    )  # fmt: skip
