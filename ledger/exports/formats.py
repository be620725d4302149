"""How the accounting programs want their files; each format is a heading and the text of one journal.

Columns, dates and limits: rules/ledger.md section 8 and the import pages of QuickBooks Online and Xero.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import Final

from ledger.exports.journals import Account, Journal
from people.money import exponent


class Format(StrEnum):
    QUICKBOOKS = "quickbooks"
    XERO = "xero"
    HLEDGER = "hledger"
    BEANCOUNT = "beancount"


@dataclass(frozen=True, slots=True)
class Setting:
    """What all journals of an export have in common. `tax_rate` is the name of Xero's rate for "no tax"."""

    currency: str
    tax_rate: str = "Tax Exempt"

    def amount(self, amount_minor: int) -> str:
        """`-4320` in usd as "-43.20": all decimals, no thousands, no symbol."""
        places = exponent(self.currency)
        digits = f"{abs(amount_minor):0{places + 1}}"
        whole = f"{digits[:-places]}.{digits[-places:]}" if places else digits
        return f"-{whole}" if amount_minor < 0 else whole


@dataclass(frozen=True, slots=True)
class Writer:
    """One format: `lines_max` counts journal lines a file (None: no limit)."""

    ending: str
    lines_max: int | None
    heading: Callable[[Setting], str]
    journal: Callable[[Journal, Setting], str]


def pieces(journals: Iterable[Journal], writer: Writer, setting: Setting) -> Iterator[tuple[int, str]]:
    """The text of all files, piece by piece, with the number of the file that each belongs to (1, 2, ...).

    A journal never crosses from one file to the next. Nothing comes out where there is no journal.
    """
    file_number, lines = 0, 0
    for journal in journals:
        lines += len(journal.lines)
        if file_number == 0 or (writer.lines_max is not None and lines > writer.lines_max):
            file_number, lines = file_number + 1, len(journal.lines)
            yield file_number, writer.heading(setting)
        yield file_number, writer.journal(journal, setting)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _parent_and_child(account: Account) -> str:
    """QuickBooks' "Parent:Child", where a colon means nothing else: "Partner payable:partner 1"."""
    name = account.name.replace(":", " -")
    return f"{name}:{account.owner.replace(':', ' ')}" if account.owner else name


def _quickbooks_heading(setting: Setting) -> str:
    return _csv([["Journal No", "Journal Date", "Account Name", "Description", "Debits", "Credits", "Name"]])


def _quickbooks(journal: Journal, setting: Setting) -> str:
    return _csv(
        [
            journal.number,
            f"{journal.on:%m/%d/%Y}",
            _parent_and_child(line.account),
            journal.text,
            setting.amount(line.amount_minor) if line.amount_minor > 0 else "",
            setting.amount(-line.amount_minor) if line.amount_minor < 0 else "",
            line.account.owner.replace(":", " ") if line.account.owner.startswith("partner:") else "",
        ]
        for line in journal.lines
    )


def _xero_heading(setting: Setting) -> str:
    columns = "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1"
    return _csv([columns.split(",")])


def _xero(journal: Journal, setting: Setting) -> str:
    # Xero makes one journal of all lines with the same narration and date: hence the number.
    return _csv(
        [
            f"Tassel {journal.number}",
            f"{journal.on.day} {journal.on:%b %Y}",
            journal.text,
            line.account.code,
            setting.tax_rate,
            setting.amount(line.amount_minor),
            "Owner" if line.account.owner else "",
            line.account.owner,
        ]
        for line in journal.lines
    )


def _hledger_heading(setting: Setting) -> str:
    sample = setting.amount(10 ** (exponent(setting.currency) + 3))
    mark = "" if "." in sample else "."
    return f"decimal-mark .\ncommodity {sample}{mark} {setting.currency.upper()}\n"


def _hledger(journal: Journal, setting: Setting) -> str:
    lines = (
        f"    {_hledger_account(line.account):<54}  {setting.amount(line.amount_minor)} {setting.currency.upper()}\n"
        for line in journal.lines
    )
    return f"\n{journal.on.isoformat()} * ({journal.number}) {journal.text}\n{''.join(lines)}"


def _hledger_account(account: Account) -> str:
    name = f"{account.heading.lower()}:{account.code} {account.name.replace(':', ' -')}"
    return f"{name}:{account.owner.replace(':', ' ')}" if account.owner else name


def _beancount_heading(setting: Setting) -> str:
    return f'option "operating_currency" "{setting.currency.upper()}"\nplugin "beancount.plugins.auto_accounts"\n'


def _beancount(journal: Journal, setting: Setting) -> str:
    lines = (
        f"  {_beancount_account(line.account):<54}  {setting.amount(line.amount_minor)} {setting.currency.upper()}\n"
        for line in journal.lines
    )
    return f'\n{journal.on.isoformat()} * "{journal.text}"\n  seq: "{journal.number}"\n{"".join(lines)}'


def _beancount_account(account: Account) -> str:
    """Letters, digits and dashes only, each part with a capital or a digit first."""
    parts = [account.heading, f"{account.code}-{account.name}"]
    if account.owner:
        parts.append(account.owner[0].upper() + account.owner[1:].replace("_", "--"))
    return ":".join(re.sub(r"[^A-Za-z0-9-]+", "-", part).strip("-") for part in parts)


WRITERS: Final = {
    Format.QUICKBOOKS: Writer("csv", 1000, _quickbooks_heading, _quickbooks),
    Format.XERO: Writer("csv", 300, _xero_heading, _xero),
    Format.HLEDGER: Writer("journal", None, _hledger_heading, _hledger),
    Format.BEANCOUNT: Writer("beancount", None, _beancount_heading, _beancount),
}
