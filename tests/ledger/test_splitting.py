"""The published vectors and worked amounts of rules/ledger.md section 4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.splitting import (
    Claim,
    accrue,
    disputed_share,
    fee,
    gross_up,
    half_up,
    reversed_to_date,
    share,
    split,
    split_dispute,
    split_refund,
)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        # moneyphp, tests/MoneyTest.php
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (5, [3, 7], [2, 3]),  # Foemmel's conundrum, as Fowler tells it
        (5, [7, 3], [4, 1]),
        (5, [7, 3, 0], [4, 1, 0]),
        (5, [0, 7, 3], [0, 4, 1]),
        (2, [1, 1, 1], [1, 1, 0]),
        (1, [33, 66], [0, 1]),
        (101, [7, 3], [71, 30]),
        (9999, [75, 25], [7499, 2500]),  # as its issue 492 asks
        # Formance, machine allotments
        (15, [1, 1, 0], [8, 7, 0]),
    ],
)
def test_published_splits(total: int, weights: list[int], parts: list[int]) -> None:
    assert split(total, weights) == parts


@pytest.mark.parametrize(
    ("why", "total", "weights", "published", "ours"),
    [
        ("moneyphp: a negative mirrors its positive here", -5, [7, 3], [-3, -2], [-4, -1]),
        ("Formance: leftovers go to the largest fractions, not the first", 15, [20, 2, 3], [13, 1, 1], [12, 1, 2]),
        ("Liberapay: nobody is raised to a minimum; small balances wait", 601, [2000, 1], [600, 1], [601, 0]),
    ],
)
def test_where_we_differ_from_what_is_published(
    why: str, total: int, weights: list[int], published: list[int], ours: list[int]
) -> None:
    assert split(total, weights) == ours != published, why
    assert sum(ours) == sum(published) == total


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (613, [98, 92, 98, 123, 102, 92], [99, 93, 99, 125, 104, 93]),
        (2000, [4320, 500, 366], [1666, 193, 141]),
        (2000, [10000, 256], [1950, 50]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
    ],
)
def test_our_splits(total: int, weights: list[int], parts: list[int]) -> None:
    assert split(total, weights) == parts


def test_split_does_not_depend_on_the_order_of_other_weights() -> None:
    by_weight = dict(zip([98, 92, 98, 123, 102, 92], split(613, [98, 92, 98, 123, 102, 92]), strict=True))
    ordered = sorted([98, 92, 98, 123, 102, 92])

    assert split(613, ordered) == [by_weight[weight] for weight in ordered]


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (-1, [0]), (5, [1, -1])])
def test_what_cannot_be_split_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"split|negative"):
        split(total, weights)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (0, 7, 0), (10**30 + 1, 2, 5 * 10**29 + 1)],
)
def test_half_up(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


@pytest.mark.parametrize("denominator", [0, -3])
def test_half_up_by_nothing_is_refused(denominator: int) -> None:
    with pytest.raises(ValueError, match="denominator"):
        half_up(1, denominator)


def test_share_of_the_worked_sale() -> None:
    assert share(4320, 20, 100) == 864


def test_refunds_of_one_allocation_add_up_to_it() -> None:
    refunds = [3333, 6666, 10000]

    assert [reversed_to_date(667, refunded, 10000) for refunded in refunds] == [222, 444, 667]


@pytest.mark.parametrize(
    ("allocated", "refunded", "paid", "back"),
    [(864, 1666, 4320, 333), (4000, 1950, 10000, 780), (864, 0, 4320, 0), (864, 4320, 4320, 864), (0, 1, 1, 0)],
)
def test_worked_reversals(allocated: int, refunded: int, paid: int, back: int) -> None:
    assert reversed_to_date(allocated, refunded, paid) == back


@pytest.mark.parametrize(("allocated", "refunded", "paid"), [(-1, 0, 1), (1, 2, 1), (1, -1, 1), (1, 0, 0)])
def test_reversal_of_more_than_was_paid_is_refused(allocated: int, refunded: int, paid: int) -> None:
    with pytest.raises(ValueError, match=r"allocation|give back"):
        reversed_to_date(allocated, refunded, paid)


def test_refunds_of_the_worked_sale_use_what_remains_and_empty_it() -> None:
    first = split_refund(2000, [4320, 500, 366])
    rest = [paid - back for paid, back in zip([4320, 500, 366], first, strict=True)]

    assert (first, rest) == ([1666, 193, 141], [2654, 307, 225])
    assert split_refund(3186, rest) == rest


@pytest.mark.parametrize("refund", [0, -1, 5187])
def test_refund_of_nothing_or_of_more_than_remains_is_refused(refund: int) -> None:
    with pytest.raises(ValueError, match=f"cannot give back {refund} of 5186"):
        split_refund(refund, [4320, 500, 366])


def test_dispute_of_more_than_remains_leaves_a_surplus() -> None:
    assert split_dispute(5186, [2654, 307, 225]) == ([2654, 307, 225], 2000)
    assert split_dispute(2000, [4320, 500, 366]) == ([1666, 193, 141], 0)
    assert split_dispute(100, [0, 0, 0]) == ([0, 0, 0], 100)


@pytest.mark.parametrize("disputed", [0, -5])
def test_dispute_of_nothing_is_refused(disputed: int) -> None:
    with pytest.raises(ValueError, match=str(disputed)):
        split_dispute(disputed, [4320])


@pytest.mark.parametrize(
    ("refunded", "disputed", "held"),
    [(0, 4320, 864), (1666, 2654, 531), (1666, 4320, 531), (0, 1666, 333), (1666, 1, 0), (4320, 100, 0)],
)
def test_hold_is_what_losing_the_dispute_would_reverse(refunded: int, disputed: int, held: int) -> None:
    assert disputed_share(864, refunded, disputed, 4320) == held


def test_negative_dispute_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        disputed_share(864, 0, -1, 4320)


def amounts(bases: list[int], *claims: tuple[int, int, tuple[int, ...]]) -> list[int]:
    return [accrued.amount_minor for accrued in accrue(bases, [Claim(*claim) for claim in claims])]


def test_accrual_is_rounded_once_for_the_payment() -> None:
    [accrued] = accrue([33, 33, 33], [Claim(15, 100, (0, 1, 2))])

    assert (accrued.amount_minor, accrued.by_line) == (15, (5, 5, 5))
    assert amounts([33, 33], (15, 100, (0, 1))) == [10]


def test_two_gift_shares_of_forty_percent() -> None:
    assert amounts([5000], (40, 100, (0,)), (40, 100, (0,))) == [2000, 2000]


def test_excess_cent_comes_off_the_later_of_equal_fractions() -> None:
    assert amounts([1], (1, 2, (0,)), (1, 2, (0,))) == [1, 0]
    assert amounts([5], (1, 2, (0,)), (1, 2, (0,))) == [3, 2]
    assert amounts([70], (5, 100, (0,)), (95, 100, (0,))) == [4, 66]


def test_excess_cent_comes_off_the_smaller_fraction_though_it_is_earlier() -> None:
    # 3.5, 2.6 and 3.9 of 10: 4 + 3 + 4 is one too many, and a half is the least that was rounded up.
    assert amounts([10], (35, 100, (0,)), (26, 100, (0,)), (39, 100, (0,))) == [3, 3, 4]


def test_share_that_was_exact_never_gives_up_a_cent() -> None:
    # 2.0, 1.5, 1.5 of 5: the exact one stays, the later half gives way.
    assert amounts([5], (2, 5, (0,)), (3, 10, (0,)), (3, 10, (0,))) == [2, 2, 1]


def test_narrow_promise_is_settled_before_the_wide_one_of_its_set() -> None:
    # Two halves of a line worth 1 would be 2; that the other line has room enough is no excuse.
    assert amounts([1, 100], (4, 10, (1,)), (5, 10, (0,)), (5, 10, (0,))) == [40, 1, 0]


def test_line_shares_follow_the_lines_of_the_claim() -> None:
    [accrued] = accrue([4000, 2800, 500], [Claim(20, 100, (1, 0))])

    assert (accrued.amount_minor, accrued.by_line) == (1360, (560, 800))


def test_line_worth_nothing_gets_nothing() -> None:
    [accrued] = accrue([0, 0], [Claim(20, 100, (0, 1))])

    assert (accrued.amount_minor, accrued.by_line) == (0, (0, 0))


@pytest.mark.parametrize(
    ("bases", "claims"),
    [
        ([100], [Claim(60, 100, (0,)), Claim(41, 100, (0,))]),
        ([-1], [Claim(20, 100, (0,))]),
        ([100], [Claim(-20, 100, (0,))]),
        ([100], [Claim(20, 0, (0,))]),
        ([100], [Claim(20, 100, (0, 0))]),
    ],
)
def test_promise_of_more_than_the_whole_is_refused(bases: list[int], claims: list[Claim]) -> None:
    with pytest.raises(ValueError, match=r"whole|claim|basis"):
        accrue(bases, claims)


@pytest.mark.parametrize(
    ("wanted", "num", "gross"),
    [
        (5000, 29, 5180),
        (500, 29, 546),
        (10000, 29, 10330),
        (25000, 29, 25778),
        (2500, 22, 2587),
        (5000, 22, 5143),
        (10000, 22, 10256),
        (25000, 22, 25593),
        (1, 0, 31),
    ],
)
def test_gross_up(wanted: int, num: int, gross: int) -> None:
    """rules/ledger.md section 11 case 2; rules/giving.md 3.1."""
    assert gross_up(wanted, num, 1000, 30) == gross


def test_one_cent_less_than_the_gross_up_leaves_too_little() -> None:
    left = {gross: gross - fee(gross, 29, 1000, 30) for gross in (5179, 5180)}

    assert left == {5179: 4999, 5180: 5000}


@pytest.mark.parametrize("num", [22, 29])
def test_gross_up_is_the_smallest_charge_for_every_amount(num: int) -> None:
    """rules/giving.md section 5 case 1."""
    for wanted in range(100, 100_001):
        gross = gross_up(wanted, num, 1000, 30)
        assert gross - fee(gross, num, 1000, 30) >= wanted
        assert gross - 1 - fee(gross - 1, num, 1000, 30) < wanted


@given(st.integers(1, 300), st.integers(0, 19), st.integers(1, 20), st.integers(0, 50))
def test_gross_up_is_what_trying_every_charge_finds(wanted: int, num: int, den: int, fixed: int) -> None:
    num %= den
    charges = range((wanted + fixed) * den + den)

    found = next(gross for gross in charges if gross - fee(gross, num, den, fixed) >= wanted)

    assert gross_up(wanted, num, den, fixed) == found


@pytest.mark.parametrize("bad", [(0, 29, 1000, 30), (-1, 29, 1000, 30), (5, 10, 10, 0), (5, -1, 10, 0), (5, 1, 10, -1)])
def test_gross_up_of_nonsense_is_refused(bad: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="no charge leaves"):
        gross_up(*bad)
