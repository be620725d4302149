"""Money in words and back: rules/reliability.md row 56."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.money import LIMIT_MINOR, Money, NotAnAmount, exponent, format_minor, parse_amount
from people.money_line import Part, segments


@pytest.mark.parametrize(
    ("typed", "minor"),
    [("25", 2500), ("25.5", 2550), ("$1,250.50", 125_050), (" 0.01 ", 1), ("２５", 2500), ("999999.99", LIMIT_MINOR)],
)
def test_what_a_person_types_is_understood(typed: str, minor: int) -> None:
    assert parse_amount(typed, "usd") == minor


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter an amount"),
        ("0", "more than zero"),
        ("0.00", "more than zero"),
        ("-5", "more than zero"),
        ("1.005", "at most 2 decimals"),
        ("abc", "in figures"),
        ("1e3", "in figures"),
        ("NaN", "in figures"),
        ("1,23", "in figures"),
        ("1.234,56", "in figures"),
        ("٢٥", "in figures"),
        ("1000000", "at most $999,999.99"),
        ("9" * 400, "at most $999,999.99"),
    ],
)
def test_each_mistake_has_its_own_words(typed: str, says: str) -> None:
    with pytest.raises(NotAnAmount, match=says.replace("$", r"\$")):
        parse_amount(typed, "usd")


def test_currencies_keep_their_own_decimals() -> None:
    assert (exponent("jpy"), exponent("usd"), exponent("kwd")) == (0, 2, 3)
    assert parse_amount("500", "jpy") == 500
    with pytest.raises(NotAnAmount, match="at most 0 decimals"):
        parse_amount("500.5", "jpy")
    with pytest.raises(ValueError, match="unknown currency"):
        exponent("zzz")


@given(st.integers(min_value=1, max_value=LIMIT_MINOR))
def test_what_we_write_we_can_read(minor: int) -> None:
    assert parse_amount(format_minor(minor, "usd"), "usd") == minor


def test_money_says_itself() -> None:
    assert str(Money(960, "usd")) == "$9.60"
    assert str(Money(-960, "usd")) == "-$9.60"


@given(st.lists(st.integers(min_value=0, max_value=10**9), max_size=8))
def test_the_money_line_always_fills_its_bar(amounts: list[int]) -> None:
    drawn = segments([Part(str(n), amount, "shop") for n, amount in enumerate(amounts)])

    assert sum(segment.width for segment in drawn) == (1000 if any(amounts) else 0)
    assert all(segment.part.amount_minor > 0 for segment in drawn)
