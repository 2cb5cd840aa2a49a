"""Runs a compiled Schematron stylesheet without an XSLT 2 processor: its templates are rules whose asserts
are XPath 2, and those an XPath library can answer.

What cannot be answered (a construct that the library does not know) is counted, so that a test can insist
that it is nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import elementpath
from elementpath.xpath2 import XPath2Parser
from lxml import etree

XSL = "{http://www.w3.org/1999/XSL/Transform}"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@dataclass
class Verdict:
    """What the rules say: ids of fatal ones and of warnings that failed, how many asserts were answered, and
    which could not be."""

    fatal: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    answered: int = 0
    unanswered: list[str] = field(default_factory=list)


class Parser(XPath2Parser):
    """XPath 2 with the functions that the Peppol rules define for themselves."""


def _gln(value: Any) -> bool:
    digits = [int(sign) for sign in reversed(str(value)[:-1])]
    return (10 - sum(d * (1 + (((n + 1) % 2) * 2)) for n, d in enumerate(digits)) % 10) % 10 == int(
        str(value)[-1]
    )


def _mod11(value: Any) -> bool:
    text = str(value)
    digits = [int(sign) for sign in reversed(text[:-1])]
    total = sum(d * (n % 6 + 2) for n, d in enumerate(digits))
    return int(text) > 0 and (11 - total % 11) % 11 == int(text[-1])


def _slack(expected: Any, value: Any, slack: Any) -> bool:
    return expected + slack >= value >= expected - slack


class Schematron:
    """The rules of one stylesheet."""

    def __init__(self, stylesheet: Path) -> None:
        self.root = etree.parse(stylesheet).getroot()
        self.names = {prefix: uri for prefix, uri in self.root.nsmap.items() if prefix}
        self.modes: dict[str, list[etree._Element]] = {}
        for template in self.root.findall(f"{XSL}template"):
            if (
                template.find(f".//{SVRL}failed-assert") is not None
                or template.find(f".//{SVRL}successful-report") is not None
            ):
                self.modes.setdefault(template.get("mode", ""), []).append(template)

    def judge(self, document: etree._Element) -> Verdict:
        """Apply every rule: in each mode a node is judged by the first template that matches it."""
        verdict = Verdict()
        tree = etree.ElementTree(document)
        variables = self._globals(tree)
        for templates in self.modes.values():
            seen: set[etree._Element] = set()
            for template in sorted(templates, key=lambda one: -float(one.get("priority", 0))):
                for node in self._matched(tree, template.get("match"), variables, verdict):
                    if node not in seen:
                        seen.add(node)
                        self._run(template, tree, node, dict(variables), verdict)
        return verdict

    def _globals(self, tree: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for element in self.root:
            if element.tag in (f"{XSL}variable", f"{XSL}param") and element.get("select"):
                found[element.get("name")] = self._ask(tree, tree.getroot(), element.get("select"), found)
        return found

    def _matched(self, tree: Any, pattern: str, variables: Mapping[str, Any], verdict: Verdict) -> list[Any]:
        ways = [way.strip() for way in _alternatives(pattern)]
        path = " | ".join(way if way.startswith("/") else f"//{way}" for way in ways)
        try:
            found = self._ask(tree, None, path, variables)
        except elementpath.ElementPathError as error:
            verdict.unanswered.append(f"{pattern[:60]}: {error}")
            return []
        return [node for node in found or [] if isinstance(node, etree._Element)]

    def _run(self, parent: Any, tree: Any, node: Any, variables: dict[str, Any], verdict: Verdict) -> None:
        for step in parent:
            if step.tag == f"{XSL}variable" and step.get("select"):
                variables[step.get("name")] = self._ask(tree, node, step.get("select"), variables)
            elif step.tag == f"{XSL}choose":
                wrong = step.find(f"{XSL}otherwise/{SVRL}failed-assert")
                self._judge(step.find(f"{XSL}when").get("test"), True, wrong, tree, node, variables, verdict)
            elif step.tag == f"{XSL}if":
                wrong = step.find(f"{SVRL}successful-report")
                self._judge(step.get("test"), False, wrong, tree, node, variables, verdict)

    def _judge(self, test, right, wrong, tree, node, variables, verdict) -> None:
        if wrong is None:
            return
        said = {one.get("name"): "".join(one.itertext()).strip() for one in wrong.findall(f"{XSL}attribute")}
        name = said.get("id") or wrong.get("id") or test[:60]
        try:
            holds = self._ask(tree, node, f"boolean({test})", variables)
        except (elementpath.ElementPathError, TypeError, ValueError) as error:
            verdict.unanswered.append(f"{name}: {error}")
            return
        verdict.answered += 1
        if bool(holds) is not right:
            fatal = (said.get("flag") or wrong.get("flag") or "fatal") != "warning"
            (verdict.fatal if fatal else verdict.warnings).append(name)

    def _ask(self, tree: Any, node: Any, expression: str, variables: Mapping[str, Any]) -> Any:
        token = _parsed(expression, tuple(sorted(self.names.items())))
        context = elementpath.XPathContext(tree, item=node, namespaces=self.names, variables=dict(variables))
        return token.get_results(context)


@cache
def _parsed(expression: str, names: tuple[tuple[str, str], ...]) -> Any:
    parser = Parser(namespaces=dict(names), variable_types=None, strict=False)
    own = (("gln", _gln), ("mod11", _mod11), ("slack", _slack)) if "u" in dict(names) else ()
    for name, function in own:
        parser.external_function(function, name=name, prefix="u")
    return parser.parse(expression)


def _alternatives(pattern: str) -> Iterator[str]:
    """Split a pattern at the bars that stand outside brackets and quotes."""
    depth, quote, part = 0, "", ""
    for sign in pattern:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "[(":
            depth += 1
        elif sign in "])":
            depth -= 1
        if sign == "|" and not depth and not quote:
            yield part
            part = ""
        else:
            part += sign
    yield part
