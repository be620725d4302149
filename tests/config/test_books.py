"""Every invariant of rules/ledger.md has its check, and docs/books.md tells of each."""

from __future__ import annotations

import re
from pathlib import Path

from ledger import books

PAGE = Path(__file__).parents[2] / "docs" / "books.md"


def test_every_invariant_has_a_check() -> None:
    assert {check.code for check in books.checks()} - {""} == {f"L{number}" for number in range(1, 14)}


def test_the_page_names_each_check_in_its_place() -> None:
    rows = re.findall(r"^\| (L\d+)? ?\| ([^|]+) \|", PAGE.read_text(), re.MULTILINE)

    assert sorted(rows) == sorted((check.code, check.name) for check in books.checks())
