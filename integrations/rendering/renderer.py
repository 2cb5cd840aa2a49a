"""The `Renderer` of the ports: mails by Jinja and MJML, letters by Typst."""

from collections.abc import Mapping, Sequence
from datetime import date

from agency.ports.providers import CopiedPage, Value
from integrations.rendering.letter import LetterPress
from integrations.rendering.mail import mail_environment, render_mail


class TemplateRenderer:
    """A `Renderer`; safe to share between threads."""

    def __init__(self) -> None:
        self._environment = mail_environment()
        self._press = LetterPress()

    def email(self, *, mjml: str, values: Mapping[str, Value]) -> tuple[str, str]:
        """See `Renderer.email`."""
        return render_mail(self._environment, source=mjml, values=values)

    def letter(
        self,
        *,
        source: str,
        values: Mapping[str, Value],
        dated: date,
        copies: Sequence[CopiedPage] = (),
    ) -> bytes:
        """See `Renderer.letter`."""
        return self._press.render(source=source, values=values, dated=dated, copies=copies)
