"""Renders a letter with Typst: PDF/A-2a and PDF/UA-1, enforced by the compiler, with fonts of its own."""

import json
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from agency.ports.providers import CopiedPage, TemplateRefused, Value
from integrations.rendering.plain_values import bounded_values

# Typst reads files below its root only; this one holds none.
_ROOT = Path(__file__).with_name("letter_root")
# Pages behind a letter are laid out here: one that carries copies shows them whatever its source says.
_COPIES = Path(__file__).with_name("copies.typ").read_text(encoding="utf-8")
# The only two ways to load a package, which Typst would fetch from the network.
_LOADS = re.compile(r"\b(import|include)\b")
# What could run on without an end: a letter goes over its values and no more.
_UNBOUNDED = re.compile(r"#\s*while\b|\bwhile\b[^\n]*\{|\b(?:range|eval|plugin|repeat)\s*\(")
# How a source reads its values, and what stands there when it is compiled: Typst makes its whole library anew
# for other inputs, which took a twelfth of a letter's time; a file beside the source costs nothing.
_INPUTS, _FILE = "json(bytes(sys.inputs.data))", 'json("data.json")'
_DATED = "#set document(date: datetime(year: {year}, month: {month}, day: {day}))\n"
# A word longer than a line is wide may break anywhere: a long name wraps instead of leaving the paper. An
# address with a slash or an @ stays whole, because its reader may copy it; Typst breaks those at slashes.
_BREAKS_LONG_WORDS = """\
#show regex("[^\\s\u00a0\u200b]{28,}"): word => {
  if word.text.contains(regex("[/@]")) { word } else { word.text.clusters().join("\u200b") }
}
"""
_LONG_WORD = re.compile(r"(?<!\S)[^\s/@]{28,}(?!\S)")


class LetterPress:
    """Typst, one compiler per thread: a compiler keeps its fonts loaded and refuses to be shared."""

    def __init__(self) -> None:
        self._local = threading.local()

    def render(
        self,
        *,
        source: str,
        values: Mapping[str, Value],
        dated: date,
        copies: Sequence[CopiedPage] = (),
    ) -> bytes:
        """This function will return the letter as PDF; equal input gives equal bytes.

        Values travel as a JSON file beside the source, never inside it, so no value can become markup.

        :param copies: pictures of pages that come behind the letter.
        :raises TemplateRefused: it does not compile, breaks a standard, or loads something.
        """
        main = _bounded(source)
        plain = bounded_values(values)
        before = _DATED.format(year=dated.year, month=dated.month, day=dated.day)
        if _has_long_word(plain):  # looking for them takes Typst a tenth of its time
            before += _BREAKS_LONG_WORDS
        files = {"main.typ": (before + main).encode(), "data.json": _as_json(plain)}
        if not copies:
            return _compiled(self._compiler(), files)
        with _laid_down(copies) as (compiler, pages):
            files["main.typ"] += _COPIES.encode()
            return _compiled(compiler, files | {"copies.json": pages})

    def _compiler(self) -> typst.Compiler:
        if not hasattr(self._local, "compiler"):
            self._local.compiler = typst.Compiler(root=_ROOT, ignore_system_fonts=True)
        compiler: typst.Compiler = self._local.compiler
        return compiler


# The letters of a run share their text, which takes longer to look through than a letter's values.
@lru_cache(maxsize=256)
def _bounded(source: str) -> str:
    """The source as it is compiled.

    :raises TemplateRefused: it loads something, or could run on without an end.
    """
    if loading := _LOADS.search(source):
        raise TemplateRefused(f"a letter may not load anything: {loading.group()}")
    if unbounded := _UNBOUNDED.search(source):
        raise TemplateRefused(f"a letter may only go over its values: {unbounded.group()[:40]}")
    return source.replace(_INPUTS, _FILE)


@contextmanager
def _laid_down(copies: Sequence[CopiedPage]) -> Iterator[tuple[typst.Compiler, bytes]]:
    """A compiler that sees the pictures and nothing else, and where they lie, as JSON."""
    with tempfile.TemporaryDirectory(prefix="letter-") as folder:
        pages = []
        for number, copy in enumerate(copies):
            name = f"copy-{number}.{'svg' if copy.picture.startswith(b'<svg') else 'jpg'}"
            Path(folder, name).write_bytes(copy.picture)
            pages.append({"at": f"/{name}", "heading": copy.heading, "alternative": copy.alternative})
        yield typst.Compiler(root=folder, ignore_system_fonts=True), _as_json(pages)


def _compiled(compiler: typst.Compiler, files: dict[str, bytes]) -> bytes:
    """The PDF of `main.typ`; the other files are texts beside it, for this once."""
    try:
        pdf = compiler.compile(
            input=files,  # type: ignore[type-var]  # its stub does not know of several files
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            timestamp=0,  # the date of the letter stands in the document; the machine's does not
        )
    except typst.TypstError as error:
        raise TemplateRefused(error.message) from error
    assert isinstance(pdf, bytes)
    return pdf


def _as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _has_long_word(value: Any) -> bool:
    if isinstance(value, str):
        return not value.startswith("<svg") and _LONG_WORD.search(value) is not None
    if isinstance(value, dict):
        return any(_has_long_word(one) for one in value.values())
    return isinstance(value, list) and any(_has_long_word(one) for one in value)
