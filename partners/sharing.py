"""How one payment is shared: pure figures, no rows (DESIGN.md section 4 "Accrual")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger import splitting
from partners.models import Agreement


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One paid line of an order, or a gift's line for one fund, with the agreements that were frozen on it.

    `design` is kept for the statement ("Valor tassel earrings", "Seed Collective"); `units` as sold (1 for a gift);
    `basis_minor` is what the rate applies to; `paid_minor` what was paid for it after discounts, before tax and
    shipping, which is what refunds are measured in.
    """

    line_ref: str
    label: str
    design: str
    units: int
    basis_minor: int
    paid_minor: int
    agreement_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LineShare:
    """One line's part of an agreement's share."""

    line: ShareLine
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AgreementShare:
    """What one agreement is owed from one payment, and the lines it comes from."""

    agreement: Agreement
    basis_minor: int
    uncapped_minor: int
    lines: tuple[LineShare, ...]

    @property
    def amount_minor(self) -> int:
        return sum(part.amount_minor for part in self.lines)

    @property
    def paid_minor(self) -> int:
        return sum(part.line.paid_minor for part in self.lines)


def shares_of_payment(lines: Sequence[ShareLine], agreements: Mapping[int, Agreement]) -> list[AgreementShare]:
    """What each agreement named on the lines is owed, in order of agreement id; `agreements` holds all that are named.

    Rounded once per agreement, then split over its lines; agreements of one stacking set are figured together.
    """
    worth = [line for line in lines if line.basis_minor > 0]
    sets: dict[str, list[Agreement]] = {}
    for agreement_id in sorted({named for line in worth for named in line.agreement_ids}):
        agreement = agreements[agreement_id]
        sets.setdefault(agreement.stacking_set or f"alone:{agreement_id}", []).append(agreement)
    shares = [share for members in sets.values() for share in _shares_of_set(worth, members)]
    return sorted(shares, key=lambda share: share.agreement.pk)


def _shares_of_set(lines: Sequence[ShareLine], members: Sequence[Agreement]) -> list[AgreementShare]:
    claimed = [tuple(i for i, line in enumerate(lines) if member.pk in line.agreement_ids) for member in members]
    claims = [
        splitting.Claim(member.rate_num, member.rate_den, indexes)
        for member, indexes in zip(members, claimed, strict=True)
    ]
    accrued = splitting.accrue([line.basis_minor for line in lines], claims)
    return [
        _share(member, [lines[i] for i in indexes], result.by_line)
        for member, indexes, result in zip(members, claimed, accrued, strict=True)
    ]


def _share(agreement: Agreement, lines: Sequence[ShareLine], amounts_minor: Sequence[int]) -> AgreementShare:
    basis_minor = sum(line.basis_minor for line in lines)
    return AgreementShare(
        agreement=agreement,
        basis_minor=basis_minor,
        uncapped_minor=splitting.share(basis_minor, agreement.rate_num, agreement.rate_den),
        lines=tuple(LineShare(line, amount) for line, amount in zip(lines, amounts_minor, strict=True)),
    )
