"""What a piece of the project depends on, found by reading its code: modules, files, packages."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.project import PACKAGE, PROJECT

_NAME = re.compile(r"\w+(\.\w+)+")


@functools.cache
def code_version(module: str, root: Path = PACKAGE.parent, project: Path = PROJECT) -> str:
    """SHA-256 over all code that a module's results may depend on.

    That is its source and that of every module of its own package and of ``pipeline`` that it imports, anywhere in its
    text and at whatever depth, or names as a program; the files beside them that they name (C with the headers there);
    the C that a constant ``COMPILES`` of theirs lists; and the versions of all other packages they import. Of a
    package's ``__init__`` only the imports of names that are asked of it are followed.

    Args:
        module: dotted name.
        root: folder of the top-level packages.
        project: folder that ``COMPILES`` is relative to.

    Raises:
        ModuleNotFoundError: there is no such module below ``root``.
    """
    found = _Walk(root, project, frozenset({module.partition(".")[0], PACKAGE.name}))
    found.module(module)
    if not found.files:
        raise ModuleNotFoundError(f"no module {module} below {root}", name=module)
    digest = hashlib.sha256()
    for name, path in sorted(found.files.items()):
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    for name, version in sorted(_versions(found.packages)):
        digest.update(f"{name}\0{version}\0".encode())
    return digest.hexdigest()


@dataclass
class _Walk:
    """Collects ``files`` by name and the names of foreign ``packages``; each import is followed once."""

    root: Path
    project: Path
    own: frozenset[str]
    files: dict[str, Path] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    _followed: set[tuple[str, str | None]] = field(default_factory=set)

    def module(self, name: str, asked: str | None = None) -> None:
        """Follows ``import name``, or ``from name import asked``."""
        if (name, asked) in self._followed:
            return
        self._followed.add((name, asked))
        if asked is not None and self._source(f"{name}.{asked}"):
            self.module(f"{name}.{asked}")
            return
        source = self._source(name)
        if source is None:
            self.packages.add(name.partition(".")[0])
            return
        for parent in source.relative_to(self.root).parents:
            self._add(self.root / parent / "__init__.py", self.root)
        self._add(source, self.root)
        facts = _facts(source.read_bytes(), name if source.name == "__init__.py" else name.rpartition(".")[0])
        imports = facts.imports
        if asked is not None and source.name == "__init__.py":
            imports = tuple(one for one in imports if one[1] == asked) or imports
        for origin, wanted in imports:
            self.module(origin, wanted)
        for text in facts.texts:
            self._add(source.parent / text, self.root)
            if text.endswith(".c") and (source.parent / text).is_file():
                for header in source.parent.glob("*.h"):
                    self._add(header, self.root)
            self._program(text)
        for path in (self.project / name for name in facts.compiles):
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if "__pycache__" not in file.parts:
                    self._add(file, self.project)

    def _program(self, name: str) -> None:
        """Follows a module that is named in a text, to be run by ``python -m``."""
        for program in (name, f"{name}.__main__"):
            if self._source(program):
                self.module(program)

    def _source(self, name: str) -> Path | None:
        """File of a module of ours; None for what is none."""
        place = self.root.joinpath(*name.split("."))
        files = (place.with_suffix(".py"), place / "__init__.py") if name.partition(".")[0] in self.own else ()
        return next((path for path in files if path.is_file()), None)

    def _add(self, path: Path, base: Path) -> None:
        if path.is_file():
            self.files[path.relative_to(base).as_posix()] = path


@dataclass(frozen=True)
class _Facts:
    """What one source mentions.

    Attributes:
        imports: ``(module, name or None)``.
        texts: that could be names of files or modules.
        compiles: its ``COMPILES``.
    """

    imports: tuple[tuple[str, str | None], ...]
    texts: frozenset[str]
    compiles: tuple[str, ...]


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below a node but what only a type checker reads."""
    unread = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    children = node.orelse if isinstance(node, ast.If) and unread else ast.iter_child_nodes(node)
    for child in children:
        yield child
        yield from _executed(child)


@functools.cache
def _facts(source: bytes, package: str) -> _Facts:
    """Reads a source; relative imports start from ``package``."""
    imports: list[tuple[str, str | None]] = []
    texts: set[str] = set()
    compiles: tuple[str, ...] = ()
    for node in _executed(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                imports += [(alias.name, None) for alias in names]
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package.split(".")[: 1 - level or None] if level else []
                origin = ".".join([*above, *([module] if module else [])])
                imports += [(origin, alias.name) for alias in names]
            case ast.Constant(value=str(text)) if _NAME.fullmatch(text):
                texts.add(text)
            case ast.Assign(targets=[ast.Name(id="COMPILES")], value=value):
                compiles = tuple(ast.literal_eval(value))
    return _Facts(tuple(imports), frozenset(texts), compiles)


def _versions(packages: set[str]) -> Iterator[tuple[str, str]]:
    """Installed distributions of import names; those of the standard library have none."""
    owners = _owners()
    for distribution in {owner for package in packages for owner in owners.get(package, ())}:
        yield distribution, importlib.metadata.version(distribution)


_owners = functools.cache(importlib.metadata.packages_distributions)
