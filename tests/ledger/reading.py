"""What accounting programs make of our exports: balances that are not zero, by our label, a space for a colon."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction


def by_hledger(book: Path) -> dict[str, int]:
    """ "liabilities:2110 Partner payable:partner 1" is "2110/partner 1"."""
    program = shutil.which("hledger") or pytest.fail("hledger is not installed: run scripts/setup --dev.")
    out = subprocess.run(
        [program, "-f", str(book), "balance", "--flat", "--no-total", "-O", "csv"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rows = csv.DictReader(StringIO(out))
    return {_label(*row["account"].split(":")[1:]): _minor(row["balance"]) for row in rows}


def by_beancount(book: Path) -> dict[str, int]:
    """ "Liabilities:2110-Partner-payable:Partner-1" is "2110/partner 1"."""
    entries, errors, _ = loader.load_file(str(book))
    assert errors == []
    sums: Counter[str] = Counter()
    for transaction in (entry for entry in entries if isinstance(entry, Transaction)):
        for posting in transaction.postings:
            assert posting.units is not None and posting.units.number is not None
            _, name, *owner = posting.account.split(":")
            label = _label(name.replace("-", " ", 1), *(part.lower().replace("-", " ", 1) for part in owner))
            sums[label] += int(posting.units.number.scaleb(2))
    return {label: amount for label, amount in sums.items() if amount}


def _label(name: str, *owner: str) -> str:
    return "/".join([name.split(" ", maxsplit=1)[0], *owner])


def _minor(text: str) -> int:
    return int(text.removesuffix(" USD").replace(".", ""))
