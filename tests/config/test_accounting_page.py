"""docs/accounting.md lists what a month wants, the papers and duties of agreements, and the ways to pay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger import month_checks
from partners.models import AgreementEvent, Duty, Method

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "accounting.md").read_text()


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("What must hold of the month", [one.name for one in month_checks.registered() if not one.of_the_books]),
        ("Paper", [kind.label for kind in AgreementEvent.PAPERS]),
        ("Duty", list(Duty.labels)),
        ("Way", list(Method.labels)),
    ],
)
def test_each_list_of_the_page_is_whole(head: str, wanted: list[str]) -> None:
    rows = PAGE.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]

    assert sorted(re.findall(r"^\| ([^|-][^|]*?) \|", rows, re.MULTILINE)) == sorted(wanted)
