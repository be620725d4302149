"""Whether an account's statements follow one another: no day missing, each opening where the one before closed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from django.db.models import Exists, OuterRef, Sum

from ledger.discrepancies import Found
from partners.bank.bank_days import lie_between
from partners.models import BankAccount, BankLine, BankStatement, Match, MatchItem


@dataclass(frozen=True, slots=True)
class Follows:
    """A statement's balance held against that of an earlier one: which of its balances, and by how much it is off."""

    earlier: BankStatement
    word: str
    off_minor: int


@dataclass(frozen=True, slots=True)
class Chain:
    """How a closing balance came to be: what the account began with, before all its lines, and each balance that is
    off on the way from there."""

    began_minor: int
    off_minor: dict[str, int]  # by the statement's name


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
        found = _follows(statements[:number], statement, days)
        if found is not None and found.off_minor:
            yield Found(statement.ref, found.off_minor, account.currency, f"{found.word} balance")


def chain_to(closing: BankStatement, statements: Sequence[BankStatement]) -> Chain:
    """From a statement that tells its closing balance back to the first one that it can be held against. A query."""
    days, statements = _days(closing.account), sorted(statements, key=_place)
    off: dict[str, int] = {}
    at = closing
    while (found := _follows(statements[: statements.index(at)], at, days)) is not None:
        if found.off_minor:
            off[at.ref] = found.off_minor
        at = found.earlier
    if at.opening_minor is not None:
        return Chain(at.opening_minor - days.before(date.min, at.first_on), off)
    assert at.closing_minor is not None
    return Chain(at.closing_minor - days.moved(date.min, at.last_on), off)


def _follows(earlier: Sequence[BankStatement], statement: BankStatement, days: _Days) -> Follows | None:
    """Held against the nearest earlier statement that has a balance to go by."""
    if statement.opening_minor is not None:
        for one in reversed(earlier):
            if _meet(one, statement):
                return Follows(one, "opening", 0)
        for one in reversed(earlier):
            expected = _balance_before(one, statement.first_on, days)
            if expected is not None:
                return Follows(one, "opening", statement.opening_minor - expected)
    elif statement.closing_minor is not None:
        for one in reversed(earlier):
            if one.closing_minor is not None and one.last_on <= statement.last_on:
                since = days.moved(one.last_on, statement.last_on) - days.moved(one.last_on, one.last_on)
                return Follows(one, "closing", statement.closing_minor - one.closing_minor - since)
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


def _place(statement: BankStatement) -> tuple[date, date, int]:
    return statement.first_on, statement.last_on, statement.pk


def _in_order(account: BankAccount) -> list[BankStatement]:
    return sorted(account.statements.all(), key=_place)


def _days(account: BankAccount) -> _Days:
    """A line that was confirmed as a duplicate moved nothing."""
    repeats = MatchItem.objects.filter(
        line=OuterRef("pk"),
        side=MatchItem.Side.BANK,
        is_active=True,
        match__kind=Match.Kind.DUPLICATE,
        match__state=Match.State.CONFIRMED,
    )
    lines = BankLine.objects.filter(~Exists(repeats), account=account)
    rows = list(lines.order_by("booked_on").values_list("booked_on").annotate(Sum("amount_minor")))
    return _Days(tuple(day for day, _ in rows), tuple(accumulate(int(moved) for _, moved in rows)))
