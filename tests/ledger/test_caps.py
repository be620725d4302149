"""Caps and minimums by example: what is let through, what a refund makes room for, what is added at the end."""

from __future__ import annotations

import pytest

from ledger.caps import Source, differences, room, top_up, waterfall


@pytest.mark.parametrize(
    ("cap", "nets", "wanted"),
    [
        (100, [80, 60, 5], [80, 20, 0]),
        (100, [100, 1], [100, 0]),
        (100, [30, 30], [30, 30]),
        (100, [], []),
        (0, [80], [0]),
        (100, [0, 100, 0], [0, 100, 0]),
    ],
)
def test_earlier_sources_fill_the_cap_first(cap: int, nets: list[int], wanted: list[int]) -> None:
    assert waterfall(cap, nets) == wanted


def test_new_source_needs_only_what_those_before_leave() -> None:
    assert differences(room(100, 80), [Source(60)]) == [20]
    assert differences(room(100, 140), [Source(5)]) == [0]


def test_refund_of_one_source_makes_room_for_the_next() -> None:
    half_refunded = Source(80, uncapped_reversed_minor=40, posted_minor=80)

    assert differences(100, [half_refunded, Source(60, posted_minor=20), Source(5)]) == [-40, 40, 0]


def test_refund_of_what_the_cap_had_cut_off_takes_nothing_from_the_partner() -> None:
    cut = Source(60, uncapped_reversed_minor=30, posted_minor=20)

    assert differences(room(100, 80), [cut]) == [0]


def test_failed_refund_takes_the_room_back() -> None:
    paid_after_all = Source(80, posted_minor=40)

    assert differences(100, [paid_after_all, Source(60, posted_minor=60)]) == [40, -40]


def test_cap_that_is_raised_lets_the_waiting_through() -> None:
    assert differences(130, [Source(80, posted_minor=80), Source(60, posted_minor=20), Source(5)]) == [0, 30, 0]


@pytest.mark.parametrize("back", [-1, 81])
def test_more_cannot_be_taken_back_than_was_earned(back: int) -> None:
    with pytest.raises(ValueError, match=f"take back {back} of 80"):
        Source(80, uncapped_reversed_minor=back)


def test_negative_cap_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        room(-1, 0)


@pytest.mark.parametrize(
    ("earned", "topped_up", "missing"),
    [(30_000, 0, 20_000), (29_000, 20_000, 1_000), (31_000, 20_000, 0), (50_000, 0, 0)],
)
def test_minimum_is_topped_up_again_when_refunds_lower_it(earned: int, topped_up: int, missing: int) -> None:
    assert top_up(50_000, earned, topped_up) == missing
