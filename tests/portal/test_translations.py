"""Every text that people read stands in every language's catalogue, with the same places to fill in."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
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
from integrations.packed import PACKED
from portal.shared import filled_in, i18n
from portal.shared.filled_in import told

pytestmark = [pytest.mark.pure, pytest.mark.xdist_group("translations")]  # its texts are read once

PORTAL = Path(i18n.__file__).parents[1]
AGENCY = PORTAL.parent / "agency"
# Only developers read these, in English.
NOT_TRANSLATED = ("shared/templates/styleguide", "shared/styleguide.py", "local/", "node_modules/")
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


OTHERS = sorted(set(i18n.LANGUAGES) - {"en"})
# Words of documents and mails, by language, with places in braces.
WORDS = (
    AGENCY / "documents" / "dossier_words.toml",
    AGENCY / "privacy" / "inspection_words.toml",
    *sorted((AGENCY / "communication" / "templates" / "creditor").glob("*.toml")),
)


def fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


class TestCatalogues:
    @pytest.mark.parametrize("language", OTHERS)
    def test_every_text_of_a_page_is_said(self, language):
        assert len(texts_of_pages()) > 3000
        assert lacking(language, texts_of_pages()) == []

    @pytest.mark.parametrize("language", OTHERS)
    def test_every_refusal_is_said(self, language):
        assert len(refusals()) > 30
        assert lacking(language, refusals()) == []

    @pytest.mark.parametrize("language", OTHERS)
    def test_why_a_row_is_refused_is_said(self, language):
        reasons = {(reason, "a row") for reason in reasons_of_rows()}
        assert len(reasons) > 40
        assert lacking(language, reasons) == []

    @pytest.mark.parametrize("language", OTHERS)
    def test_what_a_packed_file_is_is_said(self, language):
        assert lacking(language, {(what, "packed.py") for what in PACKED.values()}) == []

    def test_a_chip_says_no_words_of_its_own(self):
        """A macro translates what it is given, but a catalogue only knows what stands in gettext."""
        bare = [path.name for path in PORTAL.rglob("templates/**/*.html") if 'ui.chip("' in path.read_text()]
        assert bare == []

    @pytest.mark.parametrize("language", OTHERS)
    def test_what_is_filled_in_is_the_same(self, language):
        for message in catalogue(language):
            if not message.id or not all_said(message.string):
                continue
            asked = message.id if isinstance(message.id, tuple) else (message.id,)
            given = message.string if isinstance(message.string, tuple) else (message.string,)
            assert places("".join(asked)) == places("".join(given)), message.id

    @pytest.mark.parametrize("file", WORDS, ids=lambda file: file.name)
    def test_files_of_words_say_the_same_in_each(self, file):
        said = tomllib.loads(file.read_text())
        assert set(said) == set(i18n.LANGUAGES)
        for words in said.values():
            assert {key: fields(text) for key, text in words.items()} == {
                key: fields(text) for key, text in said["en"].items()
            }

    def test_a_missing_text_is_noticed(self):
        assert lacking("nl", {("There is no such text", "here")}) == ["here: 'There is no such text'"]
        assert any(where.endswith(".html") for _, where in texts_of_pages())
        assert any(where.endswith(".py") for _, where in texts_of_pages())


def lacking(language: str, texts: Iterable[tuple[str, str]]) -> list[str]:
    """Those that stand not in `portal/locale/<language>`, with the file that says them."""
    said = catalogue(language)
    plurals = {message.id[1] for message in said if isinstance(message.id, tuple)}
    return sorted(
        f"{where}: {text!r}"
        for text, where in texts
        if text not in plurals and not (text in said and all_said(said[text].string))
    )


class TestFilledIn:
    """A sentence that comes with its values in it is recognised and told with the same values."""

    @pytest.mark.parametrize("language", OTHERS)
    def test_every_refusal_and_remark_with_values_is_known(self, language):
        found = filled_in_sentences()
        assert len(found) > 100
        with i18n.speaking(language):
            assert sorted(f"{where}: {text!r}" for text, where in found if told(text) == text) == []

    @pytest.mark.parametrize("language", [*OTHERS, "en"])
    @pytest.mark.parametrize("template", filled_in.SENTENCES)
    def test_the_values_stay_as_they_came(self, template, language):
        values = {name: f"«{name} of 3 ; 4»" for name in places(template)}
        with i18n.speaking(language):
            said = told(template % values)
            assert said == i18n.gettext(template) % values
        assert all(value in said for value in values.values())

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                "several columns could be due on: Datum 1, Datum 2",
                "meerdere kolommen kunnen ‘Vervaldatum’ zijn: Datum 1, Datum 2",
            ),
            (
                "no column was recognised for: amount, due on",
                "geen kolom herkend voor: Openstaand bedrag, Vervaldatum",
            ),
            (
                "the column Bedrag is not in the file; hand this file over by itself",
                "de kolom Bedrag staat niet in het bestand; lever dit bestand apart aan",
            ),
            ("nobody ever said this of A, B", "nobody ever said this of A, B"),
        ],
    )  # fmt: skip
    def test_words_of_ours_in_a_place_are_told_too(self, text, said):
        with i18n.speaking("nl"):
            assert told(text) == said


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


# Whose first argument a person reads, beside the kinds of AgencyError.
TOLD = frozenset(
    {"Unreadable", "NotSure", "UnknownFormat", "NoData", "UnacceptableFile", "UnacceptableArchive", "Packed",
     "InvoiceRow", "append", "refuse"}
)  # fmt: skip
# What these refuse is read by programs, or by who wrote the program.
READ_BY_PROGRAMS = (
    "portal/local", "portal/node_modules", "portal/api", "portal/world", "portal/silence",
    "portal/shared/forms.py", "integrations/simulator", "integrations/rendering", "integrations/sendgrid",
    "integrations/twilio", "integrations/letters", "integrations/mollie", "integrations/credit",
    "integrations/storage", "integrations/bankfiles/payment_order.py",
    "integrations/bankfiles/collection_order.py",
)  # fmt: skip


@cache
def filled_in_sentences() -> frozenset[tuple[str, str]]:
    """What refuses or remarks with values in it, each value a word of its own; also plain sentences of
    readers of files, which no other test looks for."""
    return frozenset(_filled_in_sentences())


def _filled_in_sentences() -> Iterator[tuple[str, str]]:
    named = {one.__name__ for one in kinds_of(AgencyError)} | TOLD
    for folder in (AGENCY, PORTAL, PORTAL.parent / "integrations"):
        for path in sorted(folder.rglob("*.py")):
            where = str(path.relative_to(PORTAL.parent))
            if where.startswith(READ_BY_PROGRAMS):
                continue
            tree = ast.parse(path.read_text())
            known = dict(_constants(tree))
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in named:
                    continue
                if ast.unparse(node.func).endswith("append") and "warnings" not in ast.unparse(node.func):
                    continue
                for given in [
                    *node.args[:3],
                    *(each.value for each in node.keywords if each.arg == "refusal"),
                ]:
                    for text in _written(given, known):
                        if " " in text.strip() and re.match(r"[a-z]|X\d+ ", text):
                            yield text, where


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        at = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(at, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield at.id, value.value


def _written(given: ast.expr, known: Mapping[str, str]) -> Iterator[str]:
    """The sentences that an expression can make: `X1`, `X2`, … stand for its values."""
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value
    elif isinstance(given, ast.Name) and given.id in known:
        yield known[given.id]
    elif isinstance(given, ast.IfExp):
        yield from _written(given.body, known)
        yield from _written(given.orelse, known)
    elif isinstance(given, ast.JoinedStr):
        pieces = []
        for at, piece in enumerate(given.values):
            if isinstance(piece, ast.Constant):
                pieces.append(str(piece.value))
            else:
                assert isinstance(piece, ast.FormattedValue)
                name = piece.value.id if isinstance(piece.value, ast.Name) else ""
                pieces.append(known.get(name, f"X{at}"))
        yield "".join(pieces)


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
