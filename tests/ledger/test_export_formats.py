"""What each accounting program is handed, to the letter; and hledger and beancount read the same balances back."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter
from datetime import date
from io import StringIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction

from ledger.exports.formats import WRITERS, Format, Setting, pieces
from ledger.exports.journals import SealedEntry, by_day, by_entry
from tests.ledger.facts import accrual, balance_transaction, entry, gift, sale
from tests.ledger.sealed import sealed

USD = Setting("usd")
ENTRIES = sealed(
    sale(),
    balance_transaction(),
    accrual(),
    gift(effective_on=date(2026, 10, 21)),
    accrual("allocation:2", source="gift:7", amount_minor=2000, effective_on=date(2026, 10, 21)),
    entry("bank:1", ("bank", "in_transit", 5006), ("restricted/fund:a_b", "net_assets", 1)),
)
BALANCES = {
    "1010": 5006,
    "1040": 5180,
    "1050": 5006,
    "1060": -5006,
    "2110/partner:1": -2864,
    "2310": -366,
    "3010": -1,
    "3020/fund:a_b": 1,
    "4010/fund:seed-collective": -5000,
    "4015": -180,
    "4510": -4800,
    "4520": 480,
    "4530": -500,
    "5110": 2864,
    "6110": 180,
}


def written(form: Format, entries: list[SealedEntry], setting: Setting = USD, *, daily: bool = False) -> list[str]:
    """The text of each file."""
    journals = by_day(entries) if daily else by_entry(entries)
    by_file = groupby(pieces(journals, WRITERS[form], setting), key=itemgetter(0))
    return ["".join(text for _, text in parts) for _, parts in by_file]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def minor(text: str) -> int:
    return int(text.replace(".", "")) if text else 0


def test_quickbooks() -> None:
    [text] = written(Format.QUICKBOOKS, ENTRIES[:1] + ENTRIES[2:3])

    assert text.splitlines() == [
        "Journal No,Journal Date,Account Name,Description,Debits,Credits,Name",
        "1,10/20/2026,Processor clearing,sale order:1042,51.86,,",
        "1,10/20/2026,Discounts,sale order:1042,4.80,,",
        "1,10/20/2026,Sales tax payable,sale order:1042,,3.66,",
        "1,10/20/2026,Sales,sale order:1042,,48.00,",
        "1,10/20/2026,Shipping income,sale order:1042,,5.00,",
        "3,10/20/2026,Partner allocations (grants),accrual order:1042,8.64,,",
        "3,10/20/2026,Partner payable:partner 1,accrual order:1042,,8.64,partner 1",
    ]


def test_quickbooks_takes_a_colon_only_between_an_account_and_its_sub_account() -> None:
    [text] = written(Format.QUICKBOOKS, ENTRIES[3:4])

    assert [row["Account Name"] for row in rows(text)] == [
        "Processor clearing",
        "Contributions:fund seed-collective",
        "Contributions - fees covered by donor",
    ]


def test_xero() -> None:
    [text] = written(Format.XERO, ENTRIES[2:3], Setting("usd", tax_rate="No Tax"))

    assert text.splitlines() == [
        "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1",
        "Tassel 3,20 Oct 2026,accrual order:1042,5110,No Tax,8.64,,",
        "Tassel 3,20 Oct 2026,accrual order:1042,2110,No Tax,-8.64,Owner,partner:1",
    ]


def test_xero_files_hold_300_lines_and_whole_journals() -> None:
    entries = sealed(*(sale(f"ch_{number}") for number in range(130)))  # five lines each

    texts = written(Format.XERO, entries)

    assert [len(rows(text)) for text in texts] == [300, 300, 50]
    for text in texts:
        sums: Counter[str] = Counter()
        for row in rows(text):
            sums[row["*Narration"]] += minor(row["*Amount"])
        assert set(sums.values()) == {0}


def test_journal_that_no_file_could_take_is_divided_into_journals_that_add_up() -> None:
    owners = [("allocations", f"payable/partner:{number}", number) for number in range(1, 401)]

    [first, second] = written(Format.XERO, sealed(entry("big", *owners)))

    lines = rows(first) + rows(second)
    assert [row["*Narration"] for row in lines if row["*AccountCode"] == "5110"] == [
        "Tassel 1",
        "Tassel 1.2",
        "Tassel 1.3",
    ]
    assert len(rows(first)) <= 300
    assert sum(minor(row["*Amount"]) for row in rows(first)) == sum(minor(row["*Amount"]) for row in rows(second)) == 0
    assert len(lines) == 403


def test_summary_is_one_journal_a_day_numbered_by_its_last_entry() -> None:
    [text] = written(Format.QUICKBOOKS, ENTRIES, daily=True)

    lines = rows(text)
    assert {row["Journal No"]: row["Description"] for row in lines} == {
        "20261020-6": "day of 4 entries",
        "20261021-6": "day of 2 entries",
    }
    assert [
        (row["Account Name"], row["Debits"], row["Credits"]) for row in lines if row["Journal No"] == "20261021-6"
    ] == [
        ("Processor clearing", "51.80", ""),
        ("Partner allocations (grants)", "20.00", ""),
        ("Partner payable:partner 1", "", "20.00"),
        ("Contributions:fund seed-collective", "", "50.00"),
        ("Contributions - fees covered by donor", "", "1.80"),
    ]


@pytest.mark.parametrize(
    ("currency", "amount_minor", "text"),
    [("usd", 5, "0.05"), ("usd", -4320, "-43.20"), ("jpy", 4320, "4320"), ("kwd", 1234, "1.234"), ("usd", 0, "0.00")],
)
def test_amounts_have_all_decimals_of_their_currency(currency: str, amount_minor: int, text: str) -> None:
    assert Setting(currency).amount(amount_minor) == text


def test_nothing_is_written_where_there_is_nothing() -> None:
    assert written(Format.HLEDGER, []) == []


@pytest.mark.parametrize("daily", [False, True])
def test_hledger_reads_the_same_balances(tmp_path: Path, daily: bool) -> None:
    program = shutil.which("hledger") or pytest.fail("hledger is not installed: run scripts/setup --dev.")
    book = tmp_path / "books.journal"
    book.write_text("".join(written(Format.HLEDGER, ENTRIES, daily=daily)))

    out = subprocess.run(
        [program, "-f", str(book), "balance", "--flat", "--no-total", "-O", "csv"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    read = {label(row["account"]): minor(row["balance"].removesuffix(" USD")) for row in rows(out)}
    assert read == {name.replace(":", " "): amount for name, amount in BALANCES.items()}


@pytest.mark.parametrize("daily", [False, True])
def test_beancount_reads_the_same_balances(daily: bool) -> None:
    entries, errors, _ = loader.load_string("".join(written(Format.BEANCOUNT, ENTRIES, daily=daily)))

    sums: Counter[str] = Counter()
    for transaction in entries:
        if isinstance(transaction, Transaction):
            assert transaction.meta["seq"]
            for posting in transaction.postings:
                assert posting.units is not None and posting.units.currency == "USD"
                sums[posting.account] += int(posting.units.number.scaleb(2))
    assert errors == []
    assert {name: amount for name, amount in sums.items() if amount} == {
        "Assets:1010-Bank": 5006,
        "Assets:1040-Processor-clearing": 5180,
        "Assets:1050-Stripe-balance": 5006,
        "Assets:1060-Cash-in-transit": -5006,
        "Liabilities:2110-Partner-payable:Partner-1": -2864,
        "Liabilities:2310-Sales-tax-payable": -366,
        "Equity:3010-Net-assets-unrestricted": -1,
        "Equity:3020-Net-assets-restricted:Fund-a--b": 1,
        "Income:4010-Contributions:Fund-seed-collective": -5000,
        "Income:4015-Contributions-fees-covered-by-donor": -180,
        "Income:4510-Sales": -4800,
        "Income:4520-Discounts": 480,
        "Income:4530-Shipping-income": -500,
        "Expenses:5110-Partner-allocations-grants": 2864,
        "Expenses:6110-Processing-fees": 180,
    }


def test_hledger_and_beancount_read_a_currency_without_decimals(tmp_path: Path) -> None:
    yen = sealed(entry("yen", ("clearing", "sales", 4320), currency="jpy"))
    book = tmp_path / "books.journal"
    book.write_text("".join(written(Format.HLEDGER, yen, Setting("jpy"))))

    out = subprocess.run(
        ["hledger", "-f", str(book), "balance", "-O", "csv"], check=True, capture_output=True, text=True
    )
    _, errors, _ = loader.load_string("".join(written(Format.BEANCOUNT, yen, Setting("jpy"))))

    assert '"assets:1040 Processor clearing","4320 JPY"' in out.stdout
    assert errors == []


def label(account: str) -> str:
    """ "liabilities:2110 Partner payable:partner 1" as "2110/partner 1"."""
    _, name, *owner = account.split(":")
    return "/".join([name.split(" ")[0], *owner])
