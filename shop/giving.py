"""What a purchase gives to whom, before it is paid: the same rounding as the allocation that follows (DESIGN.md 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from partners.queries import Promise
from partners.sharing import ShareLine, shares_of_payment
from people.money_line import Kind, Part
from shop.models import OrderLine

ESTIMATE = "an estimate until the card fee is known"


@dataclass(frozen=True, slots=True)
class Priced:
    """A line of goods: units, its net and cost in minor units, and the promises that bind it."""

    net_minor: int
    promises: Sequence[Promise]
    units: int = 1
    cost_minor: int = 0
    gross_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PromisedShare:
    """One partner's part of a purchase, in minor units; an estimate where it depends on the card fee."""

    partner_name: str
    partner_slug: str
    amount_minor: int
    is_estimate: bool = False


def promised_shares(lines: Sequence[Priced]) -> list[PromisedShare]:
    """Each partner's part of these lines, in the order of the lines: what `partners.allocate` will make of them."""
    promises = {promise.agreement_id: promise for line in lines for promise in line.promises}
    shares = {
        share.agreement_id: share.amount_minor
        for share in shares_of_payment(
            [_as_paid(line) for line in lines], {pk: promise.terms for pk, promise in promises.items()}
        )
    }
    by_partner: dict[str, PromisedShare] = {}
    for pk, promise in promises.items():
        before = by_partner.get(promise.partner_slug)
        by_partner[promise.partner_slug] = PromisedShare(
            promise.partner_name,
            promise.partner_slug,
            promise.limited(shares.get(pk, 0)) + (before.amount_minor if before else 0),
            promise.terms.is_estimate or (before is not None and before.is_estimate),
        )
    return [share for share in by_partner.values() if share.amount_minor]


def _as_paid(line: Priced) -> ShareLine:
    return ShareLine(
        line_ref="",
        label="",
        design="",
        units=line.units,
        basis_minor=line.net_minor,
        paid_minor=line.net_minor,
        agreement_ids=tuple(promise.agreement_id for promise in line.promises),
        gross_minor=line.gross_minor,
        cost_minor=line.cost_minor,
    )


def share_line(line: OrderLine, agreement_ids: Sequence[int] | None = None) -> ShareLine:
    """An order's line as partners share it, with the agreements that checkout froze on it, or is about to."""
    if agreement_ids is None:
        agreement_ids = [frozen.agreement_id for frozen in line.agreements.all()]
    return ShareLine(
        line_ref=f"order_line:{line.pk}",
        label=line.title,
        design=line.name,
        units=line.units,
        basis_minor=line.net_minor,
        paid_minor=line.net_minor,
        agreement_ids=tuple(agreement_ids),
        gross_minor=line.units * line.unit_price_minor,
        cost_minor=line.cost_minor or 0,
    )


def money_parts(
    shares: Sequence[PromisedShare], *, goods_minor: int, shipping_minor: int = 0, tax_minor: int = 0
) -> list[Part]:
    """The money line of a purchase: the partners' shares, what keeps the shop going, shipping, tax."""
    given = [
        share_part(share.partner_name, share.partner_slug, share.amount_minor, note=ESTIMATE * share.is_estimate)
        for share in shares
    ]
    rest = goods_minor - sum(share.amount_minor for share in shares)
    return [*given, *rest_parts(rest, shipping_minor, tax_minor)]


def share_part(partner_name: str, partner_slug: str, amount_minor: int, kind: Kind = "partner", note: str = "") -> Part:
    """A partner's piece of the line, with a link to who they are."""
    return Part(f"To {partner_name}", amount_minor, kind, reverse("partners:partner", args=[partner_slug]), note)


def rest_parts(shop_minor: int, shipping_minor: int, tax_minor: int) -> list[Part]:
    """What no partner gets; parts of nothing are left out."""
    parts = [
        Part("Keeps the shop going", shop_minor, "shop", note="making, packing and card fees"),
        Part("Shipping", shipping_minor, "shipping"),
        Part("Tax", tax_minor, "tax"),
    ]
    return [part for part in parts if part.amount_minor > 0]
