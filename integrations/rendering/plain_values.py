"""What a template may see: text, whole numbers, yes/no, and lists and tables of these."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agency.ports.providers import TemplateRefused, Value

# Characters that XML and PDF cannot hold. A stray one in somebody's name must not stop their mail.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def plain_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """This function will copy the values, so that no object with behaviour reaches a template.

    :raises TemplateRefused: a value is something else, for example an amount nobody wrote out.
    """
    return {_name(name): _plain(value, name) for name, value in values.items()}


def _plain(value: Any, where: str) -> Any:
    # Exact types: a subclass of str could carry methods, or claim to be safe HTML.
    if type(value) is str:
        return _UNPRINTABLE.sub("", value)
    if value is None or type(value) in (int, bool):
        return value
    if isinstance(value, Mapping):
        return {_name(name): _plain(inner, f"{where}.{name}") for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return [_plain(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
    raise TemplateRefused(f"{where} is a {type(value).__name__}; templates take text and whole numbers")


def _name(name: Any) -> str:
    if type(name) is not str:
        raise TemplateRefused(f"{name!r} is not a name")
    return name
