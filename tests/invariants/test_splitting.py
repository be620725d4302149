"""Splitting and accruing against naive models, on whatever hypothesis thinks of."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.splitting import Claim, accrue, disputed_share, half_up, reversed_to_date, split, split_refund
from tests.invariants.naive_books import naive_split

AMOUNTS = st.integers(min_value=0, max_value=10**12)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=12).filter(any)


@given(AMOUNTS, WEIGHTS)
def test_split_is_the_largest_remainder(total: int, weights: list[int]) -> None:
    assert split(total, weights) == naive_split(total, weights)


@given(AMOUNTS, WEIGHTS)
def test_split_loses_nothing_and_stays_within_a_cent_of_the_exact_share(total: int, weights: list[int]) -> None:
    parts = split(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part


@given(AMOUNTS, WEIGHTS)
def test_negative_split_mirrors_the_positive_one(total: int, weights: list[int]) -> None:
    assert split(-total, weights) == [-part for part in split(total, weights)]


@given(st.integers(), st.integers(min_value=1))
def test_half_up_is_the_nearest_and_halves_go_outwards(numerator: int, denominator: int) -> None:
    rounded = half_up(numerator, denominator)

    exact = Fraction(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(AMOUNTS, st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=8))
def test_reversals_only_grow_and_end_at_the_whole(allocated: int, refunds: list[int]) -> None:
    paid = sum(refunds)
    assume(paid)
    to_date = [reversed_to_date(allocated, sum(refunds[:n]), paid) for n in range(len(refunds) + 1)]

    assert to_date == sorted(to_date)
    assert (to_date[0], to_date[-1]) == (0, allocated)


@given(st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=8), st.data())
def test_refunds_never_exceed_a_part_and_the_last_empties_all(parts: list[int], data: st.DataObject) -> None:
    remaining = list(parts)
    while sum(remaining):
        refund = data.draw(st.integers(min_value=max(1, sum(remaining) // 4), max_value=sum(remaining)))

        back = split_refund(refund, remaining)

        assert sum(back) == refund
        assert all(0 <= part <= left for part, left in zip(back, remaining, strict=True))
        remaining = [left - part for left, part in zip(remaining, back, strict=True)]
    assert remaining == [0] * len(parts)


@given(AMOUNTS, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_lost_dispute_reverses_what_was_held(allocated: int, refunded: int, disputed: int, paid: int) -> None:
    assume(refunded <= paid)
    held = disputed_share(allocated, refunded, disputed, paid)

    lost = reversed_to_date(allocated, min(refunded + disputed, paid), paid)
    assert reversed_to_date(allocated, refunded, paid) + held == lost <= allocated
    assert held >= 0


@st.composite
def payments(draw: st.DrawFn) -> tuple[list[int], list[Claim]]:
    """Lines with bases, and claims on nested scopes (a line, some lines, all) whose rates fit into the whole."""
    bases = draw(st.lists(st.integers(min_value=0, max_value=300), min_size=1, max_size=5))
    scopes = [tuple(range(start, len(bases))) for start in range(len(bases))]
    shares = draw(st.lists(st.integers(min_value=0, max_value=40), min_size=1, max_size=6))
    whole = sum(shares) + draw(st.integers(min_value=0, max_value=20))
    assume(whole)
    return bases, [Claim(share, whole, draw(st.sampled_from(scopes))) for share in shares]


@given(payments())
def test_claims_never_take_more_than_the_lines_they_share(payment: tuple[list[int], list[Claim]]) -> None:
    bases, claims = payment

    amounts = [accrued.amount_minor for accrued in accrue(bases, claims)]

    for chosen in chain.from_iterable(combinations(range(len(claims)), size) for size in range(1, len(claims) + 1)):
        lines = {line for i in chosen for line in claims[i].lines}
        assert sum(amounts[i] for i in chosen) <= sum(bases[line] for line in lines)


@given(payments())
def test_claim_is_its_exact_share_but_for_one_cents_rounding(payment: tuple[list[int], list[Claim]]) -> None:
    bases, claims = payment

    for accrued, claim in zip(accrue(bases, claims), claims, strict=True):
        exact = Fraction(claim.rate_num, claim.rate_den) * sum(bases[line] for line in claim.lines)
        assert abs(accrued.amount_minor - exact) < 1
        assert accrued.amount_minor <= half_up(exact.numerator, exact.denominator)
        assert sum(accrued.by_line) == accrued.amount_minor
        weights = [bases[line] for line in claim.lines]
        if any(weights):
            assert list(accrued.by_line) == naive_split(accrued.amount_minor, weights)


@given(payments())
def test_claims_give_up_cents_only_when_they_must(payment: tuple[list[int], list[Claim]]) -> None:
    """A cent that was given up cannot be given back to any claim without taking more than some shared basis."""
    bases, claims = payment
    amounts = [accrued.amount_minor for accrued in accrue(bases, claims)]

    for i, claim in enumerate(claims):
        wanted = half_up(claim.rate_num * sum(bases[line] for line in claim.lines), claim.rate_den)
        if amounts[i] == wanted:
            continue
        raised = [amount + (j == i) for j, amount in enumerate(amounts)]
        wider = [set(other.lines) for other in claims if set(other.lines) >= set(claim.lines)]
        assert any(
            sum(raised[j] for j, other in enumerate(claims) if set(other.lines) <= scope)
            > sum(bases[line] for line in scope)
            for scope in wider
        )


@st.composite
def mixed_payments(draw: st.DrawFn) -> tuple[list[int], list[int], list[Claim]]:
    """Bases, what was paid for each (less where the base is gross), and rates beside fixed amounts."""
    bases, rates = draw(payments())
    paid = [draw(st.integers(0, basis)) for basis in bases]
    scopes = [tuple(range(start, len(bases))) for start in range(len(bases))]
    fixed = [
        Claim(0, 1, scope, tuple(draw(st.integers(0, bases[line])) for line in scope))
        for scope in draw(st.lists(st.sampled_from(scopes), max_size=3))
    ]
    return bases, paid, draw(st.permutations([*rates, *fixed]))


@given(mixed_payments())
def test_rates_and_amounts_together_never_take_more_than_was_paid(
    payment: tuple[list[int], list[int], list[Claim]],
) -> None:
    bases, paid, claims = payment

    accrued = accrue(bases, claims, paid)

    for scope in {claim.lines for claim in claims}:
        inside = [one for one, claim in zip(accrued, claims, strict=True) if set(claim.lines) <= set(scope)]
        assert sum(one.amount_minor for one in inside) <= sum(paid[line] for line in scope)
    for one, claim in zip(accrued, claims, strict=True):
        exact = Fraction(claim.rate_num, claim.rate_den) * sum(bases[line] for line in claim.lines)
        assert 0 <= one.amount_minor <= half_up(exact.numerator, exact.denominator) + sum(claim.fixed_minor)
        assert sum(one.by_line) == one.amount_minor
        assert all(part >= 0 for part in one.by_line)


@given(mixed_payments())
def test_amounts_give_way_before_rates_do(payment: tuple[list[int], list[int], list[Claim]]) -> None:
    """Where all of the base was paid, fixed amounts beside rates never lower what the rates come to."""
    bases, _, claims = payment
    rates = [claim for claim in claims if not claim.fixed_minor]

    beside = [one for one, claim in zip(accrue(bases, claims), claims, strict=True) if not claim.fixed_minor]

    for alone, with_amounts in zip(accrue(bases, rates), beside, strict=True):
        assert abs(alone.amount_minor - with_amounts.amount_minor) <= 1  # a cent that rounding had added


@pytest.mark.parametrize(
    "claim", [Claim(1, 2, (0,), (5,)), Claim(0, 1, (0,), (11,)), Claim(0, 1, (0,), (-1,)), Claim(0, 1, (0,), (1, 2))]
)
def test_nonsense_claims_are_refused(claim: Claim) -> None:
    with pytest.raises(ValueError, match="amount"):
        accrue([10], [claim])
