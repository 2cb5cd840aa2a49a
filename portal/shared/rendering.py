"""Pages: Jinja2 templates in the reader's language, with the macros of `templates/ui` under the name `ui`.

A door keeps its templates in `portal/<door>/templates` and names them `<door>/page.html`; templates get
plain values only. What every page needs to know about its reader stands in `here()`.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
)
from starlette.requests import Request
from starlette.responses import HTMLResponse

from agency.intake.table import place_of
from agency.rules.explain import explain
from portal.shared import i18n
from portal.shared.assets import asset
from portal.shared.filled_in import sentence, told
from portal.shared.navigation import Door, current_entry, door_of, doors_for

PORTAL = Path(__file__).resolve().parents[1]
DOORS = ("collector", "creditor", "debtor", "finance", "admin", "live")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the page; `roles` and `home` decide which doors the shell offers."""

    name: str
    email: str
    roles: frozenset[str]
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A short message shown once after something was done; `tone` is good, info, warning or bad."""

    text: str
    tone: str = "good"


@dataclass(frozen=True, slots=True)
class Here:
    """What every page may know about its reader and itself."""

    language: str
    theme: str = "auto"
    path: str = "/"
    query: str = ""
    csrf: str = ""
    reader: Reader | None = None
    door: Door | None = None
    notices: tuple[Notice, ...] = ()
    asked_at: float = 0.0  # by the machine's clock: what changed later, this page may not show yet
    agency: str = ""
    development: bool = False

    @property
    def url(self) -> str:
        """The address of this page with its query, to come back to."""
        return f"{self.path}?{self.query}" if self.query else self.path


_here: ContextVar[Here] = ContextVar("here")


class _Macros:
    """The macros of `templates/ui/*.html` by their own names, so that pages need no import lines."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._files: dict[str, str] = {}
        # Macros call each other through `ui`, so it must stand there before the first one is read.
        environment.globals["ui"] = self
        for path in sorted((PORTAL / "shared" / "templates" / "ui").glob("*.html")):
            name = f"ui/{path.name}"
            for macro in vars(environment.get_template(name).module):
                if not macro.startswith("_"):
                    assert macro not in self._files, f"{macro} stands in {name} and {self._files[macro]}"
                    self._files[macro] = name

    def __getattr__(self, name: str) -> Any:
        try:
            file = self._files[name]
        except KeyError:
            raise AttributeError(f"no macro {name!r} in templates/ui") from None
        macro = getattr(self._environment.get_template(file).module, name)
        if not self._environment.auto_reload:
            setattr(self, name, macro)  # found by itself from now on: a list asks for some hundreds of times
        return macro


# In the place of Jinja's own, which fill in the values without a look at the language.
def _gettext(text: str, /, **values: Any) -> str:
    return i18n.filled(i18n.gettext(text), values)


def _ngettext(singular: str, plural: str, n: int, /, **values: Any) -> str:
    return i18n.filled(i18n.ngettext(singular, plural, n), {"num": i18n.format_number(n)} | values)


@lru_cache(maxsize=2)
def environment(development: bool = True) -> Environment:
    """This function will build the template environment; in development changed templates are reread."""
    shared = FileSystemLoader(PORTAL / "shared" / "templates")
    doors = {door: FileSystemLoader(PORTAL / door / "templates") for door in DOORS}
    env = Environment(
        loader=ChoiceLoader([PrefixLoader(doors), shared]),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=development,
    )
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals |= {"gettext": _gettext, "ngettext": _ngettext}
    env.filters |= {
        "money": i18n.format_money,
        "number": i18n.format_number,
        "percent": i18n.format_percent,
        "bps": i18n.format_bps,
        "day": i18n.format_day,
        "moment": i18n.format_moment,
        "ago": i18n.format_ago,
        "place": place_of,
        "explained": lambda trace: explain(trace, i18n.current_language()),
    }
    env.globals |= {
        "asset": asset,
        "tr": i18n.gettext,
        "languages": i18n.LANGUAGES,
        "sentence": sentence,
        "told": told,
        "doors_for": doors_for,
        "current_entry": current_entry,
        "here": _here.get,
    }
    _Macros(env)
    return env


def render(template: str, here: Here, values: Mapping[str, Any]) -> str:
    """This function will render a template for a reader and return the HTML.

    :raises jinja2.UndefinedError: the template asks for a value that it was not given.
    """
    found: Template = environment(here.development).get_template(template)
    token = _here.set(here)
    try:
        with i18n.speaking(here.language):
            return found.render(values)
    finally:
        _here.reset(token)


def page(template: str, values: Mapping[str, Any], *, here: Here, status: int = 200) -> HTMLResponse:
    """This function will answer with a page."""
    response = HTMLResponse(render(template, here, values), status_code=status)
    if here.notices:
        response.delete_cookie("notice", path="/")
    return response


def here_for_anybody(request: Request, *, agency: str = "", development: bool = True) -> Here:
    """This function will describe a reader who has not signed in: language and theme from cookies."""
    theme = request.cookies.get("theme", "auto")
    return Here(
        language=i18n.choose_language(
            stored=None,
            cookie=request.cookies.get("language"),
            accepted=request.headers.get("accept-language"),
        ),
        theme=theme if theme in ("light", "dark") else "auto",
        path=request.url.path,
        query=request.url.query,
        csrf="",
        door=door_of(request.url.path),
        agency=agency,
        development=development,
    )
