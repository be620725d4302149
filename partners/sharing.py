"""How one payment is shared: pure figures, no rows (DESIGN.md section 4 "Accrual")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ledger import splitting
from partners.terms import Basis, Per, Terms


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One paid line of an order, or a gift's line for one fund, with the agreements that were frozen on it.

    `design` is kept for the statement ("Valor tassel earrings", "Seed Collective"); `units` as sold (1 for a gift);
    `basis_minor` is the net of the goods or the gift part; `paid_minor` what was paid for it after discounts, before
    tax and shipping, which is what refunds are measured in. `gross_minor` and `cost_minor` are what other bases need,
    where they differ; `fee_minor` is its part of the card fee, None until that is known.
    """

    line_ref: str
    label: str
    design: str
    units: int
    basis_minor: int
    paid_minor: int
    agreement_ids: tuple[int, ...]
    gross_minor: int | None = None
    cost_minor: int = 0
    fee_minor: int | None = None


@dataclass(frozen=True, slots=True)
class LineShare:
    """One line's part of an agreement's share, and the basis it was figured on."""

    line: ShareLine
    basis_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AgreementShare:
    """What one agreement is owed from one payment, and the lines it comes from."""

    agreement_id: int
    lines: tuple[LineShare, ...]

    @property
    def amount_minor(self) -> int:
        return sum(part.amount_minor for part in self.lines)

    @property
    def basis_minor(self) -> int:
        return sum(part.basis_minor for part in self.lines)

    @property
    def paid_minor(self) -> int:
        return sum(part.line.paid_minor for part in self.lines)

    def limited_to(self, amount_minor: int) -> AgreementShare:
        """The same share with less of it, over its lines in proportion."""
        parts = splitting.split(amount_minor, [part.amount_minor for part in self.lines])
        lines = zip(self.lines, parts, strict=True)
        return replace(self, lines=tuple(replace(line, amount_minor=part) for line, part in lines))


def shares_of_payment(lines: Sequence[ShareLine], terms: Mapping[int, Terms]) -> list[AgreementShare]:
    """What each agreement named on the lines is owed, in order of agreement id; `terms` holds all that are named.

    Rounded once per agreement, then split over its lines; agreements of one stacking set are figured together. Nothing
    paid, nothing accrues; and no more is shared than was paid, whatever the basis. The card fee is estimated where a
    line does not have it.
    """
    worth = [line for line in lines if line.paid_minor > 0]
    sets: dict[tuple[str, str], list[Terms]] = {}
    for agreement_id in sorted({named for line in worth for named in line.agreement_ids}):
        one = terms[agreement_id]
        # A set has one basis for goods and one for gifts (activate_agreement), and a line is one of both.
        together = one.stacking_set or f"alone:{agreement_id}"
        sets.setdefault((together, one.basis), []).append(one)
    shares = [share for members in sets.values() for share in _shares_of_set(worth, members)]
    return sorted(shares, key=lambda share: share.agreement_id)


def basis_of(line: ShareLine, terms: Terms) -> int:
    """What the agreement's rate applies to of this line, in minor units; never below zero."""
    if terms.basis == Basis.GROSS:
        return line.basis_minor if line.gross_minor is None else line.gross_minor
    if terms.basis == Basis.NET_OF_COST:
        return max(line.basis_minor - line.cost_minor, 0)
    if terms.basis == Basis.NET_OF_FEES:
        fee_minor = terms.fee_estimate.of(line.basis_minor) if line.fee_minor is None else line.fee_minor
        return max(line.basis_minor - fee_minor, 0)
    return line.basis_minor


def _shares_of_set(lines: Sequence[ShareLine], members: Sequence[Terms]) -> list[AgreementShare]:
    bases = [basis_of(line, members[0]) for line in lines]
    claimed = [
        tuple(i for i, line in enumerate(lines) if member.agreement_id in line.agreement_ids and bases[i])
        for member in members
    ]
    members, claimed = _those_with_lines(members, claimed)
    claims = [_claim(member, indexes, lines, bases) for member, indexes in zip(members, claimed, strict=True)]
    accrued = splitting.accrue(bases, claims, [line.paid_minor for line in lines])
    return [
        AgreementShare(
            member.agreement_id,
            tuple(LineShare(lines[i], bases[i], part) for i, part in zip(indexes, result.by_line, strict=True)),
        )
        for member, indexes, result in zip(members, claimed, accrued, strict=True)
    ]


def _those_with_lines(
    members: Sequence[Terms], claimed: Sequence[tuple[int, ...]]
) -> tuple[list[Terms], list[tuple[int, ...]]]:
    """Where costs or fees leave no basis on any line, an agreement has no part of the payment."""
    kept = [(member, indexes) for member, indexes in zip(members, claimed, strict=True) if indexes]
    return [member for member, _ in kept], [indexes for _, indexes in kept]


def _claim(terms: Terms, indexes: tuple[int, ...], lines: Sequence[ShareLine], bases: Sequence[int]) -> splitting.Claim:
    if terms.per == Per.PERCENT:
        return splitting.Claim(terms.rate_num, terms.rate_den, indexes)
    if terms.per == Per.UNIT:
        fixed = [min(terms.each_minor * lines[i].units, bases[i]) for i in indexes]
    else:
        whole = [bases[i] for i in indexes]
        fixed = splitting.split(min(terms.each_minor, sum(whole)), whole)
    return splitting.Claim(0, 1, indexes, tuple(fixed))
