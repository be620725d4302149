"""Whether an account's statements follow one another: no day missing, each opening where the one before closed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from django.db.models import Sum

from ledger.discrepancies import Found
from partners.bank.bank_days import lie_between
from partners.models import BankAccount, BankLine, BankStatement


@dataclass(frozen=True, slots=True)
class _Days:
    """What an account's lines come to, by day."""

    days: tuple[date, ...]
    up_to: tuple[int, ...]

    def moved(self, first: date, last: date) -> int:
        """The sum of all lines from `first` to `last`, both included."""
        low, high = bisect_left(self.days, first), bisect_right(self.days, last)
        return (self.up_to[high - 1] if high else 0) - (self.up_to[low - 1] if low else 0) if high > low else 0

    def before(self, first: date, day: date) -> int:
        """The sum of all lines from `first` until the end of the day before `day`."""
        low, high = bisect_left(self.days, first), bisect_left(self.days, day)
        return (self.up_to[high - 1] if high else 0) - (self.up_to[low - 1] if low else 0) if high > low else 0


def gaps(account: BankAccount) -> Iterator[Found]:
    """Statements before which a bank day is in no file, unless their balances show that nothing is missing."""
    last: BankStatement | None = None
    for statement in _in_order(account):
        if last is not None and not _meet(last, statement) and lie_between(last.last_on, statement.first_on):
            yield Found(statement.ref, detail=f"after {last.last_on}, before {statement.first_on}")
        if last is None or statement.last_on >= last.last_on:
            last = statement


def balances_that_differ(account: BankAccount) -> Iterator[Found]:
    """Statements whose balance is not what the one before and the lines since come to, by how much it is off."""
    statements = _in_order(account)
    days = _days(account)
    for number, statement in enumerate(statements):
        found = _off(statements[:number], statement, days)
        if found is not None:
            word, amount_minor = found
            yield Found(statement.ref, amount_minor, account.currency, f"{word} balance")


def _off(earlier: Sequence[BankStatement], statement: BankStatement, days: _Days) -> tuple[str, int] | None:
    """Held against the nearest earlier statement that has a balance to go by."""
    if statement.opening_minor is not None:
        if any(_meet(one, statement) for one in earlier):
            return None
        for one in reversed(earlier):
            expected = _balance_before(one, statement.first_on, days)
            if expected is not None:
                off = statement.opening_minor - expected
                return ("opening", off) if off else None
    elif statement.closing_minor is not None:
        for one in reversed(earlier):
            if one.closing_minor is not None and one.last_on <= statement.last_on:
                since = days.moved(one.last_on, statement.last_on) - days.moved(one.last_on, one.last_on)
                off = statement.closing_minor - one.closing_minor - since
                return ("closing", off) if off else None
    return None


def _balance_before(one: BankStatement, day: date, days: _Days) -> int | None:
    """What the account held at the beginning of a day, by an earlier statement and all lines since; None if unknown."""
    if one.opening_minor is not None and one.first_on <= day:
        return one.opening_minor + days.before(one.first_on, day)
    if one.closing_minor is not None and one.last_on < day:
        return one.closing_minor + days.before(one.last_on, day) - days.moved(one.last_on, one.last_on)
    return None


def _meet(one: BankStatement, other: BankStatement) -> bool:
    """The later opens with what the earlier closed with, and begins when it ended or after it."""
    return one.closing_minor is not None and one.closing_minor == other.opening_minor and one.last_on <= other.first_on


def _in_order(account: BankAccount) -> list[BankStatement]:
    return list(account.statements.order_by("first_on", "last_on", "pk"))


def _days(account: BankAccount) -> _Days:
    lines = BankLine.objects.filter(account=account)
    rows = list(lines.order_by("booked_on").values_list("booked_on").annotate(Sum("amount_minor")))
    return _Days(tuple(day for day, _ in rows), tuple(accumulate(int(moved) for _, moved in rows)))
