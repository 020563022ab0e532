"""The walls that keep the parts apart, and the sizes that keep them readable."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for part in ("app.py", "core", "pages")
    for path in REPOSITORY.glob(f"{part}/**/*.py" if "." not in part else part)
)

# From the bottom up. A part imports from the rows below its own and from itself, never from its neighbours in a row.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("core.errors",),
    ("core.download", "core.files", "core.settings"),
    ("core.environment", "core.formats"),
    ("core.variant",),
    ("core.images",),
    ("core.models", "core.datasets"),
    ("core.engines",),
    ("core.training",),
    ("core.quantization",),
    ("core.serving", "core.jobs"),
    ("core.compare",),
    ("core.retraining",),
    ("core.sweeps",),
    ("core.charts",),
    ("core.cli", "pages"),
    ("core.__main__", "app"),
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}
LONGEST_FUNCTION = 28  # lines
LONGEST_FILE = 300


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that the code names in an import, inside functions too: `from core import errors` is core.errors."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            yield from ([f"core.{alias.name}" for alias in node.names] if node.module == "core" else [str(node.module)])


def part_of(module: str) -> str | None:
    """The row entry that a module belongs to: core.images.crop is of core.images; None for other people's packages."""
    names = module.split(".")
    if names[0] == "core":
        return ".".join(names[:2])
    return names[0] if names[0] in ("pages", "app") else None


def breaches(module: str, source: str) -> list[str]:
    """Every import of `source`, the text of `module`, that a wall forbids."""
    here, found = part_of(module), []
    for name in imported(ast.parse(source)):
        there, package = part_of(name), name.split(".")[0]
        if there is not None and there != here and RANK[there] >= RANK[str(here)]:
            found.append(f"{module} imports {name}, which is not below it")
        if package == "streamlit" and module.startswith("core."):
            found.append(f"{module} imports {name}: core never meets the browser")
        if package in ("torch", "torchvision") and not module.startswith("core."):
            found.append(f"{module} imports {name}: networks run in core")
    return found


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_imports_stay_within_the_walls(path: Path) -> None:
    assert breaches(module_of(path), path.read_text()) == []


def test_every_layer_is_there() -> None:
    """A part that is missing here, or in the table, would not be checked."""
    found = {part_of(module_of(path)) for path in SOURCES} - {"core"}
    assert found == set(RANK)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.images.crop", "from core.models.catalog import architecture"),
        ("core.models.vgg16", "def f():\n    import core.datasets.tiny_imagenet"),
        ("core.errors", "from core import settings"),
        ("core.charts.sqnr", "from pages.parts import card"),
        ("core.compare.session", "import streamlit as st"),
        ("pages.compare", "import torch.nn.functional as F"),
        ("app", "from torchvision import models"),
    ],
)
def test_a_breach_is_found(module: str, source: str) -> None:
    assert len(breaches(module, source)) == 1


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_functions_and_files_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


PRIVATE = re.compile(
    r"pypi\.org|pythonhosted\.org|anaconda\.org|(?<![\w.])/(?:work|root|opt/pypi|opt/wheels|home/\w+)/"
)


def test_no_file_names_a_registry_or_a_machine() -> None:
    """What a clone holds must work on any machine: no package registry's host, no absolute path of somebody's."""
    texts = dict(_texts())
    assert "README.md" in texts
    assert [name for name, text in texts.items() if PRIVATE.search(text)] == []
    assert PRIVATE.search("see /" + "root/x")


def _texts() -> Iterator[tuple[str, str]]:
    """The name and the text of every file that is or would be committed, pictures and weights left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        path = REPOSITORY / name
        if path.is_file() and b"\0" not in (data := path.read_bytes())[:8192]:
            yield name, data.decode(errors="replace")
