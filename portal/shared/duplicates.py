"""The question whether two claims are one debt, as both doors show it."""

from typing import Any, Literal
from uuid import UUID

from sqlmodel import select

from agency.intake.duplicates import Question, Side
from agency.intake.models import LikelyDuplicate
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from portal.shared.forms import FormModel
from portal.shared.i18n import N_
from portal.shared.words import CLAIM_STATES


class AnswerForm(FormModel):
    """One debt claimed twice, or two debts."""

    answer: Literal["same", "two"]


def refuse_unknown(unit: Unit, *, creditor_id: UUID, duplicate_id: UUID) -> None:
    """This function will refuse an answer to what this creditor was never asked.

    :raises NotFound: there is no such question.
    """
    # The id alone: a row that is read here would be the one that is decided about, before it is locked.
    known = select(LikelyDuplicate.id).where(
        LikelyDuplicate.creditor_id == creditor_id, LikelyDuplicate.id == duplicate_id
    )
    if unit.session.exec(known).first() is None:
        raise NotFound("no such question")


def asked(question: Question, door: str) -> dict[str, Any]:
    """This function will return a question with both claims field by field, marked where they differ.

    :param door: the address of the reader's door, for links to the claims.
    """
    younger, older = _fields(question.younger), _fields(question.older)
    return {
        "id": question.id,
        "creditor_id": question.creditor_id,
        "creditor": question.creditor,
        "name_percent": question.name_percent,
        "address_percent": question.address_percent,
        "days_apart": question.days_apart,
        "rows": [
            {"label": label, "older": left, "younger": right, "differs": left != right}
            for (label, left), (_, right) in zip(older, younger, strict=True)
        ],
        "older": {"number": question.older.number, "href": _link(door, question, question.older)},
        "younger": {"number": question.younger.number, "href": _link(door, question, question.younger)},
    }


def _fields(side: Side) -> list[tuple[str, Any]]:
    return [
        (N_("Invoice or case"), side.reference),
        (N_("Debtor"), side.debtor),
        (N_("Customer number"), side.debtor_reference),
        (N_("Address"), side.address),
        (N_("Amount"), Money(side.principal_minor, side.currency)),
        (N_("Invoice date"), side.issued_on),
        (N_("Due date"), side.due_on),
        (N_("Status"), CLAIM_STATES[side.state].label),
        (N_("File"), side.file),
    ]


def _link(door: str, question: Question, side: Side) -> str:
    whose = f"{question.creditor_id}/" if door == "/desk" else ""
    return f"{door}/claims/{whose}{side.claim_id}"
