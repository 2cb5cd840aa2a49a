"""What a template may see: text, whole numbers, yes/no, and lists and tables of these."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agency.ports.providers import TemplateRefused, Value

SIZE_MAX: Final = 4_000_000
# Stand around the number of an open place in a mail's shape: signs of medieval editions, which nothing
# that we write about has. They must be printable, because MJML writes others in a title as escapes.
PLACE: Final = "\u2e28"
PLACE_END: Final = "\u2e29"
# Characters that XML and PDF cannot hold, or that mean something here. A stray one in somebody's name must
# not stop their mail.
_UNPRINTABLE = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff{PLACE}{PLACE_END}]")


def plain_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """This function will copy the values, so that no object with behaviour reaches a template.

    :raises TemplateRefused: a value is something else, for example an amount nobody wrote out.
    """
    return {_name(name): _plain(value, name) for name, value in values.items()}


def bounded_values(values: Mapping[str, Value]) -> dict[str, Any]:
    """This function will copy the values as `plain_values` does, and refuse more than a message can hold.

    :raises TemplateRefused: a value is not plain, or all of them together are too large.
    """
    plain = plain_values(values)
    if _size(plain) > SIZE_MAX:
        raise TemplateRefused("the values are too large for a message")
    return plain


def _size(value: Any) -> int:
    """About how many signs a value writes out to; each element counts as one besides."""
    if isinstance(value, dict):
        return sum(1 + _size(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(1 + _size(inner) for inner in value)
    return len(value) if isinstance(value, str) else 1


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
