"""A mutant that is imported in place of its module."""

import ast
import importlib.abc
import importlib.util
import os
from pathlib import Path
from types import CodeType
from typing import Any


class _Mutated(importlib.abc.SourceLoader):
    """Loads one module with a mutant in it."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path, self.tree = path, tree

    def get_filename(self, fullname: str) -> str:
        """The module's own file."""
        return self.path

    def get_data(self, path: str | bytes) -> bytes:
        """Its text; what is run is the mutant."""
        return Path(os.fsdecode(path)).read_bytes()

    def get_code(self, fullname: str) -> CodeType:
        """The mutant's code."""
        return compile(self.tree, self.path, "exec")


class MutantFinder(importlib.abc.MetaPathFinder):
    """Stands first among those that find modules, and gives a mutant for one of them."""

    def __init__(self, module: str, path: str, tree: ast.Module) -> None:
        self.module, self.path, self.tree = module, path, tree

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """Find the mutant in place of its module."""
        if fullname != self.module:
            return None
        # A package's own text is changed too: its spec says where its modules are.
        return importlib.util.spec_from_loader(fullname, _Mutated(self.path, self.tree))
