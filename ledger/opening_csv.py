"""The balances of the old books as CSV, account by account: every row gets a verdict, nothing is guessed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ledger.accounts import CHART, UnknownAccount, chart_line
from ledger.drafts import AccountRef
from ledger.owners import owners_of
from people.csv_files import Record, read
from people.money import NotAnAmount, is_currency, parse_figure

BYTES_MAX: Final = 1_000_000
ROWS_MAX: Final = 5_000
REQUIRED: Final = ("account", "owner", "currency", "debit", "credit")
OPTIONAL: Final = ("name",)
CODES: Final[Mapping[str, str]] = {line.code: purpose for purpose, line in CHART.items()}


class _BadCell(ValueError):
    """One cell cannot be read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one row: `opens` an account with a debit-positive balance, says `nothing`, or is `refused`."""

    number: int
    words: str
    verdict: Literal["opens", "nothing", "refused"]
    account: AccountRef | None = None
    currency: str = ""
    balance_minor: int = 0
    problem: str = ""

    @property
    def debit_minor(self) -> int:
        return max(self.balance_minor, 0)

    @property
    def credit_minor(self) -> int:
        return max(-self.balance_minor, 0)


def verdicts_of(content: bytes) -> list[Verdict]:
    """A verdict for each row, in the file's order. Writes nothing. Raises NotReadable for what is not this table."""
    records = read(content, required=REQUIRED, optional=OPTIONAL, bytes_max=BYTES_MAX, rows_max=ROWS_MAX)
    owners = owners_of({record.cells.get("owner", "") for record in records} - {""})
    seen: dict[tuple[AccountRef, str], int] = {}
    verdicts = []
    for record in records:
        try:
            verdicts.append(_opens(record, owners, seen))
        except _BadCell as error:
            verdicts.append(Verdict(record.number, _words(record), "refused", problem=str(error)))
    return verdicts


def _opens(record: Record, owners: Mapping[str, str], seen: dict[tuple[AccountRef, str], int]) -> Verdict:
    if record.problem:
        raise _BadCell(record.problem)
    account = _account(record.cells, owners)
    currency = record.cells["currency"].lower()
    if not is_currency(currency):
        raise _BadCell(f"currency: “{record.cells['currency'][:20]}” is not a currency code such as USD.")
    first = seen.setdefault((account, currency), record.number)
    if first != record.number:
        raise _BadCell(f"The account has a row already, on line {first}.")
    balance_minor = _balance(record.cells, currency)
    verdict: Literal["opens", "nothing"] = "opens" if balance_minor else "nothing"
    return Verdict(record.number, _words(record), verdict, account, currency, balance_minor)


def _account(cells: Mapping[str, str], owners: Mapping[str, str]) -> AccountRef:
    purpose = CODES.get(cells["account"])
    if purpose is None:
        raise _BadCell(f"account: the chart has no “{cells['account'][:20]}” (docs/accounting.md lists it).")
    typed = cells["owner"]
    if typed and typed not in owners:
        raise _BadCell(f"owner: nobody here is “{typed[:80]}”; write such as partner:dahlias-hope or fund:general.")
    if purpose == "bank" and not typed:
        raise _BadCell(
            "owner: say which of our bank accounts this is, such as bank:1. Add it in the records first if it is not"
            " there: a balance that belongs to no account can be compared with no statement."
        )
    owner = owners[typed] if typed else ""
    try:
        chart_line(purpose, owner)
    except UnknownAccount as error:
        raise _BadCell(f"owner: {error}.") from error
    return AccountRef(purpose, owner)


def _balance(cells: Mapping[str, str], currency: str) -> int:
    debit, credit = (_side(cells, side, currency) for side in ("debit", "credit"))
    if debit and credit:
        raise _BadCell("A balance stands on one side: debit or credit, not both.")
    return debit - credit


def _side(cells: Mapping[str, str], side: str, currency: str) -> int:
    if not cells[side]:
        return 0
    if cells[side].startswith("-"):
        raise _BadCell(f"{side}: an amount is not below zero; write it on the other side.")
    try:
        return parse_figure(cells[side], currency)
    except NotAnAmount as error:
        raise _BadCell(f"{side}: {error}") from error


def _words(record: Record) -> str:
    """The row as it was typed, for somebody who has to find it."""
    return ", ".join(filter(None, record.cells.values()))[:120]


def balances(verdicts: Collection[Verdict]) -> dict[str, dict[AccountRef, int]]:
    """Currency -> account -> balance, debit-positive; accounts without one left out."""
    found: dict[str, dict[AccountRef, int]] = {}
    for row in verdicts:
        if row.verdict == "opens" and row.account is not None:
            found.setdefault(row.currency, {})[row.account] = row.balance_minor
    return found
