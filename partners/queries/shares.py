"""What an order or a gift gave, and whether it has reached the partner's bank: for its own page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from django.db.models import OuterRef, Subquery

from partners.models import Allocation, PartnerPayout, PayoutItem
from partners.queries.net import with_net


@dataclass(frozen=True, slots=True)
class ShareOfLine:
    """One line's part of a share: "2 x Valor, Dark", 960."""

    line_ref: str
    label: str
    design: str
    units: int
    basis_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one agreement brought its partner from one payment; `paid_on` is the day it left our bank.

    `taken_back_minor` of `amount_minor` went back with refunds and lost disputes, `held_minor` waits for a dispute.
    """

    partner_name: str
    partner_slug: str
    rate_text: str
    amount_minor: int
    taken_back_minor: int
    held_minor: int
    currency: str
    state: Literal["promised", "paid"]
    paid_on: date | None
    lines: tuple[ShareOfLine, ...]

    @property
    def net_minor(self) -> int:
        """What is the partner's after what was taken back, held or not."""
        return self.amount_minor - self.taken_back_minor


def shares_of(source: str) -> list[Share]:
    """The shares of `order:1042` or `gift:7`, in the order in which they were promised. Two queries."""
    return shares_of_many([source]).get(source, [])


def shares_of_many(sources: Iterable[str]) -> dict[str, list[Share]]:
    """`shares_of` for a list page: {source: shares}, sources without shares left out. Two queries."""
    settled = PayoutItem.objects.filter(
        allocation=OuterRef("pk"), released_at__isnull=True, payout__state=PartnerPayout.State.SETTLED
    )
    allocations = (
        with_net(Allocation.objects.filter(source__in=list(sources)))
        .annotate(paid_on=Subquery(settled.values("payout__settled_on")[:1]))
        .select_related("agreement__partner")
        .prefetch_related("lines")
        .order_by("id")
    )
    shares: dict[str, dict[int, Share]] = {}
    for allocation in allocations:
        of_source = shares.setdefault(allocation.source, {})
        share = _share(allocation, allocation.paid_on)
        before = of_source.get(allocation.agreement_id)
        of_source[allocation.agreement_id] = _together(before, share) if before else share
    return {source: list(by_agreement.values()) for source, by_agreement in shares.items()}


def _together(one: Share, more: Share) -> Share:
    """A share and what was added to it later, when a cap had room again: paid once all of it is."""
    paid_on = max(one.paid_on, more.paid_on) if one.paid_on and more.paid_on else None
    added = {line.line_ref: line.amount_minor for line in more.lines}
    lines = (replace(line, amount_minor=line.amount_minor + added.get(line.line_ref, 0)) for line in one.lines)
    return replace(
        one,
        amount_minor=one.amount_minor + more.amount_minor,
        taken_back_minor=one.taken_back_minor + more.taken_back_minor,
        held_minor=one.held_minor + more.held_minor,
        state="paid" if paid_on else "promised",
        paid_on=paid_on,
        lines=tuple(lines),
    )


def _share(allocation: Any, paid_on: date | None) -> Share:
    agreement = allocation.agreement
    return Share(
        partner_name=agreement.partner.name,
        partner_slug=agreement.partner.slug,
        rate_text=agreement.terms.rate_text,
        amount_minor=allocation.amount_minor,
        taken_back_minor=allocation.taken_back_minor,
        held_minor=allocation.held_minor,
        currency=allocation.currency,
        state="paid" if paid_on else "promised",
        paid_on=paid_on,
        lines=tuple(
            ShareOfLine(line.line_ref, line.label, line.design, line.units, line.basis_minor, line.amount_minor)
            for line in allocation.lines.all()
        ),
    )
