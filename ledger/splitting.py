"""Cents divided so that none is lost or made: the rounding rules R1 to R3 (rules/ledger.md section 4).

Nothing else in Tassel rounds; what a cap leaves of a share is in `ledger.caps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


def half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number, halves away from zero; `denominator` is above zero."""
    if denominator <= 0:
        raise ValueError(f"denominator must be above zero, not {denominator}")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def share(basis_minor: int, num: int, den: int) -> int:
    """The fraction num/den of a basis, half up: `share(4320, 20, 100)` is 864."""
    return half_up(basis_minor * num, den)


def fee(gross_minor: int, num: int, den: int, fixed_minor: int) -> int:
    """What a processor keeps of a charge: num/den of it, half up as Stripe rounds, and a fixed part. An estimate.

    The fee that was really taken is read from the balance transaction, never figured (rules/ledger.md R5).
    """
    return share(gross_minor, num, den) + fixed_minor


def gross_up(wanted_minor: int, num: int, den: int, fixed_minor: int) -> int:
    """The smallest charge that leaves `wanted` after its fee: `gross_up(5000, 29, 1000, 30)` is 5180.

    rules/giving.md 3.1: from just below the closed form (wanted + fixed) / (1 - num/den) upwards, because what is left
    never falls while the charge rises. Raises ValueError for a rate of the whole or more, and amounts below zero.
    """
    if not 0 <= num < den or wanted_minor <= 0 or fixed_minor < 0:
        raise ValueError(f"no charge leaves {wanted_minor} after {num}/{den} and {fixed_minor}")
    gross_minor = (2 * (wanted_minor + fixed_minor) - 1) * den // (2 * (den - num))
    while gross_minor - fee(gross_minor, num, den, fixed_minor) < wanted_minor:
        gross_minor += 1
    return gross_minor


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """`total_minor` over `weights` by the largest remainder (R1): `split(2000, [4320, 500, 366])` is [1666, 193, 141].

    Ties go to the earlier; a zero weight never receives; a negative total mirrors its positive. Raises ValueError for
    a negative weight, or when there is something to split and nobody to receive it.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError(f"a weight cannot be negative: {list(weights)}")
    if total_minor < 0:
        return [-part for part in split(-total_minor, weights)]
    whole = sum(weights)
    if whole == 0:
        if total_minor:
            raise ValueError(f"{total_minor} cannot be split: every weight is zero")
        return [0] * len(weights)
    parts = [total_minor * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_minor * weights[i] % whole), i))
    for i in by_remainder[: total_minor - sum(parts)]:
        parts[i] += 1
    return parts


def split_refund(refund_minor: int, remaining_minor: Sequence[int]) -> list[int]:
    """A refund over what remains of each part of a payment (R2): `split_refund(2000, [4320, 500, 366])`.

    Never more than a part has, and the last refund empties all. The result depends on the order of refunds, so they are
    applied by (created, id). Raises ValueError when nothing, or more than remains, is given back.
    """
    whole = sum(remaining_minor)
    if not 0 < refund_minor <= whole:
        raise ValueError(f"cannot give back {refund_minor} of {whole} that remain")
    return split(refund_minor, remaining_minor)


def split_dispute(disputed_minor: int, remaining_minor: Sequence[int]) -> tuple[list[int], int]:
    """What a dispute takes from what remains of each part, and the surplus above all that remains.

    A buyer's bank may take the whole charge after we gave a part of it back; the surplus touches no part and no
    partner. Raises ValueError for a dispute of nothing.
    """
    if disputed_minor <= 0:
        raise ValueError(f"nothing is disputed: {disputed_minor}")
    taken = min(disputed_minor, sum(remaining_minor))
    return split(taken, remaining_minor), disputed_minor - taken


def reversed_to_date(allocated_minor: int, refunded_to_date_minor: int, paid_minor: int) -> int:
    """How much of an allocation is taken back once `refunded_to_date` of `paid` was given back (R3): the floor.

    Post the difference from what is already reversed; it is below zero when a refund failed. Raises ValueError when
    more was given back than was paid.
    """
    if allocated_minor < 0:
        raise ValueError(f"an allocation is not negative: {allocated_minor}")
    if paid_minor <= 0 or not 0 <= refunded_to_date_minor <= paid_minor:
        raise ValueError(f"cannot give back {refunded_to_date_minor} of {paid_minor} paid")
    return allocated_minor * refunded_to_date_minor // paid_minor


def disputed_share(allocated_minor: int, refunded_to_date_minor: int, disputed_minor: int, paid_minor: int) -> int:
    """How much of an allocation is set aside while `disputed` of `paid` is in dispute: what losing it would reverse.

    What is disputed above what is left of the payment touches no partner. Raises ValueError as `reversed_to_date`.
    """
    if disputed_minor < 0:
        raise ValueError(f"a dispute is not negative: {disputed_minor}")
    before = reversed_to_date(allocated_minor, refunded_to_date_minor, paid_minor)
    after = min(refunded_to_date_minor + disputed_minor, paid_minor)
    return reversed_to_date(allocated_minor, after, paid_minor) - before


@dataclass(frozen=True, slots=True)
class Claim:
    """What one agreement claims of some of a payment's lines, by their index: a rate, or for each line an amount.

    With `fixed_minor` the rate is 0; each amount is at most the basis of its line.
    """

    rate_num: int
    rate_den: int
    lines: tuple[int, ...]
    fixed_minor: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Accrued:
    """What one claim comes to, and how it lies on the claim's own lines, in their order."""

    amount_minor: int
    by_line: tuple[int, ...]


