"""Every text that people read stands in every language's catalogue, with the same places to fill in."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from pkgutil import walk_packages

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

import agency
import portal
from agency.kernel.errors import AgencyError
from portal.shared import i18n

pytestmark = [pytest.mark.pure, pytest.mark.xdist_group("translations")]  # its texts are read once

PORTAL = Path(i18n.__file__).parents[1]
AGENCY = PORTAL.parent / "agency"
# Only developers read these, in English.
NOT_TRANSLATED = ("shared/templates/styleguide", "shared/styleguide.py", "local/", "node_modules/")
# Debtors read these, and what the use cases behind their pages refuse them with.
READ_BY_DEBTORS = (
    "debtor/", "shared/templates/debtor_base.html", "shared/templates/base.html",
    "shared/templates/error.html", "shared/templates/plain.html", "shared/templates/parts/notices.html",
    "shared/templates/parts/preferences.html", "shared/templates/ui/amounts.html",
    "shared/templates/ui/form.html", "shared/templates/brands/pay_page.html", "shared/forms.py",
    "shared/plan_forms.py", "shared/plan_words.py", "shared/explaining.py", "shared/throttling.py",
)  # fmt: skip
REFUSING_DEBTORS = (
    "portal/debtor/", "portal/shared/errors.py", "agency/arrangements/", "agency/payments/links.py",
    "agency/payments/intents.py", "agency/payments/refund_accounts.py", "agency/disputes/raising.py",
)  # fmt: skip
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "trans": None}
OPTIONS = {"trimmed": "false", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}


@cache
def texts_of_pages() -> frozenset[tuple[str, str]]:
    """Each text of the portal, with the file it stands in."""
    return frozenset(_texts_of_pages())


def _texts_of_pages() -> Iterator[tuple[str, str]]:
    for path in sorted([*PORTAL.rglob("*.html"), *PORTAL.rglob("*.py")]):
        where = str(path.relative_to(PORTAL))
        if where.startswith(NOT_TRANSLATED):
            continue
        method = "jinja2.ext:babel_extract" if path.suffix == ".html" else "python"
        options = OPTIONS | {"extensions": "jinja2.ext.i18n,jinja2.ext.do"}
        for _, text, _, _ in extract(method, BytesIO(path.read_bytes()), KEYWORDS, (), options):
            for one in text if isinstance(text, tuple) else (text,):
                # A key like `left_label` inside gettext(row["left_label"]) is no text.
                if one and (" " in one or "_" not in one):
                    yield one, where


def catalogue(language: str):
    with (i18n.CATALOGUES / language / "LC_MESSAGES" / "portal.po").open("rb") as file:
        return read_po(file, locale=language)


def places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


class TestCatalogues:
    def test_every_text_is_said_in_dutch(self):
        said = catalogue("nl")
        plurals = {message.id[1]: message for message in said if isinstance(message.id, tuple)}
        lacking = sorted(
            {
                f"{where}: {text!r}"
                for text, where in texts_of_pages()
                if text not in plurals and not (text in said and all_said(said[text].string))
            }
        )
        assert lacking == [], "add these to portal/locale/nl:\n" + "\n".join(lacking)

    def test_a_chip_says_no_words_of_its_own(self):
        """A macro translates what it is given, but a catalogue only knows what stands in gettext."""
        bare = [path.name for path in PORTAL.rglob("templates/**/*.html") if 'ui.chip("' in path.read_text()]
        assert bare == []

    @pytest.mark.parametrize("language", i18n.DEBTOR_LANGUAGES)
    def test_what_is_filled_in_is_the_same_in_both(self, language):
        for message in catalogue(language):
            if not message.id or not all_said(message.string):
                continue
            asked = message.id if isinstance(message.id, tuple) else (message.id,)
            given = message.string if isinstance(message.string, tuple) else (message.string,)
            assert places("".join(asked)) == places("".join(given)), message.id

    def test_every_refusal_is_said_in_dutch(self):
        said = catalogue("nl")
        found = refusals()
        assert len(found) > 30
        lacking = sorted({f"{where}: {text!r}" for text, where in found if text not in said})
        assert lacking == [], "add these to portal/locale/nl:\n" + "\n".join(lacking)

    @pytest.mark.parametrize("language", sorted(i18n.FILE_LANGUAGES))
    def test_why_a_row_is_refused_is_said_in_the_languages_of_files_too(self, language):
        said = catalogue(language)
        reasons = set(reasons_of_rows())
        assert len(reasons) > 40
        assert sorted(reason for reason in reasons if reason not in said) == []

    @pytest.mark.parametrize("language", sorted(set(i18n.DEBTOR_LANGUAGES) - {"en"}))
    def test_every_text_that_debtors_read_is_said_in_their_languages(self, language):
        said = catalogue(language)
        plurals = {message.id[1] for message in said if isinstance(message.id, tuple)}
        read = {text for text, where in texts_of_pages() if where.startswith(READ_BY_DEBTORS)}
        read |= {text for text, where in refusals() if where.startswith(REFUSING_DEBTORS)}
        assert len(read) > 300
        lacking = sorted(
            text
            for text in read
            if text not in plurals and not (text in said and all_said(said[text].string))
        )
        assert lacking == [], f"add these to portal/locale/{language}:\n" + "\n".join(lacking)

    def test_a_missing_text_is_noticed(self):
        assert "There is no such text" not in catalogue("nl")
        assert any(where.endswith(".html") for _, where in texts_of_pages())
        assert any(where.endswith(".py") for _, where in texts_of_pages())


def all_said(translation: str | tuple[str, ...] | None) -> bool:
    """Whether every form of a translation stands there."""
    forms = translation if isinstance(translation, tuple) else (translation,)
    return all(forms)


def reasons_of_rows() -> Iterator[str]:
    """Sentences with which a row of a file is refused: of a value, of a row, of a claim that stands."""
    for name in (
        "intake/rows.py",
        "intake/amounts.py",
        "intake/values.py",
        "intake/chunks.py",
        "claims/opening.py",
    ):
        for node in ast.walk(ast.parse((AGENCY / name).read_text())):
            if isinstance(node, ast.AnnAssign | ast.Assign):
                told = [node.value]
            else:
                told = node.args if isinstance(node, ast.Call) else []
            for one in told:
                text = one.value if isinstance(one, ast.Constant) else None
                if isinstance(text, str) and re.match(
                    r"(?:is|has|must|needs|contains|could|a|this|one|no) ", text
                ):
                    yield text


@cache
def refusals() -> frozenset[tuple[str, str]]:
    """Sentences with which people are refused: the plain first argument of a raised AgencyError."""
    return frozenset(_refusals())


def _refusals() -> Iterator[tuple[str, str]]:
    for package in (agency, portal):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(("portal.local", "portal.world")):
                import_module(module.name)
    named = {one.__name__ for one in kinds_of(AgencyError)}
    for path in sorted([*AGENCY.rglob("*.py"), *PORTAL.rglob("*.py")]):
        where = str(path.relative_to(PORTAL.parent))
        if where.startswith(("portal/local", "portal/node_modules", "portal/api")):  # programs read English
            continue
        source = path.read_text()
        for node in ast.walk(ast.parse(source)) if "raise " in source else ():
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                said = node.exc.args[0]
                known = ast.unparse(node.exc.func).rpartition(".")[2] in named
                if known and isinstance(said, ast.Constant) and isinstance(said.value, str):
                    yield said.value, where


def kinds_of(kind: type) -> Iterator[type]:
    """Every kind of error below one."""
    for below in kind.__subclasses__():
        yield below
        yield from kinds_of(below)
