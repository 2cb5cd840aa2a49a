"""Mollie's client makes a pydantic class for each body that it reads or writes, and works out anew for each
call of which types its fields are, which takes longer than the call itself. Here it does so once for each
type."""

from functools import cache
from typing import Any, get_type_hints

from mollie.utils import queryparams, serializers, url
from pydantic import BaseModel, ConfigDict, create_model


@cache
def _made_for(body: Any) -> type[BaseModel]:
    settings = ConfigDict(populate_by_name=True, arbitrary_types_allowed=True)
    return create_model("Body", body=(body, ...), __config__=settings)


_types_of = cache(get_type_hints)


def _kept(_name: str, *, body: tuple[Any, Any], __config__: ConfigDict) -> type[BaseModel]:
    return _made_for(body[0])


def keep_classes() -> None:
    """This function will have the client keep its classes and types for the life of the process."""
    serializers.create_model = _kept  # type: ignore[attr-defined, assignment]
    queryparams.get_type_hints = url.get_type_hints = _types_of  # type: ignore[attr-defined, assignment]
