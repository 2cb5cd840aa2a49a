"""Renders a mail: a sandboxed Jinja template gives MJML, MJML gives HTML and the text part."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import mjml
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agency.ports.providers import TemplateRefused, Value
from integrations.rendering.plain_text import as_text
from integrations.rendering.plain_values import plain_values


class _Sandbox(ImmutableSandboxedEnvironment):
    # A text times a billion would eat the machine; nothing in a mail needs arithmetic on that scale.
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(type(side) is int for side in (left, right)):
            raise SecurityError(f"{operator} is not for templates")
        return super().call_binop(context, operator, left, right)


def mail_environment() -> ImmutableSandboxedEnvironment:
    """This function will return the environment mails are rendered in.

    It has no loader, so no template includes another, and it escapes every value.
    """
    return _Sandbox(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@lru_cache(maxsize=256)
def _compiled(environment: ImmutableSandboxedEnvironment, source: str) -> Template:
    """Compiling takes twenty times as long as filling in, and a version is sent to thousands."""
    return environment.from_string(source)


def render_mail(
    environment: ImmutableSandboxedEnvironment, *, source: str, values: Mapping[str, Value]
) -> tuple[str, str]:
    """This function will return (html, text) of a mail.

    :raises TemplateRefused: unknown value, forbidden construct, or not valid MJML.
    """
    plain = plain_values(values)
    try:
        markup = _compiled(environment, source).render(plain)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise TemplateRefused(f"{type(error).__name__}: {error}") from error
    try:
        # Without `fonts={}` MJML adds links to a font server: a third party would see every reader.
        html = mjml.mjml2html(markup, fonts={})
    except ValueError as error:
        raise TemplateRefused(f"not valid MJML: {error}") from error
    return html, as_text(markup)
