"""Renders a mail: a sandboxed Jinja template gives MJML, and its shape gives HTML and the text part."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agency.ports.providers import TemplateRefused, Value
from integrations.rendering.mail_shapes import Word, mail_of, open_places
from integrations.rendering.plain_values import PLACE, bounded_values


class _Sandbox(ImmutableSandboxedEnvironment):
    # A text times a billion would eat the machine; nothing in a mail needs arithmetic on that scale.
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(type(side) is int for side in (left, right)):
            raise SecurityError(f"{operator} is not for templates")
        return super().call_binop(context, operator, left, right)


@cache
def mail_environment() -> ImmutableSandboxedEnvironment:
    """This function will return the environment mails are rendered in.

    It has no loader, so no template includes another, and it escapes every value. A process has one, so
    that what was compiled for one renderer serves all.
    """
    return _Sandbox(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


# What a mail may be made of. None of it runs longer than its values are long: no call, no filter, no
# arithmetic, no loop in a loop in a loop.
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice,
    nodes.Const, nodes.If, nodes.For, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
    nodes.Neg,
)  # fmt: skip
_DEPTH_MAX = 2
OUTPUT_MAX = 2_000_000


@lru_cache(maxsize=256)
def _compiled(environment: ImmutableSandboxedEnvironment, source: str) -> Template:
    """Compiling takes twenty times as long as filling in, and a version is sent to thousands."""
    if PLACE in source:
        raise SecurityError(f"{PLACE} is not for templates")
    _refuse_unbounded(environment.parse(source), 0)
    return environment.from_string(source)


def _refuse_unbounded(node: nodes.Node, depth: int) -> None:
    if not isinstance(node, _ALLOWED):
        raise SecurityError(f"{type(node).__name__} is not for templates")
    depth += isinstance(node, nodes.For)
    if depth > _DEPTH_MAX or (isinstance(node, nodes.For) and node.recursive):
        raise SecurityError("a loop in a loop in a loop is not for templates")
    for below in node.iter_child_nodes():
        _refuse_unbounded(below, depth)


def _filled(template: Template, plain: Mapping[str, Any], words: list[Word]) -> str:
    """The template filled in, given up once it and its words are more than a mail can be."""
    parts, size = [], 0
    for part in template.generate(plain):
        parts.append(part)
        size += len(part)
        if size > OUTPUT_MAX:
            raise SecurityError("the mail is too large")
    if size + sum(map(len, words)) > OUTPUT_MAX:
        raise SecurityError("the mail is too large")
    return "".join(parts)


def render_mail(
    environment: ImmutableSandboxedEnvironment, *, source: str, values: Mapping[str, Value]
) -> tuple[str, str]:
    """This function will return (html, text) of a mail.

    :raises TemplateRefused: unknown value, forbidden construct, or not valid MJML.
    """
    words: list[Word] = []
    try:
        markup = _filled(_compiled(environment, source), open_places(bounded_values(values), words), words)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise TemplateRefused(f"{type(error).__name__}: {error}") from error
    try:
        return mail_of(markup, words)
    except ValueError as error:
        raise TemplateRefused(f"not valid MJML: {error}") from error
