"""Money has one set of builders and one place that rounds, both in `ledger`: nobody else drafts entries or divides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("payments", "partners", "shop", "donations", "reports")
DRAFTS = {"EntryDraft", "PostingDraft"}
ROUNDS = {"round", "divmod", "quantize", "to_integral_value", "floor", "ceil", "trunc", "floordiv"}
DRAWING = {"shop/drawing.py", "reports/chart.py"}
# What divides something else than money, or refuses what would have to be rounded.
NO_MONEY = {
    ("donations/queries.py", "Progress.percent"),
    ("partners/bank/readers/fields.py", "amount_minor"),
    ("partners/bank/readers/mt940_file.py", "_minor"),
    ("partners/nacha.py", "nacha_file"),
    ("partners/terms.py", "percent_text"),
    ("partners/views/desk.py", "_bars"),
    ("reports/queries.py", "statements_of_month"),
}


def modules(*packages: str) -> list[str]:
    return [str(path.relative_to(ROOT)) for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def nodes(source: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node with the qualified name of the class or function in which it stands."""

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            where = f"{inside}.{child.name}".lstrip(".") if named else inside  # type: ignore[attr-defined]
            yield where, child
            yield from walk(child, where)

    return walk(ast.parse(source), "")


def drafts(source: str) -> list[str]:
    """Where entries or postings are made by hand."""
    return [where for where, node in nodes(source) if isinstance(node, ast.Call) and _name(node.func) in DRAFTS]


def roundings(source: str) -> list[str]:
    """Where something is divided to whole numbers."""
    return [
        where
        for where, node in nodes(source)
        if (isinstance(node, ast.Call) and _name(node.func) in ROUNDS)
        or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.FloorDiv))
    ]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@pytest.mark.parametrize("file", modules(*PACKAGES, "people", "config"))
def test_only_the_ledgers_builders_draft_entries(file: str) -> None:
    found = drafts((ROOT / file).read_text())

    # The bench writes the same rows past the poster too, so it needs entries of which it knows every column.
    assert found == [] or file == "config/bench/shop.py"


@pytest.mark.parametrize("file", modules(*PACKAGES))
def test_only_the_ledger_rounds_money(file: str) -> None:
    found = {(file, where) for where in roundings((ROOT / file).read_text())}

    assert found <= NO_MONEY or file in DRAWING


def test_what_is_allowed_to_round_still_does() -> None:
    files = {file for file, _ in NO_MONEY}

    assert {(file, where) for file in files for where in roundings((ROOT / file).read_text())} == NO_MONEY


@pytest.mark.parametrize(
    "line",
    [
        "a // b",
        "a //= b",
        "round(a / b)",
        "Decimal(a).quantize(b)",
        "Decimal(a).to_integral_value()",
        "math.floor(a / b)",
        "whole, rest = divmod(a, b)",
        "operator.floordiv(a, b)",
    ],
)
def test_each_way_to_round_is_seen(line: str) -> None:
    assert roundings(f"class Gift:\n  def share(self):\n    {line}") == ["Gift.share"]


@pytest.mark.parametrize("line", ["EntryDraft(key=a)", "drafts.PostingDraft(a, b, 1)"])
def test_each_way_to_draft_is_seen(line: str) -> None:
    assert drafts(f"def book():\n  return {line}") == ["book"]
