"""Who may call the interface: a signed-in user of a creditor, confined to that creditor."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.requests import Request

from agency.intake.rows import STRANGE_SIGNS
from agency.kernel.errors import Forbidden
from agency.kernel.unit import Door, Unit
from portal.shared.audience import InTurn, SignInNeeded, recognise, router, wiring_of
from portal.shared.security import check_token
from portal.shared.sessions import Visitor


class Body(BaseModel):
    """Base of what programs send: unknown fields are refused, and a text with a NUL, which none has."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if isinstance(value, str) and "\0" in value:
            raise ValueError(STRANGE_SIGNS)
        return value


ROLES = frozenset({"creditor_clerk", "creditor_manager"})


def caller(request: Request) -> Visitor:
    """This function will return who calls.

    :raises SignInNeeded: nobody is signed in.
    :raises Forbidden: somebody who works for no creditor.
    """
    visitor = recognise(request)
    if visitor is None or visitor.pending:
        raise SignInNeeded("please sign in")
    if visitor.creditor_id is None or not visitor.roles & ROLES:
        raise Forbidden("this interface is for creditors")
    return visitor


Caller = Annotated[Visitor, Depends(caller)]


def _unit(request: Request, visitor: Caller, _: InTurn) -> Iterator[Unit]:
    with wiring_of(request).units.open(Door.CREDITOR, by=visitor.by, creditor_id=visitor.creditor_id) as unit:
        yield unit


ApiUnit = Annotated[Unit, Depends(_unit, scope="function")]
routes = router(audience="api", prefix="/api/v1")
routes.dependencies.extend([Depends(caller), Depends(check_token, scope="function")])