def accrue(
    bases_minor: Sequence[int], claims: Sequence[Claim], paid_minor: Sequence[int] | None = None
) -> list[Accrued]:
    """The shares of one payment under the claims of one stacking set, earlier agreements first (DESIGN.md section 4).

    Each claim is its rate times the sum of its lines' bases, half up, once, then split over those lines by basis; or
    its fixed amounts as they are. Where together they exceed the basis they share, or what was paid for it
    (`paid_minor`, by default the basis), the excess comes off: the cents that rounding added, the smallest fractions
    first, later agreements first; then fixed amounts, later agreements first; then all in proportion. Raises ValueError
    when the rates on a line together exceed the whole.
    """
    _refuse_nonsense(bases_minor, claims)
    paid_minor = bases_minor if paid_minor is None else paid_minor
    limits = [min(basis, paid) for basis, paid in zip(bases_minor, paid_minor, strict=True)]
    exact = [
        Fraction(claim.rate_num, claim.rate_den) * _sum(bases_minor, claim.lines) + sum(claim.fixed_minor)
        for claim in claims
    ]
    amounts = [half_up(amount.numerator, amount.denominator) for amount in exact]
    # Nested scopes (a variant inside a shop): the narrow basis is settled before the wide one is looked at.
    for scope in sorted({frozenset(claim.lines) for claim in claims}, key=lambda lines: (len(lines), sorted(lines))):
        inside = [i for i, claim in enumerate(claims) if scope.issuperset(claim.lines)]
        limit = _sum(limits, sorted(scope))
        excess = sum(amounts[i] for i in inside) - limit
        rounded_up = [i for i in inside if amounts[i] > exact[i]]
        for i in sorted(rounded_up, key=lambda i: (exact[i] % 1, -i))[: max(excess, 0)]:
            amounts[i] -= 1
        _trim(amounts, [i for i in inside if claims[i].fixed_minor], inside, limit)
    return [
        Accrued(amount, tuple(split(amount, claim.fixed_minor or [bases_minor[line] for line in claim.lines])))
        for amount, claim in zip(amounts, claims, strict=True)
    ]


def _trim(amounts: list[int], fixed: Sequence[int], inside: Sequence[int], limit: int) -> None:
    """Take what still exceeds the limit off fixed amounts, the last first; then off all of them in proportion."""
    for i in reversed(fixed):
        excess = max(sum(amounts[i] for i in inside) - limit, 0)
        amounts[i] -= min(excess, amounts[i])
    if sum(amounts[i] for i in inside) > limit:
        for i, part in zip(inside, split(limit, [amounts[i] for i in inside]), strict=True):
            amounts[i] = part


def _sum(amounts_minor: Sequence[int], lines: Sequence[int]) -> int:
    return sum(amounts_minor[line] for line in lines)


def _refuse_nonsense(bases_minor: Sequence[int], claims: Sequence[Claim]) -> None:
    rates = [Fraction(0)] * len(bases_minor)
    for claim in claims:
        if claim.rate_num < 0 or claim.rate_den <= 0 or len(set(claim.lines)) != len(claim.lines):
            raise ValueError(f"not a claim: {claim}")
        if claim.fixed_minor and (claim.rate_num or len(claim.fixed_minor) != len(claim.lines)):
            raise ValueError(f"a claim is a rate or amounts, not both: {claim}")
        for line in claim.lines:
            rates[line] += Fraction(claim.rate_num, claim.rate_den)
        for line, fixed in zip(claim.lines, claim.fixed_minor, strict=False):
            if not 0 <= fixed <= bases_minor[line]:
                raise ValueError(f"an amount lies between nothing and its basis: {claim}")
    if any(rate > 1 for rate in rates):
        raise ValueError("the rates on one line together exceed the whole")
    if any(basis < 0 for basis in bases_minor):
        raise ValueError(f"a basis is not negative: {list(bases_minor)}")
