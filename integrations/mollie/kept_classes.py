"""Mollie's client makes a pydantic class for each body that it reads or writes, which takes longer than the
call itself. Here it makes one for each type and keeps it."""

from functools import cache
from typing import Any

from mollie.utils import serializers
from pydantic import BaseModel, ConfigDict, create_model


@cache
def _made_for(body: Any) -> type[BaseModel]:
    settings = ConfigDict(populate_by_name=True, arbitrary_types_allowed=True)
    return create_model("Body", body=(body, ...), __config__=settings)


def _kept(_name: str, *, body: tuple[Any, Any], __config__: ConfigDict) -> type[BaseModel]:
    return _made_for(body[0])


def keep_classes() -> None:
    """This function will have the client keep its classes for the life of the process."""
    serializers.create_model = _kept  # type: ignore[attr-defined, assignment]
