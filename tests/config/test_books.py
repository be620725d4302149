"""Every invariant of rules/ledger.md has its check, and docs/books.md tells of each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger import books

PAGE = Path(__file__).parents[2] / "docs" / "books.md"


def test_every_invariant_has_a_check() -> None:
    assert {check.code for check in books.checks()} - {""} == {f"L{number}" for number in range(1, 14)}


def test_the_page_names_each_check_in_its_place() -> None:
    rows = re.findall(r"^\| (L\d+)? ?\| ([^|]+) \|", PAGE.read_text(), re.MULTILINE)

    assert sorted(rows) == sorted((check.code, check.name) for check in books.checks())


@pytest.mark.parametrize("tests", ["journeys", "browser"])
def test_every_journey_ends_with_its_books_looked_at(tests: str) -> None:
    conftest = (PAGE.parents[1] / "tests" / tests / "conftest.py").read_text()

    assert re.search(
        r"@pytest.fixture\(autouse=True\)\ndef green_books\(transactional_db: None\)[^@]+\n"
        r"    yield\n    assert what_is_wrong\(\) == \[\]\n",
        conftest,
    )
