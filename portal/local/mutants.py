"""Mutants of a module: copies that differ in one place, each a mistake that a good test notices."""

import ast
import copy
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OPPOSITES: Final = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
# What only people and type checkers read, or only speed depends on: changing it changes no decision.
_UNREAD: Final = frozenset({"annotation", "returns", "decorator_list"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed place. `function` is the outermost function it stands in, empty when the change shows
    only as the module is imported (a constant, a default); `number` counts the mutants of a source;
    `statement` is the first line of the statement that `line` is part of.

    `id` names the change and its surroundings, not its line, so that it survives edits elsewhere.
    """

    id: str
    module: str
    number: int
    function: str
    line: int
    statement: int
    change: str

    @property
    def where(self) -> str:
        """The function, or what stands for the module's own level."""
        return self.function or "<module>"


def mutants_of(source: str, module: str) -> Iterator[Mutant]:
    """This function will name every mutant of a source, in the order of its lines."""
    seen: dict[str, int] = {}
    for number, (place, change, _) in enumerate(_all_changes(ast.parse(source))):
        name = f"{module}:{place.scope}:{change}"
        seen[name] = seen.get(name, 0) + 1
        yield Mutant(
            id=hashlib.sha256(f"{name}:{seen[name]}".encode()).hexdigest()[:10],
            module=module,
            number=number,
            function="" if place.at_import else place.scope,
            line=place.line,
            statement=place.statement,
            change=change if seen[name] == 1 else f"{change} (no. {seen[name]})",
        )


def mutated(source: str, number: int) -> ast.Module:
    """This function will return the syntax of one mutant of a source.

    :raises IndexError: the source has fewer mutants.
    """
    tree = ast.parse(source)
    for count, (place, _, apply) in enumerate(_all_changes(tree)):
        if count == number:
            apply(place.node)
            return ast.fix_missing_locations(tree)
    raise IndexError(f"no mutant {number}")


def _all_changes(tree: ast.Module) -> Iterator[tuple["_Place", str, Callable[[Any], None]]]:
    for place in _walk(tree, _Place(tree, "", True, 1, 1)):
        for change, apply in _changes(place.node):
            yield place, change, apply


@dataclass(frozen=True, slots=True)
class _Place:
    """A node and the function around it; `at_import` when it is looked at as the module is imported."""

    node: ast.AST
    scope: str
    at_import: bool
    line: int
    statement: int


def _walk(node: ast.AST, above: _Place) -> Iterator[_Place]:
    line = getattr(node, "lineno", above.line)
    statement = line if isinstance(node, ast.stmt) else above.statement
    yield _Place(node, above.scope or "<module>", above.at_import, line, statement)
    for field, value in ast.iter_fields(node):
        if field in _UNREAD or _is_unread(node, field):
            continue
        scope, at_import = above.scope, above.at_import
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and field == "body" and at_import:
            scope = f"{scope}.{node.name}" if scope else node.name
            at_import = isinstance(node, ast.ClassDef)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_text_alone(child):
                yield from _walk(child, _Place(node, scope, at_import, line, statement))


def _is_unread(node: ast.AST, field: str) -> bool:
    """Messages of errors and assertions, imports, the list of what a package offers, and `strict=` of a
    call, which asserts what cannot be: that two sequences made alike are of one length.
    """
    names = [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]
    return (
        (isinstance(node, ast.Raise) and field == "exc")
        or (isinstance(node, ast.Assert) and field == "msg")
        or isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.FormattedValue)
        or "__all__" in names
        or (isinstance(node, ast.keyword) and node.arg == "strict" and field == "value")
        or (isinstance(node, ast.Expr) and _calls(node.value, "assert_never"))
    )


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _is_text_alone(node: ast.AST) -> bool:
    """A docstring, or a text below a constant that says what it is."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


Change = tuple[str, Callable[[Any], None]]


def _changes(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                yield _compared(node, index, _COMPARISONS[type(operator)])
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _OPERATORS:
            yield _set(node, "op", _OPERATORS[type(node.op)]())
        case ast.BoolOp():
            yield _set(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield _set(node, "operand", _negated(node.operand))
        case ast.UnaryOp(op=ast.USub()):
            yield _set(node, "op", ast.UAdd())
        case ast.Constant():
            yield from _constant(node)
        case ast.If() | ast.While() | ast.IfExp() if not _turned_around_already(node.test):
            yield _set(node, "test", _negated(node.test), told=_negation(node.test))
        case ast.comprehension(ifs=[_, *_]):
            for index, condition in enumerate(node.ifs):
                if not _turned_around_already(condition):
                    yield _negation(condition), _put("ifs", index, _negated(condition))
        case ast.Return(value=ast.expr()) if not _is_none(node.value):
            yield _set(node, "value", ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) if not _calls(
            node.value, "assert_never"
        ):
            nothing = ast.Constant(None)
            yield f"{ast.unparse(node)} -> pass", lambda found: setattr(found, "value", nothing)


def _compared(node: ast.Compare, index: int, operator: type[ast.cmpop]) -> Change:
    changed = copy.deepcopy(node)
    changed.ops[index] = operator()
    return f"{ast.unparse(node)} -> {ast.unparse(changed)}", _put("ops", index, operator())


def _constant(node: ast.Constant) -> Iterator[Change]:
    match node.value:
        case bool():
            yield _set(node, "value", not node.value)
        case int():
            yield _set(node, "value", node.value + 1)
        case str() if node.value:
            yield _set(node, "value", f"XX{node.value}")
        case _:
            return


def _set(node: ast.AST, field: str, value: Any, told: str = "") -> Change:
    changed = copy.deepcopy(node)
    setattr(changed, field, value)
    return told or f"{_text(node)} -> {_text(changed)}", lambda found: setattr(found, field, value)


def _put(field: str, index: int, value: Any) -> Callable[[Any], None]:
    def apply(found: Any) -> None:
        getattr(found, field)[index] = value

    return apply


def _turned_around_already(condition: ast.expr) -> bool:
    """Whether a change within the condition is its opposite, so that another one would repeat it."""
    if isinstance(condition, ast.UnaryOp):
        return isinstance(condition.op, ast.Not)
    return (
        isinstance(condition, ast.Compare)
        and len(condition.ops) == 1
        and type(condition.ops[0]) in _OPPOSITES
    )


def _negated(condition: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), condition)


def _negation(condition: ast.expr) -> str:
    return f"{ast.unparse(condition)} -> not ({ast.unparse(condition)})"


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _text(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0]
